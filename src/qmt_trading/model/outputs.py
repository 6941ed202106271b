"""Outputs: commands to brokers, receipts to senders, notices to people. Tags are part of the journal."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from qmt_trading.model.events import JournalBound
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.order import ClientOrderId, Order, Position
from qmt_trading.model.receipt import Receipt
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.told import StateTold
from qmt_trading.model.words import Importance, LinkState, OrderStatus, Side, SideScope, TradingState


class SubmitOrder(Struct, frozen=True, array_like=True, tag="submit", gc=False):
    """Send one limit order. On record before it leaves; never sent twice."""

    client_order_id: ClientOrderId
    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Quantity
    price: Price
    signal_seq: int
    deadline_ns: int
    """Wall clock; not to be handed to the venue later than this."""
    reserved: Money
    """Cash a buy freezes, with fees."""
    strategy: str = ""
    bare: bool = False
    duplicate_key: str = ""
    """Of a message without an id: what a repeat of the instruction would look like."""


class CancelOrder(Struct, frozen=True, array_like=True, tag="cancel", gc=False):
    """Cancel one order, by broker id when there is one, else by contract number. Repeating it is harmless."""

    account: AccountId
    client_order_id: ClientOrderId
    broker_order_id: str
    venue_order_id: str
    symbol: Symbol
    attempt: int
    """1 for the first; 0: registered only, the order has no number to cancel it by yet."""
    signal_seq: int
    """0: asked for by a person or by the system."""
    not_before_ns: int = 0
    """Not sent now but registered until then, ``attempt`` tries having been made; 0: it goes at once."""
    paced: bool = False
    """It waits for its turn under the account's rate, and has taken that turn."""


class CancelMarked(Struct, frozen=True, array_like=True, tag="mark", gc=False):
    """A cancel's reach: orders of this account, symbol and side that were received before it, and no later ones."""

    account: AccountId
    symbol: Symbol
    side: SideScope
    signal_seq: int
    """0: a person's."""
    received_ns: int
    arrival: int = 0


class QueryBroker(Struct, frozen=True, array_like=True, tag="query", gc=False):
    """Ask for everything the broker knows of ``account`` today; answered by BrokerListed."""

    account: AccountId
    later: bool = False
    """Not now: an answer is under way, and this is asked when it has come. One question at a time and account."""


class SignalAnswered(Struct, frozen=True, array_like=True, tag="answer", gc=False):
    """The receipt of signal ``seq``, sent once it is on disk; a repeat gets an earlier signal's ``receipt``."""

    seq: int
    receipt: Receipt


class OrderEnded(Struct, frozen=True, array_like=True, tag="ended", gc=False):
    """A decision about an order's state that no broker row made: it became unknown, or was never sent."""

    client_order_id: ClientOrderId
    status: OrderStatus
    text: str


class TradingStateChanged(Struct, frozen=True, array_like=True, tag="state", gc=False):
    """From here on, globally (no account) or for one account."""

    account: AccountId | None
    state: TradingState
    who: str
    why: str


class Alert(Struct, frozen=True, array_like=True, tag="alert", gc=False):
    """Something a person should know."""

    importance: Importance
    code: str
    chinese: str
    english: str
    account: AccountId | None = None
    symbol: Symbol | None = None
    client_order_id: str = ""


class DayOpened(Struct, frozen=True, array_like=True, tag="opened"):
    """What a trading day starts from: folding may begin here."""

    day: dt.date
    bound: JournalBound
    version: str
    settings: EngineSettings
    trading_state: TradingState
    account_states: tuple[tuple[AccountId, TradingState], ...]
    cash: tuple[tuple[AccountId, Money], ...]
    sessions: tuple[tuple[AccountId, int, LinkState], ...]
    positions: tuple[Position, ...]
    unresolved: tuple[Order, ...]
    """Orders of earlier days whose end nobody knows; they keep their pair closed for buys."""
    signal_seq: int
    """The last one used."""
    order_seq: int
    arrival: int = 0
    told: StateTold = StateTold()
    """Of the trading state that the day begins with."""


Command = SubmitOrder | CancelOrder | QueryBroker
"""Out to a broker."""

Output = Command | CancelMarked | SignalAnswered | OrderEnded | TradingStateChanged | Alert | DayOpened
