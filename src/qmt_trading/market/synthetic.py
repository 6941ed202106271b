"""A made-up market: closes and quotes as pure functions of a seed, a symbol and the time."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from functools import lru_cache
from typing import Final

from qmt_trading.market.day_facts import DayFacts, day_facts
from qmt_trading.market.rulebook import STANDARD, RuleBook
from qmt_trading.market.seeded import mix, number_of
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import Quote, Symbol, TradingRule
from qmt_trading.model.numbers import MILLION, MILLISECOND_NS, UNIT, Money, Price
from qmt_trading.model.words import InstrumentKind

STEP_NS: Final = 100 * MILLISECOND_NS
"""How often a quote moves."""

LEVELS: Final = 5

_TRADED: Final = frozenset(
    {
        InstrumentKind.STOCK,
        InstrumentKind.FUND,
        InstrumentKind.CONVERTIBLE,
        InstrumentKind.BOND,
        InstrumentKind.REPO,
    }
)
_CLOSES: Final = {
    Symbol("600000.SH"): Price(104_800),
    Symbol("600036.SH"): Price(401_200),
    Symbol("000001.SZ"): Price(113_000),
    Symbol("601318.SH"): Price(526_000),
    Symbol("510300.SH"): Price(41_000),
}
"""Closes that do not depend on the seed, so that the examples of the documents make sense."""

_SLOW_STEPS: Final = 400
"""Half a wave: 40 seconds."""


class Seal(StrEnum):
    """A limit that nobody trades against: one side of the book is empty."""

    UP = "up"
    DOWN = "down"


def seeded_close(seed: int, symbol: Symbol, rule: TradingRule) -> Price:
    """Return yesterday's close: 3 to 100 yuan for stocks, 0.5 to 5 for funds, 90 to 200 for convertibles.

    Bonds have 95 to 105 yuan, repos 1.5 to 2.5 per cent.
    """
    known = _CLOSES.get(symbol)
    if known is not None:
        return known
    chance = mix(seed, number_of(symbol))
    match rule.kind:
        case InstrumentKind.FUND:
            return Price(500 * 10 + chance % 4_500 * 10)
        case InstrumentKind.REPO:
            return Price(15_000 + chance % 200 * 50)
        case InstrumentKind.BOND:
            return Price(950_000 + chance % 10_000 * 10)
        case InstrumentKind.CONVERTIBLE:
            return Price(900_000 + chance % 110_000 * 10)
        case _:
            return Price(30_000 + chance % 9_700 * 100)


@lru_cache(maxsize=8_192)
def synthetic_quote(
    seed: int, symbol: Symbol, step: int, seal: Seal | None = None, rules: RuleBook = STANDARD
) -> Quote | None:
    """Return the quote of ``symbol`` in step number ``step`` since 1970, or None for a symbol that does not exist here.

    Stocks, funds, bonds and repos exist. The last price swings around the close by 0.3 %, or two ticks where that is
    more, with a tick of noise. The rule and the limits are those of the day.
    """
    quoted_ns = step * STEP_NS
    known = _of_day(seed, symbol, day_of(quoted_ns), rules)
    if known is None:
        return None
    close, (rule, up, down, band_up, band_down, warned) = known
    tick = rule.tick
    # A day without limits swings as any other.
    lowest, highest = down or band_down or tick, up or band_up or 2 * close
    bids: tuple[Price, ...]
    asks: tuple[Price, ...]
    if seal is Seal.UP and up:
        last, bids, asks = up, _ladder(up, -tick, lowest, highest), ()
    elif seal is Seal.DOWN and down:
        last, bids, asks = down, (), _ladder(down, tick, lowest, highest)
    else:
        name = number_of(symbol)
        swing = max(close * 3 // 1000 // tick, 2)
        phase = (step + name) % (4 * _SLOW_STEPS)
        height = phase - _SLOW_STEPS if phase < 2 * _SLOW_STEPS else 3 * _SLOW_STEPS - phase
        noise = mix(seed, name, step) % 3 - 1
        last = Price(min(max(close + (swing * height // _SLOW_STEPS + noise) * tick, lowest), highest))
        bids, asks = _ladder(last, -tick, lowest, highest), _ladder(last + tick, tick, lowest, highest)
    return Quote(
        symbol, last, close, up, down, bids, asks, quoted_ns, rule, "", warned, band_up=band_up, band_down=band_down
    )


@lru_cache(maxsize=8_192)
def _of_day(seed: int, symbol: Symbol, day: dt.date, rules: RuleBook) -> tuple[Price, DayFacts] | None:
    """Return yesterday's close and what the rules say of the day; None: there is no such symbol here."""
    rule = rules.rule(symbol, day)
    if rule is None or rule.kind not in _TRADED:
        return None
    close = seeded_close(seed, symbol, rule)
    facts = day_facts(rules, symbol, day, close)
    assert facts is not None
    return close, facts


def _traded_lately(seed: int, symbol: Symbol) -> Money:
    """Return what five minutes trade of ``symbol``: 5 to 100 million yuan, always the same."""
    return Money((5 + mix(seed, number_of(symbol), 5) % 96) * MILLION * UNIT)


def _ladder(first: int, step: int, lowest: int, highest: int) -> tuple[Price, ...]:
    last = first + LEVELS * step
    return tuple([Price(price) for price in range(first, last, step) if lowest <= price <= highest])
