"""``qmt shadow``: what would have been done today, and how it compares with what was done."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Final

import typer

from qmt_trading.cli import climbing, exit_codes, shadow_rows, show
from qmt_trading.cli.journal import progress
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail, place_of
from qmt_trading.cli.words import Command, Group
from qmt_trading.journal.sqlite import SqliteReader
from qmt_trading.model.errors import JournalError
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import Mode
from qmt_trading.run.clock import SystemClock
from qmt_trading.run.config import DEFAULT_FOLDERS
from qmt_trading.run.reading import journal_path
from qmt_trading.run.shadow_compare import Comparison, What, compare
from qmt_trading.run.shadow_day import NoSuchDayError, ShadowDay, read_day

_DAYS_SHOWN: Final = 5
_WINDOW: Final = re.compile(r"([1-9][0-9]{0,4})(s|m|秒|分钟?)?")

DateOption = Annotated[
    dt.datetime | None,
    typer.Option("--date", formats=["%Y-%m-%d"], help="交易日，默认最后一个 trading day, the last by default"),
]

app = typer.Typer(help="观察模式：本应做什么、和实际的差异 shadow mode", no_args_is_help=True, cls=Group)


@app.command(cls=Command, name="show")
def show_(date: DateOption = None, config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False) -> None:
    """本应做的委托和撤单，一行一笔 what would have been done."""
    with explained():
        day = _read(config, date)
    rows = shadow_rows.decisions(day)
    if as_json:
        show.print_json(rows)
        return
    console = show.console()
    console.print(f"观察模式 {day.day}：没有发出任何委托和撤单 / nothing was sent", style="bold")
    for row in rows:
        show.say(f"{row['time']} {row['told']}", indent=2, hanging=2)
    if not rows:
        console.print("  还没有决定 / nothing was decided")


@app.command(cls=Command)
def diff(
    date: DateOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    only: Annotated[
        What | None, typer.Option("--only", help="只比委托或撤单；通道都不买卖时默认只比撤单 order or cancel")
    ] = None,
    window: Annotated[str, typer.Option("--window", help="相差多久之内算同一笔，如 30s")] = "30s",
    as_json: JsonOption = False,
) -> None:
    """和账户里实际发生的逐笔对照；差异 0 时退出码是 0 compare with what was done."""
    window_ns = window_of(window)
    with explained():
        day = _read(config, date)
        what = only or (None if day.trades else What.CANCEL)
        day = day if what is None else day.only(what)
        found = compare(day.ours, day.theirs, ended=day.ended, window_ns=window_ns)
        counted = climbing.note_shadow_day(config, day, found) if not found.differences else ""
    if as_json:
        show.print_json([shadow_rows.summary(day, found), *shadow_rows.rows_of(found)])
    else:
        _print(day, found, what, counted)
    raise typer.Exit(exit_codes.OK if not found.differences else exit_codes.REFUSED)


def window_of(written: str) -> int:
    """Return a span as nanoseconds; leave with a sentence where it is none."""
    read = _WINDOW.fullmatch(written.strip())
    if read is None:
        fail(exit_codes.USAGE, f"✗ --window {written}：写作 30s 或 2m / is written 30s or 2m")
    return int(read[1]) * (60 if read[2] and read[2][0] in "m分" else 1) * SECOND_NS


def _read(config: Path, date: dt.datetime | None) -> ShadowDay:
    """Return a day of the shadow journal: of the configuration's folder, else of the one that shadow mode uses."""
    found = place_of(config)
    folder = found.folder
    if found.configuration is not None and found.configuration.engine.mode is not Mode.SHADOW:
        folder = found.path.parent / DEFAULT_FOLDERS[Mode.SHADOW]
    wanted = date.date() if date is not None else None
    path = journal_path(folder)
    if not path.exists():
        raise JournalError(
            f"观察模式还没有运行过（{folder} 里没有日志）：配置里写 mode = 'shadow'，先 qmt run 一天"
            " / shadow mode has never run: set mode = 'shadow' and `qmt run` for a day"
        )
    reader = SqliteReader(path)
    try:
        return read_day(reader, wanted, now_ns=SystemClock().now_ns(), progress=progress)
    except NoSuchDayError as error:
        days = "、".join(map(str, error.days[-_DAYS_SHOWN:])) or "无"
        fail(
            exit_codes.REFUSED,
            f"✗ 日志里没有交易日 {wanted or ''}；最近的：{days} / no such trading day in the journal",
        )
    finally:
        reader.close()


def _print(day: ShadowDay, found: Comparison, what: What | None, counted: str) -> None:
    console = show.console()
    console.print(shadow_rows.heading(day), style="bold", soft_wrap=True)
    rows = shadow_rows.rows_of(found)
    if rows:
        show.print_table(show.table_of(rows, shadow_rows.COLUMNS, width=console.width, title="对照"), to=console)
    for line in shadow_rows.remarks(day, found):
        show.say(f"! {line}", hanging=2)
    if what is not None:
        show.say(f"只比{'撤单' if what is What.CANCEL else '委托'}（--only 可改）")
    show.say(shadow_rows.totals(found), hanging=2)
    style = "bold green" if not found.differences else "bold red"
    console.print(f"差异 {found.differences}", style=style)
    if counted:
        show.say(counted, hanging=2)
