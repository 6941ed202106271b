"""Brokers for the terminals of a configuration: a host process before each QMT client, or a simulated exchange."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from qmt_trading import hosts
from qmt_trading.brokers.linked.broker import LinkedBroker
from qmt_trading.brokers.linked.carrier import Carrier
from qmt_trading.brokers.linked.child import ChildCarrier
from qmt_trading.brokers.linked.condition import Level, Listeners
from qmt_trading.brokers.linked.folder_carrier import FolderCarrier
from qmt_trading.brokers.linked.listener import ListenerCarrier
from qmt_trading.brokers.linked.translate import Translate
from qmt_trading.brokers.qmt.dialect import XtTranslate
from qmt_trading.brokers.qmt.native_dialect import FullQmtTranslate
from qmt_trading.brokers.simulated.book import FileBook
from qmt_trading.brokers.simulated.chaos import Lie, LyingExchange
from qmt_trading.brokers.simulated.embedded import EmbeddedExchange
from qmt_trading.brokers.simulated.exchange import Exchange
from qmt_trading.brokers.simulated.records import AccountOpening
from qmt_trading.brokers.simulated.remote import RemoteExchange
from qmt_trading.market.rulebook import RuleBook
from qmt_trading.market.sessions import Session
from qmt_trading.model.errors import ConfigurationError, LockedError
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Mode
from qmt_trading.ports import Broker, Clock, MarketFeed
from qmt_trading.run.config_terminals import QmtTerminal, Terminal
from qmt_trading.run.ex_days import Source
from qmt_trading.run.locks import Lock

HOST_FILE: Final = Path(hosts.__file__).with_name("xtquant_host.py")
LEVELS: Final = {Mode.LIVE: Level.TRADE, Mode.SHADOW: Level.NONE}


def host_command(qmt: QmtTerminal) -> tuple[str, ...]:
    """Return the program that stands before a client; it speaks over its standard input and output."""
    first, last = qmt.sessions
    return (
        qmt.python or sys.executable,
        str(HOST_FILE),
        "--terminal",
        str(qmt.path),
        "--xtquant",
        qmt.xtquant,
        "--sessions",
        f"{first}-{last}",
    )


def qmt_broker(
    terminal: Terminal,
    mode: Mode,
    clock: Clock,
    listeners: Listeners,
    sessions_before: Mapping[AccountId, int],
) -> LinkedBroker:
    """Return the way to a QMT client; outside live mode it hands nothing over, and its host is told to refuse."""
    assert terminal.qmt is not None
    carrier = ChildCarrier(host_command(terminal.qmt), name=terminal.name)
    return _linked(terminal, carrier, XtTranslate(), mode, clock, listeners, sessions_before)


def fullqmt_broker(
    terminal: Terminal,
    secret: bytes,
    mode: Mode,
    clock: Clock,
    listeners: Listeners,
    sessions_before: Mapping[AccountId, int],
) -> LinkedBroker:
    """Return the way to a full QMT client, whose strategy dials us and proves that it knows ``secret``.

    Raises:
        ConfigurationError: the port is in use, or the folder cannot be used.
    """
    assert terminal.fullqmt is not None
    carrier = listener_of(terminal.fullqmt.address, secret, terminal.name)
    return _linked(terminal, carrier, FullQmtTranslate(), mode, clock, listeners, sessions_before)


def _linked(
    terminal: Terminal,
    carrier: Carrier,
    translate: Translate,
    mode: Mode,
    clock: Clock,
    listeners: Listeners,
    sessions_before: Mapping[AccountId, int],
) -> LinkedBroker:
    """Return the way to a client over ``carrier``; outside live mode it hands nothing over."""
    # A pasted strategy outlives engines and refuses older ones: a clock that was set back makes no engine older.
    after = max(sessions_before.values(), default=0) + 1
    return LinkedBroker(
        terminal.name,
        carrier,
        [account.account for account in terminal.accounts],
        clock,
        translate,
        LEVELS.get(mode, Level.NONE),
        listeners=listeners,
        sessions_before=sessions_before,
        epoch=max(clock.now_ns() // SECOND_NS, after),
    )


def listener_of(address: str, secret: bytes, name: str) -> Carrier:
    """Return what listens at ``address`` for hosts that dial.

    Raises:
        ConfigurationError: it is in use, or cannot be used on this system.
    """
    if address.startswith("files:"):
        return FolderCarrier(address, secret, name=name, take=_for_one_engine)
    if address.startswith("pipe:"):
        if sys.platform == "win32":
            from qmt_trading.brokers.linked.pipe_carrier import PipeCarrier

            return PipeCarrier(address, secret, name=name)
        else:
            raise ConfigurationError(f"命名管道只在 Windows 上：{address} / named pipes are of Windows alone")
    return ListenerCarrier(address, secret, name=name)


def _for_one_engine(folder: Path) -> Callable[[], None]:
    """Take a link's folder, as a port or a pipe is taken by whoever listens there first."""
    try:
        return Lock(folder / "listening.lock", f"链路文件夹 {folder}").release
    except LockedError as error:
        raise ConfigurationError(str(error)) from error


class Exchanges:
    """What simulated exchanges of one configuration have in common."""

    def __init__(
        self,
        folder: Path,
        feed: MarketFeed,
        clock: Clock,
        session: Session,
        rules: RuleBook,
        actions: Source,
        chaos: frozenset[Lie],
    ) -> None:
        """Keep what every exchange needs; the books lie in ``folder``."""
        self._folder = folder
        self._feed = feed
        self._clock = clock
        self._session = session
        self._rules = rules
        self._actions = actions
        self._chaos = chaos

    def broker(self, terminal: Terminal) -> Broker:
        """Return the exchange of ``terminal``, embedded or in a process of its own."""
        openings = tuple(
            AccountOpening(account=each.account, cash=each.cash, holdings=each.holdings, fees=each.fees)
            for each in terminal.accounts
        )
        if terminal.address:
            cookie = Path(terminal.exchange_folder) if terminal.exchange_folder else None
            return RemoteExchange(terminal.address, openings, self._clock, cookie_folder=cookie)
        exchange = Exchange(
            openings,
            self._feed,
            now_ns=self._clock.now_ns(),
            session=self._session,
            seed=terminal.seed,
            rules=self._rules,
            book=FileBook(self._folder / f"exchange-{terminal.name}.book"),
            actions=self._actions,
        )
        numbers = tuple(AccountId(opening.account) for opening in openings)
        return EmbeddedExchange(LyingExchange(exchange, self._chaos, seed=terminal.seed), self._clock, numbers)
