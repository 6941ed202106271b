"""Rule: one order is at most a part of what the market has traded lately."""

from __future__ import annotations

from qmt_trading.model.numbers import MILLION, Money, to_money_text, to_percent_text
from qmt_trading.model.reasons import Denial, Reason


def check_recent_value(worth: Money, recent: Money, share_max: int, *, scope: str) -> Denial | None:
    """Return a denial when ``worth`` is more than ``share_max`` of ``recent``; below 0 it is not known, and passes."""
    if recent < 0 or worth * MILLION <= recent * share_max:
        return None
    figures = to_money_text(worth), to_money_text(recent), to_percent_text(share_max), scope
    return Denial(Reason.RECENT_VALUE_EXCEEDED, figures)
