"""Now against hours and days: phases, trading days, and what lies beyond the calendar."""

from __future__ import annotations

import datetime as dt
import timeit

import pytest

from qmt_trading.market.calendar import SHIPPED, Calendar, Year
from qmt_trading.market.phases import Phase
from qmt_trading.market.sessions import ALWAYS_OPEN, Session
from qmt_trading.model.instant import SHANGHAI
from qmt_trading.model.instrument import Symbol

TUESDAY = dt.date(2026, 11, 24)
HOLIDAY = dt.date(2026, 11, 25)
REGULAR = Session(Calendar([Year(2026, (HOLIDAY,))]))
LAST = SHIPPED.until
DAY = dt.timedelta(days=1)


def at(day: dt.date, text: str) -> int:
    moment = dt.datetime.combine(day, dt.time.fromisoformat(text), SHANGHAI)
    return int(moment.timestamp()) * 10**9 + moment.microsecond * 1000


@pytest.mark.parametrize(
    ("text", "phase"),
    [
        ("00:00:00", Phase.BEFORE_OPEN),
        ("09:14:59.999999", Phase.BEFORE_OPEN),
        ("09:15:00", Phase.OPENING_AUCTION),
        ("09:19:59.999999", Phase.OPENING_AUCTION),
        ("09:20:00", Phase.OPENING_AUCTION_FIXED),
        ("09:25:00", Phase.PAUSE),
        ("09:30:00", Phase.CONTINUOUS),
        ("11:30:00", Phase.LUNCH),
        ("13:00:00", Phase.CONTINUOUS),
        ("14:56:59.999999", Phase.CONTINUOUS),
        ("14:57:00", Phase.CLOSING_AUCTION),
        ("15:00:00", Phase.CLOSED),
        ("15:05:00", Phase.AFTER_HOURS),
        ("15:30:00", Phase.CLOSED),
        ("23:59:59", Phase.CLOSED),
    ],
)
def test_a_boundary_belongs_to_the_phase_that_begins(text: str, phase: Phase) -> None:
    assert REGULAR.phase_at(at(TUESDAY, text)) is phase


@pytest.mark.parametrize("day", [HOLIDAY, dt.date(2026, 11, 28), dt.date(2026, 11, 29)])
def test_holidays_and_weekends_are_closed_all_day(day: dt.date) -> None:
    assert REGULAR.phase_at(at(day, "10:00:00")) is Phase.CLOSED
    span = REGULAR.span_at(Symbol("204001.SH"), at(day, "10:00:00"))
    assert not span.takes_orders
    assert not span.takes_cancels


def test_a_closed_day_belongs_to_the_next_trading_day() -> None:
    assert REGULAR.trading_day(at(TUESDAY, "23:59:59")) == TUESDAY
    assert REGULAR.trading_day(at(HOLIDAY, "00:00:00")) == dt.date(2026, 11, 26)
    assert REGULAR.trading_day(at(dt.date(2026, 11, 28), "12:00:00")) == dt.date(2026, 11, 30)


def test_an_always_open_session_trades_on_sunday_at_midnight() -> None:
    sunday = dt.date(2026, 11, 29)
    assert ALWAYS_OPEN.phase_at(at(sunday, "00:00:00")) is Phase.CONTINUOUS
    assert ALWAYS_OPEN.trading_day(at(sunday, "00:00:00")) == sunday
    assert ALWAYS_OPEN.span_at(Symbol("nonsense"), at(sunday, "00:00:00")).takes_cancels


def test_the_shipped_calendar_rules_where_none_is_given() -> None:
    national_day = dt.date(2026, 10, 1)
    assert Session().trading_day(at(national_day, "10:00:00")) == dt.date(2026, 10, 8)
    assert Session().phase_at(at(national_day, "10:00:00")) is Phase.CLOSED


def test_the_cache_of_a_date_ends_with_the_date() -> None:
    session = Session()
    friday = dt.date(2026, 11, 27)
    for _ in range(2):
        assert session.trading_day(at(friday, "00:00:00") - 1) == dt.date(2026, 11, 26)
        assert session.trading_day(at(friday, "00:00:00")) == friday
        assert session.trading_day(at(friday + DAY, "00:00:00") - 1) == friday
        assert session.trading_day(at(friday + DAY, "00:00:00")) == dt.date(2026, 11, 30)


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("14:59:59.999999", None),
        ("15:00:00", dt.date(2026, 10, 8)),
        ("15:10:00", dt.date(2026, 10, 8)),
        ("23:59:59", dt.date(2026, 10, 8)),
    ],
)
def test_after_the_close_the_next_day_is_behind_the_holidays(time: str, expected: dt.date | None) -> None:
    assert Session().day_after(at(dt.date(2026, 9, 30), time)) == expected


def test_a_day_without_trading_has_no_day_after() -> None:
    assert Session().day_after(at(dt.date(2026, 10, 1), "16:00:00")) is None


def test_beyond_the_end_the_days_go_on_as_weekdays_and_are_not_known() -> None:
    session = Session()
    new_year = LAST + DAY  # A Friday, and a holiday that nobody has told of yet.
    assert session.trading_day(at(new_year, "10:00:00")) == new_year
    assert session.trading_day(at(new_year + DAY, "10:00:00")) == new_year + 3 * DAY
    assert session.day_after(at(LAST, "15:00:00")) == new_year
    assert session.calendar.knows(LAST)
    assert not session.calendar.knows(new_year)
    assert session.span_at(Symbol("600000.SH"), at(new_year, "10:00:00")).takes_cancels


@pytest.mark.measures
def test_the_trading_day_costs_less_than_half_a_microsecond_a_turn() -> None:
    session, now_ns, count = Session(), at(TUESDAY, "10:00:00"), 2_000
    assert min(timeit.repeat(lambda: session.trading_day(now_ns), number=count, repeat=200)) / count < 0.5e-6
