"""From a price as it was written to the limit price of an order."""

from __future__ import annotations

from qmt_trading.model.instrument import Quote, TradingRule
from qmt_trading.model.numbers import MILLION, Price
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.signal import PriceKind, PriceSpec
from qmt_trading.model.words import Side

WORDS_OF_THE_DAY = (PriceKind.LIMIT, PriceKind.LIMIT_UP, PriceKind.LIMIT_DOWN)
"""Kinds that need no fresh quote: a figure, and the day's limits."""


def resolve_price(
    spec: PriceSpec, side: Side, quote: Quote, rule: TradingRule, *, now_ns: int, quote_age_max_ns: int
) -> Price | Denial:
    """Return the limit price that ``spec`` means now.

    A figure without an offset is taken as it stands. A word is looked up, its offset added, and the sum rounded to the
    tick away from aggression: down for buys, up for sells. A side of the book that is empty, or a limit that does not
    exist, is denied: it is never the price 0 (A18).
    """
    if spec.kind is PriceKind.LIMIT and not (spec.offset_ticks or spec.offset_millionths):
        return spec.price
    if spec.kind not in WORDS_OF_THE_DAY:
        age_ns = now_ns - quote.quoted_ns
        if age_ns > quote_age_max_ns:
            return Denial(Reason.QUOTE_STALE, (f"{age_ns / 1e9:.1f}",))
    base = _base(spec, side, quote)
    if base <= 0:
        return Denial(Reason.PRICE_MISSING, (spec.text or spec.kind.value,))
    wanted = base + spec.offset_money + spec.offset_ticks * rule.tick
    scaled = wanted * MILLION + base * spec.offset_millionths
    step = rule.tick * MILLION
    ticks = scaled // step if side is Side.BUY else -(-scaled // step)
    if ticks <= 0:
        return Denial(Reason.PRICE_MISSING, (spec.text or spec.kind.value,))
    return Price(ticks * rule.tick)


def _base(spec: PriceSpec, side: Side, quote: Quote) -> int:
    match spec.kind:
        case PriceKind.LATEST:
            return quote.last
        case PriceKind.OPPOSITE:
            return _level(quote.asks if side is Side.BUY else quote.bids, 1)
        case PriceKind.OWN:
            return _level(quote.bids if side is Side.BUY else quote.asks, 1)
        case PriceKind.BID:
            return _level(quote.bids, spec.level)
        case PriceKind.ASK:
            return _level(quote.asks, spec.level)
        case PriceKind.LIMIT_UP:
            return quote.limit_up
        case PriceKind.LIMIT_DOWN:
            return quote.limit_down
        case PriceKind.LIMIT:
            return spec.price


def _level(prices: tuple[Price, ...], level: int) -> int:
    return prices[level - 1] if level <= len(prices) else 0
