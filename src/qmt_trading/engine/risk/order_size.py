"""Rule: one order is worth at most so much, and has at most so many shares."""

from __future__ import annotations

from qmt_trading.model.numbers import Money, Quantity, to_money_text
from qmt_trading.model.reasons import Denial, Reason


def check_order_value(worth: Money, value_max: Money, *, scope: str) -> Denial | None:
    """Return a denial when an order is worth more than ``value_max``; exactly the limit passes."""
    if worth <= value_max:
        return None
    return Denial(Reason.ORDER_VALUE_EXCEEDED, (to_money_text(worth), to_money_text(value_max), scope))


def check_order_quantity(quantity: Quantity, quantity_max: Quantity, *, scope: str) -> Denial | None:
    if quantity <= quantity_max:
        return None
    return Denial(Reason.ORDER_QUANTITY_EXCEEDED, (str(quantity), str(quantity_max), scope))
