"""The day's price limits and the band of a listing day, in integers."""

from __future__ import annotations

from typing import Final

from qmt_trading.model.instrument import TradingRule
from qmt_trading.model.numbers import MILLION, UNIT, Price, ratio_half_up
from qmt_trading.model.words import InstrumentKind

CONVERTIBLE_ISSUE_PRICE: Final = Price(100 * UNIT)
"""Every convertible is issued at its face value."""


def price_limits(rule: TradingRule, reference_price: Price) -> tuple[Price, Price]:
    """Return (limit up, limit down) of the day that ``rule`` is of; (0, 0) where it has none.

    The reference price is the previous close, or the ex-right price, or the issue price on a listing day. Half-up to
    the tick; where limits round inward (BSE) the upper one floors and the lower one ceils. A limit lies at least one
    tick from the reference and is never below one tick.
    """
    part = rule.limit_millionths
    if not part or reference_price <= 0:
        return Price(0), Price(0)
    tick = rule.tick
    divisor = MILLION * tick
    high, low = reference_price * (MILLION + part), reference_price * (MILLION - part)
    if rule.limit_inward:
        up, down = high // divisor * tick, -(-low // divisor) * tick
    else:
        up, down = ratio_half_up(high, divisor) * tick, ratio_half_up(low, divisor) * tick
    return Price(max(up, reference_price + tick)), Price(max(min(down, reference_price - tick), tick))


def price_band(rule: TradingRule, issue_price: Price) -> tuple[Price, Price]:
    """Return the highest and the lowest price of an order on a listing day with a band; (0, 0) where there is none."""
    if not rule.band_up_millionths:
        return Price(0), Price(0)
    if issue_price <= 0 and rule.kind is InstrumentKind.CONVERTIBLE:
        issue_price = CONVERTIBLE_ISSUE_PRICE
    return part_of(rule, issue_price, rule.band_up_millionths), part_of(rule, issue_price, rule.band_down_millionths)


def part_of(rule: TradingRule, price: Price, millionths: int) -> Price:
    """Return so many millionths of ``price``, half-up to the tick."""
    return Price(ratio_half_up(price * millionths, MILLION * rule.tick) * rule.tick)
