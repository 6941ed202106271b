"""Rule: the symbol is of a kind that may be traded this way, the rule book knows it, and the feed has it."""

from __future__ import annotations

from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import InstrumentKind, Side

HELD = frozenset({InstrumentKind.STOCK, InstrumentKind.FUND, InstrumentKind.CONVERTIBLE, InstrumentKind.BOND})
"""What can be bought, held and sold."""
_NEVER = frozenset({InstrumentKind.INDEX, InstrumentKind.B_SHARE})
_ONE_WAY = {InstrumentKind.REPO: Side.SELL, InstrumentKind.SUBSCRIPTION: Side.BUY}
"""Money is lent by selling a repo, new shares are asked for by buying their code; the other way there is nothing."""


def check_tradable_symbol(
    symbol: Symbol, quote: Quote | None, side: Side | None, kind: InstrumentKind | None = None
) -> Denial | None:
    """Return a denial when ``symbol`` may not be ordered on ``side``; None: as a target, of what can be held only.

    What is never traded is told as such without a quote, too.

    Args:
        kind: what the rule book says of the code, which counts where no quote tells it.
    """
    if quote is None or quote.rule is None:
        if kind is not None and kind in _NEVER:
            return Denial(Reason.SYMBOL_NOT_TRADABLE, (symbol, kind.value))
        return Denial(Reason.SYMBOL_UNKNOWN, (symbol,))
    kind = quote.rule.kind
    if kind in HELD or (side is not None and _ONE_WAY.get(kind) is side):
        return None
    one_way = f"{kind.value}_{_ONE_WAY[kind].value}_only" if kind in _ONE_WAY else kind.value
    return Denial(Reason.SYMBOL_NOT_TRADABLE, (symbol, one_way))
