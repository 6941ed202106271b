"""Rule: a buy is covered by cash that nothing else has claimed, fees included."""

from __future__ import annotations

from qmt_trading.model.numbers import Money, to_money_text
from qmt_trading.model.reasons import Denial, Reason


def check_cash(needed: Money, available: Money) -> Denial | None:
    """Return a denial when ``needed`` is more than ``available``; spending the last fen passes."""
    if needed <= available:
        return None
    return Denial(Reason.CASH_EXCEEDED, (to_money_text(needed), to_money_text(available)))
