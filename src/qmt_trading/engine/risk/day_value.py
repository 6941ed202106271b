"""Rule: no more is bought, or traded, in a day than permitted; what is still working counts at its price."""

from __future__ import annotations

from qmt_trading.model.numbers import Money, to_money_text
from qmt_trading.model.reasons import Denial, Reason


def check_buy_value(bought: Money, value_max: Money, *, scope: str) -> Denial | None:
    """Return a denial when ``bought``, this order included, is more than ``value_max``."""
    if bought <= value_max:
        return None
    return Denial(Reason.BUY_VALUE_EXCEEDED, (to_money_text(bought), to_money_text(value_max), scope))


def check_turnover(traded: Money, value_max: Money, *, scope: str) -> Denial | None:
    if traded <= value_max:
        return None
    return Denial(Reason.TURNOVER_EXCEEDED, (to_money_text(traded), to_money_text(value_max), scope))
