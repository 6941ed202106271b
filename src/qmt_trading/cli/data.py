"""``qmt data``: history for backtests: brought in, checked, looked at, downloaded, or made up."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.history import DownloadBar, client_of, day_of_option, symbols_of
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail
from qmt_trading.cli.words import Command, Group
from qmt_trading.codec.printable import in_lines
from qmt_trading.feeds.findings import Finding, Severity, UnusableError, counts
from qmt_trading.feeds.history import PERIODS, HistoryError
from qmt_trading.feeds.options import Options
from qmt_trading.feeds.source_files import needs_polars
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.instant import day_of
from qmt_trading.run.actions_file import read_actions
from qmt_trading.run.clock import SystemClock
from qmt_trading.run.config import load
from qmt_trading.run.history import HistoryFetch
from qmt_trading.run.terminals import host_command

if TYPE_CHECKING:
    from qmt_trading.feeds.importing import FileTold
    from qmt_trading.feeds.store import Store
    from qmt_trading.feeds.table import Table

app = typer.Typer(
    help="历史数据：导入、检查、查看、下载、编一份试用 data for backtests", cls=Group, no_args_is_help=True
)
STORE: Final = Path("history")
BRING: Final = "先 qmt data import 或 qmt data synthetic"
FINDINGS_MAX: Final = 40
"""Findings that a person is shown; ``--json`` has all."""

StoreOption = Annotated[Path, typer.Option("--into", help="数据放在哪个文件夹 the store")]
FrequencyOption = Annotated[str, typer.Option("--frequency", "-f", help="1d 日线 | 1m 分钟 | tick 分笔（五档）")]
MapOption = Annotated[list[str] | None, typer.Option("--map", help="列名，如 --map open=开盘；可写多次 field=heading")]
SymbolOption = Annotated[str, typer.Option("--symbol", help="文件里和文件名里都没有代码时 the symbol")]
EncodingOption = Annotated[str, typer.Option("--encoding", help="utf-8 | gbk；不写：先 UTF-8 再 GBK encoding")]
VendorOption = Annotated[
    str, typer.Option("--vendor", help="数据是谁的，单位按它的手册：通达信 聚宽 tushare akshare rqdata baostock qmt")
]
VolumeUnitOption = Annotated[str, typer.Option("--volume-unit", help="成交量的单位：股 | 手 | 万股")]
AmountUnitOption = Annotated[str, typer.Option("--amount-unit", help="成交额的单位：元 | 千元 | 万元")]
PriceUnitOption = Annotated[str, typer.Option("--price-unit", help="价格的单位：元 | 分 | 厘；不写：元")]
ZoneOption = Annotated[str, typer.Option("--zone", help="时间的时区：Asia/Shanghai | UTC time zone")]
StampOption = Annotated[str, typer.Option("--stamp", help="分钟线的时间是这一分钟的 end 结束 | start 开始")]
TotalsOption = Annotated[str, typer.Option("--tick-volume", help="分笔的成交量：total 当日累计 | each 每笔")]
ActionsOption = Annotated[Path | None, typer.Option("--actions", help="除权除息文件 corporate actions")]


@app.callback()
def data() -> None:
    """Group the commands."""


def _needed() -> None:
    """Ask for what no command of this group does without, before a module is imported that has it at its top."""
    with explained():
        needs_polars()


@app.command("import", cls=Command)
def import_(
    paths: Annotated[list[Path], typer.Argument(help="CSV、TXT、Parquet，或装着它们的文件夹 files or folders")],
    into: StoreOption = STORE,
    *,
    frequency: FrequencyOption = "1d",
    columns: MapOption = None,
    symbol: SymbolOption = "",
    encoding: EncodingOption = "",
    vendor: VendorOption = "",
    volume_unit: VolumeUnitOption = "",
    amount_unit: AmountUnitOption = "",
    price_unit: PriceUnitOption = "",
    zone: ZoneOption = "Asia/Shanghai",
    stamp: StampOption = "",
    tick_volume: TotalsOption = "",
    replace: Annotated[bool, typer.Option("--replace", help="和已有的不同时用新的 new figures win")] = False,
    as_json: JsonOption = False,
) -> None:
    """导入 CSV、Parquet bring files into the store.

    通达信、聚宽、tushare、akshare、rqdata、QMT 导出的列名都认。单位不清楚的会问，不会猜。
    中断后再运行，从断的地方接着来。
    """
    _needed()
    from qmt_trading.feeds.checks import check_table
    from qmt_trading.feeds.importing import import_files
    from qmt_trading.feeds.source_files import sources_in
    from qmt_trading.feeds.store import Store
    from qmt_trading.market.calendar import SHIPPED

    options = _options(
        frequency, columns, symbol, encoding, vendor, volume_unit, amount_unit, price_unit, zone, stamp, tick_volume
    )
    with data_explained():
        sources = sources_in(paths)
        store = Store(into)
        _refuse_made_up(store)
        options = _asked(sources, options)
        with _progress("导入 importing", len(sources)) as advance:
            today = day_of(SystemClock().now_ns())
            outcomes = import_files(
                store,
                sources,
                options,
                lambda told: advance(told.path.name),
                replace=replace,
                check=lambda table: check_table(table, SHIPPED, today=today),
            )
    if as_json:
        show.print_json([_json(each) for each in outcomes])
    else:
        _print_outcomes(outcomes, into)
    if any(each.faults for each in outcomes):
        raise typer.Exit(exit_codes.REFUSED)


@app.command("check", cls=Command)
def check(
    paths: Annotated[list[Path] | None, typer.Argument(help="数据文件夹，或还没导入的文件；不写：history")] = None,
    *,
    frequency: FrequencyOption = "1d",
    columns: MapOption = None,
    symbol: SymbolOption = "",
    encoding: EncodingOption = "",
    vendor: VendorOption = "",
    volume_unit: VolumeUnitOption = "",
    amount_unit: AmountUnitOption = "",
    price_unit: PriceUnitOption = "",
    zone: ZoneOption = "Asia/Shanghai",
    stamp: StampOption = "",
    tick_volume: TotalsOption = "",
    actions: ActionsOption = None,
    as_json: JsonOption = False,
) -> None:
    """检查缺口、重复、价格、涨跌停、停牌 check history.

    有错误以 1 结束，只有警告以 0 结束。
    """
    _needed()
    from qmt_trading.feeds.checks import check_table
    from qmt_trading.market.calendar import SHIPPED

    options = _options(
        frequency, columns, symbol, encoding, vendor, volume_unit, amount_unit, price_unit, zone, stamp, tick_volume
    )
    findings: list[Finding] = []
    tables = rows = 0
    today = day_of(SystemClock().now_ns())
    if not paths and not STORE.exists():
        fail(exit_codes.REFUSED, f"✗ {STORE.absolute()} 里没有历史数据：{BRING} / no store")
    with data_explained():
        known: Sequence[CorporateAction] = read_actions(actions) if actions is not None else ()
        for table, faults in _tables(paths or [STORE], options):
            findings += faults
            if table is not None:
                tables, rows = tables + 1, rows + len(table)
                findings += check_table(table, SHIPPED, known, today=today)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    if as_json:
        show.print_json([_row(finding) for finding in findings])
    else:
        _print_findings(findings, tables, rows, errors)
    if errors:
        raise typer.Exit(exit_codes.REFUSED)


@app.command("show", cls=Command)
def show_(
    folder: Annotated[Path, typer.Argument(help="数据文件夹 the store")] = STORE,
    symbol: Annotated[str, typer.Argument(metavar="[代码]", help="只看这一只 one symbol")] = "",
    *,
    as_json: JsonOption = False,
) -> None:
    """数据里有什么：代码、起止、覆盖 what is there."""
    _needed()
    from qmt_trading.cli.data_show import print_store, rows_of
    from qmt_trading.feeds.store import Store

    with data_explained():
        store = Store(folder)
        if not store.exists:
            fail(exit_codes.REFUSED, f"✗ {folder} 里没有历史数据：{BRING} / no store")
        wanted = symbols_of([symbol]) if symbol else []
        entries = store.entries(symbols=wanted)
    if not entries:
        fail(exit_codes.REFUSED, f"✗ {folder} 里没有 {symbol} / nothing of it")
    if as_json:
        show.print_json(rows_of(entries))
        return
    print_store(store, entries)


@app.command("synthetic", cls=Command)
def synthetic(
    folder: Annotated[Path, typer.Argument(help="写到哪个文件夹 the store")] = STORE,
    *,
    seed: Annotated[int, typer.Option("--seed", help="种子：同一个种子，同样的数字 seed")] = 1,
    begin: Annotated[str, typer.Option("--begin", help="从哪天 first day")] = "2023-01-03",
    end: Annotated[str, typer.Option("--end", help="到哪天（含）last day")] = "2024-12-31",
    minute_days: Annotated[int, typer.Option("--minute-days", help="最后几天有分钟线 days with minutes")] = 20,
) -> None:
    """编一份行情试用（不是真的）made-up history to begin with."""
    _needed()
    from qmt_trading.feeds.made_up import make_history
    from qmt_trading.feeds.store import Store
    from qmt_trading.market.calendar import SHIPPED

    first, last = day_of_option("--begin", begin), day_of_option("--end", end)
    if last < first + dt.timedelta(days=10):
        fail(exit_codes.USAGE, f"✗ --end {last} 至少比 --begin {first} 晚十天 / at least ten days")
    with data_explained():
        others = {entry.source for entry in Store(folder).entries() if not entry.is_made_up}
        if others:
            fail(
                exit_codes.REFUSED, f"✗ {folder} 里有别的数据（{others.pop()}）：换一个文件夹 / it holds other history"
            )
        made = make_history(folder, SHIPPED, seed=seed, first=first, last=last, minute_days=minute_days)
    console = show.console()
    console.print(
        f"✓ {folder}：{len(made.symbols)} 只，{made.days} 个交易日，{made.rows} 行（种子 {seed}）", style="green"
    )
    if not made.is_new:
        console.print("  已是最新，数字没有变 / nothing has changed")
    elif made.replaced:
        console.print("! 以前编的全部换掉了，用它跑的结果对不上了 / what was made up before is gone", style="yellow")
    console.print("  数字是编的，只用来试用 / the figures are made up", style="yellow")
    console.print(f"  看看有什么：qmt data show {folder} / see what is there", markup=False)


@app.command("download", cls=Command)
def download(
    symbols: Annotated[list[str], typer.Argument(help="代码，如 600000.SH 000001.SZ；也可用逗号隔开 symbols")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    begin: Annotated[str, typer.Option("--begin", help="从哪天，如 2025-01-02 first day")],
    end: Annotated[str, typer.Option("--end", help="到哪天（含）；不写：今天 last day")] = "",
    frequency: FrequencyOption = "1d",
    into: StoreOption = STORE,
    terminal: Annotated[str, typer.Option("--terminal", help="哪个终端；不写：第一个 QMT 终端 which terminal")] = "",
) -> None:
    """经 QMT 客户端下载历史 download through a QMT client.

    客户端要开着。已有的不再下载；中断后再运行，从断的地方接着来。
    """
    _needed()
    from qmt_trading.feeds.store import Store
    from qmt_trading.run.download import download as bring

    wanted = symbols_of(symbols)
    clock = SystemClock()
    if frequency not in PERIODS:
        fail(exit_codes.USAGE, f"✗ --frequency 应为 {'、'.join(PERIODS)} / one of {', '.join(PERIODS)}")
    first = day_of_option("--begin", begin)
    last = day_of_option("--end", end) if end else day_of(clock.now_ns())
    if last < first:
        fail(exit_codes.USAGE, f"✗ --end {last} 早于 --begin {first} / ends before it begins")
    with data_explained():
        command = host_command(client_of(load(config), terminal))
        store = Store(into)
        _refuse_made_up(store)
        try:
            with DownloadBar() as bar:
                outcome = bring(
                    store,
                    lambda: HistoryFetch(command, clock),
                    wanted,
                    frequency,
                    first,
                    last,
                    bar.told,
                    now_ns=clock.now_ns(),
                )
        except HistoryError as error:
            fail(exit_codes.NOT_RUNNING, f"✗ {error}\n  已下载的留着，再运行一次接着来 / run it again to go on")
    console = show.console()
    units = f"；成交量：{outcome.units}" if outcome.units else ""
    console.print(f"✓ {into}：新增 {outcome.rows} 行{units}", style="green")
    if outcome.had:
        console.print(f"  已有，没有再下载：{len(outcome.had)} 只 / had already")
    if outcome.empty:
        console.print(f"! 没有数据：{'、'.join(outcome.empty)} / nothing of these", style="yellow")


def _refuse_made_up(store: Store) -> None:
    """End the command where real figures would stand beside made-up ones."""
    if any(entry.is_made_up for entry in store.entries()):
        fail(
            exit_codes.REFUSED,
            f"✗ {store.folder} 里是编的行情（qmt data synthetic），真的和编的不能放在一起：换一个文件夹（--into 名字，"
            "回测时 --data 同一个），或先删掉它 / it holds made-up history: name another folder with --into (and with "
            "--data for backtests), or delete it first",
        )


def _options(
    frequency: str,
    columns: list[str] | None,
    symbol: str,
    encoding: str,
    vendor: str,
    volume_unit: str,
    amount_unit: str,
    price_unit: str,
    zone: str,
    stamp: str,
    tick_volume: str,
) -> Options:
    from qmt_trading.feeds.reading import told_columns

    for option, value, words in (
        ("--frequency", frequency, PERIODS),
        ("--stamp", stamp, ("", "end", "start")),
        ("--tick-volume", tick_volume, ("", "total", "each")),
    ):
        if value not in words:
            known = "、".join(word for word in words if word)
            fail(exit_codes.USAGE, f"✗ {option} 应为 {known}，不是 {value} / one of these")
    with explained():
        told = told_columns(columns or [])
    return Options(
        frequency=frequency,
        columns=told,
        symbol=symbol,
        encoding=encoding,
        vendor=vendor,
        price_unit=price_unit,
        quantity_unit=volume_unit,
        turnover_unit=amount_unit,
        zone=zone,
        stamp=stamp,
        totals=tick_volume,
    )


def _asked(sources: Sequence[Path], options: Options) -> Options:
    """Ask a person at the keyboard for the units that the first file does not tell; elsewhere its error stands."""
    from qmt_trading.feeds.importing import read_file

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return options
    for field, question, words in (
        ("quantity_unit", "成交量的单位（股/手）unit of volume", ("股", "手", "万股")),
        ("turnover_unit", "成交额的单位（元/千元/万元）unit of amount", ("元", "千元", "万元")),
    ):
        _, told = read_file(sources[0], options)
        unknown = [fault for fault in told.faults if fault.code == "UNIT_UNKNOWN"]
        if not unknown:
            return options
        if field == "quantity_unit" and "成交量的单位" not in unknown[0].chinese:
            continue
        print(unknown[0].chinese)
        answer = ""
        while answer not in words:
            answer = typer.prompt(question).strip()
        named = {"quantity_unit": options.quantity_unit, "turnover_unit": options.turnover_unit, field: answer}
        options = options._replace(quantity_unit=named["quantity_unit"], turnover_unit=named["turnover_unit"])
    return options


def _tables(paths: Sequence[Path], options: Options) -> Iterator[tuple[Table | None, Sequence[Finding]]]:
    """Yield every table that is to be checked, or why a file cannot be."""
    from qmt_trading.feeds.checks import broken
    from qmt_trading.feeds.importing import read_file
    from qmt_trading.feeds.source_files import sources_in
    from qmt_trading.feeds.store import Store

    for path in paths:
        if path.is_dir() and (store := Store(path)).exists:
            bad = {finding.file: finding for finding in broken(store)}
            for entry in store.entries():
                if entry.path in bad:
                    yield None, [bad[entry.path]]
                else:
                    yield store.table(entry), ()
            continue
        for source in sources_in([path]):
            found, told = read_file(source, options)
            if told.faults:
                yield None, told.faults
            for table in found:
                yield table, ()


@contextmanager
def data_explained() -> Iterator[None]:
    with explained():
        try:
            yield
        except UnusableError as error:
            for finding in error.findings[:FINDINGS_MAX]:
                print(in_lines(f"✗ {finding.text()}"), file=sys.stderr)
            raise typer.Exit(exit_codes.REFUSED) from error


@contextmanager
def _progress(title: str, total: int) -> Iterator[Callable[[str], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = show.console()
    # Where nobody looks, all that it would leave is an empty line.
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=total)

        def advance(name: str) -> None:
            bar.update(task, advance=1, description=f"{title} {name}")

        yield advance


def _print_outcomes(outcomes: Sequence[FileTold], into: Path) -> None:
    console = show.console()
    for each in outcomes:
        if each.faults:
            console.print(f"✗ {each.path.name}：{len(each.faults)} 处错误 / errors", style="red")
            for fault in each.faults[:FINDINGS_MAX]:
                console.print(f"  {fault.text()}", markup=False, highlight=False)
        elif not each.skipped:
            mark, style = ("!", "yellow") if each.doubts else ("✓", "green")
            console.print(
                f"{mark} {each.path.name}：{each.symbols} 只，{each.rows} 行，新增 {each.added}；"
                f"{each.encoding}；{each.units}",
                style=style,
            )
        for doubt in each.doubts[:FINDINGS_MAX]:
            console.print(f"  {doubt.code} {doubt.text()}", style="red", markup=False, highlight=False)
        if each.doubts:
            console.print(
                f"  导入了，但有 {len(each.doubts)} 处一定是错的：改好文件，导入到新的文件夹（--into 名字）/ "
                "imported, though these are wrong: mend them and import into another folder",
                style="yellow",
            )
        for note in each.notes[:6]:
            console.print(f"  {note}", markup=False, highlight=False)
        if len(each.notes) > 6:
            console.print(f"  还有 {len(each.notes) - 6} 条说明（--json） / more notes")
    skipped = sum(each.skipped for each in outcomes)
    if skipped:
        console.print(f"  以前导入过，跳过：{skipped} 个文件 / imported before")
    console.print(f"  检查一下：qmt data check {into}")


def _print_findings(findings: Sequence[Finding], tables: int, rows: int, errors: int) -> None:
    console = show.console()
    styles = {Severity.ERROR: "red", Severity.WARNING: "yellow"}
    marks = {Severity.ERROR: "✗", Severity.WARNING: "!"}
    for finding in sorted(findings, key=lambda each: each.severity)[:FINDINGS_MAX]:
        text = f"{marks[finding.severity]} {finding.code} {finding.text()}"
        console.print(text, style=styles[finding.severity], markup=False, highlight=False)
    if len(findings) > FINDINGS_MAX:
        console.print(f"  还有 {len(findings) - FINDINGS_MAX} 条（--json 全部列出） / --json has all")
    kinds = "，".join(f"{code} {count}" for code, count in counts(findings).items())
    style = "red" if errors else "yellow" if findings else "green"
    console.print(
        f"{'✗' if errors else '✓'} {tables} 份，{rows} 行：{errors} 个错误，{len(findings) - errors} 个警告"
        + (f"（{kinds}）" if kinds else "")
        + " / errors, warnings",
        style=style,
    )


def _json(told: FileTold) -> dict[str, object]:
    return {
        "file": str(told.path),
        "rows": told.rows,
        "added": told.added,
        "symbols": told.symbols,
        "units": told.units,
        "encoding": told.encoding,
        "skipped": told.skipped,
        "notes": list(told.notes),
        "errors": [_row(fault) for fault in told.faults],
        "doubts": [_row(doubt) for doubt in told.doubts],
    }


def _row(finding: Finding) -> dict[str, object]:
    return {name: getattr(finding, name) for name in finding.__struct_fields__}
