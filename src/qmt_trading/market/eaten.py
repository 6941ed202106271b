"""What own orders have taken of a book, which history shows again in its next snapshot as if nobody had."""

from __future__ import annotations

from typing import Final

from qmt_trading.model.numbers import SECOND_NS

KEPT_NS: Final = 60 * SECOND_NS
"""So long nothing is known to have come in place of what was taken; after that the book is another one."""


class Eaten:
    """One side of one symbol's book. Prices in ten-thousandths of a yuan."""

    __slots__ = ("_seen_ns", "_taken")

    def __init__(self) -> None:
        self._taken: dict[int, int] = {}
        self._seen_ns = 0

    def leave(self, levels: list[list[int]], at_ns: int, *, asks: bool) -> None:
        """Take from ``levels``, in place, what own orders have had of them in earlier snapshots.

        Shares that stand at a price are taken for those that stood there before. A price that the side has moved away
        from was traded through: what was taken there is forgotten. Beyond the last level nothing is known.

        Args:
            levels: price and shares, best first, of a snapshot that is not older than the last one.
        """
        if not self._taken:
            return
        if at_ns - self._seen_ns > KEPT_NS or not levels:
            self._taken.clear()
            return
        shown = {price: place for place, (price, _) in enumerate(levels)}
        worst = levels[-1][0]
        for price, taken in list(self._taken.items()):
            place = shown.get(price)
            if place is None:
                if price <= worst if asks else price >= worst:
                    del self._taken[price]
                continue
            # Fewer than were taken: others have had their part, and no more than all of them is one's own.
            gone = self._taken[price] = min(taken, levels[place][1])
            levels[place][1] -= gone
        self._seen_ns = at_ns

    def take(self, price: int, quantity: int, at_ns: int) -> None:
        """Note that an own order had ``quantity`` at ``price``."""
        self._taken[price] = self._taken.get(price, 0) + quantity
        self._seen_ns = at_ns
