"""The day's price limits, in integers."""

from __future__ import annotations

from typing import Final

from qmt_trading.model.instrument import TradingRule
from qmt_trading.model.numbers import MILLION, PERCENT_UNIT, Price, ratio_half_up
from qmt_trading.model.words import InstrumentKind

_LIMITED: Final = {
    "main": (10 * PERCENT_UNIT, 10 * PERCENT_UNIT),
    "b_share": (10 * PERCENT_UNIT, 10 * PERCENT_UNIT),
    "star": (20 * PERCENT_UNIT, 20 * PERCENT_UNIT),
    "chinext": (20 * PERCENT_UNIT, 20 * PERCENT_UNIT),
    "bse": (30 * PERCENT_UNIT, 30 * PERCENT_UNIT),
    "fund": (10 * PERCENT_UNIT, 10 * PERCENT_UNIT),
    "reit": (10 * PERCENT_UNIT, 10 * PERCENT_UNIT),
    "convertible": (20 * PERCENT_UNIT, 20 * PERCENT_UNIT),
}
"""Board → millionths of the reference price, plain and under a risk warning (ST).

They are equal everywhere since 2026-07-06, when the main boards' 5 % for ST became 10 %.
Source: SSE 上证发〔2026〕41号, SZSE 深证上〔2026〕551号.
"""


def price_limits(rule: TradingRule, previous_close: Price, *, risk_warning: bool = False) -> tuple[Price, Price]:
    """Return (limit up, limit down) for a reference price; (0, 0) where there is none.

    Half-up to the tick; on the BSE the upper limit floors and the lower one ceils. A limit lies at least one tick from
    the reference and is never below one tick. Listing days, which have no limit, are not known here; nor are the funds
    on 20 % indices: they get the stricter 10 %.
    """
    figures = _LIMITED.get(rule.board)
    if figures is None or previous_close <= 0:
        return Price(0), Price(0)
    part = figures[1] if risk_warning else figures[0]
    tick = rule.tick
    divisor = MILLION * tick
    high, low = previous_close * (MILLION + part), previous_close * (MILLION - part)
    if rule.kind is InstrumentKind.STOCK and rule.board == "bse":
        up, down = high // divisor * tick, -(-low // divisor) * tick
    else:
        up, down = ratio_half_up(high, divisor) * tick, ratio_half_up(low, divisor) * tick
    return Price(max(up, previous_close + tick)), Price(max(min(down, previous_close - tick), tick))
