"""The counter and the exchange of a backtest: judges by the engine's rules, fills by bars, keeps the books."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from qmt_trading.engine.bookkeeping import bought, sold
from qmt_trading.engine.gauges import Judged
from qmt_trading.engine.risk.candidate import Candidate, Market
from qmt_trading.engine.risk.gate import judge_cover, judge_legality
from qmt_trading.engine.splitting import split
from qmt_trading.engine.state import Account
from qmt_trading.engine.transitions import moved
from qmt_trading.market.corporate_actions import Fractions, adjust, cash_of
from qmt_trading.market.execution import available, bar_price, reachable, slipped
from qmt_trading.market.fees import Rates, parts
from qmt_trading.market.limits import price_limits
from qmt_trading.market.rulebook import RuleBook
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.errors import QmtError
from qmt_trading.model.instrument import Quote, Symbol, TradingRule
from qmt_trading.model.limits import Limits
from qmt_trading.model.listing import Listing
from qmt_trading.model.numbers import MILLION, UNIT, Money, Price, Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.settings import AccountSettings, FeeRounding, FeeSchedule
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import InstrumentKind, OrderStatus, Side
from qmt_trading.research.costs import FINE, FillModel, rates
from qmt_trading.research.gated import Gated

ACCOUNT: Final = AccountId("backtest")
NO_LIMITS: Final = Judged((), Money(0))
"""The trader's own limits, which a backtest leaves off unless it is asked for the whole gate."""
_NO_BOUND: Final = 1 << 62
_PRICED_OUT: Final = frozenset(
    {Reason.PRICE_ABOVE_LIMIT, Reason.PRICE_BELOW_LIMIT, Reason.TICK_INVALID, Reason.PRICE_CAGE}
)


class DeskError(QmtError):
    """A run cannot be made of what was given; the text says why."""


class PlacedOrder:
    """An order of the strategy, from its decision to its end."""

    __slots__ = (
        "closing",
        "denied",
        "ended_ns",
        "filled",
        "limit",
        "made_ns",
        "number",
        "paid",
        "place",
        "quantity",
        "reason",
        "reserved",
        "sent",
        "side",
        "status",
        "symbol",
        "value",
    )

    def __init__(
        self, number: int, place: int, symbol: Symbol, side: int, quantity: int, limit: int, made_ns: int, closing: bool
    ) -> None:
        self.number = number
        self.place = place
        self.symbol = symbol
        self.side = side
        """+1 buy, -1 sell."""
        self.quantity = quantity
        self.limit = limit
        """0: at the market."""
        self.made_ns = made_ns
        self.closing = closing
        """For the closing auction."""
        self.ended_ns = 0
        self.status = OrderStatus.PENDING_NEW
        """As in the engine."""
        self.denied = False
        """Our own gate refused it: it never became an order, and its status is none."""
        self.sent = False
        """It was judged, and stands at the exchange."""
        self.filled = 0
        self.value = 0
        """Of what has filled."""
        self.paid = (0, 0, 0)
        """Commission, stamp duty and transfer fee so far, in the unit that fees are counted in."""
        self.reserved = 0
        """Cash that it freezes while it rests."""
        self.reason = ""
        """Why it was refused, or is short."""

    @property
    def leaves(self) -> int:
        return self.quantity - self.filled


class Day:
    """What one symbol's orders meet on one day."""

    __slots__ = ("buy_rates", "down", "lot", "market", "rule", "sell_rates", "tick", "up")

    def __init__(self, rule: TradingRule, market: Market, buy_rates: Rates, sell_rates: Rates, tick: int) -> None:
        self.rule = rule
        self.market = market
        self.buy_rates = buy_rates
        self.sell_rates = sell_rates
        self.up: int = market.quote.limit_up
        self.down: int = market.quote.limit_down
        self.lot = int(rule.lot)
        self.tick = tick


FillRow = tuple[int, int, int, int, int, int, int, int, int, int, int, int]
"""As in ``result.Fills``, in its order of columns."""


class Desk:
    """One account over one run. The loops tell it of days and bars; the strategy's orders come through ``submit``."""

    def __init__(
        self,
        symbols: Sequence[str],
        *,
        cash: int,
        fees: FeeSchedule,
        fills: FillModel,
        rules: RuleBook,
        listings: Mapping[str, Listing] | None = None,
        actions: Sequence[CorporateAction] = (),
        fractions: Fractions = Fractions.DROPPED,
        holdings: Mapping[str, int] | None = None,
        limits: Limits | None = None,
        is_adjusted: bool = False,
    ) -> None:
        """Open the account.

        Args:
            actions: known corporate actions; those of other symbols are passed over.
            holdings: shares that the account begins with.
            limits: None: the trader's own limits and all that is no law of the exchange are off.
        """
        self.symbols = tuple(map(Symbol, symbols))
        self.model = fills
        own = AccountSettings(account=ACCOUNT, fees=fees, limits=limits or Limits())
        self.account = Account(own)
        self.account.cash = Money(cash)
        self._gated = None if limits is None else Gated(self.account)
        self._actions = sorted((each for each in actions if each.symbol in self.symbols), key=lambda each: each.ex_day)
        self._given = 0
        """Actions that were applied or lie before the beginning."""
        self._fractions = fractions
        self._held_before = dict(holdings or {})
        self.quantities = [0] * len(symbols)
        """What is held, by place: the positions' own figures, found faster."""
        self.open: list[list[PlacedOrder]] = [[] for _ in symbols]
        """Orders that have not ended, by place."""
        self.orders: list[PlacedOrder] = []
        self.rows: list[FillRow] = []
        self.blocked: dict[str, int] = {}
        self.entries: list[tuple[int, int, int, int]] = []
        """What no fill has moved: day, place, shares, cash."""
        self.on_fill: Callable[[Any], None] | None = None
        self.on_order: Callable[[Any], None] | None = None
        self.now: Callable[[], int] = lambda: 0
        """The instant of the bar at hand."""
        self.last_prices: Callable[[], npt.NDArray[np.int64]] = lambda: np.zeros(len(symbols), np.int64)
        """The last known price of each symbol."""
        self.day = 0
        """Index of the day at hand."""
        self.date = dt.date.min
        self.bounds: Callable[[int, int], tuple[int, int, int]] = lambda _place, _day: (0, -1, -1)
        """Reference price and limits of a place on a day; a limit of -1: by the rule book."""
        self._fees = fees
        self._is_fine = fees.fee_rounding is FeeRounding.NONE
        self._carry = 0
        """What fees that are not rounded have come to beyond what was booked, below one ten-thousandth."""
        self._rules = rules
        self._listings = dict(listings or {})
        self._is_adjusted = is_adjusted
        self._era = -1
        self._by_era: list[tuple[int, TradingRule, Rates, Rates] | None] = [None] * len(symbols)
        self._days: list[Day | None] = [None] * len(symbols)
        self._days_of: list[int] = [-1] * len(symbols)
        self.overnight = False
        """What is ordered leaves on the next day, when all that is held may be sold."""
        self._bought_today: set[int] = set()
        self._waiting: set[int] = set()
        """Places with orders that stand at the exchange."""

    # What a strategy asks.

    def submit(self, place: int, side: int, quantity: int, limit: int = 0, *, closing: bool = False) -> PlacedOrder:
        """Make an order; it meets the next bar of its symbol."""
        if quantity <= 0 or limit < 0:
            raise DeskError(f"{self.symbols[place]}: an order of {quantity} shares at {limit} is none")
        orders = self.orders
        order = PlacedOrder(len(orders), place, self.symbols[place], side, quantity, limit, self.now(), closing)
        orders.append(order)
        self.open[place].append(order)
        return order

    def cancel(self, order: PlacedOrder) -> None:
        """End what is left of ``order``, unless it has ended."""
        standing = self.open[order.place]
        if order in standing:
            standing.remove(order)
            self._release(order)
            self._end(order, OrderStatus.CANCELED, self.now(), "CANCELED")

    def target(self, place: int, quantity: int) -> PlacedOrder | None:
        """Make the order that leads from what is held and worked for to ``quantity``; None: there is nothing to do."""
        coming = sum(each.side * each.leaves for each in self.open[place])
        rule = self._rule(place)[0]
        held, free = self.quantities[place] + coming, self.sellable(place)
        step = reachable(quantity, held, free, rule.buy_minimum, rule.buy_step, rule.sell_step)
        return self.submit(place, 1 if step > 0 else -1, abs(step)) if step else None

    def targets(self, quantities: npt.NDArray[np.int64]) -> None:
        """Make the orders that lead to ``quantities``, one for each symbol, sells first."""
        held = np.asarray(self.quantities)
        moving = np.nonzero(quantities - held)[0].tolist()
        wanted = quantities.tolist()
        for place in moving:
            if wanted[place] < self.quantities[place]:
                self.target(place, wanted[place])
        for place in moving:
            if wanted[place] > self.quantities[place]:
                self.target(place, wanted[place])

    def held(self, place: int) -> int:
        return self.quantities[place]

    def sellable(self, place: int) -> int:
        """Return what may be sold today and is not offered yet."""
        position = self.account.positions.get(self.symbols[place])
        if position is None:
            return 0
        free = position.quantity if self.overnight else position.sellable_quantity - position.frozen_quantity
        for order in self.open[place]:
            if order.side < 0 and not order.sent:
                free -= order.quantity
        return max(0, free)

    def free_cash(self) -> int:
        return max(0, self.account.cash - self.account.reserved)

    def equity(self) -> int:
        prices: list[int] = self.last_prices().tolist()
        return self.account.cash + sum(
            quantity * price for quantity, price in zip(self.quantities, prices, strict=True) if quantity
        )

    # Days.

    def open_day(self, day: int, date: dt.date) -> None:
        """Begin a day: what was bought on the day before may be sold."""
        is_first = self.date == dt.date.min
        self.day, self.date = day, date
        if self._bought_today:
            for place in self._bought_today:
                symbol = self.symbols[place]
                held = self.account.positions[symbol]
                self.account.positions[symbol] = _with_sellable(held, held.quantity)
            self._bought_today.clear()
        self._era = self._rules.era(date)
        if is_first and self._held_before:
            self._take_in()
        if self._given < len(self._actions):
            self._give(date, is_first=is_first)
        if self._gated is not None:
            self._gated.open_day(date)

    def _take_in(self) -> None:
        """Hold what the account begins with, at the close before."""
        for symbol, quantity in self._held_before.items():
            if symbol not in self.symbols:
                raise DeskError(f"{symbol} is held at the beginning, and is not among the symbols of this run")
            place = self.symbols.index(symbol)
            cost = quantity * self.bounds(place, self.day)[0]
            self.account.positions[Symbol(symbol)] = Position(
                account=ACCOUNT,
                symbol=Symbol(symbol),
                quantity=Quantity(quantity),
                sellable_quantity=Quantity(quantity),
                cost=Money(cost),
            )
            self.quantities[place] = quantity
            self.entries.append((self.day, place, quantity, 0))

    def _give(self, date: dt.date, *, is_first: bool) -> None:
        """Let each ex-day that has come change what is held; the cash of a dividend is there at once, before tax."""
        while self._given < len(self._actions) and self._actions[self._given].ex_day <= date:
            action = self._actions[self._given]
            self._given += 1
            held = self.account.positions.get(action.symbol)
            if held is None or not held.quantity or (is_first and action.ex_day < date):
                continue
            place = self.symbols.index(action.symbol)
            after = self.account.positions[action.symbol] = adjust(held, action, self._fractions)
            cash = cash_of(held.quantity, action)
            self.account.cash = Money(self.account.cash + cash)
            self.quantities[place] = after.quantity
            self.entries.append((self.day, place, after.quantity - held.quantity, cash))

    def close_day(self, at_ns: int) -> None:
        """End a day: what stands at the exchange expires."""
        if not self._waiting:
            return
        for place in sorted(self._waiting):
            standing = self.open[place]
            for order in [each for each in standing if each.sent]:
                standing.remove(order)
                self._release(order)
                self._end(order, OrderStatus.EXPIRED, at_ns, order.reason)
        self._waiting.clear()

    # Bars.

    def meet(
        self, place: int, at_ns: int, at: int, high: int, low: int, traded: int, *, closing: int = 0, spread: int = 0
    ) -> None:
        """Let the orders of one symbol that were made before ``at_ns`` meet one bar, in the order they were made.

        Args:
            at: what an order gets where nothing is in its way.
            traded: shares, of which the volume cap leaves a part.
            closing: the price of the closing auction, on the day's last bar; 0: this is not it.
            spread: between the best bid and ask; 0: not known, one tick.
        """
        standing = self.open[place]
        batch = standing[:]
        standing.clear()
        day = self._facts(place)
        share = self.model.volume_share_millionths
        left = traded * share // MILLION if share else _NO_BOUND
        for order in batch:
            if order.made_ns >= at_ns or (order.closing and not closing):
                standing.append(order)
                continue
            if order.closing:
                left -= self._try(order, day, at_ns, closing, closing, closing, left, spread)
            else:
                left -= self._try(order, day, at_ns, at, high, low, left, spread)
            if not order.ended_ns:
                standing.append(order)

    def refuse(self, place: int, at_ns: int, reason: str) -> None:
        """Refuse the orders of one symbol that cannot be traded now."""
        standing = self.open[place]
        batch = [each for each in standing if each.made_ns < at_ns]
        for order in batch:
            standing.remove(order)
            self._release(order)
            self._deny(order, at_ns, reason)

    def _try(
        self, order: PlacedOrder, day: Day, at_ns: int, at: int, high: int, low: int, left: int, spread: int
    ) -> int:
        """Judge and fill one order; return how much has filled."""
        buys, limit, model = order.side > 0, order.limit, self.model
        price = bar_price(buys, limit, at, high, low, day.up, day.down, model.touch)
        if price and (model.slippage_ticks or model.slippage_millionths or model.slippage_spread_millionths):
            extra = (spread or day.tick) * model.slippage_spread_millionths // MILLION
            price = slipped(
                buys,
                price,
                model.slippage_ticks,
                model.slippage_millionths,
                extra,
                day.tick,
                limit,
                day.up,
                day.down,
            )
        wanted = order.quantity - order.filled
        quantity = available(wanted, left, day.lot) if price else 0
        if order.reserved:
            self._release(order)
        costs = self._costs(order, day, price or limit or (day.up if buys else day.down) or at, quantity or wanted)
        denial = self._judged(order, day, at, quantity or wanted, costs)
        if denial is not None:
            self._deny(order, at_ns, denial)
            return 0
        if not order.sent:
            order.sent = True
            order.status = moved(order.status, OrderStatus.NEW)
        if quantity:
            self._fill(order, day, at_ns, price, quantity, costs)
        if order.filled < order.quantity:
            if quantity or price:
                self._block(order, "VOLUME_CAP")
            elif buys and day.up and low >= day.up:
                self._block(order, "LIMIT_UP_MISSED")
            elif not buys and day.down and high <= day.down:
                self._block(order, "LIMIT_DOWN_MISSED")
            else:
                self._block(order, "NOT_REACHED")
            self._rest(order, day, at)
        return quantity

    def _judged(
        self, order: PlacedOrder, day: Day, at: int, quantity: int, costs: tuple[int, int, tuple[int, int, int]]
    ) -> str | None:
        """Return why the engine's rules refuse ``order``, as a reason of a result, or None.

        Its legality is judged when it is sent, at its own price, or for want of one at the day's limit; what covers it
        is judged at each bar that it meets.
        """
        symbol = order.symbol
        buys = order.side > 0
        side = Side.BUY if buys else Side.SELL
        worth = costs[0]
        needed = worth + costs[1] if buys else 0
        account, rule = self.account, day.rule
        held = account.positions.get(symbol)
        denial: Denial | None = None
        price = order.limit or (day.up if buys else day.down) or max(at - at % day.tick, day.tick)
        candidate = Candidate(symbol, side, Quantity(quantity), Price(price), Money(worth), Money(needed))
        if not order.sent:
            if order.quantity == quantity <= rule.quantity_max:
                denial = judge_legality(rule, day.market, candidate, held)
            else:
                for part in split(Quantity(order.quantity), rule):
                    legal = Candidate(symbol, side, part, Price(price), Money(worth), Money(needed))
                    denial = denial or judge_legality(rule, day.market, legal, held)
        if self._gated is not None and not order.sent and denial is None:
            reference = day.market.reference
            denial = self._gated.denial(
                order.number, candidate, rule, day.market, order.made_ns, reference, at_limit=not order.limit
            )
        denial = denial or judge_cover(account, candidate, day.market, NO_LIMITS)
        if denial is None and self._gated is not None and not order.sent:
            self._gated.sent(order.number, symbol, side, order.quantity, price)
        return None if denial is None else self._reason(denial, held)

    def _reason(self, denial: Denial, held: Position | None) -> str:
        match denial.reason:
            case Reason.LOT_INVALID | Reason.SIZE_ZERO:
                return "LOT"
            case Reason.QUANTITY_EXCEEDED:
                return "QUANTITY"
            case Reason.CASH_EXCEEDED:
                return "CASH"
            case Reason.SELLABLE_EXCEEDED:
                return "T_PLUS_1" if held is not None and held.quantity > held.sellable_quantity else "NOT_HELD"
            case reason if reason in _PRICED_OUT:
                return "PRICE"
            case _:
                return "LIMITS"

    def _costs(self, order: PlacedOrder, day: Day, price: int, quantity: int) -> tuple[int, int, tuple[int, int, int]]:
        """Return the value of a fill, its fees rounded up to the ten-thousandth, and all fees of the order after it."""
        value = price * quantity
        scale = FINE if self._is_fine else 1
        paid = parts(
            (order.value + value) * scale,
            (order.filled + quantity) * UNIT * scale,
            *(day.buy_rates if order.side > 0 else day.sell_rates),
        )
        before = order.paid
        more = paid[0] + paid[1] + paid[2] - before[0] - before[1] - before[2]
        return value, -(-more // scale), paid

    def _fill(
        self,
        order: PlacedOrder,
        day: Day,
        at_ns: int,
        price: int,
        quantity: int,
        costs: tuple[int, int, tuple[int, int, int]],
    ) -> None:
        value, fee, paid = costs
        before = order.paid
        commission, duty, transfer = paid[0] - before[0], paid[1] - before[1], paid[2] - before[2]
        if self._is_fine:
            self._carry += commission + duty + transfer
            fee, self._carry = divmod(self._carry, FINE)
            commission, duty, transfer = commission // FINE, duty // FINE, transfer // FINE
        place, symbol, account = order.place, order.symbol, self.account
        held = account.positions.get(symbol)
        if held is None:
            held = Position(account=ACCOUNT, symbol=symbol, quantity=Quantity(0), sellable_quantity=Quantity(0))
        profit = 0
        if order.side > 0:
            account.cash = Money(account.cash - value - fee)
            after = bought(held, quantity, Money(value + fee), same_day=day.rule.same_day_sell)
            if not day.rule.same_day_sell:
                self._bought_today.add(place)
        else:
            account.cash = Money(account.cash + value - fee)
            after = sold(held, quantity, Money(value - fee))
            profit = after.realised - held.realised
        account.positions[symbol] = after
        self.quantities[place] = after.quantity
        order.filled += quantity
        order.value += value
        order.paid = paid
        row = (
            at_ns,
            place,
            order.side,
            quantity,
            price,
            fee,
            commission,
            duty,
            transfer,
            order.number,
            profit,
            self.day,
        )
        self.rows.append(row)
        told = OrderStatus.FILLED if order.filled == order.quantity else OrderStatus.PARTIALLY_FILLED
        order.status = moved(order.status, told)
        if told is OrderStatus.FILLED:
            order.ended_ns = at_ns
        if self._gated is not None:
            self._gated.moved(order.number, order.status, order.filled, order.value, at_ns)
        if self.on_fill is not None:
            self.on_fill(order)

    def _rest(self, order: PlacedOrder, day: Day, at: int) -> None:
        """Keep what is left of an order at the exchange, with the cash or the shares that it freezes."""
        account, left = self.account, order.quantity - order.filled
        self._waiting.add(order.place)
        if order.side > 0:
            value, fee, _ = self._costs(order, day, order.limit or day.up or at, left)
            order.reserved = min(value + fee, max(0, account.cash - account.reserved))
            account.reserved = Money(account.reserved + order.reserved)
        else:
            order.reserved = left
            self._freeze(order.place, left)

    def _release(self, order: PlacedOrder) -> None:
        if not order.reserved:
            return
        if order.side > 0:
            self.account.reserved = Money(self.account.reserved - order.reserved)
        else:
            self._freeze(order.place, -order.reserved)
        order.reserved = 0

    def _freeze(self, place: int, change: int) -> None:
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

    def _deny(self, order: PlacedOrder, at_ns: int, reason: str) -> None:
        """End an order that our own rules refuse: before it was sent, or what is left of it afterwards."""
        if order.sent:
            self._end(order, OrderStatus.CANCELED, at_ns, reason)
        else:
            order.denied = True
            self._end(order, OrderStatus.NOT_SENT, at_ns, reason)

    def _end(self, order: PlacedOrder, status: OrderStatus, at_ns: int, reason: str) -> None:
        # An order that never left has no row at a broker that could move it.
        order.status = moved(order.status, status) if order.sent else status
        order.ended_ns = at_ns or 1
        if reason:
            self._block(order, reason)
        if self._gated is not None and order.sent:
            self._gated.moved(order.number, order.status, order.filled, order.value, at_ns)
        if self.on_order is not None:
            self.on_order(order)

    def _block(self, order: PlacedOrder, reason: str) -> None:
        """Note what kept an order from filling, each reason once an order."""
        if order.reason != reason:
            order.reason = reason
            self.blocked[reason] = self.blocked.get(reason, 0) + 1

    # What holds on a day.

    def _facts(self, place: int) -> Day:
        """Return what orders of a symbol meet on the day at hand."""
        if self._days_of[place] == self.day:
            found = self._days[place]
            assert found is not None
            return found
        rule, buy_rates, sell_rates = self._rule(place)
        symbol = self.symbols[place]
        reference, up, down = self.bounds(place, self.day)
        if up < 0 or down < 0:
            up, down = price_limits(rule, Price(reference))
        tick = 1 if self._is_adjusted else int(rule.tick)
        quote = Quote(symbol, Price(reference), Price(reference), Price(up), Price(down), (), (), 0, rule)
        market = Market(quote, rule.kind, Price(reference), True, False, False, True, False, 0, False)
        made = self._days[place] = Day(rule, market, buy_rates, sell_rates, tick)
        self._days_of[place] = self.day
        return made

    def _rule(self, place: int) -> tuple[TradingRule, Rates, Rates]:
        known = self._by_era[place]
        if known is not None and known[0] == self._era:
            return known[1:]
        symbol = self.symbols[place]
        listing = self._listings.get(symbol)
        rule = self._rules.rule(symbol, self.date, listing)
        if rule is None:
            raise DeskError(f"{symbol}: the rule book does not know it on {self.date.isoformat()}")
        if rule.kind is InstrumentKind.REPO:
            raise DeskError(f"{symbol}: reverse repos are lent, not traded; no backtest knows them")
        if self._is_adjusted:
            rule = _on_any_price(rule)
        charges = self._rules.fees(symbol, self.date)
        found = rule, rates(charges, Side.BUY, self._fees), rates(charges, Side.SELL, self._fees)
        if self._rules.known(symbol, listing) is None:  # A new listing's rules change by its days, not by eras only.
            self._by_era[place] = (self._era, *found)
        return found


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


def _on_any_price(rule: TradingRule) -> TradingRule:
    """Return ``rule`` for adjusted prices, which lie on no tick."""
    return replace(rule, tick=Price(1))
