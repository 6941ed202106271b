"""Rule: an order whose signal came before a cancel of it, and was overtaken by that cancel, is dropped."""

from __future__ import annotations

from collections.abc import Iterable

from qmt_trading.engine.cancel_mark import CancelMark
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import Side


def check_cancel_mark(marks: Iterable[CancelMark], symbol: Symbol, side: Side, *, arrival: int) -> Denial | None:
    """Return a denial when a later cancel of this symbol and side was decided first."""
    for mark in marks:
        if arrival < mark.arrival and mark.covers(symbol, side):
            return Denial(Reason.CANCELED_BY_LATER, (str(mark.seq),))
    return None
