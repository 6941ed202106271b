"""Every bar of one symbol or of several, in order of time, with the strategy called at each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qmt_trading.model.instant import at_time
from qmt_trading.research.books import last_closes
from qmt_trading.research.causal import check_causal
from qmt_trading.research.columns import BEST, FIELDS, Bars, ColumnsError
from qmt_trading.research.costs import FillModel, check_average
from qmt_trading.research.declaration import near_to
from qmt_trading.research.desk import Desk
from qmt_trading.research.loop import segment
from qmt_trading.research.strategy import Bar, ParameterError, Series, Strategy

CHUNK_DAYS: Final = 64
"""Days whose columns are turned into Python's numbers at once."""
_RESERVED: Final = frozenset({"index", "place", "row"})
Integers = npt.NDArray[np.int64]


class Stream:
    """The bars of all symbols in order of time, and of the order of symbols where two end together."""

    def __init__(self, bars: Sequence[Bars]) -> None:
        self.bars = tuple(bars)
        self.several = len(bars) > 1
        if not self.several:
            only = bars[0]
            self.at_ns, self.days, self.ends = only.at_ns, only.days, only.day_ends
            self._order: Integers | None = None
            self.place = self.index = np.zeros(0, np.int64)
            return
        at_ns = np.concatenate([each.at_ns for each in bars])
        self._order = np.argsort(at_ns, kind="stable")
        self.at_ns = at_ns[self._order]
        self.place = np.concatenate([np.full(len(each), place) for place, each in enumerate(bars)])[self._order]
        self.index = np.concatenate([np.arange(len(each)) for each in bars])[self._order]
        dates = np.concatenate([np.repeat(each.days, np.diff(each.day_ends, prepend=0)) for each in bars])[self._order]
        self.days, first = np.unique(dates, return_index=True)
        self.ends = np.append(first[1:], len(at_ns)).astype(np.int64)

    def laid(self, columns: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Return one column of each symbol as one of the stream."""
        return columns[0] if self._order is None else np.concatenate(columns)[self._order]

    def closes(self) -> Integers:
        """Return the last known price of each symbol at the end of each day."""
        return np.column_stack([last_closes(each, self.days) for each in self.bars])


def declared(strategy: Strategy, bars: Bars) -> dict[str, npt.NDArray[Any]]:
    """Return the columns that ``strategy`` declares, of one symbol.

    Raises:
        ParameterError: a name that is no field, or that stands twice.
    """
    columns: dict[str, npt.NDArray[Any]] = {}
    if isinstance(strategy.fields, str):
        raise ParameterError(
            f'{strategy.name}.fields 要写成 ("{strategy.fields}",)，一个也要有逗号 / fields is a tuple of names'
        )
    for name in strategy.fields:
        if name not in FIELDS and name not in BEST:
            hint, _ = near_to(str(name), (*FIELDS, *BEST))
            raise ParameterError(
                f"{strategy.name}.fields 里没有 {name}{hint}"
                f"有：{'、'.join(FIELDS)} / {strategy.name}.fields: {name!r} is none of {', '.join(FIELDS)}"
            )
        columns[name] = bars.column(name)
    known = _Known(bars)
    for name, indicator in strategy.indicators.items():
        if name in FIELDS or name in BEST or name in _RESERVED or not name.isidentifier() or name.startswith("_"):
            raise ParameterError(
                f"{strategy.name}.indicators：指标不能叫 {name}：它是 K 线自己的字段，或不是变量名 / "
                f"{name!r} cannot be the name of an indicator"
            )
        made = np.asarray(indicator.column(known))
        if made.shape != (len(bars),):
            raise ColumnsError(
                f"{strategy.name}.indicators[{name!r}] 应是每根 K 线一个值：形状是 {made.shape}，不是 ({len(bars)},) / "
                "an indicator has one value a bar"
            )
        columns[name] = made
    return columns


class _Known(Mapping[str, npt.NDArray[Any]]):
    """The fields of one symbol as indicators ask for them."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        if name not in FIELDS and name not in BEST:
            hint, _ = near_to(str(name), (*FIELDS, *BEST))
            raise ParameterError(
                f"指标用了 {name}，没有这个字段{hint}有：{'、'.join(FIELDS)} / "
                f"an indicator asks for {name!r}, which is none of {', '.join(FIELDS)}"
            )
        return self._bars.column(name)

    def __iter__(self) -> Iterator[str]:
        return iter(FIELDS)

    def __len__(self) -> int:
        return len(FIELDS)


def bar_of(names: Sequence[str]) -> Bar:
    """Return a bar with a slot for each of ``names``."""
    kind = type("Bar", (Bar,), {"__slots__": tuple(names)})
    bar: Bar = kind()
    bar.index = -1
    bar.place = 0
    return bar


def meeting(desk: Desk, bars: Sequence[Bars], model: FillModel) -> Callable[[int, int], None]:
    """Return what lets the orders of a place meet its bar of an index, as the fill model says.

    Raises:
        ColumnsError: the model needs what history does not have.
    """
    if model.at == "vwap":
        for each in bars:
            check_average(each.symbol, has_turnover=each.turnover is not None, adjusted=each.adjusted)
    if model.at == "ticks":
        return _meeting_levels(desk, bars)
    at_close, at_average = model.at == "close", model.at == "vwap"
    ends = [set((each.day_ends - 1).tolist()) for each in bars]
    items = [
        tuple(column.item for column in (each.at_ns, each.quantity, each.close, each.open, each.high, each.low))
        for each in bars
    ]

    def meet(place: int, index: int) -> None:
        each, (at_ns_of, quantity_of, close_of, open_of, high_of, low_of) = bars[place], items[place]
        at_ns, traded = at_ns_of(index), quantity_of(index)
        if each.suspended is not None and each.suspended.item(int(np.searchsorted(each.day_start, index, "right")) - 1):
            desk.refuse(place, at_ns, "SUSPENDED")
            return
        closing = close_of(index) if index in ends[place] else 0
        if at_close:
            close = close_of(index)
            desk.meet(place, at_ns + 1, close, close, close, traded, closing=closing)
            return
        if at_average and each.turnover is not None and traded:
            at = min(max(each.turnover.item(index) // traded, low_of(index)), high_of(index))
        else:
            at = open_of(index)
        desk.meet(place, at_ns, at, high_of(index), low_of(index), traded, closing=closing)

    return meet


def _meeting_levels(desk: Desk, bars: Sequence[Bars]) -> Callable[[int, int], None]:
    sides = []
    for each in bars:
        found = (each.bids, each.bid_quantities, each.asks, each.ask_quantities)
        if any(side is None for side in found):
            raise ColumnsError(
                f"{each.symbol}：按五档成交要有买卖五档，这份行情没有 / "
                "fills at five levels need bids and asks, which this history has not"
            )
        sides.append(found)

    def meet(place: int, index: int) -> None:
        each = bars[place]
        bids, bid_quantities, asks, ask_quantities = sides[place]
        assert bids is not None
        assert bid_quantities is not None
        assert asks is not None
        assert ask_quantities is not None
        desk.meet_levels(
            place,
            each.at_ns.item(index),
            [level for level in np.column_stack((bids[index], bid_quantities[index])).tolist() if level[0]],
            [level for level in np.column_stack((asks[index], ask_quantities[index])).tolist() if level[0]],
            each.close.item(index),
            each.quantity.item(index),
        )

    return meet


class BarLoop:
    """One run over every bar."""

    def __init__(self, strategy: Strategy, bars: Sequence[Bars], desk: Desk, model: FillModel) -> None:
        self.desk = desk
        self.stream = stream = Stream(bars)
        self._strategy = strategy
        self._model = model
        self.declared = columns = [declared(strategy, each) for each in bars]
        for each, made in zip(bars, columns, strict=True):
            for name, indicator in strategy.indicators.items():
                check_causal(strategy.name, name, indicator, _Known(each), made[name], each.symbol)
        names = tuple(columns[0])
        self._columns = [stream.laid([each[name] for each in columns]) for name in names]
        self._names = (*(("row", "place") if stream.several else ()), "index", *names)
        self.bar = bar = bar_of([name for name in self._names if name not in {"index", "place"}])
        self._meet = meeting(desk, bars, model)
        strategy.join(
            desk, bar, [{name: Series(name, column, bar) for name, column in each.items()} for each in columns]
        )
        join_desk(desk, strategy, stream, bar, model)

    def where(self) -> tuple[int, str]:
        """Return the instant of the bar at hand, 0 before the first, and its symbol."""
        place, bars = self.bar.place, self.stream.bars
        return self.desk.now(), bars[place].symbol if place >= 0 else f"{len(bars)} symbols"

    def run(self) -> None:
        strategy = self._strategy
        is_ticks = self.stream.bars[0].frequency == "tick" and type(strategy).on_tick is not Strategy.on_tick
        self._visit(strategy.on_tick if is_ticks else strategy.on_bar)

    def _visit(self, on_bar: Callable[[Any], None]) -> None:
        """Go through every bar in order."""
        strategy, stream, desk, bar = self._strategy, self.stream, self.desk, self.bar
        loop = segment(self._names, several=stream.several, at_close=self._model.at == "close")
        standing = desk.open if stream.several else desk.open[0]
        timers = [_time_ns(each) for each in strategy.timers]
        ends = stream.ends.tolist()
        dates = stream.days.tolist()
        begin = 0
        if stream.several:
            bar.place = -1
        strategy.on_start()
        for first in range(0, len(ends), CHUNK_DAYS):
            chunk = ends[first : first + CHUNK_DAYS]
            rows = self._rows(begin, chunk[-1])
            for day, end in enumerate(chunk, first):
                desk.open_day(day, dates[day])
                for cut, timer_ns in self._cuts(begin, end, dates[day], timers):
                    loop(islice(rows, cut - begin), bar, on_bar, standing, self._meet)
                    begin = cut
                    if stream.several:
                        bar.place = -1  # It is the time of day's, and no symbol's.
                    strategy.on_timer(timer_ns)
                loop(islice(rows, end - begin), bar, on_bar, standing, self._meet)
                begin = end
                if stream.several:
                    desk.end_unmet(stream.at_ns.item(end - 1))
                desk.close_day(stream.at_ns.item(end - 1))

    def _rows(self, begin: int, end: int) -> Iterator[tuple[Any, ...]]:
        """Return the rows from ``begin`` to ``end`` as Python's own numbers."""
        lists = [column[begin:end].tolist() for column in self._columns]
        if not self.stream.several:
            return zip(range(begin, end), *lists, strict=True)
        place, index = self.stream.place[begin:end].tolist(), self.stream.index[begin:end].tolist()
        return zip(range(begin, end), place, index, *lists, strict=True)

    def _cuts(self, begin: int, end: int, date: Any, timers: list[int]) -> list[tuple[int, int]]:
        """Return after which row of a day each timer is called: the first bar that ends at or after its time."""
        found = []
        for time_ns in timers:
            at_ns = at_time(date, time_ns)
            row = begin + int(np.searchsorted(self.stream.at_ns[begin:end], at_ns))
            if row < end:
                found.append((row + 1, at_ns))
        return sorted(found)


def join_desk(desk: Desk, strategy: Strategy, stream: Stream, bar: Any, model: FillModel) -> None:
    """Tell ``desk`` how to find the time, the last prices and the day's bounds."""
    kind = type(strategy)
    desk.on_fill = strategy.on_fill if kind.on_fill is not Strategy.on_fill else None
    desk.on_order = strategy.on_order if kind.on_order is not Strategy.on_order else None
    bars, at_ns = stream.bars, stream.at_ns

    def now_of_several() -> int:
        return at_ns.item(bar.row) if bar.index >= 0 else 0

    def now_of_one() -> int:
        return at_ns.item(bar.index) if bar.index >= 0 else 0

    now = now_of_several if stream.several else now_of_one

    def last_prices() -> Integers:
        now_ns = now()
        rows = [int(np.searchsorted(each.at_ns, now_ns, "right")) - 1 for each in bars]
        prices = [each.close.item(found) if found >= 0 else 0 for each, found in zip(bars, rows, strict=True)]
        return np.asarray(prices, np.int64)

    rows_of = [np.maximum(np.searchsorted(each.days, stream.days, "right") - 1, 0).tolist() for each in bars]

    def bounds(place: int, day: int) -> tuple[int, int, int]:
        each, found = bars[place], rows_of[place][day]
        if each.limit_up is None or each.limit_down is None:
            return each.previous_close.item(found), -1, -1
        return each.previous_close.item(found), each.limit_up.item(found), each.limit_down.item(found)

    def trades_on(place: int, day: int) -> bool:
        each = bars[place]
        row = int(np.searchsorted(each.days, stream.days[day]))
        if row == len(each.days) or each.days[row] != stream.days[day]:
            return False
        return bool(each.quantity[each.day_start[row] : each.day_ends[row]].any())

    desk.now, desk.last_prices, desk.terms.bounds, desk.stale.trades_on = now, last_prices, bounds, trades_on
    desk.overnight = model.at != "close" and all(each.frequency == "1d" for each in bars)


def _time_ns(text: str) -> int:
    hour, minute = text.split(":")
    return (int(hour) * 60 + int(minute)) * 60 * 1_000_000_000
