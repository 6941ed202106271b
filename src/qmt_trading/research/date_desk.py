"""The desk of a run over dates: ordinary orders of many symbols are judged, charged and booked as columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from qmt_trading.engine.positions import bought, sold
from qmt_trading.market import fees, limits
from qmt_trading.model.numbers import MILLION, Money, Quantity
from qmt_trading.model.order import Position
from qmt_trading.research.at_once import FILLED
from qmt_trading.research.costs import FINE
from qmt_trading.research.desk import Desk
from qmt_trading.research.ledger import ACCOUNT
from qmt_trading.research.placed import PlacedOrder
from qmt_trading.research.rebound import rebound
from qmt_trading.research.terms import Era

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
FEW: Final = 12
"""Fewer orders are met one by one: a column of them costs more than it saves."""
_LARGEST: Final = 1 << 62
_NO_LIMIT: Final = np.zeros(1, np.int64)
_COLUMNS: Final = {"max": np.maximum, "min": np.minimum}
_parts: Final = rebound(fees.parts, _COLUMNS)
_limits_around: Final = rebound(limits.limits_around, _COLUMNS)


class OfDate(Struct, frozen=True, eq=False, gc=False):
    """What each order of a batch meets on a date, one row an order."""

    at: Integers
    """What it gets where nothing is in its way."""
    high: Integers
    low: Integers
    close: Integers
    traded: Integers
    present: Flags
    """Whether its symbol is traded."""
    reference: Integers
    limit_up: Integers | None
    """None: by the rule book; so is a limit below 0."""
    limit_down: Integers | None

    def some(self, first: int, last: int) -> OfDate:
        """Return the rows from ``first`` to ``last``."""
        rows = slice(first, last)
        return OfDate(
            self.at[rows],
            self.high[rows],
            self.low[rows],
            self.close[rows],
            self.traded[rows],
            self.present[rows],
            self.reference[rows],
            None if self.limit_up is None else self.limit_up[rows],
            None if self.limit_down is None else self.limit_down[rows],
        )


class DateDesk(Desk):
    """A desk that the orders of many symbols reach together."""

    def meet_together(self, orders: Sequence[PlacedOrder], at_ns: int, given: OfDate) -> None:
        """Let ``orders``, new and one a symbol, meet their bars of a date in order, as ``meet`` and ``refuse`` do.

        Those of one side and of one rule that follow each other go as columns, unless somebody is told of each or
        dividends are taxed.
        """
        first, count = 0, len(orders)
        eras = self.terms.eras([each.place for each in orders])
        is_told = self.on_fill is not None or self.on_order is not None
        are_columns = self._is_plain and not is_told and not self._taxed and self._are_simple(orders, at_ns)
        while first < count:
            era, side, last = eras[first], orders[first].side, first + 1
            while last < count and eras[last] is era and orders[last].side == side:
                last += 1
            some, bars = orders[first:last], given.some(first, last)
            if are_columns and last - first >= FEW:
                self._meet_alike(some, era, at_ns, bars)
            else:
                self._meet_each(some, range(last - first), at_ns, bars)
            first = last

    def _meet_each(self, orders: Sequence[PlacedOrder], rows: Sequence[int], at_ns: int, given: OfDate) -> None:
        for row in rows:
            place = orders[row].place
            if not self.open[place]:
                continue
            if given.present[row]:
                bar = given.at.item(row), given.high.item(row), given.low.item(row), given.traded.item(row)
                self.meet(place, at_ns, *bar, given.close.item(row))
            else:
                self.refuse(place, at_ns, "SUSPENDED")

    def _are_simple(self, orders: Sequence[PlacedOrder], at_ns: int) -> bool:
        """Tell whether ``orders`` were made before ``at_ns``, at the market, and each is the only one of its symbol."""
        standing, is_early = self.open, max(orders[0].made_ns, orders[-1].made_ns) < at_ns
        if not is_early or [each for each in orders if each.limit or each.closing]:
            return False
        return max([len(standing[each.place]) for each in orders]) == 1

    def _meet_alike(self, orders: Sequence[PlacedOrder], era: Era, at_ns: int, given: OfDate) -> None:
        """Let orders of one side and one rule meet their bars: those that surely fill whole as columns."""
        side, scale, count, account = orders[0].side, self._scale, len(orders), self.account
        quantity = np.asarray([each.quantity for each in orders], np.int64)
        rates = era.buy_rates if side > 0 else era.sell_rates
        most = max(int(np.abs(given.at).max()) * scale, self._par) * int(quantity.max())
        if 2 * most * max(1, rates[0], rates[2], rates[3], rates[4]) >= _LARGEST:
            self._meet_each(orders, range(count), at_ns, given)  # Beyond what a column holds.
            return
        value = given.at * quantity
        paid = np.empty((3, count), np.int64)
        paid[0], paid[1], paid[2] = _parts(value * scale, quantity * self._par, *rates)
        owed = paid[0] + paid[1] + paid[2]
        needed = value - (-owed // scale)
        begin = 0
        for stop in [*np.flatnonzero(~self._ordinary(orders, quantity, era, given)).tolist(), count]:
            is_covered = side < 0 or int(needed[begin:stop].sum()) <= account.cash - account.reserved
            if stop > begin and is_covered:
                part = slice(begin, stop)
                told = given.at[part], quantity[part], value[part], paid[:, part], owed[part]
                self._book_alike(orders[part], era, at_ns, *told)
                begin = stop
            self._meet_each(orders, range(begin, min(stop + 1, count)), at_ns, given)
            begin = stop + 1

    def _ordinary(self, orders: Sequence[PlacedOrder], quantity: Integers, era: Era, given: OfDate) -> Flags:
        """Return which orders surely fill whole at ``given.at`` if only cash is there; ``meet`` judges the others."""
        rule, reference, traded = era.rule, given.reference, given.traded
        up = down = _NO_LIMIT
        if rule.limit_millionths:
            up, down = _limits_around(reference, rule.limit_millionths, era.tick, rule.limit_inward)
        if given.limit_up is not None and given.limit_down is not None:
            is_by_rule = (given.limit_up < 0) | (given.limit_down < 0)
            up, down = np.where(is_by_rule, up, given.limit_up), np.where(is_by_rule, down, given.limit_down)
        found: Flags = given.present & (given.at > 0) & (quantity <= rule.quantity_max)
        found &= (reference > 0) & (reference < _LARGEST >> 22)
        if self._share:
            found &= (traded < _LARGEST >> 20) & (quantity <= traded * self._share // MILLION)
        if orders[0].side > 0:
            found &= ((given.low < up) | (up == 0)) & (quantity >= rule.buy_minimum)
            found &= (quantity - rule.buy_minimum) % rule.buy_step == 0
            return found
        held = [self.account.positions.get(each.symbol) for each in orders]
        free = np.asarray([0 if each is None else each.sellable_quantity - each.frozen_quantity for each in held])
        found &= ((given.high > down) | (down == 0)) & (quantity <= free)
        found &= (quantity == free) | ((quantity >= rule.buy_minimum) & (quantity % rule.sell_step == 0))
        return found

    def _book_alike(
        self,
        orders: Sequence[PlacedOrder],
        era: Era,
        at_ns: int,
        at: Integers,
        quantity: Integers,
        value: Integers,
        paid: Integers,
        owed: Integers,
    ) -> None:
        """Fill ``orders`` whole at ``at``, as ``book`` does one by one.

        Args:
            paid: commissions, stamp duties and transfer fees, a row each.
            owed: all three.
        """
        side, same_day, account = orders[0].side, era.rule.same_day_sell, self.account
        fee = owed
        if self._is_fine:
            carried = self._carry + np.cumsum(owed)
            fee = carried // FINE  # Up to each order; those of the orders before are taken off.
            self._carry = int(carried[-1]) - int(fee[-1]) * FINE
            fee[1:] -= fee[:-1].copy()
            paid = paid // FINE
        moved = value + side * fee
        account.cash = Money(account.cash - side * int(moved.sum()))
        positions, quantities, standing, profits = account.positions, self.quantities, self.open, []
        for order, shares, worth, money in zip(orders, quantity.tolist(), value.tolist(), moved.tolist(), strict=True):
            place, symbol = order.place, order.symbol
            held = positions.get(symbol)
            if held is None:
                held = Position(account=ACCOUNT, symbol=symbol, quantity=Quantity(0), sellable_quantity=Quantity(0))
            if side > 0:
                after = bought(held, shares, money, same_day=same_day)
            else:
                after = sold(held, shares, money)
                profits.append(after.realised - held.realised)
            positions[symbol] = after
            quantities[place] = after.quantity
            standing[place].clear()
            order.sent = True
            order.status = FILLED
            order.ended_ns = at_ns
            order.filled = shares
            order.value = worth
        places = [each.place for each in orders]
        if side > 0:
            self.holding.update(places)
            if not same_day:
                self._bought_today.update(places)
        else:
            self.holding.difference_update([place for place in places if not quantities[place]])
        rows = np.zeros((len(orders), 12), np.int64)
        rows[:, 0], rows[:, 1], rows[:, 2] = at_ns, places, side
        rows[:, 3], rows[:, 4], rows[:, 5] = quantity, at, fee
        rows[:, 6:9], rows[:, 9], rows[:, 11] = paid.T, [each.number for each in orders], self.day
        if side < 0:
            rows[:, 10] = profits
        self.rows += rows.tobytes()
