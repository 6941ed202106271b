"""Years that a person adds to the calendar: read from a file of theirs, checked, and kept in the data folder.

``calendar.json`` there holds each year with who accepted it, when, and from which file. It is read at start; what
cannot be read leaves the shipped table alone in force, which closes for submits at its end and never for cancels.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from qmt_trading.market.calendar import SHIPPED, Calendar, Year
from qmt_trading.model.errors import ConfigurationError

NAME: Final = "calendar.json"
SESSIONS_LEAST: Final = 235
SESSIONS_MOST: Final = 250
_GAP_MAX: Final = dt.timedelta(days=12)
"""Between two trading days: the longest of the shipped years since 2005 is 11 days."""
_FESTIVE: Final = ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3))
"""Closed in every year since 2000, as the law has it: a list without them is half a list."""
_LAST_WEEK: Final = (12, 26)


class Imported(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One year as it was accepted."""

    year: int
    closed: tuple[dt.date, ...]
    weekend: tuple[dt.date, ...]
    who: str
    at: str
    """RFC 3339."""
    file: str
    """The name of the file that it was read from."""
    sha256: str
    """Of that file."""


class Known(NamedTuple):
    """The calendar of a data folder."""

    calendar: Calendar
    imported: tuple[Imported, ...]
    trouble: str
    """Why the imported years are left out, in Chinese and English; empty: they are not."""


_decoder = msgspec.json.Decoder(tuple[Imported, ...])


def read(folder: Path) -> Known:
    """Return the shipped table with the years imported into ``folder``; a file that is wrong is told of, not raised."""
    path = folder / NAME
    try:
        imported = _decoder.decode(path.read_bytes())
        calendar = SHIPPED
        for each in imported:
            year = Year(each.year, each.closed, each.weekend)
            check(year, calendar)
            calendar = calendar.with_year(year)
    except FileNotFoundError:
        return Known(SHIPPED, (), "")
    except (OSError, msgspec.DecodeError, ConfigurationError) as error:
        return Known(
            SHIPPED,
            (),
            f"{path} 无法使用，导入的年份不算数：移走它，再 qmt calendar import 一次 / "
            f"cannot be used, so the imported years do not count: move it away and import again ({error})",
        )
    return Known(calendar, imported, "")


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def check(year: Year, known: Calendar) -> None:
    """Refuse a year that cannot be one of the exchanges'.

    Raises:
        ConfigurationError: it does not follow what is known, is not whole, or is not plausible.
    """
    first, last = SHIPPED.until.year, known.until.year + 1
    if not first <= year.year <= last:
        raise ConfigurationError(
            f"{year.year} 年接不上：日历到 {known.until}，可以导入 {last} 年，或更正 {first} 年以来的年份 / "
            f"{year.year} does not follow: import {last}, or correct a year from {first} on"
        )
    for day in (*year.closed, *year.weekend):
        if day.year != year.year:
            raise ConfigurationError(f"{day} 不在 {year.year} 年 / does not lie in {year.year}")
    for days, weekend in ((year.closed, False), (year.weekend, True)):
        if list(days) != sorted(set(days)):
            raise ConfigurationError(f"{year.year} 年的日期有重复或不按顺序 / dates twice or out of order")
        for day in days:
            if (day.weekday() > 4) is not weekend:
                raise ConfigurationError(
                    f"{day} {'不是周末' if weekend else '是周末，本来就休市'} / "
                    f"{'is no Saturday or Sunday' if weekend else 'lies on a weekend, which is closed anyway'}"
                )
    sessions = list(year.days())
    if not SESSIONS_LEAST <= len(sessions) <= SESSIONS_MOST:
        raise ConfigurationError(
            f"{year.year} 年有 {len(sessions)} 个交易日，应在 {SESSIONS_LEAST} 到 {SESSIONS_MOST} 之间：名单不全？ / "
            f"{len(sessions)} trading days, should be {SESSIONS_LEAST} to {SESSIONS_MOST}: not the whole list?"
        )
    for month, number in _FESTIVE:
        if dt.date(year.year, month, number) in sessions:
            raise ConfigurationError(
                f"{year.year}-{month:02}-{number:02} 是法定节假日，名单里没有休市：名单不全？ / "
                "a statutory holiday without closure: not the whole list?"
            )
    gaps = [(day, after) for day, after in pairwise(sessions) if after - day > _GAP_MAX]
    if gaps or (sessions[-1].month, sessions[-1].day) < _LAST_WEEK:
        where, until = gaps[0] if gaps else (sessions[-1], dt.date(year.year, 12, 31))
        raise ConfigurationError(
            f"{where} 到 {until} 之间没有交易日，不像一整年 / "
            f"no trading day between {where} and {until}: not a whole year"
        )


def changes(year: Year, known: Calendar) -> list[dt.date]:
    """Return the days of ``year`` that would trade, or rest, other than ``known`` has it now."""
    after = known.with_year(year)
    day, found = dt.date(year.year, 1, 1), []
    while day.year == year.year:
        if known.is_open(day) != after.is_open(day):
            found.append(day)
        day += dt.timedelta(days=1)
    return found


def standing(calendar: Calendar, day: dt.date) -> str:
    """Return how far the calendar reaches, as seen on trading day ``day``, and what to do where that is not far."""
    what = "导入下一年：qmt calendar import 文件 / import the next year"
    if not calendar.knows(day):
        return f"日历只到 {calendar.until}，已经过期：不再下单，撤单照常；{what}"
    left = f"日历到 {calendar.until}，{day} 之后还有 {calendar.days_left(day)} 个交易日"
    return f"{left}；{what}" if day >= calendar.warns_from else left


def write(folder: Path, imported: Sequence[Imported]) -> None:
    """Put ``imported`` in the place of what stands in ``folder``, whole or not at all.

    Raises:
        OSError: the disk refuses; what stood there still does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{NAME}.tmp"
    rows = sorted(imported, key=lambda each: each.year)
    with temporary.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(rows), indent=1))
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, folder / NAME)
