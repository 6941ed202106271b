"""Which reasons of ``docs/risk.md`` the runs must have seen, as refusals and at the edge of one."""

from __future__ import annotations

from collections import Counter
from typing import Final

from qmt_trading.model.reasons import Reason as R

REFUSED: Final = (
    R.JOURNAL_CLOSED,
    R.CALENDAR_ENDED,
    R.TRADING_HALTED,
    R.REDUCING_ONLY,
    R.DOOR_ACCOUNT_FORBIDDEN,
    R.ACCOUNT_NOT_READY,
    R.CLOCK_UNSETTLED,
    R.SIGNAL_STALE,
    R.OUT_OF_SESSION,
    R.OUT_OF_WINDOW,
    R.SYMBOL_DENIED,
    R.SUSPENDED,
    R.RISK_WARNING,
    R.CANCELED_BY_LATER,
    R.SYMBOL_FROZEN,
    R.UNKNOWN_ORDERS,
    R.DUPLICATE_SUSPECTED,
    R.BARE_PER_DAY,
    R.AMPLIFICATION,
    R.TICK_INVALID,
    R.PRICE_ABOVE_LIMIT,
    R.PRICE_BELOW_LIMIT,
    R.PRICE_CAGE,
    R.QUANTITY_EXCEEDED,
    R.LOT_INVALID,
    R.SIZE_ZERO,
    R.DAY_BUY_EXCEEDED,
    R.CASH_EXCEEDED,
    R.SELLABLE_EXCEEDED,
    R.SELF_CROSS,
    R.ORDER_VALUE_EXCEEDED,
    R.ORDER_QUANTITY_EXCEEDED,
    R.PRICE_DEVIATES,
    R.POSITION_VALUE_EXCEEDED,
    R.POSITION_SHARE_EXCEEDED,
    R.BUY_VALUE_EXCEEDED,
    R.TURNOVER_EXCEEDED,
    R.RECENT_VALUE_EXCEEDED,
    R.WORKING_ORDERS_EXCEEDED,
    R.ORDERS_PER_DAY_EXCEEDED,
    R.MESSAGES_PER_DAY_EXCEEDED,
    R.ORDERS_PER_SIGNAL_EXCEEDED,
    R.ORDER_RATE_EXCEEDED,
)
"""Every code of the page."""
AT_THE_EDGE: Final = (
    R.SIGNAL_STALE,
    R.OUT_OF_WINDOW,
    R.UNKNOWN_ORDERS,
    R.BARE_PER_DAY,
    R.AMPLIFICATION,
    R.PRICE_ABOVE_LIMIT,
    R.PRICE_BELOW_LIMIT,
    R.PRICE_CAGE,
    R.QUANTITY_EXCEEDED,
    R.DAY_BUY_EXCEEDED,
    R.CASH_EXCEEDED,
    R.SELLABLE_EXCEEDED,
    R.ORDER_VALUE_EXCEEDED,
    R.ORDER_QUANTITY_EXCEEDED,
    R.PRICE_DEVIATES,
    R.POSITION_VALUE_EXCEEDED,
    R.POSITION_SHARE_EXCEEDED,
    R.BUY_VALUE_EXCEEDED,
    R.TURNOVER_EXCEEDED,
    R.RECENT_VALUE_EXCEEDED,
    R.WORKING_ORDERS_EXCEEDED,
    R.ORDERS_PER_DAY_EXCEEDED,
    R.MESSAGES_PER_DAY_EXCEEDED,
    R.ORDERS_PER_SIGNAL_EXCEEDED,
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
