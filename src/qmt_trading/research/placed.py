"""An order of a strategy in a backtest, from its decision to its end."""

from __future__ import annotations

from msgspec import Struct

from qmt_trading.model.instrument import Symbol
from qmt_trading.model.words import OrderStatus

Paid = tuple[int, int, int]
"""Commission, stamp duty and transfer fee."""


class PlacedOrder(Struct, eq=False, gc=False):
    """One order; two are the same only when they are one."""

    number: int
    place: int
    symbol: Symbol
    side: int
    """+1 buy, -1 sell."""
    quantity: int
    limit: int
    """0: at the market."""
    made_ns: int
    closing: bool = False
    """For the closing auction."""
    ended_ns: int = 0
    status: OrderStatus = OrderStatus.PENDING_NEW
    """As in the engine."""
    denied: bool = False
    """Our own gate refused it: it never became an order."""
    sent: bool = False
    """It was judged, and stands at the exchange."""
    filled: int = 0
    value: int = 0
    """Of what has filled."""
    paid: Paid = (0, 0, 0)
    """So far, in the unit that fees are counted in; of one that has filled whole, before its last fill."""
    reserved: int = 0
    """Cash, or shares of a sell, that it freezes while it rests."""
    reason: str = ""
    """Why it was refused, or is short."""

    @property
    def has_ended(self) -> bool:
        """Tell whether nothing can become of it any more: a strategy may have cancelled it in a callback."""
        return self.ended_ns != 0

    @property
    def leaves(self) -> int:
        return self.quantity - self.filled
