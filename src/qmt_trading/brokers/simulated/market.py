"""What the orders of a simulated exchange execute against where it is not the levels of a quote: a recorded market."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from qmt_trading.brokers.simulated.ledger import VenueOrder
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price, Quantity


class Execution(NamedTuple):
    """One execution of an order."""

    price: Price
    quantity: Quantity
    at_ns: int


class Market(Protocol):
    """A market that decides by itself what an order gets. Used by one thread at a time."""

    def executions(self, order: VenueOrder, now_ns: int) -> Sequence[Execution]:
        """Return what ``order`` has executed since it was placed, or asked about last, up to ``now_ns``.

        Their sum is at most its leaves. How often this is asked changes nothing: what happened at an instant is told
        with that instant, whenever somebody asks.
        """
        ...

    def is_over(self, symbol: Symbol, now_ns: int) -> bool:
        """Tell whether nothing more of the day can execute, once the exchange has closed for ``symbol``."""
        ...
