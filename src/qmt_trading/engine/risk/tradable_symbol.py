"""Rule: the rule book knows the symbol, the feed has it, and it is of a kind this system trades."""

from __future__ import annotations

from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import InstrumentKind

TRADED = frozenset({InstrumentKind.STOCK, InstrumentKind.FUND, InstrumentKind.CONVERTIBLE})


def check_tradable_symbol(symbol: Symbol, quote: Quote | None) -> Denial | None:
    if quote is None or quote.rule is None:
        return Denial(Reason.SYMBOL_UNKNOWN, (symbol,))
    if quote.rule.kind not in TRADED:
        return Denial(Reason.SYMBOL_NOT_TRADABLE, (symbol, quote.rule.kind.value))
    return None
