"""Rule: quantities come in the lots of their board; the odd rest of a position may be sold whole (A19)."""

from __future__ import annotations

from qmt_trading.market import lots
from qmt_trading.model.instrument import TradingRule
from qmt_trading.model.numbers import Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import Side


def check_lot(rule: TradingRule, side: Side, quantity: Quantity, position: Position | None) -> Denial | None:
    """Return a denial when the exchange would not take ``quantity``; the largest permitted order passes."""
    if quantity <= 0:
        return Denial(Reason.SIZE_ZERO, ("0", str(quantity), str(rule.buy_minimum)))
    if quantity > rule.quantity_max:
        return Denial(Reason.QUANTITY_EXCEEDED, (str(quantity), str(rule.quantity_max)))
    if side is Side.BUY:
        whole = lots.check_buy(rule, quantity)
    else:
        free = 0 if position is None else position.sellable_quantity - position.frozen_quantity
        whole = lots.check_sell(rule, quantity, Quantity(max(free, 0)))
    if whole:
        return None
    return Denial(Reason.LOT_INVALID, (rule.board, str(quantity), str(rule.buy_minimum), str(rule.buy_step)))
