"""A drill's stage: the real codec, inbox, loop, engine and journal, a simulated exchange, a clock moved by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from qmt_trading.brokers.simulated.book import FileBook
from qmt_trading.brokers.simulated.chaos import LyingExchange
from qmt_trading.brokers.simulated.exchange import Exchange
from qmt_trading.brokers.simulated.matching import Liquidity
from qmt_trading.brokers.simulated.records import AccountOpening
from qmt_trading.engine.engine import Engine
from qmt_trading.journal.sqlite import SqliteJournal
from qmt_trading.market.rulebook import RuleBook, book_of
from qmt_trading.market.sessions import ALWAYS_OPEN, Session
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.errors import JournalError, NotSentError, OutcomeUnknownError
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS, UNIT, Money, Price, Quantity
from qmt_trading.model.order import Order
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState, Mode, OrderStatus, Side, TradingState, Verb
from qmt_trading.ports import Closing, StoredSnapshot, StoredTurn, SubmitError
from qmt_trading.run.inbox import Inbox
from qmt_trading.run.loop import Loop
from qmt_trading.run.recovery import recover

STOCK: Final = Symbol("600000.SH")
LAST: Final = Price(2 * UNIT)
"""So low that a lot stays below anybody's limits."""
LIMIT_UP: Final = Price(22_000)
LIMIT_DOWN: Final = Price(18_000)
CASH: Final = Money(10_000_000 * UNIT)
STEP_NS: Final = 100 * MILLISECOND_NS
ROUNDS_MAX: Final = 2_000
COUNTS: Final = (
    *("orders_per_second_max", "orders_per_minute_max", "orders_per_day_max", "working_orders_max"),
    *("messages_per_second_max", "messages_per_day_max"),
)


def simulated(settings: EngineSettings) -> EngineSettings:
    """Return ``settings`` for a simulated counter, which takes orders and cancels whatever the mode and the morning."""
    accounts = tuple(replace(each, settles_alone=True, morning_check=False) for each in settings.accounts)
    return replace(settings, mode=Mode.PAPER, accounts=accounts)


def for_drills(settings: EngineSettings) -> EngineSettings:
    """Return ``settings`` without what limits the number of orders, the hours and the symbols: drills need others."""

    def freed(limits: Limits) -> Limits:
        return replace(limits, windows=(), symbols_allowed=(), symbols_denied=(), **dict.fromkeys(COUNTS, 0))

    settings = simulated(settings)
    return replace(
        settings,
        always_open=True,
        calendar_until=None,
        submits_per_minute_max=10**9,
        limits=freed(settings.limits),
        accounts=tuple(replace(each, limits=freed(each.limits)) for each in settings.accounts),
        doors=tuple(replace(each, limits=freed(each.limits)) for each in settings.doors),
    )


class Clock:
    """The Clock port, moved by hand."""

    def __init__(self, now_ns: int) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> int:
        return self._now_ns

    def steady_ns(self) -> int:
        return self._now_ns

    def move_to(self, now_ns: int) -> None:
        self._now_ns = max(self._now_ns, now_ns)


class Market:
    """The MarketFeed port: one price, with both sides, or with a buyers' queue at the upper limit."""

    def __init__(self, rules: RuleBook) -> None:
        self._rules = rules
        self.sealed = False

    def quote(self, symbol: Symbol, now_ns: int) -> Quote | None:
        rule = self._rules.rule(symbol, day_of(now_ns))
        if rule is None:
            return None
        last = LIMIT_UP if self.sealed else LAST
        asks = () if self.sealed else tuple(Price(last + 100 * level) for level in range(1, 6))
        bids = tuple(Price(last - 100 * level) for level in range(5))
        return Quote(symbol, last, LAST, LIMIT_UP, LIMIT_DOWN, bids, asks, now_ns, rule)


class Way:
    """The Reply port: keeps the receipts of one message."""

    def __init__(self) -> None:
        self.receipts: list[dict[str, object]] = []

    def __call__(self, line: bytes) -> None:
        self.receipts.append(json.loads(line))

    def flush(self) -> None: ...


class Counter:
    """The Broker port over the lying exchange: carries a command at once, or keeps it while the counter hangs."""

    def __init__(
        self, exchange: LyingExchange, clock: Clock, deliver: Callable[[ev.Report], None], submitted: list[str]
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._deliver = deliver
        self.hangs = False
        self.kept: list[out.SubmitOrder | out.CancelOrder | tuple[AccountId, int]] = []
        self.submits = submitted
        self.told: list[ev.Report] = []

    def start(self, deliver: Callable[[ev.Report], None]) -> None:
        self._deliver = deliver

    def submit(self, orders: Sequence[out.SubmitOrder]) -> Sequence[tuple[out.SubmitOrder, SubmitError]]:
        failed: list[tuple[out.SubmitOrder, SubmitError]] = []
        for order in orders:
            self.submits.append(order.client_order_id)
            if self.hangs:
                self.kept.append(order)
                continue
            try:
                self._tell(self._exchange.submit(order, self._clock.now_ns()))
            except (NotSentError, OutcomeUnknownError) as error:
                failed.append((order, error))
        return failed

    def cancel(self, order: out.CancelOrder) -> None:
        if self.hangs:
            self.kept.append(order)
        else:
            self._tell(self._exchange.cancel(order, self._clock.now_ns()))

    def query(self, query: out.QueryBroker) -> None:
        asked = query.account, self._clock.now_ns()
        if self.hangs:
            self.kept.append(asked)
        else:
            self._ask(*asked)

    def go_on(self) -> None:
        """End the hanging: what was kept is carried out in its order."""
        self.hangs = False
        kept, self.kept = self.kept, []
        for command in kept:
            if isinstance(command, out.SubmitOrder):
                self._tell(self._exchange.submit(command, self._clock.now_ns()))
            elif isinstance(command, out.CancelOrder):
                self._tell(self._exchange.cancel(command, self._clock.now_ns()))
            else:
                self._ask(*command)

    def advance(self) -> None:
        if not self.hangs:
            self._tell(self._exchange.advance(self._clock.now_ns()))

    def stop(self) -> None: ...

    def tell(self, reports: list[ev.Report]) -> None:
        """Deliver what the exchange has to tell besides."""
        self._tell(reports)

    def _ask(self, account: AccountId, asked_ns: int) -> None:
        self._tell(self._exchange.query(account, asked_ns=asked_ns, now_ns=self._clock.now_ns()))

    def _tell(self, reports: list[ev.Report]) -> None:
        for report in reports:
            self.told.append(report)
            self._deliver(report)


class Disk:
    """The Journal port over the real one, which may be told to be full."""

    def __init__(self, path: Path) -> None:
        self._journal = SqliteJournal(path)
        self.full = False

    def append(self, turn: StoredTurn, *, closing: Closing | None = None) -> None:
        if self.full:
            raise JournalError("database or disk is full")
        self._journal.append(turn, closing=closing)

    def __getattr__(self, name: str) -> object:
        return getattr(self._journal, name)

    def save_snapshot(self, snapshot: StoredSnapshot) -> None:
        self._journal.save_snapshot(snapshot)


class Stage:
    """One engine process after the other over one journal and one exchange."""

    def __init__(self, settings: EngineSettings, folder: Path, *, now_ns: int, session: Session = ALWAYS_OPEN) -> None:
        """Open the exchange on its book in ``folder``, the journal beside it, and start an engine."""
        self.settings = settings
        self.folder = folder
        self.accounts = tuple(each.account for each in settings.accounts)
        self.clock = Clock(now_ns)
        self._session = session
        openings = [AccountOpening(account=each.account, cash=CASH, fees=each.fees) for each in settings.accounts]
        book = FileBook(folder / "exchange.book")
        still = Liquidity(
            queue_lots_per_second=0
        )  # Nobody sells into a sealed limit: what fills there, fills when it breaks.
        rules = book_of(settings.rules)
        self.market = Market(rules)
        self.exchange = Exchange(
            openings, self.market, now_ns=now_ns, session=session, liquidity=still, book=book, rules=rules
        )
        self.link = LyingExchange(self.exchange, chance_per_mille=1000)
        self.submitted: list[str] = []
        """The names of all orders that any process handed over, in order: what a double would show in."""
        self._accepted = 0
        self.start()

    # The engine's process

    def start(self) -> None:
        """Start a process on what the last one left on disk, and let it connect."""
        self.disk = Disk(self.folder / "journal.sqlite")
        recovered = recover(self.disk)  # type: ignore[arg-type]
        self.engine: Engine = recovered.engine
        bare = {door.name: door.bare for door in self.settings.doors}
        self.inbox = Inbox(self.clock, bare=bare, arrivals=self.engine.state.arrival)
        self.counter = Counter(self.link, self.clock, self.inbox.report, self.submitted)
        self.loop = Loop(
            engine=self.engine,
            inbox=self.inbox,
            journal=self.disk,  # type: ignore[arg-type]
            broker_of=lambda account: self.counter,
            feed=self.market,
            clock=self.clock,
            trading_day=self._session.trading_day,
            day_after=self._session.day_after,
            head=(recovered.number, recovered.seal),
            observe=lambda records: None,
        )
        bound = ev.JournalBound(1, self.settings.mode, "DR1LL", self.accounts)
        self.loop.begin(bound, "rehearsal", self.settings)
        self.counter.tell(self.link.connect(self.accounts, self.clock.now_ns()))
        self.rest()

    def crash(self) -> None:
        """End the process as a power cut would."""
        self.disk.close()  # type: ignore[operator]

    def restart(self) -> None:
        self.crash()
        self.start()

    def close(self) -> None:
        self.crash()
        self.exchange.close()

    # Time

    def rest(self) -> None:
        """Let everything that is under way arrive, without time passing."""
        for _ in range(ROUNDS_MAX):
            did = self.loop.control_turn()
            did = self.loop.turn(last=True) or did
            if not did:
                return
        raise AssertionError("the engine does not come to rest")

    def wait(self, seconds: float) -> None:
        """Let time pass in steps of a tenth of a second, and stop at each instant the engine wants."""
        self.until(self.clock.now_ns() + int(seconds * SECOND_NS))

    def until(self, end_ns: int) -> None:
        while self.clock.now_ns() < end_ns:
            due_ns = self.engine.next_due_ns()
            step_ns = self.clock.now_ns() + STEP_NS
            self.clock.move_to(min(end_ns, step_ns, max(due_ns, self.clock.now_ns() + 1) if due_ns else step_ns))
            self.counter.advance()
            self.rest()

    # People and their programs

    def door(self, verb: Verb) -> str:
        """Return the first door of the configuration that allows ``verb``; the last is a person's own command."""
        allowing = [door.name for door in self.settings.doors if verb in door.allow and not door.accounts]
        return allowing[0] if allowing else self.settings.doors[-1].name

    def send(self, text: str, *, door: str = "") -> dict[str, object]:
        """Send one message and return its receipt, once everything it leads to has happened."""
        way = Way()
        self.inbox.message(door or self.door(Verb.BUY), text.encode("utf-8"), self.clock.now_ns(), way)
        self.rest()
        assert way.receipts, f"no receipt for {text}"
        receipt = way.receipts[-1]
        lines = receipt.get("orders")
        if receipt["status"] == "accepted" and isinstance(lines, list):
            self._accepted += sum(bool(line.get("client_order_id")) for line in lines)
        return receipt

    def buy(self, number: str, *, price: Price = LIMIT_DOWN, account: AccountId | None = None) -> Order:
        """Buy one lot under an id and return the order."""
        number_of = account or self.accounts[0]
        receipt = self.send(f"buy {STOCK} 100@{price / UNIT:.2f}:{number_of} #drill/{number}")
        lines = receipt["orders"]
        assert isinstance(lines, list)
        name = str(lines[0].get("client_order_id", "")) if lines else ""
        found = self.engine.state.find_order(name)
        if found is None:
            why = lines[0].get("text") if lines else receipt.get("text")
            raise DrillError(f"演练用的小额买单被拦截：{why}")
        return found

    def by_hand(self, account: AccountId, count: int, price: Price, *, told: bool = True) -> None:
        """Have somebody type ``count`` orders into the terminal; without ``told`` only a query will show them."""
        for _ in range(count):
            now_ns = self.clock.now_ns()
            reports = self.exchange.place_foreign(account, STOCK, Side.BUY, Quantity(100), price, now_ns)
            if told:
                self.counter.tell(reports)
        self.rest()

    # What there is to judge

    def order(self, name: str) -> Order:
        found = self.engine.state.find_order(name)
        assert found is not None, name
        return found

    def rows(self, account: AccountId) -> list[ev.OrderRow]:
        """Return the exchange's own truth of an account's orders."""
        now_ns = self.clock.now_ns()
        return list(self.exchange.listing(account, asked_ns=now_ns, now_ns=now_ns).rows)

    def judge(self) -> None:
        """Check what holds after every drill.

        Raises:
            DrillError: it does not; the text says what was found.
        """
        check(len(self.submitted) == len(set(self.submitted)), "同一笔委托发出了两次")
        more = len(self.submitted) - self._accepted
        check(more <= 0, f"发出了 {more} 笔没有信号要求的委托")
        check(self.exchange.duplicates == 0, f"柜台收到重复委托 {self.exchange.duplicates} 笔")
        for name, times in self.exchange.executed.items():
            check(times == 1, f"委托 {name} 在柜台成了 {times} 笔")
        unknown = [order for order in self.engine.state.orders if order.status is OrderStatus.UNKNOWN]
        check(not unknown, f"还有 {len(unknown)} 笔待核实")
        for number, account in self.engine.state.accounts.items():
            check(account.link is LinkState.CONNECTED, f"账户 {number} 没有重新连上")
            check(account.state is TradingState.ACTIVE, f"账户 {number} 被系统停止：{account.told.why}")
            now_ns = self.clock.now_ns()
            listed = self.exchange.listing(number, asked_ns=now_ns, now_ns=now_ns)
            theirs = {held.symbol: held.quantity for held in listed.positions if held.quantity}
            ours = {symbol: held.quantity for symbol, held in account.positions.items() if held.quantity}
            check(ours == theirs, f"账户 {number} 持仓不一致：我方 {ours}，柜台 {theirs}")
            check(account.cash == listed.cash, f"账户 {number} 资金不一致：我方 {account.cash}，柜台 {listed.cash}")
            working = {row.venue_order_id for row in listed.rows if row.status in WORKING}
            known = {order.venue_order_id for order in map(self.engine.state.order, account.live)}
            check(working <= known, f"账户 {number} 柜台有 {len(working - known)} 笔未成交单不在我方表里")


WORKING: Final = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)


class DrillError(Exception):
    """A drill was not passed; the text says what was found."""


def check(holds: bool, found: str) -> None:
    """Fail the drill with ``found`` unless ``holds``."""
    if not holds:
        raise DrillError(found)
