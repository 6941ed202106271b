"""The QMT clients of one configuration: a way to each, the quotes that one of them gives, and what they complain of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from qmt_trading.brokers.linked.broker import LinkedBroker
from qmt_trading.brokers.linked.condition import Condition, LinkPhase, Listeners
from qmt_trading.feeds.qmt import QmtFeed
from qmt_trading.link.messages import FeedState as ToldFeed
from qmt_trading.link.messages import Trouble
from qmt_trading.market.rulebook import RuleBook
from qmt_trading.market.sessions import Session
from qmt_trading.model import events as ev
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.view import View
from qmt_trading.model.words import Mode, TradingState
from qmt_trading.ports import Clock
from qmt_trading.run.capabilities import Capabilities, summary
from qmt_trading.run.config_terminals import Terminal
from qmt_trading.run.day.outside import NOTHING, Outside
from qmt_trading.run.fullqmt_contact import Contacts
from qmt_trading.run.pasted import prepare
from qmt_trading.run.terminal_quotes import TerminalQuotes
from qmt_trading.run.terminals import fullqmt_broker, qmt_broker

LOOK_S: Final = 0.25

Say = Callable[[str, str, str], None]


class Clients:
    """Made before the loop; ``look`` is for one thread, which ``run`` may be, all else for any."""

    def __init__(
        self,
        terminals: Sequence[Terminal],
        settings: EngineSettings,
        cards: Mapping[str, Capabilities],
        clock: Clock,
        session: Session,
        rules: RuleBook,
        *,
        folder: Path,
        report: Callable[[ev.TerminalComplained], None],
        ask: Callable[[ev.HaltRequested], None],
        say: Say,
        sessions_before: Mapping[AccountId, int],
    ) -> None:
        """Make a way to each of ``terminals``, all of them QMT clients; nothing is started.

        Args:
            cards: what has been seen of terminals, by their names.
            folder: the data folder; what is pasted into a full QMT client is written there.
            report: takes what a person should know.
            ask: takes a request to stop an account.
            sessions_before: the highest session on record of each account.
        """
        self._report = report
        self._ask = ask
        self._say = say
        self._quotes = TerminalQuotes(settings, session, rules, clock, report)
        self.brokers: dict[str, LinkedBroker] = {}
        self._owner: dict[AccountId, LinkedBroker] = {}
        self._contacts = Contacts(folder)
        self._clock = clock
        self._told: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()
        self._quoting: LinkedBroker | None = None
        """Who gives the quotes: the first client that is connected; None: none is."""
        for terminal in terminals:
            listeners = self._listeners(terminal.name)
            if terminal.fullqmt is not None:
                pasted = prepare(folder, terminal, observe=settings.mode is not Mode.LIVE)
                broker = fullqmt_broker(terminal, pasted.secret, settings.mode, clock, listeners, sessions_before)
                say("info", "pasted", f"{terminal.name}：要粘贴进大 QMT 的策略在 {pasted.path}")
            else:
                broker = qmt_broker(terminal, settings.mode, clock, listeners, sessions_before)
            self.brokers[terminal.name] = broker
            self._owner |= {account.account: broker for account in terminal.accounts}
        self.cards = cards
        """By terminal; swapped whole when a day opens."""

    @property
    def feed(self) -> QmtFeed:
        """The quotes that one of the clients gives."""
        return self._quotes.feed

    def halt(self, why: str) -> None:
        """Have every host drop what it has not handed to its terminal yet; cancels go on."""
        for broker in self.brokers.values():
            broker.halt(why)

    def resume(self) -> None:
        for broker in self.brokers.values():
            broker.resume()

    def arm_again(self, account: AccountId) -> None:
        """Let the host of an account, which may have stopped by itself, go on: a person has resumed the account."""
        if (broker := self._owner.get(account)) is not None:
            broker.arm_again()

    def clock_ahead_ns(self) -> int | None:
        """Return by how much this machine's clock is ahead of the exchange's, by its quotes; None: not known."""
        return self._quotes.clock_ahead_ns() if self.brokers else None

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
        feed, feed_text = self._quotes.state()
        differences = self._quotes.differences()
        return Outside(
            account_text=text,
            feed=feed,
            feed_text=feed_text,
            capability=summary(self.cards[broker.name]) if broker.name in self.cards else None,
            details=None if differences is None else tuple(each.chinese for each in differences),
            clock_ahead_ns=self._quotes.clock_ahead_ns(),
        )

    def run(self, stopping: threading.Event, view: Callable[[], View]) -> None:
        """Look four times a second until ``stopping`` is set, by a thread whose word of a silence nothing delays."""
        while not stopping.wait(LOOK_S):
            self.look(view())

    def look(self, view: View) -> None:
        """Do what is due: who gives the quotes, which are needed, and whether they have fallen silent."""
        self._choose()
        self._quotes.pulse(view)
        try:
            for broker in self.brokers.values():
                self._contacts.note(broker.condition(), self._clock.now_ns())
        except OSError as error:
            self._say("warning", "contact", f"大 QMT 的连接记录写不出，只影响 qmt doctor：{error}")

    # Told by the links' threads

    def _listeners(self, name: str) -> Listeners:
        return Listeners(
            quotes=lambda rows, now_ns: self._quotes.take(name, rows, now_ns),
            feed=lambda state: self._feed_told(name, state),
            detail=self._quotes.details,
            trouble=lambda trouble: self._trouble(name, trouble),
            doubt=self._doubt,
            log=lambda text: self._say("info", "host", f"{name}：{text}"),
        )

    def _feed_told(self, name: str, state: ToldFeed) -> None:
        self._quotes.host_told(name, state)
        self._say("info", "feed", f"{name} 行情 {state.state} {state.text}")

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
        chosen = self._quoting if self._quoting in live else live[0] if live else None
        if chosen is self._quoting:
            return
        self._quoting = chosen
        self._quotes.use("" if chosen is None else chosen.name, chosen)
        for broker in live:
            if broker is not chosen:
                broker.watch(())
