"""Orders, fills and positions as rows: immutable values that the engine replaces."""

from __future__ import annotations

import datetime as dt
from typing import NewType

from msgspec import Struct

from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import OrderStatus, Side

ClientOrderId = NewType("ClientOrderId", str)
"""Ours: instance tag (5 base-32 characters) + base-32 sequence; ASCII, at most 22 bytes. Empty: none was seen."""


class Order(Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """One order, ours or foreign."""

    client_order_id: ClientOrderId
    """For a foreign order a local name, ``~`` + account + ``~`` + broker's or contract number."""
    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Quantity
    price: Price
    status: OrderStatus
    created_ns: int
    updated_ns: int
    received_ns: int = 0
    """When its signal was received; for a foreign order, when it was placed as far as known."""
    session: int = 0
    """The account's session when it was decided."""
    deadline_ns: int = 0
    """Not to leave after this instant; 0 for foreign orders."""
    signal_seq: int = 0
    """0: foreign."""
    foreign: bool = False
    strategy: str = ""
    broker_order_id: str = ""
    venue_order_id: str = ""
    filled_quantity: Quantity = Quantity(0)
    """Sum of fills counted."""
    filled_value: Money = Money(0)
    reported_quantity: Quantity = Quantity(0)
    """The traded volume of the broker's row; may run ahead of the fills seen."""
    committed_ns: int = 0
    """When the intent was on disk (wall clock); 0: not known yet."""
    handed_over_ns: int = 0
    """When the broker call was made (wall clock); 0: not known to have been."""
    answered_ns: int = 0
    """When the broker's first row of it was seen; 0: none yet."""
    reserved: Money = Money(0)
    """Cash frozen for a buy's leaves, with fees."""
    reserved_quantity: Quantity = Quantity(0)
    """Shares frozen for a sell's leaves."""
    cancel_seq: int = 0
    """The last signal or request that cancels this; 0: none."""
    cancel_attempts: int = 0
    cancel_next_ns: int = 0
    """When the cancel is repeated; 0: not."""
    ask_next_ns: int = 0
    """When the broker is asked about it; 0: no question is open."""
    asked: int = 0
    """Complete, live order lists that held no match since the deadline passed."""
    asked_ns: int = 0
    """When the first of those lists was taken."""
    text: str = ""
    """The counter's own words."""
    arrival: int = 0
    """Of its signal; of a foreign order, the last arrival decided when it was first seen."""
    ended_ns: int = 0
    """When it first became known to have ended; 0: it has not."""
    cancel_paced: bool = False
    """Its next cancel has taken its turn under the account's rate already."""
    door: str = ""
    """Through which its signal came; empty for a foreign order."""
    observed: bool = False
    """It passed the gate and was withheld because the mode only observes: NOT_SENT, and counted like one that left."""
    decision_price: Price = Price(0)
    """The last price when it was decided; 0: none was known, or a foreign order."""


class Fill(Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """One execution, counted once: the key is account, day, symbol, fill id and contract number."""

    account: AccountId
    day: dt.date
    fill_id: str
    venue_order_id: str
    client_order_id: ClientOrderId
    symbol: Symbol
    side: Side
    price: Price
    quantity: Quantity
    fee: Money
    filled_ns: int
    broker_order_id: str = ""
    strategy: str = ""
    """Of its order; empty: none, or no order of it is known yet."""
    decision_price: Price = Price(0)
    """Of its order."""

    @property
    def slippage(self) -> Price | None:
        """What was paid more, or got less, a share than the last price when the order was decided; None: none known."""
        if not self.decision_price:
            return None
        return Price(self.price - self.decision_price if self.side is Side.BUY else self.decision_price - self.price)


class Position(Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """What an account holds of one symbol."""

    account: AccountId
    symbol: Symbol
    quantity: Quantity
    sellable_quantity: Quantity
    """T+1: what may be sold today, before working sells are taken off."""
    frozen_quantity: Quantity = Quantity(0)
    """Reserved by working sells."""
    cost: Money = Money(0)
    """Total cost of what is held, with fees."""
    realised: Money = Money(0)
    """Profit of today's sells against the cost, after fees."""
