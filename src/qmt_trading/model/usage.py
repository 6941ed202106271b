"""The limits of one scope, and what it has used of them, as values."""

from __future__ import annotations

from msgspec import Struct

from qmt_trading.model.limits import Limits, Scope
from qmt_trading.model.numbers import Money
from qmt_trading.model.told import StateTold


class UsageImage(Struct, frozen=True, array_like=True, kw_only=True):
    """The figures of one scope today."""

    scope: Scope
    orders: int
    cancels: int
    canceled: int
    bought: Money
    sold: Money
    working: int
    loss_step: int
    warned: bool
    turns: tuple[int, ...] = ()
    """In a snapshot those of the last minute, in a view all that are remembered; as the next."""
    messages: tuple[int, ...] = ()


class LimitImage(Struct, frozen=True, array_like=True):
    """A limit that a person has set today."""

    scope: Scope
    limit: str
    value: int
    confirmed: bool
    """False: a process has begun since, and the tighter of this and the configuration holds."""
    told: StateTold = StateTold()


class LimitStep(Struct, frozen=True, array_like=True):
    """One change of a limit by a person."""

    scope: Scope
    limit: str
    before: int
    """What held until then; 0: no limit, as in ``value``."""
    value: int
    told: StateTold


class ScopeImage(Struct, frozen=True, array_like=True):
    """The limits of one scope: what holds, what the configuration says, and what people have set today."""

    scope: Scope
    holds: Limits
    written: Limits
    set_today: tuple[LimitImage, ...]
