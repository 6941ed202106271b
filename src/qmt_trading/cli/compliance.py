"""``qmt compliance``: what programme trading must report, and the day's figures for it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Final

import typer

from qmt_trading.cli import compliance_rows, exit_codes, show
from qmt_trading.cli.journal import progress
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail, place_of
from qmt_trading.cli.words import Command, Group
from qmt_trading.journal.sqlite import SqliteReader
from qmt_trading.model.instant import to_clock_text
from qmt_trading.model.numbers import PERCENT_UNIT
from qmt_trading.model.settings import HIGH_FREQUENCY_PER_DAY, HIGH_FREQUENCY_PER_SECOND
from qmt_trading.run import compliance as reports
from qmt_trading.run.config_compliance import SOFTWARE
from qmt_trading.run.reading import journal_path

_DAYS_SHOWN: Final = 5
_SECOND: Final = f"{HIGH_FREQUENCY_PER_SECOND}"
_DAY: Final = f"{HIGH_FREQUENCY_PER_DAY:,}"
_EXPLAINED: Final = (
    "何时：首次程序化交易之前，经券商报告；个人也要报；内容有变更再报一次",
    "when: before the first programme trade, through the broker; individuals too; again when something changes",
    "报什么：账户与资金、策略类型、软件名称与开发者、每秒和每日最多的委托＋撤单",
    "what: account and funds, type of strategy, software and developer, highest orders + cancels a second and a day",
    f"软件名称 software：{SOFTWARE}",
    "实际数字从哪导出：qmt compliance report（--date 日期：以前的交易日；--csv 文件：Excel 表格）",
    "real figures: qmt compliance report, with --date for an earlier day and --csv for Excel",
    f"高频标准：单个账户任意一秒 {_SECOND} 次或一日 {_DAY} 次委托＋撤单，手工和其他程序的都算；达到的须额外报告",
    f"high frequency: {_SECOND} orders + cancels of an account in a second or {_DAY} in a day: more is to be reported",
    "报告之后：在 qmt.toml 写 [compliance] registered = 报告日期；实盘没有它不能启动",
    "afterwards: write [compliance] registered = the date in qmt.toml; live does not start without it",
    "说明 more：docs/compliance.md",
)

app = typer.Typer(
    help="程序化交易：报备与日报 programme trading: daily figures",
    invoke_without_command=True,
    cls=Group,
)


@app.callback()
def explain(context: typer.Context) -> None:
    """程序化交易：报什么、从哪导出（不是法律意见） what to report, and from where."""
    if context.invoked_subcommand is None:
        show.say("程序化交易报备（不是法律意见，以券商和交易所的要求为准） / no legal advice", style="bold")
        for line in _EXPLAINED:
            show.say(line, hanging=2)


@app.command(cls=Command)
def report(
    date: Annotated[
        dt.datetime | None,
        typer.Option(
            "--date", formats=["%Y-%m-%d"], help="交易日，默认日志里最后一个 trading day, the last by default"
        ),
    ] = None,
    account: Annotated[str, typer.Option("--account", "-a", help="只要这个账号或名称 this account only")] = "",
    csv: Annotated[Path | None, typer.Option("--csv", help="写成 Excel 能开的表格 write a table for Excel")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    rate: Annotated[int, typer.Option("--rate", min=1, help="每秒达到几次算快 a fast second")] = reports.DEFAULTS.rate,
    move: Annotated[
        int, typer.Option("--move", min=0, max=100, help="越过最新价百分之几 per cent beyond the last")
    ] = 1,
    as_json: JsonOption = False,
    force: Annotated[bool, typer.Option("--force", help="覆盖已有的文件 replace a file")] = False,
) -> None:
    """一个交易日的日报：只有数字，没有结论 the figures of a trading day, no verdict."""
    if csv is not None and as_json:
        fail(exit_codes.USAGE, "✗ --csv 和 --json 只用一个 / use one of --csv and --json")
    if csv is not None and csv.exists() and not force:
        fail(exit_codes.USAGE, f"✗ {csv} 已存在：换一个文件名，或加 --force 覆盖 / exists: --force replaces it")
    measures = reports.Measures(rate, move * PERCENT_UNIT)
    with explained():
        found = _read(config, date.date() if date is not None else None, measures)
        accounts = [each for each in found.accounts if account in ("", each.account, each.name)]
        if account and not accounts:
            known = "、".join(each.account for each in found.accounts)
            fail(exit_codes.REFUSED, f"✗ 当日没有账户 {account}；有：{known} / no such account that day")
        if csv is not None:
            csv.write_bytes(compliance_rows.csv_of(found, accounts))
    if as_json:
        show.print_json(compliance_rows.rows_of(found, accounts))
    elif csv is not None:
        print(f"{found.day}，{len(accounts)} 个账户 / accounts → {csv}")
    else:
        _print(found, accounts)


def _read(config: Path, day: dt.date | None, measures: reports.Measures) -> reports.Report:
    """Return the report of ``day``, of the journal's last one where none is given."""
    reader = SqliteReader(journal_path(place_of(config).folder))
    try:
        day = day or reports.last_day(reader)
        if day is None:
            fail(exit_codes.REFUSED, "✗ 日志里还没有交易日 / the journal holds no trading day yet")
        return reports.report(reader, day, measures, progress=progress)
    except reports.NoSuchDayError as error:
        days = "、".join(map(str, error.days[-_DAYS_SHOWN:]))
        fail(exit_codes.REFUSED, f"✗ 日志里没有交易日 {day}；最近的：{days} / no such trading day in the journal")
    finally:
        reader.close()


def _print(found: reports.Report, accounts: list[reports.Figures]) -> None:
    console = show.console()
    console.print(
        f"程序化交易日报 programme-trading report {found.day}（截至 {to_clock_text(found.until_ns)}，"
        f"{found.turns:,} 轮核对完整）",
        style="bold",
        soft_wrap=True,
    )
    for each in accounts:
        console.print(f"账户 account {each.account} {each.name}".rstrip(), style="bold", soft_wrap=True)
        for line in show.aligned(compliance_rows.lines_of(found, each)):
            show.say(line, indent=2, hanging=4)
    console.print("只有数字，没有结论；每个数字的定义见 docs/compliance.md / figures only, defined there", style="dim")
