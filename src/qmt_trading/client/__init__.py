"""For other people's programs: send a signal, get its receipt. Needs nothing but the standard library."""

from __future__ import annotations

from qmt_trading.client.qmt_client import (
    CancelLine,
    NoReceiptError,
    NotSentError,
    OrderLine,
    Receipt,
    SendError,
    default_address,
    send,
)

__all__ = [
    "CancelLine",
    "NoReceiptError",
    "NotSentError",
    "OrderLine",
    "Receipt",
    "SendError",
    "default_address",
    "send",
]
