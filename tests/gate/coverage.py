"""Which reasons of ``docs/risk.md`` the runs must have seen, as refusals and at the edge of one."""

from __future__ import annotations

from collections import Counter
from typing import Final

from qmt_trading.model.reasons import Reason

REFUSED: Final = (
    Reason.JOURNAL_CLOSED,
    Reason.CALENDAR_ENDED,
    Reason.TRADING_HALTED,
    Reason.REDUCING_ONLY,
    Reason.DOOR_ACCOUNT_FORBIDDEN,
    Reason.ACCOUNT_NOT_READY,
    Reason.MORNING_RED,
    Reason.CLOCK_UNSETTLED,
    Reason.SIGNAL_STALE,
    Reason.OUT_OF_SESSION,
    Reason.OUT_OF_WINDOW,
    Reason.SYMBOL_DENIED,
    Reason.SUSPENDED,
    Reason.RISK_WARNING,
    Reason.CANCELED_BY_LATER,
    Reason.SYMBOL_FROZEN,
    Reason.UNKNOWN_ORDERS,
    Reason.DUPLICATE_SUSPECTED,
    Reason.BARE_PER_DAY,
    Reason.AMPLIFICATION,
    Reason.TICK_INVALID,
    Reason.PRICE_ABOVE_LIMIT,
    Reason.PRICE_BELOW_LIMIT,
    Reason.PRICE_CAGE,
    Reason.QUANTITY_EXCEEDED,
    Reason.LOT_INVALID,
    Reason.SIZE_ZERO,
    Reason.DAY_BUY_EXCEEDED,
    Reason.CASH_EXCEEDED,
    Reason.SELLABLE_EXCEEDED,
    Reason.SELF_CROSS,
    Reason.ORDER_VALUE_EXCEEDED,
    Reason.ORDER_QUANTITY_EXCEEDED,
    Reason.PRICE_DEVIATES,
    Reason.POSITION_VALUE_EXCEEDED,
    Reason.POSITION_SHARE_EXCEEDED,
    Reason.BUY_VALUE_EXCEEDED,
    Reason.TURNOVER_EXCEEDED,
    Reason.RECENT_VALUE_EXCEEDED,
    Reason.WORKING_ORDERS_EXCEEDED,
    Reason.ORDERS_PER_DAY_EXCEEDED,
    Reason.MESSAGES_PER_DAY_EXCEEDED,
    Reason.ORDERS_PER_SIGNAL_EXCEEDED,
    Reason.ORDER_RATE_EXCEEDED,
)
"""Every code of the page."""
AT_THE_EDGE: Final = (
    Reason.SIGNAL_STALE,
    Reason.OUT_OF_WINDOW,
    Reason.UNKNOWN_ORDERS,
    Reason.BARE_PER_DAY,
    Reason.AMPLIFICATION,
    Reason.PRICE_ABOVE_LIMIT,
    Reason.PRICE_BELOW_LIMIT,
    Reason.PRICE_CAGE,
    Reason.QUANTITY_EXCEEDED,
    Reason.DAY_BUY_EXCEEDED,
    Reason.CASH_EXCEEDED,
    Reason.SELLABLE_EXCEEDED,
    Reason.ORDER_VALUE_EXCEEDED,
    Reason.ORDER_QUANTITY_EXCEEDED,
    Reason.PRICE_DEVIATES,
    Reason.POSITION_VALUE_EXCEEDED,
    Reason.POSITION_SHARE_EXCEEDED,
    Reason.BUY_VALUE_EXCEEDED,
    Reason.TURNOVER_EXCEEDED,
    Reason.RECENT_VALUE_EXCEEDED,
    Reason.WORKING_ORDERS_EXCEEDED,
    Reason.ORDERS_PER_DAY_EXCEEDED,
    Reason.MESSAGES_PER_DAY_EXCEEDED,
    Reason.ORDERS_PER_SIGNAL_EXCEEDED,
)
"""Those with a figure that an order may reach exactly."""
BESIDES: Final = (
    "DAILY_LOSS REDUCING",
    "DAILY_LOSS HALTED",
    "brakes against loops",
    "came out of the queue",
    "cancels",
    "messages",
    "passed",
    "queued",
)


def missing(counts: Counter[str]) -> list[str]:
    """Return what the runs have not shown."""
    wanted = [
        *(f"refused: {reason.value}" for reason in REFUSED),
        *(f"at the edge: {reason.value}" for reason in AT_THE_EDGE),
        *BESIDES,
    ]
    return [each for each in wanted if not counts[each]]
