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
    excess: Floats | None
    """Equity over benchmark, less 1; NaN before it begins."""

    @property
    def pair(self) -> tuple[Floats, Floats] | None:
        """The returns of both on the days after the benchmark's first; None without a benchmark, or fewer than two."""
        if self.benchmark is None or len(self.returns) - self.benchmark_first < 3:
            return None
        after = self.benchmark_first + 1
        return self.returns[after:], daily(self.benchmark[after:], float(self.benchmark[after - 1]))


def curves_of(result: Result) -> Curves:
    """Return the curves of ``result``."""
    start = result.initial_cash
    equity = result.equity / start
    benchmark = excess = None
    first = 0
    if result.benchmark is not None and np.any(result.benchmark > 0):
        first = int(np.argmax(result.benchmark > 0))
        level = 1.0 if first == 0 else float(equity[first])
        benchmark = np.full(len(equity), np.nan)
        benchmark[first:] = result.benchmark[first:] / result.benchmark[first] * level
        excess = equity / benchmark - 1.0
    return Curves(
        equity=equity,
        returns=daily(result.equity, start),
        depth=underwater(result.equity, start),
        benchmark=benchmark,
        benchmark_first=first,
        excess=excess,
    )
