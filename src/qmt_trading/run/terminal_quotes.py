"""Joins a terminal's link to the market feed: which quotes and details are asked for, and what is said of silence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

from qmt_trading.brokers.qmt.details import detail
from qmt_trading.brokers.qmt.fields import RowError
from qmt_trading.feeds.qmt import LAG_NS, QmtFeed
from qmt_trading.feeds.wanted import Wanted
from qmt_trading.link.messages import FeedState as HostFeed
from qmt_trading.market.detail import Difference
from qmt_trading.market.instruments import kind_of
from qmt_trading.market.rulebook import RuleBook
from qmt_trading.market.sessions import Session
from qmt_trading.model.events import TerminalComplained
from qmt_trading.model.instant import day_of, time_of_day_ns
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.view import View
from qmt_trading.model.words import InstrumentKind
from qmt_trading.ports import Clock
from qmt_trading.run.day.outside import FeedState
from qmt_trading.run.watching import Watching

ASKED_MAX: Final = 200
"""Details asked for at once: the terminal answers them one by one, before the next question."""
ASK_EVERY_NS: Final = 2 * SECOND_NS
ASK_AGAIN_NS: Final = 300 * SECOND_NS
"""A detail that did not come, or came with the date of another day, is asked for again no sooner."""
_DETAILED: Final = frozenset({InstrumentKind.STOCK, InstrumentKind.FUND, InstrumentKind.CONVERTIBLE})
"""Whole markets hold five times as many codes: indices, bonds, what is not traded any more."""
_MORNING_NS: Final = (8 * 3600 + 30 * 60) * SECOND_NS
_EVENING_NS: Final = 15 * 3600 * SECOND_NS


class QuoteWay(Protocol):
    """What of a link's broker is needed here; neither method waits."""

    def watch(self, symbols: Sequence[Symbol], markets: Sequence[str] = ()) -> None: ...

    def ask_details(self, symbols: Sequence[Symbol]) -> str:
        """Return the question's id; empty: it could not be sent."""
        ...


class TerminalQuotes:
    """The quotes of the terminal that gives them. ``pulse`` and ``use`` are for one thread, all else for any."""

    def __init__(
        self,
        settings: EngineSettings,
        session: Session,
        rules: RuleBook,
        clock: Clock,
        report: Callable[[TerminalComplained], None],
    ) -> None:
        """Make the feed; nothing is asked for before a terminal is to be used. ``report`` must not wait."""
        self._session = session
        self._clock = clock
        self._report = report
        self._watching = Watching(settings)
        self._wanted: Wanted | None = None
        self._name = ""
        self._way: QuoteWay | None = None
        self._asked: dict[Symbol, tuple[dt.date, int]] = {}
        """When each detail was asked for last: for which day, and by the steady clock."""
        self._ask_next_ns = 0
        self._missed: dict[Symbol, None] = {}
        self._has_complained = False
        self._hosts: dict[str, HostFeed] = {}
        self.feed: Final = QmtFeed(session, begun_ns=clock.now_ns(), rules=rules, subscribe_again=self._subscribe)

    # What the links tell, by their threads

    def take(self, name: str, rows: Mapping[str, object], now_ns: int) -> None:
        """Take quotes of the terminal that gives them; what another one still sends is left out."""
        if name == self._name:
            self.feed.take(rows, now_ns)

    def details(self, rows: Mapping[str, Mapping[str, object]]) -> None:
        """Take what a terminal says of instruments.

        A detail of another instrument than it is said to be of is left out, and the first such told.
        """
        found = []
        for symbol, row in rows.items():
            try:
                found.append(detail(Symbol(symbol), row))
            except RowError as error:
                if not self._has_complained:
                    self._has_complained = True
                    self._report(TerminalComplained(self._name, "detail", str(error), error.english))
        self.feed.tell(found)

    def host_told(self, name: str, told: HostFeed) -> None:
        self._hosts[name] = told

    # What is due, by the thread that looks

    def use(self, name: str, way: QuoteWay | None) -> None:
        """Let the terminal ``name`` give the quotes from now on; its link has just opened, or opened again.

        None: there is no terminal.
        """
        if name != self._name:
            self._asked.clear()
        self._name, self._way = name, way
        if way is not None:
            self._subscribe()
            self.feed.begin(self._clock.now_ns())

    def pulse(self, view: View) -> None:
        """Ask for what ``view`` needs, and tell of a silence; a few times a second."""
        if self._way is None:
            return
        now_ns, steady_ns = self._clock.now_ns(), self._clock.steady_ns()
        missed = self.feed.take_missed()
        self._missed.update(dict.fromkeys(missed))
        wanted = self._watching.take(view, steady_ns, missed)
        if wanted is not None:
            self._wanted = wanted
            self._subscribe()
            self.feed.begin(now_ns)
        told = self.feed.look(now_ns)
        if told is not None:
            code = "quotes_silent" if told.silent else "quotes_back"
            self._report(TerminalComplained(self._name, code, told.chinese, told.english))
        if steady_ns >= self._ask_next_ns:
            self._ask_next_ns = steady_ns + ASK_EVERY_NS
            self._ask_details(self._way, now_ns, steady_ns)

    # What is known, for any thread

    def state(self) -> tuple[FeedState, str]:
        """Return how the quotes are as a whole, with the host's words where it has any."""
        host = self._hosts.get(self._name)
        text = host.text if host is not None else ""
        if self._way is None or (host is not None and host.state == FeedState.DOWN.value):
            return FeedState.DOWN, text
        if self.feed.is_silent:
            return FeedState.SILENT, text
        return (FeedState.LIVE if self.feed.symbols else FeedState.UNKNOWN), ""

    def differences(self) -> tuple[Difference, ...] | None:
        """Return where the terminal's details and the rule book disagree today; None: it has told none of today."""
        day = self._session.trading_day(self._clock.now_ns())
        return self.feed.differences(day) if self.feed.is_detailed(day) else None

    def clock_ahead_ns(self) -> int | None:
        """Return by how much this machine's clock is ahead of the exchange's; None: not known.

        What snapshots need on their way cannot be told from a clock that is a little ahead, and counts as 0.
        """
        lag_ns = self.feed.clock_ahead_ns(self._clock.now_ns())
        return 0 if lag_ns is not None and 0 <= lag_ns <= LAG_NS else lag_ns

    def _subscribe(self) -> None:
        if self._way is not None and self._wanted is not None:
            self._way.watch(self._wanted.symbols, self._wanted.markets)

    def _ask_details(self, way: QuoteWay, now_ns: int, steady_ns: int) -> None:
        """Ask for details of this day that are missing, those first that somebody needed."""
        day = self._session.trading_day(now_ns)
        is_time = day == day_of(now_ns) and _MORNING_NS <= time_of_day_ns(now_ns) < _EVENING_NS
        due: list[Symbol] = []
        for symbol in self._needed():
            if self._is_due(symbol, day, steady_ns, is_time=is_time):
                due.append(symbol)
                if len(due) == ASKED_MAX:
                    break
        if not due or not way.ask_details(due):
            return
        for symbol in due:
            self._asked[symbol] = day, steady_ns
            self._missed.pop(symbol, None)

    def _needed(self) -> Iterable[Symbol]:
        wanted = self._wanted.symbols if self._wanted is not None else ()
        quoted = (symbol for symbol in self.feed.symbols if kind_of(symbol) in _DETAILED)
        return dict.fromkeys((*self._missed, *wanted, *quoted))

    def _is_due(self, symbol: Symbol, day: dt.date, steady_ns: int, *, is_time: bool) -> bool:
        asked_day, asked_ns = self._asked.get(symbol, (None, 0))
        if asked_day is None:
            return True
        if not is_time or steady_ns - asked_ns < ASK_AGAIN_NS:
            return False
        return asked_day != day or not self.feed.has_detail(symbol, day)
