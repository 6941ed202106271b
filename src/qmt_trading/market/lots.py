"""Which quantities an exchange takes."""

from __future__ import annotations

from qmt_trading.model.instrument import TradingRule
from qmt_trading.model.numbers import Quantity
from qmt_trading.model.words import Side


def check_buy(rule: TradingRule, quantity: Quantity) -> bool:
    """Tell whether ``quantity`` may be bought in one order: at least the minimum, then in steps, up to the cap."""
    return rule.buy_minimum <= quantity <= rule.quantity_max and (quantity - rule.buy_minimum) % rule.buy_step == 0


def check_sell(rule: TradingRule, quantity: Quantity, sellable: Quantity) -> bool:
    """Tell whether ``quantity`` may be sold in one order out of ``sellable``.

    Whole steps of at least the minimum pass. The odd rest of a holding passes when it goes out whole, alone or together
    with whole lots. Whether ``sellable`` covers it is another rule's matter.
    """
    if not 0 < quantity <= rule.quantity_max:
        return False
    if quantity == sellable:
        return True
    if quantity >= rule.buy_minimum and quantity % rule.sell_step == 0:
        return True
    return rule.sell_step > 1 and quantity % rule.sell_step == sellable % rule.sell_step


def round_down_to_lot(rule: TradingRule, quantity: Quantity, side: Side) -> Quantity:
    """Return the largest quantity up to ``quantity`` that is regular for ``side``; 0 when it is below the minimum.

    Takes no account of the cap: an order beyond it is to be refused, not made smaller in silence.
    """
    step = rule.buy_step if side is Side.BUY else rule.sell_step
    return Quantity(whole_lots(quantity, rule.buy_minimum, step))


def whole_lots(quantity: int, minimum: int, step: int) -> int:
    """Return the largest number up to ``quantity`` that is ``minimum`` and whole steps; 0 when it is below."""
    return 0 if quantity < minimum else quantity - (quantity - minimum) % step
