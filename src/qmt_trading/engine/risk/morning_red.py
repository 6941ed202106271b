"""Rule: nothing is bought for an account while the last morning check of it is red."""

from __future__ import annotations

from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import Side


def check_morning(closed: tuple[str, ...], side: Side) -> Denial | None:
    """Return a denial for a buy while any red item is open; sells pass, and cancels are never asked."""
    if not closed or side is not Side.BUY:
        return None
    return Denial(Reason.MORNING_RED, (",".join(closed),))
