"""Rule: no order trades with an own one, in whatever account it works."""

from __future__ import annotations

from collections.abc import Iterable

from qmt_trading.model.numbers import Price, to_text
from qmt_trading.model.order import Order
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import Side


def check_self_cross(price: Price, side: Side, working: Iterable[Order]) -> Denial | None:
    """Return a denial when one of the ``working`` orders of the symbol could trade with this one.

    The nearest of them is named; of several at one price the smallest account number.
    """
    sign = 1 if side is Side.BUY else -1
    nearest: tuple[int, str] | None = None
    for order in working:
        if order.side is not side and sign * order.price <= sign * price:
            found = sign * order.price, order.account
            nearest = found if nearest is None else min(nearest, found)
    if nearest is None:
        return None
    return Denial(Reason.SELF_CROSS, (nearest[1], to_text(sign * nearest[0])))
