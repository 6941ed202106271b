"""The reach of a cancel, kept for what comes to light after it."""

from __future__ import annotations

from qmt_trading.model.instrument import EVERY_SYMBOL, Symbol
from qmt_trading.model.order import Order
from qmt_trading.model.outputs import CancelMarked
from qmt_trading.model.words import Side, SideScope


class CancelMark:
    """A cancel's reach: what was received before it on this account, symbol and side goes."""

    __slots__ = ("arrival", "listed", "received_ns", "seq", "side", "symbol")

    def __init__(self, record: CancelMarked, *, listed: bool = False) -> None:
        self.symbol = record.symbol
        self.side = record.side
        self.seq = record.signal_seq
        self.received_ns = record.received_ns
        self.arrival = record.arrival
        self.listed = listed
        """A complete list has been searched for what it reaches."""

    def covers(self, symbol: Symbol, side: Side) -> bool:
        return self.symbol in (symbol, EVERY_SYMBOL) and self.side in (SideScope.ALL, side)

    def reaches(self, order: Order) -> bool:
        """Tell whether ``order`` was there, or meant to be, when the cancel was received.

        Arrivals say so of what came in here; of what others placed, the counter's clock (whole seconds, often) does.
        """
        if not self.covers(order.symbol, order.side):
            return False
        return order.received_ns <= self.received_ns if order.foreign else order.arrival < self.arrival
