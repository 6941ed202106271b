"""``qmt history``: bars and ticks of the past, through a QMT client, as a recording that can be played."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, explained, fail
from qmt_trading.cli.words import Command, Group
from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.symbols import normalise
from qmt_trading.feeds.history import PERIODS, HistoryError
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instrument import Symbol
from qmt_trading.run.clock import SystemClock
from qmt_trading.run.config import Configuration, load
from qmt_trading.run.config_terminals import QmtTerminal
from qmt_trading.run.history import HistoryFetch, HistoryProgress
from qmt_trading.run.terminals import host_command

app = typer.Typer(help="历史数据：经 QMT 客户端下载成可回放的文件 history", cls=Group, no_args_is_help=True)


@app.callback()
def history() -> None:
    """Group the commands."""


@app.command("download", cls=Command)
def download(
    symbols: Annotated[list[str], typer.Argument(help="代码，如 600000.SH 000001.SZ；也可用逗号隔开 symbols")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    begin: Annotated[str, typer.Option("--begin", help="从哪天，如 2025-01-02 first day")],
    end: Annotated[str, typer.Option("--end", help="到哪天（含）last day")],
    period: Annotated[str, typer.Option("--period", help="1d 日线 | 1m 分钟 | tick 分笔")] = "1m",
    out: Annotated[Path | None, typer.Option("--out", help="写到哪个文件；不写：当前文件夹 a CSV file")] = None,
    terminal: Annotated[str, typer.Option("--terminal", help="哪个终端；不写：第一个 QMT 终端 which terminal")] = "",
) -> None:
    """下载历史行情，写成可回放的文件 download history.

    一分钟、一天的 K 线或分笔成交，经 QMT 客户端下载；写成的 CSV 可以回放（docs/operations.md）。客户端要开着。
    """
    wanted = symbols_of(symbols)
    if period not in PERIODS:
        fail(exit_codes.USAGE, f"✗ --period 应为 {'、'.join(PERIODS)} / one of {', '.join(PERIODS)}")
    first, last = day_of_option("--begin", begin), day_of_option("--end", end)
    if last < first:
        fail(exit_codes.USAGE, f"✗ --end {last} 早于 --begin {first} / ends before it begins")
    path = out or Path(f"history-{period}-{first:%Y%m%d}-{last:%Y%m%d}.csv")
    with explained():
        fetch = HistoryFetch(host_command(client_of(load(config), terminal)), SystemClock())
        try:
            with DownloadBar() as bar:
                outcome = fetch.run(wanted, period, first, last, path, bar.told)
        except HistoryError as error:
            fail(exit_codes.NOT_RUNNING, f"✗ {error}")
    console = show.console()
    console.print(f"✓ {path}：{len(wanted) - len(outcome.empty)} 只，{outcome.rows} 行", style="green")
    if outcome.left_out:
        console.print(f"  没有价格的 {outcome.left_out} 行未写（停牌，或开盘前） / left out: no price")
    if outcome.empty:
        console.print(f"! 没有数据：{'、'.join(outcome.empty)} / nothing of these", style="yellow")


class DownloadBar:
    """Shows how far the terminal and the file have come."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=show.console(),
        )
        self._downloading: TaskID | None = None
        self._writing: TaskID | None = None

    def __enter__(self) -> DownloadBar:
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def told(self, how_far: HistoryProgress) -> None:
        if how_far.symbol:
            if self._writing is None:
                self._writing = self._progress.add_task("写入 writing", total=how_far.total)
            self._progress.update(self._writing, completed=how_far.done, description=f"写入 {how_far.symbol}")
            return
        if self._downloading is None:
            self._downloading = self._progress.add_task("下载 downloading", total=how_far.total)
        self._progress.update(self._downloading, completed=how_far.done, total=how_far.total)


def symbols_of(written: list[str]) -> list[Symbol]:
    """Return the symbols that a person names, each once; what is none ends the command."""
    found: dict[Symbol, None] = {}
    for each in ",".join(written).replace("，", ",").split(","):
        if each.strip():
            try:
                found[normalise(each.strip())] = None
            except MalformedError as error:
                likely = str(error.figures[-1]) if error.code == "market_missing" else ""
                right = f"是不是 {likely}？" if likely else "应写作 600000.SH"
                english = f"perhaps {likely}?" if likely else str(error)
                fail(exit_codes.USAGE, f"✗ 代码无法识别：{each.strip()}，{right} / not a symbol: {english}")
    if not found:
        fail(exit_codes.USAGE, "✗ 至少写一个代码，如 600000.SH / at least one symbol")
    return list(found)


def day_of_option(option: str, written: str) -> dt.date:
    """Return the day that ``option`` says; what is none ends the command."""
    try:
        return dt.date.fromisoformat("-".join(f"{part:0>2}" for part in written.strip().replace("/", "-").split("-")))
    except ValueError:
        right = "应写作 2025-01-02、2025/1/2 或 20250102"
        fail(exit_codes.USAGE, f"✗ {option} {right}，不是 {written} / is written 2025-01-02")


def client_of(configuration: Configuration, name: str) -> QmtTerminal:
    """Return the client that is asked.

    Raises:
        ConfigurationError: the configuration has none, or none of that name.
    """
    clients = {each.name: each.qmt for each in configuration.terminals if each.qmt is not None}
    if not clients:
        raise ConfigurationError(
            '配置里没有 QMT 终端：历史数据要经它下载（[[terminals]] kind = "qmt"）/ no terminal of kind qmt'
        )
    if name and name not in clients:
        raise ConfigurationError(f"配置里没有叫 {name} 的 QMT 终端，有：{'、'.join(clients)} / no such terminal")
    return clients[name] if name else next(iter(clients.values()))
