"""Limits: what a person permits in one scope. A limit of 0, or an empty one, does not exist."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from qmt_trading.model.enumeration import direct
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money, Quantity


@direct
class ScopeKind(StrEnum):
    """Whose orders a limit counts: everybody's, one account's, one door's, or one strategy's."""

    TOTAL = "total"
    ACCOUNT = "account"
    DOOR = "door"
    STRATEGY = "strategy"


class Scope(Struct, frozen=True, array_like=True, order=True):
    """One scope; TOTAL has no name."""

    kind: ScopeKind
    name: str = ""


TOTAL = Scope(ScopeKind.TOTAL)


class Window(Struct, frozen=True, array_like=True):
    """A part of the day: from ``begins_ns`` on, up to and without ``ends_ns``, after midnight in Shanghai."""

    begins_ns: int
    ends_ns: int


class Limits(Struct, frozen=True, array_like=True, kw_only=True):
    """The limits of one scope. Ratios are in millionths; docs/risk.md says what each counts and where it holds."""

    order_value_max: Money = Money(0)
    order_quantity_max: Quantity = Quantity(0)
    deviation_max: int = 0
    position_value_max: Money = Money(0)
    position_share_max: int = 0
    buy_value_per_day_max: Money = Money(0)
    turnover_per_day_max: Money = Money(0)
    recent_value_share_max: int = 0
    working_orders_max: int = 0
    orders_per_signal_max: int = 0
    orders_per_second_max: int = 0
    orders_per_minute_max: int = 0
    orders_per_day_max: int = 0
    messages_per_second_max: int = 0
    messages_per_day_max: int = 0
    unknown_orders_max: int = 0
    cash_reserve: Money = Money(0)
    loss_reducing: int = 0
    loss_halting: int = 0
    cancel_share_warn: int = 0
    risk_warning_denied: bool = False
    """Buys of stocks under a risk warning are denied."""
    windows: tuple[Window, ...] = ()
    symbols_allowed: tuple[Symbol, ...] = ()
    symbols_denied: tuple[Symbol, ...] = ()


NO_LIMITS = Limits()
