"""Numbers that two orders bear: contract numbers of two exchanges, and a terminal that counts anew after a restart."""

from __future__ import annotations

import pytest

from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price, Quantity
from qmt_trading.model.words import OrderStatus, Side, SideScope
from tests.engine_bench import DAY, STOCK, Bench

SHENZHEN = Symbol("000001.SZ")


def foreign(symbol: Symbol, venue: str, *, broker: str = "", quantity: int = 100) -> ev.OrderRow:
    return ev.OrderRow(
        "", broker, venue, symbol, Side.BUY, Quantity(quantity), Price(105_000), Quantity(0), OrderStatus.NEW
    )


def cancelled(bench: Bench) -> set[tuple[Symbol, str, str]]:
    made = bench.feed(ev.CancelRequested("me", "", None, None, SideScope.ALL, ""))
    return {
        (each.symbol, each.broker_order_id, each.venue_order_id) for each in made if isinstance(each, out.CancelOrder)
    }


@pytest.mark.parametrize("pushed", [True, False])
def test_phone_orders_of_two_exchanges_with_one_contract_number_are_two(pushed: bool) -> None:
    bench = Bench()
    rows = foreign(STOCK, "88"), foreign(SHENZHEN, "88", quantity=9000)
    if pushed:
        for row in rows:
            bench.report(row)
    else:
        bench.listed(*rows)
    assert sorted(int(order.quantity) for order in bench.engine.state.orders) == [100, 9000]
    assert cancelled(bench) == {(STOCK, "", "88"), (SHENZHEN, "", "88")}


def test_a_contract_number_that_is_another_orders_terminal_number_names_nobody_else() -> None:
    bench = Bench()
    bench.listed(foreign(STOCK, "77"), foreign(SHENZHEN, "H1", broker="77", quantity=9000))
    assert cancelled(bench) == {(STOCK, "", "77"), (SHENZHEN, "77", "H1")}


def test_a_phone_order_of_the_other_exchange_ends_none_of_ours() -> None:
    bench = Bench()
    name = bench.buy()
    bench.report(bench.row(name, number="1001", venue_order_id="N1"))
    bench.report(foreign(SHENZHEN, "N1", quantity=9000))
    bench.report(ev.OrderRow(
        "", "", "N1", SHENZHEN, Side.BUY, Quantity(9000), Price(105_000), Quantity(9000), OrderStatus.FILLED
    ))  # fmt: skip
    bench.filled(ev.FillRow(
        "f9", "", "", "N1", SHENZHEN, Side.BUY, Price(105_000), Quantity(9000), DAY, bench.now_ns
    ))  # fmt: skip
    ours = bench.order(name)
    assert (ours.status, ours.filled_quantity) == (OrderStatus.NEW, 0)
    assert cancelled(bench) == {(STOCK, "1001", "N1")}


def test_a_terminal_that_counts_anew_gives_an_ended_order_no_news_of_another() -> None:
    bench = Bench()
    first = bench.buy(name="a/1")
    bench.report(bench.row(first, number="1001", venue_order_id="H1"))
    bench.report(bench.row(first, OrderStatus.CANCELED, number="1001", venue_order_id="H1"))
    bench.later(60)
    second = bench.buy(500, name="b/1")
    reused = bench.row(second, number="1001", venue_order_id="", quantity=500)
    for row in (reused, bench.row(second, number="1001", venue_order_id="H2", quantity=500)):
        bench.report(row)
        assert (bench.order(first).status, bench.order(second).status) == (OrderStatus.CANCELED, OrderStatus.NEW)
    bench.filled(
        ev.FillRow("f2", second, "1001", "H2", STOCK, Side.BUY, Price(105_000), Quantity(500), DAY, bench.now_ns)
    )
    old = bench.row(first, OrderStatus.CANCELED, number="1001", venue_order_id="H1")
    done = bench.row(second, OrderStatus.FILLED, number="1001", venue_order_id="H2", quantity=500, filled_quantity=500)
    for rows in ((old, done), (done, old)):
        bench.listed(*rows)
        assert [(each.status, each.filled_quantity) for each in map(bench.order, (first, second))] == [
            (OrderStatus.CANCELED, 0),
            (OrderStatus.FILLED, 500),
        ]


def test_hand_orders_that_one_number_names_after_a_restart_are_two() -> None:
    bench = Bench()
    bench.report(foreign(STOCK, "H1", broker="5"))
    bench.listed(foreign(STOCK, "H1", broker="5"), foreign(SHENZHEN, "H1", broker="5", quantity=9000))
    assert sorted(int(order.quantity) for order in bench.engine.state.orders) == [100, 9000]
    assert cancelled(bench) == {(STOCK, "5", "H1"), (SHENZHEN, "5", "H1")}


def test_a_number_that_several_working_orders_bear_cancels_none_and_the_local_id_cancels_one() -> None:
    bench = Bench()
    bench.listed(foreign(STOCK, "88"), foreign(SHENZHEN, "88", quantity=9000))
    assert [
        each for each in bench.feed(ev.CancelRequested("me", "", order_id="88")) if isinstance(each, out.CancelOrder)
    ] == []
    (one, _) = bench.engine.state.orders
    made = bench.feed(ev.CancelRequested("me", "", order_id=one.client_order_id))
    assert [each.symbol for each in made if isinstance(each, out.CancelOrder)] == [one.symbol]
