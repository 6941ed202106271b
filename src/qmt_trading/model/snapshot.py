"""A snapshot: the engine's state as one value, to start from without folding the whole day."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.events import JournalBound
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.morning import LinkTold, Morning
from qmt_trading.model.numbers import Money, Price
from qmt_trading.model.order import ClientOrderId, Fill, Order, Position
from qmt_trading.model.outputs import CancelMarked
from qmt_trading.model.reconciliation import Difference, Listed
from qmt_trading.model.settings import AccountSettings, EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.timed import Chase, Timed, TimedDone
from qmt_trading.model.told import StateTold
from qmt_trading.model.usage import LimitImage, LimitStep, UsageImage
from qmt_trading.model.view import AlertRow, Rows, SignalRow
from qmt_trading.model.words import LinkState, TradingState


class AccountImage(Struct, frozen=True, array_like=True):
    """One account without what its orders say themselves."""

    settings: AccountSettings
    """Its own: an account that left the configuration keeps the ones it had."""
    state: TradingState
    told: StateTold
    link: LinkState
    session: int
    ready: bool
    cash: Money
    positions: tuple[Position, ...]
    marks: tuple[tuple[CancelMarked, bool], ...]
    """With whether a complete list has been seen since."""
    orphans: tuple[int, ...]
    differences: tuple[Difference, ...]
    asking_ns: int
    ask_again: bool
    live: tuple[int, ...]
    """Rows of the order table, as in the three below: in the order in which they came, which is that of commands."""
    unresolved: tuple[int, ...]
    to_cancel: tuple[int, ...]
    gaps: tuple[int, ...]
    cancels_free_ns: int
    listed_session: int
    morning_assets: Money
    day_flows: tuple[tuple[Symbol, int, int], ...]
    listed: Listed
    moved: tuple[tuple[Symbol, int], ...]
    questioned_ns: int
    morning: Morning = Morning()
    link_told: LinkTold = LinkTold()


class Image(Struct, frozen=True, array_like=True):
    """The state but for its long tables."""

    now_ns: int
    bound: JournalBound
    version: str
    settings: EngineSettings
    day: dt.date | None
    opened_ns: int
    trading_state: TradingState
    told: StateTold
    clock_unsettled: tuple[AccountId, ...]
    accounts: tuple[AccountImage, ...]
    ids: dict[str, int]
    recent: dict[str, int]
    bare_counts: tuple[tuple[AccountId, Symbol, int], ...]
    prices: dict[Symbol, Price]
    alerts: tuple[AlertRow, ...]
    signal_seq: int
    order_seq: int
    arrival: int
    minute: int
    wanted_in_minute: int
    references: dict[Symbol, Price]
    usages: tuple[UsageImage, ...]
    limits: tuple[LimitImage, ...]
    malformed: int
    timed: tuple[Timed, ...]
    timed_done: tuple[TimedDone, ...]
    chasing: tuple[tuple[ClientOrderId, Chase], ...]
    holdings: tuple[tuple[AccountId, str, Symbol, int], ...]
    day_before: dt.date | None = None
    actions: tuple[CorporateAction, ...] = ()
    alert_seq: int = 0
    limit_steps: tuple[LimitStep, ...] = ()


class Snapshot(Struct, frozen=True):
    """The whole state; its tables are immutable, so that it may be encoded beside a running engine."""

    image: Image
    orders: Rows[Order]
    fills: Rows[Fill]
    signals: Rows[SignalRow]
