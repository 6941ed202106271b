"""Receipts: what a sender is told about its message."""

from __future__ import annotations

from msgspec import Struct

from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price, Quantity
from qmt_trading.model.reasons import Denial
from qmt_trading.model.words import Side, SignalStatus


class OrderLine(Struct, frozen=True, array_like=True, gc=False):
    """The fate of one instruction for one account at the time of the receipt."""

    account: str
    """The account's number, or the word as written when no account has it."""
    symbol: Symbol
    side: Side | None
    quantity: Quantity
    price: Price
    client_order_id: str
    """Empty when denied."""
    denial: Denial | None = None


class CancelLine(Struct, frozen=True, array_like=True, gc=False):
    """One order that is being cancelled, or (with a denial) an account where none is."""

    account: str
    symbol: Symbol
    client_order_id: str = ""
    broker_order_id: str = ""
    venue_order_id: str = ""
    denial: Denial | None = None
    """NOTHING_TO_CANCEL and those of REGISTERED are information, not errors."""


class Receipt(Struct, frozen=True, array_like=True, gc=False):
    """The answer to one message."""

    seq: int
    """0 where nothing was recorded (malformed, busy)."""
    id: str
    status: SignalStatus
    orders: tuple[OrderLine, ...] = ()
    cancels: tuple[CancelLine, ...] = ()
    denial: Denial | None = None
    """Why the whole message was denied."""
    durable: bool = True
    observed: bool = False
    """Decided in shadow mode: nothing of it was, or will be, sent."""
