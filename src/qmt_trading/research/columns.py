"""History as columns of integers: one symbol's bars or ticks, and the days of many symbols side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qmt_trading.model.errors import QmtError
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import UNIT

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Days = npt.NDArray[np.datetime64]

FREQUENCIES: Final = ("1d", "1m", "tick")
FIELDS: Final = ("at_ns", "open", "high", "low", "close", "quantity", "turnover")
"""What a bar has; a tick's open, high, low and close are all its last price."""
LEVELS: Final = 5
_AT_ONCE: Final = 1 << 15
BEST: Final = {
    "bid": "bids",
    "ask": "asks",
    "bid_quantity": "bid_quantities",
    "ask_quantity": "ask_quantities",
}
"""What a tick shows besides: the first level of each side; 0 where there is none."""
_OFFSET_NS: Final = 8 * 3600 * 1_000_000_000
_DAY_NS: Final = 24 * 3600 * 1_000_000_000


class ColumnsError(QmtError):
    """Columns do not fit together; the text names symbol, column and row."""


def days_of(at_ns: Integers) -> Days:
    """Return the date in Shanghai of each instant."""
    return ((at_ns + _OFFSET_NS) // _DAY_NS).astype("datetime64[D]")


def instants_of(days: Days, time_ns: int = 15 * 3600 * 1_000_000_000) -> Integers:
    """Return the instant on each of ``days`` that lies ``time_ns`` after midnight in Shanghai; the close by default."""
    return days.astype("datetime64[D]").astype(np.int64) * _DAY_NS - _OFFSET_NS + time_ns


def to_units(values: npt.ArrayLike, unit: int = UNIT) -> Integers:
    """Return yuan as ten-thousandths, or as so many parts as ``unit`` says, rounded to the nearest.

    Raises:
        ColumnsError: a value that is no number: NaN, or infinite.
    """
    given = np.asarray(values)
    made = np.empty(given.shape, np.int64)
    flat, into = given.reshape(-1), made.reshape(-1)
    for first in range(0, len(flat), _AT_ONCE):  # By pieces that stay in the cache, without a copy of the whole.
        scaled = np.multiply(flat[first : first + _AT_ONCE], unit, dtype=np.float64)
        if not np.isfinite(scaled.sum()):  # So is every sum of which one is no number.
            row = first + int(np.argmin(np.isfinite(scaled)))
            raise ColumnsError(f"第 {row + 1} 个价格是 {flat[row]}，不是数 / value {row + 1} is no number: {flat[row]}")
        into[first : first + _AT_ONCE] = np.rint(scaled, out=scaled)
    return made


@dataclass(frozen=True, kw_only=True, eq=False)
class Bars:
    """One symbol's history, in order of time. Prices and turnover in ten-thousandths of a yuan, quantity in shares.

    A bar is stamped with its end. The arrays of a day (``days`` and those below it) have one row a day.
    """

    symbol: Symbol
    frequency: str
    at_ns: Integers
    open: Integers
    high: Integers
    low: Integers
    close: Integers
    quantity: Integers
    """Shares traded within the bar, since the tick before for ticks."""
    turnover: Integers | None = None
    days: Days
    day_start: Integers
    """The first row of each day."""
    previous_close: Integers
    """The reference price of the day's limits: the close before, or the ex-right price."""
    limit_up: Integers | None = None
    """0: no limit that day; None: by the rule book."""
    limit_down: Integers | None = None
    suspended: Flags | None = None
    bids: Integers | None = None
    """Ticks: ``LEVELS`` prices a row, best first, 0 where there is none; the same for the three below."""
    asks: Integers | None = None
    bid_quantities: Integers | None = None
    ask_quantities: Integers | None = None
    adjusted: str = "none"
    """``none``, ``forward`` or ``backward``: adjusted prices lie on no tick."""
    source: str = "synthetic"
    is_made_up: bool = False
    """No figure is real: ``qmt data synthetic``."""
    broken: tuple[str, ...] = ()
    """Days whose prices contradict each other, as far as whoever read them has looked."""
    given_sha256: str = ""
    _known: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        symbol: str,
        *,
        at_ns: Integers,
        open: Integers,  # noqa: A002 - the field's own word
        high: Integers,
        low: Integers,
        close: Integers,
        quantity: Integers,
        frequency: str = "1d",
        previous_close: Integers | None = None,
        **others: Any,
    ) -> Bars:
        """Return bars with their days found from their instants; the first day's reference price is its open.

        Raises:
            ColumnsError: columns of different lengths, instants out of order, or no row at all.
        """
        rows = len(at_ns)
        for name, column in (("open", open), ("high", high), ("low", low), ("close", close), ("quantity", quantity)):
            if len(column) != rows:
                raise ColumnsError(
                    f"{symbol}：{name} 有 {len(column)} 行，at_ns 有 {rows} 行 / columns of different lengths"
                )
        if not rows:
            raise ColumnsError(f"{symbol}：一行也没有 / no row")
        late = at_ns[1:] <= at_ns[:-1]
        if late.any():
            row = int(np.argmax(late)) + 2
            raise ColumnsError(
                f"{symbol}：第 {row} 行的时间不晚于上一行 / row {row} is not later than the row before it"
            )
        start = _day_starts(at_ns)
        if previous_close is None:
            previous_close = np.concatenate((open[:1], close[start[1:] - 1])).astype(np.int64)
        return cls(
            symbol=Symbol(symbol),
            frequency=frequency,
            at_ns=at_ns,
            open=open,
            high=high,
            low=low,
            close=close,
            quantity=quantity,
            days=days_of(at_ns[start]),
            day_start=start,
            previous_close=previous_close,
            **others,
        )

    def __len__(self) -> int:
        return len(self.at_ns)

    @property
    def day_ends(self) -> Integers:
        """The row after the last one of each day."""
        return np.append(self.day_start[1:], len(self.at_ns)).astype(np.int64)

    @property
    def first(self) -> dt.date:
        return _date(self.days[0])

    @property
    def last(self) -> dt.date:
        return _date(self.days[-1])

    @property
    def sha256(self) -> str:
        """Hash of the numbers: the same for the same history, wherever it was read from."""
        return self.given_sha256 or _hashed(
            self._known, f"{self.symbol} {self.frequency}", [getattr(self, name) for name in FIELDS]
        )

    def column(self, name: str) -> Integers:
        """Return one of ``FIELDS``, or of ``BEST`` where there is a book.

        Raises:
            ColumnsError: this history has no such column.
        """
        if name in BEST:
            levels = getattr(self, BEST[name])
            found = None if levels is None else np.ascontiguousarray(levels[:, 0])
        else:
            found = getattr(self, name) if name in FIELDS else None
        if found is None:
            raise ColumnsError(f"{self.symbol}：这份行情没有 {name} 一列 / there is no column {name!r}")
        return np.asarray(found)


@dataclass(frozen=True, kw_only=True, eq=False)
class CrossSection:
    """Daily bars of many symbols: one row a date, one column a symbol. Units as in ``Bars``; nothing is ever NaN."""

    symbols: tuple[Symbol, ...]
    days: Days
    at_ns: Integers
    """The close of each date."""
    open: Integers
    high: Integers
    low: Integers
    close: Integers
    """Where a symbol has no bar it keeps its last close, as do the three above; 0 before its first."""
    quantity: Integers
    turnover: Integers | None = None
    present: Flags
    """Whether the symbol has a bar that date and is not suspended."""
    previous_close: Integers | None = None
    """None: the close of the date before."""
    limit_up: Integers | None = None
    """0: no limit that day; -1, or None for all: by the rule book."""
    limit_down: Integers | None = None
    adjusted: str = "none"
    source: str = "synthetic"
    is_made_up: bool = False
    """No figure is real: ``qmt data synthetic``."""
    broken: tuple[str, ...] = ()
    """As in ``Bars``, with the symbol in front of each day."""
    given_sha256: str = ""
    frequency: str = "1d"
    _known: dict[str, str] = field(default_factory=dict, repr=False)
    _given: dict[str, tuple[npt.NDArray[Any], int]] = field(default_factory=dict, repr=False)
    """Columns as they were given, in yuan or shares, with the parts of one that a column counts; see ``of_yuan``."""

    @classmethod
    def of_yuan(
        cls,
        symbols: Sequence[str],
        days: Days,
        *,
        open: npt.NDArray[Any],  # noqa: A002 - the field's own word
        high: npt.NDArray[Any],
        low: npt.NDArray[Any],
        close: npt.NDArray[Any],
        quantity: npt.NDArray[Any],
        **others: Any,
    ) -> CrossSection:
        """Return the cross-section of prices in yuan and of shares, of any kind of number; otherwise as ``of``.

        A column becomes one of integers when somebody asks for the whole of it, which a run over dates does for few.
        Until then it is read where it was given: change nothing there.

        Raises:
            ColumnsError: as ``of``, and a value that is no number; what is not known of a day is 0.
        """
        made = cls.of(symbols, days, open=open, high=high, low=low, close=close, quantity=quantity, **others)
        for name in ("open", "high", "low", "close", "quantity"):
            values = made.__dict__.pop(name)
            if not np.isfinite(values.sum()):  # So is every sum of which one is no number.
                day, place = (int(each) for each in np.argwhere(~np.isfinite(values))[0])
                raise ColumnsError(
                    f"{symbols[place]} 在 {days[day]} 的 {name} 是 {values[day, place]}，不是数 / "
                    f"{name} of {symbols[place]} on {days[day]} is no number: {values[day, place]}"
                )
            made._given[name] = values, 1 if name == "quantity" else UNIT
        return made

    def __getattr__(self, name: str) -> Any:
        """Make a column of one that was given in yuan; asked only while there is none."""
        given: dict[str, tuple[npt.NDArray[Any], int]] = self.__dict__.get("_given", {})
        if name not in given:
            raise AttributeError(f"{type(self).__name__} has no {name!r}")
        column = self.__dict__[name] = to_units(*given[name])
        return column

    def at(self, name: str, day: int, places: Integers) -> Integers:
        """Return some symbols' values of a column on one day, without making the whole of one given in yuan."""
        column = self.__dict__.get(name)
        if column is None:
            values, unit = self._given[name]
            some: Integers = np.rint(np.multiply(values[day][places], unit, dtype=np.float64)).astype(np.int64)
            return some
        found: Integers = column[day][places]
        return found

    @classmethod
    def of(
        cls,
        symbols: Sequence[str],
        days: Days,
        *,
        open: Integers,  # noqa: A002 - the field's own word
        high: Integers,
        low: Integers,
        close: Integers,
        quantity: Integers,
        present: Flags | None = None,
        **others: Any,
    ) -> CrossSection:
        """Return the cross-section, every symbol taken as present where nothing else is said.

        Raises:
            ColumnsError: an array of another shape than dates by symbols.
        """
        shape = (len(days), len(symbols))
        for name, column in (("open", open), ("high", high), ("low", low), ("close", close), ("quantity", quantity)):
            if column.shape != shape:
                raise ColumnsError(
                    f"{name} 的形状是 {column.shape}，日期 × 代码是 {shape} / the shape is not dates by symbols"
                )
        return cls(
            symbols=tuple(map(Symbol, symbols)),
            days=days.astype("datetime64[D]"),
            at_ns=instants_of(days),
            open=open,
            high=high,
            low=low,
            close=close,
            quantity=quantity,
            present=np.ones(shape, np.bool_) if present is None else present,
            **others,
        )

    @property
    def first(self) -> dt.date:
        return _date(self.days[0])

    @property
    def last(self) -> dt.date:
        return _date(self.days[-1])

    @property
    def sha256(self) -> str:
        """Hash of the numbers, symbols and dates."""
        columns = [getattr(self, name) for name in (*FIELDS, "present")]
        return self.given_sha256 or _hashed(self._known, " ".join(self.symbols), columns)


def cross_section(bars: Mapping[str, Bars]) -> CrossSection:
    """Lay daily bars of many symbols side by side, over all dates that any of them has.

    Raises:
        ColumnsError: bars of another frequency, or none at all.
    """
    if not bars:
        raise ColumnsError("没有行情：一只代码也没有 / no history: there is no symbol")
    for each in bars.values():
        if each.frequency != "1d":
            raise ColumnsError(
                f"{each.symbol}：on_bars 一天一次，要日线（-f 1d），不是 {each.frequency} / "
                "a cross-section is made of daily bars"
            )
    symbols = tuple(each.symbol for each in bars.values())
    days = np.unique(np.concatenate([each.days for each in bars.values()]))
    shape = len(days), len(symbols)
    made = {name: np.zeros(shape, np.int64) for name in ("open", "high", "low", "close", "quantity", "previous_close")}
    has_turnover = all(each.turnover is not None for each in bars.values())
    has_limits = any(each.limit_up is not None and each.limit_down is not None for each in bars.values())
    more = (("turnover",) if has_turnover else ()) + (("limit_up", "limit_down") if has_limits else ())
    made |= {name: np.zeros(shape, np.int64) for name in more}
    present = np.zeros(shape, np.bool_)
    for place, each in enumerate(bars.values()):
        rows = np.searchsorted(days, each.days)
        for name, column in made.items():
            found = getattr(each, name)
            column[rows, place] = -1 if found is None else found
        present[rows, place] = (each.quantity > 0) & (~each.suspended if each.suspended is not None else True)
    _fill_forward(made["close"])
    for name in ("open", "high", "low"):  # Where there is no bar they stand with the last close, and not at 0.
        made[name] = np.where(made[name] > 0, made[name], made["close"])
    sources = sorted({each.source for each in bars.values()})
    adjusted = sorted({each.adjusted for each in bars.values()})
    given = sha256_of(" ".join(each.sha256 for each in bars.values()), ())
    return CrossSection.of(
        symbols,
        days,
        present=present,
        source=", ".join(sources),
        is_made_up=any(each.is_made_up for each in bars.values()),
        broken=tuple(f"{each.symbol} {day}" for each in bars.values() for day in each.broken),
        adjusted=", ".join(adjusted),
        given_sha256=given,
        **made,
    )


def _fill_forward(close: Integers) -> None:
    """Let each column keep its last price where it has none, in place."""
    rows = np.where(close > 0, np.arange(len(close))[:, None], 0)
    np.maximum.accumulate(rows, axis=0, out=rows)
    close[:] = np.take_along_axis(close, rows, axis=0)


def _hashed(known: dict[str, str], words: str, columns: Sequence[npt.NDArray[Any] | None]) -> str:
    found = known.get("sha256")
    if found is None:
        found = known["sha256"] = sha256_of(words, columns)
    return found


def sha256_of(words: str, columns: Sequence[npt.NDArray[Any] | None]) -> str:
    """Return the hash of words and of columns, those that are there."""
    import hashlib  # Most runs ask for no hash.

    digest = hashlib.sha256(words.encode())
    for column in columns:
        if column is not None:
            digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()


def _day_starts(at_ns: Integers) -> Integers:
    """Return the first row of each day: midnights are looked for in the rows, which is less than to date every row."""
    first, last = (at_ns[[0, -1]] + _OFFSET_NS) // _DAY_NS
    midnights = np.arange(first, last + 2) * _DAY_NS - _OFFSET_NS
    rows = np.searchsorted(at_ns, midnights)
    return rows[:-1][rows[1:] > rows[:-1]].astype(np.int64)


def _date(day: np.datetime64) -> dt.date:
    found = day.astype("datetime64[D]").item()
    assert isinstance(found, dt.date)
    return found
