"""Rule: one order is worth at most so much."""

from __future__ import annotations

from qmt_trading.model.numbers import Money, to_money_text
from qmt_trading.model.reasons import Denial, Reason


def check_order_value(worth: Money, value_max: Money) -> Denial | None:
    """Return a denial when an order is worth more than ``value_max``; exactly the limit passes."""
    if worth <= value_max:
        return None
    return Denial(Reason.ORDER_VALUE_EXCEEDED, (to_money_text(worth), to_money_text(value_max)))
