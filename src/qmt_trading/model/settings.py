"""What the engine is configured with: values, decided before it starts and recorded when they change."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Final

from msgspec import Struct

from qmt_trading.model.enumeration import direct
from qmt_trading.model.limits import NO_LIMITS, Limits
from qmt_trading.model.numbers import SECOND_NS, Money
from qmt_trading.model.reconciliation import OnDifference, OnForeign
from qmt_trading.model.rule_row import RuleRow
from qmt_trading.model.signal import AccountId, PriceSpec, Size
from qmt_trading.model.words import BareAction, InstrumentKind, Mode, OpeningPause, SideScope, Verb


@direct
class FeeRounding(StrEnum):
    """FEN rounds each part of an order's costs half-up to the fen; NONE keeps ten-thousandths of a yuan."""

    FEN = "fen"
    NONE = "none"


class FeeSchedule(Struct, frozen=True, kw_only=True):
    """What an account pays, where it differs from everybody's; ratios in millionths of the trade's value."""

    commission_millionths: int = 250
    commission_minimum: Money = Money(50_000)
    """Of an order, not of each of its fills."""
    stamp_duty_millionths: int | None = None
    """Sells of stocks; None: the rule book's, by the day."""
    transfer_millionths: int | None = None
    """Stocks; None: the rule book's, by the day."""
    fee_rounding: FeeRounding = FeeRounding.FEN


HIGH_FREQUENCY_PER_SECOND: Final = 300
"""Orders and cancels of one account within a second from which it trades at high frequency.

Source: implementing rules of the exchanges on programme trading, in force since 2025-07-07.
"""
HIGH_FREQUENCY_PER_DAY: Final = 20_000
"""The same within a day."""


class Compliance(Struct, frozen=True, kw_only=True):
    """What was reported of one account, through its broker, before it traded by programme."""

    registered: dt.date
    """When the report was made."""
    software: str = ""
    strategy: str = ""
    """Type of strategy, in the report's own words."""
    per_second_max: int = 0
    """The declared highest number of orders and cancels within a second; 0: none is written."""
    per_day_max: int = 0
    """The same for a day."""


class AccountSettings(Struct, frozen=True, kw_only=True):
    """One account: its number, the names a message may use, and its limits."""

    account: AccountId
    name: str = ""
    groups: tuple[str, ...] = ()
    terminal: str = "paper"
    limits: Limits = Limits(order_value_max=Money(100_000 * 10_000), orders_per_signal_max=50)
    bare_per_day_max: int = 1
    """Bare buys and sells, per symbol and day."""
    fees: FeeSchedule = FeeSchedule()
    compliance: Compliance | None = None
    """None: no report is written in the configuration."""
    morning_check: bool = False
    """Nothing is bought before the day's checklist is green, or accepted by a person."""
    settles_alone: bool = True
    """Two complete lists without it end an unknown order. False: at a counter of which nobody has seen what becomes of
    requests that a frozen terminal has taken in; a row or a person ends it."""
    on_difference: OnDifference = OnDifference.ABSORB
    foreign: OnForeign = OnForeign.ABSORB
    reconcile_every_ns: int = 0
    """How often the broker is asked for its lists in the hours of trading; 0: when something happens, only."""


class DoorSettings(Struct, frozen=True, kw_only=True):
    """What messages that come through one door may do."""

    name: str
    allow: tuple[Verb, ...] = (Verb.BUY, Verb.SELL, Verb.CANCEL)
    """The verbs permitted after a bare item has been given its meaning."""
    accounts: tuple[AccountId, ...] = ()
    """Empty: every configured account."""
    limits: Limits = NO_LIMITS
    """Of what comes through this door."""
    bare: BareAction = BareAction.UNSET
    cancel_side: SideScope = SideScope.ALL
    default_size: Size | None = None
    """For buys and sells without a size, bare ones included; None: denied."""
    default_price: PriceSpec | None = None
    """None: as ``EngineSettings.default_price``."""
    ttl_ns: int = 10 * SECOND_NS
    infer_market: bool = False


class StrategySettings(Struct, frozen=True, kw_only=True):
    """What the orders of one strategy may do, in all accounts together."""

    name: str
    limits: Limits


class NoCancelPhase(Struct, frozen=True, array_like=True):
    """A part of every trading day in which an exchange takes no cancels."""

    venues: tuple[str, ...]
    """The ends of symbols: SH, SZ, BJ."""
    begins_ns: int
    """After midnight in Shanghai; the phase begins with this instant."""
    ends_ns: int
    """Cancels are taken again from this instant on."""
    kinds: tuple[InstrumentKind, ...] = ()
    """Empty: every kind, those unknown to us included."""
    since: dt.date | None = None
    """The first day; None: always was so."""
    until: dt.date | None = None
    """The last day; None: open."""


class EngineSettings(Struct, frozen=True, kw_only=True):
    """Everything configured that a decision may depend on."""

    mode: Mode
    accounts: tuple[AccountSettings, ...]
    doors: tuple[DoorSettings, ...]
    default_price: PriceSpec
    limits: Limits = Limits(orders_per_signal_max=1000)
    """Of all accounts together."""
    strategies: tuple[StrategySettings, ...] = ()
    self_cross_denied: bool = False
    """No order is sent that would trade with an own one, in whatever account."""
    submits_per_minute_max: int = 600
    """More submits than this within one minute halt trading: a loop upstream or a fault here (A22)."""
    quote_age_max_ns: int = 3 * SECOND_NS
    future_tolerance_ns: int = 2 * SECOND_NS
    answer_wait_ns: int = 3 * SECOND_NS
    """A handed-over order without a broker row after this is asked about."""
    settle_ns: int = 60 * SECOND_NS
    cancel_retry_ns: int = 300_000_000
    cancel_attempts_max: int = 4
    """The first try and three repeats; then an alarm, and slower repeats."""
    cancel_burst: int = 130
    """Cancels of one account that may leave at once; further ones leave at ``cancels_per_second``."""
    cancels_per_second: int = 150
    """Of one account. With the burst at most 280 in any second: with ten orders, below the 300 of high frequency."""
    no_cancel: tuple[NoCancelPhase, ...] = ()
    always_open: bool = True
    """Trading never closes (paper, tests): every instant is one of continuous trading."""
    calendar_until: dt.date | None = None
    """The last day that the calendar knows: no submit is made after it. None: it has no end."""
    calendar_warns_from: dt.date | None = None
    """The trading day from which on people are told that the calendar ends. None: they are not."""
    opening_pause: OpeningPause = OpeningPause.HOLD
    night: tuple[int, int] | None = None
    """When brokers rest, begin and end after midnight in Shanghai, over midnight where it ends earlier; a link that is
    down then, or on a day without trading, is no alarm. None: always one."""
    cash_tolerance: Money = Money(5 * 10_000)
    """By how much cash may differ from the broker's for each fill of the day: fees are estimated."""
    cash_tolerance_base: Money = Money(10_000)
    """And besides, whatever was traded."""
    rules: tuple[RuleRow, ...] = ()
    """Rows that go before those of the rule book."""
