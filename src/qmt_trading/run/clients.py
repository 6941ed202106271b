"""The QMT clients of one configuration: a way to each, the quotes that one of them gives, and what they complain of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from qmt_trading.brokers.linked.broker import LinkedBroker
from qmt_trading.brokers.linked.condition import Condition, LinkPhase, Listeners
from qmt_trading.brokers.linked.translate import Row
from qmt_trading.brokers.qmt.details import detail
from qmt_trading.brokers.qmt.fields import RowError
from qmt_trading.feeds.qmt import QmtFeed
from qmt_trading.feeds.wanted import Wanted, wanted
from qmt_trading.link.messages import FeedState as ToldFeed
from qmt_trading.link.messages import Trouble
from qmt_trading.market.rulebook import RuleBook
from qmt_trading.market.sessions import Session
from qmt_trading.model import events as ev
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.view import View
from qmt_trading.model.words import TradingState, Verb
from qmt_trading.ports import Clock
from qmt_trading.run.config_terminals import Terminal
from qmt_trading.run.day.outside import NOTHING, FeedState, Outside
from qmt_trading.run.terminals import qmt_broker

DETAILS_AT_ONCE: Final = 200
"""Instruments asked about in one question, so that a line of answers stays small."""
DETAIL_AGAIN_NS: Final = 60 * SECOND_NS
"""An instrument that the terminal tells nothing of is asked about again after this."""
_BUYS: Final = frozenset({Verb.BUY, Verb.TARGET, Verb.PORTFOLIO})

Say = Callable[[str, str, str], None]


class Clients:
    """Made before the loop, told of it by ``connect``; ``look`` is for one thread, all else for any."""

    def __init__(
        self,
        terminals: Sequence[Terminal],
        settings: EngineSettings,
        clock: Clock,
        session: Session,
        rules: RuleBook,
        *,
        report: Callable[[ev.TerminalComplained], None],
        ask: Callable[[ev.HaltRequested], None],
        say: Say,
        sessions_before: Mapping[AccountId, int],
    ) -> None:
        """Make a way to each of ``terminals``, all of them QMT clients; nothing is started.

        Args:
            report: takes what a person should know.
            ask: takes a request to stop an account.
            sessions_before: the highest session on record of each account.
        """
        self._settings = settings
        self._clock = clock
        self._report = report
        self._ask = ask
        self._say = say
        self.feed = QmtFeed(session, begun_ns=clock.now_ns(), rules=rules, subscribe_again=self._subscribe_again)
        self.brokers: dict[str, LinkedBroker] = {}
        self._owner: dict[AccountId, LinkedBroker] = {}
        self._told: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()
        self._quoting: LinkedBroker | None = None
        """Who gives the quotes: the first client that is connected."""
        self._wanted = Wanted((), ())
        self._extra: dict[Symbol, None] = {}
        self._told_feed: dict[str, ToldFeed] = {}
        self._asked: dict[Symbol, int] = {}
        for terminal in terminals:
            broker = qmt_broker(terminal, settings.mode, clock, self._listeners(terminal.name), sessions_before)
            self.brokers[terminal.name] = broker
            self._owner |= {account.account: broker for account in terminal.accounts}
        self._needs_everything = any(_BUYS.intersection(door.allow) for door in settings.doors)

    def halt(self, why: str) -> None:
        """Have every host drop what it has not handed to its terminal yet; cancels go on."""
        for broker in self.brokers.values():
            broker.halt(why)

    def resume(self) -> None:
        for broker in self.brokers.values():
            broker.resume()

    def conditions(self) -> list[Condition]:
        """Return how each link stands."""
        return [broker.condition() for broker in self.brokers.values()]

    def outside(self, account: AccountId) -> Outside:
        """Return what an account's terminal tells beside its rows."""
        broker = self._owner.get(account)
        if broker is None:
            return NOTHING
        condition = broker.condition()
        text = next((text for number, ready, text in condition.accounts if number == account and not ready), "")
        quoting = self._quoting
        told = self._told_feed.get(quoting.name) if quoting is not None else None
        day = day_of(self._clock.now_ns())
        differences = tuple(each.chinese for each in self.feed.differences(day))
        return Outside(
            account_text=text,
            feed=FeedState(told.state) if told is not None else FeedState.UNKNOWN,
            feed_text=told.text if told is not None else "",
            details=differences if differences or self.feed.is_detailed(day) else None,
        )

    def look(self, view: View) -> None:
        """Do what is due, about once a second: who gives the quotes, which, and what is known of instruments."""
        now_ns = self._clock.now_ns()
        self._choose()
        self._want(view)
        self._ask_details(view, now_ns)
        told = self.feed.look(now_ns)
        if told is not None:
            name = self._quoting.name if self._quoting is not None else ""
            self._report(ev.TerminalComplained(name, "quotes", told.chinese, told.english))

    # Told by the links' threads

    def _listeners(self, name: str) -> Listeners:
        return Listeners(
            quotes=lambda rows, now_ns: self._quotes(name, rows, now_ns),
            feed=lambda state: self._feed_told(name, state),
            detail=self._details,
            trouble=lambda trouble: self._trouble(name, trouble),
            doubt=self._doubt,
            log=lambda text: self._say("info", "host", f"{name}：{text}"),
        )

    def _quotes(self, name: str, rows: Mapping[str, Row], now_ns: int) -> None:
        quoting = self._quoting
        if quoting is not None and quoting.name == name:
            self.feed.take(rows, now_ns)

    def _feed_told(self, name: str, state: ToldFeed) -> None:
        self._told_feed[name] = state
        self._say("info", "feed", f"{name} 行情 {state.state} {state.text}")

    def _details(self, rows: Mapping[str, Row]) -> None:
        found = []
        for code, row in rows.items():
            try:
                found.append(detail(Symbol(code), row))
            except RowError as error:
                self._say("warning", "detail", str(error))
        self.feed.tell(found)

    def _trouble(self, name: str, trouble: Trouble) -> None:
        """Put a complaint on record, once until another of its kind takes its place or the client is back."""
        with self._lock:
            if self._told.get((name, trouble.code)) == trouble.text:
                return
            self._told[name, trouble.code] = trouble.text
        self._report(ev.TerminalComplained(name, trouble.code, trouble.text, trouble.english or trouble.text))

    def _doubt(self, account: AccountId, chinese: str, english: str) -> None:
        """Let an account only sell until a person has looked at an order in a state that nobody has described."""
        with self._lock:
            if self._told.get((account, chinese)):
                return
            self._told[account, chinese] = english
        self._ask(ev.HaltRequested("engine", f"{chinese} / {english}", account, TradingState.REDUCING))

    # By the looking thread

    def _choose(self) -> None:
        """Let the first client that is connected give the quotes."""
        live = [each for each in self.brokers.values() if each.condition().phase is LinkPhase.OPEN]
        with self._lock:
            for broker in live:
                for key in [key for key in self._told if key[0] == broker.name and key[1].startswith("host_")]:
                    del self._told[key]  # It is back: the next time is news again.
        if self._quoting in live or not live:
            return
        self._quoting, self._wanted = live[0], Wanted((), ())
        self._asked.clear()
        for broker in live[1:]:
            broker.watch(())

    def _want(self, view: View) -> None:
        quoting = self._quoting
        if quoting is None:
            return
        self._extra |= dict.fromkeys(self.feed.take_missed())
        symbols = [each.symbol for each in view.positions if each.quantity]
        found = wanted([*symbols, *self._extra], every_symbol=self._needs_everything)
        if found != self._wanted:
            self._wanted = found
            quoting.watch(found.symbols, found.markets)
            self.feed.begin(self._clock.now_ns())

    def _subscribe_again(self) -> None:
        quoting = self._quoting
        if quoting is not None:
            quoting.watch(self._wanted.symbols, self._wanted.markets)

    def _ask_details(self, view: View, now_ns: int) -> None:
        """Ask about instruments that have quotes, or are held, and whose detail is not of this day."""
        quoting = self._quoting
        if quoting is None:
            return
        held = [each.symbol for each in view.positions if each.quantity]
        unknown = dict.fromkeys([*held, *self._extra, *self.feed.undetailed(day_of(now_ns))])
        due = [each for each in unknown if now_ns - self._asked.get(each, 0) > DETAIL_AGAIN_NS][:DETAILS_AT_ONCE]
        if due and quoting.ask_details(due):
            self._asked |= dict.fromkeys(due, now_ns)
