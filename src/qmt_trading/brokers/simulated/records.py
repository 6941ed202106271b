"""What the exchange's book holds: every change of its truth as a record, in the order it happened."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from msgspec import Struct

from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import OrderStatus, Side


class AccountOpening(Struct, frozen=True, kw_only=True):
    """What an account starts with when the exchange has never seen it. Fees hold from each start on."""

    account: AccountId
    cash: Money
    holdings: tuple[tuple[Symbol, Quantity], ...] = ()
    """All of it may be sold at once."""
    fees: FeeSchedule = FeeSchedule()


class Origin(StrEnum):
    """Who placed an order."""

    ENGINE = "engine"
    HAND = "hand"
    """Typed into the terminal: it has a broker's number and no remark of ours."""
    PHONE = "phone"
    """It has a contract number only."""


class Carried(Struct, frozen=True, array_like=True, tag="carried", gc=False):
    """The first line of a new day's book: counters that never start again."""

    serial: int
    fill_serial: int
    session: int
    duplicates: int
    contracts: tuple[tuple[str, int], ...] = ()
    """By market, how many orders it has numbered."""


class Opened(Struct, frozen=True, array_like=True, tag="opened"):
    """An account as it stands at the beginning of its book."""

    account: AccountId
    cash: Money
    holdings: tuple[tuple[Symbol, Quantity, Money], ...]
    """Symbol, quantity (all of it sellable) and cost."""
    lent: tuple[tuple[dt.date, Money], ...] = ()
    """What reverse repos pay back, and the day from which on they do."""


class DayRolled(Struct, frozen=True, array_like=True, tag="day"):
    """A new trading day: orders and fills are gone, what was bought may be sold."""

    day: dt.date
    before: dt.date | None = None
    """The trading day before it in this book; None: there was none, or nobody wrote it down."""
    given: tuple[tuple[dt.date, Symbol], ...] = ()
    """By ex-day and symbol, the actions that what is held is after already."""


class Given(Struct, frozen=True, array_like=True, tag="given"):
    """An ex-day has come: what was held has become what ``action`` makes of it, and its cash was paid."""

    action: CorporateAction


class Connected(Struct, frozen=True, array_like=True, tag="session", gc=False):
    account: AccountId
    session: int


class Placed(Struct, frozen=True, array_like=True, tag="placed", gc=False):
    """The counter took an order, or rejected it with ``text``."""

    serial: int
    client_order_id: str
    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Quantity
    price: Price
    placed_ns: int
    origin: Origin
    text: str


class TurnedAway(Struct, frozen=True, array_like=True, tag="away", gc=False):
    """A submit came too late: it never becomes an order."""

    client_order_id: str
    account: AccountId


class Traded(Struct, frozen=True, array_like=True, tag="traded", gc=False):
    serial: int
    fill_serial: int
    price: Price
    quantity: Quantity
    fee: Money
    traded_ns: int


class Ended(Struct, frozen=True, array_like=True, tag="ended", gc=False):
    """An order was cancelled or expired."""

    serial: int
    status: OrderStatus


Record = Carried | Opened | DayRolled | Given | Connected | Placed | TurnedAway | Traded | Ended
