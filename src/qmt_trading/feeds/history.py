"""History out of a terminal's own store as the rows of a recording, which ``feeds/recorded.py`` plays; pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from qmt_trading.feeds.ticks import LEVELS, Tick, TickError, read_price, read_tick
from qmt_trading.model.errors import QmtError
from qmt_trading.model.instant import SHANGHAI, day_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import MILLISECOND_NS, Price, from_float, to_text

PERIODS: Final = ("1d", "1m", "tick")
_PRICES: Final = ("open", "high", "low", "close")
_CLOSE: Final = dt.time(15)
_HEAD: Final = ("time", "symbol")
_BAR_COLUMNS: Final = (*_HEAD, *_PRICES, "previous_close", "amount")
_TICK_COLUMNS: Final = (
    *_HEAD,
    "last",
    *(f"bid{level}" for level in range(1, LEVELS + 1)),
    *(f"ask{level}" for level in range(1, LEVELS + 1)),
    "previous_close",
    "amount",
)


class HistoryError(QmtError):
    """A row of history cannot be read; the text shows it."""


class Recorded(NamedTuple):
    """One symbol's history as lines of a recording, oldest first."""

    rows: tuple[tuple[str, ...], ...]
    left_out: int
    """Bars and ticks without a price: suspended, or before the first trade."""


def columns(period: str) -> tuple[str, ...]:
    """Return the first line of a recording of ``period``."""
    return _TICK_COLUMNS if period == "tick" else _BAR_COLUMNS


def recorded(symbol: Symbol, period: str, rows: Iterable[object]) -> Recorded:
    """Return what the terminal gave of ``symbol`` as lines of a recording; of two at one instant the later holds.

    A bar's time is its end, a day's bar ends at 15:00. Amounts are those of the bar, or since the tick before; where
    one row has none, the symbol has none.

    Raises:
        HistoryError: a row is no bar or tick.
    """
    by_time: dict[int, Mapping[str, object]] = {}
    for row in rows:
        if not isinstance(row, Mapping):
            raise HistoryError(f"历史数据的一行无法识别：{str(row)[:200]} / a row is no object")
        by_time[_time_ms(row)] = row
    ordered = [by_time[time_ms] for time_ms in sorted(by_time)]
    made = _ticks(symbol, ordered) if period == "tick" else _bars(symbol, period, ordered)
    return Recorded(tuple(made), len(ordered) - len(made))


def _bars(symbol: Symbol, period: str, rows: list[Mapping[str, object]]) -> list[tuple[str, ...]]:
    with_amount = all(isinstance(row.get("amount"), int | float) for row in rows)
    made = []
    for row in rows:
        prices = [_price(row, name) for name in _PRICES]
        if not all(prices):
            continue
        close = _price(row, "preClose") if row.get("preClose") is not None else Price(0)
        made.append(
            (
                _time_text(_time_ms(row), period),
                symbol,
                *map(to_text, prices),
                to_text(close) if close else "",
                _amount_text(row) if with_amount else "",
            )
        )
    return made


def _ticks(symbol: Symbol, rows: list[Mapping[str, object]]) -> list[tuple[str, ...]]:
    ticks = [_tick(row) for row in rows]
    with_amount = all(tick.traded >= 0 for tick in ticks)
    made = []
    before: Tick | None = None
    for row, tick in zip(rows, ticks, strict=True):
        traded = _since(before, tick)
        before = tick
        if not tick.last:
            continue
        made.append(
            (
                _time_text(_time_ms(row), "tick"),
                symbol,
                to_text(tick.last),
                *_levels(tick.bids),
                *_levels(tick.asks),
                to_text(tick.previous_close) if tick.previous_close else "",
                to_text(traded) if with_amount else "",
            )
        )
    return made


def _since(before: Tick | None, tick: Tick) -> int:
    """Return what was traded between two ticks; nothing before the first, whose day may have begun long ago."""
    if before is None:
        return 0
    is_new_day = day_of(before.time_ns) != day_of(tick.time_ns)
    return tick.traded if is_new_day or tick.traded < before.traded else tick.traded - before.traded


def _tick(row: Mapping[str, object]) -> Tick:
    try:
        return read_tick(row)
    except TickError as error:
        raise HistoryError(f"历史数据：{error}") from error


def _levels(prices: tuple[Price, ...]) -> list[str]:
    return [*map(to_text, prices), *[""] * (LEVELS - len(prices))]


def _price(row: Mapping[str, object], name: str) -> Price:
    try:
        return read_price(row.get(name), name)
    except TickError as error:
        raise HistoryError(f"历史数据：{error}；原文 {str(row)[:200]}") from error


def _amount_text(row: Mapping[str, object]) -> str:
    value = row["amount"]
    assert isinstance(value, int | float)
    try:
        units = from_float(float(value))
    except ValueError as error:
        raise HistoryError(f"历史数据 amount 的值 {value!r} 不合理 / amount cannot be {value!r}") from error
    if units < 0:
        raise HistoryError(f"历史数据 amount 的值 {value!r} 不合理 / amount cannot be {value!r}")
    return to_text(units)


def _time_ms(row: Mapping[str, object]) -> int:
    value = row.get("time")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e14:
        raise HistoryError(f"历史数据 time 的值 {value!r} 不合理；原文 {str(row)[:200]} / time cannot be {value!r}")
    return int(value)


def _time_text(time_ms: int, period: str) -> str:
    """Return an instant as a recording has it, in Shanghai."""
    day = day_of(time_ms * MILLISECOND_NS)
    if period == "1d":
        return dt.datetime.combine(day, _CLOSE).isoformat(" ")
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=time_ms)
    return moment.astimezone(SHANGHAI).replace(tzinfo=None).isoformat(" ")
