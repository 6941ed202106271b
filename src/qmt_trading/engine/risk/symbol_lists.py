"""Rule: symbols on a black list are not traded, and where there is a white list, no others are."""

from __future__ import annotations

from collections.abc import Collection

from qmt_trading.model.instrument import Symbol
from qmt_trading.model.reasons import Denial, Reason


def check_symbol(
    symbol: Symbol, *, allowed: Collection[Symbol], denied: Collection[Symbol], scope: str
) -> Denial | None:
    """Return a denial when ``symbol`` is in ``denied``, or not in ``allowed`` where that holds anything."""
    if symbol not in denied and (not allowed or symbol in allowed):
        return None
    return Denial(Reason.SYMBOL_DENIED, (symbol, scope))
