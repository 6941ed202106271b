"""What the gate judges: an instruction before its size is known, the order it became, and what the market is like."""

from __future__ import annotations

from msgspec import Struct

from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.words import InstrumentKind, Side


class Instruction(Struct, frozen=True, gc=False):
    """What one item asks of one account, before its size is known."""

    symbol: Symbol
    side: Side
    bare: bool
    arrival: int
    deadline_ns: int
    duplicate_key: str
    """Empty for messages with an id."""


class Candidate(Struct, frozen=True, gc=False):
    """The order an instruction became."""

    symbol: Symbol
    side: Side
    quantity: Quantity
    price: Price
    worth: Money
    needed: Money
    """Cash that it freezes, with fees: of a buy, and of a reverse repo; 0 for other sells."""


class Market(Struct, frozen=True, gc=False):
    """What one item meets, whatever the account."""

    quote: Quote
    kind: InstrumentKind
    reference: Price
    """The last price, else the previous close; 0: neither is known."""
    takes_orders: bool
    continuous: bool
    """The symbol is in continuous trading."""
    at_limit: bool
    """The price was written as the day's limit."""
    is_priced: bool
    """False: its price says nothing of the money at stake (a repo's rate, a new share's fixed price)."""
    is_special: bool
    """It is suspended, or under a risk warning."""
    held_until_ns: int
    """Orders are kept here until then; 0: they are not."""
    caged: bool = True
    """The price cage holds now: while trading is continuous, and for what is taken ahead of that."""


class Counted(Struct, frozen=True, gc=False):
    """How many orders it is about."""

    parts: int
    """Orders that this one instruction makes for this account."""
    by_signal: int
    """Instructions of the same signal that became orders so far, over all accounts."""
    by_account: int
    """Those for this account."""
