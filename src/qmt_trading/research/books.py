"""Makes a result of what a desk has written down: equity is rebuilt from fills, and no loop counts it by the bar."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qmt_trading.model.settings import FeeSchedule
from qmt_trading.research.columns import Bars, CrossSection
from qmt_trading.research.costs import FillModel, costs_words
from qmt_trading.research.desk import Desk
from qmt_trading.research.dividends import DividendTax
from qmt_trading.research.placed import PlacedOrder
from qmt_trading.research.result import DENIED, REASONS, STATUSES, DataSource, Entries, Fills, Hashed, Orders, Result
from qmt_trading.research.strategy import Strategy

Integers = npt.NDArray[np.int64]
Entry = tuple[int, int, int, int, int]
"""As in ``result.Entries``, in its order of columns."""
_STATUS: Final[dict[str, int]] = {each: place for place, each in enumerate(STATUSES)}
_REASON: Final = {each: place for place, each in enumerate(REASONS)}
_AT_ONCE: Final = 1 << 17
"""Days of a holding that are laid out at once."""
_COLUMNS: Final = (
    ("at_ns", np.int64),
    ("symbol", np.int32),
    ("side", np.int8),
    ("quantity", np.int64),
    ("price", np.int64),
    ("fee", np.int64),
    ("commission", np.int64),
    ("stamp_tax", np.int64),
    ("transfer_fee", np.int64),
    ("order", np.int64),
    ("profit", np.int64),
    ("day", np.int32),
)


def fills_of(rows: Integers) -> Fills:
    """Return rows of fills, one after the other, as columns."""
    table = rows.reshape(-1, len(_COLUMNS))
    return Fills(**{name: table[:, place].astype(kind) for place, (name, kind) in enumerate(_COLUMNS)})


def orders_of(orders: Sequence[PlacedOrder]) -> Orders:
    """Return the desk's orders as columns."""

    def column(values: Iterable[int], kind: type[Any]) -> npt.NDArray[Any]:
        return np.fromiter(values, kind, len(orders))

    return Orders(
        made_ns=column(map(attrgetter("made_ns"), orders), np.int64),
        ended_ns=column(map(attrgetter("ended_ns"), orders), np.int64),
        symbol=column(map(attrgetter("place"), orders), np.int32),
        side=column(map(attrgetter("side"), orders), np.int8),
        quantity=column(map(attrgetter("quantity"), orders), np.int64),
        limit_price=column(map(attrgetter("limit"), orders), np.int64),
        status=column([_STATUS[DENIED if each.denied else each.status] for each in orders], np.int8),
        filled_quantity=column(map(attrgetter("filled"), orders), np.int64),
        reason=column(map(_REASON.__getitem__, map(attrgetter("reason"), orders)), np.int16),
    )


def entries_of(entries: Sequence[Entry]) -> Entries:
    """Return what no fill has moved as columns."""
    table = np.asarray(entries, np.int64).reshape(len(entries), 5)
    return Entries(**{name: table[:, place] for place, name in enumerate(Entries.__struct_fields__)})


def equity_of(
    fills: Fills, entries: Sequence[Entry], closes: Integers, cash: int
) -> tuple[Integers, Integers, Integers]:
    """Return cash and market value at the end of each day, and what ``entries`` brought in cash by the day.

    Args:
        entries: what no fill has moved.
        closes: days by symbols, the last known price of each.
    """
    moved = np.zeros(len(closes), np.int64)
    income = np.zeros(len(closes), np.int64)
    np.add.at(moved, fills.day, -fills.side.astype(np.int64) * fills.quantity * fills.price - fills.fee)
    rows, columns = fills.day.astype(np.int64), fills.symbol.astype(np.int64)
    moves = fills.side.astype(np.int64) * fills.quantity
    if entries:
        came = np.asarray([(day, place, quantity) for day, place, quantity, _, _ in entries], np.int64)
        rows, columns, moves = (np.concatenate(pair) for pair in zip((rows, columns, moves), came.T, strict=True))
    for day, _, _, money, _ in entries:
        income[day] += money
    return cash + np.cumsum(moved + income), values_of(rows, columns, moves, closes), income


def values_of(rows: Integers, columns: Integers, moves: Integers, closes: Integers) -> Integers:
    """Return what is held at the end of each day, at its closes: ``moves`` shares came on ``rows`` of ``columns``.

    Only days on which something is held are looked at, some at once: all of a market's would be another history in
    memory.
    """
    value = np.zeros(len(closes), np.int64)
    order = np.lexsort((rows, columns))
    day, place, held = rows[order], columns[order], np.cumsum(moves[order])
    is_last = np.append(place[1:] != place[:-1], True)[: len(place)]
    lasts = np.flatnonzero(is_last)
    held -= np.repeat(np.append(0, held[lasts[:-1]])[: len(lasts)], np.diff(lasts, prepend=-1))
    until = np.append(day[1:], 0)[: len(day)]
    until[is_last] = len(closes)
    lengths = np.where(held != 0, until - day, 0)
    ends = np.cumsum(lengths)
    begin, done = 0, 0
    while begin < len(ends):
        stop = max(begin + 1, int(np.searchsorted(ends, done + _AT_ONCE, "right")))
        many = lengths[begin:stop]
        of = np.repeat(np.arange(begin, stop), many)
        at = day[of] + np.arange(len(of)) - np.repeat(ends[begin:stop] - many - done, many)
        np.add.at(value, at, held[of] * closes[at, place[of]])
        begin, done = stop, int(ends[stop - 1])
    return value


def result_of(
    desk: Desk,
    strategy: Strategy,
    *,
    mode: str,
    days: npt.NDArray[np.datetime64],
    closes: Integers,
    data: DataSource,
    cash: int,
    costs: FeeSchedule,
    model: FillModel,
    benchmark: Bars | None,
    gate: str,
    cpu_s: float,
    warnings: Sequence[tuple[str, str]] = (),
    tax: DividendTax | None = None,
) -> Result:
    """Return the result of a run whose last bar has been seen.

    Args:
        tax: what was taken of dividends; None: there were none that this run knows of.
    """
    closes = desk.stale.over(closes)
    fills = fills_of(np.frombuffer(desk.rows, np.int64))
    money, value, income = equity_of(fills, desk.entries, closes, cash)
    owed = np.zeros(len(days), np.int64)
    for day, change in desk.receivables:
        owed[day:] += change
    return Result(
        mode=mode,
        strategy=strategy.name,
        parameters=parameters_of(strategy),
        symbols=tuple(desk.symbols),
        days=days,
        equity=money + value,
        cash=money - owed,
        market_value=value,
        fills=fills,
        orders=orders_of(desk.orders),
        blocked=dict(sorted(desk.blocked.items())),
        initial_cash=cash,
        costs=costs_words(costs) if tax is None else f"{costs_words(costs)}; {tax.words()}",
        fill_model=model.words(),
        data=data,
        gate=gate,
        benchmark=None if benchmark is None else closes_on(benchmark, days),
        benchmark_name="" if benchmark is None else benchmark.symbol,
        income=income if desk.entries else None,
        entries=entries_of(desk.entries) if desk.entries else None,
        last_prices=closes[-1] if len(closes) else None,
        dividend_tax=desk.dividend_tax,
        warnings=(*model.warnings(), *warnings),
        elapsed_cpu_s=cpu_s,
    )


def parameters_of(strategy: Strategy) -> dict[str, Any]:
    """Return the parameters by name, as plain values."""
    found: dict[str, Any] = dataclasses.asdict(strategy.p)
    return found


def last_closes(bars: Bars, days: npt.NDArray[np.datetime64], before: int = 0) -> Integers:
    """Return the last close on or before each of ``days``, and ``before`` until there is one.

    What is held is worth that for good.
    """
    rows = np.searchsorted(bars.days, days, side="right") - 1
    closes = bars.close[bars.day_ends - 1]
    return np.where(rows >= 0, closes[np.maximum(rows, 0)], before).astype(np.int64)


def closes_on(bars: Bars, days: npt.NDArray[np.datetime64]) -> Integers:
    """Return ``last_closes``, and 0 after the last of them: where a benchmark ends, so does the comparison."""
    return np.where(days <= bars.days[-1], last_closes(bars, days), 0).astype(np.int64)


def source_of(bars: Sequence[Bars]) -> DataSource:
    """Return where the history of a run came from."""
    return DataSource(
        source=", ".join(sorted({each.source for each in bars})),
        frequency=bars[0].frequency,
        first=min(each.first for each in bars).isoformat(),
        last=max(each.last for each in bars).isoformat(),
        rows=sum(len(each) for each in bars),
        adjusted=", ".join(sorted({each.adjusted for each in bars})),
        hashed=Hashed(bars),
    )


def source_of_dates(data: CrossSection) -> DataSource:
    """Return where the history of a run over dates came from."""
    return DataSource(
        source=data.source,
        frequency=data.frequency,
        first=data.first.isoformat(),
        last=data.last.isoformat(),
        rows=int(data.present.sum()),
        adjusted=data.adjusted,
        hashed=Hashed((data,)),
    )
