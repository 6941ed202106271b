"""When exchanges take no cancels, and when they do again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from qmt_trading.market.instruments import rule_for
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.settings import NoCancelPhase
from qmt_trading.model.words import InstrumentKind

_MINUTE_NS: Final = 60 * SECOND_NS
_9_20: Final = (9 * 60 + 20) * _MINUTE_NS
_9_25: Final = (9 * 60 + 25) * _MINUTE_NS
_9_30: Final = (9 * 60 + 30) * _MINUTE_NS
_14_57: Final = (14 * 60 + 57) * _MINUTE_NS
_15_00: Final = 15 * 60 * _MINUTE_NS

STANDARD: Final = (
    NoCancelPhase(("SH", "BJ"), _9_20, _9_30),
    NoCancelPhase(("SZ",), _9_20, _9_25),
    NoCancelPhase(("SZ",), _14_57, _15_00, (), dt.date(2006, 7, 1)),
    NoCancelPhase(("SH", "BJ"), _14_57, _15_00, (InstrumentKind.STOCK,), dt.date(2018, 8, 20)),
    NoCancelPhase(("SH",), _14_57, _15_00, (InstrumentKind.FUND,), dt.date(2026, 7, 6)),
)
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
            and (not phase.kinds or _kind(symbol) in phase.kinds)
        ):
            return phase
    return None


def next_end_ns(phases: Sequence[NoCancelPhase], day: dt.date, now_ns: int) -> int:
    """Return when the next phase of ``day`` ends, of whatever venue; 0: none does after ``now_ns``."""
    return min((end_ns for phase in phases if (end_ns := at_time(day, phase.ends_ns)) > now_ns), default=0)


def _kind(symbol: Symbol) -> InstrumentKind | None:
    rule = rule_for(symbol)
    return None if rule is None else rule.kind
