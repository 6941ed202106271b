"""A whole engine in shadow mode, a terminal with another program's orders, and whatever may happen to both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

from msgspec.structs import replace

from qmt_trading.engine.engine import Engine
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS, Money, Price, Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings, NoCancelPhase
from qmt_trading.model.signal import AccountId, PriceKind, PriceSpec, Size, SizeKind
from qmt_trading.model.words import BareAction, LinkState, Mode, OrderStatus, Side, SideScope, TradingState, Verb
from qmt_trading.ports import Closing, StoredTurn
from tests.engine_bench import ACCOUNT, OTHER
from tests.loop_bench import LoopBench, NotingBroker, WatchedJournal, Way
from tests.shadow.messages import DOORS, compose

LIMITS = Limits(order_value_max=Money(10**9), orders_per_signal_max=5, orders_per_second_max=5, orders_per_day_max=400)
PHASE = NoCancelPhase(("SH",), (10 * 3600 + 20) * SECOND_NS, (10 * 3600 + 50) * SECOND_NS)
SETTINGS = EngineSettings(
    mode=Mode.SHADOW,
    accounts=(
        AccountSettings(account=ACCOUNT, groups=("all",), limits=LIMITS),
        AccountSettings(account=OTHER, groups=("all",), limits=replace(LIMITS, orders_per_second_max=0)),
    ),
    doors=(
        DoorSettings(name="door", bare=BareAction.BUY, default_size=Size(SizeKind.LOTS, 1, text="1手")),
        DoorSettings(name="bare", bare=BareAction.CANCEL),
        DoorSettings(name="only", allow=(Verb.CANCEL,), bare=BareAction.CANCEL),
    ),
    default_price=PriceSpec(PriceKind.LATEST, text="latest"),
    submits_per_minute_max=2_000,
    cancel_burst=3,
    cancels_per_second=10,
    no_cancel=(PHASE,),
)
STOCKS = ("600000.SH", "600036.SH", "000001.SZ")
ENDED = (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED)


class CrashError(Exception):
    """The process dies here."""


class Terminal(NotingBroker):
    """The Broker port of all processes: what is handed over is noted, and none of it may be anything but a question."""

    def wrongs(self) -> list[out.SubmitOrder | out.CancelOrder]:
        return [*self.submits, *self.cancels]


class Journal(WatchedJournal):
    """A journal in memory after whose commit the process may die."""

    def __init__(self) -> None:
        super().__init__()
        self.after: Callable[[], None] = lambda: None

    def append(self, turn: StoredTurn, *, closing: Closing | None = None) -> None:
        super().append(turn, closing=closing)
        self.after()


class World:
    """One seeded world; ``step`` does one thing in it."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.counts: Counter[str] = Counter()
        self.journal = Journal()
        self.terminal = Terminal()
        self.ways: list[Way] = []
        self.said: list[bytes] = []
        self.rows: dict[AccountId, dict[str, ev.OrderRow]] = {ACCOUNT: {}, OTHER: {}}
        self.sessions: Counter[AccountId] = Counter()
        self.number = 0
        self.bench = LoopBench(self.journal, settings=SETTINGS)
        self.bench.broker = self.terminal
        self.connect()

    @property
    def engine(self) -> Engine:
        return self.bench.engine

    def step(self) -> None:
        """Do one thing; a process that dies of it is followed by another."""
        acts = (
            *[self.act_say] * 8,
            *[self.act_turn] * 6,
            *[self.act_order] * 4,
            *[self.act_list] * 3,
            *[self.act_wait] * 3,
            self.act_person,
            self.act_link,
            self.act_fuse,
            self.act_clock,
        )
        try:
            self.rng.choice(acts)()
        except CrashError:
            self.counts["crashes"] += 1
            self.start_again()

    # The process

    def act_turn(self) -> None:
        """Carry one batch; a process whose journal takes nothing more is started anew before long."""
        if self.bench.loop.closed and self.rng.random() < 0.2:
            self.counts["journals closed"] += 1
            self.start_again()
        self.bench.loop.control_turn()
        self.bench.loop.turn(last=self.rng.random() < 0.2)

    def act_fuse(self) -> None:
        """Let the process die, or time pass, at the next commit: before it, in it, or right after it."""
        chance = self.rng.random()

        def die() -> None:
            self.journal.during = self.journal.after = lambda: None
            raise CrashError

        def dawdle() -> None:
            self.journal.during = lambda: None
            self.counts["slow commits"] += 1
            self.bench.clock.steady += self.rng.choice((1_500, 12_000, 130_000)) * MILLISECOND_NS
            if self.rng.random() < 0.7:
                self.act_person()
                if self.rng.random() < 0.5:
                    self.bench.inbox.ask(ev.HaltRequested("me", "", cancel_open=self.rng.random() < 0.3))
                    self.bench.inbox.ask(ev.ResumeRequested("me", "go on"))
                self.bench.loop.control_turn()

        if chance < 0.25:
            self.journal.during = die
        elif chance < 0.5:
            self.journal.after = die
        elif chance < 0.8:
            self.journal.during = dawdle
        elif chance < 0.83:
            self.start_again()

    def start_again(self) -> None:
        """Start a process on what is on disk; the one before is gone with all it knew."""
        self.journal.during = self.journal.after = lambda: None
        self.bench = LoopBench(self.journal, settings=SETTINGS, begins_ns=self.bench.clock.now_ns())
        assert not self.bench.broker.submits
        assert not self.bench.broker.cancels
        self.bench.broker = self.terminal
        self.counts["starts"] += 1
        if self.rng.random() < 0.8:
            self.connect()

    def rest(self) -> None:
        """Let everything that is under way come to its end."""
        self.journal.during = self.journal.after = lambda: None
        for _ in range(40):
            did = self.bench.loop.control_turn()
            if not (self.bench.loop.turn(last=True) or did):
                return
        raise AssertionError("the loop does not come to rest")

    def act_wait(self) -> None:
        """Let time pass; now and then a night."""
        rng = self.rng
        chance = rng.random()
        if chance < 0.02:
            self.bench.clock.steady += 24 * 3600 * SECOND_NS
            self.counts["nights"] += 1
            self.rows = {account: {} for account in self.rows}
        else:
            self.bench.clock.steady += rng.choice((1, 50, 400, 3_000, 20_000)) * MILLISECOND_NS
        self.act_turn()

    def act_clock(self) -> None:
        if self.rng.random() < 0.2:
            self.bench.clock.step_ns += self.rng.choice((-90, -2, 2, 90)) * SECOND_NS
            self.counts["clock steps"] += 1

    # Senders and people

    def act_say(self) -> None:
        rng = self.rng
        self.number += 1
        if not self.said or rng.random() < 0.9:
            self.said += compose(rng, self.number, self.bench.clock.now_ns())
            payloads = self.said[-1:] if rng.random() < 0.85 else self.said[-4:]
        else:
            payloads = [rng.choice(self.said)]
        for payload in payloads:
            way = Way()
            self.ways.append(way)
            self.bench.inbox.message(rng.choice(DOORS), payload, self.bench.clock.now_ns(), way)
            self.counts["signals"] += 1

    def act_person(self) -> None:
        rng, ask = self.rng, self.bench.inbox.ask
        account = rng.choice((None, ACCOUNT, OTHER))
        numbers = [number for rows in self.rows.values() for number in rows] or ["none"]
        chance = rng.random()
        if chance < 0.2:
            ask(ev.CancelRequested("me", "", order_id=rng.choice(numbers)))
        elif chance < 0.45:
            symbol = rng.choice((None, Symbol(rng.choice(STOCKS))))
            ask(ev.CancelRequested("me", "", account, symbol, rng.choice(tuple(SideScope))))
        elif chance < 0.6:
            state = rng.choice((TradingState.HALTED, TradingState.REDUCING))
            ask(ev.HaltRequested("me", "", account, state, cancel_open=rng.random() < 0.7))
            self.counts["halts"] += 1
        else:
            for each in (None, ACCOUNT, OTHER):
                ask(ev.ResumeRequested("me", "go on", each))

    # The terminal

    def connect(self) -> None:
        for account in self.rows:
            self.sessions[account] = self.engine.state.account(account).session + 1
            self.bench.inbox.report(ev.LinkChanged(account, self.sessions[account], LinkState.CONNECTED))
            self.act_turn()
        self.answer_questions()

    def act_link(self) -> None:
        for account in self.rows:
            if self.rng.random() < 0.5:
                self.bench.inbox.report(ev.LinkChanged(account, self.sessions[account], LinkState.DOWN, "test"))
        if self.rng.random() < 0.5:
            self.act_turn()
        self.connect()
        self.counts["reconnects"] += 1

    def act_list(self) -> None:
        self.answer_questions()

    def answer_questions(self) -> None:
        """Answer all questions with what each account holds."""
        for account in dict.fromkeys(query.account for query in self.terminal.queries):
            self.counts["questions answered"] += 1
            held = tuple(
                Position(
                    account=account, symbol=Symbol(each), quantity=Quantity(2000), sellable_quantity=Quantity(2000)
                )
                for each in STOCKS
            )
            now_ns = self.bench.clock.now_ns()
            figures = (
                now_ns,
                True,
                self.rng.random() < 0.95,
                Money(10**10),
                held,
                tuple(self.rows[account].values()),
                (),
            )
            self.bench.inbox.report(ev.BrokerListed(account, self.sessions[account], *figures))
        self.terminal.queries.clear()
        self.act_turn()

    def act_order(self) -> None:
        """Another program places an order, or one of its orders goes on; now and then only a list tells."""
        rng = self.rng
        account = rng.choice((ACCOUNT, OTHER))
        rows = self.rows[account]
        working = [number for number, row in rows.items() if row.status not in ENDED]
        if working and rng.random() < 0.4:
            number = rng.choice(working)
            status = rng.choice((*ENDED, OrderStatus.PENDING_CANCEL, OrderStatus.PARTIALLY_FILLED))
            row = rows[number]
            filled = {OrderStatus.FILLED: row.quantity, OrderStatus.PARTIALLY_FILLED: Quantity(100)}
            rows[number] = replace(row, status=status, filled_quantity=filled.get(status, row.filled_quantity))
        else:
            number = str(1000 + self.counts["orders of others"])
            self.counts["orders of others"] += 1
            # One account's buys are ours alone, so that what is counted of them can be told from outside.
            side = Side.SELL if account == OTHER else rng.choice((Side.BUY, Side.SELL))
            figures = Quantity(rng.choice((200, 500))), Price(rng.choice((104_000, 105_000))), Quantity(0)
            at_ns = self.bench.clock.now_ns() // SECOND_NS * SECOND_NS
            symbol = Symbol(rng.choice(STOCKS))
            broker_id = number if rng.random() < 0.9 else ""  # An order from a phone has a contract number only.
            rows[number] = ev.OrderRow("", broker_id, f"H{number}", symbol, side, *figures, OrderStatus.NEW, "", at_ns)
        if rng.random() < 0.8:
            self.bench.inbox.report(ev.OrderReported(account, self.sessions[account], rows[number]))
