"""Which of a terminal's order rows are orders of this visit, whatever has become of their remarks."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from qmt_trading.model.numbers import Price, Quantity, from_float
from qmt_trading.run.terminal_orders import TerminalOrder


class _Own(Struct):
    symbol: str
    quantity: Quantity
    price: Price
    row: TerminalOrder | None = None


class Ours:
    """The orders that were handed over, and the rows that belong to them.

    A row belongs to an order by its remark, by a number that it had before, or, where the terminal has made neither
    known, by being new and of that order's stock, side, quantity and price: so nothing of ours is ever left behind for
    having lost its remark.
    """

    def __init__(self) -> None:
        self._orders: dict[str, _Own] = {}
        self._before: set[str] = set()
        self.working: list[str] = []
        """Orders that have not been seen to end."""

    def note_others(self, orders: Iterable[TerminalOrder]) -> None:
        """Take rows that stand at the counter before an order is handed over: they are not ours unless known so."""
        self._before |= {order.key for order in orders if self.owner(order) is None}

    def add(self, coid: str, symbol: str, quantity: Quantity, price: Price) -> None:
        """Count an order that is about to be handed over."""
        self._orders[coid] = _Own(symbol, quantity, price)
        self.working.append(coid)

    def adopt(self, coid: str, order: TerminalOrder) -> None:
        """Count an order of another client that the person has placed for a check."""
        self._orders[coid] = _Own(order.symbol, Quantity(order.quantity), _price(order), order)
        self.working.append(coid)

    def row(self, coid: str) -> TerminalOrder | None:
        """Return the row of ``coid`` that was seen last."""
        return self._orders[coid].row

    def take(self, order: TerminalOrder, told: str = "") -> str:
        """Return the order that a row belongs to, and keep the row; empty: it is none of ours.

        Args:
            told: the order that the host says it belongs to.
        """
        coid = told if told in self._orders else self.owner(order) or self._unclaimed(order)
        if coid:
            self._orders[coid].row = order
        return coid

    def owner(self, order: TerminalOrder) -> str | None:
        """Return the order that a row belongs to by remark or number; None: by neither."""
        if order.remark in self._orders:
            return order.remark
        for coid, own in self._orders.items():
            if own.row is not None and _same(own.row, order):
                return coid
        return None

    @property
    def marks(self) -> frozenset[str]:
        """Remarks and numbers by which rows of ours are known."""
        found = set(self._orders)
        for own in self._orders.values():
            found |= set() if own.row is None else {own.row.broker_id, own.row.venue_id, own.row.remark}
        return frozenset(found - {""})

    def _unclaimed(self, order: TerminalOrder) -> str:
        if order.key in self._before or order.side != "买入":
            return ""
        shape = order.symbol, order.quantity, _price(order)
        for coid in self.working:
            own = self._orders[coid]
            if own.row is None and (own.symbol, own.quantity, own.price) == shape:
                return coid
        return ""


def _same(known: TerminalOrder, order: TerminalOrder) -> bool:
    if known.symbol != order.symbol:
        return False
    if known.venue_id and order.venue_id:  # It outlives the client's restart; the client's own number may not.
        return known.venue_id == order.venue_id
    return bool(known.broker_id) and known.broker_id == order.broker_id


def _price(order: TerminalOrder) -> Price:
    try:
        return Price(from_float(float(order.price)))
    except ValueError:
        return Price(0)
