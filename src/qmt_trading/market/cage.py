"""The price cage of continuous trading: how far a limit order may reach beyond the market."""

from __future__ import annotations

from qmt_trading.market.limits import part_of
from qmt_trading.model.instrument import TradingRule
from qmt_trading.model.numbers import MILLION, Price
from qmt_trading.model.words import Side


def cage_bound(
    rule: TradingRule, side: Side, *, best_bid: Price, best_ask: Price, last: Price, previous_close: Price
) -> Price:
    """Return the highest price of a buy, or the lowest of a sell; 0: nothing binds it. The bound itself is inside.

    Measured from the best opposite price, else the best own one, else the last, else the previous close; a price of 0
    is none. Limit orders in continuous trading only, not in auctions.
    """
    if not rule.cage_millionths:
        return Price(0)
    opposite, own = (best_ask, best_bid) if side is Side.BUY else (best_bid, best_ask)
    reference = next((price for price in (opposite, own, last, previous_close) if price > 0), Price(0))
    if not reference:
        return Price(0)
    width = rule.cage_ticks * rule.tick
    if side is Side.BUY:
        bound = part_of(rule, reference, MILLION + rule.cage_millionths)
        return max(bound, Price(reference + width)) if width else bound
    bound = part_of(rule, reference, MILLION - rule.cage_millionths)
    return max(min(bound, Price(reference - width)) if width else bound, rule.tick)
