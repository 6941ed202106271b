"""What other programs have written, as tables of integers: columns, units, symbols and times made certain first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from qmt_trading.feeds import moments, units
from qmt_trading.feeds.file_symbols import NoSymbolError, symbol_in, symbol_of
from qmt_trading.feeds.findings import SHOWN_MAX, Finding, UnusableError, refused, stop
from qmt_trading.feeds.headings import FIELDS, Chosen, choose, meaning
from qmt_trading.feeds.options import Options
from qmt_trading.feeds.source_files import Source, adjusted_title
from qmt_trading.feeds.stamps import stamped
from qmt_trading.feeds.table import (
    BOOK,
    CLOSE_NS,
    DAY_NS,
    FACTOR_UNIT,
    OFFSET_NS,
    PRICES,
    Integers,
    Table,
)
from qmt_trading.feeds.unit_choice import chosen_units, shares_in
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instrument import Symbol

if TYPE_CHECKING:
    import polars as pl

_NOTHING: Final = ("", "-", "--", "nan", "none", "null", "n/a", "#n/a", "na")
_YES: Final = ("1", "1.0", "true", "t", "y", "yes", "是", "停牌", "st", "*st", "suspend", "suspended")
_NO: Final = ("0", "0.0", "-1", "-1.0", "false", "f", "n", "no", "否", "交易", "正常", "normal", "")
_PRICE_FIELDS: Final = (*PRICES, "last", "previous_close", "limit_up", "limit_down")
_AGAIN: Final = re.compile(r"(.+)_duplicated_\d+")
"""What polars calls the second column of one name."""
_PRICE_MAX: Final = 1e8
_COUNT_MAX: Final = 4e13
"""Of shares, or of money in its unit: more than all that a market trades in a day."""
_FRACTION_MAX: Final = 0.01
"""Of a ten-thousandth: what a float may be beside a whole one."""


class Reading(NamedTuple):
    """One file as tables, in the order of its rows."""

    tables: tuple[Table, ...]
    units: units.Units
    notes: tuple[str, ...]
    """What a person should know of how it was read, in both languages."""


def read_tables(source: Source, options: Options) -> Reading:
    """Return the tables in ``source``, one a symbol.

    Raises:
        UnusableError: something in it is not certain, or cannot be read; each finding names its row.
        ConfigurationError: an option that does not exist.
    """
    chosen = _columns(source, options)
    frame = source.frame
    notes: list[str] = []
    if adjusted := adjusted_title(source.title):
        stop(
            source.path.name,
            "ADJUSTED",
            f"文件说价格是「{adjusted}」的",
            "the file says that its prices are adjusted",
            "导出不复权的：复权在读取时按因子做",
            "export unadjusted prices: they are adjusted when they are read",
        )
    if not len(frame):
        stop(
            source.path.name,
            "EMPTY",
            "只有列名，没有数据",
            "there are headings and no rows",
            "重新导出",
            "export it anew",
        )
    if chosen.ignored:
        notes.append(f"没有用到的列：{'、'.join(chosen.ignored[:12])} / columns left out")
    rows = np.arange(source.first_row, source.first_row + len(frame), dtype=np.int64)
    codes, symbols = _symbols(source, chosen, options)
    at_ns, has_time = _instants(source, chosen, options, rows)
    numbers, faults = _numbers(source, chosen, rows)
    faults = faults or _beyond(source, chosen, numbers, rows)
    if faults:
        raise UnusableError(faults)
    at_ns, note = stamped(source.path.name, at_ns, rows, options, has_time=has_time)
    if note:
        notes.append(note)
    used = chosen_units(source, chosen, options, numbers, codes, symbols)
    columns, rounded = _integers(numbers, used, codes, symbols)
    if rounded:
        notes.append(f"{rounded} 个价格多于 4 位小数，已四舍五入 / prices with more than 4 decimals were rounded")
    columns["at_ns"] = at_ns
    tables = []
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(len(symbols) + 1))
    for number, symbol in enumerate(symbols):
        places = order[starts[number] : starts[number + 1]]
        picked = {name: np.ascontiguousarray(column[places]) for name, column in columns.items()}
        tables.append(
            Table(
                symbol=symbol,
                frequency=options.frequency,
                file=source.path.name,
                columns=picked,
                rows=rows[places],
            )
        )
    return Reading(tuple(tables), used, tuple(notes))


def told_columns(written: list[str]) -> dict[str, str]:
    """Return what ``open=开盘`` and its like say: field to heading.

    Raises:
        ConfigurationError: no equals sign, or a field that does not exist.
    """
    told: dict[str, str] = {}
    for each in written:
        field, equals, heading = each.partition("=")
        field = field.strip()
        if not equals or field not in FIELDS:
            known = " ".join(sorted(FIELDS - set(BOOK)))
            raise ConfigurationError(
                f"--map 写作 open=开盘，不是 {each}；左边可以是：{known} bid1 ask1 bid_quantity1 … / "
                "--map is written field=heading"
            )
        told[field] = heading.strip()
    return told


def _columns(source: Source, options: Options) -> Chosen:
    headings = source.frame.columns
    for field, heading in options.columns.items():
        if heading not in headings:
            stop(
                source.path.name,
                "NO_COLUMN",
                f"没有「{heading}」这一列（--map {field}=…），有：{'、'.join(headings)}",
                f"there is no column {heading}",
                "改 --map",
                "mend --map",
            )
    chosen = choose(headings, options.columns)
    for field, one, other in chosen.doubled:
        stop(
            source.path.name,
            "TWO_COLUMNS",
            f"「{one}」和「{other}」都像是 {field}",
            f"{one} and {other} both look like {field}",
            f"写 --map {field}={one} 或 --map {field}={other}",
            f"say which by --map {field}=…",
        )
    for heading in headings:
        again = _AGAIN.fullmatch(heading)
        if again is not None and (field := meaning(again[1]).field) and field not in options.columns:
            stop(
                source.path.name,
                "TWO_COLUMNS",
                f"有两列都叫「{again[1]}」",
                f"two columns are called {again[1]}",
                f"改掉一个列名，或写 --map {field}=列名",
                f"rename one, or say --map {field}=heading",
            )
    prices = ("last",) if options.frequency == "tick" else PRICES
    if options.frequency == "tick" and "last" not in chosen.columns and "close" in chosen.columns:
        chosen.columns["last"] = chosen.columns.pop("close")
    missing = [field for field in prices if field not in chosen.columns]
    if not {"instant", "date", "time"} & chosen.columns.keys():
        missing.insert(0, "date")
    if missing:
        stop(
            source.path.name,
            "NO_COLUMN",
            f"找不到这些列：{'、'.join(missing)}；文件里有：{'、'.join(headings)}",
            f"columns not found: {', '.join(missing)}",
            f"写 --map {missing[0]}=列名",
            f"say --map {missing[0]}=heading",
        )
    return chosen


def _symbols(source: Source, chosen: Chosen, options: Options) -> tuple[npt.NDArray[np.int64], list[Symbol]]:
    """Return for each row which of the symbols it is of."""
    name = source.path.name
    column = chosen.columns.get("symbol")
    if options.symbol or column is None:
        try:
            symbol = symbol_of(options.symbol) if options.symbol else _named(source)
        except NoSymbolError as error:
            todo = ("写 --symbol 600000.SH，或 --map symbol=列名", "say --symbol, or --map symbol=heading")
            raise UnusableError([refused("NO_SYMBOL", name, str(error), "no symbol", *todo)]) from error
        return np.zeros(len(source.frame), np.int64), [symbol]
    import polars as pl

    text = source.frame[column].cast(pl.String).fill_null("")
    written = text.unique(maintain_order=True)
    found: dict[str, int] = {}
    numbers: list[int] = []
    faults: list[Finding] = []
    for each in written:
        try:
            numbers.append(found.setdefault(symbol_of(each), len(found)))
        except NoSymbolError as error:
            numbers.append(0)
            row = int((text == each).arg_max() or 0) + source.first_row
            faults.append(refused("NO_SYMBOL", name, str(error), "no symbol", "改好这一行", "mend this row", row=row))
    if faults:
        raise UnusableError(faults)
    codes = text.replace_strict(written, pl.Series(numbers, dtype=pl.Int64), return_dtype=pl.Int64).to_numpy()
    return codes, [Symbol(symbol) for symbol in found]


def _named(source: Source) -> Symbol:
    """Return the symbol in a file's name, else above its table, else in the name of its folder."""
    try:
        return symbol_in(source.path.stem)
    except NoSymbolError:
        for text in (source.title, source.path.parent.name):
            try:
                return symbol_in(text)
            except NoSymbolError:
                continue
        raise


def _shown(cell: Any) -> str:
    return "是空的" if cell is None or cell == "" else repr(cell)


def _instants(source: Source, chosen: Chosen, options: Options, rows: Integers) -> tuple[Integers, bool]:
    """Return the instant of every row, and whether the file tells more than dates."""
    columns = chosen.columns
    heading = columns.get("instant") or columns.get("date") or columns["time"]
    read = moments.read_moments(source.frame[heading])
    clock: Integers | None = None
    clock_heading = columns.get("time")
    if clock_heading not in (None, heading) and not read.has_time:
        assert clock_heading is not None
        if options.frequency != "1d":
            clock = moments.read_clock(source.frame[clock_heading])
    if options.zone not in ("UTC", "Asia/Shanghai"):
        raise ConfigurationError(f"--zone 只认 UTC 和 Asia/Shanghai，不是 {options.zone} / a zone is one of these two")
    ahead = 0 if options.zone == "UTC" and read.has_time else OFFSET_NS
    at_ns = moments.at_of(read, clock, ahead)
    bad = np.nonzero(at_ns == moments.UNREADABLE)[0]
    if len(bad):
        raise UnusableError(
            refused(
                "NO_TIME",
                source.path.name,
                f"「{heading}」无法识别：{_shown(source.frame[heading][int(place)])}"
                + (f" {source.frame[clock_heading][int(place)]!r}" if clock is not None and clock_heading else ""),
                f"{heading} is no date or time",
                "写作 2025-01-02、20250102 或 2025-01-02 09:31:00",
                "write 2025-01-02 or 2025-01-02 09:31:00",
                row=int(rows[place]),
            )
            for place in bad[:SHOWN_MAX]
        )
    has_time = read.has_time or clock is not None
    if options.frequency == "1d":
        return (at_ns + OFFSET_NS) // DAY_NS * DAY_NS - OFFSET_NS + CLOSE_NS, False
    if not has_time:
        stop(
            source.path.name,
            "NO_TIME",
            "只有日期，没有时间",
            "there are dates only",
            "日线写 --frequency 1d；分钟线要有时间列",
            "say --frequency 1d for daily bars",
        )
    return at_ns, True


def _numbers(
    source: Source, chosen: Chosen, rows: Integers
) -> tuple[dict[str, npt.NDArray[np.float64]], list[Finding]]:
    """Return every column of figures as floats, NaN where it says nothing; and what is no figure."""
    found: dict[str, npt.NDArray[np.float64]] = {}
    faults: list[Finding] = []
    for field, heading in chosen.columns.items():
        if field in ("symbol", "instant", "date", "time"):
            continue
        column = source.frame[heading]
        values, bad = (
            _flags(column, traded=field == "traded")
            if field in ("suspended", "traded", "risk_warning")
            else _figures(column)
        )
        if field not in ("suspended", "traded", "risk_warning"):
            with np.errstate(invalid="ignore"):
                bad = bad | (values < 0)
        found["suspended" if field == "traded" else field] = values
        faults += [
            refused(
                "NO_FIGURE",
                source.path.name,
                f"「{heading}」不是合理的数字：{column[int(place)]!r}",
                f"{heading} is no sensible figure",
                "改好这一格，或重新导出",
                "mend this cell, or export it anew",
                row=int(rows[place]),
            )
            for place in np.nonzero(bad)[0][:SHOWN_MAX]
        ]
    return found, faults


def _beyond(
    source: Source, chosen: Chosen, numbers: dict[str, npt.NDArray[np.float64]], rows: Integers
) -> list[Finding]:
    """Return the figures that no market has: what is that large is a slip, and would not fit into an integer."""
    found: list[Finding] = []
    for field, values in numbers.items():
        is_count = "quantity" in field or field.startswith("turnover")
        with np.errstate(invalid="ignore"):
            places = np.nonzero(values > (_COUNT_MAX if is_count else _PRICE_MAX))[0]
        heading = chosen.columns.get(field, chosen.columns.get("traded", field))
        found += [
            refused(
                "NO_FIGURE",
                source.path.name,
                f"「{heading}」大得不合理：{values[place]:.4g}",
                f"{heading} is beyond reason",
                "改好这一格，或重新导出",
                "mend this cell, or export it anew",
                row=int(rows[place]),
            )
            for place in places[:SHOWN_MAX]
        ]
    return found


def _figures(column: pl.Series) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    import polars as pl

    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        values = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return values, np.isinf(values)
    text = column.cast(pl.String).fill_null("").str.strip_chars()
    cast = text.cast(pl.Float64, strict=False)
    said = ~text.str.to_lowercase().is_in(list(_NOTHING))
    values = cast.fill_null(float("nan")).to_numpy()
    return values, (cast.is_null() & said).to_numpy() | np.isinf(values)


def _flags(column: pl.Series, *, traded: bool) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return 1 for yes; of ``traded`` 1 for a day without trading."""
    import polars as pl

    text = column.cast(pl.String).fill_null("").str.strip_chars().str.to_lowercase()
    yes, no = text.is_in(list(_YES)).to_numpy(), text.is_in(list(_NO)).to_numpy()
    if traded:
        words = text.str.contains("停").to_numpy()
        known = yes | no | words
        figures = text.is_in(["1", "1.0", "true", "交易", "正常"]).to_numpy()
        return np.where(figures, 0.0, 1.0), ~known
    return yes.astype(np.float64), ~(yes | no)


def _integers(
    numbers: dict[str, npt.NDArray[np.float64]],
    used: units.Units,
    codes: npt.NDArray[np.int64],
    symbols: list[Symbol],
) -> tuple[dict[str, Integers], int]:
    """Return the figures in the house's units, -1 where there is none; and how many prices had to be rounded."""
    columns: dict[str, Integers] = {}
    rounded = 0
    shares = np.array(shares_in(used.quantity.name or "股", symbols), np.float64)
    for field, values in numbers.items():
        if field in _PRICE_FIELDS or field[:-1] in ("bid", "ask"):
            scaled = values * units.PRICE[used.price.name]
            with np.errstate(invalid="ignore"):
                rounded += int((np.abs(scaled - np.rint(scaled)) > _FRACTION_MAX).sum())
        elif field.startswith("quantity") or field[:-1] in ("bid_quantity", "ask_quantity"):
            scaled = values * shares[codes]
        elif field.startswith("turnover"):
            scaled = values * units.TURNOVER[used.turnover.name]
        elif field == "factor":
            scaled = values * FACTOR_UNIT
        else:
            scaled = values
        columns[field] = np.rint(np.where(np.isnan(scaled), -1, scaled)).astype(np.int64)
    return columns, rounded
