"""The quotes that a served exchange trades by: made up, of one seed, with seals."""

from __future__ import annotations

from qmt_trading.market.synthetic import STEP_NS, Seal, synthetic_quote
from qmt_trading.model.instrument import Quote, Symbol


class SeededQuotes:
    """A market feed. Used by one thread at a time."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._seals: dict[Symbol, Seal] = {}

    def quote(self, symbol: Symbol, now_ns: int) -> Quote | None:
        return synthetic_quote(self._seed, symbol, now_ns // STEP_NS, self._seals.get(symbol))

    def seal(self, symbol: Symbol, side: Seal | None) -> None:
        """Lock ``symbol`` at a limit from now on, or set it free with None."""
        if side is None:
            self._seals.pop(symbol, None)
        else:
            self._seals[symbol] = side
