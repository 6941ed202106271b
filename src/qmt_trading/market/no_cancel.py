"""When exchanges take no cancels, and when they do again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from qmt_trading.market.instruments import kind_of
from qmt_trading.market.phases import ROWS
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.settings import NoCancelPhase


def _standard() -> tuple[NoCancelPhase, ...]:
    """Return the rows of the phases that take orders and no cancels; what adjoins for the same instruments is one."""
    found: list[NoCancelPhase] = []
    for row in ROWS:
        if row.span.takes_cancels or not row.span.takes_orders:
            continue
        span, last = row.span, found[-1] if found else None
        phase = NoCancelPhase(row.venues, span.begins_ns, span.ends_ns, row.kinds, row.since)
        if last is not None and (last.ends_ns, last.venues, last.kinds) == (span.begins_ns, row.venues, row.kinds):
            found[-1] = replace(last, ends_ns=span.ends_ns)
        else:
            found.append(phase)
    return tuple(found)


STANDARD: Final = _standard()
"""Source: the exchanges' trading rules for 9:20 to 9:25 and the closing auctions; Shanghai's funds have one since
2026-07-06, its bonds have none.

Not confirmed: when cancels are taken again after 9:25, and the hours of the Beijing exchange. In six files of level 2
data no cancel lies between 9:25 and 9:30, and Shenzhen's come in a burst at 9:30:00; people hold that Shenzhen takes
them from 9:25 on. A cancel that leaves early is refused and repeated, one that leaves late loses its place: so
Shenzhen's leave at 9:25, and whatever is being repeated is repeated at 9:30:00 sharp as well.
"""


def phase_of(phases: Sequence[NoCancelPhase], symbol: Symbol, day: dt.date, now_ns: int) -> NoCancelPhase | None:
    """Return the phase that keeps ``symbol`` from being cancelled at ``now_ns`` of trading day ``day``, or None."""
    for phase in phases:
        if (
            at_time(day, phase.begins_ns) <= now_ns < at_time(day, phase.ends_ns)
            and symbol.endswith(phase.venues)
            and (phase.since is None or phase.since <= day)
            and (phase.until is None or day <= phase.until)
            and (not phase.kinds or kind_of(symbol) in phase.kinds)
        ):
            return phase
    return None


def next_end_ns(phases: Sequence[NoCancelPhase], day: dt.date, now_ns: int) -> int:
    """Return when the next phase of ``day`` ends, of whatever venue; 0: none does after ``now_ns``."""
    return min((end_ns for phase in phases if (end_ns := at_time(day, phase.ends_ns)) > now_ns), default=0)
