"""``qmt backtest``: runs a strategy of a Python file over the history of a store, and writes its report."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table

from qmt_trading.cli import exit_codes, show, signal_backtest
from qmt_trading.cli.data import STORE, ActionsOption, data_explained
from qmt_trading.cli.options import JsonOption, fail
from qmt_trading.cli.signal_backtest import (
    AccountsOption,
    BareOption,
    ConfigOption,
    DoorOption,
    JournalOption,
    SignalsOption,
    SizeOption,
)
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
    SetOption,
    SlippageOption,
    StartOption,
    StrategyArgument,
    SymbolsOption,
    again_words,
    class_of,
    dividend_tax_of,
    doubts_about,
    fills_of,
    frequency_of,
    history_of,
    parameters_of,
    percent_text,
    report_name,
    strategy_told,
    yuan,
)
from qmt_trading.feeds.source_files import needs_polars
from qmt_trading.model.numbers import UNIT, to_money_text

if TYPE_CHECKING:
    from qmt_trading.research.metrics import Metrics
    from qmt_trading.research.result import Result


NO_ORDER: Final = (
    "一笔委托也没有：条件一次也没有满足，或者指标还没有值（30 根的均线要 30 根；--start 以前的不用来预热，把它提前）",
    "no order was made: no condition held, or indicators had no value yet (what is before --start warms nothing up)",
)


def backtest(
    strategy: StrategyArgument = "",
    data: DataOption = STORE,
    *,
    signals: SignalsOption = None,
    journal: JournalOption = None,
    symbols: SymbolsOption = "",
    start: StartOption = "",
    end: EndOption = "",
    frequency: PeriodOption = "",
    adjust: AdjustOption = "none",
    actions: ActionsOption = None,
    cash: CashOption = CASH,
    parameters: SetOption = None,
    at: AtOption = AT,
    slippage: SlippageOption = SLIPPAGE,
    dividend_tax: DividendTaxOption = "",
    benchmark: Annotated[str, typer.Option("--benchmark", help="基准的代码，在同一份数据里 benchmark")] = "",
    full_gate: FullGateOption = False,
    config: ConfigOption = None,
    door: DoorOption = "",
    accounts: AccountsOption = "",
    bare: BareOption = "",
    size: SizeOption = "",
    name: NameOption = "",
    into: IntoOption = REPORTS,
    as_json: JsonOption = False,
) -> None:
    """用历史数据回测策略或自己的信号 backtest a strategy."""
    if (bool(strategy), signals is not None, journal is not None).count(True) != 1:
        fail(exit_codes.USAGE, "✗ 策略文件、--signals、--journal 写一个 / give a strategy, --signals or --journal")
    with data_explained(), strategy_told():
        needs_polars()
        if not strategy:
            not_of_signals = {
                "--set": (parameters, "信号没有参数 / signals have no parameters"),
                "--adjust": (adjust != "none", "信号里写的是真价，行情不能复权 / signals name real prices"),
                "--dividend-tax": (dividend_tax, "信号回测不算红利税 / no dividend tax is counted"),
            }
            _refuse(not_of_signals)
            said = signal_backtest.Said(
                signals,
                journal,
                data,
                symbols,
                start,
                end,
                frequency or "1d",
                actions,
                cash,
                at,
                slippage,
                benchmark,
                full_gate,
                name,
                into,
                config,
                door,
                accounts,
                bare,
                size,
            )
            signal_backtest.run(said, as_json=as_json)
            return
        given_of_signals = {"--config": config, "--door": door, "--accounts": accounts, "--bare": bare, "--size": size}
        why = "只和 --signals 一起写 / belongs to --signals"
        _refuse({option: (value, why) for option, value in given_of_signals.items()})
        given = parameters_of(parameters or [])
        money = yuan(cash)
        fills, tax = fills_of(at, slippage), dividend_tax_of(dividend_tax)
        kind = class_of(strategy)
        # Imported here: columns are few commands' business, and take a quarter of a second.
        from msgspec.structs import replace

        from qmt_trading.research.backtest import run
        from qmt_trading.research.faults import made as made_of
        from qmt_trading.research.metrics import measure
        from qmt_trading.research.report import write

        made, period = made_of(kind, given), frequency_of(kind, frequency)
        bars, moved, beside = history_of(data, symbols, start, end, period, adjust, actions, benchmark=benchmark)
        result = run(
            made,
            bars,
            cash=money * UNIT,
            fills=fills,
            benchmark=beside,
            gate="full" if full_gate else "legal",
            actions=moved,
            dividend_tax=tax,
        )
        result = replace(result, warnings=(*doubts_about(bars), *result.warnings))
        folder = into / report_name(name, made.name)
        is_again = (folder / "report.json").exists()
        page, *_ = write(result, folder, bars=bars)
        metrics = measure(result)
    if as_json:
        show.print_json(json.loads((folder / "report.json").read_text(encoding="utf-8")))
        return
    _print(result, metrics, page, is_again=is_again)


def _refuse(options: Mapping[str, tuple[object, str]]) -> None:
    """Leave with its sentence where an option was given that says nothing here."""
    for option, (given, why) in options.items():
        if given:
            fail(exit_codes.USAGE, f"✗ {option}：{why}")


def _print(result: Result, metrics: Metrics, page: Path, *, is_again: bool) -> None:
    from qmt_trading.research.report.page import SHORT_DAYS, short_words
    from qmt_trading.research.report.texts import number

    console = show.console()
    earned = metrics.performance
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    first, last = (dt.date.fromisoformat(str(result.days[place])) for place in (0, -1))
    rows = [
        ("区间 span", f"{first} 到 {last}，{metrics.days} 个交易日，{len(result.symbols)} 只"),
        ("期末权益 equity", f"{to_money_text(int(result.equity[-1]))} 元（{percent_text(earned.total_return)}）"),
        ("年化 annual", percent_text(earned.annual_return)),
        ("最大回撤 drawdown", f"{percent_text(earned.max_drawdown)}，{earned.max_drawdown_days} 天"),
        ("夏普 Sharpe", number(earned.sharpe)),
        ("委托 orders", _orders(result, metrics)),
        ("受阻 blocked", _blocked(metrics)),
    ]
    if metrics.relative is not None:
        beside = metrics.relative
        told = f"{percent_text(beside.benchmark_return)}，超额 {percent_text(beside.excess_return)}"
        rows.insert(2, ("基准 benchmark", told))
    for row in rows:
        table.add_row(*row)
    console.print(table)
    warnings = list(result.warnings)
    if metrics.days < SHORT_DAYS:
        warnings.append(short_words(metrics.days))
    if not metrics.orders:
        warnings.append(NO_ORDER)
    for chinese, english in warnings:
        console.print(f"! {chinese} / {english}", style="yellow", markup=False)
    console.print(f"✓ 报告 {page}{again_words(is_again)}", style="green", markup=False)


def _orders(result: Result, metrics: Metrics) -> str:
    """Return how many orders there were, and what became of them; one of the last bar may stand when history ends."""
    orders = result.orders
    standing = int(((orders.ended_ns == 0) & (orders.filled_quantity < orders.quantity)).sum())
    unfilled = int(((orders.ended_ns != 0) & (orders.filled_quantity == 0)).sum())
    told = f"{metrics.orders} 笔，有成交 {metrics.orders_filled} 笔，没有成交 {unfilled} 笔"
    return f"{told}，到最后还在场 {standing} 笔" if standing else told


def _blocked(metrics: Metrics) -> str:
    """Return what held orders back; one order may be held back more than once, and fill later."""
    told = "、".join(f"{_reason(code)} {count} 次" for code, count in metrics.blocked.items())
    return f"{told}（一笔可以受阻几次，后来成交了的也算）" if told else "没有"


def _reason(code: str) -> str:
    """Return the report's word for what stops an order, and the code that stands in its files."""
    from qmt_trading.research.report.words import BLOCKED

    return f"{BLOCKED[code][0][0]}（{code}）" if code in BLOCKED else code
