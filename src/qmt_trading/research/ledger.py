"""The books of a backtest's account: what fills, fees and corporate actions do to cash and positions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

from qmt_trading.engine.positions import bought, sold
from qmt_trading.market.corporate_actions import Fractions, adjust, cash_of
from qmt_trading.market.fees import parts
from qmt_trading.market.instruments import kind_of
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import UNIT, Money, Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.settings import FeeRounding, FeeSchedule
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import InstrumentKind
from qmt_trading.research.costs import FINE
from qmt_trading.research.dividends import DividendTax, TaxedLots
from qmt_trading.research.placed import Paid, PlacedOrder
from qmt_trading.research.terms import Bounds, DeskError, Terms

if TYPE_CHECKING:
    from qmt_trading.engine.state import Account

_row: Final = Struct("12q").pack
ACCOUNT: Final = AccountId("backtest")


class Purse:
    """Of the engine's account, what books move: all that a run without the whole gate asks for."""

    __slots__ = ("cash", "positions", "reserved")

    def __init__(self) -> None:
        self.cash = Money(0)
        """Available plus frozen."""
        self.reserved = Money(0)
        self.positions: dict[Symbol, Position] = {}


class Ledger:
    """One account, and what has moved it."""

    def __init__(
        self,
        symbols: Sequence[str],
        account: Purse | Account,
        fees: FeeSchedule,
        cash: int,
        actions: Sequence[CorporateAction],
        fractions: Fractions,
        holdings: Mapping[str, int],
        dividend_tax: DividendTax,
    ) -> None:
        self.symbols = tuple(map(Symbol, symbols))
        self.account = account
        account.cash = Money(cash)
        self.quantities = [0] * len(symbols)
        """What is held, by place: the positions' own figures, found faster."""
        self.holding: set[int] = set()
        """The places of which something is held."""
        self.rows = bytearray()
        """The fills, one after the other, eight bytes a figure: as in ``result.Fills``, in its order of columns."""
        self.entries: list[tuple[int, int, int, int, int]] = []
        """What no fill has moved: day, place, shares, cash, and what the shares are worth that it began with."""
        self.receivable = 0
        """Dividends whose ex-day has come and whose pay day has not: no cash yet, and no loss either."""
        self.receivables: list[tuple[int, int]] = []
        """By how much that changed, and on which day."""
        self.dividend_tax = 0
        """What has been taken so far."""
        self.day = -1
        """Index of the day at hand."""
        self._actions = sorted((each for each in actions if each.symbol in self.symbols), key=lambda each: each.ex_day)
        self._given = 0
        """Actions that were applied or lie before the beginning."""
        self._date = dt.date.min
        self._unpaid: list[tuple[dt.date, int]] = []
        self._taxed: dict[int, TaxedLots] = {}
        """By place, where there is something to tax: shares of a stock that has an action."""
        if dividend_tax is DividendTax.PERSONAL:
            moved = {each.symbol for each in self._actions}
            for place, symbol in enumerate(self.symbols):
                if symbol in moved and kind_of(symbol) is InstrumentKind.STOCK:
                    self._taxed[place] = TaxedLots()
        self._fractions = fractions
        self._held_before = dict(holdings)
        self._is_fine = fees.fee_rounding is FeeRounding.NONE
        self._scale = FINE if self._is_fine else 1
        self._par = UNIT * self._scale
        self._carry = 0
        """What fees that are not rounded have come to beyond what was booked, below one ten-thousandth."""
        self._bought_today: set[int] = set()

    def open_books(self, day: int, date: dt.date, bounds: Bounds) -> None:
        """Begin a day: what was bought on the day before may be sold, and ex-days that have come count."""
        is_first = self.day < 0
        self.day, self._date = day, date
        if self._bought_today:
            for place in self._bought_today:
                symbol = self.symbols[place]
                held = self.account.positions[symbol]
                self.account.positions[symbol] = _with_sellable(held, held.quantity)
            self._bought_today.clear()
        if is_first and self._held_before:
            self._take_in(bounds)
        if self._given < len(self._actions):
            self._give(date, is_first=is_first)
        if self._unpaid:
            self._pay(date)

    def _take_in(self, bounds: Bounds) -> None:
        """Hold what the account begins with, at the close before."""
        for symbol, quantity in self._held_before.items():
            if symbol not in self.symbols:
                raise DeskError(f"期初持有 {symbol}，行情里没有它 / {symbol} is held at the beginning, without history")
            place = self.symbols.index(symbol)
            cost = quantity * bounds(place, self.day)[0]
            self.account.positions[Symbol(symbol)] = Position(
                account=ACCOUNT,
                symbol=Symbol(symbol),
                quantity=Quantity(quantity),
                sellable_quantity=Quantity(quantity),
                cost=Money(cost),
            )
            self.quantities[place] = quantity
            self.holding.add(place)
            self.entries.append((self.day, place, quantity, 0, cost))
            if place in self._taxed:
                self._taxed[place].buy(self._date, quantity)

    def _give(self, date: dt.date, *, is_first: bool) -> None:
        """Let each ex-day that has come change what is held; what is held at the beginning is that day's already."""
        while self._given < len(self._actions) and self._actions[self._given].ex_day <= date:
            action = self._actions[self._given]
            self._given += 1
            held = self.account.positions.get(action.symbol)
            if held is None or not held.quantity or is_first:
                continue
            place = self.symbols.index(action.symbol)
            after = self.account.positions[action.symbol] = adjust(held, action, self._fractions)
            cash = cash_of(held.quantity, action)
            if place in self._taxed:
                tax = self._taxed[place].give(action, after.quantity)
                self.dividend_tax += tax
                cash = Money(cash - tax)
            self._owe(cash, action.pay_day or date)
            self.quantities[place] = after.quantity
            if not after.quantity:
                self.holding.discard(place)
            self.entries.append((self.day, place, after.quantity - held.quantity, cash, 0))
            self.went_ex(place, action)

    def went_ex(self, place: int, action: CorporateAction) -> None:
        """Take note of an action that has changed what is held."""

    def _owe(self, cash: int, pay_day: dt.date) -> None:
        if cash:
            self.receivable += cash
            self.receivables.append((self.day, cash))
            self._unpaid.append((pay_day, cash))

    def _pay(self, date: dt.date) -> None:
        """Let the cash of each dividend whose pay day has come be there."""
        for pay_day, cash in [each for each in self._unpaid if each[0] <= date]:
            self._unpaid.remove((pay_day, cash))
            self.receivable -= cash
            self.receivables.append((self.day, -cash))
            self.account.cash = Money(self.account.cash + cash)

    def costs(self, order: PlacedOrder, terms: Terms, price: int, quantity: int) -> tuple[int, int, Paid]:
        """Return the value of a fill, its fees rounded up to the ten-thousandth, and all fees of the order after it."""
        value, scale, era, before = price * quantity, self._scale, terms.era, order.paid
        paid = parts(
            (order.value + value) * scale,
            (order.filled + quantity) * self._par,
            *(era.buy_rates if order.side > 0 else era.sell_rates),
        )
        more = paid[0] + paid[1] + paid[2] - before[0] - before[1] - before[2]
        return value, -(-more // scale), paid

    def book(
        self,
        order: PlacedOrder,
        terms: Terms,
        at_ns: int,
        price: int,
        quantity: int,
        costs: tuple[int, int, Paid],
    ) -> None:
        """Move cash, position and order by one fill, and write it down."""
        value, fee, paid = costs
        before = order.paid
        commission, duty, transfer = paid[0] - before[0], paid[1] - before[1], paid[2] - before[2]
        if self._is_fine:
            carry = self._carry + commission + duty + transfer
            fee = carry // FINE
            self._carry = carry - fee * FINE
            commission, duty, transfer = commission // FINE, duty // FINE, transfer // FINE
        place, side, symbol = order.place, order.side, order.symbol
        account: Any = self.account  # Any: to call the unit of each sum by its name takes longer than the sum.
        positions = account.positions
        held = positions.get(symbol)
        if held is None:
            held = Position(account=ACCOUNT, symbol=symbol, quantity=Quantity(0), sellable_quantity=Quantity(0))
        profit = 0
        if side > 0:
            moved: Any = value + fee
            account.cash -= moved
            same_day = terms.era.rule.same_day_sell
            after = bought(held, quantity, moved, same_day=same_day)
            self.holding.add(place)
            if not same_day:
                self._bought_today.add(place)
        else:
            moved = value - fee
            account.cash += moved
            after = sold(held, quantity, moved)
            profit = after.realised - held.realised
            if not after.quantity:
                self.holding.discard(place)
        positions[symbol] = after
        self.quantities[place] = after.quantity
        if place in self._taxed:
            self._tax(place, side, quantity)
        order.filled += quantity
        order.value += value
        if order.filled < order.quantity:
            order.paid = paid
        number, day = order.number, self.day
        self.rows += _row(at_ns, place, side, quantity, price, fee, commission, duty, transfer, number, profit, day)

    def _tax(self, place: int, side: int, quantity: int) -> None:
        """Take what a sale makes due on dividends that were paid before."""
        if side > 0:
            self._taxed[place].buy(self._date, quantity)
            return
        tax = self._taxed[place].sell(self._date, quantity)
        if tax:
            self.dividend_tax += tax
            self.account.cash = Money(self.account.cash - tax)
            self.entries.append((self.day, place, 0, -tax, 0))

    def freeze(self, place: int, change: int) -> None:
        """Freeze more shares of a symbol, or fewer."""
        symbol = self.symbols[place]
        held = self.account.positions[symbol]
        self.account.positions[symbol] = Position(
            account=held.account,
            symbol=symbol,
            quantity=held.quantity,
            sellable_quantity=held.sellable_quantity,
            frozen_quantity=Quantity(held.frozen_quantity + change),
            cost=held.cost,
            realised=held.realised,
        )


def _with_sellable(held: Position, quantity: int) -> Position:
    return Position(
        account=held.account,
        symbol=held.symbol,
        quantity=held.quantity,
        sellable_quantity=Quantity(quantity),
        frozen_quantity=held.frozen_quantity,
        cost=held.cost,
        realised=held.realised,
    )
