"""Why something was refused: a stable code, figures, and one sentence in Chinese and English."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from qmt_trading.model.enumeration import direct


@direct
class Reason(StrEnum):
    """Denial codes. Values are part of the receipt and the journal; they never change meaning."""

    TRADING_HALTED = "TRADING_HALTED"
    REDUCING_ONLY = "REDUCING_ONLY"
    JOURNAL_CLOSED = "JOURNAL_CLOSED"
    DOOR_FORBIDS = "DOOR_FORBIDS"
    DOOR_ACCOUNT_FORBIDDEN = "DOOR_ACCOUNT_FORBIDDEN"
    DOOR_VALUE_EXCEEDED = "DOOR_VALUE_EXCEEDED"
    ACCOUNT_UNKNOWN = "ACCOUNT_UNKNOWN"
    ACCOUNT_NOT_READY = "ACCOUNT_NOT_READY"
    BARE_UNSET = "BARE_UNSET"
    BARE_DENIED = "BARE_DENIED"
    BARE_PER_DAY = "BARE_PER_DAY"
    SYMBOL_UNKNOWN = "SYMBOL_UNKNOWN"
    SYMBOL_NOT_TRADABLE = "SYMBOL_NOT_TRADABLE"
    SYMBOL_FROZEN = "SYMBOL_FROZEN"
    SIZE_MISSING = "SIZE_MISSING"
    SIZE_ZERO = "SIZE_ZERO"
    SIZE_SELL_ONLY = "SIZE_SELL_ONLY"
    LOT_INVALID = "LOT_INVALID"
    QUANTITY_EXCEEDED = "QUANTITY_EXCEEDED"
    TICK_INVALID = "TICK_INVALID"
    PRICE_MISSING = "PRICE_MISSING"
    PRICE_ABOVE_LIMIT = "PRICE_ABOVE_LIMIT"
    PRICE_BELOW_LIMIT = "PRICE_BELOW_LIMIT"
    CASH_EXCEEDED = "CASH_EXCEEDED"
    SELLABLE_EXCEEDED = "SELLABLE_EXCEEDED"
    ORDER_VALUE_EXCEEDED = "ORDER_VALUE_EXCEEDED"
    ORDERS_PER_SIGNAL_EXCEEDED = "ORDERS_PER_SIGNAL_EXCEEDED"
    AMPLIFICATION = "AMPLIFICATION"
    DUPLICATE_SUSPECTED = "DUPLICATE_SUSPECTED"
    SIGNAL_STALE = "SIGNAL_STALE"
    SIGNAL_FROM_FUTURE = "SIGNAL_FROM_FUTURE"
    QUOTE_STALE = "QUOTE_STALE"
    ID_REUSED = "ID_REUSED"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    NOTHING_TO_CANCEL = "NOTHING_TO_CANCEL"
    NO_CANCEL_PHASE = "NO_CANCEL_PHASE"
    CANCEL_PACED = "CANCEL_PACED"
    CANCEL_PRICED = "CANCEL_PRICED"
    CANCEL_OPTION = "CANCEL_OPTION"
    WAITS = "WAITS"
    WAITING_DROPPED = "WAITING_DROPPED"
    AT_PASSED = "AT_PASSED"
    AT_TOO_FAR = "AT_TOO_FAR"
    TARGET_REACHED = "TARGET_REACHED"
    TARGET_WORKING = "TARGET_WORKING"
    CANCELED_BY_LATER = "CANCELED_BY_LATER"
    MIXED_VERBS = "MIXED_VERBS"
    SAME_TWICE = "SAME_TWICE"
    TOO_MANY_ORDERS = "TOO_MANY_ORDERS"
    CLOCK_UNSETTLED = "CLOCK_UNSETTLED"


REGISTERED: Final = frozenset({Reason.NO_CANCEL_PHASE, Reason.CANCEL_PACED, Reason.WAITS, Reason.WAITING_DROPPED})
"""What stands beside a line that is on record and is carried out later: no refusal."""
NOTHING_TO_DO: Final = frozenset({Reason.NOTHING_TO_CANCEL, Reason.TARGET_REACHED})
"""What stands beside a line that asked for what is so already."""


class Denial(Struct, frozen=True, array_like=True, gc=False):
    """A refusal by us: the code, and the figures that its sentence quotes, already as text."""

    reason: Reason
    figures: tuple[str, ...] = ()
