"""Rule: what is held of one symbol, with what is being bought, stays within a value and a share of the assets."""

from __future__ import annotations

from qmt_trading.model.numbers import MILLION, Money, ratio_half_up, to_money_text, to_percent_text
from qmt_trading.model.reasons import Denial, Reason


def check_position_value(held: Money, value_max: Money, *, scope: str) -> Denial | None:
    """Return a denial when ``held``, this order included, is worth more than ``value_max``."""
    if held <= value_max:
        return None
    return Denial(Reason.POSITION_VALUE_EXCEEDED, (to_money_text(held), to_money_text(value_max), scope))


def check_position_share(held: Money, assets: Money, share_max: int, *, scope: str) -> Denial | None:
    """Return a denial when ``held`` is more than ``share_max`` of the morning's ``assets``; 0 assets permit nothing."""
    if held * MILLION <= assets * share_max:
        return None
    share = to_percent_text(ratio_half_up(held * MILLION, assets)) if assets > 0 else "?"
    return Denial(Reason.POSITION_SHARE_EXCEEDED, (share, to_percent_text(share_max), scope))
