"""What a list means, as values: whose rows are, which fills are missing, what is not there; nothing is changed."""

from __future__ import annotations

import datetime as dt

from msgspec.structs import replace

from qmt_trading.engine.matching import Identity
from qmt_trading.engine.reconciliation.reconcile import Absence, Reconciliation, reconcile
from qmt_trading.model import events as ev
from qmt_trading.model.numbers import Money
from qmt_trading.model.words import OrderStatus
from tests.engine_bench import ACCOUNT, DAY
from tests.engine_life import image
from tests.unit.engine.reconciliation.parts import Reconciled


def meant(
    bench: Reconciled,
    *rows: ev.OrderRow,
    fills: tuple[ev.FillRow, ...] = (),
    is_proof: bool = True,
    session: int = 0,
) -> Reconciliation:
    """Return what a list means, and see that nothing was changed by asking."""
    before = image(bench.engine)
    theirs = ev.BrokerListed(ACCOUNT, session or bench.session, bench.now_ns, True, True, Money(0), (), rows, fills)
    found = reconcile(bench.engine.state, bench.account, theirs, is_proof=is_proof)
    assert image(bench.engine) == before
    return found


def whose(found: Reconciliation) -> list[tuple[str, Identity, str | None]]:
    return [(each.row.broker_order_id, each.identity, each.key) for each in found.rows]


def test_rows_are_known_by_name_then_foreign_and_a_repeated_row_is_the_one_before() -> None:
    bench = Reconciled()
    name = bench.buy()
    found = meant(
        bench,
        bench.row("", number="5", price=99_000),
        bench.row(name, number="7"),
        bench.row("", number="5", price=99_000),
        bench.row("", number="7"),
    )
    assert whose(found) == [
        ("5", Identity.FOREIGN, None),
        ("7", Identity.KNOWN, name),
        ("5", Identity.KNOWN, f"~{ACCOUNT}~5"),
        ("7", Identity.KNOWN, name),
    ]


def test_a_second_number_under_one_name_is_spent() -> None:
    bench = Reconciled()
    name = bench.buy()
    found = meant(bench, bench.row(name, number="7"), bench.row(name, number="8"))
    assert whose(found) == [("7", Identity.KNOWN, name), ("8", Identity.SPENT, name)]


def test_a_row_without_a_name_is_ours_when_no_other_pairing_is_possible() -> None:
    bench = Reconciled()
    name = bench.buy()
    assert whose(meant(bench, bench.row("", number="7"))) == [("7", Identity.KNOWN, name)]
    two = meant(bench, bench.row("", number="7"), bench.row("", number="8"))
    assert (two.rows, [row.broker_order_id for row in two.unmatched]) == ((), ["7", "8"])


def test_a_part_of_a_list_does_not_show_that_no_other_pairing_is_possible() -> None:
    bench = Reconciled()
    name = bench.buy()
    bench.lists(bench.row("", number="7"), complete=False)
    assert bench.order(name).broker_order_id == ""
    bench.lists(bench.row("", number="7"), bench.row(name, number="8"))
    assert bench.order(name).broker_order_id == "8"
    assert "REMARK_TWICE" not in bench.alerts()


def test_a_row_that_looked_like_ours_is_foreign_once_ours_has_its_own() -> None:
    bench = Reconciled()
    name = bench.buy()
    found = meant(bench, bench.row("", number="8"), bench.row(name, number="7"))
    assert whose(found) == [("7", Identity.KNOWN, name), ("8", Identity.FOREIGN, None)]


def test_fills_are_missing_once_each_and_only_those_of_today() -> None:
    bench = Reconciled()
    name = bench.buy(200)
    bench.report(bench.row(name, OrderStatus.PARTIALLY_FILLED, filled_quantity=100, quantity=200))
    bench.filled(bench.fill(name))
    second = bench.fill("", fill_id="f2")
    old = replace(bench.fill(name, fill_id="f3"), day=DAY - dt.timedelta(days=1))
    found = meant(bench, fills=(bench.fill(name), second, second, old))
    assert found.fills == (second,)


def test_a_fill_booked_before_its_order_was_known_is_not_missing() -> None:
    bench = Reconciled()
    fill = bench.fill("", number="500")
    bench.filled(fill)
    assert meant(bench, bench.row("", number="500", price=99_000), fills=(fill,)).fills == ()


def unknown(bench: Reconciled) -> str:
    """Return an order that nobody knows the fate of, on a later session and past its deadline."""
    name = bench.buy()
    bench.feed(ev.SubmitUncertain(ACCOUNT, name, "-1"))
    bench.session += 1
    bench.connect()
    bench.wait(30)
    return name


def test_an_unknown_order_without_a_row_is_absent_only_where_the_list_is_a_proof() -> None:
    bench = Reconciled()
    name = unknown(bench)
    assert meant(bench).absences == (Absence(name, is_counted=True),)  # type: ignore[arg-type]
    assert meant(bench, is_proof=False).absences == ()
    assert meant(bench, bench.row(name)).absences == ()
    assert meant(bench, session=bench.session - 1).absences == ()


def test_a_row_that_may_be_it_takes_earlier_proofs_back() -> None:
    bench = Reconciled()
    name = unknown(bench)
    bench.lists()
    assert bench.order(name).asked == 1
    rows = bench.row("", number="7"), bench.row("", number="8")
    assert meant(bench, *rows).absences == (Absence(name, is_counted=False),)  # type: ignore[arg-type]


def test_one_list_told_twice_counts_once_against_an_unknown_order() -> None:
    bench = Reconciled()
    name = unknown(bench)
    bench.lists()
    bench.lists()
    assert bench.order(name).asked == 1
    bench.wait(60)
    bench.lists()
    assert bench.order(name).status is OrderStatus.NOT_SENT


def test_orders_and_fills_that_the_broker_lists_no_longer_are_told() -> None:
    bench = Reconciled()
    name = bench.buy()
    bench.report(bench.row(name, OrderStatus.FILLED, filled_quantity=100))
    bench.filled(bench.fill(name))
    assert (meant(bench).absent_orders, meant(bench).absent_fills) == ((), 0), "told after the question, perhaps"
    bench.wait(8)
    assert (meant(bench).absent_orders, meant(bench).absent_fills) == ((name,), 1)
    bench.lists()
    assert (bench.account.listed.absent_orders, bench.account.listed.absent_fills) == ((name,), 1)
