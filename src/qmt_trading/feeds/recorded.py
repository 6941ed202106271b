"""The market feed that plays a recording: bars or ticks from a CSV file, in the time of today."""

from __future__ import annotations

import csv
import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from qmt_trading.market.day_facts import day_facts
from qmt_trading.market.instruments import kind_of
from qmt_trading.market.names import listing_of
from qmt_trading.market.rulebook import STANDARD, RuleBook
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instant import SHANGHAI, day_of
from qmt_trading.model.instrument import Quote, Symbol, TradingRule
from qmt_trading.model.listing import Listing
from qmt_trading.model.numbers import SECOND_NS, Money, Price, from_decimal

_LEVELS: Final = 5
RECENT_NS: Final = 300 * SECOND_NS
"""How far back what was traded lately reaches."""
_BAR: Final = ("open", "high", "low", "close")


class _Moment(Struct, frozen=True, gc=False):
    last: Price
    bids: tuple[Price, ...]
    asks: tuple[Price, ...]


class _Track(Struct):
    """One symbol's recording; times and moments are parallel, oldest first."""

    previous_close: Price
    listing: Listing | None
    times_ns: list[int]
    moments: list[_Moment]
    traded: list[int]
    """What was traded up to each moment, in ten-thousandths of a yuan; empty: the file does not say."""


class RecordedFeed:
    """Plays the file's first instant at ``begin_ns``, once, at its own pace. Safe from any thread after it is made.

    Columns, in any order, named in the first line; UTF-8 (with or without BOM) or GB18030:

    * ``time``: ``2025-01-02 09:30:00``, with fractions if wanted, Shanghai unless it carries an offset;
    * ``symbol``: ``600000.SH``;
    * ticks: ``last``, and ``bid1`` to ``bid5``, ``ask1`` to ``ask5`` as far as known (empty or 0: none);
    * bars instead: ``open``, ``high``, ``low``, ``close``, the time being the bar's end: they are shown one after the
      other in the quarters of the bar, as long as the bar before it (60 s for the first);
    * ``previous_close``: read from each symbol's first row; without it the first price stands for it;
    * ``amount``: yuan traded in the bar, or since the tick before; without it what the market trades lately is unknown;
    * ``name``: read from each symbol's first row; ``*ST…`` and its like narrow the limits.

    Limits and lots are those of the day that it is played on, not of the day that was recorded.

    Without quotes of a level a book is made around the last price, one tick a level. Prices are decimal yuan with at
    most four digits after the point.
    """

    def __init__(self, path: Path, *, begin_ns: int, rules: RuleBook = STANDARD) -> None:
        """Read the whole file.

        Raises:
            ConfigurationError: it cannot be read; the text names file, line and column.
        """
        self._begin_ns = begin_ns
        self._rules = rules
        self._tracks: dict[Symbol, _Track] = {}
        for line, row in _rows(path):
            self._take(path, line, row)
        self._first_ns = min((track.times_ns[0] for track in self._tracks.values()), default=0)

    def quote(self, symbol: Symbol, now_ns: int) -> Quote | None:
        """Return what was last seen by the instant that ``now_ns`` plays; None before that, and for unknown symbols.

        ``quoted_ns`` is in the time of today, so a recording that has ended grows old like a feed that fell silent.
        """
        track = self._tracks.get(symbol)
        if track is None:
            return None
        shift_ns = self._begin_ns - self._first_ns
        index = bisect_right(track.times_ns, now_ns - shift_ns) - 1
        if index < 0:
            return None
        facts = day_facts(self._rules, symbol, day_of(now_ns), track.previous_close, track.listing)
        if facts is None:
            return None
        moment = track.moments[index]
        bids, asks = moment.bids, moment.asks
        if not bids and not asks:
            bids, asks = _made_up(moment.last, facts.rule, facts.limit_up, facts.limit_down)
        return Quote(
            symbol,
            moment.last,
            track.previous_close,
            facts.limit_up,
            facts.limit_down,
            bids,
            asks,
            track.times_ns[index] + shift_ns,
            facts.rule,
            "" if track.listing is None else track.listing.name,
            facts.risk_warning,
            band_up=facts.band_up,
            band_down=facts.band_down,
            recent_value=_lately(track, index, now_ns - shift_ns),
        )

    def _take(self, path: Path, line: int, row: dict[str, str]) -> None:
        symbol = Symbol(row.get("symbol", ""))
        if kind_of(symbol) is None:
            raise _unreadable(path, line, "symbol", symbol)
        time_ns = _instant(path, line, row)
        is_bar = not row.get("last")
        first = _price(path, line, row, "open" if is_bar else "last", needed=True)
        track = self._tracks.get(symbol)
        if track is None:
            close = _price(path, line, row, "previous_close") or first
            name = row.get("name", "")
            track = self._tracks[symbol] = _Track(close, listing_of(name) if name else None, [], [], [])
        last_ns = track.times_ns[-1] if track.times_ns else time_ns - 60 * SECOND_NS
        if time_ns < last_ns:
            raise _unreadable(path, line, "time", row["time"])
        if row.get("amount"):
            if len(track.traded) != len(track.times_ns):
                raise _unreadable(path, line, "amount", row["amount"])  # The rows before it have none.
            before = track.traded[-1] if track.traded else 0
            after = before + _price(path, line, row, "amount")
            track.traded += [before, before, before, after] if is_bar else [after]
        if is_bar:
            for quarter, name in enumerate(_BAR, start=1):
                track.times_ns.append(last_ns + (time_ns - last_ns) * quarter // 4)
                track.moments.append(_Moment(_price(path, line, row, name, needed=True), (), ()))
            return
        track.times_ns.append(time_ns)
        track.moments.append(_Moment(first, _levels(path, line, row, "bid"), _levels(path, line, row, "ask")))


def _lately(track: _Track, index: int, now_ns: int) -> Money:
    """Return what was traded in the five minutes before ``now_ns``; -1: it is not known."""
    if len(track.traded) != len(track.times_ns):
        return Money(-1)
    begun = bisect_right(track.times_ns, now_ns - RECENT_NS) - 1
    return Money(track.traded[index] - (track.traded[begun] if begun >= 0 else 0))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"行情文件无法读取：{path}：{error} / the recording cannot be read") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    reader = csv.DictReader(text.splitlines(), restval="")
    for row in reader:
        yield reader.line_num, {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}


def _instant(path: Path, line: int, row: dict[str, str]) -> int:
    text = row.get("time", "")
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise _unreadable(path, line, "time", text) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=SHANGHAI)
    since = moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (since.days * 86_400 + since.seconds) * SECOND_NS + since.microseconds * 1000


def _price(path: Path, line: int, row: dict[str, str], name: str, *, needed: bool = False) -> Price:
    text = row.get(name, "")
    try:
        price = from_decimal(text or "0")
    except ValueError as error:
        raise _unreadable(path, line, name, text) from error
    if price < 0 or (needed and price == 0):
        raise _unreadable(path, line, name, text)
    return Price(price)


def _levels(path: Path, line: int, row: dict[str, str], side: str) -> tuple[Price, ...]:
    prices = [_price(path, line, row, f"{side}{level}") for level in range(1, _LEVELS + 1)]
    return tuple(price for price in prices if price)


def _made_up(last: Price, rule: TradingRule, up: Price, down: Price) -> tuple[tuple[Price, ...], tuple[Price, ...]]:
    """Return a book around ``last`` that does not go beyond the limits."""
    tick = rule.tick
    bids = [last - level * tick for level in range(_LEVELS)]
    asks = [last + (level + 1) * tick for level in range(_LEVELS)]
    return (
        tuple(Price(price) for price in bids if price > 0 and price >= down),
        tuple(Price(price) for price in asks if not up or price <= up),
    )


def _unreadable(path: Path, line: int, column: str, text: str) -> ConfigurationError:
    return ConfigurationError(
        f"行情文件 {path} 第 {line} 行 {column} 列无法识别：{text!r} / unreadable value in line {line}, column {column}"
    )
