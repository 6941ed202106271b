"""``[session]``: the hours of trading, and when exchanges take no cancels."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final, NamedTuple

from qmt_trading.market.no_cancel import STANDARD
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.settings import NoCancelPhase
from qmt_trading.model.words import InstrumentKind, OpeningPause
from qmt_trading.run.config_reader import Table

_TIME: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_VENUES: Final = {"SH", "SZ", "BJ"}
_KINDS: Final = {kind.value: kind for kind in InstrumentKind}
_PAUSES: Final = {pause.value: pause for pause in OpeningPause}


class Hours(NamedTuple):
    """What ``[session]`` says."""

    always_open: bool
    """Trading never closes."""
    no_cancel: tuple[NoCancelPhase, ...]
    opening_pause: OpeningPause


def read_session(table: Table) -> Hours:
    """Return the hours; the phases without cancels are those written, else the standard ones.

    An exchange that never closes takes cancels at all times unless phases are written.

    Raises:
        ConfigurationError: with file, line and what would be right.
    """
    always_open = table.flag("always_open", False)
    written = table.has("no_cancel")
    opening_pause = table.word("opening_pause", _PAUSES, OpeningPause.HOLD)
    phases = tuple(_phase(each) for each in table.tables("no_cancel"))
    table.close()
    if not written and not always_open:
        phases = STANDARD
    return Hours(always_open, phases, opening_pause)


def _phase(table: Table) -> NoCancelPhase:
    venues = table.texts("venues")
    if not venues or not _VENUES.issuperset(venues):
        table.wrong("venues", "应列出 SH、SZ、BJ 中的一个或几个", "lists one or more of SH, SZ and BJ")
    begins_ns, ends_ns = _time_ns(table, "begins"), _time_ns(table, "ends")
    if ends_ns <= begins_ns:
        table.wrong("ends", "应晚于 begins", "must be later than begins")
    kinds = table.texts("kinds")
    for kind in kinds:
        if kind not in _KINDS:
            table.wrong("kinds", f"「{kind}」不是品种：{'、'.join(_KINDS)}", f"{kind} is none of {', '.join(_KINDS)}")
    since, until = _day(table, "since"), _day(table, "until")
    if since is not None and until is not None and until < since:
        table.wrong("until", "早于 since", "lies before since")
    table.close()
    return NoCancelPhase(venues, begins_ns, ends_ns, tuple(_KINDS[kind] for kind in kinds), since, until)


def time_ns_of(written: str) -> int | None:
    """Return a time of day such as ``09:20`` or ``09:20:30`` in nanoseconds after midnight; None: it is none."""
    found = _TIME.fullmatch(written)
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * SECOND_NS


def hours_of(written: str) -> tuple[int, int] | None:
    """Return begin and end of hours such as ``16:00-08:30``, as ``time_ns_of``; None: they are none, or empty."""
    begins, _, ends = written.replace(" ", "").partition("-")
    begins_ns, ends_ns = time_ns_of(begins), time_ns_of(ends)
    if begins_ns is None or ends_ns is None or begins_ns == ends_ns:
        return None
    return begins_ns, ends_ns


def _time_ns(table: Table, name: str) -> int:
    time_ns = time_ns_of(table.text(name))
    if time_ns is None:
        table.wrong(name, '时间写作 "09:20" 或 "09:20:00"', 'a time of day such as "09:20" or "09:20:00"')
    return time_ns


def _day(table: Table, name: str) -> dt.date | None:
    value = table.take(name)
    if value is None:
        return None
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        table.wrong(name, "日期写作 2026-07-06，不加引号", "a date such as 2026-07-06, without quotes")
    return value
