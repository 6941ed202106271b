"""Rules: orders are made while the exchange takes them, within a person's own hours, on days of the calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from qmt_trading.model.instant import time_of_day_ns, to_clock_text
from qmt_trading.model.limits import Window
from qmt_trading.model.reasons import Denial, Reason


def check_calendar(day: dt.date | None, until: dt.date | None) -> Denial | None:
    """Return a denial on a day behind the last one that the calendar knows; None: it has no end."""
    if until is None or day is None or day <= until:
        return None
    return Denial(Reason.CALENDAR_ENDED, (until.isoformat(),))


def check_session(takes_orders: bool, now_ns: int) -> Denial | None:
    return None if takes_orders else Denial(Reason.OUT_OF_SESSION, (to_clock_text(now_ns),))


def check_window(now_ns: int, windows: Iterable[Window], *, scope: str) -> Denial | None:
    """Return a denial outside all of ``windows``; each begins with its first instant and ends before its last."""
    time_ns = time_of_day_ns(now_ns)
    if any(each.begins_ns <= time_ns < each.ends_ns for each in windows):
        return None
    return Denial(Reason.OUT_OF_WINDOW, (to_clock_text(now_ns), scope))
