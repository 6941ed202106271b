"""``qmt sweep``: runs a strategy with many parameters over the history of a store, and tells which did best."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.data import STORE, ActionsOption, data_explained
from qmt_trading.cli.options import JsonOption, fail
from qmt_trading.cli.strategy_options import (
    AT,
    CASH,
    REPORTS,
    SLIPPAGE,
    AdjustOption,
    AtOption,
    CashOption,
    DataOption,
    DividendTaxOption,
    EndOption,
    FullGateOption,
    IntoOption,
    NameOption,
    PeriodOption,
    SlippageOption,
    StartOption,
    StrategyArgument,
    SymbolsOption,
    dividend_tax_of,
    doubts_about,
    fills_of,
    frequency_of,
    history_of,
    report_name,
    strategy_told,
    yuan,
)
from qmt_trading.cli.sweep_progress import following
from qmt_trading.feeds.source_files import needs_polars
from qmt_trading.model.errors import ConfigurationError, LockedError
from qmt_trading.model.numbers import UNIT
from qmt_trading.run.locks import Lock

if TYPE_CHECKING:
    from qmt_trading.research.report.sweep_page import Swept
    from qmt_trading.research.sweep import Told
    from qmt_trading.research.sweep_pool import Pool
    from qmt_trading.research.sweep_space import Parameters, Space
    from qmt_trading.research.sweep_store import Head, ResultsFile
    from qmt_trading.research.sweep_trial import Setup
    from qmt_trading.research.walk_forward import Split

METRIC: Final = "sharpe"
_SHOWN: Final = ("sharpe", "annual_return", "max_drawdown", "trips")


def sweep(
    strategy: StrategyArgument,
    data: DataOption = STORE,
    *,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", help="参数和值：fast=5:50:5（起:止:步长）、slow=20,60,120；可写多次 values"),
    ] = None,
    metric: Annotated[str, typer.Option("--metric", help="按哪个指标排序 the figure to rank by")] = METRIC,
    draws: Annotated[int, typer.Option("--random", min=0, help="随机抽几组；不写：全部组合 random draws")] = 0,
    seed: Annotated[int, typer.Option("--seed", help="随机的种子，同样的种子抽到同样的 seed")] = 0,
    walk_forward: Annotated[
        str, typer.Option("--walk-forward", help="滚动检验：训练/检验的交易日数，如 244/61 train/test days")
    ] = "",
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="几个核一起算；不写：全部 cores")] = 0,
    cluster: Annotated[str, typer.Option("--cluster", help="dask 集群的地址 tcp://主机:8786 scheduler")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="接着上次没算完的算 go on where it stopped")] = False,
    symbols: SymbolsOption = "",
    start: StartOption = "",
    end: EndOption = "",
    frequency: PeriodOption = "",
    adjust: AdjustOption = "none",
    actions: ActionsOption = None,
    cash: CashOption = CASH,
    at: AtOption = AT,
    slippage: SlippageOption = SLIPPAGE,
    dividend_tax: DividendTaxOption = "",
    full_gate: FullGateOption = False,
    name: NameOption = "",
    into: IntoOption = REPORTS,
    as_json: JsonOption = False,
) -> None:
    """扫描策略的参数，排名、画热力图 sweep parameters."""
    with data_explained(), strategy_told():
        needs_polars()
        money = yuan(cash) * UNIT
        fills, tax = fills_of(at, slippage), dividend_tax_of(dividend_tax)
        # Imported here: columns are few commands' business, and take a quarter of a second.
        from qmt_trading.research.strategy_file import strategy_file
        from qmt_trading.research.sweep_figures import RANKED
        from qmt_trading.research.sweep_space import draws as drawn
        from qmt_trading.research.sweep_space import grid, space_of
        from qmt_trading.research.sweep_store import FILE, ResultsFile
        from qmt_trading.research.sweep_trial import Setup
        from qmt_trading.research.walk_forward import lengths_of, splits_of

        _needs(cluster=bool(cluster))
        if metric not in RANKED:
            raise ConfigurationError(f"--metric 只有 {' '.join(RANKED)}，不是 {metric} / no such figure")
        if cluster and jobs:
            raise ConfigurationError("--jobs 和 --cluster 只写一个：集群有几个核就用几个 / one or the other")
        if walk_forward and adjust == "forward":
            # Forward adjusted prices of a train day hold what was paid out after it.
            raise ConfigurationError(
                "滚动检验不能用前复权：训练期的价格里会有以后的分红。用 --adjust backward，或 none 加 --actions / "
                "forward adjustment looks ahead in a walk forward"
            )
        lengths = lengths_of(walk_forward) if walk_forward else None
        file = strategy_file(strategy)
        kind = file.load()
        space = space_of(kind, values or [])
        tried = drawn(space, draws, seed) if draws else grid(space)
        bars, moved, _ = history_of(data, symbols, start, end, frequency_of(kind, frequency), adjust, actions)
        setup = Setup(
            strategy=file,
            bars=bars,
            cash=money,
            fills=fills,
            gate="full" if full_gate else "legal",
            actions=tuple(moved),
            dividend_tax=tax,
        )
        from qmt_trading.research.sweep_windows import trading_days

        splits = splits_of(trading_days(bars), lengths) if lengths is not None else []
        head = _head(setup, kind.__name__, tuple(values or []), tried, splits, walk_forward, metric)
        folder = into / report_name(name, f"{kind.__name__}-sweep")
        with _locked(folder), contextlib.closing(ResultsFile(folder / FILE, head, resume=resume)) as results:
            _say_what_is_there(results)
            with _kept(), _pool(setup, jobs, cluster, folder) as pool, following() as told:
                swept = _swept(setup, space, tried, splits, metric, head, results, pool, told)
            from qmt_trading.research.report.sweep_report import write

            page, *_ = write(swept, folder)
    if as_json:
        show.print_json(json.loads((folder / "sweep.json").read_text(encoding="utf-8")))
    else:
        again: dict[str, object] = {
            "-d": data if data != STORE else "",
            "-s": symbols,
            "--start": start,
            "--end": end,
            "-f": frequency,
        }
        again |= {"--adjust": adjust if adjust != "none" else "", "--actions": actions or ""}
        again |= {"--cash": cash if cash != CASH else "", "--at": at if at != AT else ""}
        again |= {"--slippage": slippage if slippage != SLIPPAGE else "", "--dividend-tax": dividend_tax}
        words = [f"{option} {_quoted(str(value))}" for option, value in again.items() if str(value)]
        _print(swept, page, [_quoted(strategy), *words, *(["--full-gate"] if full_gate else [])])
    if not any(each.status == "ok" for each in swept.ranked):
        fail(exit_codes.REFUSED, f"✗ 没有一组算成：{swept.ranked[0].reason} / every trial failed")


def _head(
    setup: Setup,
    strategy: str,
    written: tuple[str, ...],
    tried: list[Parameters],
    splits: list[Split],
    walk_forward: str,
    metric: str,
) -> Head:
    import msgspec

    from qmt_trading.research.costs import costs_words
    from qmt_trading.research.sweep_store import Head
    from qmt_trading.research.sweep_trial import Trial, numbers_of
    from qmt_trading.research.walk_forward import train_trials

    trials = train_trials(splits, tried)
    if not splits:
        trials = [Trial(number=number, parameters=parameters) for number, parameters in enumerate(tried)]
    return Head(
        program=setup.program,
        strategy=strategy,
        source_sha256=setup.strategy.sha256,
        data_sha256=setup.data_sha256,
        cash=setup.cash,
        costs=f"{costs_words(setup.costs)}; {setup.dividend_tax.words()}"
        if setup.actions
        else costs_words(setup.costs),
        fill_model=setup.fills.words(),
        gate=setup.gate,
        conventions=msgspec.json.encode(setup.conventions).decode("utf-8"),
        space=written,
        trials=len(trials),
        trials_sha256=numbers_of(trials),
        walk_forward=walk_forward,
        metric=metric if splits else "",
    )


def _swept(
    setup: Setup,
    space: Space,
    tried: list[Parameters],
    splits: list[Split],
    metric: str,
    head: Head,
    results: ResultsFile,
    pool: Pool,
    told: Told,
) -> Swept:
    """Run what is left to run, and return the whole as reports tell it."""
    from qmt_trading.market.rulebook import STANDARD
    from qmt_trading.research.report.sweep_page import Swept
    from qmt_trading.research.sweep import run_trials, run_walk
    from qmt_trading.research.sweep_ranking import has, luck_of, ranked
    from qmt_trading.research.sweep_trial import Trial
    from qmt_trading.research.sweep_windows import trading_days
    from qmt_trading.research.walk_forward import walked
    from qmt_trading.research.warned import warnings_of as told_of

    days = trading_days(setup.bars)
    luck = walk = None
    if splits:
        order, picked, judged = run_walk(splits, tried, metric, results, pool, told)
        walk = walked(splits, len(tried), picked, judged, days, setup.cash, setup.conventions)
    else:
        trials = [Trial(number=number, parameters=parameters) for number, parameters in enumerate(tried)]
        order = ranked(run_trials(trials, results, pool, told), metric)
        luck = luck_of(order, order[0], setup.conventions) if has(order[0], metric) else None
    first = next(iter(setup.bars.values()))
    return Swept(
        head=head,
        space=space,
        metric=metric,
        ranked=tuple(order),
        luck=luck,
        walk=walk,
        symbols=tuple(setup.bars),
        frequency=first.frequency,
        adjusted=first.adjusted,
        source=first.source,
        first=days[0].item(),
        last=days[-1].item(),
        days=len(days),
        warnings=(
            *doubts_about(setup.bars),
            *setup.fills.warnings(),
            *told_of(tuple(setup.bars.values()), setup.actions, STANDARD),
        ),
    )


def _needs(*, cluster: bool) -> None:
    """Ask for what runs the trials before anything is written."""
    from qmt_trading.research.sweep_pool import needs_distributed, needs_joblib

    needs_joblib()
    if cluster:
        needs_distributed()


def _pool(setup: Setup, jobs: int, cluster: str, folder: Path) -> AbstractContextManager[Pool]:
    from qmt_trading.research.sweep_pool import cluster_pool, cores, local_pool

    return cluster_pool(setup, cluster) if cluster else local_pool(setup, jobs or cores(), folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let no other sweep write into ``folder`` meanwhile."""
    try:
        lock = Lock(folder / "sweep.lock", str(folder), remove=True)
    except LockedError:
        fail(exit_codes.LOCKED, f"✗ 另一个 qmt sweep 正在写 {folder}；换个 --name / another sweep writes there")
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _kept() -> Iterator[None]:
    """Tell somebody who stops a sweep that what is finished stays."""
    try:
        yield
    except KeyboardInterrupt:
        print("\n算完的都在；加 --resume 接着算 / what is finished stays: --resume goes on", file=sys.stderr)
        raise


def _say_what_is_there(results: ResultsFile) -> None:
    if results.dropped_bytes:
        print(
            f"! 丢掉没写完的最后一行（{results.dropped_bytes} 字节），那一组重新算 / a torn last line was cut off",
            file=sys.stderr,
        )
    if results.finished:
        print(f"已有 {len(results.finished):,} 组，接着算 / going on", file=sys.stderr)


def _quoted(word: str) -> str:
    """Return ``word`` as it can be typed again, in every shell."""
    return f'"{word}"' if " " in word else word


def _print(swept: Swept, page: Path, words: list[str]) -> None:
    from qmt_trading.research.report.sweep_charts import shown, words_of
    from qmt_trading.research.report.sweep_page import warnings_of

    console: Console = show.console()
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    failed = f"，{len(swept.failed):,} 组没有算成" if swept.failed else ""
    table.add_row("试验 trials", f"{swept.head.trials:,} 组{failed}")
    if swept.walk is not None:
        figures = swept.walk.figures
        table.add_row("窗口 windows", f"{len(swept.walk.steps)} 个（{swept.head.walk_forward} 个交易日）")
        for each in ("total_return", "annual_return", "sharpe", "max_drawdown"):
            chinese, english = words_of(each)
            table.add_row(f"检验期{chinese} {english}", shown(each, figures[each]))
    best, given = swept.best, ""
    if best is not None:
        given = " ".join(f"--set {name}={value}" for name, value in best.parameters.items())
        table.add_row("最好 best", given)
        for each in dict.fromkeys((swept.metric, *_SHOWN)):
            chinese, english = words_of(each)
            table.add_row(f"{chinese} {english}", shown(each, best.figures[each]))
    console.print(table)
    for chinese, english in warnings_of(swept):
        console.print(f"! {chinese} / {english}", style="yellow")
    console.print(f"✓ 报告 {page}", style="green")
    if best is not None:
        command = f"qmt backtest {' '.join(words)} {given}"
        console.print(f"  看这一组 look at the best:\n  {command}", markup=False, highlight=False, soft_wrap=True)
