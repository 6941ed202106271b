"""Joins a terminal's link to the market feed: which quotes and details are asked for, and what is said of silence."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

from qmt_trading.brokers.linked.condition import Condition, LinkPhase
from qmt_trading.brokers.qmt.details import detail
from qmt_trading.brokers.qmt.fields import RowError
from qmt_trading.feeds.qmt import QmtFeed
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

PULSE_S: Final = 0.25
ASKED_MAX: Final = 200
"""Details asked for at once: the terminal answers them one by one, before the next question."""
ASK_EVERY_NS: Final = 2 * SECOND_NS
ASK_AGAIN_NS: Final = 300 * SECOND_NS
"""A detail that did not come, or came with the date of another day, is asked for again no sooner."""
_DETAILED: Final = frozenset({InstrumentKind.STOCK, InstrumentKind.FUND, InstrumentKind.CONVERTIBLE})
"""Whole markets hold five times as many codes: indices, bonds, what is not traded any more."""
_MORNING_NS: Final = (8 * 3600 + 30 * 60) * SECOND_NS
_EVENING_NS: Final = 15 * 3600 * SECOND_NS
_STOP_S: Final = 5.0


class QuoteWay(Protocol):
    """What of a link's broker is needed here; neither method waits."""

    def watch(self, symbols: Sequence[Symbol], markets: Sequence[str] = ()) -> None: ...

    def ask_details(self, symbols: Sequence[Symbol]) -> str:
        """Return the question's id; empty: it could not be sent."""
        ...


class TerminalQuotes:
    """The quotes of one terminal. ``quotes``, ``details``, ``host_feed`` and ``link`` listen to its link.

    A thread of its own looks four times a second, so that nothing else that is slow delays the word of a silence.
    """

    def __init__(
        self,
        terminal: str,
        settings: EngineSettings,
        session: Session,
        rules: RuleBook,
        clock: Clock,
        report: Callable[[TerminalComplained], None],
    ) -> None:
        """Make the feed; nothing is asked for before ``start``. ``report`` must not wait."""
        self._terminal = terminal
        self._session = session
        self._clock = clock
        self._report = report
        self._watching = Watching(settings)
        self._wanted: Wanted | None = None
        self._way: QuoteWay | None = None
        self._view: Callable[[], View] | None = None
        self._asked: dict[Symbol, tuple[dt.date, int]] = {}
        """When each detail was asked for last: for which day, and by the steady clock."""
        self._ask_next_ns = 0
        self._missed: dict[Symbol, None] = {}
        self._has_complained = False
        self._host = ""
        self._host_text = ""
        self._is_open = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.feed: Final = QmtFeed(session, begun_ns=clock.now_ns(), rules=rules, subscribe_again=self._subscribe)

    # What the link tells, by its threads

    def quotes(self, rows: Mapping[str, object], now_ns: int) -> None:
        self.feed.take(rows, now_ns)

    def details(self, rows: Mapping[str, Mapping[str, object]]) -> None:
        """Take what the terminal says of instruments.

        A detail of another instrument than it is said to be of is left out, and the first such told.
        """
        found = []
        for symbol, row in rows.items():
            try:
                found.append(detail(Symbol(symbol), row))
            except RowError as error:
                if not self._has_complained:
                    self._has_complained = True
                    self._report(TerminalComplained(self._terminal, "detail", str(error), error.english))
        self.feed.tell(found)

    def host_feed(self, told: HostFeed) -> None:
        self._host, self._host_text = told.state, told.text

    def link(self, condition: Condition) -> None:
        """Begin anew where the way to the terminal has opened; the link itself asks again for what was wanted."""
        is_open = condition.phase in (LinkPhase.OPEN, LinkPhase.LATE)
        if is_open and not self._is_open:
            self.feed.begin(self._clock.now_ns())
        self._is_open = is_open

    # The thread that looks

    def start(self, way: QuoteWay, view: Callable[[], View]) -> None:
        """Ask ``way`` for what ``view`` shows to be needed, from now on."""
        self._way, self._view = way, view
        self._thread = threading.Thread(target=self._work, name=f"{self._terminal}-quotes", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_STOP_S)

    def pulse(self) -> None:
        """Do what is due; called four times a second by the thread of this, or by a test."""
        assert self._way is not None
        assert self._view is not None
        now_ns, steady_ns = self._clock.now_ns(), self._clock.steady_ns()
        missed = self.feed.take_missed()
        self._missed.update(dict.fromkeys(missed))
        wanted = self._watching.take(self._view(), steady_ns, missed)
        if wanted is not None:
            self._wanted = wanted
            self._subscribe()
            self.feed.begin(now_ns)
        told = self.feed.look(now_ns)
        if told is not None:
            code = "quotes_silent" if told.silent else "quotes_back"
            self._report(TerminalComplained(self._terminal, code, told.chinese, told.english))
        if steady_ns >= self._ask_next_ns:
            self._ask_next_ns = steady_ns + ASK_EVERY_NS
            self._ask_details(now_ns, steady_ns)

    # What is known, for any thread

    def state(self) -> tuple[FeedState, str]:
        """Return how the quotes are as a whole, with the host's words where it has any."""
        if not self._is_open or self._host == "down":
            return FeedState.DOWN, self._host_text
        if self.feed.is_silent:
            return FeedState.SILENT, self._host_text
        return (FeedState.LIVE if self.feed.symbols else FeedState.UNKNOWN), ""

    def differences(self) -> tuple[Difference, ...]:
        """Return where the terminal's details and the rule book disagree today."""
        return self.feed.differences(self._session.trading_day(self._clock.now_ns()))

    def _work(self) -> None:
        while not self._stopping.wait(PULSE_S):
            self.pulse()

    def _subscribe(self) -> None:
        if self._way is not None and self._wanted is not None:
            self._way.watch(self._wanted.symbols, self._wanted.markets)

    def _ask_details(self, now_ns: int, steady_ns: int) -> None:
        """Ask for details of this day that are missing, those first that somebody needed."""
        assert self._way is not None
        day = self._session.trading_day(now_ns)
        is_time = day == day_of(now_ns) and _MORNING_NS <= time_of_day_ns(now_ns) < _EVENING_NS
        due: list[Symbol] = []
        for symbol in self._needed():
            if self._is_due(symbol, day, steady_ns, is_time=is_time):
                due.append(symbol)
                if len(due) == ASKED_MAX:
                    break
        if not due or not self._way.ask_details(due):
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
