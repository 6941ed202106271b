"""What a symbol is and trades under, for those who know no day."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Final

from qmt_trading.market.rows.classes import ROWS
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.instrument import Symbol, TradingRule
from qmt_trading.model.rule_row import RuleName
from qmt_trading.model.words import InstrumentKind

_NEWEST: Final = dt.date.max


@lru_cache(maxsize=16_384)
def kind_of(symbol: Symbol) -> InstrumentKind | None:
    """Return what ``symbol`` is, or was while its code range was in use; None for what never was any."""
    code, _, venue = symbol.partition(".")
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return None
    for row in reversed(ROWS):
        if row.name is RuleName.CLASS and venue in row.venues and code.startswith(row.codes):
            return row.kinds[0]
    return None


def rule_for(symbol: Symbol) -> TradingRule | None:
    """Return the rule of ``symbol`` by the newest rows that are shipped: for drills and where no day is known."""
    return STANDARD.rule(symbol, _NEWEST)
