"""Events: everything that comes into the engine, as a fact with nothing left to look up; tags stay for ever."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.limits import Scope
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.order import ClientOrderId, Position
from qmt_trading.model.receipt import Receipt
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId, Signal
from qmt_trading.model.words import LinkState, Mode, OrderStatus, Side, SideScope, TradingState


class At(Struct, frozen=True, array_like=True, tag="at", gc=False):
    """The wall clock at which the events that follow were decided."""

    now_ns: int


class JournalBound(Struct, frozen=True, array_like=True, tag="bound"):
    """The first record: what this journal belongs to, for ever."""

    format: int
    mode: Mode
    tag: str
    """Five base-32 characters, drawn once."""
    accounts: tuple[AccountId, ...]


class EngineStarted(Struct, frozen=True, array_like=True, tag="start"):
    """A process begins to decide, with these settings. What was pending in a dead process is unknown from here on."""

    version: str
    settings: EngineSettings
    safe: bool = False
    """Start HALTED on the folded state, for cancelling only."""
    why: str = ""
    """Of a safe start, in words."""


class DayBegan(Struct, frozen=True, array_like=True, tag="day"):
    """A new trading day."""

    day: dt.date
    settings: EngineSettings | None = None
    """What holds from this day on; None: as before."""


class CorporateActionsTold(Struct, frozen=True, array_like=True, tag="actions"):
    """What is known of the ex-days since the trading day before, ``day`` included; told twice, an action counts once.

    Told when a day opens, before anything of it is decided, and again at a start that knows more.
    """

    day: dt.date
    actions: tuple[CorporateAction, ...]
    trouble: str = ""
    """Why nothing can be known; empty: it can."""


class SignalReceived(Struct, frozen=True, array_like=True, tag="signal"):
    """A parsed message with the facts its judgement needs."""

    seq: int
    """1, 2, 3, … over the journal's life."""
    door: str
    received_ns: int
    """Wall clock when its last byte was read."""
    text: str
    """The message as received, decoded with replacement, at most 65,536 characters."""
    signal: Signal
    quotes: tuple[Quote, ...] = ()
    """One for every symbol that buys or sells and that the feed knows."""
    known: KnownSignal | None = None
    """The first receipt of the same (sender, id) on an earlier day."""
    arrival: int = 0
    """Counts what came in, over the journal's life: which of two messages came first, whatever the clocks say."""
    next_day: dt.date | None = None
    """The trading day after this one, when this one's trading is over: where ``at=`` belongs then."""


class InstructionDue(Struct, frozen=True, array_like=True, tag="due"):
    """The time of an instruction has come; with the quotes that its judgement needs."""

    seq: int
    number: int
    quotes: tuple[Quote, ...] = ()
    accounts: tuple[AccountId, ...] = ()
    """Those of its accounts that it is decided for now."""


class KnownSignal(Struct, frozen=True, array_like=True):
    """What an id of an earlier day was answered."""

    seq: int
    content: str
    receipt: Receipt


class MalformedReceived(Struct, frozen=True, array_like=True, tag="malformed", gc=False):
    """A message that was no signal; nothing follows from it."""

    door: str
    received_ns: int
    excerpt: str
    """At most 200 characters."""
    code: str
    position: int
    item: int


class OrderRow(Struct, frozen=True, array_like=True, gc=False):
    """One order as the broker tells it."""

    client_order_id: str
    """The remark as it came back; empty, cut or foreign text is possible: a hint."""
    broker_order_id: str
    """Empty: the terminal gave none (a phone order)."""
    venue_order_id: str
    symbol: Symbol
    side: Side
    quantity: Quantity
    price: Price
    filled_quantity: Quantity
    status: OrderStatus
    text: str = ""
    ordered_ns: int = 0
    is_undescribed: bool = False
    """Its state is one that nobody has described: ``status`` is UNKNOWN, and so is the order (DESIGN 5.10)."""


class FillRow(Struct, frozen=True, array_like=True, gc=False):
    """One execution as the broker tells it."""

    fill_id: str
    client_order_id: str
    broker_order_id: str
    venue_order_id: str
    symbol: Symbol
    side: Side
    price: Price
    quantity: Quantity
    day: dt.date
    filled_ns: int
    fee: Money | None = None
    """None: the broker does not say; the schedule of the account is applied."""


class OrderReported(Struct, frozen=True, array_like=True, tag="order"):
    """The broker's row of an order changed, or was told again."""

    account: AccountId
    session: int
    row: OrderRow


class FillReported(Struct, frozen=True, array_like=True, tag="fill"):
    account: AccountId
    session: int
    row: FillRow


class SubmitRefused(Struct, frozen=True, array_like=True, tag="refused", gc=False):
    """An order certainly did not leave (or was refused before the venue): it ends NOT_SENT."""

    account: AccountId
    client_order_id: ClientOrderId
    text: str


class SubmitUncertain(Struct, frozen=True, array_like=True, tag="uncertain", gc=False):
    """An order may have left: it is unknown, and is asked about."""

    account: AccountId
    client_order_id: ClientOrderId
    text: str


class SubmitsHandedOver(Struct, frozen=True, array_like=True, tag="handed", gc=False):
    """When broker calls were made, wall clock; tells the timeline, decides nothing."""

    committed_ns: int
    """When their turn was on disk."""
    calls: tuple[tuple[ClientOrderId, int], ...]


class SubmitsWithheld(Struct, frozen=True, array_like=True, tag="withheld", gc=False):
    """Intents on record that were not released: they end NOT_SENT."""

    client_order_ids: tuple[ClientOrderId, ...]
    cause: str
    """``deadline``, ``halt``, ``cancel``, ``link``, ``journal`` or ``shadow``."""


class CancelRefused(Struct, frozen=True, array_like=True, tag="norevoke", gc=False):
    """The broker said no to a cancel. Proves nothing: the row decides."""

    account: AccountId
    client_order_id: ClientOrderId
    text: str


class LinkChanged(Struct, frozen=True, array_like=True, tag="link", gc=False):
    """An account's way to its broker opened or closed; each opening is a new session, greater than all before."""

    account: AccountId
    session: int
    state: LinkState
    text: str = ""


class BrokerListed(Struct, frozen=True, array_like=True, tag="listed"):
    """The broker's answer to a query: everything it knows of one account today."""

    account: AccountId
    session: int
    asked_ns: int
    """Wall clock when the list was asked for: orders handed over later are not judged by it."""
    complete: bool
    alive: bool
    """The same session answered an asset query after the list: an empty list is then proof of emptiness (A15)."""
    cash: Money
    """Available cash plus cash frozen by working orders."""
    positions: tuple[Position, ...]
    """Sellable before working sells are taken off; frozen quantity is ours to compute."""
    rows: tuple[OrderRow, ...]
    fills: tuple[FillRow, ...]
    total_assets: Money = Money(0)
    """Cash and what the positions are worth, as the broker counts; 0: it does not say."""
    is_doubtful: bool = False
    """Some kind was answered with nothing instead of an empty list: good enough to begin with, and no proof that an
    order or a fill of ours is not there."""


class CancelRequested(Struct, frozen=True, array_like=True, tag="cancel-request", gc=False):
    """A person cancels: one order by any of its ids, or all that match account, symbol and side."""

    who: str
    why: str
    account: AccountId | None = None
    symbol: Symbol | None = None
    side: SideScope = SideScope.ALL
    order_id: str = ""
    arrival: int = 0


class HaltRequested(Struct, frozen=True, array_like=True, tag="halt", gc=False):
    """No submit is released from this event's turn on."""

    who: str
    why: str
    account: AccountId | None = None
    state: TradingState = TradingState.HALTED
    cancel_open: bool = False
    arrival: int = 0


class ResumeRequested(Struct, frozen=True, array_like=True, tag="resume", gc=False):
    who: str
    why: str
    account: AccountId | None = None
    seen_ns: int = 0
    """When the state began that the person has seen, to the millisecond; one told later is not released. 0: any."""


class ResolveRequested(Struct, frozen=True, array_like=True, tag="resolve", gc=False):
    """A person ends an unknown as NOT_SENT, CANCELED or REJECTED, or asks the broker once more (UNKNOWN)."""

    who: str
    why: str
    client_order_id: ClientOrderId
    status: OrderStatus


class ReconcileRequested(Struct, frozen=True, array_like=True, tag="reconcile", gc=False):
    """A person has the broker asked for its lists, of one account or all; nothing is decided by that alone."""

    who: str
    why: str
    account: AccountId | None = None
    accept: bool = False
    """Let the broker's figures be ours where a difference is proven now."""


class IgnoreDifferenceRequested(Struct, frozen=True, array_like=True, tag="ignore-difference", gc=False):
    """A person judges that a difference may stay as it is."""

    who: str
    why: str
    account: AccountId
    key: str
    """Of the difference, its figures included."""


class AcknowledgeRequested(Struct, frozen=True, array_like=True, tag="acknowledge", gc=False):
    """A person has taken note of alerts."""

    who: str
    why: str
    alerts: tuple[int, ...] = ()
    """Their numbers."""
    everything: bool = False
    """All that matter and that nobody has acknowledged, in place of ``alerts``."""


class SignalsDropped(Struct, frozen=True, array_like=True, tag="dropped", gc=False):
    """Messages of a one-way door that found the lane full for a second: nothing was taken, and nobody could be told."""

    door: str
    count: int
    excerpt: str
    """Of the first of them, at most 200 characters."""


class DoorComplained(Struct, frozen=True, array_like=True, tag="door", gc=False):
    """Something is wrong with a door: its upstream is silent, it is full, its thread has died."""

    door: str
    chinese: str
    english: str


class TerminalComplained(Struct, frozen=True, array_like=True, tag="terminal", gc=False):
    """Something about a terminal, or the program before it, that a person should know or mend."""

    terminal: str
    code: str
    chinese: str
    english: str


class Mark(Struct, frozen=True, array_like=True, gc=False):
    """What one symbol is worth now."""

    symbol: Symbol
    last: Price
    previous_close: Price


class PositionsMarked(Struct, frozen=True, array_like=True, tag="marked", gc=False):
    """Prices of what is held have moved: the day's losses are looked at."""

    marks: tuple[Mark, ...]


class LimitRequested(Struct, frozen=True, array_like=True, tag="limit-request", gc=False):
    """A person sets one limit of one scope until the day ends; 0 takes it away."""

    who: str
    why: str
    scope: Scope
    limit: str
    """The name of a numeric field of ``Limits``."""
    value: int


class LimitsConfirmed(Struct, frozen=True, array_like=True, tag="limits-confirmed", gc=False):
    """A person says that the limits that were set earlier today hold, also where the file is tighter."""

    who: str
    why: str


class MorningChecked(Struct, frozen=True, array_like=True, tag="morning"):
    """The checklist of one account was gone through: each red item closes the account for buys."""

    account: AccountId
    red: tuple[str, ...]
    """Values of ``CheckItem``; empty: it is green."""
    chinese: str
    """What is red and what to do, or what there is to know today."""
    english: str


class MorningAccepted(Struct, frozen=True, array_like=True, tag="morning-accepted", gc=False):
    """A person lets an account buy although items of its check are red; those stay accepted until the day ends."""

    who: str
    why: str
    account: AccountId


class CancelsEnding(Struct, frozen=True, array_like=True, tag="cancels-ending", gc=False):
    """A minute later exchanges take no cancels: people are told what still works."""

    at_ns: int
    """When the phase without cancels begins."""


class DeadlineReached(Struct, frozen=True, array_like=True, tag="deadline", gc=False):
    """The instant that the engine named has come."""


class ClockStepped(Struct, frozen=True, array_like=True, tag="clock", gc=False):
    """The wall clock moved against the steady one by more than a second. Submits wait for a reconciliation."""

    step_ns: int


class JournalFailed(Struct, frozen=True, array_like=True, tag="journal-failed", gc=False):
    """A commit failed or is overdue: closed for submits for the rest of this process. Never on record."""

    text: str


Report = (
    OrderReported
    | FillReported
    | SubmitRefused
    | SubmitUncertain
    | SubmitsHandedOver
    | CancelRefused
    | LinkChanged
    | BrokerListed
)
"""What a broker may deliver."""

Noticed = DoorComplained | TerminalComplained | MorningChecked | CancelsEnding
"""What the watches of this process have noticed."""

Request = (
    CancelRequested
    | HaltRequested
    | ResumeRequested
    | ResolveRequested
    | ReconcileRequested
    | LimitRequested
    | LimitsConfirmed
    | MorningAccepted
    | AcknowledgeRequested
    | IgnoreDifferenceRequested
)
"""What a person may ask for."""

Event = (
    Report
    | Request
    | SignalReceived
    | InstructionDue
    | MalformedReceived
    | SignalsDropped
    | Noticed
    | SubmitsWithheld
    | JournalBound
    | EngineStarted
    | DayBegan
    | CorporateActionsTold
    | PositionsMarked
    | DeadlineReached
    | ClockStepped
    | JournalFailed
)
