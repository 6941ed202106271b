"""``qmt calendar``: this month's trading days, how far the calendar reaches, and adding a year to it."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Annotated, Final

import typer

from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail, place_of, who
from qmt_trading.cli.words import Command, Group
from qmt_trading.market.calendar import SHIPPED, Calendar, Year
from qmt_trading.model.instant import day_of, to_iso_text
from qmt_trading.run import calendar_file, calendar_list
from qmt_trading.run.calendar_file import Imported, Known

_WEEK: Final = "一 二 三 四 五 六 日"
_DAY: Final = dt.timedelta(days=1)
_BYTES_MAX: Final = 1_000_000

app = typer.Typer(
    help="交易日历：本月、到期日、导入下一年 trading days",
    cls=Group,
    invoke_without_command=True,
    no_args_is_help=False,
)


@app.callback()
def calendar(context: typer.Context, config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False) -> None:
    """Show the month, unless a command follows."""
    if context.invoked_subcommand is not None:
        if config != DEFAULT_CONFIG or as_json:
            name = context.invoked_subcommand
            fail(exit_codes.USAGE, f"✗ 选项请写在 {name} 后面 / options belong behind {name}")
        return
    with explained():
        known = calendar_file.read(place_of(config).folder)
    today = day_of(time.time_ns())
    if as_json:
        show.print_json([{**_row(known, today), "month": _month_rows(known.calendar, today)}])
        return
    console = show.console()
    console.print(f"{today.year} 年 {today.month} 月", style="bold")
    for line in month_lines(known.calendar, today):
        console.print(line)
    _print_standing(known, today)


@app.command("import", cls=Command)
def import_(
    file: Annotated[Path, typer.Argument(help="CSV、TOML 或休市日名单 a list of closures")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="不再询问 do not ask")] = False,
) -> None:
    """导入一整年的休市安排 add a year."""
    with explained():
        folder = place_of(config).folder
        known = calendar_file.read(folder)
        if known.trouble:
            fail(exit_codes.REFUSED, f"✗ {known.trouble}")
        with file.open("rb") as opened:
            content = opened.read(_BYTES_MAX + 1)
        if len(content) > _BYTES_MAX:
            fail(exit_codes.REFUSED, f"✗ {file} 超过 1 MB，不是一年的名单 / is larger than a year's list")
        year = calendar_list.parse(content, file.name)
        calendar_file.check(year, known.calendar)
    changed = calendar_file.changes(year, known.calendar)
    is_new = year.year > known.calendar.until.year
    console = show.console()
    for line in _told(year, changed, known.calendar, is_new=is_new):
        console.print(line, soft_wrap=True)
    if not changed and not is_new:
        return
    if not yes and not typer.confirm("写入日历吗？ write it?"):
        fail(exit_codes.REFUSED, "没有写入 / nothing was written")
    accepted = Imported(
        year=year.year,
        closed=year.closed,
        weekend=year.weekend,
        who=who(),
        at=to_iso_text(time.time_ns()),
        file=file.name,
        sha256=calendar_file.digest_of(content),
    )
    kept = [each for each in known.imported if each.year != year.year]
    with explained():
        calendar_file.write(folder, [*kept, accepted])
    until = calendar_file.read(folder).calendar.until
    console.print(
        f"✓ 已写入，日历到 {until}；正在运行的引擎重启后生效 / written; a restart makes it hold", style="green"
    )


@app.command(cls=Command)
def check(config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False) -> None:
    """核对日历，快到期时退出码为 1 check the calendar."""
    with explained():
        known = calendar_file.read(place_of(config).folder)
    today = day_of(time.time_ns())
    row = _row(known, today)
    if as_json:
        show.print_json([row])
    else:
        console = show.console()
        console.print(f"随程序的日历：{SHIPPED.since} 到 {SHIPPED.until} / shipped")
        for each in known.imported:
            console.print(f"导入 {each.year} 年：{each.at}，{each.who}，{each.file} / imported", soft_wrap=True)
            if each.year <= SHIPPED.until.year:
                changed = calendar_file.changes(Year(each.year, each.closed, each.weekend), SHIPPED)
                if changed:
                    console.print(f"  与随程序的不同：{_days(changed)} / other than shipped", soft_wrap=True)
        _print_standing(known, today)
    if row["ends_soon"] or known.trouble:
        raise typer.Exit(exit_codes.REFUSED)


def _row(known: Known, today: dt.date) -> dict[str, object]:
    calendar = known.calendar
    day = calendar.next_from(today)
    return {
        "today": today.isoformat(),
        "is_open": calendar.is_open(today),
        "day": day.isoformat(),
        "since": calendar.since.isoformat(),
        "until": calendar.until.isoformat(),
        "days_left": calendar.days_left(day),
        "ends_soon": day >= calendar.warns_from,
        "imported": [
            {"year": each.year, "who": each.who, "at": each.at, "file": each.file, "sha256": each.sha256}
            for each in known.imported
        ],
        "trouble": known.trouble or None,
    }


def _month_rows(calendar: Calendar, today: dt.date) -> list[dict[str, object]]:
    return [{"day": day.isoformat(), "open": calendar.is_open(day)} for day in _days_of_month(today)]


def _days_of_month(today: dt.date) -> list[dt.date]:
    first = today.replace(day=1)
    return [day for day in (first + number * _DAY for number in range(31)) if day.month == first.month]


def month_lines(calendar: Calendar, today: dt.date) -> list[str]:
    """Return the month of ``today`` a week a line: weekdays without trading say 休, today stands in brackets."""
    lines = ["".join(f" {name}  " for name in _WEEK.split())]
    days = _days_of_month(today)
    cells = ["     "] * days[0].weekday()
    for day in days:
        rests = day.weekday() < 5 and not calendar.is_open(day)
        text = f"{day.day:>2}休" if rests else f"{day.day:>2}  " if calendar.is_open(day) else " ·  "
        cells.append(f"[{text.strip()}]".ljust(4 if rests else 5) if day == today else f"{text} ")
    lines += ["".join(cells[first : first + 7]).rstrip() for first in range(0, len(cells), 7)]
    return [*lines, "休：工作日休市，·：周末 / 休: closed weekday, ·: weekend"]


def _print_standing(known: Known, today: dt.date) -> None:
    console = show.console()
    if known.trouble:
        console.print(f"✗ {known.trouble}", style="bold red", soft_wrap=True)
    day = known.calendar.next_from(today)
    soon = day >= known.calendar.warns_from
    text = calendar_file.standing(known.calendar, day)
    console.print(f"{'!' if soon else '✓'} {text}", style="bold yellow" if soon else "green", soft_wrap=True)


def _told(year: Year, changed: list[dt.date], known: Calendar, *, is_new: bool) -> list[str]:
    """Return what an import would change."""
    count = len(list(year.days()))
    lines = [f"{year.year} 年：{count} 个交易日，工作日休市 {len(year.closed)} 天：{_days(list(year.closed))}"]
    if year.weekend:
        lines.append(f"周末交易 {len(year.weekend)} 天：{_days(list(year.weekend))}")
    if is_new:
        lines.append(f"日历从 {known.until} 延长到 {year.year}-12-31 / the calendar would reach so far")
    elif changed:
        opened = [day for day in changed if not known.is_open(day)]
        closed = [day for day in changed if known.is_open(day)]
        lines += [f"改为休市：{_days(closed)} / would rest"] if closed else []
        lines += [f"改为交易：{_days(opened)} / would trade"] if opened else []
    else:
        lines.append("日历已经是这样，没有改动 / the calendar says so already")
    return lines


def _days(days: list[dt.date]) -> str:
    """Return ``days`` with those that follow each other, weekends aside, as a range."""
    ranges: list[tuple[dt.date, dt.date]] = []
    for day in days:
        if ranges and all((ranges[-1][1] + n * _DAY).weekday() > 4 for n in range(1, (day - ranges[-1][1]).days)):
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return "、".join(f"{a:%m-%d}" if a == b else f"{a:%m-%d} 至 {b:%m-%d}" for a, b in ranges)
