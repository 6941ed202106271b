"""One symbol's bars as they come: history first, then one bar after the other."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from qmt_trading.model.instrument import Symbol
from qmt_trading.research.columns import Bars, ColumnsError, days_of

_COLUMNS: Final = ("at_ns", "open", "high", "low", "close", "quantity", "bid", "ask")
_ROOM: Final = 256
"""Rows that there is room for beyond history, at first."""


class NewBar(Struct, frozen=True, kw_only=True):
    """One bar that has ended. Prices in ten-thousandths of a yuan; quantity in shares."""

    symbol: Symbol
    at_ns: int
    """Its end."""
    open: int
    high: int
    low: int
    close: int
    quantity: int = 0
    bid: int = 0
    """Ticks: the best price that is bid, 0: nobody bids."""
    ask: int = 0
    previous_close: int = 0
    """The reference price of its day; 0: the close of the bar before."""


class Growing:
    """History that grows. What was handed out before stays as it was: rows are only added."""

    def __init__(self, symbol: Symbol, frequency: str, history: Bars | None = None) -> None:
        """Begin with ``history``.

        Raises:
            ColumnsError: history of another frequency, or adjusted prices, which no order can be placed at.
        """
        if history is not None and history.frequency != frequency:
            raise ColumnsError(f"{symbol}: history of {history.frequency}, bars of {frequency} are to follow")
        if history is not None and history.adjusted not in ("none", "forward"):
            raise ColumnsError(f"{symbol}: prices adjusted {history.adjusted} do not lead to those of today")
        self.symbol = symbol
        self._frequency = frequency
        rows, days = (len(history), len(history.days)) if history is not None else (0, 0)
        self._rows, self._days = rows, days
        self._columns = {name: _roomy(_given(history, name)) for name in _COLUMNS}
        self._dates = _roomy(history.days if history is not None else None, "datetime64[D]")
        self._starts = _roomy(history.day_start if history is not None else None)
        self._references = _roomy(history.previous_close if history is not None else None)

    def __len__(self) -> int:
        return self._rows

    @property
    def last_ns(self) -> int:
        """The end of the last bar; 0: there is none."""
        return int(self._columns["at_ns"][self._rows - 1]) if self._rows else 0

    @property
    def last_day(self) -> dt.date | None:
        found = self._dates[self._days - 1].item() if self._days else None
        assert found is None or isinstance(found, dt.date)
        return found

    def add(self, bar: NewBar) -> None:
        """Add ``bar``.

        Raises:
            ColumnsError: it does not end later than the last one.
        """
        if self._rows and bar.at_ns <= self.last_ns:
            raise ColumnsError(f"{self.symbol}: a bar that ends no later than the one before it")
        day = days_of(np.array([bar.at_ns], np.int64))[0]
        row = self._rows
        if not self._days or day != self._dates[self._days - 1]:
            reference = bar.previous_close or (int(self._columns["close"][row - 1]) if row else bar.open)
            self._dates = _put(self._dates, self._days, day)
            self._starts = _put(self._starts, self._days, row)
            self._references = _put(self._references, self._days, reference)
            self._days += 1
        for name in _COLUMNS:
            self._columns[name] = _put(self._columns[name], row, getattr(bar, name))
        self._rows = row + 1

    def bars(self) -> Bars:
        """Return what there is now, without a copy.

        Raises:
            ColumnsError: there is no bar yet.
        """
        if not self._rows:
            raise ColumnsError(f"{self.symbol}: no bar yet")
        columns: dict[str, Any] = {name: column[: self._rows] for name, column in self._columns.items()}
        bid, ask = columns.pop("bid")[:, None], columns.pop("ask")[:, None]
        return Bars(
            symbol=self.symbol,
            frequency=self._frequency,
            days=self._dates[: self._days],
            day_start=self._starts[: self._days],
            previous_close=self._references[: self._days],
            source="live",
            bids=bid if self._frequency == "tick" else None,
            asks=ask if self._frequency == "tick" else None,
            **columns,
        )


def _given(history: Bars | None, name: str) -> npt.NDArray[Any] | None:
    """Return a column of ``history``, the best level of a side; None: it has none."""
    if history is None:
        return None
    if name in ("bid", "ask"):
        levels = history.bids if name == "bid" else history.asks
        return np.zeros(len(history), np.int64) if levels is None else levels[:, 0]
    column = getattr(history, name)
    assert isinstance(column, np.ndarray)
    return column


def _roomy(column: npt.NDArray[Any] | None, kind: str = "int64") -> npt.NDArray[Any]:
    """Return a copy of ``column`` with room behind it."""
    given = 0 if column is None else len(column)
    made = np.zeros(given + _ROOM, np.dtype(kind))
    if column is not None:
        made[:given] = column
    return made


def _put(column: npt.NDArray[Any], row: int, value: Any) -> npt.NDArray[Any]:
    """Put ``value`` into ``row``; a full column is made anew, and views of the old one stay as they are."""
    if row == len(column):
        column = np.concatenate((column, np.zeros(len(column), column.dtype)))
    column[row] = value
    return column
