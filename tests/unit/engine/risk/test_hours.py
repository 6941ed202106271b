"""Rules: orders are made while the exchange takes them, within a person's own hours, on days of the calendar."""

from __future__ import annotations

import datetime as dt

import pytest

from qmt_trading.engine.risk.hours import check_calendar, check_session, check_window
from qmt_trading.model.instant import at_time
from qmt_trading.model.limits import Limits, Window
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.reasons import Denial, Reason
from tests.engine_bench import ACCOUNT, DAY, STOCK, Bench
from tests.unit.engine.limited import limited, reasons

MINUTE_NS = 60 * SECOND_NS
MORNING = Window((9 * 60 + 30) * MINUTE_NS, (11 * 60 + 30) * MINUTE_NS)
AFTERNOON = Window(13 * 60 * MINUTE_NS, 15 * 60 * MINUTE_NS)
WHOLE_DAY = Window(0, 24 * 60 * MINUTE_NS)


def test_the_last_day_of_the_calendar_passes_and_the_day_after_does_not() -> None:
    assert check_calendar(DAY, DAY + dt.timedelta(days=1)) is None
    assert check_calendar(DAY, DAY) is None
    assert check_calendar(DAY + dt.timedelta(days=1), DAY) == Denial(Reason.CALENDAR_ENDED, ("2026-11-24",))


def test_a_calendar_without_an_end_ends_nothing_and_neither_does_one_without_a_day() -> None:
    assert check_calendar(dt.date(2099, 1, 1), None) is None
    assert check_calendar(None, DAY) is None


def test_while_the_exchange_takes_none_there_are_none() -> None:
    now_ns = at_time(DAY, MORNING.begins_ns)
    assert check_session(True, now_ns) is None
    assert check_session(False, now_ns) == Denial(Reason.OUT_OF_SESSION, ("09:30:00.000",))


@pytest.mark.parametrize(
    ("time_ns", "passes"),
    [
        (MORNING.begins_ns - 1, False),
        (MORNING.begins_ns, True),
        (MORNING.begins_ns + 1, True),
        (MORNING.ends_ns - 1, True),
        (MORNING.ends_ns, False),
        (MORNING.ends_ns + 1, False),
        (AFTERNOON.begins_ns - 1, False),
        (AFTERNOON.begins_ns, True),
        (AFTERNOON.ends_ns, False),
    ],
)
def test_a_window_begins_with_its_first_instant_and_ends_before_its_last(time_ns: int, passes: bool) -> None:
    denial = check_window(at_time(DAY, time_ns), (MORNING, AFTERNOON), scope="total")
    assert (denial is None) is passes
    if denial is not None:
        assert (denial.reason, denial.figures[1]) == (Reason.OUT_OF_WINDOW, "total")


def test_a_window_of_the_whole_day_has_no_hole_at_midnight() -> None:
    for time_ns in (0, 24 * 60 * MINUTE_NS - 1, 24 * 60 * MINUTE_NS):
        assert check_window(at_time(DAY, time_ns), (WHOLE_DAY,), scope="total") is None


def test_the_windows_of_every_scope_hold_at_once_and_the_first_closed_one_is_named() -> None:
    early, late = Window(0, MORNING.begins_ns), WHOLE_DAY
    bench = limited(Bench(), Limits(windows=(late,)), total=Limits(windows=(early, MORNING)))
    text = f"buy {STOCK} 100@10.50:{ACCOUNT} #a/"
    assert reasons(bench.signal(text + "1")) == [None]
    bench = limited(Bench(), Limits(windows=(early,)), total=Limits(windows=(MORNING,)))
    (line,) = bench.signal(text + "1").orders
    assert line.denial == Denial(Reason.OUT_OF_WINDOW, ("10:00:00.000", f"account {ACCOUNT}"))
    assert not bench.signal(f"cancel {STOCK}:{ACCOUNT} #a/2").orders, "a cancel knows no hours"
