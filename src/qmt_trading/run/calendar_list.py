"""One year's calendar in a person's file: TOML, CSV, or a plain list of the weekdays on which the exchanges rest."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterator
from typing import Final, NoReturn

from qmt_trading.market.calendar import Year
from qmt_trading.model.errors import ConfigurationError

_CLOSED_NAMES: Final = frozenset({"weekday_closure", "closed", "closure", "休市", "休市日", "休市日期"})
_SESSION_NAMES: Final = frozenset({"trade_date", "trading_day", "session", "交易日", "交易日期"})
_DATE: Final = r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d{2})(\d{2}))"
_ONE: Final = re.compile(_DATE, re.ASCII)
_RANGE: Final = re.compile(f"({_DATE})\\s*(?:至|~|～|—|\\.\\.|to)\\s*({_DATE})", re.ASCII)
_KEYS: Final = ("year", "closed", "weekend_sessions")
_DAY: Final = dt.timedelta(days=1)
_LONGEST_LIST: Final = 60


def parse(content: bytes, name: str) -> Year:
    """Return the year that ``content`` tells of; ``name`` is what the file is called, and ``.toml`` says what it is.

    A CSV file names its column in its first line: days of rest (``weekday_closure``, 休市日期) or days of trading
    (``trade_date``, 交易日期). Without such a line each is a day of rest, or a range of days whose weekends are passed
    over. UTF-8 with or without a mark at its beginning, else GB18030.

    Raises:
        ConfigurationError: with the line, and what would be right. Whether the year is plausible is not looked at.
    """
    text = _decoded(content, name)
    return _of_toml(text, name) if name.lower().endswith(".toml") else _of_lines(text, name)


def _decoded(content: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigurationError(f"{name} 既不是 UTF-8 也不是 GBK / neither UTF-8 nor GB18030")


def _wrong(name: str, line: int, chinese: str, english: str) -> NoReturn:
    where, at = (f" 第 {line} 行", f"line {line}: ") if line else ("", "")
    raise ConfigurationError(f"{name}{where}：{chinese} / {at}{english}")


def _of_toml(text: str, name: str) -> Year:
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # A figure of 5,000 digits, a list in a list in a list …
        raise ConfigurationError(f"{name} 不是合格的 TOML / is no TOML: {error}") from error
    unknown = [key for key in table if key not in _KEYS]
    if unknown:
        _wrong(name, 0, f"没有这个设置：{unknown[0]}（可写 {'、'.join(_KEYS)}）", f"no such key: {unknown[0]}")
    number = table.get("year")
    if not isinstance(number, int) or isinstance(number, bool):
        _wrong(name, 0, "缺少 year，例如 year = 2027", "year is missing, such as year = 2027")
    closed, weekend = (_toml_days(table.get(key), key, name) for key in ("closed", "weekend_sessions"))
    if not closed:
        _wrong(name, 0, "缺少 closed：休市的工作日", "closed is missing: the weekdays without trading")
    return Year(number, closed, weekend)


def _toml_days(value: object, key: str, name: str) -> tuple[dt.date, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        _wrong(name, 0, f"{key} 应是列表 [2027-01-01, …]", f"{key} should be a list")
    days: list[dt.date] = []
    for each in value:
        if isinstance(each, dt.datetime) or not isinstance(each, dt.date):
            _wrong(name, 0, f"{key} 里应是日期 2027-01-01，不加引号", f"{key} holds dates without quotes")
        days.append(each)
    return tuple(sorted(days))


def _of_lines(text: str, name: str) -> Year:
    rows = [
        (number, re.split(r"[,;\t]", line))
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not rows:
        _wrong(name, 0, "里面没有日期", "holds no date")
    column, trades = 0, False
    names = [cell.strip().strip('"').lower() for cell in rows[0][1]]
    known = [index for index, each in enumerate(names) if each in _CLOSED_NAMES | _SESSION_NAMES]
    if known:
        column, trades = known[0], names[known[0]] in _SESSION_NAMES
        rows = rows[1:]
    elif len(rows) > _LONGEST_LIST:
        _wrong(
            name,
            0,
            f"有 {len(rows)} 行，不像休市名单；交易日的名单请在第一行写列名 trade_date",
            f"{len(rows)} lines are no list of closures; a list of trading days says trade_date in its first line",
        )
    found: dict[dt.date, int] = {}
    for number, cells in rows:
        if not known and any(cell.strip() for cell in cells[1:]):
            _wrong(
                name,
                number,
                "一行写了几个日期：每行一个，或在第一行写列名",
                "several cells in a line: one date a line, or names in the first line",
            )
        cell = cells[column].strip().strip('"') if column < len(cells) else ""
        for day in _days(cell, number, name, trades=trades):
            if day in found:
                _wrong(
                    name, number, f"{day} 在第 {found[day]} 行已经写过", f"{day} stands in line {found[day]} already"
                )
            found[day] = number
    years = sorted({day.year for day in found})
    if len(years) != 1:
        _wrong(name, 0, f"应是一整年，文件里有：{years}", f"should be one whole year, there are: {years}")
    if not trades:
        return Year(years[0], tuple(sorted(found)))
    week = Year(years[0], ()).days()
    return Year(years[0], tuple(day for day in week if day not in found))


def _days(cell: str, line: int, name: str, *, trades: bool) -> Iterator[dt.date]:
    """Yield the weekdays that one cell names."""
    both = _RANGE.fullmatch(cell)
    if both is not None and not trades:
        groups = both.groups()
        half = len(groups) // 2
        day, last = (_day(groups[first + 1 : first + half], line, name) for first in (0, half))
        if last < day:
            _wrong(name, line, f"{last} 早于 {day}", f"{last} lies before {day}")
        if last.year != day.year:
            _wrong(name, line, f"{day} 到 {last} 跨了年", f"{day} to {last} spans more than a year")
        while day <= last:
            if day.weekday() < 5:
                yield day
            if day == last:
                return
            day += _DAY
        return
    one = _ONE.fullmatch(cell)
    if one is None:
        _wrong(name, line, f"「{cell[:40]}」不是日期，写作 2027-01-01", f"no date, written 2027-01-01: {cell[:40]!r}")
    day = _day(one.groups(), line, name)
    if day.weekday() > 4:
        _wrong(
            name,
            line,
            f"{day} 是周末" + ("：周末交易请用 TOML 的 weekend_sessions 写明" if trades else "，本来就休市"),
            f"{day} lies on a weekend"
            + (": say so by weekend_sessions in a TOML file" if trades else ", closed anyway"),
        )
    yield day


def _day(groups: tuple[str | None, ...], line: int, name: str) -> dt.date:
    year, month, number = (int(group) for group in groups if group is not None)
    try:
        return dt.date(year, month, number)
    except ValueError:
        _wrong(name, line, f"没有 {year}-{month:02}-{number:02} 这一天", f"no such day: {year}-{month:02}-{number:02}")
