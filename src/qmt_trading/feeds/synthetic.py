"""The market feed of paper mode: made-up quotes that move, for every stock, fund and convertible that can exist."""

from __future__ import annotations

from qmt_trading.market.rulebook import STANDARD, RuleBook
from qmt_trading.market.synthetic import STEP_NS, Seal, synthetic_quote
from qmt_trading.model.instrument import Quote, Symbol


class SyntheticFeed:
    """Quotes by seed and time; the same seed shows the same market in every process. Safe from any thread."""

    def __init__(self, seed: int = 1, rules: RuleBook = STANDARD) -> None:
        self._seed = seed
        self._rules = rules
        self._seals: dict[Symbol, Seal] = {}

    def quote(self, symbol: Symbol, now_ns: int) -> Quote | None:
        """Return the quote of the tenth of a second that ``now_ns`` lies in, or None for a symbol that cannot exist."""
        return synthetic_quote(self._seed, symbol, now_ns // STEP_NS, self._seals.get(symbol), self._rules)

    def seal(self, symbol: Symbol, side: Seal | None) -> None:
        """Lock ``symbol`` at its upper or lower limit from now on, or set it free with None."""
        if side is None:
            self._seals.pop(symbol, None)
        else:
            self._seals[symbol] = side
