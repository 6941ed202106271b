"""A signal: an instruction from outside, parsed and not yet judged."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

from msgspec import Struct

from qmt_trading.model.enumeration import direct
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money, Price
from qmt_trading.model.words import SideScope, SignalForm, Verb

AccountId = NewType("AccountId", str)
"""The broker's account number."""


@direct
class SizeKind(StrEnum):
    SHARES = "shares"
    LOTS = "lots"
    MONEY = "money"
    PERCENT = "percent"
    """Of total assets for buys and targets, of the sellable quantity for sells."""
    FRACTION = "fraction"
    """Of the sellable quantity, exact: ``1/3``, 半仓."""
    ALL = "all"


class Size(Struct, frozen=True, array_like=True, gc=False):
    """How much: ``amount`` counts shares, lots, ten-thousandths of a yuan, or millionths (PERCENT: 10 % is 100_000)."""

    kind: SizeKind
    amount: int = 0
    denominator: int = 1
    """FRACTION only: amount / denominator."""
    text: str = ""
    """As it was written, for the duplicate window."""


@direct
class PriceKind(StrEnum):
    LIMIT = "limit"
    LATEST = "latest"
    OPPOSITE = "opposite"
    OWN = "own"
    BID = "bid"
    ASK = "ask"
    LIMIT_UP = "limit_up"
    LIMIT_DOWN = "limit_down"


class PriceSpec(Struct, frozen=True, array_like=True, gc=False):
    """At what price: a figure, or a word that the quote resolves, then one optional offset."""

    kind: PriceKind
    price: Price = Price(0)
    """LIMIT only."""
    level: int = 1
    """BID and ASK: 1 to 5."""
    offset_ticks: int = 0
    offset_money: Money = Money(0)
    offset_millionths: int = 0
    text: str = ""


class Item(Struct, frozen=True, array_like=True, gc=False):
    """One instruction of a signal. Accounts stand as written: ids, names, ``@group`` or ``*``."""

    verb: Verb
    symbol: Symbol
    accounts: tuple[str, ...]
    side: SideScope | None = None
    """Cancels only; None: as the door is configured."""
    size: Size | None = None
    price: PriceSpec | None = None
    at_ns: int | None = None
    """``at=``: nanoseconds after midnight in Shanghai, when written as a time of day."""
    not_before_ns: int | None = None
    """JSON ``not_before``: an instant."""
    expires_ns: int | None = None
    ttl_ns: int | None = None
    cancel_after_ns: int | None = None
    strategy: str = ""
    close_others: bool = False
    """PORTFOLIO only."""
    holdings: tuple[tuple[Symbol, int], ...] = ()
    """PORTFOLIO only: symbol and target quantity."""
    chase: int = 0
    """How many new orders may follow, each for what ``cancel_after`` has left unfilled of the one before."""


class Signal(Struct, frozen=True, array_like=True, gc=False):
    """One message. ``id`` as written; ``sender`` the part before ``/``, else the strategy, else empty (the door)."""

    form: SignalForm
    items: tuple[Item, ...]
    id: str = ""
    sender: str = ""
    sent_ns: int | None = None
    note: str = ""
    content: str = ""
    """The canonical content that two messages with one id must share (``sent_at`` left out)."""


class Heartbeat(Struct, frozen=True, array_like=True, gc=False):
    """The sender is alive; no receipt."""


class Malformed(Struct, frozen=True, array_like=True, gc=False):
    """A message that is no signal: what is wrong, and where (a byte offset; an item number from 1, 0 for the whole)."""

    code: str
    position: int
    item: int
    chinese: str
    english: str
