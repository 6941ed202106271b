"""Filter, sort and page over the tables, and what they refuse."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from qmt_trading.model.order import ClientOrderId, Order
from qmt_trading.model.view import Rows
from qmt_trading.model.words import OrderStatus
from qmt_trading.panel.orders_index import ORDERS, SIGNALS, Index, Wish, WishError
from tests.engine_bench import ACCOUNT, OTHER, Bench


@pytest.fixture(scope="module")
def rows() -> Rows[Order]:
    """Return 1,000 orders whose states, accounts and prices go round."""
    bench = Bench()
    one = bench.order(bench.buy())
    statuses = (OrderStatus.NEW, OrderStatus.FILLED, OrderStatus.UNKNOWN, OrderStatus.CANCELED)
    return Rows.of(
        [
            replace(
                one,
                client_order_id=ClientOrderId(f"BENCH{number:04d}"),
                account=ACCOUNT if number % 2 else OTHER,
                status=statuses[number % 4],
                price=type(one.price)(100_000 + number % 7),
                created_ns=one.created_ns + number,
                text="资金不足" if number == 500 else "",
            )
            for number in range(1000)
        ]
    )


def names(rows: Rows[Order], wish: Wish, offset: int = 0, limit: int = 3) -> tuple[list[object], int]:
    found, total = Index(ORDERS).page(rows, wish, offset, limit)
    return [row["client_order_id"] for row in found], total


def test_without_a_wish_the_newest_stand_first(rows: Rows[Order]) -> None:
    assert names(rows, Wish()) == (["BENCH0999", "BENCH0998", "BENCH0997"], 1000)
    assert names(rows, Wish(), offset=998) == (["BENCH0001", "BENCH0000"], 1000)
    assert names(rows, Wish(), offset=1000) == ([], 1000)


def test_filters_hold_together(rows: Rows[Order]) -> None:
    assert names(rows, Wish(status="unknown"))[1] == 250
    assert names(rows, Wish(status="working"))[1] == 500, "an unknown order may still work"
    assert names(rows, Wish(status="ended"))[1] == 500
    assert names(rows, Wish(status="FILLED", account=ACCOUNT))[1] == 250
    assert names(rows, Wish(status="FILLED", account=OTHER))[1] == 0
    assert names(rows, Wish(side="buy"))[1] == 1000
    assert names(rows, Wish(side="sell"))[1] == 0


def test_words_are_looked_for_in_ids_and_in_the_counters_text(rows: Rows[Order]) -> None:
    assert names(rows, Wish(q="bench0042")) == (["BENCH0042"], 1)
    assert names(rows, Wish(q="资金")) == (["BENCH0500"], 1)
    assert names(rows, Wish(q="nothing like this"))[1] == 0


def test_of_equal_rows_the_newer_stands_first(rows: Rows[Order]) -> None:
    assert names(rows, Wish(sort="-price"))[0] == ["BENCH0993", "BENCH0986", "BENCH0979"]
    assert names(rows, Wish(sort="created_at"))[0] == ["BENCH0000", "BENCH0001", "BENCH0002"]


def test_a_table_that_has_fewer_rows_is_looked_at_anew(rows: Rows[Order]) -> None:
    index = Index(ORDERS)
    assert len(index.find(rows, Wish(status="NEW"))) == 250
    fewer = Rows.of(list(rows)[:100])
    assert len(index.find(fewer, Wish(status="NEW"))) == 25


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        (Wish(status="gone"), "status"),
        (Wish(sort="-nothing"), "sort"),
        (Wish(door="pipe"), "door"),
        (Wish(side="both"), "side"),
    ],
)
def test_what_the_table_does_not_know_is_refused_by_name(rows: Rows[Order], wish: Wish, name: str) -> None:
    with pytest.raises(WishError) as found:
        Index(ORDERS).find(rows, wish)
    assert found.value.name == name


def test_signals_have_no_side() -> None:
    with pytest.raises(WishError, match="side"):
        SIGNALS.check(Wish(side="buy"))


def test_every_column_sorts(rows: Rows[Order]) -> None:
    for column in ORDERS.sorts:
        assert names(rows, Wish(sort=column))[1] == 1000


def test_signals_are_found_by_each_account_that_they_were_answered_for() -> None:
    bench = Bench()
    bench.signal(f"buy 600000.SH 100@10.50:{ACCOUNT},{OTHER} #both/1")
    bench.signal(f"buy 600000.SH 100@10.50:{OTHER} #one/1")
    bench.signal(f"撤单 600000.SH:{ACCOUNT} #cancel/1")
    signals = bench.engine.view().signals
    for account, ids in ((ACCOUNT, ["cancel/1", "both/1"]), (OTHER, ["one/1", "both/1"]), ("nobody", [])):
        found, total = Index(SIGNALS).page(signals, Wish(account=account, sort="-seq"), 0, 10)
        assert ([row["id"] for row in found], total) == (ids, len(ids))
