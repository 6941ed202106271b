"""Rule: an instruction without an id that looks like the one just carried out is taken for its repeat."""

from __future__ import annotations

from qmt_trading.model.reasons import Denial, Reason


def check_duplicate(until_ns: int, *, now_ns: int) -> Denial | None:
    """Return a denial until ``until_ns``, the end of the window of an equal instruction; 0 when there was none."""
    if not until_ns or now_ns > until_ns:
        return None
    return Denial(Reason.DUPLICATE_SUSPECTED, (f"{(until_ns - now_ns) / 1e9:.1f}",))
