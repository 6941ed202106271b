"""Rule: a sell is covered by shares that may be sold today and that nothing else has offered (T+1)."""

from __future__ import annotations

from qmt_trading.model.numbers import Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.reasons import Denial, Reason


def check_sellable(quantity: Quantity, position: Position | None) -> Denial | None:
    """Return a denial when fewer than ``quantity`` shares are free to sell."""
    free = 0 if position is None else position.sellable_quantity - position.frozen_quantity
    if quantity <= free:
        return None
    locked = 0 if position is None else position.quantity - position.sellable_quantity
    return Denial(Reason.SELLABLE_EXCEEDED, (str(quantity), str(max(free, 0)), str(max(locked, 0))))
