"""What most orders of a backtest are: without a limit, and filled whole at the first bar that they meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from qmt_trading.engine.transitions import moved
from qmt_trading.market import lots
from qmt_trading.market.execution import bar_price
from qmt_trading.market.fees import parts
from qmt_trading.model.words import OrderStatus
from qmt_trading.research.ledger import Ledger
from qmt_trading.research.placed import PlacedOrder
from qmt_trading.research.terms import Terms

FILLED: Final = moved(OrderStatus.PENDING_NEW, OrderStatus.FILLED)


class AtOnce(Ledger):
    """Books in which such an order is judged, charged and written down in one step."""

    open: list[list[PlacedOrder]]
    """Orders that have not ended, by place."""
    on_fill: Callable[[Any], None] | None
    _touch: bool

    def _fill_at_once(
        self, order: PlacedOrder, terms: Terms, at_ns: int, at: int, high: int, low: int, left: int
    ) -> bool:
        """Fill a new order without a limit whole where nothing is in its way, as ``_try`` does; most orders are such.

        Return False, with nothing changed, for every other one: ``_try`` judges those and says why.
        """
        quantity: Any = order.quantity
        era = terms.era
        rule = era.rule
        if order.sent or order.limit or quantity > left or quantity > rule.quantity_max:
            return False
        buys, scale, account = order.side > 0, self._scale, self.account
        price = bar_price(buys, 0, at, high, low, terms.up, terms.down, self._touch)
        if not price:
            return False
        value = price * quantity
        paid = parts(value * scale, quantity * self._par, *(era.buy_rates if buys else era.sell_rates))
        fee = -(-(paid[0] + paid[1] + paid[2]) // scale)
        if buys:
            if value + fee > account.cash - account.reserved or not lots.check_buy(rule, quantity):
                return False
        else:
            held = account.positions.get(order.symbol)
            free: Any = 0 if held is None else held.sellable_quantity - held.frozen_quantity
            if quantity > free or not lots.check_sell(rule, quantity, free):
                return False
        order.sent = True
        self.book(order, terms, at_ns, price, quantity, (value, fee, paid))
        order.status = FILLED
        order.ended_ns = at_ns
        self.open[order.place].remove(order)
        if self.on_fill is not None:
            self.on_fill(order)
        return True
