"""Every check of history over one table: each finding says where it is, what is wrong and what to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from typing import Final

import numpy as np
import numpy.typing as npt

from qmt_trading.feeds.findings import Finding, Severity, refused
from qmt_trading.feeds.limit_checks import outside_limits, unadjusted_jumps
from qmt_trading.feeds.settling import out_of_order, settled
from qmt_trading.feeds.store import Store
from qmt_trading.feeds.table import PRICES, Integers, Table, day_numbers, time_of_day
from qmt_trading.feeds.told import Place, tell
from qmt_trading.market.calendar import Calendar
from qmt_trading.market.instruments import kind_of
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.instant import day_of
from qmt_trading.model.words import InstrumentKind

_MINUTE: Final = 60_000_000_000
_EPOCH: Final = dt.date(1970, 1, 1)
_AUCTION_MINUTES: Final = (898, 899)
"""14:58 and 14:59, in which the closing auction trades nothing."""
_MORNING: Final = np.arange(571, 691)
_AFTERNOON: Final = np.arange(781, 901)
_FULL: Final = np.concatenate([_MORNING, _AFTERNOON])
_EXTRA: Final = (570,)
"""9:30, which some vendors have for the opening auction."""


def check_table(
    table: Table,
    calendar: Calendar,
    actions: Sequence[CorporateAction] = (),
    until: dt.date | None = None,
    today: dt.date | None = None,
) -> list[Finding]:
    """Return what there is to say about ``table``, errors and warnings, in the order of the checks.

    Args:
        actions: known corporate actions; without any a jump beyond the limits is told as one that may be missing.
        until: the last day that is expected; None: the table's own.
        today: no later day can have traded; None: it is not known.
    """
    findings = [*_order(table), *_repeated(table)]
    made = settled(table)
    findings += [fault for fault in made.faults if fault.code != "DUPLICATE"]
    table = made.table
    if not len(table):
        return findings
    findings += _prices(table)
    findings += _worth(table)
    if today is not None:
        findings += _coming(table, today)
        table = table.taken(np.nonzero(day_numbers(table.at_ns) <= (today - _EPOCH).days)[0])
        if not len(table):
            return findings
    findings += _days(table, calendar, until)
    if table.frequency == "1d":
        findings += _still(table)
        findings += outside_limits(table)
        findings += unadjusted_jumps(table, actions)
    else:
        findings += _hours(table)
    if table.frequency == "1m":
        findings += _minutes(table)
    if table.frequency == "tick":
        findings += _books(table)
    return findings


def broken(store: Store) -> Iterator[Finding]:
    """Yield an error for every file of ``store`` that is gone, or is not the one that was written."""
    for entry in store.verify():
        yield refused(
            "CHANGED",
            entry.path,
            "文件不见了，或不是导入时写的那一份",
            "is gone, or is not what was written",
            "重新导入",
            "import it anew",
            symbol=entry.symbol,
        )


def _order(table: Table) -> Iterator[Finding]:
    places = out_of_order(table)
    yield from tell(
        table,
        places,
        Severity.WARNING,
        "ORDER",
        lambda place: Place(
            f"时间早于上一行（{table.time_text(place - 1)}）",
            "is earlier than the row before it",
            "导入时会排序；看看是不是两份拼在一起",
            "it is sorted when imported; see whether two files were joined",
        ),
    )


def _repeated(table: Table) -> Iterator[Finding]:
    order = np.argsort(table.at_ns, kind="stable")
    at_ns = table.at_ns[order]
    again = np.nonzero(np.diff(at_ns) == 0)[0] + 1
    if table.frequency == "tick" or not len(again):
        return  # Ticks of one instant are made one.
    differs = np.zeros(len(again), np.bool_)
    for column in table.columns.values():
        differs |= column[order[again]] != column[order[again - 1]]
    for severity, chosen, words in (
        (Severity.ERROR, again[differs], ("数字不同", "and other figures", "删掉错的一行", "delete the wrong one")),
        (Severity.WARNING, again[~differs], ("数字相同", "and the same figures", "导入时只留一行", "one is kept")),
    ):
        others = {int(order[place]): int(table.rows[order[place - 1]]) for place in chosen}
        yield from tell(table, order[chosen], severity, "DUPLICATE", partial(_repetition, others, words))


def _repetition(others: dict[int, int], words: tuple[str, str, str, str], place: int) -> Place:
    chinese, english, todo, todo_english = words
    other = others[place]
    return Place(f"和第 {other} 行是同一时间，{chinese}", f"has the time of row {other} {english}", todo, todo_english)


def _prices(table: Table) -> Iterator[Finding]:
    if table.frequency == "tick":
        return
    opened, high, low, close = (table.columns[name] for name in PRICES)
    yield from tell(
        table,
        np.nonzero(high < low)[0],
        Severity.ERROR,
        "HIGH_BELOW_LOW",
        lambda place: Place(
            f"最高 {high[place] / 10_000} 低于最低 {low[place] / 10_000}",
            "the high is below the low",
            "列对错了，或这一行坏了：查 --map，或重新导出",
            "columns are mixed up or the row is broken: look at --map, or export it anew",
        ),
    )
    outside = (high >= low) & ((np.maximum(opened, close) > high) | (np.minimum(opened, close) < low))
    yield from tell(
        table,
        np.nonzero(outside)[0],
        Severity.ERROR,
        "OUTSIDE_RANGE",
        lambda place: Place(
            f"开 {opened[place] / 10_000} 收 {close[place] / 10_000} 不在"
            f" {low[place] / 10_000}–{high[place] / 10_000} 之间",
            "open or close lies outside of low and high",
            "列对错了，或这一行坏了：查 --map，或重新导出",
            "columns are mixed up or the row is broken: look at --map, or export it anew",
        ),
    )


def _worth(table: Table) -> Iterator[Finding]:
    """Money must be what the quantity is worth between low and high; a tenth more or less is left to rounding."""
    turnover, quantity = table.columns.get("turnover"), table.columns["quantity"]
    if turnover is None or table.frequency == "tick" or _is_index(table):
        return
    low, high = table.columns["low"], table.columns["high"]
    traded = (quantity > 0) & (turnover > 0)
    average = np.where(traded, turnover / np.maximum(quantity, 1), low)
    # A few shares whose money a vendor has rounded to whole yuan tell nothing.
    wrong = traded & (quantity >= 1000) & ((average < 0.9 * low) | (average > 1.1 * high))
    yield from tell(
        table,
        np.nonzero(wrong)[0],
        Severity.WARNING,
        "WORTH",
        lambda place: Place(
            f"成交额 ÷ 成交量 = {average[place] / 10_000:.4g}，不在 {low[place] / 10_000}–{high[place] / 10_000} 之间",
            "turnover over quantity lies outside of low and high",
            "单位错了（手/股、千元/元），或这一行坏了",
            "a unit is wrong, or the row is broken",
        ),
    )


def _is_index(table: Table) -> bool:
    return kind_of(table.symbol) is InstrumentKind.INDEX


def _days(table: Table, calendar: Calendar, until: dt.date | None) -> Iterator[Finding]:
    """Days on which the exchanges were shut, and trading days that are missing."""
    days = day_numbers(table.at_ns)
    begins = np.nonzero(np.diff(days, prepend=-1))[0]
    held = days[begins]
    first, last = day_of(int(table.at_ns[0])), day_of(int(table.at_ns[-1]))
    last = last if until is None else max(last, until)
    opened = open_days(calendar, first, last)
    shut = ~np.isin(held, opened)
    yield from tell(
        table,
        begins[shut],
        Severity.ERROR,
        "SHUT",
        lambda place: Place(
            "这一天交易所休市",
            "the exchanges were shut on this day",
            "查时区（--zone）和日期列；日历不够新用 qmt calendar 补",
            "look at --zone and the dates; extend the calendar by qmt calendar",
        ),
    )
    if table.frequency == "tick":
        return  # A store has the days that were recorded.
    missing = opened[~np.isin(opened, held)]
    if not len(missing):
        return
    runs = np.split(missing, np.nonzero(np.diff(np.searchsorted(opened, missing)) > 1)[0] + 1)
    behind = {int(np.searchsorted(held, run[0])): run for run in runs}
    # The place is the first row behind the gap; a gap at the end is told at the last row.
    places = np.array([int(begins[min(place, len(begins) - 1)]) for place in behind])
    texts = {int(place): run for place, run in zip(places, behind.values(), strict=True)}
    yield from tell(
        table,
        places,
        Severity.WARNING,
        "GAP",
        lambda place: Place(
            f"{_span(texts[place])}没有数据（{len(texts[place])} 个交易日）",
            f"{len(texts[place])} trading days are missing before or after it",
            "停牌就没问题；不是停牌就补数据",
            "a suspension is no fault; otherwise add what is missing",
        ),
    )


def _coming(table: Table, today: dt.date) -> Iterator[Finding]:
    days = day_numbers(table.at_ns)
    begins = np.nonzero(np.diff(days, prepend=-1))[0]
    yield from tell(
        table,
        begins[days[begins] > (today - _EPOCH).days],
        Severity.ERROR,
        "FUTURE",
        lambda place: Place(
            f"这一天还没有到（今天 {today}）",
            f"has not been yet (today is {today})",
            "查日期列，和这台电脑的日期",
            "look at the column of dates, and at the date of this machine",
        ),
    )


def open_days(calendar: Calendar, first: dt.date, last: dt.date) -> Integers:
    """Return the trading days from ``first`` to ``last`` as days since 1970."""
    known = _open_days(calendar, max(last, calendar.until))
    begin, end = (first - _EPOCH).days, (last - _EPOCH).days
    return known[np.searchsorted(known, begin) : np.searchsorted(known, end, side="right")]


@lru_cache(maxsize=4)
def _open_days(calendar: Calendar, last: dt.date) -> Integers:
    begin, end = (calendar.since - _EPOCH).days, (last - _EPOCH).days
    opened = [day for day in range(begin, end + 1) if calendar.is_open(_EPOCH + dt.timedelta(days=day))]
    return np.array(opened, np.int64)


def _span(run: Integers) -> str:
    first, last = (str(np.datetime64(int(day), "D")) for day in (run[0], run[-1]))
    return f"{first} " if first == last else f"{first} 到 {last} "


def _still(table: Table) -> Iterator[Finding]:
    """Days of suspension with a trade, and days that should have traded and did not."""
    quantity = table.columns["quantity"]
    suspended = table.columns.get("suspended", np.zeros(len(table), np.int64)) > 0
    if not quantity.any():
        return  # There was no such column.
    yield from tell(
        table,
        np.nonzero(suspended & (quantity > 0))[0],
        Severity.ERROR,
        "SUSPENDED_TRADED",
        lambda place: Place(
            f"写着停牌，却成交 {quantity[place]} 股",
            "is told as suspended and has traded",
            "停牌列对错了：查 --map suspended= 或 traded=",
            "look at --map suspended= or traded=",
        ),
    )
    yield from tell(
        table,
        np.nonzero(~suspended & (quantity == 0))[0],
        Severity.WARNING,
        "NO_QUANTITY",
        lambda place: Place(
            "没有写停牌，成交量却是 0",
            "is not told as suspended and has traded nothing",
            "回测当它不能成交；是停牌就带上停牌一列",
            "backtests trade nothing there; import a column of suspensions",
        ),
    )


def _hours(table: Table) -> Iterator[Finding]:
    """Rows at times when nothing trades: the break, before 9:15 and after 15:30."""
    minutes = time_of_day(table.at_ns) // _MINUTE
    if table.frequency == "1m":
        fine = np.isin(minutes, _FULL) | np.isin(minutes, _EXTRA) | ((minutes > 900) & (minutes <= 930))
    else:
        # Snapshots go on through the break, and trade nothing.
        still = (table.columns["quantity"] == 0) & (minutes >= 540)
        fine = still | ((minutes >= 555) & (minutes <= 691)) | ((minutes >= 779) & (minutes <= 931))
    hint = "像是一分钟的开始：写 --stamp start" if (minutes == 780).any() and table.frequency == "1m" else ""
    yield from tell(
        table,
        np.nonzero(~fine)[0],
        Severity.ERROR,
        "HOURS",
        lambda place: Place(
            "这时候不交易",
            "nothing trades at this time",
            hint or "查时区（--zone）和时间列（--stamp）",
            "look at --zone and --stamp",
        ),
    )


def _minutes(table: Table) -> Iterator[Finding]:
    """Days of which minutes are missing; the two of the closing auction may be."""
    minutes = time_of_day(table.at_ns) // _MINUTE
    days = day_numbers(table.at_ns)
    begins = np.nonzero(np.diff(days, prepend=-1))[0]
    counts = np.diff(np.append(begins, len(days)))
    lacking: dict[int, npt.NDArray[np.int64]] = {}
    for begin, count in zip(begins, counts, strict=True):
        missing = np.setdiff1d(_FULL, minutes[begin : begin + count])
        missing = missing[~np.isin(missing, _AUCTION_MINUTES)]
        if len(missing):
            lacking[int(begin)] = missing
    yield from tell(
        table,
        np.array(list(lacking), np.int64),
        Severity.WARNING,
        "MINUTES",
        lambda place: Place(
            f"这一天缺 {len(lacking[place])} 分钟，第一个是 {lacking[place][0] // 60}:{lacking[place][0] % 60:02d}",
            f"{len(lacking[place])} minutes of this day are missing",
            "停牌半天或没有成交就没问题；否则补数据",
            "no fault where nothing traded; otherwise add what is missing",
        ),
    )


def _books(table: Table) -> Iterator[Finding]:
    """Books whose best buy is not below the best sale outside of the auctions, and levels out of order."""
    columns = table.columns
    if "bid1" not in columns or "ask1" not in columns:
        return
    clock = time_of_day(table.at_ns)
    continuous = (clock >= 570 * _MINUTE) & (clock < 897 * _MINUTE)
    crossed = continuous & (columns["bid1"] > 0) & (columns["ask1"] > 0) & (columns["bid1"] >= columns["ask1"])
    yield from tell(
        table,
        np.nonzero(crossed)[0],
        Severity.WARNING,
        "CROSSED",
        lambda place: Place(
            f"买一 {columns['bid1'][place] / 10_000} 不低于卖一 {columns['ask1'][place] / 10_000}",
            "the best bid is not below the best ask",
            "买卖列对反了，或这一行坏了",
            "sides are mixed up, or the row is broken",
        ),
    )
    wrong = np.zeros(len(table), np.bool_)
    for level in range(1, 5):
        for side, falls in (("bid", True), ("ask", False)):
            near, far = columns.get(f"{side}{level}"), columns.get(f"{side}{level + 1}")
            if near is not None and far is not None:
                wrong |= (near > 0) & (far > 0) & ((far >= near) if falls else (far <= near))
    yield from tell(
        table,
        np.nonzero(wrong)[0],
        Severity.ERROR,
        "LEVELS",
        lambda place: Place(
            "五档不按价格排",
            "the levels of the book are out of order",
            "查买卖各档的列：--map bid1= …",
            "look at the columns of the book: --map bid1=…",
        ),
    )
