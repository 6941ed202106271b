"""Rule: so many orders may work at once, and be sent in a day."""

from __future__ import annotations

from qmt_trading.model.reasons import Denial, Reason


def check_working(count: int, count_max: int, *, scope: str) -> Denial | None:
    """Return a denial when ``count`` orders, these included, would work at once and that is more than permitted."""
    if count <= count_max:
        return None
    return Denial(Reason.WORKING_ORDERS_EXCEEDED, (str(count), str(count_max), scope))


def check_orders_per_day(count: int, count_max: int, *, scope: str) -> Denial | None:
    if count <= count_max:
        return None
    return Denial(Reason.ORDERS_PER_DAY_EXCEEDED, (str(count), str(count_max), scope))


def check_messages_per_day(count: int, count_max: int, *, scope: str) -> Denial | None:
    """Judge orders and cancels together, as the exchanges count an account's messages."""
    if count <= count_max:
        return None
    return Denial(Reason.MESSAGES_PER_DAY_EXCEEDED, (str(count), str(count_max), scope))


def check_unknown_orders(count: int, count_max: int, *, scope: str) -> Denial | None:
    """Return a denial when ``count`` orders are unknown and that is all that may be, while others are sent."""
    if count < count_max:
        return None
    return Denial(Reason.UNKNOWN_ORDERS, (str(count), str(count_max), scope))
