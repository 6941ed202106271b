"""The closed sets of words: sides, verbs, states, reasons. Their values stand in the journal and never change."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from qmt_trading.model.enumeration import direct


@direct
class Mode(StrEnum):
    """Where orders go: the broker, nowhere, a simulated exchange, history."""

    LIVE = "live"
    SHADOW = "shadow"
    PAPER = "paper"
    REPLAY = "replay"


@direct
class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


@direct
class SideScope(StrEnum):
    """Which side a cancel concerns."""

    BUY = "buy"
    SELL = "sell"
    ALL = "all"


@direct
class Verb(StrEnum):
    """What an item asks for; BARE takes its meaning from the door's configuration."""

    BARE = "bare"
    BUY = "buy"
    SELL = "sell"
    CANCEL = "cancel"
    TARGET = "target"
    CLEAR = "clear"
    PORTFOLIO = "portfolio"


@direct
class BareAction(StrEnum):
    """What a bare signal does at a door; UNSET is denied and red at start."""

    UNSET = "unset"
    CANCEL = "cancel"
    BUY = "buy"
    SELL = "sell"
    DENY = "deny"


@direct
class TradingState(StrEnum):
    """ACTIVE trades; REDUCING sells and cancels; HALTED cancels only."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


@direct
class OrderStatus(StrEnum):
    """States of an order; the table of moves stands in ``engine/transitions.py``."""

    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    PENDING_CANCEL = "PENDING_CANCEL"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"
    NOT_SENT = "NOT_SENT"
    EXPIRED_UNRESOLVED = "EXPIRED_UNRESOLVED"


TERMINAL = frozenset(
    {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED, OrderStatus.NOT_SENT}
)
"""Nothing more is expected of these; late fills still count."""


@direct
class LinkState(StrEnum):
    """State of one account's way to its broker."""

    DOWN = "down"
    CONNECTED = "connected"


@direct
class SignalStatus(StrEnum):
    """First word of a receipt."""

    ACCEPTED = "accepted"
    DENIED = "denied"
    DUPLICATE = "duplicate"
    MALFORMED = "malformed"
    BUSY = "busy"


@direct
class SignalForm(StrEnum):
    """How a message was written."""

    TEXT = "text"
    ANGLE = "angle"
    TRADE_SIGNAL = "trade_signal"
    JSON = "json"


@direct
class InstrumentKind(StrEnum):
    STOCK = "stock"
    FUND = "fund"
    CONVERTIBLE = "convertible"
    BOND = "bond"
    REPO = "repo"
    INDEX = "index"
    SUBSCRIPTION = "subscription"
    B_SHARE = "b_share"
    UNKNOWN = "unknown"


UNIT_TEXT: Final = {
    InstrumentKind.FUND: "份",
    InstrumentKind.CONVERTIBLE: "张",
    InstrumentKind.BOND: "张",
    InstrumentKind.REPO: "张",
}
"""What people count where it is not shares."""
NOT_PRICED = frozenset({InstrumentKind.REPO, InstrumentKind.SUBSCRIPTION})
"""Kinds whose price is no money at stake: a repo's is a rate, and a new share's is paid when it is allotted."""


@direct
class OpeningPause(StrEnum):
    """What becomes of an order between 9:25 and 9:30: kept here until 9:30, denied, or passed to the counter."""

    HOLD = "hold"
    DENY = "deny"
    PASS = "pass"


@direct
class Importance(StrEnum):
    """How loudly an alert speaks."""

    INFORMATION = "information"
    WARNING = "warning"
    CRITICAL = "critical"
