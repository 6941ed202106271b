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
    up, down = limits_around(reference_price, part, rule.tick, rule.limit_inward)
    return Price(up), Price(down)


def limits_around(reference: int, part: int, tick: int, inward: bool) -> tuple[int, int]:
    """Return (limit up, limit down) ``part`` millionths around a positive price; as ``price_limits``.

    Plain integers only, so that a column of prices can take the place of one.
    """
    divisor = MILLION * tick
    high, low = reference * (MILLION + part), reference * (MILLION - part)
    if inward:
        up, down = high // divisor * tick, -(-low // divisor) * tick
    else:  # As ``ratio_half_up``, written out: a backtest asks for every symbol that it trades on a day.
        twice = 2 * divisor
        up, down = (2 * high + divisor) // twice * tick, (2 * low + divisor) // twice * tick
    return max(up, reference + tick), max(min(down, reference - tick), tick)


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
