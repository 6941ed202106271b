"""How limits stand: each with what is used of it, worked out when somebody asks."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from qmt_trading.model.enumeration import direct
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import MILLION, Money
from qmt_trading.model.told import StateTold
from qmt_trading.model.usage import UsageImage

NEAR: Final = 800_000
"""In millionths: from here on a limit is nearly used up."""


@direct
class LimitSource(StrEnum):
    """Where the value that holds comes from."""

    FILE = "file"
    SET = "set"
    """A person has set it today."""
    TIGHTER = "tighter"
    """A person had set it before this start: the tighter of that and the file, until it is confirmed."""


class LimitStanding(Struct, frozen=True, kw_only=True):
    """One limit of one scope."""

    limit: str
    value: int
    """What holds; 0: no limit."""
    written: int
    """What the configuration says."""
    used: int | None = None
    """In the limit's unit; None: it is held against each order alone, or the figure is not known."""
    symbol: str = ""
    """Whose position ``used`` is."""
    source: LimitSource = LimitSource.FILE
    asked: int = 0
    """What a person has set today, where ``source`` is not the file."""
    told: StateTold = StateTold()
    """Of ``asked``."""

    @property
    def fullness(self) -> int | None:
        """How much of the limit is used, in millionths; None: there is no limit, or no use to be told."""
        return None if self.used is None or not self.value else self.used * MILLION // self.value


class ScopeStanding(Struct, frozen=True, kw_only=True):
    """One scope: its figures of today, and its limits in their order."""

    usage: UsageImage
    title: str
    """The account's own name; empty for all else."""
    limits: tuple[LimitStanding, ...]
    rest: Limits
    """All limits that hold: what is no figure stands here only."""
    unknown: int | None
    """Orders whose outcome nobody knows; None: not counted by this scope, as the next two."""
    profit: Money | None
    """Today's; None also where no price is known."""
    assets: Money | None
    """Of the morning."""
