"""Rule: an instruction is carried out in time or not at all."""

from __future__ import annotations

from qmt_trading.model.reasons import Denial, Reason


def check_staleness(deadline_ns: int, now_ns: int) -> Denial | None:
    """Return a denial after ``deadline_ns``; the deadline's own instant passes."""
    if now_ns <= deadline_ns:
        return None
    return Denial(Reason.SIGNAL_STALE, (f"{(now_ns - deadline_ns) / 1e9:.1f}",))


def check_future(sent_ns: int | None, *, received_ns: int, tolerance_ns: int) -> Denial | None:
    """Return a denial when the sender's clock runs ahead of ours by more than ``tolerance_ns``."""
    if sent_ns is None or sent_ns - received_ns <= tolerance_ns:
        return None
    return Denial(Reason.SIGNAL_FROM_FUTURE, (f"{(sent_ns - received_ns) / 1e9:.1f}",))
