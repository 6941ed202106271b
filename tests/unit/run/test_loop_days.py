"""Which day is open, whatever the wall clock does: it steps, the machine sleeps, a start falls on a day of rest."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.engine_bench import ACCOUNT, DAY, START_NS, STOCK
from tests.loop_bench import SETTINGS, LoopBench

from qmt_trading.market.calendar import SHIPPED
from qmt_trading.market.phases import Phase
from qmt_trading.market.sessions import Session
from qmt_trading.model import events as ev
from qmt_trading.model.instant import SHANGHAI, at_time
from qmt_trading.model.numbers import SECOND_NS, Price, Quantity
from qmt_trading.model.words import OrderStatus, Side
from qmt_trading.run.clock import CONFIRMED_NS

SESSION = Session()
HOUR_NS = 3600 * SECOND_NS
DAY_NS = 24 * HOUR_NS
TOMORROW = DAY + dt.timedelta(days=1)
FRIDAY, MONDAY = dt.date(2026, 11, 27), dt.date(2026, 11, 30)


def at(day: dt.date, text: str) -> int:
    return int(dt.datetime.combine(day, dt.time.fromisoformat(text), SHANGHAI).timestamp()) * SECOND_NS


def bench_at(begins_ns: int = START_NS) -> LoopBench:
    return LoopBench(begins_ns=begins_ns, session=SESSION).connect()


def opened(bench: LoopBench) -> list[dt.date]:
    """Return the days that have been opened over the journal's life, in order."""
    return [record.day for turn in bench.turns() for record in turn if isinstance(record, ev.DayBegan)]


def passes(bench: LoopBench, span_ns: int) -> None:
    bench.clock.steady += span_ns
    bench.rest()


def steps(bench: LoopBench, step_ns: int) -> None:
    bench.clock.step_ns += step_ns
    bench.rest()


def cancelled(bench: LoopBench) -> list[str]:
    """Let the counter tell of an order, ask for its cancel, and return what has left for the broker."""
    row = ev.OrderRow("", "77", "H77", STOCK, Side.BUY, Quantity(100), Price(105_000), Quantity(0), OrderStatus.NEW)
    bench.inbox.report(ev.OrderReported(ACCOUNT, bench.engine.state.accounts[ACCOUNT].session, row))
    bench.rest()
    bench.send(f"cancel {STOCK}:{ACCOUNT}")
    bench.rest()
    return [cancel.broker_order_id for cancel in bench.broker.cancels]


def test_a_clock_a_day_ahead_that_is_put_right_within_a_minute_opens_nothing() -> None:
    bench = bench_at()
    steps(bench, DAY_NS)
    passes(bench, CONFIRMED_NS - SECOND_NS)
    assert bench.engine.state.day == DAY
    steps(bench, -DAY_NS)
    passes(bench, 2 * CONFIRMED_NS)
    assert opened(bench) == [DAY]
    assert sum(isinstance(record, ev.ClockStepped) for record in bench.observed) == 2


def test_a_clock_that_stands_by_its_step_for_a_minute_opens_the_day_once() -> None:
    bench = bench_at()
    steps(bench, DAY_NS)
    passes(bench, CONFIRMED_NS - SECOND_NS)
    assert opened(bench) == [DAY]
    passes(bench, SECOND_NS)
    assert opened(bench) == [DAY, TOMORROW]
    passes(bench, HOUR_NS)
    steps(bench, -DAY_NS)
    passes(bench, 2 * CONFIRMED_NS)
    steps(bench, DAY_NS)
    passes(bench, 2 * CONFIRMED_NS)
    assert opened(bench) == [DAY, TOMORROW], "no day is opened twice"


def test_while_a_step_is_doubted_cancels_leave_and_the_real_midnight_opens_its_day() -> None:
    bench = bench_at(at(DAY, "23:59:30"))
    steps(bench, 3 * DAY_NS)
    bench.send(f"buy {STOCK} 100@10.50:{ACCOUNT} #x/1")
    bench.rest()
    assert bench.broker.submits == [], "the clock is not settled"
    assert cancelled(bench) == ["77"]
    assert opened(bench) == [DAY]
    passes(bench, 31 * SECOND_NS)
    assert opened(bench) == [DAY, TOMORROW]


def test_a_clock_a_day_back_opens_nothing_and_loses_no_day() -> None:
    bench = bench_at()
    steps(bench, -DAY_NS)
    passes(bench, 2 * CONFIRMED_NS)
    assert opened(bench) == [DAY]
    steps(bench, DAY_NS)
    passes(bench, 2 * CONFIRMED_NS)
    assert opened(bench) == [DAY]
    passes(bench, DAY_NS)
    assert opened(bench) == [DAY, TOMORROW]


@pytest.mark.parametrize("steady_sleeps", [True, False])
def test_a_sleep_over_a_weekend_wakes_in_mondays_auction(steady_sleeps: bool) -> None:
    bench = bench_at(at(FRIDAY, "15:10:00"))
    slept_ns = at(MONDAY, "09:16:00") - bench.clock.now_ns()
    (steps if steady_sleeps else passes)(bench, slept_ns)
    assert bench.engine.state.day == (FRIDAY if steady_sleeps else MONDAY)
    passes(bench, CONFIRMED_NS)
    assert opened(bench) == [FRIDAY, MONDAY]
    assert SESSION.phase_at(bench.clock.now_ns()) is Phase.OPENING_AUCTION


@pytest.mark.parametrize(
    ("asleep", "awake", "phase"),
    [
        ("09:10:00", "09:24:00", Phase.OPENING_AUCTION_FIXED),
        ("11:00:00", "12:00:00", Phase.LUNCH),
        ("11:00:00", "14:58:00", Phase.CLOSING_AUCTION),
        ("14:00:00", "15:02:00", Phase.CLOSED),
    ],
)
def test_a_sleep_over_a_boundary_of_the_day_changes_the_phase_and_not_the_day(
    asleep: str, awake: str, phase: Phase
) -> None:
    bench = bench_at(at(DAY, asleep))
    steps(bench, at(DAY, awake) - bench.clock.now_ns())
    assert SESSION.phase_at(bench.clock.now_ns()) is phase
    passes(bench, CONFIRMED_NS)
    assert opened(bench) == [DAY]


@pytest.mark.parametrize(
    ("begins", "day"),
    [
        (dt.date(2026, 10, 1), dt.date(2026, 10, 8)),
        (dt.date(2026, 10, 3), dt.date(2026, 10, 8)),
        (dt.date(2026, 11, 28), MONDAY),
        (dt.date(2026, 2, 16), dt.date(2026, 2, 24)),
    ],
)
def test_a_start_on_a_day_of_rest_opens_the_trading_day_that_comes_and_no_other(begins: dt.date, day: dt.date) -> None:
    bench = bench_at(at(begins, "10:00:00"))
    assert opened(bench) == [day]
    assert bench.again().engine.state.day == day
    passes(bench, at(day, "09:00:00") - bench.clock.now_ns())
    assert opened(bench) == [day]


def test_a_start_behind_the_end_of_the_calendar_has_a_day_that_the_calendar_does_not_know() -> None:
    settings = replace(SETTINGS, calendar_until=SHIPPED.until, calendar_warns_from=SHIPPED.warns_from)
    begins_ns = at(SHIPPED.until + dt.timedelta(days=2), "10:00:00")  # A Saturday.
    bench = LoopBench(settings=settings, begins_ns=begins_ns, session=SESSION).connect()
    day = bench.engine.state.day
    assert day == dt.date(2027, 1, 4)
    assert not SESSION.calendar.knows(day)
    assert [row.alert.code for row in bench.engine.view().alerts] == ["CALENDAR_ENDED"]
    assert cancelled(bench) == ["77"]


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("step"), st.integers(-3 * DAY_NS, 3 * DAY_NS)),
        st.tuples(st.just("pass"), st.integers(0, 2 * DAY_NS)),
        st.tuples(st.just("pass"), st.integers(0, 2 * CONFIRMED_NS)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=12,
)


@given(begins_ns=st.integers(at_time(dt.date(2026, 9, 28), 0), at_time(dt.date(2026, 10, 12), 0)), moves=MOVES)
def test_no_day_is_opened_twice_or_out_of_order_and_each_one_trades(
    begins_ns: int, moves: list[tuple[str, int]]
) -> None:
    bench = LoopBench(begins_ns=begins_ns, session=SESSION)
    for move, span_ns in moves:
        if move == "step":
            steps(bench, span_ns)
        elif move == "pass":
            passes(bench, span_ns)
        else:
            bench = bench.again()
    days = opened(bench)
    assert days == sorted(set(days))
    assert all(SESSION.calendar.is_open(day) for day in days)
    assert bench.engine.state.day == days[-1]
