"""One call a date with the cross-section of all symbols: rows are views of the history itself, never copies."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qmt_trading.research.causal import check_causal
from qmt_trading.research.columns import FIELDS, ColumnsError, CrossSection
from qmt_trading.research.conditions import Schedule
from qmt_trading.research.costs import FillModel, check_average
from qmt_trading.research.date_desk import DateDesk, OfDate
from qmt_trading.research.indicators import Indicator
from qmt_trading.research.placed import PlacedOrder
from qmt_trading.research.strategy import Bar, LookAheadError, ParameterError, Strategy, Trading

Integers = npt.NDArray[np.int64]
_ROWS: Final = (*FIELDS[1:], "present")


class Rows(Bar):
    """A date as a strategy sees it: ``bars.close`` is one value a symbol, read-only, and so are the other fields."""

    __slots__ = ("_columns", "_desk", "_view")

    def __init__(self, data: CrossSection, columns: Columns, desk: Trading) -> None:
        self.index = -1
        self.place = 0 if len(data.symbols) == 1 else -1
        self._view = data
        self._columns = columns
        self._desk = desk

    def __getattr__(self, name: str) -> Any:
        try:
            column = self._columns[name]
        except KeyError:
            raise AttributeError(f"{name!r} is not among {', '.join(self._columns.names())}") from None
        return column[self.index]

    def history(self, name: str, count: int) -> npt.NDArray[Any]:
        """Return the last ``count`` dates of a field up to now, oldest first; fewer at the start."""
        if count < 1:
            raise LookAheadError(f"history({name!r}, {count})：至少 1 天 / at least 1 date")
        end = self.index + 1
        return self._columns[name][max(0, end - count) : end]

    @property
    def symbols(self) -> tuple[str, ...]:
        return self._view.symbols

    @property
    def positions(self) -> Integers:
        """What is held, one quantity a symbol."""
        return np.asarray(self._desk.quantities, np.int64)

    def target(self, quantities: npt.ArrayLike) -> None:
        """Order what leads to ``quantities``, one a symbol, sells first, at the next date."""
        given = np.asarray(quantities)
        if given.shape != (len(self.symbols),):
            raise ParameterError(
                f"bars.target 要 {len(self.symbols)} 个数量，一只代码一个 / one quantity for each symbol"
            )
        good = (given >= 0) & (given < 1 << 53)  # NaN is not.
        if not good.all():
            place = int(np.argmin(good))
            raise ParameterError(
                f"{self.symbols[place]} 的目标持仓是 {given[place]}：应是 0 或更多的股数（不能卖空，也不能是 NaN）/ "
                f"the target of {self.symbols[place]} is {given[place]}: shares, 0 or more"
            )
        self._desk.targets(given.astype(np.int64))


def check_schedule(strategy: Strategy) -> None:
    """Refuse a wake condition: a date has many symbols, and no one of them wakes it.

    Raises:
        ParameterError: there is one.
    """
    if strategy.wake is not None and not isinstance(strategy.wake, Schedule):
        raise ParameterError(f"{strategy.name}.wake：on_bars 只能写 Schedule / dates are woken by a schedule alone")


class DateLoop:
    """One run over dates."""

    def __init__(self, strategy: Strategy, data: CrossSection, desk: DateDesk, model: FillModel) -> None:
        check_schedule(strategy)
        if strategy.timers:
            raise ParameterError(
                f"{strategy.name}.timers：一天一次的 on_bars 没有盘中时间，on_timer 不会被叫到；用 on_bar 和分钟线 / "
                "a date has no times within it: timers go with on_bar and minutes"
            )
        if model.at == "vwap":
            check_average(data.source, has_turnover=data.turnover is not None, adjusted=data.adjusted)
        if model.at == "ticks":
            raise ColumnsError("on_bars 用日线，没有五档可成交 / dates have no five levels")
        self.desk = desk
        self.data = data
        self._strategy = strategy
        self._model = model
        columns = columns_of(strategy, data)
        for name, indicator in strategy.indicators.items():
            for place, symbol in enumerate(data.symbols):
                first = _first_bar(data, place)
                known = _OneSymbol(data, place, first)
                check_causal(strategy.name, name, indicator, known, columns[name][first:, place], symbol)
        self.rows = Rows(data, columns, desk)
        strategy.join(desk, self.rows, [])
        kind = type(strategy)
        desk.on_fill = strategy.on_fill if kind.on_fill is not Strategy.on_fill else None
        desk.on_order = strategy.on_order if kind.on_order is not Strategy.on_order else None
        desk.overnight = model.at != "close"
        at_ns, close, rows = data.at_ns, data.close, self.rows
        desk.now = lambda: at_ns.item(rows.index) if rows.index >= 0 else 0
        desk.last_prices = lambda: close[max(rows.index, 0)]
        desk.terms.bounds = self._bounds
        desk.stale.trades_on = lambda place, day: bool(data.present[day, place])

    def where(self) -> tuple[int, str]:
        """Return the instant of the date at hand, 0 before the first."""
        return self.desk.now(), f"{len(self.data.symbols)} symbols"

    def run(self) -> None:
        strategy, desk, rows, data = self._strategy, self.desk, self.rows, self.data
        wake = strategy.wake if isinstance(strategy.wake, Schedule) else Schedule()
        at_close = self._model.at == "close"
        at_ns, dates, orders = data.at_ns.tolist(), data.days.tolist(), desk.orders
        strategy.on_start()
        met = 0
        for day, date in enumerate(dates):
            desk.open_day(day, date)
            rows.index = day
            if met < len(orders) and not at_close:
                met = self._meet(day, at_ns[day], met)
            if day >= wake.first and not (day - wake.first) % wake.every_days:
                strategy.on_bars(rows)
            if met < len(orders) and at_close:
                met = self._meet(day, at_ns[day] + 1, met)
            desk.close_day(at_ns[day])

    def _meet(self, day: int, at_ns: int, met: int) -> int:
        """Let the orders from number ``met`` on meet the date, sells first; return how many orders there are."""
        desk, data = self.desk, self.data
        count, orders = len(desk.orders), [each for each in desk.orders[met:] if not each.ended_ns]
        if not orders:
            return count
        firsts: dict[int, PlacedOrder] = {}  # One a symbol: what is traded on a date is there once.
        for each in [each for each in orders if each.side < 0] + [each for each in orders if each.side > 0]:
            firsts.setdefault(each.place, each)
        orders = list(firsts.values())
        index = np.asarray([each.place for each in orders])
        close, traded = data.at("close", day, index), data.at("quantity", day, index)
        high, low = data.at("high", day, index), data.at("low", day, index)
        if self._model.at == "close":
            at = high = low = close
        elif self._model.at == "vwap" and data.turnover is not None:
            at = np.clip(data.at("turnover", day, index) // np.maximum(traded, 1), low, high)
        else:
            at = data.at("open", day, index)
        if data.previous_close is not None:
            reference = data.previous_close[day][index]
        else:
            reference = data.at("close", day - 1, index) if day else data.at("open", 0, index)
        up = None if data.limit_up is None else data.limit_up[day][index]
        down = None if data.limit_down is None else data.limit_down[day][index]
        present = data.present[day][index]
        desk.meet_together(orders, at_ns, OfDate(at, high, low, close, traded, present, reference, up, down))
        return count

    def _bounds(self, place: int, day: int) -> tuple[int, int, int]:
        data = self.data
        if data.previous_close is not None:
            reference = data.previous_close.item(day, place)
        else:
            reference = data.close.item(day - 1, place) if day else data.open.item(0, place)
        if data.limit_up is None or data.limit_down is None:
            return reference, -1, -1
        return reference, data.limit_up.item(day, place), data.limit_down.item(day, place)


def columns_of(strategy: Strategy, data: CrossSection) -> Columns:
    """Return the fields that there are and the declared indicators, each dates by symbols, read-only."""
    columns = Columns(data)
    for name, indicator in strategy.indicators.items():
        made = [_of_symbol(data, place, indicator) for place in range(len(data.symbols))]
        columns[name] = _read_only(np.column_stack(made))
    return columns


class Columns(dict[str, npt.NDArray[Any]]):
    """The fields of a cross-section, made when somebody asks."""

    def __init__(self, data: CrossSection) -> None:
        super().__init__()
        self._data = data

    def __missing__(self, name: str) -> npt.NDArray[Any]:
        found = getattr(self._data, name) if name in _ROWS else None
        if found is None:
            raise KeyError(name)
        column = self[name] = _read_only(found)
        return column

    def names(self) -> list[str]:
        """Return all that may be asked for."""
        fields = [name for name in _ROWS if getattr(self._data, name) is not None]
        return [*fields, *(name for name in self if name not in _ROWS)]


def _of_symbol(data: CrossSection, place: int, indicator: Indicator) -> npt.NDArray[np.float64]:
    """Return an indicator of one symbol, made from its first bar on; NaN before it."""
    first = _first_bar(data, place)
    made = np.full(len(data.days), np.nan)
    made[first:] = indicator.column(_OneSymbol(data, place, first))
    return made


def _first_bar(data: CrossSection, place: int) -> int:
    held = data.close[:, place] > 0
    return int(np.argmax(held)) if held.any() else len(held)


class _OneSymbol(dict[str, npt.NDArray[Any]]):
    """The fields of one symbol of a cross-section, taken when an indicator asks."""

    def __init__(self, data: CrossSection, place: int, first: int) -> None:
        super().__init__()
        self._data = data
        self._place = place
        self._first = first

    def __missing__(self, name: str) -> npt.NDArray[Any]:
        found = getattr(self._data, name) if name in _ROWS else None
        if found is None:
            raise ParameterError(
                f"指标用了 {name}，没有这个字段；有：{'、'.join(_ROWS)} / an indicator asks for what is no field"
            )
        column = self[name] = np.ascontiguousarray(found[self._first :, self._place])
        return column


def _read_only(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = column.view()
    view.flags.writeable = False
    return view
