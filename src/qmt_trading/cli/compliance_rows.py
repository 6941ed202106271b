"""The programme-trading report as rows, as a table for Excel, and as lines for a person."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from qmt_trading.codec.sheet_cells import harmless
from qmt_trading.model.instant import to_clock_text, to_iso_text
from qmt_trading.model.numbers import FEN, ratio_half_up, to_money_text, to_text
from qmt_trading.model.settings import HIGH_FREQUENCY_PER_DAY, HIGH_FREQUENCY_PER_SECOND, Compliance
from qmt_trading.run.compliance import Figures, Peak, Report

NOT_SAID: Final = "–"


class Column(NamedTuple):
    """One figure: its name for programs, what it says in both languages, and how it is got."""

    key: str
    chinese: str
    english: str
    value: Callable[[Figures], object]


def _declared(read: Callable[[Compliance], object]) -> Callable[[Figures], object]:
    return lambda figures: (read(figures.compliance) or None) if figures.compliance is not None else None


def _percent(millionths: int) -> str | None:
    return to_text(millionths) if millionths >= 0 else None


def _at(peak: Peak) -> str | None:
    return to_iso_text(peak.at_ns) if peak.at_ns else None


def columns(report: Report) -> tuple[Column, ...]:
    """Return the columns with the definitions that this report was made by."""
    rate, move = report.measures.rate, to_text(report.measures.move_millionths)
    day = report.day.isoformat()
    return (
        Column("day", "交易日", "trading day", lambda each: day),
        Column("account", "账户", "account", lambda each: each.account),
        Column("name", "名称", "name", lambda each: each.name or None),
        Column(
            "registered",
            "报备日期",
            "date of the report through the broker",
            _declared(lambda told: told.registered.isoformat()),
        ),
        Column("software", "报备的软件名称", "software as reported", _declared(lambda told: told.software)),
        Column("strategy", "报备的策略类型", "type of strategy as reported", _declared(lambda told: told.strategy)),
        Column(
            "declared_per_second",
            "申报的每秒最多（委托＋撤单）",
            "declared highest orders + cancels a second",
            _declared(lambda told: told.per_second_max),
        ),
        Column(
            "declared_per_day",
            "申报的每日最多（委托＋撤单）",
            "declared highest orders + cancels a day",
            _declared(lambda told: told.per_day_max),
        ),
        Column("orders", "委托：已交给柜台的笔数", "orders handed over", lambda each: each.orders),
        Column(
            "orders_unrecorded",
            "其中没记到发出时刻、以判断时刻代替",
            "of those without a recorded hand-over, counted when decided",
            lambda each: each.unrecorded,
        ),
        Column(
            "cancels",
            "撤单：每次发出算一次，含重撤",
            "cancels, each hand-over, repeats too",
            lambda each: each.cancels,
        ),
        Column("total", "委托＋撤单（本系统）", "orders + cancels of this system", lambda each: each.total),
        Column(
            "foreign_orders",
            "外部委托：手工或其他程序",
            "foreign orders, by hand or other programs",
            lambda each: each.foreign_orders,
        ),
        Column(
            "foreign_cancels",
            "外部撤单：不是本系统撤的",
            "orders cancelled, not by this system",
            lambda each: each.foreign_cancels,
        ),
        Column(
            "total_with_foreign",
            f"委托＋撤单（含外部；高频标准 {HIGH_FREQUENCY_PER_DAY:,}）",
            f"orders + cancels with foreign ones, high frequency from {HIGH_FREQUENCY_PER_DAY:,}",
            lambda each: each.total_whole,
        ),
        Column(
            "second_max",
            f"任意一秒内最多（委托＋撤单，含起点不含终点；高频标准 {HIGH_FREQUENCY_PER_SECOND}）",
            f"most orders + cancels in any one second [t, t + 1 s), high frequency from {HIGH_FREQUENCY_PER_SECOND}",
            lambda each: each.second.amount,
        ),
        Column("second_max_at", "该秒的起点", "when that second begins", lambda each: _at(each.second)),
        Column(
            "second_max_with_foreign",
            "任意一秒内最多（含外部，外部按柜台的时刻）",
            "the same with foreign ones, by the counter's clock",
            lambda each: each.second_whole.amount,
        ),
        Column(
            "second_max_with_foreign_at",
            "该秒的起点（含外部）",
            "when that second begins",
            lambda each: _at(each.second_whole),
        ),
        Column(
            "seconds_fast",
            f"瞬时申报速率：委托＋撤单达到 {rate} 的整秒数",
            f"seconds of the clock with at least {rate} orders + cancels",
            lambda each: each.seconds_fast,
        ),
        Column(
            "seconds_high",
            f"其中达到 {HIGH_FREQUENCY_PER_SECOND} 的整秒数",
            f"seconds of the clock with at least {HIGH_FREQUENCY_PER_SECOND}",
            lambda each: each.seconds_high,
        ),
        Column(
            "canceled",
            "撤销的委托：最终已撤或部撤",
            "orders that ended cancelled, in part or whole",
            lambda each: each.canceled,
        ),
        Column(
            "canceled_percent",
            "撤单率 %：撤销的委托÷委托",
            "per cent of orders handed over",
            lambda each: _percent(each.canceled_share),
        ),
        Column(
            "canceled_1s",
            "瞬时撤单：发出后 1 秒内（含）撤销的委托",
            "orders cancelled within 1 s of their hand-over",
            lambda each: each.canceled_1s,
        ),
        Column(
            "canceled_1s_percent",
            "占委托 %（1 秒内）",
            "per cent of orders handed over",
            lambda each: _percent(each.canceled_1s_share),
        ),
        Column(
            "canceled_5s",
            "发出后 5 秒内（含）撤销的委托",
            "orders cancelled within 5 s of their hand-over",
            lambda each: each.canceled_5s,
        ),
        Column(
            "canceled_5s_percent",
            "占委托 %（5 秒内）",
            "per cent of orders handed over",
            lambda each: _percent(each.canceled_5s_share),
        ),
        Column(
            "orders_through",
            f"拉抬打压：委托价越过判断时最新价至少 {move}%（买高卖低）",
            f"orders priced at least {move} % beyond the last price they were decided by",
            lambda each: each.orders_through,
        ),
        Column(
            "orders_unquoted",
            "没有行情、看不出的委托",
            "orders without a last price on record",
            lambda each: each.orders_unquoted,
        ),
        Column("fills", "成交笔数", "fills", lambda each: each.fills),
        Column(
            "fills_through",
            f"成交价越过判断时最新价至少 {move}% 的成交",
            f"fills at least {move} % beyond the last price their order was decided by",
            lambda each: each.fills_through,
        ),
        Column(
            "fills_unquoted",
            "没有行情、看不出的成交（外部委托的都在内）",
            "fills without a last price on record, all foreign ones among them",
            lambda each: each.fills_unquoted,
        ),
        Column(
            "run_longest",
            "一分钟内同股同向最长的连续抬价买入或压价卖出（笔）",
            "longest run within a minute of buys each dearer, or sells each cheaper, in one symbol",
            lambda each: each.run_longest,
        ),
        Column("runs", "其中达到 3 笔的次数", "runs of at least 3 orders", lambda each: each.runs),
        Column(
            "value_1m",
            "短时大额：一分钟内一只股票的最大成交额（元）",
            "largest value of own fills in one symbol within a minute, in yuan",
            lambda each: to_text(each.value_minute.amount) if each.value_minute.at_ns else None,
        ),
        Column("value_1m_symbol", "哪一只（一分钟）", "its symbol", lambda each: each.value_minute.symbol or None),
        Column("value_1m_at", "自何时（一分钟）", "its first fill", lambda each: _at(each.value_minute)),
        Column(
            "value_5m",
            "五分钟内一只股票的最大成交额（元）",
            "largest value of own fills in one symbol within five minutes, in yuan",
            lambda each: to_text(each.value_five.amount) if each.value_five.at_ns else None,
        ),
        Column("value_5m_symbol", "哪一只（五分钟）", "its symbol", lambda each: each.value_five.symbol or None),
        Column("value_5m_at", "自何时（五分钟）", "its first fill", lambda each: _at(each.value_five)),
        Column(
            "share_5m_percent",
            "五分钟成交额占市场五分钟成交额的最大比例 %（按最近一次信号里的行情；空：行情没说）",
            "largest share of five minutes' own value in the market's, by the newest quote on record; empty: none said",
            lambda each: _percent(each.share_five.amount),
        ),
        Column("share_5m_symbol", "哪一只（占比）", "its symbol", lambda each: each.share_five.symbol or None),
        Column("share_5m_at", "自何时（占比）", "its first fill", lambda each: _at(each.share_five)),
        Column("until", "日志截至", "clock of the newest record", lambda each: to_iso_text(report.until_ns)),
        Column("turns", "已核对的轮数", "turns read and found whole", lambda each: report.turns),
        Column("seal", "最后一轮的封印", "seal of the last turn", lambda each: report.head.hex()),
    )


def rows_of(report: Report, accounts: Sequence[Figures]) -> list[dict[str, object]]:
    """Return one row an account, in the columns' keys."""
    return [{column.key: column.value(each) for column in columns(report)} for each in accounts]


def csv_of(report: Report, accounts: Sequence[Figures]) -> bytes:
    """Return a table in UTF-8 with a mark, which Excel shows in Chinese; its heading defines each figure."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([f"{column.chinese} / {column.key}: {column.english}" for column in columns(report)])
    for row in rows_of(report, accounts):
        writer.writerow(["" if value is None else harmless(str(value)) for value in row.values()])
    return text.getvalue().encode("utf-8-sig")


def lines_of(report: Report, each: Figures) -> list[tuple[str, object]]:
    """Return what a person reads of one account: names and values."""
    rate, move = report.measures.rate, to_text(report.measures.move_millionths)
    unrecorded = f"（{each.unrecorded:,} 笔没记到发出时刻）" if each.unrecorded else ""
    quick = (("1 秒内", each.canceled_1s, each.canceled_1s_share), ("5 秒内", each.canceled_5s, each.canceled_5s_share))
    parts = [
        f"{when} {_part(count, share)}" for when, count, share in (*quick, ("全部", each.canceled, each.canceled_share))
    ]
    orders_through = f"委托 {each.orders_through:,}（{each.orders_unquoted:,} 笔没有行情）"
    fills_through = f"成交 {each.fills_through:,}/{each.fills:,}（{each.fills_unquoted:,} 笔没有行情）"
    values = f"一分钟 {_value(each.value_minute)}，五分钟 {_value(each.value_five)}"
    high = HIGH_FREQUENCY_PER_SECOND
    return [
        ("报备 reported", _reported(each.compliance)),
        ("委托 orders", f"{each.orders:,}{unrecorded}"),
        ("撤单 cancels", f"{each.cancels:,}"),
        ("外部委托、撤单 foreign", f"{each.foreign_orders:,}、{each.foreign_cancels:,}"),
        (
            "委托＋撤单 total",
            f"本系统 {each.total:,}，连外部一共 {each.total_whole:,}（高频标准 {HIGH_FREQUENCY_PER_DAY:,}）",
        ),
        (
            "任意一秒 per second",
            f"本系统最多 {_peak(each.second)}，连外部最多 {_peak(each.second_whole)}（高频标准 {high}）",
        ),
        ("瞬时速率 fast seconds", f"≥ {rate}：{each.seconds_fast:,} 秒，≥ {high}：{each.seconds_high:,} 秒"),
        ("瞬时撤单 quick cancels", "，".join(parts)),
        ("拉抬打压 through price", f"越过最新价 ≥ {move}%：{orders_through}，{fills_through}"),
        ("连续抬压 runs", f"一分钟内最长 {each.run_longest:,} 笔，达到 3 笔的 {each.runs:,} 次"),
        ("短时大额 large value", f"{values}，占市场五分钟 {_market(each.share_five)}"),
    ]


def _reported(told: Compliance | None) -> str:
    if told is None:
        return "未填写 [compliance] / not filled in"
    rates = [
        f"申报{word} {figure:,}"
        for word, figure in (("每秒", told.per_second_max), ("每日", told.per_day_max))
        if figure
    ]
    return "，".join(filter(None, (told.registered.isoformat(), told.software, told.strategy, *rates)))


def _peak(peak: Peak) -> str:
    return f"{peak.amount:,}" + (f"（{to_clock_text(peak.at_ns)} 起）" if peak.at_ns else "")


def _part(count: int, share: int) -> str:
    return f"{count:,}（{_rounded(share)}）"


def _rounded(millionths: int) -> str:
    """Return a ratio in per cent as a person reads it, half-up to 2 decimals; where there is none, that it is not."""
    return f"{to_text(ratio_half_up(millionths, FEN) * FEN)}%" if millionths >= 0 else NOT_SAID


def _value(peak: Peak) -> str:
    if not peak.at_ns:
        return NOT_SAID
    return f"{to_money_text(peak.amount)}（{peak.symbol} {to_clock_text(peak.at_ns)} 起）"


def _market(peak: Peak) -> str:
    if peak.amount < 0:
        return "行情没说 / not told"
    return f"{_rounded(peak.amount)}（{peak.symbol} {to_clock_text(peak.at_ns)} 起）"
