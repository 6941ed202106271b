"""One seeded world: a sender, the real loop, a disk, a venue; scheduled step by step, killed now and then."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

from qmt_trading.codec import state_snapshot
from qmt_trading.codec.journal_record import Record
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.ids import ALPHABET
from qmt_trading.engine.snapshot import capture
from qmt_trading.market.instruments import rule_for
from qmt_trading.model import events as ev
from qmt_trading.model import instant
from qmt_trading.model.errors import NotSentError, OutcomeUnknownError
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS, Money, Price
from qmt_trading.model.outputs import Alert, CancelOrder, QueryBroker, SubmitOrder
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings
from qmt_trading.model.signal import AccountId, PriceKind, PriceSpec
from qmt_trading.model.words import BareAction, Mode, OrderStatus, TradingState
from qmt_trading.ports import StoredSnapshot, SubmitError
from qmt_trading.run.inbox import Inbox
from qmt_trading.run.loop import Loop
from qmt_trading.run.recovery import recover
from tests.simulation.disk import Disk, FileJournal, SimulatedJournal
from tests.simulation.fuse import Crash, Fuse
from tests.simulation.invariants import check_state
from tests.simulation.venue import Venue

ACCOUNTS: Final = ("a01", "a02")
SYMBOLS: Final = ("600000.SH", "600036.SH")
START_NS: Final = instant.at_time(dt.date(2026, 11, 24), 10 * 3600 * SECOND_NS)
LIES: Final = (
    "doubled",
    "reordered",
    "lost",
    "minus_one",
    "cut",
    "false_cancel",
    "empty_list",
    "untold_break",
    "stale",
)
NEVER: Final = ("ORDER_ROSE", "REMARK_TWICE", "OTHER_ENGINE")
"""What no lie of these may bring about: an order settled as not sent that was, or another's name."""
SETTINGS: Final = EngineSettings(
    mode=Mode.PAPER,
    accounts=tuple(
        AccountSettings(account=AccountId(number), order_value_max=Money(10**12), orders_per_signal_max=5)
        for number in ACCOUNTS
    ),
    doors=(DoorSettings(name="door", bare=BareAction.BUY),),
    default_price=PriceSpec(PriceKind.LATEST, text="latest"),
)


class Message:
    """What the sender wants and has been told."""

    __slots__ = ("key", "payload", "receipts", "sends", "quantity")

    def __init__(self, key: str, payload: bytes, quantity: int) -> None:
        self.key = key
        self.payload = payload
        self.quantity = quantity
        """Unique to this message: it names the message's orders at the venue."""
        self.sends = 0
        self.receipts: list[dict[str, object]] = []


class World:
    """All that outlives a process, and the process of the moment."""

    def __init__(self, seed: int, *, honest: bool | None = None, folder: Path | None = None) -> None:
        self._path = folder / str(seed) / "journal.sqlite" if folder is not None else None
        self.rng = rng = Random(seed)
        self.now_ns = START_NS
        self.steady_offset_ns = 0
        is_honest = rng.random() < 0.4 if honest is None else honest
        self.lies = frozenset() if is_honest else frozenset(lie for lie in LIES if rng.random() < 0.35)
        self.fuse = Fuse()
        self.disk = Disk()
        self.venue = Venue(rng, ACCOUNTS, lies=self.lies, day=dt.date(2026, 11, 24))
        self.messages: list[Message] = []
        self.loop: Loop | None = None
        self.inbox: Inbox | None = None
        self.journal: SimulatedJournal | None = None
        self.engine: Engine | None = None
        self.crashes: dict[str, int] = {}
        self.halted = False
        self.tag = "".join(rng.choice(ALPHABET) for _ in range(5))
        self.turns = 0
        self.meddles = True
        """The control thread acts, and may halt, while a commit is under way."""

    # Clock, MarketFeed, Broker: the ports that the world itself is

    def now(self) -> int:
        return self.now_ns

    def quote(self, symbol: Symbol, now_ns: int) -> Quote | None:
        self.fuse.step("quote")
        rule = rule_for(symbol)
        if rule is None:
            return None
        return Quote(
            symbol,
            Price(105_000),
            Price(104_000),
            Price(114_400),
            Price(93_600),
            (Price(104_900),),
            (Price(105_000),),
            now_ns,
            rule,
        )

    # The process

    def start(self) -> None:
        """Start a process on what the last one left on disk."""
        self.fuse.put_out()
        journal = self.open_journal()
        recovered = recover(journal)
        engine = recovered.engine
        inbox = Inbox(_Clock(self), bare={"door": BareAction.BUY}, arrivals=engine.state.arrival)
        broker = _Broker(self)
        loop = Loop(
            engine=engine,
            inbox=inbox,
            journal=journal,
            broker_of=lambda account: broker,
            feed=self,
            clock=_Clock(self),
            trading_day=instant.day_of,
            head=(recovered.number, recovered.seal),
            observe=self._observe,
        )
        self.engine, self.inbox, self.loop, self.journal = engine, inbox, loop, journal
        self.halted = engine.state.trading_state is TradingState.HALTED
        loop.begin(ev.JournalBound(1, Mode.PAPER, self.tag, tuple(map(AccountId, ACCOUNTS))), "test", SETTINGS)
        self.venue.connect()

    def _during_commit(self) -> None:
        """Let the control thread act while the loop's thread waits for the disk."""
        if self.meddles and self.loop is not None and self.rng.random() < 0.2:
            if self.rng.random() < 0.3:
                self.act_halt()
            self.act_control()

    def open_journal(self) -> SimulatedJournal:
        if self._path is None:
            return SimulatedJournal(self.disk, self.fuse, during=self._during_commit)
        return FileJournal(self.disk, self.fuse, self._path, during=self._during_commit)

    def kill(self) -> None:
        if self.journal is not None:
            self.journal.close()
        self.venue.disconnect(told=False)
        self.loop = self.inbox = self.journal = self.engine = None

    def guarded(self, action: str) -> None:
        """Do one thing in the process; a fuse that burns through kills it."""
        try:
            getattr(self, action)()
        except Crash as crash:
            self.crashes[str(crash)] = self.crashes.get(str(crash), 0) + 1
            self.kill()

    def _observe(self, records: Sequence[Record]) -> None:
        self.fuse.step("observe")
        for record in records:
            if isinstance(record, Alert):
                assert record.code not in NEVER, record

    # What may happen

    def act_turn(self) -> None:
        if self.loop is not None:
            self.loop.turn()
            self.turns += 1
            assert self.engine is not None
            check_state(self.engine.state)

    def act_control(self) -> None:
        if self.loop is not None:
            self.loop.control_turn()
            assert self.engine is not None
            if self.engine.state.trading_state is TradingState.HALTED:
                self.halted = True

    def act_send(self) -> None:
        rng = self.rng
        if self.messages and rng.random() < 0.3:
            self._deliver(rng.choice(self.messages))
            return
        number = len(self.messages) + 1
        quantity = number * 100
        symbol = rng.choice(SYMBOLS)
        accounts = rng.choice(("a01", "a02", "a01,a02", "*", "a01,nobody"))
        kind = rng.random()
        key = f"up/{number}"
        if kind < 0.45:
            text = f"buy {symbol} {quantity}@10.50:{accounts} #{key}"
        elif kind < 0.65:
            text = f"sell {symbol} {quantity}:{accounts} #{key}"
        elif kind < 0.8:
            text = f"cancel {symbol}:{accounts} #{key}"
        elif kind < 0.85:
            text = json.dumps(
                {
                    "id": key,
                    "action": "buy",
                    "symbol": symbol,
                    "accounts": ["a01"],
                    "quantity": quantity,
                    "price": "10.40",
                }
            )
        elif kind < 0.9:
            text = f"buy {symbol} {quantity}@10.50:{accounts}"
            key = ""
        else:
            text = f"buy {symbol} {quantity}@10.5"  # Cut off: malformed.
            key = ""
        message = Message(key, text.encode(), quantity)
        self.messages.append(message)
        self._deliver(message)

    def _deliver(self, message: Message) -> None:
        if self.inbox is None or (not message.key and message.sends):
            return
        message.sends += 1

        self.inbox.message("door", message.payload, self.now_ns, _Way(self.fuse, message))

    def act_venue(self) -> None:
        self.venue.now_ns = self.now_ns
        self.venue.step()

    def act_report(self) -> None:
        if self.inbox is not None:
            report = self.venue.take_report()
            if report is not None:
                self.inbox.report(report)

    def act_fill(self) -> None:
        self.venue.now_ns = self.now_ns
        self.venue.fill_something()

    def act_foreign(self) -> None:
        self.venue.now_ns = self.now_ns
        self.venue.foreign(self.rng.choice(ACCOUNTS))

    def act_time(self) -> None:
        self.now_ns += self.rng.choice((1, 20, 400, 2_000, 12_000)) * MILLISECOND_NS

    def act_day(self) -> None:
        if self.rng.random() < 0.7:
            return
        day = instant.day_of(self.now_ns) + dt.timedelta(days=1)
        self.now_ns = instant.at_time(day, 9 * 3600 * SECOND_NS)
        self.venue.open_day(day)

    def act_break(self) -> None:
        told = "untold_break" not in self.lies
        self.venue.disconnect(told=told)

    def act_connect(self) -> None:
        if self.loop is not None and not self.venue.connected:
            self.venue.connect()

    def act_halt(self) -> None:
        if self.inbox is not None:
            self.inbox.ask(ev.HaltRequested("test", "seeded", cancel_open=self.rng.random() < 0.5))

    def act_resume(self) -> None:
        if self.inbox is not None and self.halted:
            self.halted = False
            self.inbox.ask(ev.ResumeRequested("test", "seeded"))

    def act_light(self) -> None:
        if self.loop is not None:
            self.fuse.light(self.rng.randint(0, 25))

    def act_snapshot(self) -> None:
        if self.loop is not None and self.journal is not None:
            taken = self.loop.capture()
            if taken is not None:
                number, seal, snapshot = taken
                payload = b"\n".join(state_snapshot.encode_parts(snapshot))
                self.journal.save_snapshot(StoredSnapshot(number, seal, payload))

    def act_start(self) -> None:
        if self.loop is None:
            self.start()

    def act_disk(self) -> None:
        if self.journal is not None and self.rng.random() < 0.1:
            self.journal.fail_next = True

    def image(self) -> bytes:
        """Return the engine's whole state as bytes."""
        assert self.engine is not None
        return b"\n".join(state_snapshot.encode_parts(capture(self.engine.state)))

    # The Broker port's side of the world

    def submit(self, orders: Sequence[SubmitOrder]) -> Sequence[tuple[SubmitOrder, SubmitError]]:
        failed: list[tuple[SubmitOrder, SubmitError]] = []
        for order in orders:
            try:
                self._submit(order)
            except (NotSentError, OutcomeUnknownError) as error:
                failed.append((order, error))
        return failed

    def _submit(self, order: SubmitOrder) -> None:
        self.fuse.step("before the submit")
        assert self.loop is not None
        assert order.client_order_id.encode() in b"".join(turn.payload for turn in self.disk.turns[-2:]), (
            "an order left before its intent was on disk"
        )
        assert not self.halted, "an order left after the halt"
        assert self.now_ns <= order.deadline_ns, "an order left after its deadline"
        if not self.venue.connected:
            raise NotSentError("断开")
        chance = self.rng.random() if "minus_one" in self.lies else 1.0
        if chance < 0.1:
            raise OutcomeUnknownError("-1")
        self.venue.commands.append((self.venue.session, order, self.now_ns))
        if chance < 0.2:
            raise OutcomeUnknownError("-1")
        self.fuse.step("after the submit")

    def cancel(self, order: CancelOrder) -> None:
        self.fuse.step("before the cancel")
        if self.venue.connected:
            self.venue.commands.append((self.venue.session, order, self.now_ns))
        self.fuse.step("after the cancel")

    def query(self, query: QueryBroker) -> None:
        self.fuse.step("before the query")
        if self.venue.connected:
            self.venue.commands.append((self.venue.session, query, self.now_ns))


class _Way:
    """The Reply port: the sender of one message."""

    __slots__ = ("_fuse", "_message")

    def __init__(self, fuse: Fuse, message: Message) -> None:
        self._fuse = fuse
        self._message = message

    def __call__(self, line: bytes) -> None:
        self._fuse.step("reply")
        self._message.receipts.append(json.loads(line))

    def flush(self) -> None: ...


class _Clock:
    __slots__ = ("_world",)

    def __init__(self, world: World) -> None:
        self._world = world

    def now_ns(self) -> int:
        return self._world.now_ns

    def steady_ns(self) -> int:
        return self._world.now_ns


class _Broker:
    """The Broker port over the world's link."""

    __slots__ = ("cancel", "query", "submit")

    def __init__(self, world: World) -> None:
        self.submit = world.submit
        self.cancel = world.cancel
        self.query = world.query

    def start(self, deliver: object) -> None: ...

    def stop(self) -> None: ...


UNENDED = (OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN)
