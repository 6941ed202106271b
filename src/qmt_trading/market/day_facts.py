"""What a quote says besides prices: the rule of its day, the limits, the band, the risk warning."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Final, NamedTuple

from qmt_trading.market.limits import price_band, price_limits
from qmt_trading.market.rulebook import RuleBook
from qmt_trading.model.instrument import Symbol, TradingRule
from qmt_trading.model.listing import Listing
from qmt_trading.model.numbers import Price
from qmt_trading.model.rule_row import Trait

_WARNED: Final = frozenset({Trait.RISK_WARNING, Trait.DELISTING})


class DayFacts(NamedTuple):
    """One instrument on one day; a price of 0 means that there is no such bound."""

    rule: TradingRule
    limit_up: Price
    limit_down: Price
    band_up: Price
    band_down: Price
    risk_warning: bool


@lru_cache(maxsize=16_384)
def day_facts(
    rules: RuleBook, symbol: Symbol, day: dt.date, reference_price: Price, listing: Listing | None = None
) -> DayFacts | None:
    """Return what ``rules`` say of ``symbol`` on ``day``; None: they do not know it.

    Where the issue price is not told, the reference price of the listing day stands for it.
    """
    rule = rules.rule(symbol, day, listing)
    if rule is None:
        return None
    known = rules.known(symbol, listing)
    issue_price = known.issue_price if known is not None and known.issue_price else reference_price
    up, down = price_limits(rule, reference_price)
    band_up, band_down = price_band(rule, issue_price)
    warned = not _WARNED.isdisjoint(rules.traits(symbol, day, listing))
    return DayFacts(rule, up, down, band_up, band_down, warned)
