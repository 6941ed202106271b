"""An order above the exchange's largest becomes several."""

from __future__ import annotations

from qmt_trading.model.instrument import TradingRule
from qmt_trading.model.numbers import Quantity

PARTS_MAX = 50
"""More parts than this are no order that anybody means: it stays whole, and the exchange's cap refuses it."""


def split(quantity: Quantity, rule: TradingRule) -> tuple[Quantity, ...]:
    """Return the parts of ``quantity``, each within the cap; one part where that is enough.

    All but the last two are as large as the cap, or the largest multiple of the step below it; the last two share what
    is left so that neither falls below the board's minimum. The odd rest of a position stays in the last part.
    """
    if quantity <= rule.quantity_max:
        return (quantity,)
    step = max(rule.buy_step, rule.sell_step)
    largest = rule.quantity_max - (rule.quantity_max - rule.buy_minimum) % step
    count = -(-quantity // largest)
    if count > PARTS_MAX:
        return (quantity,)
    parts = [largest] * (count - 1)
    rest = quantity - largest * (count - 1)
    if rest < rule.buy_minimum:
        lent = rule.buy_minimum  # A multiple of the step: what is left of the part before stays a legal quantity.
        parts[-1] -= lent
        rest += lent
    return tuple(Quantity(part) for part in (*parts, rest))
