"""Rule: a price is a positive multiple of the tick within the day's limits."""

from __future__ import annotations

from qmt_trading.model.instrument import Quote, TradingRule
from qmt_trading.model.numbers import Price, to_text
from qmt_trading.model.reasons import Denial, Reason


def check_tick(price: Price, rule: TradingRule) -> Denial | None:
    if price > 0 and price % rule.tick == 0:
        return None
    return Denial(Reason.TICK_INVALID, (to_text(price), to_text(rule.tick)))


def check_price_limit(price: Price, quote: Quote) -> Denial | None:
    """Return a denial outside the day's limits, or on a day without any outside its band.

    Limits and band themselves pass; one of 0 does not exist.
    """
    up, down = quote.limit_up, quote.limit_down
    if not up and not down:
        up, down = quote.band_up, quote.band_down
    if up and price > up:
        return Denial(Reason.PRICE_ABOVE_LIMIT, (to_text(price), to_text(up)))
    if down and price < down:
        return Denial(Reason.PRICE_BELOW_LIMIT, (to_text(price), to_text(down)))
    return None
