"""Words of reconciliation: what differs between our books and the broker's, and what is to become of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from qmt_trading.model.enumeration import direct
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, to_text
from qmt_trading.model.order import ClientOrderId, Position

CASH: Final = Symbol("")
"""Stands for the cash of an account among its symbols."""
LAG_NS: Final = 7 * SECOND_NS
"""How long after a fill the broker's positions and cash may still be those before it.

Source: ``qmt/QMT.md`` 7: between 50 ms and 6 s were seen.
"""
APART_NS: Final = 5 * SECOND_NS
"""How far apart two lists must have been asked for that are to prove the same difference."""


@direct
class OnDifference(StrEnum):
    """What becomes of a proven difference: the broker's figure is taken, it is only shown, or buying stops."""

    ABSORB = "absorb"
    IGNORE = "ignore"
    PAUSE = "pause"


@direct
class OnForeign(StrEnum):
    """What becomes of a foreign order, besides that it is taken in: it is told once, not told, or trading stops."""

    ABSORB = "absorb"
    IGNORE = "ignore"
    PAUSE = "pause"


class Difference(Struct, frozen=True, array_like=True, kw_only=True):
    """One figure of an account that is not the broker's."""

    symbol: Symbol
    """``CASH`` for the money."""
    ours: int
    """Shares, or money available plus frozen."""
    theirs: int
    since_ns: int
    """When the figure began to differ, whatever by."""
    still_ns: int = 0
    """When the first list was asked for that showed these figures while nothing moved; 0: something moves."""
    agreed_ns: int = 0
    """When the newest such list was asked for."""
    told_ns: int = 0
    """When people were last told of these figures; 0: not yet."""
    position: Position | None = None
    """What the broker says of the holding; None: it lists none, or this is the cash."""
    is_sellable: bool = False
    """The shares are as many, and the figures are those that may be sold today."""
    ignored_ns: int = 0
    """When a person judged that these figures may differ; 0: nobody has."""
    ignored_by: str = ""
    ignored_why: str = ""

    @property
    def key(self) -> str:
        """What a person names it by: with other figures it is another difference, that nobody has judged yet."""
        if self.symbol == CASH:
            return f"cash/{to_text(self.ours)}/{to_text(self.theirs)}"
        return "/".join((self.symbol, *(("sellable",) if self.is_sellable else ()), str(self.ours), str(self.theirs)))

    @property
    def is_open(self) -> bool:
        """Tell whether something is to be done about it still."""
        return not self.ignored_ns

    @property
    def is_proven(self) -> bool:
        """Two lists far enough apart have shown the same figures while nothing moved: no lag explains them."""
        return bool(self.still_ns) and self.agreed_ns - self.still_ns >= APART_NS


class Listed(Struct, frozen=True, array_like=True, kw_only=True):
    """What the broker's newest complete list of an account held, and what of ours it did not."""

    asked_ns: int = 0
    """When it was asked for; 0: there has been none today."""
    orders: int = 0
    fills: int = 0
    positions: int = 0
    cash: Money = Money(0)
    unmatched: int = 0
    """Rows that may be one of several orders of ours."""
    absent_orders: tuple[ClientOrderId, ...] = ()
    """Orders that the broker had numbered before it was asked and that the list does not hold; the first few."""
    absent_fills: int = 0
    """Fills counted before it was asked that the list does not hold."""
