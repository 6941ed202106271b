"""The page: one file that needs nothing else, with what was assumed at its head and every figure below."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from qmt_trading import __version__
from qmt_trading.research import periods
from qmt_trading.research.activity import exposure, holdings
from qmt_trading.research.curves import Curves
from qmt_trading.research.drawdowns import drawdowns
from qmt_trading.research.metrics import Metrics
from qmt_trading.research.report import candles, charts, sheet, signals, tables
from qmt_trading.research.report.sheet import card, pair
from qmt_trading.research.report.texts import Pair, both, escaped, number, percent, short_yuan, tone, yuan
from qmt_trading.research.report.words import ADJUSTED, FREQUENCIES, GATES, MODES
from qmt_trading.research.result import Result
from qmt_trading.research.round_trips import Book, standing
from qmt_trading.research.trades import by_symbol

Array = npt.NDArray[Any]
PARTS: Final = 10_000
"""Columns for the pointer are whole parts of one: a hundredth of a per cent, shorter than floats."""
SYMBOLS_SHOWN: Final = 6
SHORT_DAYS: Final = 60
CURVE_DAYS: Final = 2
YEARLY_DAYS: Final = 20
"""Of fewer days no figure by the year stands at the head: a good morning is thousands of per cent a year."""
STILL_DAYS: Final = 20
"""A benchmark that has not moved for so many days has no data any more."""
_HALVES: Final = re.compile(r"([^\x00-\x7f][^;,/]*?) / ([A-Za-z][A-Za-z' -]*)")
"""Words of two languages in one line."""


def page_of(
    result: Result,
    curves: Curves,
    book: Book,
    metrics: Metrics,
    *,
    history: candles.History | None,
    names: Mapping[str, str],
    lines: Sequence[signals.SignalLine] | None = None,
) -> str:
    """Return the whole page; with ``lines``, the signals of a replay."""
    title = f"{result.strategy} · 回测报告"
    held = holdings(result)
    rolling = charts.rolling_columns(curves, metrics.conventions)
    if len(result.days):
        sections = _sections(result, curves, book, metrics, rolling, held, history, tables.names_of(result, names))
    else:
        sections = [f'<p class="none">{both(("数据里没有一个交易日", "History has no trading day"))}</p>']
    if lines is not None:
        sections.append(card(("信号", "Signals"), signals.section(lines), "long"))
    body = "".join((_head(result, metrics), _warnings(result, book), *sections, _foot(result)))
    return sheet.document(title, body, _columns(result, curves, rolling, held))


def _sections(
    result: Result,
    curves: Curves,
    book: Book,
    metrics: Metrics,
    rolling: dict[str, Array],
    held: Array,
    history: candles.History | None,
    name: tables.Name,
) -> list[str]:
    blocked = card(("成交受阻", "Blocked orders"), tables.blocked(result, name))
    if len(result.days) < CURVE_DAYS:
        # A day is a point and no curve: what it brought stands in the figures, and what was done on the candles.
        return [
            _tiles(metrics),
            _trades(result, book, history, name),
            card(("各标的盈亏", "Profit by symbol"), tables.symbols(by_symbol(result, book), name), "long"),
            blocked,
            card(("指标", "Figures"), tables.groups(metrics) + _conventions(metrics)),
        ]
    return [
        _tiles(metrics),
        card(("权益", "Equity"), charts.equity_figure(result, curves)),
        pair(
            card(("月度收益（%）", "Months, %"), tables.heat_map(_heat(result), "")),
            card(("年度收益", "Years"), charts.years_figure(result, curves)),
        ),
        card(("指标", "Figures"), tables.groups(metrics) + _conventions(metrics)),
        card(("回撤", "Drawdowns"), tables.falls(drawdowns(result.equity, result.initial_equity), result.days)),
        _rolling(result, rolling, metrics),
        pair(
            card(("仓位", "Exposure"), charts.exposure_figure(result, held)),
            card(("换手", "Turnover"), charts.turnover_figure(result)),
        ),
        pair(
            card(
                ("日收益分布", "Spread of daily returns"),
                charts.spread_figure(curves.returns, metrics.performance.value_at_risk),
            ),
            blocked,
        ),
        _trades(result, book, history, name),
        card(("各标的盈亏", "Profit by symbol"), tables.symbols(by_symbol(result, book), name), "long"),
    ]


def _head(result: Result, metrics: Metrics) -> str:
    chips = "".join(
        f'<span class="chip"><i>{_named(key, result.mode)}</i> {escaped(value)}</span>'
        for key, value in result.parameters.items()
    )
    data = result.data
    shown = ", ".join(result.symbols[:SYMBOLS_SHOWN])
    more = len(result.symbols) - SYMBOLS_SHOWN
    symbols = (
        f"{len(result.symbols)} 个：{shown}{' …' if more > 0 else ''}",
        f"{len(result.symbols)}: {shown}{' …' if more > 0 else ''}",
    )
    span = f"{result.days[0]} – {result.days[-1]}" if len(result.days) else "–"
    frequency = FREQUENCIES.get(data.frequency, (data.frequency, data.frequency))
    adjusted = ADJUSTED.get(data.adjusted, (data.adjusted, data.adjusted))
    source = (
        f"{escaped(data.source)}<br>{both(frequency)}, {both(adjusted)}, {escaped(data.first)} – {escaped(data.last)}, "
        f"{both((f'{data.rows:,} 行', f'{data.rows:,} rows'))}"
    )
    facts: list[tuple[Pair, str]] = [
        (
            ("区间", "Span"),
            f"{span} {both((f'（{metrics.days:,} 个交易日）', f'({metrics.days:,} trading days)'))}",
        ),
        (("标的", "Symbols"), both(symbols)),
        (("初始资金", "Cash at the start"), _start(result)),
        (("基准", "Benchmark"), escaped(result.benchmark_name) or both(("无", "none"))),
        (("成本", "Costs"), halves(result.costs)),
        (("成交模型", "Fill model"), halves(result.fill_model)),
        (("规则", "Rules"), both(GATES.get(result.gate, (result.gate, result.gate)))),
        (("数据", "Data"), source),
        (("数据指纹", "Data hash"), f"<code>sha256 {escaped(data.sha256)}</code>"),
    ]
    rows = "".join(f"<div><dt>{both(words)}</dt><dd>{text}</dd></div>" for words, text in facts)
    mode = MODES.get(result.mode, (result.mode, result.mode))
    return (
        f"<header>{sheet.switches()}"
        f'<p class="over"><b>{both(("回测报告", "Backtest report"))}</b> <span class="mode">{both(mode)}</span></p>'
        f'<h1>{escaped(result.strategy)}</h1><p class="chips">{chips}</p><dl class="facts">{rows}</dl></header>'
    )


def _named(parameter: str, mode: str) -> str:
    """Return a parameter as it is called in the strategy; a replay has none of its own but the number of accounts."""
    return both(("账户数", "accounts")) if mode == "signals" and parameter == "accounts" else escaped(parameter)


def _start(result: Result) -> str:
    cash = f"{yuan(result.initial_cash, 2)} {both(('元', 'yuan'))}"
    held = result.initial_equity - result.initial_cash
    return f"{cash}, {both(('持仓', 'holdings'))} {yuan(held, 2)} {both(('元', 'yuan'))}" if held else cash


def halves(text: str) -> str:
    """Return a line that holds both languages part by part, ``佣金 / commission 0.03%; …``, each where it is read."""

    made, end = [], 0
    for found in _HALVES.finditer(text):
        english = found[2].rstrip()
        made += [escaped(text[end : found.start()]), both((found[1], english)), found[2][len(english) :]]
        end = found.end()
    return "".join(made) + escaped(text[end:])


def short_words(days: int) -> Pair:
    """Return what there is to say of a run of so few days."""
    return (
        f"只有 {days} 个交易日：年化、夏普等说明不了什么",
        f"only {days} trading days: figures by the year say little",
    )


def _warnings(result: Result, book: Book) -> str:
    found = list(result.warnings)
    if book.unmatched:
        found.append(
            (
                f"有 {book.unmatched:,} 股卖出找不到买入（送转或期初持仓未记录）：按零成本计入回合，单笔盈亏不准",
                f"{book.unmatched:,} shares were sold that nothing bought: their trips count no cost",
            )
        )
    if 0 < len(result.days) < SHORT_DAYS:
        found.append(short_words(len(result.days)))
    last = _last_move(result)
    if last is not None:
        found.append(
            (
                f"基准到 {last} 为止，其后没有数据或不再变动",
                f"the benchmark ends on {last}: nothing, or no move, comes after it",
            )
        )
    return sheet.warnings(found)


def _last_move(result: Result) -> str | None:
    """Return the day of the benchmark's last change, where it is long before the end."""
    closes = result.benchmark
    if closes is None or len(closes) <= STILL_DAYS or not np.any(closes > 0):
        return None
    known = np.flatnonzero(closes > 0)
    moves = np.flatnonzero(np.diff(closes[: known[-1] + 1]))
    last = int(moves[-1]) + 1 if len(moves) else int(known[0])
    return str(result.days[last]) if len(closes) - last > STILL_DAYS else None


def _tiles(metrics: Metrics) -> str:
    own, other, trades = metrics.performance, metrics.relative, metrics.trades
    is_long = metrics.days >= YEARLY_DAYS
    annual = (("年化收益", "Annual"), percent(own.annual_return, signed=True), tone(own.annual_return), "")
    rows: list[tuple[Pair, str, str, str]] = [
        *([annual] if is_long else []),
        (
            ("最大回撤", "Max drawdown"),
            percent(own.max_drawdown),
            "",
            both((f"{own.max_drawdown_days} 日", f"{own.max_drawdown_days} days")),
        ),
    ]
    if is_long:
        rows += [(("夏普", "Sharpe"), number(own.sharpe), "", ""), (("卡玛", "Calmar"), number(own.calmar), "", "")]
    else:
        of_all = (f"共 {metrics.orders:,} 笔委托", f"of {metrics.orders:,} orders")
        rows.append((("有成交", "Filled"), number(metrics.orders_filled, 0), "", both(of_all)))
    if other is not None and is_long:
        rows.append(
            (
                ("年化超额", "Excess, annual"),
                percent(other.excess_annual, signed=True),
                tone(other.excess_annual),
                "",
            )
        )
    rows.append(
        (
            ("回合胜率", "Trips won"),
            percent(trades.win_rate, 1),
            "",
            both((f"{trades.count:,} 个回合", f"{trades.count:,} trips")),
        )
    )
    rows.append((("盈亏比", "Payoff"), number(trades.payoff), "", ""))
    made = "".join(
        f'<div><dt>{both(words)}</dt><dd class="{kind}">{text}{f"<small>{more}</small>" if more else ""}</dd></div>'
        for words, text, kind, more in rows
    )
    chinese, english = short_yuan(own.profit, signed=True)
    profit = f"{chinese}元" if chinese.endswith(("万", "亿")) else f"{chinese} 元", f"{english} yuan"
    return (
        f'<section class="card hero"><div class="total"><p>{both(("总收益", "Total return"))}</p>'
        f'<strong class="{tone(own.total_return)}">{percent(own.total_return, signed=True)}</strong>'
        f"<p>{both(('净盈亏', 'Profit'))} {both(profit)}</p></div>"
        f"<dl>{made}</dl></section>"
    )


def _heat(result: Result) -> list[tuple[int, list[float | None], float]]:
    return periods.heat_map(result.days, result.equity, result.initial_equity)


def _conventions(metrics: Metrics) -> str:
    """Return what the figures are reckoned with, in one paragraph."""
    found = metrics.conventions
    free = percent(found.risk_free)
    chinese = (
        f"口径：一年按 {found.days_a_year} 个交易日，无风险利率 {free}（按日折算），标准差为样本标准差（n−1），"
        "首日收益对初始权益；"
        f"年化收益为复利，夏普、索提诺、信息比率按 √{found.days_a_year} 年化，下行波动率只计低于无风险利率的部分"
        "（除以全部天数），超额为几何超额，VaR/CVaR 为历史法；回合按先进先出配对、含费用与分红，胜率以回合计；"
        "换手为单边（买卖合计的一半）；费前盈利 = 净盈亏 + 费用。没有定义的写「–」。"
    )
    english = (
        f"Conventions: {found.days_a_year} trading days a year; risk-free rate {free}, by the day; sample deviations "
        "(n − 1); the first day against what it began with; annual return compounded; Sharpe, Sortino and "
        f"information ratio by √{found.days_a_year}; downside deviation of what falls short of the risk-free rate, "
        "over all days; excess is geometric; VaR and CVaR are historical; round trips first in, first out, after fees "
        "and with dividends; turnover is one side, half of buys and sells. What is not defined is a dash."
    )
    return f'<p class="conventions">{both((chinese, english))}</p>'


def _rolling(result: Result, columns: dict[str, Array], metrics: Metrics) -> str:
    made = charts.rolling_figures(result.days, columns)
    if not made:
        return ""
    year = metrics.conventions.days_a_year
    window = year if metrics.days >= 2 * year else max(year // 4, 2)
    words = (f"滚动指标（{window} 个交易日）", f"Rolling figures ({window} trading days)")
    return card(words, f'<div class="small-charts">{made}</div>')


def _trades(result: Result, book: Book, history: candles.History | None, name: tables.Name) -> str:
    trips = book.trips
    if not len(trips):
        none = card(
            ("交易", "Trades"), f'<p class="none">{both(("没有完整的买卖回合", "No round trip was closed"))}</p>'
        )
        drawn = "" if history is None else candles.figures(result, standing(result, book), history, name)
        words = (
            "还拿着的，从买入到最后；盈亏按最后一价，B 买 S 卖。",
            "What is held still, from the first buy to the end; profit at the last price.",
        )
        return (_candle_card(drawn, words) if drawn else "") + none
    order = np.argsort(-trips.profit, kind="stable")
    best = order[: tables.TRIPS_MAX]
    worst = order[len(order) : max(len(order) - tables.TRIPS_MAX, len(best)) - 1 : -1]
    body = f"<h3>{both(('最好的回合', 'Best trips'))}</h3>{tables.trips(trips, best, name, result.days)}"
    if len(worst):
        body += f"<h3>{both(('最差的回合', 'Worst trips'))}</h3>{tables.trips(trips, worst, name, result.days)}"
    note = (f"全部 {len(trips):,} 个回合在 trades.csv。", f"All {len(trips):,} round trips are in trades.csv.")
    body += f'<p class="note">{both(note)}</p>'
    drawn = "" if history is None else candles.figures(result, trips, history, name)
    words = (
        "盈利与亏损最多的回合前后，尽量取不同标的；底色为持有期，B 买 S 卖。",
        "Around the trips that won and lost most, of different symbols where there are; shaded while held.",
    )
    return (_candle_card(drawn, words) if drawn else "") + card(("交易", "Trades"), body, "long")


def _candle_card(drawn: str, words: Pair) -> str:
    return card(
        ("成交与 K 线", "Fills on candles"),
        f'<p class="note">{both(words)}</p><div class="candle-charts">{drawn}</div>',
    )


def _foot(result: Result) -> str:
    used = f"{result.elapsed_cpu_s:.2f}"
    chinese = f"qmt-trading-system {__version__} 生成，回测用时 {used} 秒 CPU。回测是历史上的假设，不代表将来。"
    english = (
        f"Made by qmt-trading-system {__version__}; the run took {used} CPU seconds. "
        "A backtest is a supposition about the past and promises nothing."
    )
    return f"<footer>{both((chinese, english))}</footer>"


def _columns(result: Result, curves: Curves, rolling: dict[str, Array], held: Array) -> str:
    """Return the columns that the pointer tells, in whole ``PARTS``; days as steps from the one before."""
    days = result.days.astype("datetime64[D]").astype(np.int64)
    columns: dict[str, Array | None] = {
        "equity": curves.equity - 1.0,
        "benchmark": None if curves.benchmark is None else curves.benchmark - 1.0,
        "excess": curves.excess,
        "depth": curves.depth,
        "exposure": exposure(result),
        **rolling,
    }
    made: dict[str, Any] = {name: _whole(values) for name, values in columns.items() if values is not None}
    made["holdings"] = held.tolist()
    body = msgspec.json.encode({"days": np.diff(days, prepend=0).tolist(), "columns": made})
    return body.decode("utf-8").replace("</", "<\\/")


def _whole(values: Array) -> list[int | None]:
    steps = np.rint(np.where(np.isfinite(values), values, 0.0) * PARTS).astype(np.int64).tolist()
    known = np.isfinite(values).tolist()
    return [each if is_known else None for each, is_known in zip(steps, known, strict=True)]
