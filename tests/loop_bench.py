"""A loop ready to turn: a clock that is set by hand, a broker that notes what it is given, a journal in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from qmt_trading.codec.journal_record import Record, decode_turn
from qmt_trading.journal.memory import MemoryJournal
from qmt_trading.market.instruments import rule_for
from qmt_trading.market.sessions import Session
from qmt_trading.model import events as ev
from qmt_trading.model import instant
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings
from qmt_trading.model.signal import PriceKind, PriceSpec
from qmt_trading.model.words import BareAction, LinkState, Mode, OrderStatus
from qmt_trading.ports import Closing, StoredTurn, SubmitError
from qmt_trading.run.ex_days import Told
from qmt_trading.run.inbox import Inbox
from qmt_trading.run.loop import REPORTS_WAIT_NS, Loop
from qmt_trading.run.recovery import Recovered, recover
from tests.engine_bench import ACCOUNT, OTHER, START_NS, STOCK

SETTINGS = EngineSettings(
    mode=Mode.PAPER,
    accounts=(AccountSettings(account=ACCOUNT), AccountSettings(account=OTHER)),
    doors=(DoorSettings(name="door", bare=BareAction.DENY),),
    default_price=PriceSpec(PriceKind.LATEST, text="latest"),
)
BOUND = ev.JournalBound(1, Mode.PAPER, "BENCH", (ACCOUNT, OTHER))


class HandClock:
    """The Clock port, set by hand; ``step_ns`` moves the wall clock alone."""

    def __init__(self) -> None:
        self.steady = START_NS
        self.step_ns = 0

    def now_ns(self) -> int:
        return self.steady + self.step_ns

    def steady_ns(self) -> int:
        return self.steady


class NotingBroker:
    """The Broker port: notes what it is given; with a ``refusal`` every submit fails in that way."""

    def __init__(self) -> None:
        self.submits: list[out.SubmitOrder] = []
        self.cancels: list[out.CancelOrder] = []
        self.queries: list[out.QueryBroker] = []
        self.refusal: SubmitError | None = None
        self.at_submit: Callable[[], None] = lambda: None

    def start(self, deliver: Callable[[ev.Report], None]) -> None: ...

    def submit(self, orders: Sequence[out.SubmitOrder]) -> Sequence[tuple[out.SubmitOrder, SubmitError]]:
        self.at_submit()
        if self.refusal is not None:
            return [(order, self.refusal) for order in orders]
        self.submits += orders
        return ()

    def cancel(self, order: out.CancelOrder) -> None:
        self.cancels.append(order)

    def query(self, query: out.QueryBroker) -> None:
        self.queries.append(query)

    def stop(self) -> None: ...


class Way:
    """A Reply that keeps what it is told, and how often it was flushed."""

    def __init__(self) -> None:
        self.receipts: list[dict[str, object]] = []
        self.flushed = 0

    def __call__(self, line: bytes) -> None:
        assert line.endswith(b"\n")
        self.receipts.append(json.loads(line))

    def flush(self) -> None:
        self.flushed += 1


class WatchedJournal(MemoryJournal):
    """A journal in memory that lets a test act while a turn is being put on disk."""

    def __init__(self) -> None:
        super().__init__()
        self.during: Callable[[], None] = lambda: None

    def append(self, turn: StoredTurn, *, closing: Closing | None = None) -> None:
        self.during()
        super().append(turn, closing=closing)


class LoopBench:
    """One process on a journal; ``again`` starts the next one on what this one left."""

    def __init__(
        self,
        journal: WatchedJournal | None = None,
        *,
        settings: EngineSettings = SETTINGS,
        begins_ns: int = START_NS,
        session: Session | None = None,
        actions_told: Told = lambda state: None,
    ) -> None:
        self.clock = HandClock()
        self.clock.steady = begins_ns
        self.session = session
        self.broker = NotingBroker()
        self.journal = journal if journal is not None else WatchedJournal()
        self.observed: list[Record] = []
        self.last = Price(105_000)
        """What every symbol was last traded at."""
        self.recovered: Recovered = recover(self.journal)
        self.engine = self.recovered.engine
        self.clock.steady = max(self.clock.steady, self.engine.state.now_ns)
        self.inbox = Inbox(self.clock, bare={}, arrivals=self.engine.state.arrival)
        self.loop = Loop(
            engine=self.engine,
            inbox=self.inbox,
            journal=self.journal,
            broker_of=lambda account: self.broker,
            feed=self,
            clock=self.clock,
            trading_day=session.trading_day if session is not None else instant.day_of,
            day_after=session.day_after if session is not None else lambda now_ns: None,
            actions_told=actions_told,
            head=(self.recovered.number, self.recovered.seal),
            observe=self._observe,
        )
        self.settings = settings
        self.loop.begin(replace(BOUND, mode=settings.mode), "test", settings)
        self.loop.turn()

    def _observe(self, records: Sequence[Record]) -> None:
        self.observed.extend(records)

    def again(self) -> LoopBench:
        """Return the next process, configured alike."""
        begins_ns = self.clock.now_ns()
        return LoopBench(self.journal, settings=self.settings, begins_ns=begins_ns, session=self.session)

    def quote(self, symbol: Symbol, now_ns: int) -> Quote | None:
        """Answer for the MarketFeed port."""
        rule = rule_for(symbol)
        if rule is None:
            return None
        bids, asks = (Price(104_900),), (Price(105_000),)
        limits = Price(114_400), Price(93_600)
        return Quote(symbol, self.last, Price(104_000), *limits, bids, asks, now_ns, rule)

    def connect(self) -> LoopBench:
        """Open a session of each account, give its first list, and return self."""
        held = Quantity(2000)
        for account in (ACCOUNT, OTHER):
            session = self.engine.state.accounts[account].session + 1
            self.inbox.report(ev.LinkChanged(account, session, LinkState.CONNECTED))
            position = Position(account=account, symbol=STOCK, quantity=held, sellable_quantity=held)
            now_ns = self.clock.now_ns()
            self.inbox.report(ev.BrokerListed(account, session, now_ns, True, True, Money(10**10), (position,), (), ()))
        self.rest()
        return self

    def send(self, text: str, *, door: str = "door") -> Way:
        way = Way()
        self.inbox.message(door, text.encode(), self.clock.now_ns(), way)
        return way

    def rest(self) -> None:
        """Turn until nothing happens any more, and what only waited for company is on disk."""
        for _ in range(20):
            did = self.loop.control_turn()
            if not (self.loop.turn() or did):
                if not self.loop.has_pending():
                    return
                self.clock.steady += REPORTS_WAIT_NS
        raise AssertionError("the loop does not come to rest")

    def row(self, order: out.SubmitOrder, number: str) -> ev.OrderReported:
        """Return the broker's row of ``order``, working."""
        state = self.engine.state
        row = ev.OrderRow(
            order.client_order_id,
            number,
            f"H{number}",
            order.symbol,
            order.side,
            order.quantity,
            order.price,
            Quantity(0),
            OrderStatus.NEW,
        )
        return ev.OrderReported(order.account, state.accounts[order.account].session, row)

    def turns(self) -> list[list[Record]]:
        """Return the records of every turn on disk."""
        return [decode_turn(turn.payload) for turn in self.journal.turns()]
