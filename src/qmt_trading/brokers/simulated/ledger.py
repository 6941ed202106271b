"""The exchange's truth in memory: accounts, orders and fills, moved by records and by nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import assert_never

from qmt_trading.brokers.simulated.records import (
    AccountOpening,
    Carried,
    Connected,
    DayRolled,
    Ended,
    Given,
    Opened,
    Origin,
    Placed,
    Record,
    Traded,
    TurnedAway,
)
from qmt_trading.market import repo
from qmt_trading.market.corporate_actions import adjusted_cost, adjusted_quantity, cash_of
from qmt_trading.market.fees import fee
from qmt_trading.market.rulebook import STANDARD, RuleBook
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.events import FillRow, OrderRow
from qmt_trading.model.instrument import Symbol, TradingRule
from qmt_trading.model.listing import Charges
from qmt_trading.model.numbers import Money, Price, Quantity, notional
from qmt_trading.model.order import Position
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import InstrumentKind, OrderStatus, Side


class Holding:
    """What an account holds of one symbol; ``frozen`` is offered by working sells, ``overnight`` began the day."""

    __slots__ = ("cost", "frozen", "overnight", "quantity", "sellable")

    def __init__(self, quantity: int = 0, cost: int = 0) -> None:
        self.quantity = quantity
        self.sellable = quantity
        self.frozen = 0
        self.overnight = 0
        self.cost = cost


class VenueOrder:
    """One order at the exchange."""

    __slots__ = (
        "broker_order_id",
        "charges",
        "client_order_id",
        "fee",
        "fill_count",
        "filled",
        "frozen",
        "looks",
        "owner",
        "placed_ns",
        "price",
        "quantity",
        "resting",
        "rule",
        "serial",
        "side",
        "status",
        "symbol",
        "text",
        "value",
        "venue_order_id",
    )

    def __init__(
        self, placed: Placed, owner: VenueAccount, rule: TradingRule | None, charges: Charges, contract: int
    ) -> None:
        self.serial = placed.serial
        self.client_order_id = placed.client_order_id
        self.owner = owner
        self.symbol = placed.symbol
        self.side = placed.side
        self.quantity = placed.quantity
        self.price = placed.price
        self.placed_ns = placed.placed_ns
        self.rule = rule
        self.charges = charges
        self.status = OrderStatus.REJECTED if placed.text else OrderStatus.NEW
        self.text = placed.text
        self.broker_order_id = "" if placed.origin is Origin.PHONE else str(1_000_000 + placed.serial)
        self.venue_order_id = "" if placed.text else f"A{contract:09d}"
        self.filled = 0
        self.value = 0
        self.fee = 0
        self.frozen = 0
        self.fill_count = 0
        self.looks = 0
        self.resting = False

    @property
    def leaves(self) -> Quantity:
        return Quantity(self.quantity - self.filled)

    @property
    def lends(self) -> bool:
        """Tell whether it is a reverse repo: sold without being held, for cash that is away for a while."""
        return self.rule is not None and self.rule.kind is InstrumentKind.REPO

    def row(self, status: OrderStatus | None = None) -> OrderRow:
        """Return the order as the counter tells it, in ``status`` when that is not the present one."""
        return OrderRow(
            self.client_order_id,
            self.broker_order_id,
            self.venue_order_id,
            self.symbol,
            self.side,
            self.quantity,
            self.price,
            Quantity(self.filled),
            status or self.status,
            self.text,
            self.placed_ns,
        )

    def fee_at(self, value: int, quantity: int) -> int:
        """Return the fees of the whole order once so much of it has traded: the minimum counts once per order."""
        if self.lends:
            return repo.commission(self.symbol, Quantity(quantity))
        return fee(self.charges, self.side, Money(value), Quantity(quantity), self.owner.fees)


class VenueAccount:
    """One account at the exchange. ``cash`` holds what working buys have frozen; ``frozen`` is their sum."""

    __slots__ = ("cash", "fees", "fills", "frozen", "holdings", "lent", "number", "orders", "session")

    def __init__(self, number: AccountId, cash: int, fees: FeeSchedule) -> None:
        self.number = number
        self.cash = cash
        self.frozen = 0
        self.fees = fees
        self.holdings: dict[Symbol, Holding] = {}
        self.lent: list[tuple[dt.date, Money]] = []
        self.orders: list[VenueOrder] = []
        self.fills: list[FillRow] = []
        self.session = 0

    def sellable(self, symbol: Symbol) -> int:
        holding = self.holdings.get(symbol)
        return 0 if holding is None else holding.sellable - holding.frozen

    def positions(self) -> tuple[Position, ...]:
        return tuple(
            Position(
                account=self.number,
                symbol=symbol,
                quantity=Quantity(held.quantity),
                sellable_quantity=Quantity(held.sellable),
                cost=Money(held.cost),
            )
            for symbol, held in self.holdings.items()
        )


class Ledger:
    """Applies records. The same records give the same truth, at work and after a restart."""

    def __init__(self, rules: RuleBook = STANDARD) -> None:
        self.rules = rules
        self.day: dt.date | None = None
        self.day_before: dt.date | None = None
        self.given: set[tuple[dt.date, Symbol]] = set()
        """By ex-day and symbol, the actions that this day's holdings are after."""
        self.fees: dict[AccountId, FeeSchedule] = {}
        """Known before the book is read: what orders freeze depends on it."""
        self.accounts: dict[AccountId, VenueAccount] = {}
        self.working: dict[Symbol, dict[int, VenueOrder]] = {}
        self.by_broker: dict[tuple[AccountId, str], VenueOrder] = {}
        self.by_venue: dict[tuple[AccountId, Symbol, str], VenueOrder] = {}
        self.contracts: dict[str, int] = {}
        """Orders by market: each exchange numbers by itself, so two of them give the same number."""
        self.by_serial: dict[int, VenueOrder] = {}
        self.serial = 0
        self.fill_serial = 0
        self.session = 0
        self.arrivals: dict[str, int] = {}
        self.executed: dict[str, int] = {}
        self.duplicates = 0

    def apply(self, record: Record) -> None:
        match record:
            case Placed():
                self._placed(record)
            case Traded():
                self._traded(record)
            case Ended():
                order = self.by_serial[record.serial]
                order.status = record.status
                self._release(order)
            case TurnedAway():
                self._arrived(record.client_order_id)
            case Connected():
                self.session = max(self.session, record.session)
                self.accounts[record.account].session = record.session
            case Opened():
                account = VenueAccount(record.account, record.cash, self.fees.get(record.account, FeeSchedule()))
                account.holdings = {
                    symbol: Holding(quantity, cost) for symbol, quantity, cost in record.holdings if quantity
                }
                account.lent = list(record.lent)
                self.accounts[record.account] = account
            case DayRolled():
                self._rolled(record)
            case Given():
                self._given(record.action)
            case Carried():
                self.serial, self.fill_serial = record.serial, record.fill_serial
                self.session, self.duplicates = record.session, record.duplicates
                self.contracts = dict(record.contracts)
            case _:
                assert_never(record)

    def opened(self, opening: AccountOpening, prices: dict[Symbol, Price]) -> Opened:
        """Return the record that makes the account of ``opening``, its holdings bought at ``prices``."""
        holdings = tuple(
            (symbol, quantity, notional(prices.get(symbol, Price(0)), quantity))
            for symbol, quantity in opening.holdings
        )
        return Opened(opening.account, opening.cash, holdings)

    def summary(self) -> Iterator[Record]:
        """Yield the records that stand for everything a new day needs of the days before."""
        assert self.day is not None
        yield Carried(
            self.serial, self.fill_serial, self.session, self.duplicates, tuple(sorted(self.contracts.items()))
        )
        for account in self.accounts.values():
            held = tuple(
                (symbol, Quantity(each.quantity), Money(each.cost)) for symbol, each in account.holdings.items()
            )
            yield Opened(account.number, Money(account.cash), held, tuple(account.lent))
            yield Connected(account.number, account.session)
        yield DayRolled(self.day, self.day_before, tuple(sorted(self.given)))

    def _arrived(self, client_order_id: str) -> None:
        seen = self.arrivals.get(client_order_id, 0) + 1
        self.arrivals[client_order_id] = seen
        if seen > 1:
            self.duplicates += 1

    def _placed(self, record: Placed) -> None:
        account = self.accounts[record.account]
        assert self.day is not None
        rule, charges = self.rules.rule(record.symbol, self.day), self.rules.fees(record.symbol, self.day)
        market = record.symbol[-2:]
        self.contracts[market] = self.contracts.get(market, 0) + 1
        order = VenueOrder(record, account, rule, charges, self.contracts[market])
        self.serial = record.serial
        account.orders.append(order)
        self.by_serial[record.serial] = order
        if order.broker_order_id:
            self.by_broker[record.account, order.broker_order_id] = order
        if record.origin is Origin.ENGINE:
            self._arrived(record.client_order_id)
            self.executed[record.client_order_id] = self.executed.get(record.client_order_id, 0) + 1
        if record.text:
            return
        self.by_venue[record.account, order.symbol, order.venue_order_id] = order
        self.working.setdefault(record.symbol, {})[record.serial] = order
        if order.lends:
            order.frozen = repo.lent(record.quantity) + order.fee_at(0, record.quantity)
            account.frozen += order.frozen
        elif record.side is Side.BUY:
            worth = notional(record.price, record.quantity)
            order.frozen = worth + order.fee_at(worth, record.quantity)
            account.frozen += order.frozen
        else:
            account.holdings[record.symbol].frozen += record.quantity

    def _traded(self, record: Traded) -> None:
        order = self.by_serial[record.serial]
        account = order.owner
        worth = notional(record.price, record.quantity)
        self.fill_serial = record.fill_serial
        order.filled += record.quantity
        order.value += worth
        order.fee += record.fee
        order.fill_count += 1
        order.status = OrderStatus.FILLED if order.filled == order.quantity else OrderStatus.PARTIALLY_FILLED
        if order.lends:
            self._lend(order, record)
        elif order.side is Side.BUY:
            holding = account.holdings.setdefault(order.symbol, Holding())
            account.cash -= worth + record.fee
            if order.status is OrderStatus.PARTIALLY_FILLED:
                self._refreeze(order)  # A filled one is released as a whole.
            holding.quantity += record.quantity
            holding.cost += worth + record.fee
            if order.rule is not None and order.rule.same_day_sell:
                holding.sellable += record.quantity
        else:
            holding = account.holdings[order.symbol]
            account.cash += worth - record.fee
            holding.cost -= holding.cost * record.quantity // holding.quantity
            holding.quantity -= record.quantity
            holding.sellable -= record.quantity
            holding.frozen -= record.quantity
        assert self.day is not None
        account.fills.append(
            FillRow(
                f"F{record.fill_serial:09d}",
                order.client_order_id,
                order.broker_order_id,
                order.venue_order_id,
                order.symbol,
                order.side,
                record.price,
                record.quantity,
                self.day,
                record.traded_ns,
                record.fee,
            )
        )
        if order.status is OrderStatus.FILLED:
            self._release(order)

    def _lend(self, order: VenueOrder, record: Traded) -> None:
        account, quantity = order.owner, record.quantity
        account.cash -= repo.lent(quantity) + record.fee
        left = order.leaves
        frozen = repo.lent(left) + order.fee_at(0, order.quantity) - order.fee if left else 0
        account.frozen += frozen - order.frozen
        order.frozen = frozen
        assert self.day is not None
        back = repo.lent(quantity) + repo.interest(order.symbol, record.price, quantity)
        account.lent.append((self.day + dt.timedelta(days=repo.term_days(order.symbol)), Money(back)))

    def _refreeze(self, order: VenueOrder) -> None:
        """Keep frozen what the rest costs at the limit price, fees of the whole order less those paid included."""
        rest = notional(order.price, order.leaves)
        frozen = rest + order.fee_at(order.value + rest, order.quantity) - order.fee
        order.owner.frozen += frozen - order.frozen
        order.frozen = frozen

    def _release(self, order: VenueOrder) -> None:
        """Take a finished order out of the working ones and free what it froze."""
        same = self.working[order.symbol]
        del same[order.serial]
        if not same:
            del self.working[order.symbol]
        if order.side is Side.BUY or order.lends:
            order.owner.frozen -= order.frozen
            order.frozen = 0
        else:
            order.owner.holdings[order.symbol].frozen -= order.leaves

    def _given(self, action: CorporateAction) -> None:
        """Change what began the day; what was traded since was traded after the action."""
        self.given.add((action.ex_day, action.symbol))
        for account in self.accounts.values():
            holding = account.holdings.get(action.symbol)
            if holding is not None:
                held = Quantity(holding.overnight)
                account.cash += cash_of(held, action)  # A real one comes on the pay day.
                holding.cost = adjusted_cost(Money(holding.cost), held, action)
                holding.overnight = adjusted_quantity(held, action)
                more = holding.overnight - held
                # A merger that became known late leaves what is sold already, or offered, as it is.
                holding.quantity = max(holding.quantity + more, holding.frozen)
                holding.sellable = max(holding.sellable + more, holding.frozen)

    def _rolled(self, record: DayRolled) -> None:
        self.day, self.day_before, self.given = record.day, record.before, set(record.given)
        for account in self.accounts.values():
            account.orders, account.fills = [], []
            account.frozen = 0
            account.cash += sum(money for due, money in account.lent if due <= record.day)
            account.lent = [(due, money) for due, money in account.lent if due > record.day]
            account.holdings = {symbol: each for symbol, each in account.holdings.items() if each.quantity}
            for holding in account.holdings.values():
                holding.sellable, holding.frozen, holding.overnight = holding.quantity, 0, holding.quantity
        self.working, self.by_serial = {}, {}
        self.by_broker, self.by_venue = {}, {}
        self.arrivals, self.executed = {}, {}
