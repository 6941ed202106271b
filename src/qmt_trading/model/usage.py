"""What a scope has used of its limits, as one value."""

from __future__ import annotations

from msgspec import Struct

from qmt_trading.model.limits import Scope
from qmt_trading.model.numbers import Money


class UsageImage(Struct, frozen=True, array_like=True, kw_only=True):
    """The figures of one scope today."""

    scope: Scope
    orders: int
    cancels: int
    canceled: int
    bought: Money
    sold: Money
    working: int
    loss_step: int
    warned: bool
    turns: tuple[int, ...] = ()
    """In a snapshot only, as the next."""
    messages: tuple[int, ...] = ()
