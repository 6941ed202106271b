"""History out of a store as columns of integers, for backtests: daily bars, minutes and ticks, adjusted if wanted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from qmt_trading.feeds import factors
from qmt_trading.feeds.findings import Finding, UnusableError, refused
from qmt_trading.feeds.limit_checks import limits_on
from qmt_trading.feeds.source_files import needs_polars
from qmt_trading.feeds.store import Entry, Store
from qmt_trading.feeds.table import BOOK, DAY_NS, FREQUENCIES, LEVELS, OFFSET_NS, Integers, day_numbers
from qmt_trading.market.instruments import kind_of
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import FEN
from qmt_trading.model.words import InstrumentKind
from qmt_trading.research.columns import Bars, CrossSection, cross_section, days_of

_PRICES: Final = ("open", "high", "low", "close")
NO_STEP: Final = 1e-6
"""Factors of two days that differ by less differ by the rounding of floats alone."""
_LIMITS: Final = ("previous_close", "limit_up", "limit_down")


class _Wanted(NamedTuple):
    frequency: str
    start: dt.date | None
    end: dt.date | None
    adjust: str
    actions: Sequence[CorporateAction]


def read(
    place: Path,
    symbols: Sequence[str] = (),
    start: dt.date | None = None,
    end: dt.date | None = None,
    frequency: str = "1d",
    adjust: str = "none",
    *,
    actions: Sequence[CorporateAction] = (),
) -> dict[str, Bars]:
    """Return the history of ``symbols`` in the store ``place``, by symbol; of all there are where none is named.

    Everything asked for stands in memory: a year of one symbol's minutes takes 4 MB. ``read_each`` takes one symbol
    after the other.

    Args:
        start: first day, whole; None: from the beginning.
        end: last day, whole; None: to the end. Nothing later is looked at, not even for forward adjustment.
        frequency: ``1d``, ``1m`` or ``tick``.
        adjust: ``none``, ``forward`` (前复权) or ``backward`` (后复权). Quantities and money stay as they were traded.
        actions: corporate actions to adjust by; without any a stored column of factors, or ex-right closes.

    Raises:
        UnusableError: nothing of a symbol is there, or a file is broken.
        FactorsError: prices are to be adjusted and nothing tells by how much.
        ConfigurationError: polars is missing, or a word that does not exist.
    """
    return dict(read_each(place, symbols, start, end, frequency, adjust, actions=actions))


def read_across(
    place: Path,
    symbols: Sequence[str] = (),
    start: dt.date | None = None,
    end: dt.date | None = None,
    adjust: str = "none",
    *,
    actions: Sequence[CorporateAction] = (),
) -> CrossSection:
    """Return daily history laid side by side, dates by symbols; arguments and errors as of ``read``."""
    return cross_section(read(place, symbols, start, end, "1d", adjust, actions=actions))


def read_each(
    place: Path,
    symbols: Sequence[str] = (),
    start: dt.date | None = None,
    end: dt.date | None = None,
    frequency: str = "1d",
    adjust: str = "none",
    *,
    actions: Sequence[CorporateAction] = (),
) -> Iterator[tuple[str, Bars]]:
    """Yield one symbol after the other, so that no more than one has to stand in memory; otherwise as ``read``."""
    if frequency not in FREQUENCIES:
        raise ConfigurationError(f"频率只有 {'、'.join(FREQUENCIES)}，不是 {frequency} / no such frequency")
    if adjust not in factors.ADJUSTS:
        raise ConfigurationError(f"复权只有 {'、'.join(factors.ADJUSTS)}，不是 {adjust} / no such adjustment")
    needs_polars()
    store = Store(place)
    if not store.exists:
        raise UnusableError([_nothing(place, "")])
    held: dict[str, list[Entry]] = {}
    for entry in store.entries(frequency, symbols):
        held.setdefault(entry.symbol, []).append(entry)
    missing = [symbol for symbol in symbols if symbol not in held]
    if missing or not held:
        raise UnusableError(_missing(store, symbol, frequency) for symbol in missing or [""])
    wanted = _Wanted(frequency, start, end, adjust, actions)
    for symbol in symbols or held:
        bars = _bars(store, Symbol(symbol), held[symbol], wanted)
        if bars is not None:
            yield symbol, bars


def _bars(store: Store, symbol: Symbol, entries: list[Entry], wanted: _Wanted) -> Bars | None:
    """Return what is there of one symbol within the span; None: nothing."""
    start, end = wanted.start, wanted.end
    inside = [each for each in entries if (end is None or each.first <= end) and (start is None or each.last >= start)]
    frames = [store.frame(each, start, end) for each in inside]
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        return None
    names = [name for name in frames[0].columns if all(name in frame.columns for frame in frames)]
    columns = {
        name: frames[0][name].to_numpy()
        if len(frames) == 1
        else np.concatenate([frame[name].to_numpy() for frame in frames])
        for name in names
    }
    at_ns = columns["at_ns"]
    is_tick = wanted.frequency == "tick"
    prices = dict.fromkeys(_PRICES, "last") if is_tick else {name: name for name in _PRICES}
    dates = (at_ns + OFFSET_NS) // DAY_NS
    begins = np.nonzero(np.diff(dates, prepend=-1))[0].astype(np.int64)
    of_day: dict[str, Integers] = {name: np.maximum(columns[name][begins], 0) for name in _LIMITS if name in columns}
    taken = {name: columns[column] for name, column in prices.items()}
    ratios = None if wanted.adjust == "none" else _ratios(store, symbol, wanted, columns, dates[begins], begins)
    steps = ratios
    if steps is None and "factor" in columns:
        steps = factors.by_factor_column(columns["factor"][begins])
    before = _closes_before(symbol, taken["close"], taken["open"], begins, dates[begins], steps)
    stored = of_day.get("previous_close")
    closes = before if stored is None else np.where(stored > 0, stored, before)
    warned = columns["risk_warning"][begins] > 0 if "risk_warning" in columns else np.zeros(len(begins), np.bool_)
    if ratios is not None or warned.any():
        # A run cannot find these out: limits are rounded to the tick before they are adjusted, and ST has its own.
        of_day |= _with_limits(of_day, limits_on(symbol, dates[begins], closes, warned))
    broken = () if is_tick else _broken(taken, columns["quantity"], at_ns)
    if ratios is not None:
        rows = np.repeat(ratios, np.diff(np.append(begins, len(at_ns))))
        taken = {name: factors.adjusted(column, rows) for name, column in taken.items()}
        closes = factors.adjusted(closes, ratios)
        of_day = {name: factors.adjusted(column, ratios) for name, column in of_day.items()}
    has_limits = "limit_up" in of_day and "limit_down" in of_day
    turnover = columns.get("turnover")
    books = _books(columns, taken, wanted.adjust) if is_tick else {}
    return Bars(
        symbol=symbol,
        frequency=wanted.frequency,
        at_ns=at_ns,
        quantity=columns["quantity"],
        turnover=turnover if turnover is not None and (turnover >= 0).all() else None,
        days=dates[begins].astype("datetime64[D]"),
        day_start=begins,
        previous_close=closes,
        limit_up=of_day["limit_up"] if has_limits else None,
        limit_down=of_day["limit_down"] if has_limits else None,
        suspended=columns["suspended"][begins] > 0 if "suspended" in columns and not is_tick else None,
        adjusted=wanted.adjust,
        source=str(store.folder),
        is_made_up=any(each.is_made_up for each in inside),
        broken=broken,
        open=taken["open"],
        high=taken["high"],
        low=taken["low"],
        close=taken["close"],
        bids=books.get("bids"),
        asks=books.get("asks"),
        bid_quantities=books.get("bid_quantities"),
        ask_quantities=books.get("ask_quantities"),
    )


def _closes_before(
    symbol: Symbol, close: Integers, first: Integers, begins: Integers, days: Integers, steps: factors.Ratios | None
) -> Integers:
    """Return the close before each day, the open before the first: what stands where no reference price is stored.

    Args:
        steps: what prices of each day are multiplied by; where they tell of an ex-day, its ex-right price is returned.
    """
    before = np.concatenate((first[:1], close[begins[1:] - 1])).astype(np.int64)
    if steps is not None:
        for row in (np.flatnonzero(np.abs(steps[1:] / steps[:-1] - 1) > NO_STEP) + 1).tolist():
            rule = STANDARD.rule(symbol, day_of(int(days[row]) * DAY_NS))
            tick = int(rule.tick) if rule is not None else FEN
            before[row] = max(round(int(before[row]) * float(steps[row - 1] / steps[row]) / tick), 1) * tick
    return before


def _broken(prices: Mapping[str, Integers], quantity: Integers, at_ns: Integers) -> tuple[str, ...]:
    """Return the days that trade at prices of which high and low are not the outermost."""
    upper, lower = np.maximum(prices["open"], prices["close"]), np.minimum(prices["open"], prices["close"])
    wrong = (quantity > 0) & ((prices["high"] < upper) | (prices["low"] > lower))
    return tuple(dict.fromkeys(map(str, days_of(at_ns[wrong]))))


def _with_limits(of_day: Mapping[str, Integers], ruled: tuple[Integers, Integers]) -> dict[str, Integers]:
    """Return the limits as stored where there are both; elsewhere those by the rule book."""
    if all(name in of_day for name in ("limit_up", "limit_down")):
        return {}
    return dict(zip(("limit_up", "limit_down"), ruled, strict=True))


def _books(columns: Mapping[str, Integers], taken: Mapping[str, Integers], adjust: str) -> dict[str, Integers]:
    """Return the sides of the book, five levels a row; adjusted ticks have none, as no order can be placed there."""
    if adjust != "none" or not all(name in columns for name in BOOK):
        return {}
    sides = {"bids": "bid", "asks": "ask", "bid_quantities": "bid_quantity", "ask_quantities": "ask_quantity"}
    return {
        side: np.stack([columns[f"{name}{level}"] for level in range(1, LEVELS + 1)], axis=1)
        for side, name in sides.items()
    }


def _ratios(
    store: Store,
    symbol: Symbol,
    wanted: _Wanted,
    columns: Mapping[str, Integers],
    days: Integers,
    begins: Integers,
) -> factors.Ratios:
    """Return what the prices of each day that is read are multiplied by.

    Factors are made of the daily bars of the store, from its first day to the last day that is read; of the rows
    themselves where there are no daily bars.
    """
    daily = {} if wanted.frequency == "1d" and wanted.start is None else _daily(store, symbol, wanted)
    if not daily:
        ends = np.append(begins[1:], len(columns["at_ns"])) - 1
        close = columns["last" if wanted.frequency == "tick" else "close"][ends]
        daily = {"day": days, "close": close}
        daily |= {name: columns[name][begins] for name in ("previous_close", "factor") if name in columns}
    own = [each for each in wanted.actions if each.symbol == symbol]
    if kind_of(symbol) is InstrumentKind.INDEX:
        found = np.ones(len(daily["day"]))  # Nobody holds it, so nothing is taken off its level.
    elif wanted.actions:
        found = factors.by_actions(symbol, daily["day"], daily["close"], own)
    elif "factor" in daily and (daily["factor"] > 0).any():
        found = factors.by_factor_column(daily["factor"])
    elif "previous_close" in daily and (daily["previous_close"] > 0).any():
        found = factors.by_previous_closes(daily["close"], daily["previous_close"])
    else:
        raise factors.FactorsError(
            f"{symbol} 没有复权的依据：给 actions（除权除息文件），或导入时带上 复权因子 或 昨收 一列 / "
            f"nothing tells how to adjust {symbol}: give corporate actions, or import factors or previous closes"
        )
    places = np.searchsorted(daily["day"], days, side="right") - 1
    ratios = factors.multipliers(found, wanted.adjust, last=float(found[places[-1]]))
    return np.where(places >= 0, ratios[np.maximum(places, 0)], ratios[0])


def _daily(store: Store, symbol: Symbol, wanted: _Wanted) -> dict[str, Integers]:
    entries = store.entries("1d", (symbol,))
    if not entries:
        return {}
    frame = store.frame(entries[0], None, wanted.end)
    if not len(frame):
        return {}
    daily: dict[str, Integers] = {"day": day_numbers(frame["at_ns"].to_numpy())}
    daily |= {name: frame[name].to_numpy() for name in ("close", "previous_close", "factor") if name in frame.columns}
    return daily


def _missing(store: Store, symbol: str, frequency: str) -> Finding:
    """Return what is said of a symbol that is not there at ``frequency``; empty: of none that is."""
    others = store.entries(symbols=(symbol,) if symbol else ())
    if not others:
        return _nothing(store.folder, symbol)
    found = list(dict.fromkeys(each.frequency for each in others))
    words = {"1d": "日线", "1m": "分钟线", "tick": "分笔"}
    there = "、".join(f"{words[each]}（-f {each}）" for each in found)
    return refused(
        "NOTHING",
        str(store.folder.absolute()),
        f"没有{words[frequency]}，只有{there}",
        f"there is no {frequency} history here, only {', '.join(found)}",
        f"换 -f，或导入{words[frequency]}：qmt data import -f {frequency}",
        f"choose another -f, or bring it in: qmt data import -f {frequency}",
        symbol=symbol,
    )


def _nothing(place: Path, symbol: str) -> Finding:
    return refused(
        "NOTHING",
        str(place.absolute()),
        "没有这个代码的历史数据" if symbol else "这里没有历史数据",
        "there is no history here",
        "qmt data show 看有什么，qmt data import 或 qmt data synthetic 放进来；数据在别的文件夹：加 --data 那个文件夹",
        "see qmt data show; bring it in by qmt data import or qmt data synthetic; held elsewhere: --data FOLDER",
        symbol=symbol,
    )
