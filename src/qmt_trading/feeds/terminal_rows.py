"""History as a terminal gives it, a dict a row, as a table of integers for the store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from qmt_trading.feeds.history import HistoryError
from qmt_trading.feeds.settling import settled
from qmt_trading.feeds.table import CLOSE_NS, DAY_NS, LEVELS, OFFSET_NS, Integers, Table
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import MILLISECOND_NS, UNIT

Floats = npt.NDArray[np.float64]
_BARS: Final = {
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
    "volume": "quantity",
    "amount": "turnover",
    "preClose": "previous_close",
    "suspendFlag": "suspended",
}
_TICKS: Final = {
    "lastPrice": "last",
    "lastClose": "previous_close",
    "volume": "quantity_total",
    "pvolume": "shares_total",
    "amount": "turnover_total",
}
_BOOK: Final = {"bidPrice": "bid", "askPrice": "ask", "bidVol": "bid_quantity", "askVol": "ask_quantity"}
_LOT: Final = 100
_NEAR: Final = 1.5


def table_of(symbol: Symbol, period: str, rows: Sequence[object]) -> tuple[Table, str]:
    """Return what the terminal gave as a table in order of time, and its unit of quantity in words.

    The manual says that quantities are lots, of bonds and funds others have seen shares: prices and money of the rows
    themselves decide. Source: xtdata manual, K-line and tick fields; ``pvolume`` is in shares. Certainty: low.

    Raises:
        HistoryError: a row is no bar or tick, or money and prices fit neither lots nor shares.
    """
    found = [row for row in rows if isinstance(row, Mapping)]
    if len(found) != len(rows):
        raise HistoryError(f"{symbol} 的历史数据里有认不出的行 / a row is no object")
    at_ns = _times(symbol, found)
    numbers = {field: _numbers(found, name) for name, field in (_TICKS if period == "tick" else _BARS).items()}
    lot, words = _lot(symbol, numbers)
    columns: dict[str, Integers] = {"at_ns": at_ns}
    for field, values in numbers.items():
        if field == "shares_total":
            continue
        scale = {"quantity": lot, "quantity_total": lot, "suspended": 1}.get(field, UNIT)
        if field == "suspended":
            values = np.where(values == 1, 1.0, np.where(np.isnan(values), np.nan, 0.0))  # noqa: PLW2901 - -1: resumed
        columns[field] = _units(symbol, field, values * scale)
    if period == "tick":
        if not np.isnan(numbers["shares_total"]).any():
            columns["quantity_total"] = _units(symbol, "pvolume", numbers["shares_total"])
        columns |= _books(symbol, found, lot)
    elif period == "1d":
        columns["at_ns"] = (at_ns + OFFSET_NS) // DAY_NS * DAY_NS - OFFSET_NS + CLOSE_NS
    places = np.arange(1, len(found) + 1, dtype=np.int64)
    columns = {name: column for name, column in columns.items() if (column >= 0).any()}
    if found and ("last" if period == "tick" else "close") not in columns:
        raise HistoryError(f"{symbol} 的历史数据里没有价格 / there is no price")
    raw = Table(symbol=symbol, frequency=period, file="QMT", columns=columns, rows=places)
    made = settled(raw, "total")
    if made.faults:
        raise HistoryError(f"{symbol}：{made.faults[0].text()}")
    return made.table, words


def _times(symbol: Symbol, rows: Sequence[Mapping[str, object]]) -> Integers:
    times = []
    for row in rows:
        value = row.get("time")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e14:
            raise HistoryError(f"{symbol} 历史数据 time 的值 {value!r} 不合理 / time cannot be {value!r}")
        times.append(int(value) * MILLISECOND_NS)
    return np.array(times, np.int64)


def _numbers(rows: Sequence[Mapping[str, object]], name: str) -> Floats:
    values = (row.get(name) for row in rows)
    return np.array([float(each) if isinstance(each, int | float) else np.nan for each in values], np.float64)


def _units(symbol: Symbol, field: str, values: Floats) -> Integers:
    with np.errstate(invalid="ignore"):
        wrong = np.isinf(values) | (values < 0) | (values > 1e17)
    if wrong.any():
        value = values[int(np.argmax(wrong))]
        raise HistoryError(f"{symbol} 历史数据 {field} 的值 {value!r} 不合理 / {field} cannot be {value!r}")
    return np.rint(np.where(np.isnan(values), -1, values)).astype(np.int64)


def _lot(symbol: Symbol, numbers: Mapping[str, Floats]) -> tuple[int, str]:
    """Return how many shares one of the terminal's quantity is."""
    quantity = numbers.get("quantity", numbers.get("quantity_total"))
    turnover = numbers.get("turnover", numbers.get("turnover_total"))
    price = numbers.get("last")
    price = (numbers["high"] + numbers["low"]) / 2 if price is None else price
    rule = STANDARD.rule(symbol, dt.date.max)
    lot = int(rule.lot) if rule is not None else _LOT
    if quantity is None or turnover is None:
        return lot, "手（按手册）"
    with np.errstate(all="ignore"):
        ratios = turnover / (quantity * price)
    ratios = ratios[np.isfinite(ratios) & (ratios > 0)]
    if not len(ratios) or rule is None:
        return lot, "手（按手册，没有成交额可核对）"
    ratio = float(np.median(ratios))
    for shares, name in ((lot, "手"), (1, "股")):
        if 1 / _NEAR < ratio / shares < _NEAR:
            return shares, f"{name}（成交额和价格相符）"
    raise HistoryError(
        f"{symbol} 的成交额是 成交量 × 价格 的 {ratio:.4g} 倍，既不像手也不像股 / quantity is neither lots nor shares"
    )


def _books(symbol: Symbol, rows: Sequence[Mapping[str, object]], lot: int) -> dict[str, Integers]:
    columns: dict[str, Integers] = {}
    for name, field in _BOOK.items():
        scale = lot if field.endswith("quantity") else UNIT
        sides = [_levels(row.get(name)) for row in rows]
        made = np.array(sides, np.float64).reshape(len(rows), LEVELS)
        for level in range(LEVELS):
            columns[f"{field}{level + 1}"] = _units(symbol, name, made[:, level] * scale)
    return columns


def _levels(value: object) -> list[float]:
    levels = [float(each) for each in value if isinstance(each, int | float)] if isinstance(value, list | tuple) else []
    return (levels + [0.0] * LEVELS)[:LEVELS]
