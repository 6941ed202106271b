"""The curves of a run: equity, benchmark, excess and depth under water, each from 1 at the start."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from qmt_trading.research.drawdowns import underwater
from qmt_trading.research.result import Result
from qmt_trading.research.returns import Floats, daily


class Curves(Struct, frozen=True, kw_only=True, eq=False):
    """One value a day."""

    equity: Floats
    """Over the cash at the start."""
    returns: Floats
    depth: Floats
    """0, or how far below the peak."""
    benchmark: Floats | None
    """Joins the equity's level on the first day that has one, NaN before; on the run's first day it is 1."""
    benchmark_first: int
    """That day's row."""
    benchmark_end: int
    """The row after the last day that has one; NaN from there on."""
    excess: Floats | None
    """Equity over benchmark, less 1; NaN where there is no benchmark."""

    @property
    def pair(self) -> tuple[Floats, Floats] | None:
        """The returns of both on the days after the benchmark's first; None without a benchmark, or fewer than two."""
        after, end = self.benchmark_first + 1, self.benchmark_end
        if self.benchmark is None or end - after < 2:
            return None
        return self.returns[after:end], daily(self.benchmark[after:end], float(self.benchmark[after - 1]))


def curves_of(result: Result) -> Curves:
    """Return the curves of ``result``."""
    start = result.initial_cash
    equity = result.equity / start
    benchmark = excess = None
    first = end = 0
    if result.benchmark is not None and np.any(result.benchmark > 0):
        known = np.flatnonzero(result.benchmark > 0)
        first, end = int(known[0]), int(known[-1]) + 1
        level = 1.0 if first == 0 else float(equity[first])
        benchmark = np.full(len(equity), np.nan)
        benchmark[first:end] = result.benchmark[first:end] / result.benchmark[first] * level
        excess = equity / benchmark - 1.0
    return Curves(
        equity=equity,
        returns=daily(result.equity, start),
        depth=underwater(result.equity, start),
        benchmark=benchmark,
        benchmark_first=first,
        benchmark_end=end,
        excess=excess,
    )
