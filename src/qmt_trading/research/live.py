"""A strategy on bars as they come: called as a backtest calls it, over the same columns made the same way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy.typing as npt

from qmt_trading.model.errors import QmtError
from qmt_trading.model.instant import day_of, time_of_day_ns
from qmt_trading.model.instrument import Symbol
from qmt_trading.research.bars import bar_of, declared
from qmt_trading.research.called import check_frequency
from qmt_trading.research.columns import Bars, cross_section
from qmt_trading.research.conditions import Condition, Schedule
from qmt_trading.research.dates import Rows, check_schedule, columns_of
from qmt_trading.research.faults import naming
from qmt_trading.research.growing import Growing, NewBar
from qmt_trading.research.strategy import Bar, Series, Strategy, Trading

CLOSE_NS: Final = 15 * 3600 * 1_000_000_000
"""The end of a day's last bar."""
_UNTOLD: Final = frozenset({"quantity", "turnover", "bid_quantity", "ask_quantity"})
"""What the engine's quotes do not tell, so that bars made of them do not have it."""


class LiveError(QmtError):
    """A strategy that cannot run on bars as they come; the text says why."""


class LiveRun:
    """One strategy over several symbols. Used by one thread."""

    def __init__(
        self,
        strategy: Strategy,
        symbols: Sequence[str],
        frequency: str,
        trading: Trading,
        history: Mapping[str, Bars] | None = None,
    ) -> None:
        """Lay out history; nothing of the strategy is called yet but what it declares.

        Raises:
            LiveError: it needs what bars made of quotes do not have, or days.
            ParameterError: its declarations do not fit, or it is made for another frequency.
            ColumnsError: history does not.
        """
        known = history or {}
        kind = type(strategy)
        check_frequency(strategy, frequency)
        self.strategy = strategy
        self.frequency = frequency
        self.calls_dates = kind.on_bars is not Strategy.on_bars
        if self.calls_dates and frequency != "1d":
            raise LiveError(f"{strategy.name}.on_bars 一天一次：请用 -f 1d / is called once a day: -f 1d")
        if self.calls_dates:
            check_schedule(strategy)
        self._on_bar: Callable[[Any], None] = (
            strategy.on_tick if frequency == "tick" and kind.on_tick is not Strategy.on_tick else strategy.on_bar
        )
        if strategy.fields == Strategy.fields:  # Not chosen: what cannot be known is not there, and says so when asked.
            strategy.fields = tuple(name for name in strategy.fields if name not in _UNTOLD)
        self._refuse_untold(strategy)
        self._trading = trading
        self.growing = [Growing(Symbol(symbol), frequency, known.get(symbol)) for symbol in symbols]
        self._place = {each.symbol: place for place, each in enumerate(self.growing)}
        self._series: list[Mapping[str, Series]] = [{} for _ in symbols]
        names = [*strategy.fields, *strategy.indicators]
        self._bar = bar_of([*(["row"] if len(symbols) > 1 else []), *names])
        self._dates = {day for each in known.values() for day in each.days.tolist()}
        self._asked: dt.date | None = None
        """The day on which the strategy asked to be called on the next."""
        self._now_ns = 0
        self._bar.place = self._none_at_hand = 0 if len(symbols) == 1 else -1
        strategy.join(trading, self._bar, self._series)

    def where(self) -> tuple[int, str]:
        """Return the instant of what the strategy was called with last, 0 before the first, and the symbol."""
        place, growing = self._bar.place, self.growing
        return self._now_ns, growing[place].symbol if place >= 0 else f"{len(growing)} symbols"

    def start(self) -> None:
        """Call ``on_start``.

        Raises:
            StrategyError: it raised.
        """
        with naming(self.strategy, self.where):
            self.strategy.on_start()

    def take(self, bars: Sequence[NewBar]) -> None:
        """Take bars that ended at one instant, or one tick, and call the strategy as it wants to be called.

        Raises:
            StrategyError: it raised.
            ColumnsError: a bar does not follow those before it.
        """
        if not bars:
            return
        at_ns = bars[0].at_ns
        day = day_of(at_ns)
        places = []
        for bar in sorted(bars, key=lambda each: self._place[each.symbol]):
            place = self._place[bar.symbol]
            self.growing[place].add(bar)
            places.append(place)
        self._dates.add(day)
        self._now_ns = at_ns
        with naming(self.strategy, self.where):
            if self.calls_dates:
                if self._is_scheduled(len(self._dates) - 1):
                    self._call_dates()
                return
            for place in places:
                self._call(place, day, is_last=place == places[-1])

    def remember(self, bars: Sequence[NewBar]) -> None:
        """Take bars that ended while the strategy was not running: they are history, and it is not called."""
        for bar in bars:
            self.growing[self._place[bar.symbol]].add(bar)
            self._dates.add(day_of(bar.at_ns))

    def timer(self, at_ns: int) -> None:
        """Call ``on_timer``.

        Raises:
            StrategyError: it raised.
        """
        self._now_ns = at_ns
        self._bar.place = self._none_at_hand
        with naming(self.strategy, self.where):
            self.strategy.on_timer(at_ns)

    def filled(self, order: Any) -> None:
        """Call ``on_fill``; the symbol at hand is the order's, as in a backtest.

        Raises:
            StrategyError: it raised.
        """
        self._take_up(order.place)
        with naming(self.strategy, self.where):
            self.strategy.on_fill(order)

    def ended(self, order: Any) -> None:
        """Call ``on_order``; the symbol at hand is the order's.

        Raises:
            StrategyError: it raised.
        """
        self._take_up(order.place)
        with naming(self.strategy, self.where):
            self.strategy.on_order(order)

    def _take_up(self, place: int) -> None:
        """Let a symbol be the one at hand, as it is known now."""
        self._bar.place, self._bar.index = place, len(self.growing[place]) - 1

    def _refuse_untold(self, strategy: Strategy) -> None:
        wanted = [name for name in strategy.fields if name in _UNTOLD]
        wanted += [f"{name}={each!r}" for name, each in strategy.indicators.items() if _field_of(each) in _UNTOLD]
        if wanted:
            raise LiveError(
                f"{strategy.name} 要用 {'、'.join(wanted)}：引擎的行情里没有成交量，接到模拟盘和实盘还不能用 / "
                f"needs {', '.join(wanted)}, which the engine's quotes do not tell"
            )

    def _call(self, place: int, day: dt.date, *, is_last: bool) -> None:
        """Show the last bar of a symbol, and call the strategy where it wants it."""
        strategy, bar = self.strategy, self._bar
        columns = declared(strategy, self.growing[place].bars())
        bar.index, bar.place = len(self.growing[place]) - 1, place
        for name, column in columns.items():
            setattr(bar, name, column[-1].item())
        self._series[place] = {name: Series(name, column, bar) for name, column in columns.items()}
        is_asked = self._asked is not None and self._asked < day
        if not (is_asked or self._is_woken(columns, is_last=is_last)):
            return
        if is_asked:
            self._asked = None
        self._on_bar(bar)
        if strategy.again:
            strategy.again, self._asked = False, day

    def _is_woken(self, columns: Mapping[str, npt.NDArray[Any]], *, is_last: bool) -> bool:
        wake = self.strategy.wake
        if wake is None:
            return True
        if isinstance(wake, Condition):
            return bool(wake.mask(columns)[-1])
        ends = self.frequency == "1d" or time_of_day_ns(self._now_ns) >= CLOSE_NS
        return is_last and ends and self._is_scheduled(len(self._dates) - 1)

    def _is_scheduled(self, day: int) -> bool:
        """Tell whether the schedule names the day with this number, counted from the first of history."""
        wake = self.strategy.wake
        if not isinstance(wake, Schedule):
            return True
        return day >= wake.first and not (day - wake.first) % wake.every_days

    def _call_dates(self) -> None:
        """Show all symbols of today, and call the strategy."""
        strategy = self.strategy
        data = cross_section({each.symbol: each.bars() for each in self.growing if len(each)})
        if len(data.symbols) != len(self.growing):
            return  # Nothing is known of some symbol yet.
        today = data.days[-1]
        data.present[-1] = [each.last_day == today.item() for each in self.growing]
        rows = Rows(data, columns_of(strategy, data), self._trading)
        rows.index = len(data.days) - 1
        strategy.join(self._trading, rows, [])
        strategy.on_bars(rows)


def _field_of(indicator: object) -> str:
    return str(getattr(indicator, "field", ""))


__all__ = ["Bar", "LiveError", "LiveRun"]
