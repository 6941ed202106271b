"""Rule: a price is not further on the costly side of the market than permitted."""

from __future__ import annotations

from qmt_trading.model.numbers import MILLION, Price, to_percent_text, to_text
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import Side


def check_deviation(price: Price, side: Side, reference: Price, deviation_max: int, *, scope: str) -> Denial | None:
    """Return a denial when a buy stands above, or a sell below, ``reference`` by more than ``deviation_max``.

    Exactly the limit passes. Without a reference (0) nothing does: the price cannot be told from a slip.
    """
    beyond = price - reference if side is Side.BUY else reference - price
    if reference and beyond * MILLION <= reference * deviation_max:
        return None
    return Denial(Reason.PRICE_DEVIATES, (to_text(price), to_text(reference), to_percent_text(deviation_max), scope))
