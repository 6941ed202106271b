"""Rules: suspended stocks are not traded; those under a risk warning (ST) are bought only where that is permitted."""

from __future__ import annotations

from qmt_trading.model.instrument import Quote
from qmt_trading.model.numbers import Quantity
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import Side


def check_suspended(quote: Quote) -> Denial | None:
    return Denial(Reason.SUSPENDED, (quote.symbol,)) if quote.suspended else None


def check_risk_warning(quote: Quote, side: Side, *, denied: bool, scope: str) -> Denial | None:
    """Return a denial for a buy under a risk warning where ``denied`` says so; what is held may always be sold."""
    if not denied or side is Side.SELL or not quote.risk_warning:
        return None
    return Denial(Reason.RISK_WARNING, (quote.symbol, scope))


def check_day_buy(bought: Quantity, quantity_max: Quantity) -> Denial | None:
    """Return a denial when ``bought``, this order included, is more than one investor may buy of it in a day."""
    if bought <= quantity_max:
        return None
    return Denial(Reason.DAY_BUY_EXCEEDED, (str(bought), str(quantity_max)))
