"""What a sender is told when its signal could not be put on disk."""

from __future__ import annotations

from msgspec.structs import replace

from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.receipt import Receipt
from qmt_trading.model.words import SignalStatus

_CLOSED = Denial(Reason.JOURNAL_CLOSED)


def undurable(receipt: Receipt) -> Receipt:
    """Return ``receipt`` as it is true without a journal: no order left, cancels did and say so."""
    orders = tuple(
        line if line.denial is not None else replace(line, client_order_id="", denial=_CLOSED)
        for line in receipt.orders
    )
    status = receipt.status
    if status in (SignalStatus.ACCEPTED, SignalStatus.DUPLICATE) and not receipt.cancels:
        status = SignalStatus.DENIED
    return replace(receipt, orders=orders, status=status, durable=False)
