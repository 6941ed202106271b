"""Rule: in continuous trading a limit order stays within the exchange's price cage."""

from __future__ import annotations

from qmt_trading.model.numbers import Price, to_text
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import Side


def check_cage(price: Price, side: Side, bound: Price) -> Denial | None:
    """Return a denial when a buy is above, or a sell below, ``bound``; the bound passes, 0 is none."""
    if not bound or (price <= bound if side is Side.BUY else price >= bound):
        return None
    return Denial(Reason.PRICE_CAGE, (to_text(price), to_text(bound), side.value))
