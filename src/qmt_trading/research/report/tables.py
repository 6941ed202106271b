"""The tables of a report: figures in groups, months, falls, symbols, trips, and what was blocked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qmt_trading.model.instant import to_iso_text
from qmt_trading.research.drawdowns import Drawdown
from qmt_trading.research.metrics import Metrics
from qmt_trading.research.report.texts import (
    NOTHING,
    Pair,
    both,
    day,
    escaped,
    number,
    percent,
    price,
    short_yuan,
    tone,
    yuan,
)
from qmt_trading.research.report.words import BLOCKED, STATUS_WORDS
from qmt_trading.research.result import REASONS, STATUSES, Result
from qmt_trading.research.round_trips import RoundTrips
from qmt_trading.research.trades import SymbolProfit

Array = npt.NDArray[Any]
FALLS_MAX: Final = 10
SYMBOLS_MAX: Final = 10
"""Of the best, and of the worst; the others fold away."""
TRIPS_MAX: Final = 6
HELD_BACK_MAX: Final = 40
FULL_HEAT: Final = 0.10
"""A month of this return has the fullest colour."""
Name = Callable[[int], str]


def table(head: Sequence[str], rows: Sequence[str], kind: str = "", *, flows: bool = False) -> str:
    """Return a table; a leading ``=`` sets a cell of the head to the left.

    Args:
        flows: on paper it goes on from page to page.
    """
    cells = "".join(_head_cell(each) for each in head)
    body = f"<thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<div class="wide{" flows" if flows else ""}"><table class="{kind}">{body}</table></div>'


def _head_cell(words: str) -> str:
    if not words:
        return "<td></td>"
    return f'<th class="left">{words[1:]}</th>' if words.startswith("=") else f"<th>{words}</th>"


def heat_map(rows: Sequence[tuple[int, list[float | None], float]], sample: str) -> str:
    """Return months as cells, gains in one colour and losses in the other, the deeper the more."""
    head = [f"={both(('年', 'Year'))}", *(str(month) for month in range(1, 13)), both(("全年", "Year"))]
    made = []
    for year, months, whole in rows:
        cells = "".join(_heat(value, f"{year}-{month:02d}") for month, value in enumerate(months, 1))
        made.append(
            f'<tr><th class="left">{year}</th>{cells}'
            f'<td class="whole {tone(whole)}">{percent(whole, 1, signed=True)}</td></tr>'
        )
    return table(head, made, f"heat {sample}")


def _heat(value: float | None, month: str) -> str:
    if value is None:
        return "<td></td>"
    depth = min(abs(value) / FULL_HEAT, 1.0)
    told = f"{month} {percent(value, signed=True)}"
    return (
        f'<td class="cell {tone(value)}" style="--d:{0.06 + 0.42 * depth:.2f}" title="{told}" '
        f'data-short="{number(value * 100, 0)}">'
        f"{number(value * 100, 1)}</td>"
    )


def falls(found: Sequence[Drawdown], days: Array) -> str:
    """Return the deepest falls."""
    head = [
        "=#",
        both(("深度", "Depth")),
        both(("峰值日", "Peak")),
        both(("谷底日", "Trough")),
        both(("恢复日", "Recovered")),
        both(("下跌（日）", "Fall, days")),
        both(("恢复（日）", "Recovery, days")),
        both(("共（日）", "In all, days")),
    ]
    rows = []
    deepest = min((each.depth for each in found), default=-1.0)
    for place, each in enumerate(found[:FALLS_MAX], 1):
        peak = both(("开始", "start")) if each.peak < 0 else day(days[each.peak])
        back = f"<em>{both(('未恢复', 'not yet'))}</em>" if each.recovered is None else day(days[each.recovered])
        recovery = NOTHING if each.recovery is None else number(each.recovery, 0)
        rows.append(
            f'<tr><td class="left quiet">{place}</td><td class="gauge"><i class="loss" style="--w:'
            f'{each.depth / deepest:.3f}"></i><b>{percent(each.depth)}</b></td><td>{peak}</td>'
            f"<td>{day(days[each.trough])}</td><td>{back}</td><td>{number(each.fall, 0)}</td><td>{recovery}</td>"
            f"<td>{number(each.length, 0)}</td></tr>"
        )
    if not rows:
        return f'<p class="none">{both(("没有回撤", "No drawdown"))}</p>'
    return table(head, rows, "falls")


def symbols(found: Sequence[SymbolProfit], name: Name) -> str:
    """Return what each symbol brought, as bars to both sides; the middle of a long list folds away."""
    if not found:
        return f'<p class="none">{both(("没有成交", "Nothing was traded"))}</p>'
    reach = max(1, *(abs(each.profit) for each in found))
    rows = [_symbol(each, name, reach) for each in found]
    head = [
        f"={both(('标的', 'Symbol'))}",
        both(("盈亏（元）", "Profit, yuan")),
        "",
        both(("已平仓", "Realised")),
        both(("浮动", "Floating")),
        both(("分红", "Income")),
        both(("费用", "Fees")),
        both(("回合", "Trips")),
        both(("胜率", "Won")),
    ]
    if len(rows) <= 2 * SYMBOLS_MAX + 4:
        return table(head, rows, "symbols")
    middle = len(rows) - 2 * SYMBOLS_MAX
    rest = sum(each.profit for each in found[SYMBOLS_MAX:-SYMBOLS_MAX])
    words = (
        f"其余 {middle} 个，合计 {yuan(rest, signed=True)} 元",
        f"{middle} others, {yuan(rest, signed=True)} yuan together",
    )
    fold = (
        f"<details><summary>{both(words)}</summary>{table(head, rows[SYMBOLS_MAX:-SYMBOLS_MAX], 'symbols')}</details>"
    )
    return (
        f"<h3>{both(('赚得最多', 'Earned most'))}</h3>{table(head, rows[:SYMBOLS_MAX], 'symbols')}"
        f"<h3>{both(('亏得最多', 'Lost most'))}</h3>{table(head, rows[: -SYMBOLS_MAX - 1 : -1], 'symbols')}{fold}"
    )


def _symbol(each: SymbolProfit, name: Name, reach: int) -> str:
    share = abs(each.profit) / reach * 50
    side = f"left:50%;width:{share:.1f}%" if each.profit >= 0 else f"left:{50 - share:.1f}%;width:{share:.1f}%"
    floating = "" if each.floating == 0 else yuan(each.floating, signed=True)
    return (
        f'<tr><td class="left name">{name(each.symbol)}</td>'
        f'<td class="{tone(each.profit)}"><b>{yuan(each.profit, signed=True)}</b></td>'
        f'<td class="both"><i class="{tone(each.profit)}" style="{side}"></i></td>'
        f"<td>{yuan(each.realised, signed=True)}</td><td>{floating}</td>"
        f"<td>{yuan(each.income) if each.income else ''}</td>"
        f"<td>{yuan(each.fee)}</td><td>{each.trips}</td>"
        f"<td>{percent(each.wins / each.trips, 0) if each.trips else NOTHING}</td></tr>"
    )


def trips(found: RoundTrips, rows: Array, name: Name, days: Array) -> str:
    """Return chosen round trips."""
    head = [
        f"={both(('标的', 'Symbol'))}",
        both(("买入日", "Bought")),
        both(("卖出日", "Sold")),
        both(("持有（日）", "Held, days")),
        both(("数量", "Shares")),
        both(("买价", "Buy")),
        both(("卖价", "Sell")),
        both(("盈亏（元）", "Profit, yuan")),
        both(("收益", "Return")),
    ]
    made = []
    profit, gain, held = found.profit, found.returns, found.held_days
    for row in rows.tolist():
        quantity = int(found.quantity[row])
        made.append(
            f'<tr><td class="left name">{name(int(found.symbol[row]))}</td><td>{day(days[found.opened_day[row]])}</td>'
            f"<td>{day(days[found.closed_day[row]])}</td><td>{int(held[row])}</td><td>{number(quantity, 0)}</td>"
            f"<td>{yuan(int(found.cost[row]) / quantity, 3)}</td>"
            f"<td>{yuan(int(found.proceeds[row]) / quantity, 3)}</td>"
            f'<td class="{tone(profit[row])}">{yuan(int(profit[row]), signed=True)}</td>'
            f'<td class="{tone(gain[row])}">{percent(float(gain[row]), signed=True)}</td></tr>'
        )
    return table(head, made, "trips")


def blocked(result: Result, name: Name) -> str:
    """Return how often each rule stopped or cut an order, and the last of those orders one by one."""
    if not result.blocked:
        return f'<p class="none">{both(("没有委托被拦下或缩减", "No order was stopped or cut"))}</p>'
    whole = max(len(result.orders), 1)
    most = max(result.blocked.values())
    rows = []
    for code, count in sorted(result.blocked.items(), key=lambda each: -each[1]):
        words, what = BLOCKED.get(code, ((code, code), ("", "")))
        rows.append(
            f'<tr><td class="left say"><b>{both(words)}</b> <code>{escaped(code)}</code><br>{both(what)}</td>'
            f'<td class="gauge"><i class="quiet" style="--w:{count / most:.3f}"></i><b>{number(count, 0)}</b></td>'
            f"<td>{percent(count / whole, 1)}</td></tr>"
        )
    head = [f"={both(('原因', 'Reason'))}", both(("次数", "Times")), both(("占委托", "Of orders"))]
    note = (
        "一笔委托可以受阻几次；受阻以后又成交的也在内。",
        "One order may be held back more than once; those that filled later count, too.",
    )
    return table(head, rows, "blocked") + f'<p class="note">{both(note)}</p>' + _held_back(result, name)


def _held_back(result: Result, name: Name) -> str:
    orders = result.orders
    found = np.flatnonzero(orders.reason != 0)
    if not len(found):
        return ""
    shown = found[-HELD_BACK_MAX:]
    rows = []
    for row in shown[::-1].tolist():
        code = REASONS[int(orders.reason[row])]
        words = BLOCKED[code][0] if code in BLOCKED else (code, code)
        is_buy = int(orders.side[row]) > 0
        side = ("买入", "buy") if is_buy else ("卖出", "sell")
        limit = int(orders.limit_price[row])
        status = STATUSES[int(orders.status[row])]
        rows.append(
            f'<tr><td class="left">{to_iso_text(int(orders.made_ns[row]))[:16].replace("T", " ")}</td>'
            f'<td class="left name">{name(int(orders.symbol[row]))}</td>'
            f'<td class="left {"up" if is_buy else "down"}">{both(side)}</td>'
            f"<td>{number(int(orders.quantity[row]), 0)}</td><td>{number(int(orders.filled_quantity[row]), 0)}</td>"
            f"<td>{price(limit) if limit else both(('市价', 'market'))}</td>"
            f'<td class="left">{both(STATUS_WORDS.get(status, (status, status)))}</td>'
            f'<td class="left">{both(words)}</td></tr>'
        )
    head = [
        f"={both(('时间', 'Made'))}",
        f"={both(('标的', 'Symbol'))}",
        f"={both(('方向', 'Side'))}",
        both(("委托", "Shares")),
        both(("成交", "Filled")),
        both(("限价", "Limit")),
        f"={both(('结局', 'Ended'))}",
        f"={both(('原因', 'Reason'))}",
    ]
    words = (
        f"最近 {len(shown)} 笔（共 {len(found):,} 笔，全部在 orders.csv）",
        f"The last {len(shown)} (of {len(found):,}; all of them in orders.csv)",
    )
    return f"<details><summary>{both(words)}</summary>{table(head, rows, 'held')}</details>"


Row = tuple[Pair, str, str]
"""Words, text, class."""
Group = tuple[Pair, list[Row]]


def groups(found: Metrics) -> str:
    """Return all figures in groups, in three columns of about equal length."""
    made = []
    for column in _groups(found):
        parts = []
        for words, rows in column:
            lines = "".join(
                f'<div><dt>{both(label)}</dt><dd class="{kind}">{text}</dd></div>' for label, text, kind in rows
            )
            parts.append(f'<section class="group"><h3>{both(words)}</h3><dl>{lines}</dl></section>')
        made.append(f"<div>{''.join(parts)}</div>")
    return f'<div class="groups">{"".join(made)}</div>'


def _groups(found: Metrics) -> list[list[Group]]:
    own, other, trades, activity = found.performance, found.relative, found.trades, found.activity

    def share(words: Pair, value: float | None, *, toned: bool = False) -> Row:
        return words, percent(value, signed=toned), tone(value) if toned else ""

    def plain(words: Pair, value: float | None, places: int = 2) -> Row:
        return words, number(value, places), ""

    def money(words: Pair, value: float | None, *, toned: bool = False) -> Row:
        return words, both(short_yuan(value, signed=toned)), tone(value) if toned else ""

    earned = [
        share(("总收益", "Total return"), own.total_return, toned=True),
        share(("年化收益", "Annual return"), own.annual_return, toned=True),
        money(("净盈亏（元）", "Profit, yuan"), own.profit, toned=True),
        share(("最好一日", "Best day"), own.best_day, toned=True),
        share(("最差一日", "Worst day"), own.worst_day, toned=True),
        share(("最好一月", "Best month"), own.best_month, toned=True),
        share(("最差一月", "Worst month"), own.worst_month, toned=True),
        share(("日胜率", "Days won"), own.win_rate_day),
        share(("月胜率", "Months won"), own.win_rate_month),
        plain(("最长连亏（日）", "Longest run of losing days"), own.longest_losing_days, 0),
    ]
    risk = [
        share(("年化波动率", "Volatility, annual"), own.volatility),
        share(("下行波动率", "Downside deviation, annual"), own.downside),
        plain(("夏普比率", "Sharpe ratio"), own.sharpe),
        plain(("索提诺比率", "Sortino ratio"), own.sortino),
        plain(("卡玛比率", "Calmar ratio"), own.calmar),
        share(("最大回撤", "Maximum drawdown"), own.max_drawdown),
        plain(("最大回撤历时（日）", "Its length, days"), own.max_drawdown_days, 0),
        plain(("其中恢复（日）", "of which recovery, days"), own.max_drawdown_recovery_days, 0),
        plain(("最长水下（日）", "Longest time under water, days"), own.longest_drawdown_days, 0),
        share(("VaR 95（日）", "VaR 95, a day"), own.value_at_risk),
        share(("CVaR 95（日）", "CVaR 95, a day"), own.expected_shortfall),
        plain(("偏度", "Skewness"), own.skewness),
        plain(("峰度（超额）", "Kurtosis, excess"), own.kurtosis),
    ]
    beside: list[Row] = []
    if other is not None:
        beside = [
            share(("基准收益", "Benchmark return"), other.benchmark_return, toned=True),
            share(("基准年化", "Benchmark, annual"), other.benchmark_annual, toned=True),
            share(("超额收益", "Excess return"), other.excess_return, toned=True),
            share(("年化超额", "Excess, annual"), other.excess_annual, toned=True),
            share(("超额最大回撤", "Excess, maximum drawdown"), other.excess_max_drawdown),
            share(("阿尔法（年化）", "Alpha, annual"), other.alpha, toned=True),
            plain(("贝塔", "Beta"), other.beta),
            plain(("相关系数", "Correlation"), other.correlation),
            share(("跟踪误差（年化）", "Tracking error, annual"), other.tracking_error),
            plain(("信息比率", "Information ratio"), other.information_ratio),
            share(("日胜率（对基准）", "Days ahead"), other.win_rate_day),
            share(("月胜率（对基准）", "Months ahead"), other.win_rate_month),
            share(("基准波动率", "Benchmark volatility"), other.benchmark_volatility),
            share(("基准最大回撤", "Benchmark, maximum drawdown"), other.benchmark_max_drawdown),
        ]
    traded = [
        plain(("完整回合", "Round trips"), trades.count, 0),
        share(("胜率", "Trips won"), trades.win_rate),
        plain(("盈亏比", "Payoff"), trades.payoff),
        plain(("盈利因子", "Profit factor"), trades.profit_factor),
        money(("平均盈利（元）", "Average win, yuan"), trades.average_win),
        money(("平均亏损（元）", "Average loss, yuan"), trades.average_loss),
        share(("平均每回合收益", "Average return of a trip"), trades.average_return, toned=True),
        plain(("最长连亏（回合）", "Longest losing run, trips"), trades.longest_losing, 0),
        plain(("最长连盈（回合）", "Longest winning run, trips"), trades.longest_winning, 0),
        plain(("平均持有（日）", "Held, mean days"), trades.held_days_mean, 1),
        plain(("持有中位数（日）", "Held, median days"), trades.held_days_median, 1),
    ]
    spent = [
        plain(("委托", "Orders"), found.orders, 0),
        plain(("有成交的委托", "Orders that filled"), found.orders_filled, 0),
        plain(("年换手率（倍，单边）", "Turnover a year, times, one side"), activity.turnover_annual),
        money(("费用合计（元）", "Fees, yuan"), activity.fee),
        share(("费用 ÷ 成交额", "Fees / traded value"), activity.fee_of_value),
        share(("费用 ÷ 费前盈利", "Fees / profit before fees"), activity.fee_of_gross),
        share(("每年费用拖累", "Fees a year / equity"), activity.fee_annual),
    ]
    if activity.dividends:
        spent += [
            money(("分红，税前（元）", "Dividends before tax, yuan"), activity.dividends),
            money(("红利税（元）", "Dividend tax, yuan"), activity.dividend_tax),
        ]
    stood = [
        share(("平均仓位", "Exposure, mean"), activity.exposure_mean),
        share(("持仓天数占比", "Days with holdings"), activity.days_held),
        plain(("平均持股数", "Symbols held, mean"), activity.holdings_mean, 1),
        plain(("最多持股数", "Symbols held, most"), activity.holdings_max, 0),
        plain(("涨停买不进（次）", "Limit-up misses"), found.limit_up_missed, 0),
        plain(("T+1 拦下（次）", "T+1 blocks"), found.t_plus_1_blocked, 0),
    ]
    gains: Group = (("收益", "Return"), earned)
    trading: Group = (("交易", "Trades"), traded)
    risks: Group = (("风险", "Risk"), risk)
    costs: Group = (("委托与成本", "Orders and costs"), spent)
    holding: Group = (("仓位与约束", "Exposure and limits"), stood)
    if not beside:
        return [[gains, holding], [risks], [trading, costs]]
    return [[gains, trading], [risks, costs], [(("对基准", "Against the benchmark"), beside), holding]]


def names_of(result: Result, names: Mapping[str, str]) -> Name:
    """Return what shows a symbol by its place: code and name."""

    def shown(place: int) -> str:
        symbol = result.symbols[place]
        called = names.get(symbol, "")
        return f"{escaped(symbol)}{f' <em>{escaped(called)}</em>' if called else ''}"

    return shown
