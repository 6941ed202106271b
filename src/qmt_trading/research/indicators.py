"""Indicators that a strategy declares: a whole column at once from history, each value from what was known then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from qmt_trading.research.declaration import whole

_AT_ONCE: Final = 1 << 15
"""Rows that stay in the cache."""
Column = npt.NDArray[Any]
Columns = Mapping[str, Column]


class Indicator(Protocol):
    """A column made of others, row by row from that row and those before it."""

    def column(self, columns: Columns) -> npt.NDArray[np.float64]:
        """Return one value a row, NaN while there is too little history.

        One that a strategy brings along is asked once more over a part of history: it must say the same of each row.
        """


class _Of:
    """What looks at the last ``count`` values of one field."""

    def __init__(self, field: str, count: int) -> None:
        """Look at ``count`` values of ``field``.

        Raises:
            DeclarationError: ``count`` is no whole number of at least 1.
        """
        self.field = field
        self.count = whole(f"{type(self).__name__}({field!r}, {count!r})", "count", count, 1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.field!r}, {self.count})"

    def _windows(self, columns: Columns) -> Column | None:
        """Return every full window; None: history is shorter than one."""
        values = columns[self.field]
        if len(values) < self.count:
            return None
        return np.lib.stride_tricks.sliding_window_view(values, self.count)

    def _filled(self, rows: int, values: Column | None) -> npt.NDArray[np.float64]:
        made = np.full(rows, np.nan)
        if values is not None:
            made[rows - len(values) :] = values
        return made


class Sma(_Of):
    """Mean of the last ``count`` values. Sums of integers are exact, so two equal means compare as equal."""

    def column(self, columns: Columns) -> npt.NDArray[np.float64]:
        values, count = columns[self.field], self.count
        rows = len(values)
        if rows < count:
            return np.full(rows, np.nan)
        made = np.empty(rows)
        # The sums lie where the means will: from the end on, each stretch of means takes the place of sums used up.
        sums = np.cumsum(values, out=made.view(np.int64))
        for last in range(rows, count, -_AT_ONCE):
            first = max(count, last - _AT_ONCE)
            np.divide(sums[first:last] - sums[first - count : last - count], count, out=made[first:last])
        made[count - 1] = sums[count - 1] / count
        made[: count - 1] = np.nan
        return made


class Ema(_Of):
    """Exponential mean with the weight 2 / (count + 1), begun with the first value."""

    def column(self, columns: Columns) -> npt.NDArray[np.float64]:
        weight = 2 / (self.count + 1)
        made: list[float] = []
        last = 0.0
        for row, value in enumerate(columns[self.field].tolist()):
            last = value if not row else last + weight * (value - last)
            made.append(last)
        return np.asarray(made, np.float64)


class Highest(_Of):
    """Largest of the last ``count`` values, the one at hand included."""

    def column(self, columns: Columns) -> npt.NDArray[np.float64]:
        windows = self._windows(columns)
        return self._filled(len(columns[self.field]), None if windows is None else windows.max(axis=1))


class Lowest(_Of):
    """Smallest of the last ``count`` values, the one at hand included."""

    def column(self, columns: Columns) -> npt.NDArray[np.float64]:
        windows = self._windows(columns)
        return self._filled(len(columns[self.field]), None if windows is None else windows.min(axis=1))


class Deviation(_Of):
    """Standard deviation of the last ``count`` values, as of the whole population."""

    def column(self, columns: Columns) -> npt.NDArray[np.float64]:
        windows = self._windows(columns)
        return self._filled(len(columns[self.field]), None if windows is None else windows.std(axis=1))


class Change(_Of):
    """Part by which the value has moved against the one ``count`` rows before."""

    def column(self, columns: Columns) -> npt.NDArray[np.float64]:
        values = columns[self.field].astype(np.float64)
        made = np.full(len(values), np.nan)
        before = values[: -self.count]
        np.divide(values[self.count :] - before, before, out=made[self.count :], where=before != 0)
        return made
