"""The market feed that a terminal's quotes fill, as its host sends them."""

from __future__ import annotations

import datetime as dt
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from msgspec import Struct

from qmt_trading.feeds.silence import FeedTold, Silence
from qmt_trading.feeds.ticks import HALTED, TRADING, Tick, TickError, read_tick
from qmt_trading.market.day_facts import DayFacts, day_facts
from qmt_trading.market.detail import Difference, compare, merge
from qmt_trading.market.phases import Phase
from qmt_trading.market.rulebook import STANDARD, RuleBook
from qmt_trading.market.sessions import Session
from qmt_trading.model.detail import Detail
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, Price

LAG_NS: Final = 5 * SECOND_NS
"""A tick is as old as its arrival, unless the exchange's own time is more than this behind: snapshots are three
seconds apart, and two clocks differ."""
AHEAD_NS: Final = 60 * SECOND_NS
"""A tick from further in the future has no time that can be believed."""
RECENT_NS: Final = 300 * SECOND_NS
SAMPLE_NS: Final = 10 * SECOND_NS
"""How far apart the amounts are that what was traded lately is computed from."""
_KEPT: Final = RECENT_NS // SAMPLE_NS + 2
_LAGS: Final = 600
"""Lines of which the least lag is remembered."""
_LAG_KEPT_NS: Final = 60 * SECOND_NS


class _Seen(Struct, frozen=True, gc=False):
    """The newest of one symbol; replaced as a whole."""

    tick: Tick
    quoted_ns: int
    samples: tuple[tuple[int, Money], ...]
    """(when, traded since the day began), oldest first, ``SAMPLE_NS`` apart."""


class _Facts(Struct, frozen=True):
    """What holds of one symbol, and what it was found from."""

    detail: Detail | None
    day: dt.date
    previous_close: Price
    facts: DayFacts | None


def _ignore() -> None:
    """Ask nobody."""


class QmtFeed:
    """Quotes by a terminal. One thread fills it; any thread reads, and never waits: each symbol is one reference.

    A level of 0 is no price (A18). A tick that was told before, or that is older than the one known, is no news: the
    symbol's age grows on, whoever repeats it (A14). Limits, order sizes, name and suspension are the terminal's where
    its detail is fresh; see ``market/detail.py``.
    """

    def __init__(
        self,
        session: Session,
        *,
        begun_ns: int,
        rules: RuleBook = STANDARD,
        subscribe_again: Callable[[], None] = _ignore,
    ) -> None:
        """Begin with no quote at all.

        Args:
            subscribe_again: asks the terminal for all wanted quotes anew; called by ``look``, must not wait.
        """
        self._session = session
        self._rules = rules
        self._subscribe_again = subscribe_again
        self._seen: dict[Symbol, _Seen] = {}
        self._details: dict[Symbol, Detail] = {}
        self._facts: dict[Symbol, _Facts] = {}
        self._compared: dict[Symbol, tuple[Detail, dt.date, tuple[Difference, ...]]] = {}
        self._missed: dict[Symbol, None] = {}
        self._lock = threading.Lock()
        """Of the silence and the lags alone: several threads hear and look."""
        self._silence = Silence(session, begun_ns=begun_ns)
        self._lags: deque[tuple[int, int]] = deque(maxlen=_LAGS)
        self._refused = 0
        self._refusal = ""

    # Filled by the link's thread

    def take(self, rows: Mapping[str, object], now_ns: int) -> None:
        """Take one ``quotes`` line: symbol → tick. A tick that cannot be read is counted and left out. Never raises.

        What is told late breaks no silence: a feed that lags is as bad as none.
        """
        is_news = False
        least_lag_ns = RECENT_NS
        for code, row in rows.items():
            symbol = Symbol(code)
            try:
                if not isinstance(row, Mapping):
                    raise TickError(f"行情不是一组字段：{str(row)[:80]} / a tick is no object")
                tick = read_tick(row)
            except TickError as error:
                self._refused += 1
                self._refusal = f"{code}: {error}"
                continue
            seen = _next(self._seen.get(symbol), tick, now_ns)
            if seen is not None:
                self._seen[symbol] = seen
                is_news = is_news or seen.quoted_ns == now_ns
                if tick.time_ns:
                    least_lag_ns = min(least_lag_ns, now_ns - tick.time_ns)
        with self._lock:
            if is_news:
                self._silence.heard(now_ns)
            if least_lag_ns < RECENT_NS:
                self._lags.append((now_ns, least_lag_ns))

    def tell(self, details: Iterable[Detail]) -> None:
        """Take what the terminal says of instruments; the newest of each holds."""
        for detail in details:
            self._details[detail.symbol] = detail

    def begin(self, now_ns: int) -> None:
        """Count silence from here on: the wanted set was sent, or the way to the terminal is open again."""
        with self._lock:
            self._silence.begin(now_ns)

    # Read by any thread

    def quote(self, symbol: Symbol, now_ns: int) -> Quote | None:
        """Return the newest quote of ``symbol``; None where nothing is known of it that may be traded by.

        From the day's first auction on, a tick of an earlier day tells nothing without a detail of this day: its
        previous close, and so the limits, may have changed overnight. Before, it is shown with the limits of its day.
        A symbol that was asked for in vain is kept for ``take_missed``.
        """
        seen = self._seen.get(symbol)
        if seen is None:
            self._miss(symbol)
            return None
        tick, detail = seen.tick, self._details.get(symbol)
        day = day_of(now_ns)
        tick_day = day_of(seen.quoted_ns)
        is_old = tick_day != day
        if is_old and self._has_opened(symbol, now_ns):
            if detail is None or detail.trading_day != day or not detail.previous_close:
                self._miss(symbol)
                return None
            close = detail.previous_close
            tick = Tick(tick.time_ns, Price(0), close, (), (), Money(0), 0)
        elif is_old:
            day, close = tick_day, tick.previous_close
        else:
            close = tick.previous_close
            if not close and detail is not None and detail.trading_day == day:
                close = detail.previous_close
        facts = self._facts_of(symbol, day, close, detail)
        if facts is None:
            return None
        if facts.rule.limit_millionths and not facts.limit_up:
            return None  # Its limits are not known: no previous close was told.
        return Quote(
            symbol,
            tick.last,
            close,
            facts.limit_up,
            facts.limit_down,
            tick.bids,
            tick.asks,
            seen.quoted_ns,
            facts.rule,
            "" if detail is None else detail.name,
            facts.risk_warning,
            _is_suspended(tick, detail, day),
            facts.band_up,
            facts.band_down,
            Money(-1) if is_old else _recent(seen, now_ns),
        )

    def age_ns(self, symbol: Symbol, now_ns: int) -> int | None:
        """Return how long nothing new has come of ``symbol``; None: nothing ever has."""
        seen = self._seen.get(symbol)
        return None if seen is None else now_ns - seen.quoted_ns

    def clock_ahead_ns(self, now_ns: int) -> int | None:
        """Return by how much this clock is ahead of the exchange's, at most: the least lag of the last minute.

        A feed that lags as a whole looks the same. None: too little was told to say.
        """
        with self._lock:
            lags = [lag_ns for at_ns, lag_ns in self._lags if now_ns - at_ns <= _LAG_KEPT_NS]
        return min(lags) if len(lags) >= 5 else None

    @property
    def is_silent(self) -> bool:
        """Whether it was silent when it was looked at last."""
        return self._silence.is_silent

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """All that anything was ever told of, in the order in which it came."""
        return tuple(self._seen)

    def take_missed(self) -> tuple[Symbol, ...]:
        """Return, once, the symbols that were asked for in vain: to be watched, and their details asked for."""
        missed, self._missed = self._missed, {}
        return tuple(missed)

    def undetailed(self, day: dt.date) -> tuple[Symbol, ...]:
        """Return the symbols with quotes whose detail is not of ``day``, in the order in which they came."""
        return tuple(symbol for symbol in self.symbols if not self.has_detail(symbol, day))

    def has_detail(self, symbol: Symbol, day: dt.date) -> bool:
        """Tell whether there is a detail of ``symbol`` that is of ``day``, or does not say of which."""
        detail = self._details.get(symbol)
        return detail is not None and detail.trading_day in (None, day)

    def is_detailed(self, day: dt.date) -> bool:
        """Tell whether the terminal has told the detail of any instrument for ``day``."""
        return any(detail.trading_day == day for detail in tuple(self._details.values()))

    def differences(self, day: dt.date) -> tuple[Difference, ...]:
        """Return where the details and the rule book disagree on ``day``; each detail is compared once a day."""
        found: list[Difference] = []
        for symbol, detail in tuple(self._details.items()):
            known = self._compared.get(symbol)
            if known is None or known[0] is not detail or known[1] != day:
                known = self._compared[symbol] = detail, day, compare(detail, self._rules, day)
            found += known[2]
        return tuple(found)

    # Looked at about once a second, by one thread

    def look(self, now_ns: int) -> FeedTold | None:
        """Return that the quotes as a whole have fallen silent or come back, once for each change.

        During a silence the terminal is asked for all quotes anew, at once and every ten seconds.
        """
        with self._lock:
            told, ask = self._silence.look(now_ns)
        if ask:
            self._subscribe_again()
        return told

    def condition(self) -> tuple[str, str]:
        """Return how the quotes are, in Chinese and English, for status pages."""
        count = len(self._seen)
        if not count:
            return "还没有行情", "no quotes yet"
        chinese, english = f"行情 {count} 只", f"quotes of {count}"
        if self.is_silent:
            chinese, english = f"{chinese}，中断", f"{english}, silent"
        if self._refused:
            chinese += f"，{self._refused} 条无法识别（最近：{self._refusal}）"
            english += f", {self._refused} unreadable"
        return chinese, english

    def _miss(self, symbol: Symbol) -> None:
        self._missed[symbol] = None

    def _has_opened(self, symbol: Symbol, now_ns: int) -> bool:
        if self._session.trading_day(now_ns) != day_of(now_ns):
            return False
        return self._session.span_at(symbol, now_ns).phase is not Phase.BEFORE_OPEN

    def _facts_of(self, symbol: Symbol, day: dt.date, close: Price, detail: Detail | None) -> DayFacts | None:
        known = self._facts.get(symbol)
        if known is not None and known.detail is detail and known.day == day and known.previous_close == close:
            return known.facts
        if detail is None:
            facts = day_facts(self._rules, symbol, day, close)
        else:
            merged = merge(detail, self._rules, day, close)
            facts = None if merged is None else merged.facts
        self._facts[symbol] = _Facts(detail, day, close, facts)
        return facts


def _next(seen: _Seen | None, tick: Tick, now_ns: int) -> _Seen | None:
    """Return what is known after ``tick``; None: it is nothing new."""
    time_ns = tick.time_ns if tick.time_ns <= now_ns + AHEAD_NS else 0
    if seen is not None:
        if tick == seen.tick or 0 < time_ns < seen.tick.time_ns <= now_ns + AHEAD_NS:
            return None
    if time_ns:
        quoted_ns = now_ns if now_ns - time_ns <= LAG_NS else time_ns
    elif seen is None or tick.traded > seen.tick.traded or tick.time_ns > seen.tick.time_ns:
        quoted_ns = now_ns
    else:
        quoted_ns = seen.quoted_ns  # Without a time that can be used only more trades, or a later time, are news.
    return _Seen(tick, quoted_ns, _sampled(seen, tick, quoted_ns))


def _sampled(seen: _Seen | None, tick: Tick, quoted_ns: int) -> tuple[tuple[int, Money], ...]:
    if tick.traded < 0:
        return ()
    here = (quoted_ns, tick.traded)
    if seen is None or not seen.samples:
        return (here,)
    last_ns, traded = seen.samples[-1]
    if tick.traded < traded or day_of(last_ns) != day_of(quoted_ns):
        return (here,)  # Another day, or a figure that was taken back.
    if quoted_ns - last_ns < SAMPLE_NS:
        return seen.samples
    return (*seen.samples[-_KEPT:], here)


def _recent(seen: _Seen, now_ns: int) -> Money:
    """Return what was traded in the last five minutes; -1 while they are not known whole."""
    if not seen.samples:
        return Money(-1)
    before = [traded for at_ns, traded in seen.samples if at_ns <= now_ns - RECENT_NS]
    if before:
        return Money(seen.tick.traded - before[-1])
    if seen.samples[0][1] == 0:
        return seen.tick.traded  # Nothing was traded on this day before the first that is known.
    return Money(-1)


def _is_suspended(tick: Tick, detail: Detail | None, day: dt.date) -> bool:
    """Tell whether it is halted; a tick that shows it trading goes before a detail that counts days of suspension."""
    if tick.state in HALTED:
        return True
    if detail is None or detail.suspended_days <= 0 or detail.trading_day not in (None, day):
        return False
    return not (tick.state in TRADING and tick.traded > 0)
