"""One symbol's history as it was read, in integers, with the place of each row in its file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from qmt_trading.model.instant import day_of, to_clock_text
from qmt_trading.model.instrument import Symbol

Integers = npt.NDArray[np.int64]

FREQUENCIES: Final = ("1d", "1m", "tick")
LEVELS: Final = 5
PRICES: Final = ("open", "high", "low", "close")
BOOK: Final = tuple(
    f"{name}{level}" for name in ("bid", "ask", "bid_quantity", "ask_quantity") for level in range(1, LEVELS + 1)
)
BAR_COLUMNS: Final = (
    "at_ns",
    *PRICES,
    "quantity",
    "turnover",
    "previous_close",
    "suspended",
    "limit_up",
    "limit_down",
    "factor",
    "risk_warning",
)
"""Columns of a bar in the order in which they are stored; those from ``turnover`` on may be absent."""
TICK_COLUMNS: Final = (
    "at_ns",
    "last",
    "quantity",
    "turnover",
    "previous_close",
    "limit_up",
    "limit_down",
    *BOOK,
)
FACTOR_UNIT: Final = 1_000_000_000
"""A factor of 1, as it is stored."""
OFFSET_NS: Final = 8 * 3600 * 1_000_000_000
DAY_NS: Final = 24 * 3600 * 1_000_000_000
CLOSE_NS: Final = 15 * 3600 * 1_000_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Rows of one symbol from one file. Prices and turnover in ten-thousandths of a yuan, quantities in shares.

    A daily bar is stamped with 15:00 of its day, a minute with its end.
    """

    symbol: Symbol
    frequency: str
    file: str
    columns: dict[str, Integers]
    rows: Integers
    """The line, or row counted from 1, that each came from."""
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def at_ns(self) -> Integers:
        return self.columns["at_ns"]

    @property
    def close(self) -> Integers:
        """The price at the end of each row."""
        return self.columns["last" if self.frequency == "tick" else "close"]

    def time_text(self, place: int) -> str:
        """Return when the row at ``place`` is, as a person writes it."""
        return time_text(int(self.at_ns[place]), self.frequency)

    def taken(self, places: npt.NDArray[np.intp] | slice) -> Table:
        """Return the rows at ``places``."""
        return Table(
            symbol=self.symbol,
            frequency=self.frequency,
            file=self.file,
            columns={name: column[places] for name, column in self.columns.items()},
            rows=self.rows[places],
            notes=self.notes,
        )


def time_text(at_ns: int, frequency: str) -> str:
    """Return an instant in Shanghai: the date of a daily bar, minutes, or milliseconds."""
    day = day_of(at_ns).isoformat()
    if frequency == "1d":
        return day
    clock = to_clock_text(at_ns)
    return f"{day} {clock[:5] if frequency == '1m' and clock.endswith(':00.000') else clock}"


def day_numbers(at_ns: Integers) -> Integers:
    """Return the date in Shanghai of each instant as days since 1970."""
    return (at_ns + OFFSET_NS) // DAY_NS


def time_of_day(at_ns: Integers) -> Integers:
    """Return nanoseconds since midnight in Shanghai."""
    return (at_ns + OFFSET_NS) % DAY_NS
