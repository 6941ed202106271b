"""What folding a broker's facts brought to light, for the engine to act on."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from qmt_trading.model.enumeration import direct
from qmt_trading.model.order import Order
from qmt_trading.model.outputs import Alert
from qmt_trading.model.signal import AccountId


@direct
class FindingKind(Enum):
    """What folding a fact brought to light; the engine decides what follows from it."""

    SPENT = "spent"
    INTRUDER = "intruder"
    DEFERRED = "deferred"
    RISEN = "risen"
    """An order believed not sent, or given up, is there."""
    REJECTED = "rejected"
    OVERSOLD = "oversold"
    ORPHAN = "orphan"
    FOREIGN = "foreign"
    """Somebody else's order was seen for the first time."""
    AGREED = "agreed"
    """A difference that people were told of is there no longer."""
    ADJUSTED = "adjusted"
    """A corporate action has changed something, or could not, or a refused order lives: the alert says what."""


class Finding(NamedTuple):
    kind: FindingKind
    account: AccountId
    order: Order | None
    text: str = ""
    alert: Alert | None = None
