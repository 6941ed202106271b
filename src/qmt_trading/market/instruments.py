"""Which rules a symbol trades under, read from its code range.

Source: the exchanges' code ranges and order caps as collected in the project's rule table, as of 2026-07-06.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from qmt_trading.model.instrument import Symbol, TradingRule
from qmt_trading.model.numbers import Price, Quantity
from qmt_trading.model.words import InstrumentKind as Kind


def _rule(
    kind: Kind,
    board: str,
    *,
    tick: int,
    lot: int = 100,
    minimum: int | None = None,
    step: int | None = None,
    quantity_max: int = 1_000_000,
    same_day_sell: bool = False,
) -> TradingRule:
    return TradingRule(
        kind=kind,
        board=board,
        tick=Price(tick),
        lot=Quantity(lot),
        buy_minimum=Quantity(minimum or lot),
        buy_step=Quantity(step or lot),
        sell_step=Quantity(step or lot),
        quantity_max=Quantity(quantity_max),
        same_day_sell=same_day_sell,
    )


MAIN: Final = _rule(Kind.STOCK, "main", tick=100)
STAR: Final = _rule(Kind.STOCK, "star", tick=100, minimum=200, step=1, quantity_max=100_000)
CHINEXT: Final = _rule(Kind.STOCK, "chinext", tick=100, quantity_max=300_000)
BSE: Final = _rule(Kind.STOCK, "bse", tick=100, step=1)
FUND: Final = _rule(Kind.FUND, "fund", tick=10)
REIT_SHANGHAI: Final = _rule(Kind.FUND, "reit", tick=10, quantity_max=100_000_000)
REIT_SHENZHEN: Final = _rule(Kind.FUND, "reit", tick=10, quantity_max=1_000_000_000)
CONVERTIBLE: Final = _rule(Kind.CONVERTIBLE, "convertible", tick=10, lot=10, same_day_sell=True)
BOND: Final = _rule(Kind.BOND, "bond", tick=10, lot=10, same_day_sell=True)
REPO: Final = _rule(Kind.REPO, "repo", tick=50, lot=10, same_day_sell=True)
INDEX: Final = _rule(Kind.INDEX, "index", tick=1)
SUBSCRIPTION: Final = _rule(Kind.SUBSCRIPTION, "subscription", tick=100)
B_SHARE_SHANGHAI: Final = _rule(Kind.B_SHARE, "b_share", tick=10)
"""Quoted in US dollars."""
B_SHARE_SHENZHEN: Final = _rule(Kind.B_SHARE, "b_share", tick=100)
"""Quoted in Hong Kong dollars."""

_Ranges = tuple[tuple[tuple[str, ...], TradingRule], ...]

_SHANGHAI: Final[_Ranges] = (
    (("600", "601", "603", "605"), MAIN),
    (("688", "689"), STAR),
    (("508",), REIT_SHANGHAI),
    (("50", "51", "52", "53", "56", "58"), FUND),
    (("110", "111", "113", "118"), CONVERTIBLE),
    (("204",), REPO),
    (("010", "018", "019", "020"), BOND),
    (("000",), INDEX),
    (("900",), B_SHARE_SHANGHAI),
    (("707", "718", "726", "730", "732", "733", "754", "780", "783", "787", "789"), SUBSCRIPTION),
)
_SHENZHEN: Final[_Ranges] = (
    (("000", "001", "002", "003", "004"), MAIN),
    (("300", "301", "302"), CHINEXT),
    (("180",), REIT_SHENZHEN),
    (("15", "16", "18"), FUND),
    (("12",), CONVERTIBLE),
    (("131",), REPO),
    (("100", "101", "102"), BOND),
    (("399",), INDEX),
    (("200",), B_SHARE_SHENZHEN),
    (("07", "37"), SUBSCRIPTION),
)
_BEIJING: Final[_Ranges] = (
    (("889",), SUBSCRIPTION),
    (("899",), INDEX),
    (("43", "83", "87", "88", "920"), BSE),
)
_VENUES: Final = {"SH": _SHANGHAI, "SZ": _SHENZHEN, "BJ": _BEIJING}


@lru_cache(maxsize=16_384)
def rule_for(symbol: Symbol) -> TradingRule | None:
    """Return the rule of ``symbol``, or None when its form or its code range is not known.

    T+0 is given to bonds, convertibles and repos only: the funds that have it too cannot be told by their code.
    """
    code, _, venue = symbol.partition(".")
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return None
    for prefixes, rule in _VENUES.get(venue, ()):
        if code.startswith(prefixes):
            return rule
    return None
