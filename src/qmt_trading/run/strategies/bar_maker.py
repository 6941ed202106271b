"""Bars made of the engine's quotes, as they end."""

from __future__ import annotations

from typing import Final

from qmt_trading.market.sessions import Session
from qmt_trading.model.instant import at_time, day_of, time_of_day_ns
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.research.growing import NewBar

MINUTE_NS: Final = 60 * SECOND_NS
GRACE_NS: Final = 2 * SECOND_NS
"""How long after its end a bar waits for quotes that are on their way."""
CLOSING_NS: Final = 10 * SECOND_NS
"""The same for the bar of the closing auction, whose price comes some seconds after 15:00."""
_OPEN_NS: Final = (9 * 60 + 25) * MINUTE_NS
_FIRST_NS: Final = (9 * 60 + 31) * MINUTE_NS
NOON_NS: Final = (11 * 60 + 30) * MINUTE_NS
AGAIN_NS: Final = 13 * 60 * MINUTE_NS
CLOSE_NS: Final = 15 * 60 * MINUTE_NS
_LATE_NS: Final = MINUTE_NS
"""Quotes so long after a close still belong to the bar that it ends."""


class BarMaker:
    """Takes quotes and gives bars: of a minute, of a day, or each quote as a tick. Used by one thread.

    A minute without a quote makes no bar. Quantity and turnover are not known: quotes do not tell them.
    """

    def __init__(self, frequency: str, session: Session) -> None:
        self._frequency = frequency
        self._session = session
        self._open: dict[Symbol, NewBar] = {}
        self._ended: list[NewBar] = []
        self._quoted_ns: dict[Symbol, int] = {}

    def take(self, quote: Quote) -> None:
        """Take what the engine says of a symbol now; the same quote again, and one without a price, is passed over."""
        symbol, at_ns = quote.symbol, quote.quoted_ns
        if quote.suspended or quote.last <= 0 or at_ns <= self._quoted_ns.get(symbol, 0):
            return
        self._quoted_ns[symbol] = at_ns
        end_ns = self._end_of(at_ns)
        if not end_ns:
            return
        last = int(quote.last)
        known = self._open.get(symbol)
        if known is not None and known.at_ns != end_ns:
            self._ended.append(known)
            known = None
        if known is None:
            bid = int(quote.bids[0]) if quote.bids else 0
            ask = int(quote.asks[0]) if quote.asks else 0
            before = int(quote.previous_close)
            self._open[symbol] = NewBar(
                symbol=symbol,
                at_ns=end_ns,
                open=last,
                high=last,
                low=last,
                close=last,
                bid=bid,
                ask=ask,
                previous_close=before,
            )
        else:
            self._open[symbol] = NewBar(
                symbol=symbol,
                at_ns=end_ns,
                open=known.open,
                high=max(known.high, last),
                low=min(known.low, last),
                close=last,
                previous_close=known.previous_close,
            )

    def ended(self, now_ns: int) -> list[list[NewBar]]:
        """Return the bars that have ended by ``now_ns``, those of one end together, in order of time; each once."""
        for symbol, bar in list(self._open.items()):
            if self._frequency == "tick" or now_ns >= bar.at_ns + self._grace_ns(bar.at_ns):
                self._ended.append(bar)
                del self._open[symbol]
        groups: dict[int, list[NewBar]] = {}
        for bar in self._ended:
            groups.setdefault(bar.at_ns, []).append(bar)
        self._ended.clear()
        return [groups[end_ns] for end_ns in sorted(groups)]

    def _grace_ns(self, end_ns: int) -> int:
        return CLOSING_NS if time_of_day_ns(end_ns) == CLOSE_NS else GRACE_NS

    def _end_of(self, at_ns: int) -> int:
        """Return the end of the bar that a quote of ``at_ns`` belongs to; 0: it belongs to none."""
        day, time_ns = day_of(at_ns), time_of_day_ns(at_ns)
        if self._frequency == "tick":
            return at_ns
        if not self._session.always_open:
            if self._session.trading_day(at_ns) != day or not _OPEN_NS <= time_ns <= CLOSE_NS + _LATE_NS:
                return 0
            if NOON_NS + _LATE_NS < time_ns < AGAIN_NS:
                return 0
        if self._frequency == "1d":
            return at_time(day, CLOSE_NS) if time_ns <= CLOSE_NS + _LATE_NS else 0
        end_ns = -(-time_ns // MINUTE_NS) * MINUTE_NS
        if not self._session.always_open:
            end_ns = max(end_ns, _FIRST_NS)
            if end_ns <= NOON_NS + MINUTE_NS:
                end_ns = min(end_ns, NOON_NS)
            elif time_ns <= AGAIN_NS:
                end_ns = AGAIN_NS + MINUTE_NS
            end_ns = min(end_ns, CLOSE_NS)
        return at_time(day, 0) + end_ns
