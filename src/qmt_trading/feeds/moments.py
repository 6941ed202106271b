"""Dates and times as files write them, in one pass over a whole column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from qmt_trading.feeds.table import DAY_NS, OFFSET_NS, Integers

if TYPE_CHECKING:
    import polars as pl

UNREADABLE: Final = -(1 << 62)
"""Stands where a moment could not be read."""
NO_TIME: Final = -1
_SEPARATED: Final = (
    r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.](\d{1,9}))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$"
)
_COMPACT: Final = r"^(\d{4})(\d{2})(\d{2})(?:[ T]?(\d{2}):?(\d{2})(?::?(\d{2})(?:[.]?(\d{1,9}))?)?)?()$"
_CLOCK: Final = r"^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.](\d{1,9}))?)?$"
_EPOCHS: Final = {10: 1_000_000_000, 13: 1_000_000, 16: 1_000, 19: 1}
"""Nanoseconds in one, by the number of digits: seconds, milliseconds, microseconds, nanoseconds since 1970 UTC."""
_SECOND: Final = 1_000_000_000


class Moments(NamedTuple):
    """A column of moments. ``is_absolute``: ``at_ns`` are instants; otherwise they are wall-clock nanoseconds."""

    at_ns: Integers
    """``UNREADABLE`` where there is none."""
    has_time: bool
    """Whether any row has more than a date."""
    is_absolute: bool


def read_moments(column: pl.Series) -> Moments:
    """Return dates, dates with times, or instants since 1970; whichever the column holds."""
    import polars as pl

    kind = column.dtype
    if kind == pl.Date:
        days = column.cast(pl.Int64).fill_null(UNREADABLE).to_numpy()
        return Moments(np.where(days == UNREADABLE, UNREADABLE, days * DAY_NS), False, False)
    if isinstance(kind, pl.Datetime):
        at_ns = column.dt.epoch("ns").fill_null(UNREADABLE).to_numpy()
        return Moments(at_ns, True, kind.time_zone is not None)
    text = _text(column)
    digits = text.str.len_chars()
    width = digits.max()
    if (
        isinstance(width, int)
        and width in _EPOCHS
        and bool((digits == width).all())
        and text.str.contains(r"^\d+$").all()
    ):
        at_ns = text.cast(pl.Int64, strict=False).fill_null(0).to_numpy() * _EPOCHS[width]
        return Moments(np.where(at_ns == 0, UNREADABLE, at_ns), True, True)
    return _written(text)


def read_clock(column: pl.Series) -> Integers:
    """Return times of day as nanoseconds since midnight; ``NO_TIME`` where there is none."""
    import polars as pl

    if column.dtype == pl.Time:
        return column.cast(pl.Int64).fill_null(NO_TIME).to_numpy()
    text = _text(column)
    groups = _groups(text, _CLOCK, 4)
    hour, minute, second, part = (groups.struct.field(str(number)) for number in range(1, 5))
    clock = _clock(hour, minute, second, part)
    if (clock >= 0).all():
        return clock
    # 931 and 0931, 93100 and 093100, 93100000 and 093100000: what is short lacks the hour's zero.
    longest = text.str.len_chars().max()
    wide = next((width for width in (4, 6, 9) if isinstance(longest, int) and longest <= width), 9)
    pattern = r"^(\d{2})(\d{2})()()$" if wide == 4 else r"^(\d{2})(\d{2})(\d{2})(\d{3})?$"
    groups = _groups(text.str.zfill(wide), pattern, 4)
    bare = _clock(*(groups.struct.field(str(number)) for number in range(1, 5)))
    return np.where(clock >= 0, clock, bare)


def at_of(moments: Moments, clock: Integers | None, zone_offset_ns: int = OFFSET_NS) -> Integers:
    """Return instants: wall clocks are those of a zone so far ahead of UTC; ``clock`` is added to dates."""
    at_ns = moments.at_ns
    bad = at_ns == UNREADABLE
    if clock is not None and not moments.has_time:
        bad = bad | (clock < 0)
        at_ns = at_ns + clock
    return np.where(bad, UNREADABLE, at_ns if moments.is_absolute else at_ns - zone_offset_ns)


def _text(column: pl.Series) -> pl.Series:
    import polars as pl

    if column.dtype.is_float():
        column = column.cast(pl.Int64, strict=False)
    return column.cast(pl.String).fill_null("").str.strip_chars().str.strip_chars('"')


def _groups(text: pl.Series, pattern: str, count: int) -> pl.Series:
    found = text.str.extract_groups(pattern)
    assert len(found.struct.fields) == count, found.struct.fields
    return found


def _number(part: pl.Series, default: int) -> Integers:
    import polars as pl

    return part.cast(pl.Int64, strict=False).fill_null(default).to_numpy()


def _clock(hour: pl.Series, minute: pl.Series, second: pl.Series, part: pl.Series) -> Integers:
    hours, minutes, seconds = _number(hour, -1), _number(minute, 0), _number(second, 0)
    nanoseconds = _number(part.fill_null("0").str.pad_end(9, "0"), 0)
    wrong = (hours < 0) | (hours > 23) | (minutes > 59) | (seconds > 59)
    return np.where(wrong, NO_TIME, ((hours * 60 + minutes) * 60 + seconds) * _SECOND + nanoseconds)


def _written(text: pl.Series) -> Moments:
    import polars as pl

    compact = 2 * int(text.str.contains(r"^\d{8}").sum()) > len(text)
    groups = _groups(text, _COMPACT if compact else _SEPARATED, 8)
    fields = [groups.struct.field(str(number)) for number in range(1, 9)]
    year, month, day = (_number(field, 0) for field in fields[:3])
    dates = (
        pl.DataFrame({"y": year, "m": month, "d": day})
        .select(pl.format("{}-{}-{}", "y", "m", "d").str.to_date("%Y-%m-%d", strict=False))
        .to_series()
    )
    days = dates.cast(pl.Int64).fill_null(UNREADABLE).to_numpy()
    has_time = bool(fields[3].is_not_null().any())
    clock = _clock(*fields[3:7])
    bad = (days == UNREADABLE) | (fields[3].is_not_null().to_numpy() & (clock < 0))
    at_ns = np.where(days == UNREADABLE, 0, days) * DAY_NS + np.maximum(clock, 0)
    zones = fields[7].fill_null("")
    is_absolute = bool((zones != "").any())
    if is_absolute:
        at_ns = at_ns - _offsets(zones)
    return Moments(np.where(bad, UNREADABLE, at_ns), has_time, is_absolute)


def _offsets(zones: pl.Series) -> Integers:
    """Return what each ``+08:00`` or ``Z`` is ahead of UTC; a row without one is in Shanghai."""
    import polars as pl

    hours = zones.str.slice(0, 3).cast(pl.Int64, strict=False)
    minutes = zones.str.slice(-2).cast(pl.Int64, strict=False).fill_null(0).to_numpy()
    ahead = np.where(zones == "Z", 0, hours.fill_null(8).to_numpy())
    return (ahead * 60 + np.where(ahead < 0, -minutes, minutes)) * 60 * _SECOND
