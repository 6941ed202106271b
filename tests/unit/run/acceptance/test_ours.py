"""Which rows are ours: by remark, by number, and by shape where both were lost; never somebody else's."""

from __future__ import annotations

from qmt_trading.model.numbers import Price, Quantity
from qmt_trading.run.acceptance.ours import Ours
from qmt_trading.run.terminal_orders import TerminalOrder, order_of


def row(**change: object) -> TerminalOrder:
    standard: dict[str, object] = {
        "stock_code": "601988.SH",
        "order_id": 7,
        "order_sysid": "S1",
        "order_status": 50,
        "order_type": 23,
        "order_volume": 100,
        "price": 4.5,
        "order_remark": "",
    }
    return order_of({**standard, **change})


def an_order() -> Ours:
    ours = Ours()
    ours.add("qa1", "601988.SH", Quantity(100), Price(45_000))
    return ours


def test_a_remark_tells() -> None:
    assert an_order().take(row(order_remark="qa1", order_id=0)) == "qa1"


def test_a_contract_number_outlives_remark_and_order_id() -> None:
    ours = an_order()
    ours.take(row(order_remark="qa1"))
    assert ours.take(row(order_id=99)) == "qa1"
    assert ours.take(row(order_sysid="S2")) == "", "another contract number is another order, whatever its id"


def test_a_new_row_of_our_shape_is_ours_though_its_remark_is_lost() -> None:
    assert an_order().take(row()) == "qa1"


def test_a_row_that_stood_there_before_is_not_ours() -> None:
    ours = Ours()
    ours.note_others([row()])
    ours.add("qa1", "601988.SH", Quantity(100), Price(45_000))
    assert ours.take(row()) == ""


def test_a_row_of_another_shape_is_not_ours() -> None:
    for change in ({"order_type": 24}, {"order_volume": 200}, {"price": 4.51}, {"stock_code": "600000.SH"}):
        assert an_order().take(row(**change)) == ""


def test_two_orders_of_one_shape_take_a_row_each() -> None:
    ours = an_order()
    ours.add("qa2", "601988.SH", Quantity(100), Price(45_000))
    assert ours.take(row(order_id=1, order_sysid="S1")) == "qa1"
    assert ours.take(row(order_id=2, order_sysid="S2")) == "qa2"
    assert ours.take(row(order_id=1, order_sysid="S1")) == "qa1"


def test_what_the_host_says_counts() -> None:
    assert an_order().take(row(order_volume=200), "qa1") == "qa1"
    assert an_order().take(row(order_volume=200), "qa9") == ""
