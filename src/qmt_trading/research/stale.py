"""The worth of what goes ex while it does not trade: the last close is that of fewer shares, or of a dividend more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from qmt_trading.market.corporate_actions import reference_price
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.numbers import Price

Integers = npt.NDArray[np.int64]


class StalePrices:
    """Ex-right prices in place of last closes, each until its symbol trades again."""

    def __init__(self) -> None:
        self.trades_on: Callable[[int, int], bool] = lambda _place, _day: True
        """Whether the symbol of a place trades on a day; the loops know."""
        self._prices: dict[int, int] = {}
        self._since: list[tuple[int, int, int]] = []
        """Day, place and price."""

    @property
    def has_any(self) -> bool:
        """Whether there is a price to put in the place of another."""
        return bool(self._prices)

    def went_ex(
        self, place: int, day: int, action: CorporateAction, last_prices: Callable[[], Integers], tick: int
    ) -> None:
        """Take note of an action that has changed what is held of a symbol.

        Args:
            last_prices: returns those of the evening before.
        """
        if self.trades_on(place, day):
            self._prices.pop(place, None)
            return
        before = self._prices.get(place) or int(last_prices()[place])
        if before > 0:
            price = self._prices[place] = reference_price(Price(before), action, Price(tick))
            self._since.append((day, place, price))

    def put_into(self, prices: list[int], day: int) -> None:
        """Put what holds on ``day`` in place of last prices."""
        for place in [place for place in self._prices if self.trades_on(place, day)]:
            del self._prices[place]
        for place, price in self._prices.items():
            prices[place] = price

    def over(self, closes: Integers) -> Integers:
        """Return the closes of all days, days by symbols, with what holds in their place."""
        if not self._since:
            return closes
        found = closes.copy()
        for day, place, price in self._since:
            last = day
            while last < len(found) and not self.trades_on(place, last):
                found[last, place] = price
                last += 1
        return found
