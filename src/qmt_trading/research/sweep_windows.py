"""Spans of days cut out of a history, and a strategy that only looks on before its span begins."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from qmt_trading.research.columns import Bars, Days, instants_of
from qmt_trading.research.result import Entries, Result
from qmt_trading.research.strategy import Strategy

_OF_ROWS = ("at_ns", "open", "high", "low", "close", "quantity", "turnover")
_OF_BOOKS = ("bids", "asks", "bid_quantities", "ask_quantities")
_OF_DAYS = ("days", "previous_close", "limit_up", "limit_down", "suspended")


class Window(Struct, frozen=True, kw_only=True):
    """A span of trading days that a trial sees. Both ends belong to it."""

    first: dt.date
    last: dt.date
    live: dt.date
    """From this day on the strategy is called and the account counts; before it indicators and history fill up."""


def trading_days(bars: Mapping[str, Bars]) -> Days:
    """Return every day that any of ``bars`` has."""
    return np.unique(np.concatenate([each.days for each in bars.values()]))


def within(bars: Mapping[str, Bars], window: Window) -> dict[str, Bars]:
    """Return what of ``bars`` lies in ``window``; a symbol without a row there is left out. Arrays are views."""
    first, last = np.datetime64(window.first), np.datetime64(window.last)
    found = {}
    for symbol, each in bars.items():
        begin, end = int(np.searchsorted(each.days, first)), int(np.searchsorted(each.days, last, "right"))
        if begin < end:
            found[symbol] = _cut(each, begin, end)
    return found


def _cut(bars: Bars, begin: int, end: int) -> Bars:
    """Return the days from ``begin`` to before ``end``."""
    ends = bars.day_ends
    rows = slice(int(bars.day_start[begin]), int(ends[end - 1]))

    def cut(names: Sequence[str], part: slice) -> dict[str, Any]:
        return {name: None if getattr(bars, name) is None else getattr(bars, name)[part] for name in names}

    return dataclasses.replace(
        bars,
        day_start=bars.day_start[begin:end] - bars.day_start[begin],
        given_sha256="",
        _known={},
        **cut((*_OF_ROWS, *_OF_BOOKS), rows),
        **cut(_OF_DAYS, slice(begin, end)),
    )


def waiting(kind: type[Strategy], bars: Mapping[str, Bars], live: dt.date) -> type[Strategy]:
    """Return ``kind`` as a strategy that is called from the day ``live`` on and by nothing before.

    Declared indicators and ``data[…].history`` reach back before that day; what a strategy counts up in its own calls
    does not.
    """
    day = np.asarray(live, "datetime64[D]")
    rows = [
        int(each.day_start[found]) if (found := int(np.searchsorted(each.days, day))) < len(each.days) else len(each)
        for each in bars.values()
    ]
    date = int(np.searchsorted(trading_days(bars), day))
    midnight_ns = int(instants_of(day.reshape(1), 0)[0])

    class Waiting(kind):  # type: ignore[misc, valid-type]
        _has_begun = False

        def on_start(self) -> None:
            """Wait: the account is not there yet."""

        def on_timer(self, at_ns: int) -> None:
            if at_ns >= midnight_ns:
                self._begin()
                super().on_timer(at_ns)

        def _begin(self) -> None:
            if not self._has_begun:
                self._has_begun = True
                super().on_start()

    def calls(name: str, is_live: Any) -> None:
        called = getattr(kind, name)
        if called is getattr(Strategy, name):
            return  # How a strategy is run goes by what it writes.

        def method(self: Any, bar: Any) -> None:
            if is_live(bar):
                self._begin()
                called(self, bar)

        method.__code__ = method.__code__.replace(co_name=name)  # What goes wrong in it is told by this name.
        setattr(Waiting, name, method)

    calls("on_bar", lambda bar: bar.index >= rows[bar.place])
    calls("on_tick", lambda bar: bar.index >= rows[bar.place])
    calls("on_bars", lambda dates: dates.index >= date)
    Waiting.__name__ = Waiting.__qualname__ = kind.__name__
    return Waiting


def since(result: Result, live: dt.date) -> Result:
    """Return ``result`` from the day ``live`` on, where nothing was traded before it."""
    begin = int(np.searchsorted(result.days, np.datetime64(live)))
    assert not len(result.fills) or int(result.fills.day[0]) >= begin
    entries = result.entries
    if entries is not None and len(entries.day):
        kept = {name: getattr(entries, name) for name in entries.__struct_fields__}
        entries = Entries(**{**kept, "day": entries.day - begin})
    return replace(
        result,
        days=result.days[begin:],
        equity=result.equity[begin:],
        cash=result.cash[begin:],
        market_value=result.market_value[begin:],
        fills=replace(result.fills, day=result.fills.day - begin),
        income=None if result.income is None else result.income[begin:],
        benchmark=None if result.benchmark is None else result.benchmark[begin:],
        entries=entries,
    )
