"""Rule: bare buys and sells act a limited number of times per account, symbol and day (A35)."""

from __future__ import annotations

from qmt_trading.model.reasons import Denial, Reason


def check_bare_per_day(count: int, *, count_max: int) -> Denial | None:
    """Return a denial when ``count`` bare orders were accepted today and that is all that is permitted."""
    if count < count_max:
        return None
    return Denial(Reason.BARE_PER_DAY, (str(count), str(count_max)))
