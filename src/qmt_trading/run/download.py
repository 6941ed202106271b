"""History out of a terminal into a store: what is there already is not asked for again, and a killed run goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Final, NamedTuple

from qmt_trading.feeds.source_files import needs_polars
from qmt_trading.feeds.store import Store
from qmt_trading.feeds.terminal_rows import table_of
from qmt_trading.model.instant import day_of, time_of_day_ns
from qmt_trading.model.instrument import Symbol
from qmt_trading.run.history import HistoryFetch, HistoryProgress

_WHOLE_NS: Final = 15 * 3600 * 1_000_000_000 + 35 * 60 * 1_000_000_000
"""15:35: from here on a day's history is whole."""
_DAY: Final = dt.timedelta(days=1)


class Downloaded(NamedTuple):
    """What a download brought."""

    rows: int
    """New ones."""
    had: tuple[Symbol, ...]
    """Symbols of which all was there."""
    empty: tuple[Symbol, ...]
    """Symbols of which the terminal has nothing."""
    units: str
    """The terminal's unit of quantity, in words, as of the last symbol."""


def download(
    store: Store,
    fetcher: Callable[[], HistoryFetch],
    symbols: Sequence[Symbol],
    period: str,
    begin: dt.date,
    end: dt.date,
    told: Callable[[HistoryProgress], None],
    *,
    now_ns: int,
) -> Downloaded:
    """Bring the history of ``symbols`` from day ``begin`` to day ``end``, both whole, into ``store``.

    Each symbol is written as soon as it is read; the store remembers the span that was asked for. A day that is not
    over at ``now_ns`` is asked for again the next time. A host is started only where something is missing, once for
    each span that is.

    Raises:
        HistoryError: the terminal cannot be reached, has hung, or gave what cannot be read; what came before stays.
        OSError: the store cannot be written.
    """
    needs_polars()
    spans: dict[tuple[dt.date, dt.date], list[Symbol]] = {}
    had: list[Symbol] = []
    for symbol in symbols:
        span = _missing(store, symbol, period, begin, end)
        if span is None:
            had.append(symbol)
        else:
            spans.setdefault(span, []).append(symbol)
    today = day_of(now_ns)
    whole_until = today if time_of_day_ns(now_ns) >= _WHOLE_NS else today - _DAY
    rows, done, words = 0, len(had), ""
    empty: list[Symbol] = []
    with store:
        for (first, last), wanted in spans.items():
            before = done

            def shifted(how_far: HistoryProgress, before: int = before) -> None:
                told(HistoryProgress(before + how_far.done, len(symbols), how_far.symbol))

            with closing(fetcher().each(wanted, period, first, last, shifted)) as found:
                for symbol, given in found:
                    done += 1
                    if not given:
                        empty.append(symbol)
                        continue
                    table, words = table_of(symbol, period, given)
                    asked = _asked(store, symbol, period, first, min(last, whole_until))
                    rows += store.put(table, "QMT", units=f"成交量：{words}", replace=True, asked=asked)
    return Downloaded(rows, tuple(had), tuple(empty), words)


def _spans(store: Store, symbol: Symbol, period: str) -> list[tuple[dt.date, dt.date]]:
    return sorted({entry.asked for entry in store.entries(period, (symbol,)) if entry.asked is not None})


def _missing(store: Store, symbol: Symbol, period: str, begin: dt.date, end: dt.date) -> tuple[dt.date, dt.date] | None:
    """Return the span that has to be asked for; None: all of it was."""
    for first, last in _spans(store, symbol, period):
        if first <= begin and last >= end:
            return None
        if first <= begin <= last:
            begin = last + _DAY
        elif first <= end <= last:
            end = first - _DAY
    return begin, end


def _asked(store: Store, symbol: Symbol, period: str, first: dt.date, last: dt.date) -> tuple[dt.date, dt.date] | None:
    """Return the span that has been asked for together with what was before, where the two meet; None: not a day."""
    if last < first:
        return None
    for begin, end in _spans(store, symbol, period):
        if begin <= last + _DAY and first <= end + _DAY:
            first, last = min(first, begin), max(last, end)
    return first, last
