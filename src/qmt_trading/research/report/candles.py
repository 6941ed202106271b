"""Trades on candles: for a few symbols the stretch around the round trip that counted most, with every fill in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from qmt_trading.model.numbers import UNIT
from qmt_trading.research.columns import Bars, CrossSection, days_of
from qmt_trading.research.report import plot
from qmt_trading.research.report.charts import figure
from qmt_trading.research.report.tables import Name
from qmt_trading.research.report.texts import Pair, both, escaped, number, percent, plain, tone, yuan
from qmt_trading.research.result import Result
from qmt_trading.research.round_trips import RoundTrips

Array = npt.NDArray[Any]
History = Mapping[str, Bars] | CrossSection
SHOWN: Final = 3
"""Round trips that won most, and as many of those that lost most."""
CANDLES_MAX: Final = 130
BEFORE: Final = 30
AFTER: Final = 15
"""Candles shown around a trip."""
MARKS_MAX: Final = 40
"""More fills than these stand as dots without a letter."""
_MINUTE_NS: Final = 60_000_000_000
_UNITS: Final[tuple[tuple[str, Pair], ...]] = (
    ("", ("", "")),
    ("5", ("5 分钟线", "5 minutes")),
    ("15", ("15 分钟线", "15 minutes")),
    ("60", ("60 分钟线", "60 minutes")),
    ("D", ("日线", "daily")),
    ("W", ("周线", "weekly")),
    ("M", ("月线", "monthly")),
)
_OWN: Final[dict[str, Pair]] = {"1d": ("日线", "daily"), "1m": ("1 分钟线", "1 minute"), "tick": ("快照", "snapshots")}


@dataclass(frozen=True, kw_only=True)
class Candles:
    """Of one symbol, in order of time; prices in ten-thousandths of a yuan."""

    at_ns: Array
    open: Array
    high: Array
    low: Array
    close: Array
    frequency: str

    def __len__(self) -> int:
        return len(self.at_ns)

    def between(self, begin: int, end: int) -> Candles:
        """Return the rows from ``begin`` to ``end``."""
        rows = slice(begin, end)
        return Candles(
            at_ns=self.at_ns[rows],
            open=self.open[rows],
            high=self.high[rows],
            low=self.low[rows],
            close=self.close[rows],
            frequency=self.frequency,
        )

    def by(self, unit: str) -> Candles:
        """Return fewer, larger candles: of that many minutes, days, weeks or months."""
        if not unit or not len(self):
            return self
        if unit.isdigit():
            keys = (self.at_ns - 1) // (int(unit) * _MINUTE_NS)
        else:
            days = days_of(self.at_ns)
            if unit == "M":
                keys = days.astype("datetime64[M]").astype(np.int64)
            else:
                # The first of January 1970 was a Thursday: three days on, weeks begin on Monday.
                keys = days.astype(np.int64) if unit == "D" else (days.astype(np.int64) + 3) // 7
        starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        ends = np.append(starts[1:], len(self)) - 1
        return Candles(
            at_ns=self.at_ns[ends],
            open=self.open[starts],
            high=np.maximum.reduceat(self.high, starts),
            low=np.minimum.reduceat(self.low, starts),
            close=self.close[ends],
            frequency=self.frequency,
        )


def candles_of(history: History, symbol: str) -> Candles | None:
    """Return the candles of ``symbol``; None: history does not have it."""
    if isinstance(history, CrossSection):
        found = [place for place, each in enumerate(history.symbols) if each == symbol]
        if not found:
            return None
        rows = np.flatnonzero(history.present[:, found[0]])
        columns = {name: getattr(history, name)[rows, found[0]] for name in ("open", "high", "low", "close")}
        return Candles(at_ns=history.at_ns[rows], frequency=history.frequency, **columns)
    bars = history.get(symbol)
    if bars is None:
        return None
    traded = bars.quantity > 0
    if not traded.any():
        traded[:] = True
    columns = {name: getattr(bars, name)[traded] for name in ("open", "high", "low", "close")}
    return Candles(at_ns=bars.at_ns[traded], frequency=bars.frequency, **columns)


def chosen(trips: RoundTrips) -> list[int]:
    """Return the round trips to show: those that won most, then those that lost most, of as many symbols as can be."""
    profit = trips.profit
    order = np.argsort(-profit, kind="stable").tolist()
    won, lost = [row for row in order if profit[row] > 0], [row for row in order[::-1] if profit[row] < 0]
    seen: set[int] = set()
    found: list[int] = []
    for rows in (won, lost):
        first: list[int] = []
        for row in rows:
            if len(first) < SHOWN and int(trips.symbol[row]) not in seen:
                seen.add(int(trips.symbol[row]))
                first.append(row)
        others = [row for row in rows[:SHOWN] if row not in first]
        found += sorted([*first, *others][:SHOWN], key=rows.index)
    return found


def figures(result: Result, trips: RoundTrips, history: History, name: Name) -> str:
    """Return a chart for each chosen round trip that history covers."""
    made = []
    for row in chosen(trips):
        candles = candles_of(history, result.symbols[int(trips.symbol[row])])
        if candles is not None and len(candles):
            made.append(_figure(result, trips, row, candles, name))
    return "".join(made)


def _window(candles: Candles, opened_ns: int, closed_ns: int) -> tuple[Candles, Pair]:
    """Return the candles around a trip, as fine as they fit."""
    for unit, words in _UNITS:
        if unit.isdigit() and candles.frequency == "1d":
            continue
        found = candles.by(unit)
        first = int(np.searchsorted(found.at_ns, opened_ns))
        last = int(np.searchsorted(found.at_ns, closed_ns))
        if last - first + 1 <= CANDLES_MAX - BEFORE - AFTER or unit == "M":
            return found.between(max(first - BEFORE, 0), last + AFTER + 1), words if unit else _OWN[candles.frequency]
    raise AssertionError("months are the last unit")


def _figure(result: Result, trips: RoundTrips, row: int, candles: Candles, name: Name) -> str:
    symbol = int(trips.symbol[row])
    shown, unit = _window(candles, int(trips.opened_ns[row]), int(trips.closed_ns[row]))
    low, high = shown.low / UNIT, shown.high / UNIT
    scale, steps = plot.scale_of(low, high, count=4, room=0.12)
    rising = shown.close >= shown.open
    size = len(shown)
    slot = plot.WIDE / size

    def placed(at_ns: int) -> int:
        return min(int(np.searchsorted(shown.at_ns, at_ns)), size - 1)

    begin, end = placed(int(trips.opened_ns[row])), placed(int(trips.closed_ns[row]))
    band = (
        f'<span class="band" style="left:{begin / size * 100:.2f}%;width:{(end - begin + 1) / size * 100:.2f}%"></span>'
    )
    marks = band + _marks(result, symbol, shown, scale)
    profit = int(trips.profit[row])
    caption = (
        f'<span class="key"><b class="name">{name(symbol)}</b></span><span class="key quiet">{both(unit)}</span>'
        f'<span class="key {tone(profit)}"><b>{yuan(profit, signed=True)}</b> '
        f"({percent(float(trips.returns[row]), 1, signed=True)})</span>"
    )
    days = days_of(shown.at_ns)
    ticks = [(scale.share(each), number(each, 2 if steps[-1] < 1000 else 0)) for each in steps]
    return figure(
        plot.plot(
            [
                ("wick up", _wicks(shown, scale, rising, slot)),
                ("wick down", _wicks(shown, scale, ~rising, slot)),
                ("body up", _bodies(shown, scale, rising, slot)),
                ("body down", _bodies(shown, scale, ~rising, slot)),
            ],
            ticks=ticks,
            across=_across(shown, days),
            more=marks + _told(shown),
            says=plain((f"{result.symbols[symbol]} K 线与成交", f"{result.symbols[symbol]}: candles and fills")),
            kind="middle",
        ),
        caption=caption,
        kind="candles",
    )


def _across(shown: Candles, days: Array) -> list[tuple[float, str]]:
    """Return five words along the ground: dates, and the time of day where a candle is less than one."""
    size = len(days)
    every = max(1, -(-size // 5))
    words = days.astype(str).tolist()
    if len(np.unique(days)) < size:
        words = [
            clock if days[0] == days[-1] else f"{word[5:]} {clock}"
            for word, clock in zip(words, _clocks(shown), strict=True)
        ]
    return [((place + 0.5) / size * 100, words[place]) for place in range(every // 2, size, every)]


def _clocks(shown: Candles) -> list[str]:
    """Return the time of day at which each candle ends, in whole minutes."""
    minutes = (((shown.at_ns - 1) // _MINUTE_NS + 1 + 480) % 1440).tolist()
    return [f"{minute // 60:02d}:{minute % 60:02d}" for minute in minutes]


def _told(shown: Candles) -> str:
    """Return the figures that the pointer tells."""
    is_daily = shown.frequency == "1d"
    names = days_of(shown.at_ns).astype(str).tolist()
    if not is_daily:
        names = [f"{each} {clock}" for each, clock in zip(names, _clocks(shown), strict=True)]
    columns = [names, *((column / UNIT).tolist() for column in (shown.open, shown.high, shown.low, shown.close))]
    body = msgspec.json.encode(list(zip(*columns, strict=True))).decode("utf-8")
    return f'<i class="told" hidden data-candles="{escaped(body)}"></i>'


def _wicks(shown: Candles, scale: plot.Scale, keep: Array, slot: float) -> str:
    top = np.rint(scale.y(shown.high / UNIT)).astype(np.int64)
    bottom = np.rint(scale.y(shown.low / UNIT)).astype(np.int64)
    upper = np.rint(scale.y(np.maximum(shown.open, shown.close) / UNIT)).astype(np.int64)
    lower = np.rint(scale.y(np.minimum(shown.open, shown.close) / UNIT)).astype(np.int64)
    middle = np.rint((np.arange(len(shown)) + 0.5) * slot).astype(np.int64)
    rows = np.flatnonzero(keep)
    table = np.stack((middle, top, upper, lower, bottom), axis=1)[rows].tolist()
    return "".join(
        (f"M{x} {high}V{body}" if high < body else "") + (f"M{x} {foot}V{low}" if foot < low else "")
        for x, high, body, foot, low in table
    )


def _bodies(shown: Candles, scale: plot.Scale, keep: Array, slot: float) -> str:
    upper = np.rint(scale.y(np.maximum(shown.open, shown.close) / UNIT)).astype(np.int64)
    lower = np.rint(scale.y(np.minimum(shown.open, shown.close) / UNIT)).astype(np.int64)
    width = max(round(slot * 0.66), 1)
    left = np.rint((np.arange(len(shown)) + 0.5) * slot - width / 2).astype(np.int64)
    table = np.stack((left, upper, lower), axis=1)[np.flatnonzero(keep)].tolist()
    return "".join(f"M{x} {top}h{width}v{max(foot - top, 1)}h{-width}z" for x, top, foot in table)


def _marks(result: Result, symbol: int, shown: Candles, scale: plot.Scale) -> str:
    """Return one mark for each candle and side, buys below it and sells above."""
    fills = result.fills
    first_ns = int(shown.at_ns[0]) - _reach(shown)
    rows = np.flatnonzero((fills.symbol == symbol) & (fills.at_ns >= first_ns) & (fills.at_ns <= shown.at_ns[-1]))
    places = np.searchsorted(shown.at_ns, fills.at_ns[rows])
    joined: dict[tuple[int, int], list[int]] = {}
    for row, place in zip(rows.tolist(), places.tolist(), strict=True):
        joined.setdefault((place, int(fills.side[row])), []).append(row)
    is_dense = len(joined) > MARKS_MAX
    made = []
    size = len(shown)
    for (place, side), parts in joined.items():
        quantity = int(fills.quantity[parts].sum())
        price = int((fills.quantity[parts] * fills.price[parts]).sum()) / quantity
        words = ("买入", "buy") if side > 0 else ("卖出", "sell")
        when = str(days_of(fills.at_ns[parts[:1]])[0])
        at = shown.low[place] if side > 0 else shown.high[place]
        made.append(
            f'<span class="trade {"buy" if side > 0 else "sell"}{" dense" if is_dense else ""}" '
            f'style="left:{(place + 0.5) / size * 100:.2f}%;top:{scale.share(float(at) / UNIT):.2f}%" '
            f'title="{when} {plain(words)} {number(quantity, 0)} @ {yuan(price, 3)}">{"B" if side > 0 else "S"}</span>'
        )
    return "".join(made)


def _reach(shown: Candles) -> int:
    """Return the time that one candle spans, by the usual step between two."""
    return int(np.median(np.diff(shown.at_ns))) if len(shown) > 1 else 24 * 60 * _MINUTE_NS
