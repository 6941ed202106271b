"""What has happened, as plain lists; every figure is counted again from the first entry whenever somebody asks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import NamedTuple

from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.instrument import Symbol, TradingRule
from qmt_trading.model.limits import Scope
from qmt_trading.model.settings import EngineSettings, FeeSchedule
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import TERMINAL, InstrumentKind, OrderStatus, Side, SideScope, TradingState

UNRESOLVED = (OrderStatus.UNKNOWN, OrderStatus.EXPIRED_UNRESOLVED)


def rule_of(symbol: Symbol, day: dt.date) -> TradingRule:
    """Return what the rule book says of ``symbol``."""
    rule = STANDARD.rule(symbol, day)
    assert rule is not None
    return rule


def cost_of(kind: InstrumentKind, side: Side, worth: int, fees: FeeSchedule) -> int:
    """Return the costs of an order of which ``worth`` has traded: each part half-up to the fen, one commission."""
    if worth <= 0:
        return 0

    def part(millionths: int | None) -> int:
        assert millionths is not None
        return (2 * worth * millionths + 100_000_000) // 200_000_000 * 100

    total = max(part(fees.commission_millionths), fees.commission_minimum)
    if kind is InstrumentKind.STOCK:
        total += part(fees.transfer_millionths)
        total += part(fees.stamp_duty_millionths) if side is Side.SELL else 0
    return total


class Told(NamedTuple):
    """One thing that became known of an order."""

    status: OrderStatus | None = None
    """None: a fill."""
    filled: int = 0
    """Of a row: what the broker says was traded."""
    quantity: int = 0
    """Of a fill, as the three below."""
    price: int = 0
    fee: int = 0
    by_broker: bool = True


@dataclass
class Placed:
    """One order and everything that became known of it, oldest first."""

    name: str
    account: AccountId
    symbol: Symbol
    side: Side
    quantity: int
    price: int
    at_ns: int
    door: str = ""
    strategy: str = ""
    seq: int = 0
    foreign: bool = False
    bare: bool = False
    repeat_key: str = ""
    deadline_ns: int = 0
    told: list[Told] = field(default_factory=list)

    @property
    def answered(self) -> bool:
        return any(each.by_broker for each in self.told)

    @property
    def filled(self) -> int:
        return sum(each.quantity for each in self.told)

    @property
    def filled_worth(self) -> int:
        return sum(each.quantity * each.price for each in self.told)

    @property
    def status(self) -> OrderStatus:
        now, filled = OrderStatus.PENDING_NEW, 0
        for each in self.told:
            filled += each.quantity
            if each.status is not None:
                ended = now in TERMINAL and now is not OrderStatus.NOT_SENT
                now = now if ended and each.status is not OrderStatus.FILLED else each.status
            elif filled >= self.quantity:
                now = OrderStatus.FILLED
            elif now not in TERMINAL or now is OrderStatus.NOT_SENT:
                now = OrderStatus.PARTIALLY_FILLED
        return now

    @property
    def live(self) -> bool:
        """May still fill."""
        return self.status not in TERMINAL and self.status is not OrderStatus.EXPIRED_UNRESOLVED

    @property
    def unresolved(self) -> bool:
        return self.status in UNRESOLVED

    @property
    def left(self) -> int:
        """What may still be filled; of an order that has ended, what the broker says was filled and no fill shows."""
        if self.status in TERMINAL:
            return max(0, max((each.filled for each in self.told), default=0) - self.filled)
        return self.quantity - self.filled

    @property
    def worth(self) -> int:
        """What it has traded today and may still trade."""
        return self.filled_worth + self.left * self.price


class Moved(NamedTuple):
    """One fill that moved cash and positions."""

    account: AccountId
    symbol: Symbol
    side: Side
    quantity: int
    price: int
    fee: int


class Own(NamedTuple):
    """One fill of a strategy, of any day."""

    strategy: str
    account: AccountId
    symbol: Symbol
    signed: int


class Held(NamedTuple):
    quantity: int
    sellable: int
    cost: int


NOTHING = Held(0, 0, 0)


class Taken(NamedTuple):
    """One order that was decided to be sent: its place in time, now or later."""

    at_ns: int
    account: AccountId
    door: str
    strategy: str
    seq: int


class Queued(NamedTuple):
    """An order that waits for its turn, or for the market to open."""

    place: Taken
    number: int
    symbol: Symbol
    side: Side
    quantity: int
    arrival: int
    asked: object
    """What was asked, to be asked again."""
    orders: int = 1
    """How many it was split into."""
    of_shares: bool = True
    """Bought or sold by number of shares; not: a target, or a size that is still to be worked out."""
    paced: bool = True
    """It waits for its turn; not: for the market to open."""

    @property
    def name(self) -> tuple[int, int, AccountId]:
        return self.place.seq, self.number, self.place.account


class Marked(NamedTuple):
    """The reach of one cancel."""

    account: AccountId
    symbol: str
    side: SideScope
    seq: int
    arrival: int


@dataclass
class Opening:
    """What the broker's first complete list of the day said of an account, or what the day before left."""

    cash: int
    positions: dict[Symbol, Held]
    assets: int = 0
    """The morning's total assets; 0: not known."""
    ready: bool = False


class Facts:
    """Everything that the judge may look at."""

    def __init__(self, settings: EngineSettings, day: dt.date) -> None:
        self.settings = settings
        self.orders: list[Placed] = []
        self.moved: list[Moved] = []
        self.own: list[Own] = []
        self.openings: dict[AccountId, Opening] = {each.account: Opening(0, {}) for each in settings.accounts}
        self.prices: list[tuple[Symbol, int]] = []
        self.cancels: list[tuple[int, AccountId]] = []
        self.taken: list[Taken] = []
        """Orders as they count for the day and for their signal: when they left, or were put to wait for their turn."""
        self.left: list[Taken] = []
        self.claimed: list[Taken] = []
        """Orders that were put to wait by the message that asked for them."""
        self.repeats: list[tuple[str, int]] = []
        """What a repeat of an order that waits would look like, and until when it is one."""
        """Orders when they left."""
        self.wanted: list[int] = []
        """When an order was to be sent: it passed, it was put into the queue, or it was refused for being too fast."""
        self.marks: list[Marked] = []
        self.connected: set[AccountId] = set()
        self.unsettled: set[AccountId] = set()
        self.states: dict[AccountId | None, TradingState] = {}
        self.journal_closed = False
        self.fired: set[tuple[AccountId | None, TradingState]] = set()
        """Steps of the day's loss that were taken today."""
        self.limits: dict[tuple[Scope, str], tuple[int, bool]] = {}
        """By scope and limit: what a person set today, and whether that holds against a tighter file."""
        self.queue: list[Queued] = []
        self.listed: set[AccountId] = set()
        """Accounts of which a complete list of this session has come."""
        self.day = day
        self.red: dict[AccountId, list[str]] = {}
        """What the last check of an account found wrong, in its order."""
        self.pardoned: dict[AccountId, set[str]] = {}
        """What people have accepted of it today."""
        self.closes: dict[Symbol, int] = {}
        """Yesterday's closes, as the marks say."""
        self.fill_ids: set[str] = set()

    def new_day(self, day: dt.date) -> None:
        """Forget the day, but for what is held, what strategies own, and the states."""
        carried = {
            number: Opening(
                self.cash(number), {symbol: Held(held.quantity, held.quantity, held.cost) for symbol, held in found}
            )
            for number, found in ((each, list(self.positions(each).items())) for each in self.openings)
        }
        self.openings, self.day = carried, day
        self.orders, self.moved, self.prices, self.cancels, self.taken = [], [], [], [], []
        self.left, self.claimed, self.repeats = [], [], []
        self.wanted, self.marks, self.unsettled, self.fired, self.limits = [], [], set(), set(), {}
        self.pardoned = {}
        self.unchecked()

    def unchecked(self) -> None:
        """Nobody has checked anything, since the start or the opening of the day."""
        self.red = {each.account: ["unchecked"] for each in self.settings.accounts if each.morning_check}

    def closed(self, account: AccountId) -> list[str]:
        """Return what keeps ``account`` from buying: red, and accepted by nobody."""
        return [each for each in self.red.get(account, []) if each not in self.pardoned.get(account, set())]

    def places(self) -> list[Taken]:
        """Return when orders have left, and when those that wait for their turn will."""
        return self.left + [each.place for each in self.queue if each.paced for _ in range(each.orders)]

    def order(self, name: str) -> Placed:
        return next(each for each in self.orders if each.name == name)

    def fees(self, account: AccountId) -> FeeSchedule:
        return next(each.fees for each in self.settings.accounts if each.account == account)

    def state(self, account: AccountId | None) -> TradingState:
        return self.states.get(account, TradingState.ACTIVE)

    # Money and holdings

    def cash(self, account: AccountId) -> int:
        """Return what the account has, frozen or not."""
        total = self.openings[account].cash
        for each in self.moved:
            if each.account == account:
                worth = each.quantity * each.price
                total += (worth if each.side is Side.SELL else -worth) - each.fee
        return total

    def frozen(self, order: Placed) -> int:
        """Return the cash that what is left of a buy freezes, with what it adds to the order's costs."""
        if order.side is not Side.BUY or not order.left:
            return 0
        worth = order.left * order.price
        return worth + self.added_cost(order.account, order.symbol, Side.BUY, order.filled_worth, worth)

    def added_cost(self, account: AccountId, symbol: Symbol, side: Side, before: int, worth: int) -> int:
        """Return what ``worth`` more costs an order of which ``before`` has traded."""
        kind, fees = rule_of(symbol, self.day).kind, self.fees(account)
        return cost_of(kind, side, before + worth, fees) - cost_of(kind, side, before, fees)

    def available(self, account: AccountId) -> int:
        return self.cash(account) - sum(self.frozen(each) for each in self.orders if each.account == account)

    def positions(self, account: AccountId) -> dict[Symbol, Held]:
        found = dict(self.openings[account].positions)
        for each in self.moved:
            if each.account != account:
                continue
            quantity, sellable, cost = found.get(each.symbol, NOTHING)
            if each.side is Side.BUY:
                today = each.quantity if rule_of(each.symbol, self.day).same_day_sell else 0
                paid = each.quantity * each.price + each.fee
                found[each.symbol] = Held(quantity + each.quantity, sellable + today, cost + paid)
            else:
                sold = min(each.quantity, quantity)
                left = cost - (cost * sold // quantity if quantity else 0)
                found[each.symbol] = Held(quantity - sold, max(0, sellable - each.quantity), left)
        return found

    def held(self, account: AccountId, symbol: Symbol) -> Held:
        return self.positions(account).get(symbol, NOTHING)

    def working(self, account: AccountId, symbol: Symbol, side: Side, strategy: str = "") -> int:
        """Return what open orders, of ``strategy`` where one is named, will buy or sell."""
        return sum(
            each.quantity - each.filled
            for each in self.orders
            if each.live
            and (each.account, each.symbol, each.side) == (account, symbol, side)
            and strategy in ("", each.strategy)
        )

    def queued(self, account: AccountId, symbol: Symbol, side: Side, strategy: str, now_ns: int) -> int:
        """Return what buys and sells of so many shares, that wait for their turn or are due, will buy or sell."""
        return sum(
            each.quantity
            for each in self.queue
            if (each.place.account, each.symbol, each.side) == (account, symbol, side)
            and strategy in ("", each.place.strategy)
            and (each.paced or each.place.at_ns <= now_ns)
            and each.of_shares
        )

    def free(self, account: AccountId, symbol: Symbol) -> int:
        """Return what may be sold now."""
        offered = sum(
            each.left for each in self.orders if (each.account, each.symbol, each.side) == (account, symbol, Side.SELL)
        )
        return max(0, self.held(account, symbol).sellable - offered)

    def last_price(self, symbol: Symbol) -> int:
        """Return the price that was seen last, in a quote, a fill or a mark; 0: none."""
        return next((price for known, price in reversed(self.prices) if known == symbol), 0)

    def total_assets(self, account: AccountId) -> int:
        total = self.cash(account)
        for symbol, held in self.positions(account).items():
            price = self.last_price(symbol)
            total += price * held.quantity if price else held.cost
        return total

    def owned(self, strategy: str, account: AccountId, symbol: Symbol) -> int:
        """Return what ``strategy`` holds by its own fills; what it sold besides was never its own."""
        total = 0
        for each in self.own:
            if (each.strategy, each.account, each.symbol) == (strategy, account, symbol):
                total = max(0, total + each.signed)
        return total
