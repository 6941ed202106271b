"""A terminal's order rows in a hurry: whatever is missing or strange, something is said and nothing raised."""

from __future__ import annotations

import pytest

from qmt_trading.run.terminal_orders import OrderBook, order_of

ROW = {"stock_code": "600000.SH", "order_id": 7, "order_sysid": "S1", "order_status": 50, "order_type": 23}


@pytest.mark.parametrize(
    "row", [{}, {"order_status": None}, {"order_status": "x"}, {"order_status": 58}, {"price": []}]
)
def test_a_row_that_says_little_may_still_work(row: dict[str, object]) -> None:
    assert order_of(row).works


@pytest.mark.parametrize("status", [53, 54, 56, 57])
def test_only_four_states_have_ended(status: int) -> None:
    assert not order_of({**ROW, "order_status": status}).works


@pytest.mark.parametrize(
    ("change", "origin"),
    [
        ({"order_remark": "ABCDE00000001"}, "本系统"),
        ({"order_id": 0}, "手机或别处"),
        ({"order_remark": ""}, "手工"),
        ({"order_remark": "grid-1"}, "其他程序 grid-1"),
    ],
)
def test_who_has_sent_it_is_told_as_far_as_the_row_tells(change: dict[str, object], origin: str) -> None:
    assert order_of({**ROW, **change}).origin == origin


@pytest.mark.parametrize(
    ("price", "shown"), [(10.4, "10.40"), (10.0, "10.00"), (1.234, "1.234"), ("none", "none"), (None, "")]
)
def test_a_price_is_written_as_everywhere_and_what_is_none_as_it_stands(price: object, shown: str) -> None:
    assert order_of({**ROW, "price": price}).price == shown


@pytest.mark.parametrize(("number", "broker_id"), [(0, ""), (-1, ""), (7, "7"), ("7", "7"), (None, "")])
def test_a_number_that_is_none_cannot_be_cancelled_by(number: object, broker_id: str) -> None:
    assert order_of({**ROW, "order_id": number}).broker_id == broker_id


def test_two_phone_orders_of_two_exchanges_may_bear_one_contract_number() -> None:
    book = OrderBook()
    book.take([{**ROW, "order_id": 0}, {**ROW, "order_id": 0, "stock_code": "000001.SZ"}])
    assert [order.symbol for order in book.working] == ["600000.SH", "000001.SZ"]


def test_an_order_that_gets_its_number_late_is_one_order() -> None:
    book = OrderBook()
    book.take([{**ROW, "order_id": 0, "order_sysid": "", "order_status": 48}])
    assert len(book.working) == 1
    book.forget_unnumbered()
    book.take([{**ROW, "order_id": 0, "order_status": 54}])
    assert not book.working


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_without_a_number_the_one_that_works_is_not_lost(turned: bool) -> None:
    plain = {**ROW, "order_id": 0, "order_sysid": ""}
    rows = [{**plain, "order_volume": 10_000, "order_status": 49}, {**plain, "order_volume": 300, "order_status": 57}]
    alike = [{**plain, "order_status": 49}, {**plain, "order_status": 57}]
    for pair in (rows, alike):
        book = OrderBook()
        book.take(reversed(pair) if turned else pair)
        assert [order.status for order in book.working] == [49]
        book.forget_unnumbered()
        book.take([{**row, "order_status": 57} for row in pair])
        assert not book.working


def test_an_order_of_the_phone_that_gets_the_terminals_number_is_one_order() -> None:
    book = OrderBook()
    book.take([{**ROW, "order_id": 0, "order_status": 50}])
    book.take([{**ROW, "order_status": 54}])
    assert not book.working


def test_the_newest_row_of_an_order_counts_and_one_that_is_left_out_stays() -> None:
    book = OrderBook()
    book.take([ROW, {**ROW, "order_id": 8}])
    book.take([{**ROW, "order_status": 54}])
    assert [order.broker_id for order in book.working] == ["8"]
    book.take([])
    assert len(book.orders) == 2
