"""From a size as it was written to a number of shares."""

from __future__ import annotations

from typing import assert_never

from qmt_trading.market.lots import round_down_to_lot
from qmt_trading.model.instrument import TradingRule
from qmt_trading.model.numbers import MILLION, Money, Price, Quantity, quantity_for, share_of
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.signal import Size, SizeKind
from qmt_trading.model.words import Side


def size_order(
    size: Size, side: Side, price: Price, rule: TradingRule, *, sellable: Quantity, total_assets: Money
) -> Quantity | Denial:
    """Return how many shares ``size`` means.

    Shares and lots are taken as written and judged later. Money, per cent and fractions round down to whole lots;
    the whole of a position is sold with its odd lot. Less than one lot is a denial, not an order of 0. A part of a
    position, or the whole of it, says nothing about how much to buy: a denial, wherever the size came from.

    Args:
        sellable: what the account may sell today and has not yet offered.
        total_assets: cash and positions; per cent of a buy refers to it.
    """
    if side is Side.BUY and (size.kind is SizeKind.ALL or size.kind is SizeKind.FRACTION):
        return Denial(Reason.SIZE_SELL_ONLY, (size.text or size.kind.value,))
    match size.kind:
        case SizeKind.SHARES:
            return Quantity(size.amount)
        case SizeKind.LOTS:
            return Quantity(size.amount * rule.lot)
        case SizeKind.ALL:
            wanted = int(sellable)
        case SizeKind.FRACTION:
            wanted = sellable * size.amount // size.denominator
        case SizeKind.MONEY:
            wanted = quantity_for(Money(size.amount), price)
        case SizeKind.PERCENT:
            if side is Side.BUY:
                wanted = quantity_for(share_of(total_assets, size.amount), price)
            else:
                wanted = sellable * size.amount // MILLION
        case _:
            assert_never(size.kind)
    if side is Side.SELL and wanted == sellable and wanted > 0:
        return Quantity(wanted)
    rounded = round_down_to_lot(rule, Quantity(wanted), side)
    if side is Side.SELL and sellable <= 0 and size.kind is not SizeKind.MONEY:
        return Denial(Reason.SIZE_ZERO, (size.text or size.kind.value, str(wanted), str(rule.buy_minimum), "0"))
    if rounded <= 0:
        return Denial(Reason.SIZE_ZERO, (size.text or size.kind.value, str(wanted), str(rule.buy_minimum)))
    return rounded
