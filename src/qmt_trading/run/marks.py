"""Which quotes a decision needs, and when prices of what is held are told to the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qmt_trading.engine.engine import Engine
from qmt_trading.engine.state import State
from qmt_trading.model.events import Mark, PositionsMarked
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import SECOND_NS, Price
from qmt_trading.model.signal import Item
from qmt_trading.model.words import Verb
from qmt_trading.ports import MarketFeed

EVERY_NS: Final = SECOND_NS
MOVED: Final = 2_000
"""One part in so many: a price that has moved less since it was told is not told again, to spare the journal."""


def quotes_for(items: Sequence[Item], engine: Engine, feed: MarketFeed, now_ns: int) -> tuple[Quote, ...]:
    """Return what the feed knows of the symbols that ``items`` trade, each once."""
    quotes: dict[Symbol, Quote] = {}
    for item in items:
        if item.verb is Verb.CANCEL:
            continue
        for symbol in (item.symbol,) if item.verb is not Verb.PORTFOLIO else engine.symbols_of(item):
            if symbol not in quotes:
                quote = feed.quote(symbol, now_ns)
                if quote is not None:
                    quotes[symbol] = quote
    return tuple(quotes.values())


class Marks:
    """Tells the engine what is held is worth, at most once a second and when something has moved."""

    def __init__(self, feed: MarketFeed) -> None:
        self._feed = feed
        self._next_ns = 0
        self._fills = 0
        self._told: dict[Symbol, Price] = {}
        """By which prices losses were looked at last; what quotes of signals have told since led to no look."""

    def take(self, state: State, steady_ns: int, now_ns: int) -> PositionsMarked | None:
        """Return prices that have moved since they were last told; None: nothing has, and nothing was traded."""
        if steady_ns < self._next_ns:
            return None
        self._next_ns = steady_ns + EVERY_NS
        held = {
            symbol: None
            for account in state.accounts.values()
            if account.ready
            for symbol, position in account.positions.items()
            if position.quantity or symbol in account.day_flows
        }
        marks = [mark for symbol in held if (mark := self._mark(state, symbol, now_ns)) is not None]
        fills = len(state.fills)
        if not marks and fills == self._fills:
            return None
        self._fills = fills
        return PositionsMarked(tuple(marks))

    def _mark(self, state: State, symbol: Symbol, now_ns: int) -> Mark | None:
        quote = self._feed.quote(symbol, now_ns)
        if quote is None or not quote.last:
            return None
        told = self._told.get(symbol, 0)
        is_new = not state.prices.get(symbol) or (quote.previous_close and symbol not in state.references)
        if told and not is_new and abs(quote.last - told) * MOVED < told:
            return None
        self._told[symbol] = quote.last
        return Mark(symbol, quote.last, quote.previous_close)
