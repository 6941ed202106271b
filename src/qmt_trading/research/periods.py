"""Daily figures by the month and by the year."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from qmt_trading.research.returns import Floats, daily

Array = npt.NDArray[Any]
Unit = Literal["M", "Y"]


def ends(days: Array, unit: Unit) -> tuple[Array, Array]:
    """Return the months or years that have a day, and the row of the last day of each."""
    names = days.astype(f"datetime64[{unit}]")
    last = np.flatnonzero(np.concatenate((names[1:] != names[:-1], [True]))) if len(days) else np.zeros(0, np.intp)
    return names[last], last


def returns_by(days: Array, levels: Array, start: float, unit: Unit) -> tuple[Array, Floats]:
    """Return months or years and the return of each, the first and the last as far as they reach."""
    names, last = ends(days, unit)
    return names, daily(levels[last], start)


def sums_by(days: Array, amounts: Array, unit: Unit) -> tuple[Array, Array]:
    """Return months or years and the sum of ``amounts`` within each."""
    names, last = ends(days, unit)
    running = np.concatenate(([0], np.cumsum(amounts)))
    return names, np.diff(np.concatenate(([0], running[last + 1])))


def heat_map(days: Array, levels: Array, start: float) -> list[tuple[int, list[float | None], float]]:
    """Return a row for each year: the year, its twelve months' returns (None: no day), its own return."""
    months, by_month = returns_by(days, levels, start, "M")
    years, by_year = returns_by(days, levels, start, "Y")
    cells: dict[int, list[float | None]] = {int(year) + 1970: [None] * 12 for year in years.astype(np.int64)}
    for month, value in zip(months.astype(np.int64).tolist(), by_month.tolist(), strict=True):
        cells[month // 12 + 1970][month % 12] = value
    return [(year, row, float(whole)) for (year, row), whole in zip(cells.items(), by_year.tolist(), strict=True)]
