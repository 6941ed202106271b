"""When the exchanges take orders, match them and take cancels."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Final

from msgspec import Struct

from qmt_trading.model.enumeration import direct
from qmt_trading.model.instant import at_time, day_of, time_of_day_ns
from qmt_trading.model.numbers import SECOND_NS


@direct
class Phase(StrEnum):
    """Part of a trading day."""

    BEFORE_OPEN = "before_open"
    OPENING_AUCTION = "opening_auction"
    OPENING_AUCTION_FIXED = "opening_auction_fixed"
    """09:20 to 09:25: orders yes, cancels no."""
    PAUSE = "pause"
    """09:25 to 09:30: nothing is matched."""
    CONTINUOUS = "continuous"
    LUNCH = "lunch"
    CLOSING_AUCTION = "closing_auction"
    """14:57 to 15:00: orders yes, cancels no."""
    CLOSED = "closed"
    """After 15:00, and days without trading."""


TAKES_ORDERS: Final = frozenset(
    {
        Phase.OPENING_AUCTION,
        Phase.OPENING_AUCTION_FIXED,
        Phase.PAUSE,
        Phase.CONTINUOUS,
        Phase.LUNCH,
        Phase.CLOSING_AUCTION,
    }
)
"""Counters hold what they take in the pause and at lunch until matching goes on."""

TAKES_CANCELS: Final = frozenset({Phase.OPENING_AUCTION, Phase.PAUSE, Phase.CONTINUOUS, Phase.LUNCH})

_MINUTE_NS: Final = 60 * SECOND_NS
_PHASES: Final = tuple(
    ((hour * 60 + minute) * _MINUTE_NS, phase)
    for hour, minute, phase in (
        (15, 0, Phase.CLOSED),
        (14, 57, Phase.CLOSING_AUCTION),
        (13, 0, Phase.CONTINUOUS),
        (11, 30, Phase.LUNCH),
        (9, 30, Phase.CONTINUOUS),
        (9, 25, Phase.PAUSE),
        (9, 20, Phase.OPENING_AUCTION_FIXED),
        (9, 15, Phase.OPENING_AUCTION),
        (0, 0, Phase.BEFORE_OPEN),
    )
)
"""The last beginning first."""


class Session(Struct, frozen=True):
    """The hours and days of trading: always open (paper), or the regular hours of A shares outside ``closed`` dates."""

    always_open: bool = False
    closed: tuple[dt.date, ...] = ()
    """Weekdays without trading, in order; weekends are known."""

    def phase_at(self, now_ns: int) -> Phase:
        """Return the phase at ``now_ns``. A boundary belongs to the phase that begins."""
        if self.always_open:
            return Phase.CONTINUOUS
        if not self.is_open_day(day_of(now_ns)):
            return Phase.CLOSED
        time_ns = time_of_day_ns(now_ns)
        for begins_ns, phase in _PHASES:
            if time_ns >= begins_ns:
                return phase
        raise AssertionError(time_ns)

    def trading_day(self, now_ns: int) -> dt.date:
        """Return the calendar date in Shanghai when it trades, else the next one that does."""
        day = day_of(now_ns)
        if self.always_open:
            return day
        while not self.is_open_day(day):
            day += dt.timedelta(days=1)
        return day

    def day_after(self, now_ns: int) -> dt.date | None:
        """Return the next trading day when the trading of this one is over; None: it is not, or today has none."""
        day = day_of(now_ns)
        if self.always_open or not self.is_open_day(day) or self.phase_at(now_ns) is not Phase.CLOSED:
            return None
        return self.trading_day(at_time(day + dt.timedelta(days=1), 0))

    def is_open_day(self, day: dt.date) -> bool:
        return self.always_open or (day.weekday() < 5 and day not in self.closed)


ALWAYS_OPEN: Final = Session(always_open=True)
