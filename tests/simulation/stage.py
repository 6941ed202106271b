"""Where a seeded world plays: all that outlives a process, the process of the moment, and the ports between them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

from msgspec.structs import replace

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
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import SECOND_NS, Money, Price
from qmt_trading.model.outputs import Alert, CancelOrder, Output, QueryBroker, SubmitOrder
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings, NoCancelPhase
from qmt_trading.model.signal import AccountId, PriceKind, PriceSpec
from qmt_trading.model.words import BareAction, Mode
from qmt_trading.ports import SubmitError
from qmt_trading.run.inbox import Inbox
from qmt_trading.run.loop import Loop
from qmt_trading.run.recovery import recover
from tests.simulation.disk import Disk, FileJournal, SimulatedJournal
from tests.simulation.fuse import Crash, Fuse
from tests.simulation.habits import PLAIN, seeded
from tests.simulation.ledger import Ledger
from tests.simulation.sender import Message
from tests.simulation.venue import Venue

ACCOUNTS: Final = ("a01", "a02")
START_NS: Final = instant.at_time(dt.date(2026, 11, 24), 10 * 3600 * SECOND_NS)
LIES: Final = (
    "doubled",
    "reordered",
    "lost",
    "minus_one",
    "cut",
    "false_cancel",
    "empty_list",
    "short_list",
    "untold_break",
    "stale",
)
NEVER: Final = ("ORDER_ROSE", "REMARK_TWICE", "OTHER_ENGINE")
"""What no lie of these may bring about: an order settled as not sent that was, or another's name."""
LARGE: Final = Limits(order_value_max=Money(10**12), orders_per_signal_max=5)
SMALL: Final = replace(LARGE, order_value_max=Money(2_200 * 10_000))
SETTINGS: Final = EngineSettings(
    mode=Mode.PAPER,
    accounts=tuple(AccountSettings(account=AccountId(number), limits=LARGE) for number in ACCOUNTS),
    doors=(DoorSettings(name="door", bare=BareAction.BUY),),
    default_price=PriceSpec(PriceKind.LATEST, text="latest"),
)
SMALLER: Final = tuple(replace(each, limits=SMALL) for each in SETTINGS.accounts)
"""Somebody has made a limit smaller."""
FEWER: Final = SETTINGS.accounts[:1]
"""Somebody has taken an account out."""
PACED: Final = replace(
    SETTINGS,
    cancel_burst=3,
    cancels_per_second=10,
    no_cancel=tuple(
        NoCancelPhase(("SH",), (hour * 3600 + 2) * SECOND_NS, (hour * 3600 + 20) * SECOND_NS) for hour in (9, 10)
    ),
)
"""Cancels are taken in turns, and for a while after each opening not at all."""


class Stage:
    """All that outlives a process, and the process of the moment."""

    def __init__(
        self, seed: int, *, honest: bool | None = None, folder: Path | None = None, wild: bool = False
    ) -> None:
        self._path = folder / str(seed) / "journal.sqlite" if folder is not None else None
        self.rng = rng = Random(seed)
        self.now_ns = START_NS
        self.offset_ns = 0
        """What the wall clock has been stepped by, in all: the steady clock knows nothing of it."""
        is_honest = rng.random() < 0.4 if honest is None else honest
        self.lies = frozenset() if is_honest else frozenset(lie for lie in LIES if rng.random() < 0.35)
        self.habits = seeded(rng) if wild else PLAIN
        self.fuse = Fuse()
        self.disk = Disk()
        self.venue = Venue(rng, ACCOUNTS, lies=self.lies, day=dt.date(2026, 11, 24), habits=self.habits)
        self.ledger = Ledger(self.venue)
        self.messages: list[Message] = []
        self.files: list[list[Message]] = []
        """What lies in the folder: messages that are said again until each has its receipt."""
        self._in_flight: dict[str, Inbox] = {}
        """A message of a file → the process that has it in hand."""
        self.base = PACED if self.habits.paced else SETTINGS
        """The configuration of this world, but for what somebody changes in it."""
        self.settings = self.base
        self.loop: Loop | None = None
        self.inbox: Inbox | None = None
        self.journal: SimulatedJournal | None = None
        self.engine: Engine | None = None
        self.crashes: dict[str, int] = {}
        self.tag = "".join(rng.choice(ALPHABET) for _ in range(5))
        self.turns = 0
        self.meddles = True
        """While a commit is under way the control thread acts, and time passes."""
        self._seen_offset_ns = 0
        """What the loop's last turn knew of the clocks."""

    # Clock, MarketFeed: the ports that the world itself is

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
        present = tuple([each.account for each in self.settings.accounts])
        kind = _WatchedLoop if self.habits.wild else Loop
        loop = kind(
            engine=engine,
            inbox=inbox,
            journal=journal,
            broker_of=lambda account: broker if account in present else None,
            feed=self,
            clock=_Clock(self),
            trading_day=instant.day_of,
            head=(recovered.number, recovered.seal),
            observe=self._observe,
        )
        self.engine, self.inbox, self.loop, self.journal = engine, inbox, loop, journal
        self._seen_offset_ns = self.offset_ns
        self.ledger.judge_halts(engine.state)
        self.ledger.begin(self.settings)
        if isinstance(loop, _WatchedLoop):
            loop.ledger = self.ledger
        bound = ev.JournalBound(1, Mode.PAPER, self.tag, tuple(map(AccountId, ACCOUNTS)))
        loop.begin(bound, "test", self.settings)
        self.venue.present = present
        self.venue.connect()

    def _during_commit(self) -> None: ...

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

    def turn(self) -> bool:
        """Let the loop's thread carry one batch; tell the judge what the clocks have done since the last."""
        assert self.loop is not None
        self.venue.now_ns = self.now_ns
        before_ns = self._seen_offset_ns
        self._seen_offset_ns = self.offset_ns
        if abs(self.offset_ns - before_ns) > SECOND_NS:
            self.ledger.unsettle()
        return self.loop.turn()

    def _observe(self, records: Sequence[Record]) -> None:
        self.fuse.step("observe")
        for record in records:
            if isinstance(record, Alert):
                assert record.code not in NEVER, record

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
        assert order.client_order_id.encode() in b"".join(turn.payload for turn in self.disk.turns[-2:]), (
            "an order left before its intent was on disk"
        )
        if self.habits.wild:
            self.ledger.handing(order, self.now_ns)
        if not self.venue.connected or order.session != self.venue.session:
            raise NotSentError("断开")
        if self.habits.wild:
            self.ledger.left(order)
        chance = self.rng.random() if "minus_one" in self.venue.lies else 1.0
        if chance < 0.15:
            raise OutcomeUnknownError("-1")
        self.venue.commands.append((self.venue.session, order, self.now_ns))
        if chance < 0.3:
            raise OutcomeUnknownError("-1")
        self.fuse.step("after the submit")

    def cancel(self, order: CancelOrder) -> None:
        self.fuse.step("before the cancel")
        if self.habits.wild:
            self.ledger.cancelling(order, self.settings, self.now_ns)
        if self.venue.connected:
            self.venue.commands.append((self.venue.session, order, self.now_ns))
        self.fuse.step("after the cancel")

    def query(self, query: QueryBroker) -> None:
        self.fuse.step("before the query")
        self.ledger.asked[query.account, self.now_ns] = self.now_ns - self.offset_ns
        if self.venue.connected:
            self.venue.commands.append((self.venue.session, query, self.now_ns))


class _WatchedLoop(Loop):
    """The loop, with the judge standing around each decision."""

    ledger: Ledger

    def _handle(self, event: ev.Event, now_ns: int) -> list[Output]:
        state = self._engine.state
        self.ledger.before(event, now_ns, state)
        outputs = super()._handle(event, now_ns)
        self.ledger.after(event, outputs, state)
        return outputs


class _Clock:
    __slots__ = ("_stage",)

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def now_ns(self) -> int:
        return self._stage.now_ns

    def steady_ns(self) -> int:
        return self._stage.now_ns - self._stage.offset_ns


class _Broker:
    """The Broker port over the world's link."""

    __slots__ = ("cancel", "query", "submit")

    def __init__(self, stage: Stage) -> None:
        self.submit = stage.submit
        self.cancel = stage.cancel
        self.query = stage.query

    def start(self, deliver: object) -> None: ...

    def stop(self) -> None: ...
