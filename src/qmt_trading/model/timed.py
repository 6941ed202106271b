"""An instruction that waits for its time: as durable as an order, and decided only when it is due."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from qmt_trading.model.receipt import CancelLine, OrderLine
from qmt_trading.model.signal import AccountId, Item
from qmt_trading.model.words import Verb


class Timed(Struct, frozen=True, array_like=True, kw_only=True):
    """One item of a message, for the accounts that it still concerns."""

    seq: int
    """Of its signal."""
    number: int
    """1, 2, 3, … within the signal; with ``seq`` it names the instruction: ``17.1``."""
    door: str
    verb: Verb
    """What the item means at its door."""
    item: Item
    """Without its time."""
    accounts: tuple[AccountId, ...]
    due_ns: int
    """Decided at this instant, or as soon after it as its accounts can trade."""
    deadline_ns: int
    """An order is not sent after this instant; a cancel goes whenever it can."""
    arrival: int
    """Of its signal: a cancel that came later drops it."""
    received_ns: int
    has_id: bool
    paced: bool = False
    """It waits for its turn under a rate, and ``due_ns`` is the turn that it has taken."""
    orders: int = 1
    """How many orders it takes turns for: more than one where the exchange's largest is smaller."""
    duplicate_key: str = ""
    """Of a message without an id: what a repeat of it would look like, until ``deadline_ns``."""

    @property
    def name(self) -> str:
        return f"{self.seq}.{self.number}"


def without_time(item: Item) -> Item:
    """Return ``item`` as it is decided when its time has come."""
    return replace(item, at_ns=None, not_before_ns=None)


class TimedDone(Struct, frozen=True, array_like=True, kw_only=True):
    """What became of an instruction that waited."""

    timed: Timed
    at_ns: int
    orders: tuple[OrderLine, ...] = ()
    cancels: tuple[CancelLine, ...] = ()
    dropped_by: int = 0
    """The signal whose cancel dropped it; -1: a person's cancel; 0: it was carried out or denied."""


class Chase(Struct, frozen=True, array_like=True):
    """How an order is followed up when its ``cancel_after`` has ended it unfilled: a new one for the rest."""

    item: Item
    """As the next order is to be decided; its ``chase`` counts what is left."""
    door: str
    until_ns: int = 0
    """Nothing follows after this instant: its ttl, counted from when ``cancel_after`` was over, or its expiry."""
