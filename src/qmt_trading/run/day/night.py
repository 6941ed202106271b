"""When brokers rest: the hours of the night, and days without trading."""

from __future__ import annotations

from typing import Final, NamedTuple

from qmt_trading.market.sessions import Session
from qmt_trading.model.instant import at_time, day_of, time_of_day_ns
from qmt_trading.model.numbers import SECOND_NS

HOUR_NS: Final = 3_600 * SECOND_NS
_DAY_NS: Final = 24 * HOUR_NS
USUAL: Final = (16 * HOUR_NS, 8 * HOUR_NS + HOUR_NS // 2)
"""16:00 to 8:30."""


class Night(NamedTuple):
    """Begin and end after midnight in Shanghai; over midnight where it ends earlier than it begins."""

    begins_ns: int
    ends_ns: int

    def holds(self, now_ns: int, session: Session) -> bool:
        """Tell whether brokers rest at ``now_ns``: it is night, or no trading day. ``ends_ns`` is no night."""
        if session.trading_day(now_ns) != day_of(now_ns):
            return True
        time_ns = time_of_day_ns(now_ns)
        if self.begins_ns <= self.ends_ns:
            return self.begins_ns <= time_ns < self.ends_ns
        return time_ns >= self.begins_ns or time_ns < self.ends_ns

    def last_began_ns(self, now_ns: int) -> int:
        """Return when the newest night that has begun by ``now_ns`` did so, trading day or not."""
        began_ns = at_time(day_of(now_ns), self.begins_ns)
        return began_ns if began_ns <= now_ns else began_ns - _DAY_NS
