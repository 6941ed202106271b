"""Which quotes are asked of a terminal: a few symbols by name, or whole markets; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from qmt_trading.model.instrument import EVERY_SYMBOL, Symbol

SINGLES_MAX: Final = 50
"""Beyond this many the vendor's manual advises the feed of whole markets."""
PACEMAKERS: Final = (Symbol("510300.SH"), Symbol("159919.SZ"))
"""Funds that trade in nearly every snapshot of their exchange: they tell a quiet stock from a dead feed."""
MARKETS: Final = ("SH", "SZ", "BJ")
USUAL: Final = frozenset({"SH", "SZ"})
"""Beijing is asked for where a symbol of it is wanted: a client without its quotes might refuse all three."""


class Wanted(NamedTuple):
    """The whole set; what is not in it is not sent."""

    symbols: tuple[Symbol, ...]
    markets: tuple[str, ...]


def wanted(symbols: Iterable[Symbol], *, every_symbol: bool) -> Wanted:
    """Return how to ask for ``symbols``, sorted, pacemakers added; whole markets where they are too many.

    Args:
        every_symbol: anything may be bought at any moment, so a quote of everything must be at hand.
    """
    singles = {symbol for symbol in symbols if symbol != EVERY_SYMBOL}.union(PACEMAKERS)
    if len(singles) <= SINGLES_MAX and not every_symbol:
        return Wanted(tuple(sorted(singles)), ())
    venues = USUAL | {symbol.rpartition(".")[2] for symbol in singles}
    return Wanted((), tuple(market for market in MARKETS if market in venues))
