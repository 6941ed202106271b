"""Now against the hours and days of trading: which trading day it is, and what the exchange takes."""

from __future__ import annotations

import datetime as dt
from typing import Final

from qmt_trading.market.calendar import SHIPPED, Calendar
from qmt_trading.market.phases import ALL_DAY, NO_DAY, Phase, Span, span_at
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.instant import at_time, day_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.words import InstrumentKind

_DAY_NS: Final = 86_400 * 1_000_000_000
_STOCK: Final = Symbol("600000.SH")


class Session:
    """The hours and days of trading: always open (paper), or the phases of each instrument on the calendar's days.

    For any thread. Beyond the calendar's end the days go on as weekdays, for the sake of cancels and records alone.
    """

    __slots__ = ("always_open", "calendar", "_today")

    def __init__(self, calendar: Calendar = SHIPPED, *, always_open: bool = False) -> None:
        self.always_open: Final = always_open
        self.calendar: Final = calendar
        self._today = (0, 0, dt.date.min, dt.date.min)
        """One date in Shanghai: its first instant, the first behind it, itself, and the trading day it belongs to."""

    def phase_at(self, now_ns: int) -> Phase:
        """Return the phase of Shanghai's main board at ``now_ns``. A boundary belongs to the phase that begins."""
        return self._span(_STOCK, InstrumentKind.STOCK, "main", now_ns).phase

    def span_at(self, symbol: Symbol, now_ns: int) -> Span:
        """Return what holds for ``symbol`` at ``now_ns``; all of a day without trading is closed."""
        rule = STANDARD.rule(symbol, self.trading_day(now_ns))
        if rule is None:
            return self._span(symbol, InstrumentKind.UNKNOWN, "", now_ns)
        return self._span(symbol, rule.kind, rule.board, now_ns)

    def _span(self, symbol: Symbol, kind: InstrumentKind, board: str, now_ns: int) -> Span:
        if self.always_open:
            return ALL_DAY
        begins_ns, _, date, day = self._date_at(now_ns)
        return span_at(symbol, kind, board, day, now_ns - begins_ns) if day == date else NO_DAY

    def trading_day(self, now_ns: int) -> dt.date:
        """Return the calendar date in Shanghai when it trades, else the next one that does."""
        return self._date_at(now_ns)[3]

    def day_after(self, now_ns: int) -> dt.date | None:
        """Return the next trading day when the trading of this one is over; None: it is not, or today has none.

        It is over with the close of the stocks, whatever else trades on.
        """
        _, _, date, day = self._date_at(now_ns)
        if self.always_open or day != date or self.phase_at(now_ns) not in (Phase.CLOSED, Phase.AFTER_HOURS):
            return None
        return self.calendar.after(day)

    def _date_at(self, now_ns: int) -> tuple[int, int, dt.date, dt.date]:
        today = self._today  # Taken once: another thread may put another date there.
        if today[0] <= now_ns < today[1]:
            return today
        date = day_of(now_ns)
        begins_ns = at_time(date, 0)
        day = date if self.always_open else self.calendar.next_from(date)
        self._today = today = (begins_ns, begins_ns + _DAY_NS, date, day)
        return today


ALWAYS_OPEN: Final = Session(always_open=True)
