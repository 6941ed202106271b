"""``qmt backtest``: runs a strategy of a Python file over the history of a store, and writes its report."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.table import Table

from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.data import STORE, ActionsOption, data_explained
from qmt_trading.cli.history import day_of_option
from qmt_trading.cli.options import JsonOption, fail
from qmt_trading.feeds.findings import UnusableError
from qmt_trading.feeds.source_files import needs_polars
from qmt_trading.model.errors import ConfigurationError, QmtError
from qmt_trading.model.numbers import UNIT, to_money_text
from qmt_trading.run.actions_file import read_actions

if TYPE_CHECKING:
    from qmt_trading.research.metrics import Metrics
    from qmt_trading.research.result import Result
    from qmt_trading.research.strategy import Strategy

REPORTS: Final = Path("reports")
_PLACES: Final = ("open", "close", "vwap")
_WAN: Final = 10_000


def backtest(
    strategy: Annotated[str, typer.Argument(help="策略文件，如 my.py；有几个策略时写 my.py:类名 the strategy")],
    data: Annotated[Path, typer.Option("--data", "-d", help="历史数据的文件夹（qmt data）the store")] = STORE,
    *,
    symbols: Annotated[str, typer.Option("--symbols", "-s", help="代码，逗号分开；不写：全部 symbols")] = "",
    start: Annotated[str, typer.Option("--start", help="从哪天 first day")] = "",
    end: Annotated[str, typer.Option("--end", help="到哪天（含）last day")] = "",
    frequency: Annotated[str, typer.Option("--frequency", "-f", help="1d 日线 | 1m 分钟 | tick 分笔")] = "1d",
    adjust: Annotated[str, typer.Option("--adjust", help="none 不复权 | forward 前复权 | backward 后复权")] = "none",
    actions: ActionsOption = None,
    cash: Annotated[str, typer.Option("--cash", help="起始资金，如 100万 或 1000000 cash in yuan")] = "100万",
    parameters: Annotated[list[str] | None, typer.Option("--set", help="参数，如 fast=5；可写多次 name=value")] = None,
    at: Annotated[str, typer.Option("--at", help="open 下一根开盘 | vwap 均价 | close 当根收盘（偏好看）")] = "open",
    slippage: Annotated[int, typer.Option("--slippage", min=0, help="滑点，几跳 ticks")] = 1,
    benchmark: Annotated[str, typer.Option("--benchmark", help="基准的代码，在同一份数据里 benchmark")] = "",
    full_gate: Annotated[bool, typer.Option("--full-gate", help="加上账户默认的风控上限 with the live gate")] = False,
    name: Annotated[str, typer.Option("--name", help="报告的名字；不写：策略名 name of the report")] = "",
    into: Annotated[Path, typer.Option("--into", help="报告放在哪个文件夹 folder of reports")] = REPORTS,
    as_json: JsonOption = False,
) -> None:
    """用历史数据回测一个策略，写出报告 backtest a strategy."""
    with data_explained(), _told():
        needs_polars()
        given = _parameters(parameters or [])
        money = _yuan(cash)
        if at not in _PLACES:
            fail(exit_codes.USAGE, f"✗ --at 只有 {' '.join(_PLACES)}，不是 {at} / no such place")
        span = (day_of_option("--start", start) if start else None, day_of_option("--end", end) if end else None)
        made = _made(_class_of(strategy), given)
        # Imported here: columns are no other command's business, and take a quarter of a second.
        from qmt_trading.feeds.columns import read
        from qmt_trading.research.backtest import run
        from qmt_trading.research.costs import FillModel
        from qmt_trading.research.metrics import measure
        from qmt_trading.research.report import write

        known = read_actions(actions) if actions is not None else ()
        wanted = tuple(each.strip() for each in symbols.split(",") if each.strip())
        bars = read(data, wanted, *span, frequency, adjust, actions=known if adjust != "none" else ())
        beside = read(data, (benchmark,), *span, "1d", adjust)[benchmark] if benchmark else None
        result = run(
            made,
            bars,
            cash=money * UNIT,
            fills=FillModel(at=at, slippage_ticks=slippage),  # type: ignore[arg-type]
            benchmark=beside,
            gate="full" if full_gate else "legal",
            actions=known if adjust == "none" else (),
        )
        folder = into / (name or made.name)
        page, *_ = write(result, folder, bars=bars)
        metrics = measure(result)
    if as_json:
        show.print_json(json.loads((folder / "report.json").read_text(encoding="utf-8")))
        return
    _print(result, metrics, page)


@contextmanager
def _told() -> Iterator[None]:
    """Tell what is wrong with a strategy or its data as it stands: it is the person's own, and no fault of ours."""
    try:
        yield
    except (ConfigurationError, UnusableError):
        raise
    except QmtError as error:
        fail(exit_codes.REFUSED, f"✗ {error}")


def _class_of(written: str) -> type[Strategy]:
    """Return the strategy that ``FILE`` or ``FILE:CLASS`` names.

    Raises:
        ConfigurationError: there is none, or which is meant is not said.
    """
    from qmt_trading.research.strategy import Strategy

    file, colon, wanted = written.rpartition(":")
    if not colon or not file.endswith(".py"):
        file, wanted = written, ""
    path = Path(file)
    if not path.is_file():
        raise ConfigurationError(f"没有策略文件 {path} / no such file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ConfigurationError(f"{path} 不是 Python 文件 / is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # Dataclasses look their module up.
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ConfigurationError(f"{path} 运行出错：{error!r} / it cannot be run") from error
    found = {
        name: each
        for name, each in vars(module).items()
        if isinstance(each, type) and issubclass(each, Strategy) and each.__module__ == module.__name__
    }
    if wanted:
        found = {name: each for name, each in found.items() if name == wanted}
    if len(found) == 1:
        return next(iter(found.values()))
    told = "、".join(found) or "没有"
    if wanted or not found:
        raise ConfigurationError(f"{path} 里没有策略{wanted or ''}（Strategy 的子类）/ no such strategy in it")
    raise ConfigurationError(f"{path} 里有几个策略：{told}；请写 {path}:类名 / say which")


def _made(kind: type[Strategy], given: dict[str, Any]) -> Strategy:
    return kind(**given)


def _parameters(written: list[str]) -> dict[str, Any]:
    """Return ``name=value`` pairs; a value is a number, true, false, or a text."""
    found: dict[str, Any] = {}
    for each in written:
        name, equals, value = each.partition("=")
        if not equals or not name.isidentifier():
            fail(exit_codes.USAGE, f"✗ --set 写成 名=值，例如 fast=5，不是 {each} / name=value")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def _yuan(written: str) -> int:
    """Return whole yuan of ``100万``, ``1.5亿`` or ``1000000``."""
    units = {"万": _WAN, "亿": _WAN * _WAN}
    unit = units.get(written[-1:], 1)
    text = written[:-1] if unit > 1 else written
    try:
        value = float(text.replace(",", "")) * unit
    except ValueError:
        value = 0.0
    if not 0 < value < 1e13 or value != int(value):
        fail(exit_codes.USAGE, f"✗ --cash 写成 100万 或 1000000，不是 {written} / yuan")
    return int(value)


def _print(result: Result, metrics: Metrics, page: Path) -> None:
    console = show.console()
    earned = metrics.performance
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    first, last = (dt.date.fromisoformat(str(result.days[place])) for place in (0, -1))
    rows = (
        ("区间 span", f"{first} 到 {last}，{metrics.days} 个交易日，{len(result.symbols)} 只"),
        ("期末权益 equity", f"{to_money_text(int(result.equity[-1]))} 元（{_percent(earned.total_return)}）"),
        ("年化 annual", _percent(earned.annual_return)),
        ("最大回撤 drawdown", f"{_percent(earned.max_drawdown)}，{earned.max_drawdown_days} 天"),
        ("夏普 Sharpe", "–" if earned.sharpe is None else f"{earned.sharpe:.2f}"),
        ("委托 orders", f"{metrics.orders} 笔，有成交 {metrics.orders_filled} 笔"),
        ("受阻 blocked", "、".join(f"{code} {count}" for code, count in metrics.blocked.items()) or "没有"),
    )
    for row in rows:
        table.add_row(*row)
    console.print(table)
    for chinese, english in result.warnings:
        console.print(f"! {chinese} / {english}", style="yellow")
    console.print(f"✓ 报告 {page}", style="green")


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:+.2f}%"
