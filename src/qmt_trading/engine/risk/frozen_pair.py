"""Rule: while the fate of an order is unknown, its account, symbol and side take no other."""

from __future__ import annotations

from collections.abc import Iterable

from qmt_trading.model.instrument import Symbol
from qmt_trading.model.order import Order
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import OrderStatus, Side


def check_frozen_pair(orders: Iterable[Order], symbol: Symbol, side: Side) -> Denial | None:
    """Return a denial when one of the account's ``orders`` is unknown on this symbol and side.

    An unknown of an earlier day closes buys only, until a person has resolved it.
    """
    for order in orders:
        if order.symbol != symbol:
            continue
        unknown = order.status is OrderStatus.UNKNOWN and order.side is side
        given_up = order.status is OrderStatus.EXPIRED_UNRESOLVED and side is Side.BUY
        if unknown or given_up:
            return Denial(Reason.SYMBOL_FROZEN, (order.client_order_id,))
    return None
