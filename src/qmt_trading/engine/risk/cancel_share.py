"""Rule: a large share of cancels is told, and stops nothing."""

from __future__ import annotations

from typing import Final

from qmt_trading.model.numbers import MILLION

ORDERS_MIN: Final = 50
"""Below so many orders a share says nothing."""


def is_cancel_share_high(canceled: int, orders: int, share: int) -> bool:
    """Tell whether ``canceled`` of ``orders`` is at least ``share``, in millionths; 0: nobody wants to know."""
    return bool(share) and orders >= ORDERS_MIN and canceled * MILLION >= orders * share
