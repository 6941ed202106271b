"""One seeded world: an engine, a link, a host's machine, a terminal and its counter, and what happens to each."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter as Sums
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from qmt_trading.brokers.linked.broker import LinkedBroker
from qmt_trading.brokers.linked.carrier import Side
from qmt_trading.brokers.linked.condition import Level, Listeners
from qmt_trading.brokers.qmt.dialect import XtTranslate
from qmt_trading.codec.journal_record import Record
from qmt_trading.engine.engine import Engine
from qmt_trading.market.instruments import rule_for
from qmt_trading.model import events as ev
from qmt_trading.model import instant
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS, Money, Price
from qmt_trading.model.outputs import Alert, CancelOrder, TradingStateChanged
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings
from qmt_trading.model.signal import AccountId, PriceKind, PriceSpec
from qmt_trading.model.words import BareAction, Mode, TradingState
from qmt_trading.run.inbox import Inbox
from qmt_trading.run.loop import Loop
from qmt_trading.run.recovery import recover
from tests.faults.clockwork import Clockwork, Process
from tests.faults.counter import ACCOUNTS, SYMBOLS
from tests.faults.machine import Mend, Pipe, start_host
from tests.faults.terminal import Terminal
from tests.faults.wire import Ledger, Wire
from tests.simulation.disk import Disk, SimulatedJournal
from tests.simulation.fuse import Crash, Fuse

START_NS: Final = instant.at_time(dt.date(2026, 11, 24), 10 * 3600 * SECOND_NS)
NOTHING_HELD: Final = re.compile(r" (0≠\d+|\d+≠0) ")
ERRORS: Final = ("NameError", "AttributeError", "TypeError", "KeyError", "IndexError", "AssertionError")
"""What a host's program may log of no terminal: they are its own faults, or this world's."""
LOOK_NS: Final = 200 * MILLISECOND_NS
LARGE: Final = Limits(order_value_max=Money(10**12), orders_per_signal_max=5)
SETTINGS: Final = EngineSettings(
    mode=Mode.PAPER,
    accounts=tuple(
        AccountSettings(
            account=AccountId(name),
            limits=LARGE,
            settles_alone=name == ACCOUNTS[0],
            reconcile_every_ns=8 * SECOND_NS,
        )
        for name in ACCOUNTS
    ),
    doors=(DoorSettings(name="door", bare=BareAction.DENY, ttl_ns=3 * SECOND_NS),),
    default_price=PriceSpec(PriceKind.LATEST, text="latest"),
    settle_ns=15 * SECOND_NS,
)
BOUND: Final = ev.JournalBound(1, Mode.PAPER, "FAULT", tuple(map(AccountId, ACCOUNTS)))


class World:
    """All that outlives a process, and the processes of the moment."""

    def __init__(self, seed: int, *, mend: Mend = lambda module: None) -> None:
        self.rng = rng = Random(seed)
        self.clockwork = Clockwork(rng, START_NS)
        self.terminal = Terminal(self.clockwork, rng)
        self.fuse = Fuse()
        self.disk = Disk()
        self.ledger = Ledger()
        self.is_child = rng.random() < 0.5
        """The host is the engine's child; else it dials, and outlives engines and links."""
        self.cancels: set[str] = set()
        """Orders of which a cancel is on record."""
        self.alerts: Sums[str] = Sums()
        self.risen: list[str | None] = []
        """Accounts in which an order that was settled as not sent has come to light."""
        self.emptied: list[str] = []
        """Holdings that were corrected from nothing or to nothing."""
        self.counts: Sums[str] = Sums()
        self.engine: Engine | None = None
        self.loop: Loop | None = None
        self.inbox: Inbox | None = None
        self.broker: LinkedBroker | None = None
        self.journal: SimulatedJournal | None = None
        self.machine: Process | None = None
        self.wire: Wire | None = None
        self.messages = 0
        self.listening: Side | None = None
        self._mend = mend
        self._life = 0
        self._turn_due = False
        self._epoch = 0

    # The engine's process

    def start_engine(self) -> None:
        """Start an engine on what the last one left."""
        assert self.loop is None
        self.fuse.put_out()
        self._life += 1
        self._epoch += 1
        clock = _Clock(self.clockwork)
        self.journal = journal = SimulatedJournal(self.disk, self.fuse)
        recovered = recover(journal)
        self.engine = engine = recovered.engine
        self.inbox = inbox = Inbox(clock, bare={"door": BareAction.DENY}, arrivals=engine.state.arrival)
        inbox.loop_wake = inbox.control_wake = _Wake(self)  # type: ignore[assignment]
        inbox.on_control = self._wake
        sessions = {name: account.session for name, account in engine.state.accounts.items()}
        self.broker = broker = _Broker(
            "terminal",
            _Carrier(self),
            tuple(map(AccountId, ACCOUNTS)),
            clock,
            XtTranslate(),
            Level.TRADE,
            listeners=Listeners(log=self._logged),
            sessions_before=sessions,
            epoch=self._epoch,
        )
        self.loop = Loop(
            engine=engine,
            inbox=inbox,
            journal=journal,
            broker_of=lambda account: broker,
            feed=self,
            clock=clock,
            trading_day=instant.day_of,
            head=(recovered.number, recovered.seal),
            observe=self._observe,
        )
        self.loop.begin(BOUND, "test", SETTINGS)
        broker.start(inbox.report)
        self._wake()
        self._look(self._life)

    def kill_engine(self) -> None:
        """End the engine's process; its child, if it has one, reads the end of its input."""
        self._life += 1
        self.loop = self.inbox = self.engine = self.broker = self.journal = None
        self.listening = None
        self._turn_due = False
        self.counts["engine crashes"] += 1
        if self.wire is not None:
            self.wire.engine_died()

    def guarded(self, action: Callable[[], object]) -> None:
        """Do one thing in the engine's process; a fuse that burns through kills it."""
        try:
            action()
        except Crash:
            self.kill_engine()

    def quote(self, symbol: Symbol, now_ns: int) -> Quote | None:
        rule = rule_for(symbol)
        assert rule is not None
        prices = Price(105_000), Price(104_000), Price(114_400), Price(93_600)
        return Quote(symbol, *prices, (Price(104_900),), (Price(105_000),), now_ns, rule)

    def _observe(self, records: Sequence[Record]) -> None:
        self.fuse.step("observe")
        for record in records:
            if isinstance(record, Alert):
                self.alerts[record.code] += 1
                if record.code == "RECONCILE_ABSORBED" and NOTHING_HELD.search(record.english):
                    self.emptied.append(record.english)
                self.risen += [record.account] * (record.code == "ORDER_ROSE")
            elif isinstance(record, CancelOrder):
                self.cancels.add(record.client_order_id)
            elif isinstance(record, TradingStateChanged):
                self.counts[f"stopped: {record.why}"] += record.state is not TradingState.ACTIVE

    def _logged(self, text: str) -> None:
        if any(error in text for error in ERRORS):
            raise RuntimeError(f"the host's program has failed: {text}")

    def _wake(self) -> None:
        if not self._turn_due:
            self._turn_due = True
            life = self._life
            self.clockwork.at(self.rng.randrange(100_000, MILLISECOND_NS), lambda: self._turn(life))

    def _turn(self, life: int) -> None:
        if life != self._life or self.loop is None:
            return
        self._turn_due = False
        loop = self.loop

        def turn() -> None:
            loop.control_turn()
            loop.turn(last=True)
            if loop.has_work():
                self._wake()

        self.guarded(turn)

    def _look(self, life: int) -> None:
        if life != self._life or self.broker is None:
            return
        self.clockwork.at(LOOK_NS, lambda: self._look(life))
        self.guarded(self.broker.look)
        self._wake()

    # The host's machine

    def start_host(self) -> None:
        """Start a host's process, where there is none."""
        if self.machine is not None and not self.machine.dead:
            return
        side = self.listening
        if self.is_child and side is None:
            return
        offset_ns = self.rng.randrange(10**9, 10**15)
        process = self.machine = Process(self.clockwork, offset_ns=offset_ns, drift=self.rng.uniform(-5e-4, 5e-4))
        self.counts["hosts"] += 1
        if not self.is_child:
            start_host(process, self.terminal, self.rng, dial=self._dial, child=None, mend=self._mend)
            return
        assert side is not None
        wire = self._wired(process, side)
        start_host(process, self.terminal, self.rng, dial=None, child=wire.pipe, mend=self._mend)

    def _dial(self, process: Process) -> Pipe:
        side = self.listening
        if side is None:
            raise ConnectionRefusedError
        return self._wired(process, side).pipe

    def _wired(self, process: Process, side: Side) -> Wire:
        wire = self.wire = Wire(
            self.clockwork,
            self.rng,
            self.fuse,
            self.ledger,
            side,
            process,
            self.guarded,
            dialled=not self.is_child,
        )
        self.counts["connections"] += 1
        self.clockwork.at(0, lambda: self.guarded(lambda: side.opened(wire)))
        return wire

    def _mind(self) -> None:
        """Do what a machine's system does: close what a dead process held, and start a child or a service again."""
        wire, machine = self.wire, self.machine
        if wire is not None and wire.open and (wire.process.dead or not wire.pipe.open):
            wire.host_ended()
        if self.is_child and machine is not None and not machine.dead and (wire is None or not wire.open):
            machine.kill()  # Its carrier ends a child together with its connection.
        if machine is None or machine.dead:
            if self._host_due_ns is None:
                self._host_due_ns = self.clockwork.now_ns + self.rng.randrange(SECOND_NS // 2, 3 * SECOND_NS)
            elif self.clockwork.now_ns >= self._host_due_ns:
                self._host_due_ns = None
                self.start_host()
        self.clockwork.at(100 * MILLISECOND_NS, self._mind)

    _host_due_ns: int | None = None

    # What may happen

    def begin(self) -> None:
        """Start everything."""
        self.start_engine()
        self.start_host()
        self._mind()

    def run(self, seconds: float) -> None:
        self.clockwork.run_until(self.clockwork.now_ns + int(seconds * SECOND_NS))
        self.counts["wrong asks"] += len(self.terminal.wrongs)
        assert not self.terminal.wrongs, self.terminal.wrongs

    def send(self, body: str) -> str:
        """Send a message, with an id, to the door; return the id, empty where nobody listens."""
        if self.inbox is None:
            return ""
        self.messages += 1
        key = f"m{self.messages}"
        self.inbox.message("door", f"{body} #{key}".encode(), self.clockwork.now_ns, None)
        self._wake()
        return key

    def kill_host(self) -> None:
        if self.machine is not None and not self.machine.dead:
            self.counts["host kills"] += 1
            self.machine.kill()

    def cut_link(self) -> None:
        if self.wire is not None and self.wire.open:
            self.counts["link cuts"] += 1
            self.wire.close("测试断开 / cut")

    def crash_engine(self) -> None:
        if self.loop is not None:
            self.kill_engine()
            self.clockwork.at(self.rng.randrange(SECOND_NS // 5, 3 * SECOND_NS), self.restart_engine)

    def restart_engine(self) -> None:
        if self.loop is None:
            self.start_engine()

    def restart_terminal(self) -> None:
        self.counts["terminal restarts"] += 1
        self.terminal.restart(told=self.rng.random() < 0.3)

    def freeze(self) -> None:
        """Let the host read nothing for some seconds."""
        if self.wire is not None and self.wire.open:
            self.counts["frozen lines"] += 1
            self.wire.frozen_until_ns = self.clockwork.now_ns + self.rng.randrange(SECOND_NS, 12 * SECOND_NS)

    def fill(self, share: float) -> None:
        """Let the market take some of an order that works."""
        working = self.terminal.counter.working()
        if working:
            row = self.rng.choice(working)
            left = row.order_volume - row.traded_volume
            lots = max(int(left * share) // 100, 1)
            self.counts["fills"] += 1
            self.terminal.counter.fill(row, min(lots * 100, left))

    def elsewhere(self, *, phone: bool) -> None:
        """Let somebody place an order by hand or by phone, at a price that none of ours has.

        One exactly like an unknown order of ours may be taken for it (A6): the account stops when that comes to light.
        """
        self.counts["phone orders" if phone else "hand orders"] += 1
        account, symbol = self.rng.choice(ACCOUNTS), self.rng.choice(SYMBOLS[:-1])
        kind, quantity = self.rng.choice((23, 24)), self.rng.choice((100, 700))
        for _ in range(self.rng.choice((1, 1, 2))):
            self.terminal.counter.place(account, symbol, kind, quantity, 10.41, "", phone=phone)

    def resume_all(self) -> None:
        """Let a person take every stop back."""
        if self.inbox is not None:
            for account in (None, *map(AccountId, ACCOUNTS)):
                self.inbox.ask(ev.ResumeRequested("test", "the faults are over", account))


class _Broker(LinkedBroker):
    """The broker, looked after by the world's clock."""

    def _watch(self) -> None:
        """Leave it to the world."""


class _Carrier:
    """A Carrier: whoever opens it is who hosts come to."""

    def __init__(self, world: World) -> None:
        self._world = world

    def open(self, side: Side, *, observe: bool) -> None:
        assert not observe
        self._world.listening = side

    def came_up(self) -> None: ...

    def close(self) -> None: ...


class _Clock:
    __slots__ = ("_clockwork",)

    def __init__(self, clockwork: Clockwork) -> None:
        self._clockwork = clockwork

    def now_ns(self) -> int:
        return self._clockwork.now_ns

    def steady_ns(self) -> int:
        return self._clockwork.now_ns - START_NS + 10**12


class _Wake:
    """Wakes the world's loop."""

    def __init__(self, world: World) -> None:
        self._world = world

    def set(self) -> None:
        self._world._wake()
