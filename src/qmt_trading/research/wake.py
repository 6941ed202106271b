"""Bars at which a strategy wants to be called, and those that its open orders meet: all others are passed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qmt_trading.research.bars import BarLoop, Stream
from qmt_trading.research.columns import Bars, ColumnsError
from qmt_trading.research.conditions import Condition, Schedule
from qmt_trading.research.costs import FillModel
from qmt_trading.research.desk import Desk
from qmt_trading.research.loop import shower
from qmt_trading.research.strategy import Strategy

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def mask_of(strategy: Strategy, stream: Stream, columns: Sequence[dict[str, npt.NDArray[Any]]]) -> Mask:
    """Return at which rows of the stream ``strategy`` wants to be called.

    Raises:
        ColumnsError: a condition names what is not declared.
    """
    wake = strategy.wake
    if isinstance(wake, Schedule):
        mask = np.zeros(len(stream.at_ns), np.bool_)
        mask[stream.ends[wake.first :: wake.every_days] - 1] = True
        return mask
    assert isinstance(wake, Condition)
    try:
        return stream.laid([wake.mask(each) for each in columns])
    except KeyError as cause:
        name = cause.args[0]
        raise ColumnsError(
            f"{strategy.name}.wake 用了没有声明的 {name}：写进 fields 或 indicators（已声明："
            f"{'、'.join(columns[0]) or '没有'}）/ {name!r} is no declared field or indicator"
        ) from None


class WakeLoop(BarLoop):
    """One run over the bars that matter."""

    def __init__(self, strategy: Strategy, bars: Sequence[Bars], desk: Desk, model: FillModel) -> None:
        super().__init__(strategy, bars, desk, model)
        self._mask = mask_of(strategy, self.stream, self.declared)

    def run(self) -> None:
        if self.stream.several or self._strategy.timers:
            self._run_every()
        else:
            self._run_one()

    def _run_every(self) -> None:
        """Visit every bar of several symbols, and call the strategy at those that it wants to be called at."""
        strategy, bar, mask, stream = self._strategy, self.bar, self._mask, self.stream
        called = type(strategy).on_bar
        row = "row" if stream.several else "index"
        asked = -1

        def on_bar(at: Any) -> None:
            nonlocal asked
            is_asked = 0 <= asked < self.desk.day
            if is_asked or mask.item(getattr(bar, row)):
                asked = -1 if is_asked else asked
                called(strategy, at)
                if strategy.again:
                    strategy.again, asked = False, self.desk.day

        self._visit(on_bar)

    def _ahead(self, wakes: Integers) -> list[tuple[int, ...]]:
        """Return what ``Desk.meet`` is told of the bar after each of ``wakes``, where most orders fill.

        All at once, which is less than one by one; nothing where a bar has to be asked for more.
        """
        bars = self.stream.bars[0]
        if self._model.at != "open" or (bars.suspended is not None and bars.suspended.any()):
            return []
        rows, ends = np.minimum(wakes + 1, len(bars) - 1), bars.day_ends
        closing = np.where(ends[np.searchsorted(ends, rows, "right")] == rows + 1, bars.close[rows], 0)
        shown = (bars.at_ns, bars.open, bars.high, bars.low, bars.quantity)
        return list(zip(*(column[rows].tolist() for column in shown), closing.tolist(), strict=True))

    def _run_one(self) -> None:
        strategy, desk, bar, meet = self._strategy, self.desk, self.bar, self._meet
        at_close = self._model.at == "close"
        wakes = np.nonzero(self._mask)[0]
        names = self._names[1:]
        lists = [column[wakes].tolist() for column in self._columns]
        shown = list(zip(*lists, strict=True)) if lists else [()] * len(wakes)
        woken = [*wakes.tolist(), len(self.stream.at_ns)]
        show = shower(names)
        is_told = desk.on_fill is not None or desk.on_order is not None
        ends, dates, at_ns = self.stream.ends.tolist(), self.stream.days.tolist(), self.stream.at_ns
        standing, on_bar = desk.open[0], strategy.on_bar
        ahead = self._ahead(wakes)
        after, met = -1, ahead[0] if ahead else ()
        rows = len(at_ns)
        row, number, day, asked, end = -1, 0, 0, rows, ends[0]
        strategy.on_start()
        desk.open_day(0, dates[0])
        while True:
            coming = woken[number]
            coming = min(coming, asked)
            if standing and row + 1 < coming:
                coming = row + 1
            if coming >= end:
                desk.close_day(at_ns.item(end - 1))
                day += 1
                if day == len(ends):
                    break
                end = ends[day]
                desk.open_day(day, dates[day])
                continue
            row = bar.index = coming
            is_woken = woken[number] == row
            if is_woken:
                show(bar, shown[number])
                number += 1
            elif asked == row or is_told:
                show(bar, [column.item(row) for column in self._columns])
            if standing and not at_close:
                if row == after:
                    desk.meet(0, *met)
                else:
                    meet(0, row)
            if is_woken or asked == row:
                if asked == row:
                    asked = rows
                on_bar(bar)
                if strategy.again:
                    strategy.again, asked = False, end
                if is_woken and ahead:
                    after, met = row + 1, ahead[number - 1]
            if standing and at_close:
                meet(0, row)
