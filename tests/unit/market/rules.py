"""The rule of one symbol of each board, by the rules of one day, for tests that need any of them."""

from __future__ import annotations

import datetime as dt
from typing import Final

from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.instrument import Symbol, TradingRule

DAY: Final = dt.date(2026, 11, 24)


def _rule(symbol: str) -> TradingRule:
    found = STANDARD.rule(Symbol(symbol), DAY)
    assert found is not None
    return found


MAIN: Final = _rule("600000.SH")
STAR: Final = _rule("688001.SH")
CHINEXT: Final = _rule("300750.SZ")
BSE: Final = _rule("920222.BJ")
CONVERTIBLE: Final = _rule("113050.SH")
REPO: Final = _rule("204001.SH")
INDEX: Final = _rule("000001.SH")
