"""What ends an unknown order, and what must not."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace

from qmt_trading.model import events as ev
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.words import LinkState, OrderStatus
from tests.engine_bench import ACCOUNT, Bench


def unknown(bench: Bench, *numbers: str) -> list[ClientOrderId]:
    """Place orders that nobody answers, and open a later session."""
    names = [bench.buy(name=f"x/{number}") for number in numbers]
    bench.later(4)
    bench.session = 2
    bench.connect()
    return names


def test_two_complete_lists_far_enough_apart_end_it() -> None:
    bench = Bench()
    (name,) = unknown(bench, "1")
    for _ in range(3):
        bench.now_ns += 31 * SECOND_NS
        bench.listed()
    assert bench.order(name).status is OrderStatus.NOT_SENT


def test_no_list_ends_it_at_a_counter_of_which_nobody_knows_what_it_keeps() -> None:
    bench = Bench()
    accounts = tuple([replace(each, settles_alone=False) for each in bench.settings.accounts])
    (name,) = unknown(bench, "1")
    bench.feed(ev.EngineStarted("test", replace(bench.settings, accounts=accounts)))
    bench.session = 3
    bench.connect()
    for _ in range(9):
        bench.now_ns += 31 * SECOND_NS
        bench.listed()
    assert bench.order(name).status is OrderStatus.UNKNOWN


def test_a_row_that_may_be_one_of_two_proves_neither_absent() -> None:
    bench = Bench()
    names = unknown(bench, "1", "2")
    row = bench.row("", number="500")
    for _ in range(6):
        bench.now_ns += 31 * SECOND_NS
        bench.listed(row)
    assert [bench.order(name).status for name in names] == [OrderStatus.UNKNOWN] * 2
    assert len(bench.engine.state.orders) == 2  # The row is nobody else's, either.


@pytest.mark.parametrize("alive", [True, False])
def test_a_list_of_a_dead_link_is_no_proof_however_late_it_comes(alive: bool) -> None:
    bench = Bench()
    (name,) = unknown(bench, "1")
    bench.now_ns += 11 * SECOND_NS
    bench.listed()
    bench.now_ns += SECOND_NS
    bench.listed()
    bench.now_ns += 60 * SECOND_NS
    bench.listed(alive=alive)
    assert (bench.order(name).status is OrderStatus.NOT_SENT) is alive


def test_a_clock_that_steps_does_not_make_two_lists_far_apart() -> None:
    bench = Bench()
    (name,) = unknown(bench, "1")
    bench.now_ns += 11 * SECOND_NS
    bench.listed()
    bench.now_ns += 3600 * SECOND_NS
    bench.feed(ev.ClockStepped(3600 * SECOND_NS))
    bench.listed()
    bench.now_ns += SECOND_NS
    bench.listed()
    assert bench.order(name).status is OrderStatus.UNKNOWN


def test_an_order_with_a_number_is_known_even_while_the_counter_says_waiting() -> None:
    bench = Bench()
    name = bench.buy()
    bench.report(bench.row(name, OrderStatus.PENDING_NEW))
    bench.feed(ev.LinkChanged(ACCOUNT, 1, LinkState.DOWN))
    bench.feed(ev.EngineStarted("test", bench.settings))
    assert bench.order(name).status is OrderStatus.PENDING_NEW
    bench.session = 2
    bench.connect(bench.row(name, OrderStatus.PENDING_NEW))
    assert bench.order(name).status is OrderStatus.PENDING_NEW


def test_a_row_that_says_waiting_ends_an_unknown() -> None:
    bench = Bench()
    (name,) = unknown(bench, "1")
    bench.report(bench.row(name, OrderStatus.PENDING_NEW))
    assert bench.order(name).status is OrderStatus.PENDING_NEW
    assert bench.buy(name="x/2")


def test_what_was_handed_over_and_not_answered_outlives_the_day() -> None:
    bench = Bench()
    name = bench.buy()
    bench.feed(ev.SubmitsHandedOver(bench.now_ns, ((name, bench.now_ns),)))
    bench.now_ns += 24 * 3600 * SECOND_NS
    bench.feed(ev.DayBegan(dt.date(2026, 11, 25)))
    assert bench.order(name).status is OrderStatus.EXPIRED_UNRESOLVED
    assert "EXPIRED_UNRESOLVED" in bench.alerts()


def test_a_session_older_than_the_known_one_is_told_of_and_not_believed() -> None:
    bench = Bench()
    bench.feed(ev.LinkChanged(ACCOUNT, 0, LinkState.CONNECTED))
    assert bench.alerts() == ["SESSION_OLD"]
    assert bench.engine.state.accounts[ACCOUNT].session == 1


def test_what_is_said_of_an_unknown_order_later_is_kept_beside_the_first() -> None:
    bench = Bench()
    name = bench.buy()
    for text in ("-1", "可用资金不足", "-1", ""):
        bench.feed(ev.SubmitUncertain(ACCOUNT, name, text))
    assert bench.order(name).text == "-1；可用资金不足"
    assert bench.alerts().count("ORDER_UNKNOWN") == 1
    bench.report(bench.row(name))
    bench.feed(ev.SubmitUncertain(ACCOUNT, name, "late"))
    assert (bench.order(name).status, "late" in bench.order(name).text) == (OrderStatus.NEW, False)


def test_a_list_that_says_nothing_where_it_should_be_empty_is_no_proof() -> None:
    bench = Bench()
    (name,) = unknown(bench, "1")
    for _ in range(9):
        bench.now_ns += 31 * SECOND_NS
        bench.listed(is_doubtful=True)
    assert bench.order(name).status is OrderStatus.UNKNOWN
    assert bench.order(name).asked == 0


def test_a_state_that_nobody_has_described_makes_the_order_unknown_until_a_row_or_a_list_knows_better() -> None:
    bench = Bench()
    name = bench.buy(name="x/1")
    bench.report(bench.row(name, OrderStatus.NEW))
    bench.report(replace(bench.row(name, OrderStatus.UNKNOWN), is_undescribed=True))
    order = bench.order(name)
    assert (order.status, order.ask_next_ns > bench.now_ns) == (OrderStatus.UNKNOWN, True)
    for _ in range(4):
        bench.now_ns += 31 * SECOND_NS
        bench.listed(replace(bench.row(name, OrderStatus.UNKNOWN), is_undescribed=True))
    assert bench.order(name).status is OrderStatus.UNKNOWN  # It is there: no list makes it not sent.
    bench.report(bench.row(name, OrderStatus.NEW))
    assert bench.order(name).status is OrderStatus.NEW


def test_the_terminals_own_unknown_leaves_what_was_known() -> None:
    bench = Bench()
    name = bench.buy(name="x/1")
    bench.report(bench.row(name, OrderStatus.NEW))
    bench.report(bench.row(name, OrderStatus.UNKNOWN))
    assert bench.order(name).status is OrderStatus.NEW


@pytest.mark.parametrize("filled", [0, 100])
def test_a_refused_order_that_works_in_a_later_list_is_followed_on_and_told(filled: int) -> None:
    bench = Bench()
    name = bench.buy(200, name="x/1")
    bench.report(bench.row(name, OrderStatus.REJECTED, quantity=200))
    status = OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.NEW
    alive = bench.row(name, status, quantity=200, filled_quantity=filled)
    bench.report(alive)  # A row alone may be an old one that comes late.
    assert bench.order(name).status is OrderStatus.REJECTED
    bench.now_ns += SECOND_NS
    bench.listed(alive)
    order = bench.order(name)
    assert (order.status, order.reserved > 0) == (status, True)
    assert [row.alert.code for row in bench.engine.state.alerts].count("REJECTED_LIVES") == 1
    bench.report(bench.row(name, OrderStatus.REJECTED, quantity=200, filled_quantity=filled))
    assert bench.order(name).status is OrderStatus.REJECTED
    assert bool(bench.order(name).reserved) == bool(filled)  # What was traded and no fill told stays reserved.
