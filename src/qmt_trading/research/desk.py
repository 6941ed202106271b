"""The counter and the exchange of a backtest: judges by the engine's rules, fills by bars, keeps the books."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from qmt_trading.engine.risk.cash import check_cash
from qmt_trading.engine.risk.lot import check_lot
from qmt_trading.engine.risk.sellable import check_sellable
from qmt_trading.engine.splitting import split
from qmt_trading.engine.transitions import moved
from qmt_trading.market.corporate_actions import Fractions
from qmt_trading.market.eaten import Eaten
from qmt_trading.market.execution import available, bar_price, reachable, slipped
from qmt_trading.market.rulebook import RuleBook
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.limits import Limits
from qmt_trading.model.listing import Listing
from qmt_trading.model.numbers import MILLION, Money, Price, Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.reasons import Denial
from qmt_trading.model.settings import AccountSettings, FeeSchedule
from qmt_trading.model.words import OrderStatus, Side
from qmt_trading.research.asking import gate
from qmt_trading.research.at_once import AtOnce
from qmt_trading.research.costs import FillModel
from qmt_trading.research.dividends import DividendTax
from qmt_trading.research.ledger import ACCOUNT, Purse
from qmt_trading.research.placed import Paid, PlacedOrder
from qmt_trading.research.refused import reason_of
from qmt_trading.research.stale import StalePrices
from qmt_trading.research.terms import Terms, TermsOfDays
from qmt_trading.research.wish import SHARES_MAX, check_unit, whole, whole_target

if TYPE_CHECKING:
    from qmt_trading.research.gated import Gated

_NO_BOUND: Final = 1 << 62


class Desk(AtOnce):
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
        dividend_tax: DividendTax = DividendTax.PERSONAL,
    ) -> None:
        """Open the account.

        Args:
            actions: known corporate actions; those of other symbols are passed over.
            holdings: shares that the account begins with.
            limits: None: the trader's own limits and all that is no law of the exchange are off.
        """
        gated: Gated | None = None
        if limits is not None:  # The whole engine, which nothing else here asks for.
            from qmt_trading.research.gated import Gated

            gated = Gated(AccountSettings(account=ACCOUNT, fees=fees, limits=limits))
        account = Purse() if gated is None else gated.account
        super().__init__(symbols, account, fees, cash, actions, fractions, holdings or {}, dividend_tax)
        self.model = fills
        self._share, self._touch = fills.volume_share_millionths, fills.touch
        self._slips = bool(fills.slippage_ticks or fills.slippage_millionths or fills.slippage_spread_millionths)
        self._is_plain = limits is None and not self._slips
        """Nothing but the exchange's rules, cash and shares is in an order's way."""
        self._gated = gated
        self.open: list[list[PlacedOrder]] = [[] for _ in symbols]
        """Orders that have not ended, by place."""
        self.orders: list[PlacedOrder] = []
        self.blocked: dict[str, int] = {}
        self.on_fill: Callable[[Any], None] | None = None
        self.on_order: Callable[[Any], None] | None = None
        self.now: Callable[[], int] = lambda: 0
        """The instant of the bar at hand."""
        self.last_prices: Callable[[], npt.NDArray[np.int64]] = lambda: np.zeros(len(symbols), np.int64)
        """The last known price of each symbol."""
        self.stale = StalePrices()
        self.date = dt.date.min
        self.terms = TermsOfDays(self.symbols, fees, rules, listings or {}, is_adjusted=is_adjusted)
        self.overnight = False
        """What is ordered leaves on the next day, when all that is held may be sold."""
        self._waiting: set[int] = set()
        """Places with orders that stand at the exchange."""
        self._eaten: dict[int, tuple[Eaten, Eaten]] = {}
        """By place, what own orders have had of bids and of asks."""
        self._looked_at = 0
        """Orders that ``end_unmet`` is done with."""

    # What a strategy asks.

    def submit(self, place: int, side: int, quantity: int, limit: int = 0, *, closing: bool = False) -> PlacedOrder:
        """Make an order; it meets the next bar of its symbol.

        Raises:
            DeskError: no shares, a price below 0, either no whole number, or a limit in yuan where units are meant.
        """
        is_usual = type(quantity) is int and 0 < quantity < SHARES_MAX and type(limit) is int and not limit
        if not is_usual:
            quantity, limit = whole(self.symbols[place], quantity, limit)
            if limit:
                check_unit(self.symbols[place], limit, self.limits(place)[1])
        return self._submit(place, side, quantity, limit, self.now(), closing)

    def _submit(self, place: int, side: int, quantity: int, limit: int, now_ns: int, closing: bool) -> PlacedOrder:
        orders = self.orders
        order = PlacedOrder(len(orders), place, self.symbols[place], side, quantity, limit, now_ns, closing)
        orders.append(order)
        self.open[place].append(order)
        return order

    def cancel(self, order: PlacedOrder) -> None:
        """End what is left of ``order``, unless it has ended."""
        if not order.ended_ns:
            self.open[order.place].remove(order)
            self._release(order)
            self._end(order, OrderStatus.CANCELED, self.now(), "CANCELED")

    def target(self, place: int, quantity: int) -> PlacedOrder | None:
        """Make the order that leads from what is held and worked for to ``quantity``; None: there is nothing to do.

        Raises:
            DeskError: ``quantity`` is below 0, or no whole number.
        """
        quantity = whole_target(self.symbols[place], quantity)
        standing = self.open[place]
        # What has been at the exchange all day expires before an order of the night leaves.
        coming = sum(each.side * each.leaves for each in standing if not (self.overnight and each.sent))
        rule = self.terms.era(place).rule
        held, free = self.quantities[place] + coming, self.sellable(place)
        step = reachable(quantity, held, free, rule.buy_minimum, rule.buy_step, rule.sell_step)
        return self.submit(place, 1 if step > 0 else -1, abs(step)) if step else None

    def targets(self, quantities: npt.NDArray[np.int64]) -> None:
        """Make the orders that lead to ``quantities``, one for each symbol, sells first."""
        held, wanted, now_ns = self.quantities, quantities.tolist(), self.now()
        places = sorted(self.holding.union(np.nonzero(quantities)[0].tolist()))
        selling = [place for place in places if wanted[place] < held[place]]
        moving = selling + [place for place in places if wanted[place] > held[place]]
        for place, era in zip(moving, self.terms.eras(moving), strict=True):
            if self.open[place]:
                self.target(place, wanted[place])
                continue
            rule, have = era.rule, held[place]
            free = have if self.overnight else self.sellable(place)
            step = reachable(wanted[place], have, free, rule.buy_minimum, rule.buy_step, rule.sell_step)
            if step:
                self._submit(place, 1 if step > 0 else -1, abs(step), 0, now_ns, False)

    def sellable(self, place: int) -> int:
        """Return what may be sold today and is not offered yet."""
        position = self.account.positions.get(self.symbols[place])
        if position is None:
            return 0
        free = position.quantity if self.overnight else position.sellable_quantity - position.frozen_quantity
        for order in self.open[place]:
            if order.side < 0 and not order.reserved and not (self.overnight and order.sent):
                free -= order.leaves
        return max(0, free)

    def limits(self, place: int) -> tuple[int, int]:
        """Return the upper and the lower limit of today; 0: there is none, or no day has begun."""
        if self.day < 0:
            return 0, 0
        terms = self.terms.of(place)
        return terms.up, terms.down

    def free_cash(self) -> int:
        # What rests has expired before an order of the night leaves, and freezes nothing then.
        return max(0, self.account.cash - (0 if self.overnight else self.account.reserved))

    def equity(self) -> int:
        last, quantities = self.last_prices(), self.quantities
        price_of: Callable[[int], int] = last.item
        if self.stale.has_any:
            prices: list[int] = last.tolist()
            self.stale.put_into(prices, self.day)
            price_of = prices.__getitem__
        worth = sum([quantities[place] * price_of(place) for place in self.holding])
        return self.account.cash + self.receivable + worth

    def went_ex(self, place: int, action: CorporateAction) -> None:
        self.stale.went_ex(place, self.day, action, self.last_prices, self.terms.era(place).tick)

    # Days.

    def open_day(self, day: int, date: dt.date) -> None:
        """Begin a day: what was bought on the day before may be sold."""
        self.date = date
        self.terms.open_day(day, date)
        self.open_books(day, date, self.terms.bounds)
        if self._gated is not None:
            self._gated.open_day(date)

    def end_unmet(self, at_ns: int) -> None:
        """Refuse what was ordered before ``at_ns``, the end of a day, and has met no bar: nobody trades it today."""
        orders = self.orders
        while self._looked_at < len(orders) and orders[self._looked_at].made_ns < at_ns:
            order = orders[self._looked_at]
            self._looked_at += 1
            if not order.sent and not order.ended_ns:
                self._deny(order, at_ns, "NO_BAR")

    def close_day(self, at_ns: int) -> None:
        """End a day: what stands at the exchange expires."""
        if not self._waiting:
            return
        for place in sorted(self._waiting):
            standing = self.open[place]
            for order in [each for each in standing if each.sent]:
                if not order.ended_ns:
                    standing.remove(order)
                    self._release(order)
                    self._end(order, OrderStatus.EXPIRED, at_ns, order.reason)
        self._waiting.clear()

    # Bars.

    def meet(
        self, place: int, at_ns: int, at: int, high: int, low: int, traded: int, closing: int = 0, *, spread: int = 0
    ) -> None:
        """Let the orders of one symbol that were made before ``at_ns`` meet one bar, in the order they were made.

        Args:
            at: what an order gets where nothing is in its way.
            traded: shares, of which the volume cap leaves a part.
            closing: the price of the closing auction, on the day's last bar; 0: this is not it.
            spread: between the best bid and ask; 0: not known, one tick.
        """
        standing = self.open[place]
        terms = self.terms.of(place)
        left = traded * self._share // MILLION if self._share else _NO_BOUND
        is_plain = self._is_plain
        for order in standing[:]:  # They stay in it until they end: what a strategy does in a callback counts them.
            if order.ended_ns or order.made_ns >= at_ns or (order.closing and not closing):
                continue
            if order.closing:
                left -= self._try(order, terms, at_ns, closing, closing, closing, left, spread)
            elif is_plain and self._fill_at_once(order, terms, at_ns, at, high, low, left):
                left -= order.quantity
            else:
                left -= self._try(order, terms, at_ns, at, high, low, left, spread)

    def meet_levels(
        self, place: int, at_ns: int, bids: list[list[int]], asks: list[list[int]], last: int, traded: int
    ) -> None:
        """Let the orders of one symbol meet a snapshot: what stands on the other side, from the best level on.

        What one order takes is not there for the next. An order that rests fills at its limit when the market has
        traded through it since.

        Args:
            bids: price and quantity, best first; a price of 0 ends them. ``asks`` likewise; the quantities are used up,
                and so is what earlier orders have had of the same shares.
            traded: shares since the snapshot before, of which the volume cap leaves a part to orders that rest.
        """
        terms = self.terms.of(place)
        left = traded * self._share // MILLION if self._share else traded
        spread = asks[0][0] - bids[0][0] if asks and bids and asks[0][0] and bids[0][0] else 0
        eaten = self._eaten.get(place)
        if eaten is None:
            eaten = self._eaten[place] = Eaten(), Eaten()
        eaten[0].leave(bids, at_ns, asks=False)
        eaten[1].leave(asks, at_ns, asks=True)
        for order in self.open[place][:]:
            if order.has_ended or order.made_ns >= at_ns:
                continue
            buys, limit, rested = order.side > 0, order.limit, order.sent
            levels = asks if buys else bids
            if not levels or not levels[0][0]:
                # Nobody stands there: an order joins the queue at the limit, and is not filled by it.
                self._try(order, terms, at_ns, last, last, last, 0, spread, is_level=False)
            for level in levels:
                if order.ended_ns or not level[0]:
                    break
                if limit and (level[0] > limit if buys else level[0] < limit) and order.sent:
                    break
                taken = self._try(order, terms, at_ns, level[0], level[0], level[0], level[1], spread, is_level=True)
                if taken:
                    level[1] -= taken
                    eaten[buys].take(level[0], taken, at_ns)
            if rested and limit and not order.ended_ns and (last < limit if buys else last > limit):
                left -= self._try(order, terms, at_ns, limit, limit, limit, left, spread, is_level=True)

    def refuse(self, place: int, at_ns: int, reason: str) -> None:
        """Refuse the orders of one symbol that cannot be traded now."""
        for order in [each for each in self.open[place] if each.made_ns < at_ns]:
            if not order.ended_ns:
                self._release(order)
                self._deny(order, at_ns, reason)

    def _try(
        self,
        order: PlacedOrder,
        terms: Terms,
        at_ns: int,
        at: int,
        high: int,
        low: int,
        left: int,
        spread: int,
        *,
        is_level: bool = False,
    ) -> int:
        """Judge and fill one order; return how much has filled.

        Args:
            is_level: somebody stands at ``at``, so that no limit is sealed.
        """
        buys, limit, era = order.side > 0, order.limit, terms.era
        up, down = (0, 0) if is_level else (terms.up, terms.down)
        price = bar_price(buys, limit, at, high, low, up, down, self._touch)
        if price and self._slips:
            model = self.model
            extra = (spread or era.tick) * model.slippage_spread_millionths // MILLION
            price = slipped(
                buys,
                price,
                model.slippage_ticks,
                model.slippage_millionths,
                extra,
                era.tick,
                limit,
                terms.up,
                terms.down,
            )
        wanted = order.quantity - order.filled
        quantity = available(wanted, left, era.lot) if price else 0
        if order.reserved:
            self._release(order)
        costs = self.costs(order, terms, price or limit or (terms.up if buys else terms.down) or at, quantity or wanted)
        denial = self._judged(order, terms, at, quantity or wanted, costs)
        if denial is not None:
            self._deny(order, at_ns, denial)
            return 0
        order.sent = True
        if quantity:
            self.book(order, terms, at_ns, price, quantity, costs)
            if order.filled == order.quantity:
                order.status = moved(order.status, OrderStatus.FILLED)
                order.ended_ns = at_ns
                self.open[order.place].remove(order)
            else:
                order.status = moved(order.status, OrderStatus.PARTIALLY_FILLED)
            if self._gated is not None:
                self._gated.moved(order.number, order.status, order.filled, order.value, at_ns)
            if self.on_fill is not None:
                self.on_fill(order)
        if not order.ended_ns:
            order.status = moved(order.status, OrderStatus.NEW)
            if quantity or price:
                self._block(order, "VOLUME_CAP")
            elif buys and terms.up and low >= terms.up:
                self._block(order, "LIMIT_UP_MISSED")
            elif not buys and terms.down and high <= terms.down:
                self._block(order, "LIMIT_DOWN_MISSED")
            else:
                self._block(order, "NOT_REACHED")
            self._rest(order, terms, at)
        return quantity

    def _judged(
        self, order: PlacedOrder, terms: Terms, at: int, quantity: int, costs: tuple[int, int, Paid]
    ) -> str | None:
        """Return why the engine's rules refuse ``order``, as a reason of a result, or None.

        Its legality is judged when it is sent, at its own price, or for want of one at the day's limit; what covers it
        is judged at each bar that it meets.
        """
        buys, rule = order.side > 0, terms.era.rule
        needed = costs[0] + costs[1] if buys else 0
        account = self.account
        held = account.positions.get(order.symbol)
        denial: Denial | None = None
        if not order.sent:
            if order.limit or self._gated is not None or order.quantity > rule.quantity_max:
                denial = self._judged_at_its_price(order, terms, at, costs[0], needed, held)
            else:  # It has no price that a rule could speak of.
                denial = check_lot(rule, Side.BUY if buys else Side.SELL, Quantity(order.quantity), held)
        if denial is None:
            if buys:
                denial = check_cash(Money(needed), Money(account.cash - account.reserved))
            else:
                denial = check_sellable(Quantity(quantity), held)
        if denial is not None:
            return reason_of(denial, held)
        if self._gated is not None and not order.sent:
            price = order.limit or (terms.up if buys else terms.down) or at
            side = Side.BUY if buys else Side.SELL
            self._gated.sent(order.number, order.symbol, side, order.quantity, price)
        return None

    def _judged_at_its_price(
        self, order: PlacedOrder, terms: Terms, at: int, worth: int, needed: int, held: Position | None
    ) -> Denial | None:
        """Return what the gate says of an order at its limit, or for want of one at the day's limit."""
        asked = gate()
        buys, rule, tick = order.side > 0, terms.era.rule, terms.era.tick
        side = Side.BUY if buys else Side.SELL
        price = order.limit or (terms.up if buys else terms.down) or max(at - at % tick, tick)
        market = self.terms.market(order.place)
        denial: Denial | None = None
        for part in split(Quantity(order.quantity), rule):
            candidate = asked.candidate(order.symbol, side, part, Price(price), Money(worth), Money(needed))
            denial = denial or asked.judge(rule, market, candidate, held)
        if denial is None and self._gated is not None:
            whole = Quantity(order.quantity)
            candidate = asked.candidate(order.symbol, side, whole, Price(price), Money(worth), Money(needed))
            denial = self._gated.denial(
                order.number, candidate, rule, market, order.made_ns, terms.reference, at_limit=not order.limit
            )
        return denial

    def _rest(self, order: PlacedOrder, terms: Terms, at: int) -> None:
        """Keep what is left of an order at the exchange, with the cash or the shares that it freezes."""
        account, left = self.account, order.quantity - order.filled
        self._waiting.add(order.place)
        if order.side > 0:
            value, fee, _ = self.costs(order, terms, order.limit or terms.up or at, left)
            order.reserved = min(value + fee, max(0, account.cash - account.reserved))
            account.reserved = Money(account.reserved + order.reserved)
        else:
            order.reserved = left
            self.freeze(order.place, left)

    def _release(self, order: PlacedOrder) -> None:
        if not order.reserved:
            return
        if order.side > 0:
            self.account.reserved = Money(self.account.reserved - order.reserved)
        else:
            self.freeze(order.place, -order.reserved)
        order.reserved = 0

    def _deny(self, order: PlacedOrder, at_ns: int, reason: str) -> None:
        """End an order that our own rules refuse: before it was sent, or what is left of it afterwards."""
        self.open[order.place].remove(order)
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
