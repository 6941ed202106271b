"""Outputs: commands to brokers, receipts to senders, notices to people. Tags are part of the journal."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from qmt_trading.model.events import JournalBound
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.limits import Scope
from qmt_trading.model.morning import LinkTold
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.order import ClientOrderId, Order, Position
from qmt_trading.model.receipt import CancelLine, OrderLine, Receipt
from qmt_trading.model.reconciliation import Difference
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.timed import Chase, Timed
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
    """Cash that it freezes: of a buy, with fees, and of a reverse repo."""
    strategy: str = ""
    bare: bool = False
    duplicate_key: str = ""
    """Of a message without an id: what a repeat of the instruction would look like."""
    cancel_at_ns: int = 0
    """When what is left of it is cancelled; 0: when somebody asks for it."""
    chase: Chase | None = None
    session: int = 0
    """Of its account, when it was decided: on a later one it is not handed over. 0: on any."""
    decision_price: Price = Price(0)
    """The last price when it was decided; 0: none was known."""


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
    """0: by a person, or as before; -1: by a person; -2: by the order's own ``cancel_after``."""
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


class InstructionQueued(Struct, frozen=True, array_like=True, tag="timed"):
    """An instruction waits for its time from here on, over restarts and days."""

    timed: Timed


class InstructionDropped(Struct, frozen=True, array_like=True, tag="untimed", gc=False):
    """A cancel that came after it takes ``account`` out of an instruction that waits."""

    seq: int
    number: int
    account: AccountId
    by_seq: int
    """0: a person's cancel."""


class InstructionDone(Struct, frozen=True, array_like=True, tag="fired"):
    """An instruction that waited was decided for some or all of its accounts, and waits for them no longer."""

    seq: int
    number: int
    orders: tuple[OrderLine, ...]
    cancels: tuple[CancelLine, ...]
    accounts: tuple[AccountId, ...] = ()
    """Those that it was decided for: others wait on."""


class ChaseEnded(Struct, frozen=True, array_like=True, tag="chased", gc=False):
    """An order that was to be followed up has ended; what follows, if anything, stands behind this."""

    client_order_id: ClientOrderId


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


class LimitSet(Struct, frozen=True, array_like=True, tag="limit", gc=False):
    """One limit of one scope, by a person, until the day ends."""

    scope: Scope
    limit: str
    value: int
    who: str
    why: str


class BrakeTripped(Struct, frozen=True, array_like=True, tag="brake", gc=False):
    """A figure of the day has reached a step; it is not acted on again below the next one."""

    scope: Scope
    brake: str
    """``loss`` or ``cancel_share``."""
    step: int


class DifferenceAbsorbed(Struct, frozen=True, array_like=True, tag="absorbed"):
    """The broker's figure is ours from here on: a proven difference of one symbol, or of the cash, is over."""

    account: AccountId
    difference: Difference
    who: str
    """``engine``, or the person who accepted it."""


class DifferenceIgnored(Struct, frozen=True, array_like=True, tag="ignored"):
    """A person has judged this difference, as it is: it is shown, and nothing follows from it until it changes."""

    account: AccountId
    difference: Difference
    who: str
    why: str


class DifferencesTold(Struct, frozen=True, array_like=True, tag="differ", gc=False):
    """People were told of the differences of these symbols, as they are now; the alert stands beside it."""

    account: AccountId
    symbols: tuple[Symbol, ...]


class Alert(Struct, frozen=True, array_like=True, tag="alert", gc=False):
    """Something a person should know."""

    importance: Importance
    code: str
    chinese: str
    english: str
    account: AccountId | None = None
    symbol: Symbol | None = None
    client_order_id: str = ""


class AlertsAcknowledged(Struct, frozen=True, array_like=True, tag="acknowledged", gc=False):
    """A person has taken note of these alerts, each for the first time."""

    alerts: tuple[int, ...]
    who: str
    why: str


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
    timed: tuple[Timed, ...] = ()
    """Instructions that wait for this day or a later one."""
    holdings: tuple[tuple[AccountId, str, Symbol, int], ...] = ()
    """What each strategy holds, by its own fills."""
    marks: tuple[CancelMarked, ...] = ()
    """Reaches of cancels that had no end by midnight: what the new day's lists show of them is cancelled."""
    day_before: dt.date | None = None
    """The trading day that was opened before; None: there was none."""
    links_told: tuple[tuple[AccountId, LinkTold], ...] = ()
    """Since when each link is as it is."""
    alert_seq: int = 0
    """The number of the last alert."""
    alerts: tuple[tuple[int, int, Alert], ...] = ()
    """Alerts that matter and that nobody has acknowledged: number, instant and alert."""


Command = SubmitOrder | CancelOrder | QueryBroker
"""Out to a broker."""

Output = (
    Command
    | CancelMarked
    | InstructionQueued
    | InstructionDropped
    | InstructionDone
    | ChaseEnded
    | SignalAnswered
    | OrderEnded
    | TradingStateChanged
    | LimitSet
    | BrakeTripped
    | DifferenceAbsorbed
    | DifferenceIgnored
    | DifferencesTold
    | Alert
    | AlertsAcknowledged
    | DayOpened
)
