"""Whose order a row is: every identity, and what makes the difference between it and its neighbour."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace

from qmt_trading.engine.ids import client_order_id
from qmt_trading.engine.matching import Identity, guess, identify, may_be, order_of_fill
from qmt_trading.engine.state import Account
from qmt_trading.model import events as ev
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, Price, Quantity
from qmt_trading.model.words import OrderStatus, Side
from tests.engine_bench import ACCOUNT, OTHER, START_NS, STOCK, Bench
from tests.unit.engine.parts import order


def whose(bench: Bench, row: ev.OrderRow, *, listed: bool = False) -> tuple[Identity, str]:
    identity, found = identify(bench.engine.state, account(bench), row, listed=listed)
    return identity, found or ""


def account(bench: Bench) -> Account:
    return bench.engine.state.accounts[ACCOUNT]


def test_a_row_is_known_by_its_broker_number_whatever_its_remark_says() -> None:
    bench = Bench()
    name = bench.buy()
    bench.report(bench.row(name, number="77"))
    assert whose(bench, bench.row("anything", number="77")) == (Identity.KNOWN, name)
    assert whose(bench, bench.row("", number="77", quantity=Quantity(999))) == (Identity.KNOWN, name)


def test_a_row_without_a_broker_number_is_known_by_its_contract_number() -> None:
    bench = Bench()
    name = bench.buy()
    bench.report(bench.row(name, number="77"))
    assert whose(bench, bench.row("", number="", venue_order_id="H77")) == (Identity.KNOWN, name)


def test_numbers_belong_to_their_account() -> None:
    bench = Bench()
    name = bench.buy()
    bench.report(bench.row(name, number="77"))
    state = bench.engine.state
    assert identify(state, state.accounts[OTHER], bench.row("", number="77"), listed=True)[0] is Identity.FOREIGN


def test_a_whole_remark_names_an_order_that_has_no_number_yet() -> None:
    bench = Bench()
    name = bench.buy()
    assert whose(bench, bench.row(name)) == (Identity.KNOWN, name)


@pytest.mark.parametrize("change", [{"quantity": 200}, {"side": Side.SELL}, {"symbol": Symbol("600036.SH")}])
def test_a_remark_of_ours_on_another_order_is_spent(change: dict[str, object]) -> None:
    bench = Bench()
    name = bench.buy()
    row = bench.row(name)
    wrong = type(row)(**{**{field: getattr(row, field) for field in row.__struct_fields__}, **change})
    assert whose(bench, wrong) == (Identity.SPENT, name)


def test_a5_a_remark_of_ours_under_a_second_number_is_spent() -> None:
    bench = Bench()
    name = bench.buy()
    bench.report(bench.row(name, number="77"))
    assert whose(bench, bench.row(name, number="78")) == (Identity.SPENT, name)


def test_a_remark_in_our_form_that_was_given_out_on_an_earlier_day_is_past() -> None:
    bench = Bench()
    name = bench.buy()
    bench.report(bench.row(name, OrderStatus.CANCELED))
    bench.now_ns += 24 * 3600 * SECOND_NS
    bench.feed(ev.DayBegan(dt.date(2026, 11, 25)))
    assert whose(bench, bench.row(name, OrderStatus.CANCELED, ordered_ns=0)) == (Identity.PAST, "")


def test_an_order_of_ours_from_an_earlier_day_that_still_works_is_seen_and_can_be_cancelled() -> None:
    bench = Bench()
    name = bench.buy()
    bench.report(bench.row(name))
    bench.now_ns += 24 * 3600 * SECOND_NS
    bench.feed(ev.DayBegan(dt.date(2026, 11, 25)))
    bench.session = 2
    bench.connect(bench.row(name, ordered_ns=0))
    (order,) = bench.engine.state.orders
    assert (order.foreign, order.status, order.broker_order_id) == (True, OrderStatus.NEW, "77")
    receipt = bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    assert [line.broker_order_id for line in receipt.cancels] == ["77"]


def test_a31_a_remark_in_our_form_that_was_never_given_out_is_an_intruders() -> None:
    bench = Bench()
    bench.buy()
    assert whose(bench, bench.row(client_order_id("BENCH", 2)))[0] is Identity.INTRUDER
    assert whose(bench, bench.row(client_order_id("AAAAA", 1)))[0] is Identity.INTRUDER


def test_another_accounts_order_is_never_taken_for_this_ones() -> None:
    bench = Bench()
    receipt = bench.signal(f"buy {STOCK} 100@10.50:{OTHER} #o/1")
    name = receipt.orders[0].client_order_id
    assert whose(bench, bench.row(name))[1] == ""


def test_a_row_placed_before_the_day_opened_is_believed_only_out_of_a_complete_list() -> None:
    bench = Bench()
    name = bench.buy()
    old = bench.row(name, ordered_ns=bench.engine.state.opened_ns - 1)
    assert whose(bench, old) == (Identity.DEFERRED, "")
    assert whose(bench, old, listed=True) == (Identity.KNOWN, name)
    at_opening = bench.row(name, ordered_ns=bench.engine.state.opened_ns)
    assert whose(bench, at_opening) == (Identity.KNOWN, name)


def test_yesterdays_last_word_does_not_end_an_order_that_was_carried_over() -> None:
    bench = Bench()
    name = bench.buy()
    bench.report(bench.row(name, number="77"))
    state = bench.engine.state
    state.put_order(order(OrderStatus.EXPIRED_UNRESOLVED, client_order_id=name, broker_order_id="77"))
    old = bench.row(name, number="77", ordered_ns=state.opened_ns - 1)
    assert whose(bench, old) == (Identity.DEFERRED, "")
    assert whose(bench, old, listed=True) == (Identity.KNOWN, name)


def test_a_row_that_could_be_ours_without_its_remark_waits_for_a_list() -> None:
    bench = Bench()
    name = bench.buy()
    assert whose(bench, bench.row("")) == (Identity.DEFERRED, "")
    assert whose(bench, bench.row(name[:8])) == (Identity.DEFERRED, "")
    assert whose(bench, bench.row("", price=Price(104_900))) == (Identity.FOREIGN, "")


def test_with_nothing_of_ours_waiting_a_row_without_a_remark_is_foreign() -> None:
    bench = Bench()
    assert whose(bench, bench.row("")) == (Identity.FOREIGN, "")
    bench.report(bench.row(bench.buy()))
    assert whose(bench, bench.row("", number="78")) == (Identity.FOREIGN, "")


def fits(**changes: object) -> bool:
    bench = Bench(ready=False)
    ours = order(OrderStatus.UNKNOWN)
    return may_be(ours, bench.row("", **changes))  # type: ignore[arg-type]


def test_what_a_lost_remark_leaves_to_compare() -> None:
    ours = order(OrderStatus.UNKNOWN)
    created_ns = ours.created_ns
    assert fits()
    assert fits(ordered_ns=0)
    assert fits(ordered_ns=created_ns - 3600 * SECOND_NS)  # Whose clock is right?
    assert not fits(price=Price(105_100))
    assert not fits(quantity=Quantity(200))
    assert not fits(side=Side.SELL)
    assert not fits(symbol=Symbol("600036.SH"))


@pytest.mark.parametrize(
    ("remark", "possible"),
    [("", True), ("手工", True), ("BENCH0", True), ("BENCH0000000", True), ("BENCH00000002", False), ("BENC", True)],
)
def test_a_remark_that_names_another_order_in_our_form_is_not_this_one(remark: str, possible: bool) -> None:
    bench = Bench(ready=False)
    assert may_be(order(OrderStatus.UNKNOWN), bench.row(remark)) is possible


def pairs(bench: Bench, *rows: ev.OrderRow) -> list[tuple[str, str]]:
    found = guess(bench.engine.state, account(bench), list(rows))
    return [(row.broker_order_id, ours.client_order_id) for row, ours in found]


def test_a6_only_a_pairing_that_has_no_other_is_made() -> None:
    bench = Bench()
    first = bench.buy(name="x/1")
    assert pairs(bench, bench.row("", number="1")) == [("1", first)]
    assert pairs(bench, bench.row("", number="1"), bench.row("", number="2")) == []
    assert pairs(bench, bench.row("", number="1"), bench.row("", number="2", quantity=Quantity(300))) == [("1", first)]
    second = bench.buy(name="x/2")
    assert pairs(bench, bench.row("", number="1")) == []
    bench.report(bench.row(second, number="9"))
    assert pairs(bench, bench.row("", number="1")) == [("1", first)]


def test_a_fill_finds_its_order_by_number_then_by_remark_and_only_if_it_fits() -> None:
    bench = Bench()
    state, name = bench.engine.state, bench.buy()

    def found(row: ev.FillRow) -> str | None:
        return order_of_fill(state, account(bench), row)

    fill = bench.fill(name)
    assert found(fill) == name
    other_stock = type(fill)(**{**{key: getattr(fill, key) for key in fill.__struct_fields__}, "side": Side.SELL})
    assert found(other_stock) is None
    bench.report(bench.row(name, number="77"))
    assert found(bench.fill("", number="77")) == name
    assert found(bench.fill(name, number="78")) is None
    assert found(bench.fill("", number="78")) is None
    assert order_of_fill(state, state.accounts[OTHER], bench.fill(name, number="")) is None


def _by_phone(bench: Bench, number: str = "", **change: object) -> ev.OrderRow:
    row = replace(bench.row("", number=""), venue_order_id=number, ordered_ns=START_NS)
    return replace(row, **change)


def test_a_second_order_by_phone_in_the_same_second_never_takes_the_place_of_the_first() -> None:
    bench = Bench()
    for number in ("", "S1"):
        bench.report(_by_phone(bench, number))
    assert whose(bench, _by_phone(bench)) == (Identity.NUMBERLESS, "")
    assert whose(bench, _by_phone(bench, quantity=Quantity(300))) == (Identity.NUMBERLESS, "")
    for number in ("", "S2"):
        bench.report(_by_phone(bench, number))
    bench.report(_by_phone(bench, "S1", status=OrderStatus.CANCELED))
    told = [(order.venue_order_id, order.status) for order in bench.engine.state.orders]
    assert told == [("S1", OrderStatus.CANCELED), ("S2", OrderStatus.NEW)]


def test_a_list_takes_no_order_without_a_number_for_another_of_its_second() -> None:
    bench = Bench()
    bench.report(_by_phone(bench, "S1"))
    bench.report(_by_phone(bench))
    bench.report(_by_phone(bench, quantity=Quantity(300)))
    bench.session += 1
    bench.connect(_by_phone(bench, "S1"), _by_phone(bench), _by_phone(bench, quantity=Quantity(300)))
    told = [(order.venue_order_id, order.quantity) for order in bench.engine.state.orders]
    assert told == [("S1", 100), ("", 300)]


def test_news_of_an_order_by_phone_that_come_late_and_without_its_number_make_no_second_order() -> None:
    bench = Bench()
    bench.report(_by_phone(bench, "S1"))
    bench.now_ns += 60 * SECOND_NS
    assert whose(bench, _by_phone(bench)) == (Identity.NUMBERLESS, "")
    assert whose(bench, _by_phone(bench), listed=True) == (Identity.NUMBERLESS, "")
    assert whose(bench, _by_phone(bench, ordered_ns=START_NS + SECOND_NS))[0] is Identity.FOREIGN


def test_two_orders_by_phone_that_a_list_numbers_at_once_stay_two() -> None:
    bench = Bench()
    bench.report(_by_phone(bench))
    bench.session += 1
    bench.connect(_by_phone(bench, "S1"), _by_phone(bench, "S2", status=OrderStatus.CANCELED))
    told = [(order.venue_order_id, order.status) for order in bench.engine.state.orders]
    assert told == [("S1", OrderStatus.NEW), ("S2", OrderStatus.CANCELED)]
