"""Instants and trading days: nanoseconds since 1970 UTC, and dates in Asia/Shanghai."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Final

SHANGHAI: Final = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")
"""China has had no daylight saving since 1991, so a fixed offset holds for every instant this system orders in."""

_OFFSET_NS: Final = 8 * 3600 * 1_000_000_000
_SECOND_NS: Final = 1_000_000_000
_DAY_NS: Final = 24 * 3600 * 1_000_000_000
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_EPOCH_ORDINAL: Final = _EPOCH.toordinal()


def day_of(instant_ns: int) -> dt.date:
    """Return the calendar date in Shanghai at ``instant_ns``."""
    return dt.date.fromordinal(_EPOCH_ORDINAL + (instant_ns + _OFFSET_NS) // _DAY_NS)


def time_of_day_ns(instant_ns: int) -> int:
    """Return nanoseconds since midnight in Shanghai."""
    return (instant_ns + _OFFSET_NS) % _DAY_NS


def at_time(day: dt.date, time_ns: int) -> int:
    """Return the instant that lies ``time_ns`` after midnight of ``day`` in Shanghai."""
    return (day.toordinal() - _EPOCH_ORDINAL) * _DAY_NS - _OFFSET_NS + time_ns


def to_clock_text(instant_ns: int) -> str:
    """Return ``HH:MM:SS.mmm`` in Shanghai."""
    milliseconds = time_of_day_ns(instant_ns) // 1_000_000
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{milliseconds:03d}"


def to_hour_text(time_ns: int) -> str:
    """Return a time of day as people say it: ``9:20``, with seconds where they are not zero."""
    seconds = time_ns // 1_000_000_000
    tail = f":{seconds % 60:02d}" if seconds % 60 else ""
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}{tail}"


def to_iso_text(instant_ns: int) -> str:
    """Return RFC 3339 with milliseconds and the Shanghai offset."""
    seconds, rest_ns = divmod(instant_ns, _SECOND_NS)
    return f"{_second_text(seconds)}.{rest_ns // 1_000_000:03d}+08:00"


def from_iso_text(text: str) -> int:
    """Return the nanoseconds of an RFC 3339 instant that names its offset.

    Raises:
        ValueError: it is none.
    """
    found = dt.datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    since = found - _EPOCH
    return (since.days * 86_400 + since.seconds) * _SECOND_NS + since.microseconds * 1_000


@lru_cache(maxsize=64)
def _second_text(seconds: int) -> str:
    """Return ``2026-11-24T10:00:00`` in Shanghai; what happens together is told together, and written once."""
    instant_ns = seconds * _SECOND_NS
    return f"{day_of(instant_ns).isoformat()}T{to_clock_text(instant_ns)[:8]}"
