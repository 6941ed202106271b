"""Rule: one signal makes a limited number of orders, and one minute, too (A22)."""

from __future__ import annotations

from qmt_trading.model.reasons import Denial, Reason


def check_orders_per_signal(count: int, count_max: int, *, scope: str) -> Denial | None:
    """Return a denial when the signal already made ``count`` orders and that is all that is permitted."""
    if count < count_max:
        return None
    return Denial(Reason.ORDERS_PER_SIGNAL_EXCEEDED, (str(count), str(count_max), scope))


def check_amplification(count: int, count_max: int) -> Denial | None:
    """Return a denial when ``count`` submits in this minute are all that one minute may see; the caller then halts."""
    if count < count_max:
        return None
    return Denial(Reason.AMPLIFICATION, (str(count), str(count_max)))
