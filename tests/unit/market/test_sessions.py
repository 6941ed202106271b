"""Phases and trading days."""

from __future__ import annotations

import datetime as dt

import pytest

from qmt_trading.market.sessions import ALWAYS_OPEN, TAKES_CANCELS, TAKES_ORDERS, Phase, Session
from qmt_trading.model.instant import SHANGHAI

TUESDAY = dt.date(2026, 11, 24)
HOLIDAY = dt.date(2026, 11, 25)
REGULAR = Session(closed=(HOLIDAY,))


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
        ("23:59:59", Phase.CLOSED),
    ],
)
def test_a_boundary_belongs_to_the_phase_that_begins(text: str, phase: Phase) -> None:
    assert REGULAR.phase_at(at(TUESDAY, text)) is phase


def test_no_cancel_is_taken_in_the_last_minutes_of_an_auction() -> None:
    refused = [phase for phase in Phase if phase in TAKES_ORDERS and phase not in TAKES_CANCELS]
    assert refused == [Phase.OPENING_AUCTION_FIXED, Phase.CLOSING_AUCTION]


@pytest.mark.parametrize("day", [HOLIDAY, dt.date(2026, 11, 28), dt.date(2026, 11, 29)])
def test_holidays_and_weekends_are_closed_all_day(day: dt.date) -> None:
    assert REGULAR.phase_at(at(day, "10:00:00")) is Phase.CLOSED


def test_a_closed_day_belongs_to_the_next_trading_day() -> None:
    assert REGULAR.trading_day(at(TUESDAY, "23:59:59")) == TUESDAY
    assert REGULAR.trading_day(at(HOLIDAY, "00:00:00")) == dt.date(2026, 11, 26)
    assert REGULAR.trading_day(at(dt.date(2026, 11, 28), "12:00:00")) == dt.date(2026, 11, 30)


def test_an_always_open_session_trades_on_sunday_at_midnight() -> None:
    sunday = dt.date(2026, 11, 29)
    assert ALWAYS_OPEN.phase_at(at(sunday, "00:00:00")) is Phase.CONTINUOUS
    assert ALWAYS_OPEN.trading_day(at(sunday, "00:00:00")) == sunday
