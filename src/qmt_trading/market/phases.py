"""The phases of a trading day, for each kind of instrument and each day: when orders are taken, and when cancels."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from qmt_trading.model.enumeration import direct
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import InstrumentKind

DAY_NS: Final = 86_400 * SECOND_NS


@direct
class Phase(StrEnum):
    """Part of a trading day."""

    BEFORE_OPEN = "before_open"
    OPENING_AUCTION = "opening_auction"
    OPENING_AUCTION_FIXED = "opening_auction_fixed"
    """09:20 to 09:25: orders yes, cancels no."""
    PAUSE = "pause"
    """09:25 to 09:30: nothing is matched."""
    CONTINUOUS = "continuous"
    LUNCH = "lunch"
    CLOSING_AUCTION = "closing_auction"
    """14:57 to 15:00: orders yes, cancels no."""
    AFTER_HOURS = "after_hours"
    """15:05 to 15:30: at the closing price."""
    CLOSED = "closed"
    """After the last matching, and days without trading."""


class Span(Struct, frozen=True, kw_only=True):
    """One phase of one day, with where its rule was read."""

    begins_ns: int
    """After midnight in Shanghai; the phase begins with this instant."""
    ends_ns: int
    phase: Phase
    takes_orders: bool
    """Whether a counter takes orders, be it that it holds them until matching goes on."""
    takes_cancels: bool
    source: str
    certainty: str
    """``high``: the rule's text and data; ``medium``: one source; ``low``: what is not confirmed by any."""
    note: str = ""
    """Why it is as it is, in Chinese and English, where somebody might expect it otherwise."""


class Row(Struct, frozen=True, kw_only=True):
    """A span of the day, and what it holds for."""

    span: Span
    venues: tuple[str, ...] = ()
    """The ends of symbols; empty: all. So for kinds and boards."""
    kinds: tuple[InstrumentKind, ...] = ()
    boards: tuple[str, ...] = ()
    since: dt.date | None = None
    """The first day; None: none that is known."""
    noted_kinds: tuple[InstrumentKind, ...] = ()
    """The kinds that the span's note is about; empty: all."""

    def holds_for(self, venue: str, kind: InstrumentKind, board: str, day: dt.date) -> bool:
        return (
            (not self.venues or venue in self.venues)
            and (not self.kinds or kind in self.kinds)
            and (not self.boards or board in self.boards)
            and (self.since is None or self.since <= day)
        )

    def span_for(self, kind: InstrumentKind) -> Span:
        """Return the span, without its note where that is about other kinds."""
        return replace(self.span, note="") if self.noted_kinds and kind not in self.noted_kinds else self.span


def _span(
    begins: str, ends: str, phase: Phase, takes: str, source: str, *, certainty: str = "high", note: str = ""
) -> Span:
    return Span(
        begins_ns=_time_ns(begins),
        ends_ns=_time_ns(ends),
        phase=phase,
        takes_orders="orders" in takes,
        takes_cancels="cancels" in takes,
        source=source,
        certainty=certainty,
        note=note,
    )


def _time_ns(text: str) -> int:
    hour, minute = text.split(":")
    return (int(hour) * 60 + int(minute)) * 60 * SECOND_NS


_RULES: Final = "exchange rules of 2026 and 2023"
_BOTH: Final = "orders and cancels"
_PAUSE_NOTE: Final = (
    "9:25 到 9:30 几时再收撤单，未经柜台证实 / when cancels are taken again after 9:25 is not confirmed by a counter"
)
_AFTER_HOURS_NOTE: Final = (
    "盘后定价委托：QMT 怎样报单未经证实，暂不提供 / "
    "orders at the closing price are off until it is confirmed how QMT expects them"
)
_AFTER_HOURS: Final = _span("15:05", "15:30", Phase.AFTER_HOURS, "cancels", _RULES, note=_AFTER_HOURS_NOTE)
_TO_1530: Final = "own knowledge; no text seen"

ROWS: Final = (
    Row(span=_span("0:00", "9:15", Phase.BEFORE_OPEN, "", _RULES)),
    Row(span=_span("9:15", "9:20", Phase.OPENING_AUCTION, _BOTH, _RULES)),
    Row(span=_span("9:20", "9:25", Phase.OPENING_AUCTION_FIXED, "orders", _RULES), venues=("SH", "BJ")),
    Row(
        span=_span("9:25", "9:30", Phase.PAUSE, "orders", "level 2 data", certainty="medium", note=_PAUSE_NOTE),
        venues=("SH", "BJ"),
    ),
    Row(span=_span("9:20", "9:25", Phase.OPENING_AUCTION_FIXED, "orders", _RULES), venues=("SZ",)),
    Row(
        span=_span("9:25", "9:30", Phase.PAUSE, _BOTH, "hearsay", certainty="low", note=_PAUSE_NOTE),
        venues=("SZ",),
    ),
    Row(span=_span("9:30", "11:30", Phase.CONTINUOUS, _BOTH, _RULES)),
    Row(span=_span("11:30", "13:00", Phase.LUNCH, _BOTH, "counters hold what comes", certainty="medium")),
    Row(span=_span("13:00", "15:00", Phase.CONTINUOUS, _BOTH, _RULES)),
    Row(span=_span("15:00", "24:00", Phase.CLOSED, "", _RULES)),
    # What follows takes the place of what stands above it.
    Row(
        span=_span(
            "14:57",
            "15:00",
            Phase.CLOSING_AUCTION,
            "orders",
            "QMT manual; data of 2018",
            note="债券、逆回购是否也有，未经证实 / whether bonds and repos have it is not confirmed",
        ),
        venues=("SZ",),
        since=dt.date(2006, 7, 1),
        noted_kinds=(InstrumentKind.CONVERTIBLE, InstrumentKind.BOND, InstrumentKind.REPO),
    ),
    Row(
        span=_span("14:57", "15:00", Phase.CLOSING_AUCTION, "orders", "SSE notice of 2018-08-06; BSE [2021] 15, 2.3.2"),
        venues=("SH", "BJ"),
        kinds=(InstrumentKind.STOCK,),
        since=dt.date(2018, 8, 20),
    ),
    Row(
        span=_span("14:57", "15:00", Phase.CLOSING_AUCTION, "orders", "SSE notice of 2026-04-24"),
        venues=("SH",),
        kinds=(InstrumentKind.FUND,),
        since=dt.date(2026, 7, 6),
    ),
    Row(span=_AFTER_HOURS, venues=("SH",), boards=("star",), since=dt.date(2019, 7, 22)),
    Row(span=_AFTER_HOURS, venues=("SZ",), boards=("chinext",), since=dt.date(2020, 8, 24)),
    Row(
        span=_AFTER_HOURS,
        venues=("SH", "SZ"),
        kinds=(InstrumentKind.STOCK,),
        since=dt.date(2026, 7, 6),
    ),
    Row(
        span=_AFTER_HOURS,
        venues=("SH", "SZ"),
        kinds=(InstrumentKind.FUND,),
        boards=("fund", "etf"),
        since=dt.date(2026, 7, 6),
    ),
    Row(
        span=_span("15:00", "15:30", Phase.CONTINUOUS, _BOTH, _TO_1530, certainty="medium"),
        venues=("SH", "SZ"),
        kinds=(InstrumentKind.REPO,),
        since=dt.date(2019, 1, 21),
    ),
    Row(
        span=_span(
            "15:00",
            "15:30",
            Phase.CLOSED,
            "cancels",
            "trade feeds run to 15:30",
            certainty="low",
            note="15:00 后是否还成交，未经证实：不报新单，撤单照发 / "
            "whether it trades after 15:00 is not confirmed: no orders, cancels all the same",
        ),
        venues=("SH",),
        kinds=(InstrumentKind.CONVERTIBLE, InstrumentKind.BOND),
    ),
)
"""The whole day, the later row before the earlier one where two overlap. Sources: the project's table of rules.

The hours before 2006-07-01 are those of later days for want of a text. On 2016-01-04 and 2016-01-07 the index circuit
breaker (5 % and 7 % of CSI 300) ended trading early; these two days have the phases of any other here. The Beijing
exchange opened on 2021-11-15, with its closing auction; its after-hours trading is written in its rules (3.7) and had
not begun on 2026-08-29. Orders at the closing price may be entered during the day as well, which is off with the rest.
"""

NO_DAY: Final = _span("0:00", "24:00", Phase.CLOSED, "", "calendar")
"""All of a day without trading."""
ALL_DAY: Final = _span("0:00", "24:00", Phase.CONTINUOUS, _BOTH, "[session] always_open")
"""All of a day on which trading never closes."""


def phases_of(symbol: Symbol, kind: InstrumentKind, board: str, day: dt.date) -> tuple[Span, ...]:
    """Return the phases of trading day ``day`` in order, from midnight to midnight without a gap.

    Whether ``day`` is a trading day is the calendar's to say.
    """
    return _of(symbol, kind, board, day)[4]


def span_at(symbol: Symbol, kind: InstrumentKind, board: str, day: dt.date, time_ns: int) -> Span:
    """Return what holds ``time_ns`` after midnight of trading day ``day``; a boundary belongs to what begins."""
    _, _, _, begins_ns, spans = _of(symbol, kind, board, day)
    return spans[bisect_right(begins_ns, time_ns) - 1]


def phase_at(symbol: Symbol, kind: InstrumentKind, board: str, day: dt.date, time_ns: int) -> Phase:
    """Return the phase ``time_ns`` after midnight of trading day ``day``."""
    found = _last.get(symbol)  # As in _of, without the call: the gate asks this of every order.
    if found is None or found[0] is not kind or found[2] != day or found[1] != board:
        found = _of(symbol, kind, board, day)
    return found[4][bisect_right(found[3], time_ns) - 1].phase


_Day = tuple[InstrumentKind, str, dt.date, tuple[int, ...], tuple[Span, ...]]
"""A kind, its board and a day, with the phases of that day and when each begins."""
_KEPT_MAX: Final = 16_384
_last: dict[Symbol, _Day] = {}
"""What each symbol was asked about last: a look there costs half of what a key of four parts does."""


def _of(symbol: Symbol, kind: InstrumentKind, board: str, day: dt.date) -> _Day:
    found = _last.get(symbol)
    if found is None or found[0] is not kind or found[2] != day or found[1] != board:
        if len(_last) >= _KEPT_MAX:
            _last.clear()
        found = _last[symbol] = _made(symbol[-2:], kind, board, day)
    return found


@lru_cache(maxsize=1_024)
def _made(venue: str, kind: InstrumentKind, board: str, day: dt.date) -> _Day:
    """Return the day: for each stretch between two boundaries, the last row that holds for it."""
    spans = [row.span_for(kind) for row in ROWS if row.holds_for(venue, kind, board, day)]
    cuts = sorted({0, DAY_NS, *(cut for span in spans for cut in (span.begins_ns, span.ends_ns))})
    found: list[Span] = []
    for begins_ns, ends_ns in pairwise(cuts):
        covering = [span for span in spans if span.begins_ns <= begins_ns and ends_ns <= span.ends_ns]
        part = replace(covering[-1] if covering else NO_DAY, begins_ns=begins_ns, ends_ns=ends_ns)
        if found and replace(found[-1], begins_ns=begins_ns, ends_ns=ends_ns) == part:
            found[-1] = replace(found[-1], ends_ns=ends_ns)
        else:
            found.append(part)
    return kind, board, day, tuple(span.begins_ns for span in found), tuple(found)
