"""Rows in order of time, each instant once, days without trading told as such: what a store keeps of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from qmt_trading.feeds.findings import SHOWN_MAX, Finding, refused
from qmt_trading.feeds.table import BAR_COLUMNS, PRICES, TICK_COLUMNS, Integers, Table, day_numbers

_OPTIONAL: Final = frozenset(BAR_COLUMNS[6:]) | frozenset(TICK_COLUMNS[3:])
_RISING: Final = 20
"""Ticks of a day that must not fall before their quantities count as those of the day so far."""


class Settled(NamedTuple):
    """What is kept of a table, and what stood against it."""

    table: Table
    faults: tuple[Finding, ...]
    notes: tuple[str, ...]


def settled(table: Table, totals: str = "") -> Settled:
    """Return ``table`` as it is stored; with a fault for each row that cannot be.

    Args:
        totals: ``total`` or ``each``, of ticks; empty: as the figures say.
    """
    notes: list[str] = []
    table = _sorted(table, notes)
    if table.frequency == "tick":
        table, faults = _once(_ticks(table, totals, notes), notes)
        return Settled(table, tuple(faults), tuple(notes))
    table, faults = _once(table, notes)
    table = _bars(table, faults, notes)
    return Settled(table, tuple(faults), tuple(notes))


def joined(older: Table, newer: Table) -> Settled:
    """Return both tables of one symbol as one; a row of both with different figures is a fault."""
    names = [name for name in older.columns if name in newer.columns or name in _OPTIONAL]
    names += [name for name in newer.columns if name not in older.columns]
    columns = {name: np.concatenate([_column(each, name) for each in (older, newer)]) for name in names}
    rows = np.concatenate([older.rows, newer.rows])
    both = Table(symbol=newer.symbol, frequency=newer.frequency, file=newer.file, columns=columns, rows=rows)
    table, faults = _once(both.taken(np.argsort(both.at_ns, kind="stable")), [], adds=False)
    return Settled(table, tuple(faults), ())


def out_of_order(table: Table) -> npt.NDArray[np.intp]:
    """Return the places of rows that are earlier than the row before them."""
    return np.nonzero(np.diff(table.at_ns) < 0)[0] + 1


def _column(table: Table, name: str) -> Integers:
    found = table.columns.get(name)
    return np.full(len(table), 0 if name in ("suspended", "risk_warning") else -1, np.int64) if found is None else found


def _sorted(table: Table, notes: list[str]) -> Table:
    if not len(out_of_order(table)):
        return table
    notes.append(f"{table.symbol} 的行不按时间，已排序 / rows were out of order and have been sorted")
    return table.taken(np.argsort(table.at_ns, kind="stable"))


def _once(table: Table, notes: list[str], *, adds: bool = True) -> tuple[Table, list[Finding]]:
    """Return the last row of each instant; bars must agree, ticks of one instant add up what they traded."""
    again = np.nonzero(np.diff(table.at_ns) == 0)[0] + 1
    if not len(again):
        return table, []
    faults: list[Finding] = []
    first = np.ones(len(table), np.bool_)
    first[again] = False
    starts = np.nonzero(first)[0]
    kept = table.taken(np.append(starts[1:], len(table)) - 1)
    if table.frequency == "tick":
        for name in ("quantity", "turnover") if adds else ():
            if name in kept.columns:
                kept.columns[name] = np.add.reduceat(table.columns[name], starts)
    else:
        differs = np.zeros(len(again), np.bool_)
        for name, column in table.columns.items():
            unlike = column[again] != column[again - 1]
            if name in _OPTIONAL:  # What one of two sources does not tell is no contradiction.
                unlike &= (column[again] >= 0) & (column[again - 1] >= 0)
            differs |= unlike
        faults = [_conflict(table, int(place)) for place in again[differs][:SHOWN_MAX]]
    if adds:
        notes.append(f"{table.symbol} 有 {len(again)} 行时间重复，合为一行 / rows of the same instant were made one")
    return kept, faults


def _conflict(table: Table, place: int) -> Finding:
    row, other = int(table.rows[place]), int(table.rows[place - 1])
    what = f"第 {other} 行" if other else "已有的数据"
    return refused(
        "DUPLICATE",
        table.file,
        f"和{what}是同一时间，数字却不同",
        f"has the time of row {other} and other figures" if other else "differs from what is stored",
        "删掉错的一行；要用新的换掉旧的写 --replace",
        "delete the wrong one, or say --replace",
        row=row,
        symbol=table.symbol,
        time=table.time_text(place),
    )


def _bars(table: Table, faults: list[Finding], notes: list[str]) -> Table:
    """Give days without trading the price before them; a bar that traded must have all its prices."""
    columns = dict(table.columns)
    prices = [columns[name] for name in PRICES]
    quantity = columns.get("quantity")
    if quantity is None:
        quantity = columns["quantity"] = np.zeros(len(table), np.int64)
        notes.append("没有成交量这一列，按 0 存：量限制和停牌看不出来 / there is no quantity; 0 is stored")
        no_trade = np.minimum.reduce(prices) <= 0
    else:
        no_trade = quantity <= 0
    columns["quantity"] = np.maximum(quantity, 0)
    incomplete = np.minimum.reduce(prices) <= 0
    nothing = np.maximum.reduce(prices) <= 0
    wrong = np.nonzero(incomplete & ~(nothing & no_trade) & ~(no_trade & (columns["close"] > 0)))[0]
    faults += [_priceless(table, int(place)) for place in wrong[:SHOWN_MAX]]
    suspended = columns.get("suspended")
    flags = np.zeros(len(table), np.int64) if suspended is None else np.maximum(suspended, 0)
    if table.frequency == "1d":
        flags = np.where(incomplete & no_trade, 1, flags)
        columns["suspended"] = flags
    elif suspended is not None:
        columns["suspended"] = flags
    if not incomplete.any():
        return _replaced(table, columns)
    close = np.where(columns["close"] > 0, columns["close"], np.maximum(_column(table, "previous_close"), 0))
    last = np.maximum.accumulate(np.where(close > 0, np.arange(len(table)), -1))
    filled = np.where(last >= 0, close[np.maximum(last, 0)], 0)
    for name in PRICES:
        columns[name] = np.where(incomplete, filled, columns[name])
    made = _replaced(table, columns)
    without = filled <= 0
    if (without & incomplete).any():
        notes.append(
            f"{table.symbol} 开头 {int(without.sum())} 行没有价格，未存 / first rows without a price were left out"
        )
        made = made.taken(np.nonzero(~(without & incomplete))[0])
    return made


def _priceless(table: Table, place: int) -> Finding:
    return refused(
        "NO_PRICE",
        table.file,
        "有成交却缺开高低收",
        "has traded and lacks a price",
        "补上，或删掉这一行",
        "add it, or delete the row",
        row=int(table.rows[place]),
        symbol=table.symbol,
        time=table.time_text(place),
    )


def _ticks(table: Table, totals: str, notes: list[str]) -> Table:
    """Drop ticks before the first price, and make quantities and money those since the tick before."""
    columns = dict(table.columns)
    for name in ("quantity", "turnover"):
        total, each = columns.pop(f"{name}_total", None), columns.get(name)
        if total is None and each is not None and (totals == "total" or (not totals and _is_rising(table, each))):
            if not totals:
                notes.append(
                    f"{name} 在一天里只增不减，按当日累计算 / {name} never falls within a day: taken as totals"
                )
            total = each
        if total is not None:
            columns[name] = _since(table, total)
    columns.setdefault("quantity", np.zeros(len(table), np.int64))
    columns["quantity"] = np.maximum(columns["quantity"], 0)
    for name in columns.keys() - {"turnover"}:
        if name != "at_ns":
            columns[name] = np.maximum(columns[name], 0)
    made = _replaced(table, columns)
    priced = columns["last"] > 0
    if not priced.all():
        notes.append(
            f"{table.symbol} 有 {int((~priced).sum())} 行没有最新价（开盘前），未存 / ticks without a price left out"
        )
        made = made.taken(np.nonzero(priced)[0])
    return made


def _is_rising(table: Table, values: Integers) -> bool:
    same_day = np.diff(day_numbers(table.at_ns)) == 0
    steps = np.diff(values)[same_day]
    return len(steps) >= _RISING and bool((steps >= 0).all())


def _since(table: Table, total: Integers) -> Integers:
    """Return what was traded since the row before; a day begins at 0, and a total that falls adds nothing."""
    days = day_numbers(table.at_ns)
    begins = np.nonzero(np.diff(days, prepend=-1) != 0)[0]
    made = np.zeros(len(table), np.int64)
    for begin, end in zip(begins, np.append(begins[1:], len(table)), strict=True):
        made[begin:end] = np.diff(np.maximum.accumulate(np.maximum(total[begin:end], 0)), prepend=0)
    return made


def _replaced(table: Table, columns: dict[str, Integers]) -> Table:
    order: Sequence[str] = TICK_COLUMNS if table.frequency == "tick" else BAR_COLUMNS
    kept = {name: columns[name] for name in order if name in columns}
    return Table(symbol=table.symbol, frequency=table.frequency, file=table.file, columns=kept, rows=table.rows)
