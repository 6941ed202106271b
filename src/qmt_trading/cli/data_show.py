"""What a store of history holds, as a picture in the terminal: spans, and how much of each stretch of time is there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Final, NamedTuple

import numpy as np
from rich.table import Table
from rich.text import Text

from qmt_trading.cli import show
from qmt_trading.feeds.checks import open_days
from qmt_trading.feeds.store import Entry, Store
from qmt_trading.feeds.table import Integers, day_numbers
from qmt_trading.market.calendar import SHIPPED

_WORDS: Final = {"1d": "日线", "1m": "分钟线", "tick": "分笔（五档）"}
_LEVELS: Final = " ▁▂▃▄▅▆▇█"
_BAR_MAX: Final = 60
_BESIDE: Final = 46
"""Cells that the columns beside the bar take."""
_FULL: Final = 0.995
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()


class Covered(NamedTuple):
    """One symbol at one frequency."""

    symbol: str
    frequency: str
    rows: int
    first: dt.date
    last: dt.date
    source: str
    entries: tuple[Entry, ...]


def covered(entries: Sequence[Entry]) -> list[Covered]:
    """Return what is held of each symbol; the days of ticks are counted together."""
    found = []
    for (frequency, symbol), group in groupby(entries, key=lambda each: (each.frequency, each.symbol)):
        parts = tuple(group)
        first, last = min(each.first for each in parts), max(each.last for each in parts)
        found.append(Covered(symbol, frequency, sum(each.rows for each in parts), first, last, parts[-1].source, parts))
    return found


def rows_of(entries: Sequence[Entry]) -> list[dict[str, object]]:
    """Return the same for programs."""
    return [
        {
            "symbol": each.symbol,
            "frequency": each.frequency,
            "rows": each.rows,
            "first": each.first.isoformat(),
            "last": each.last.isoformat(),
            "source": each.source,
            "adjust": "none",
            "files": [{"path": entry.path, "sha256": entry.sha256, "rows": entry.rows} for entry in each.entries],
        }
        for each in covered(entries)
    ]


def print_store(store: Store, entries: Sequence[Entry]) -> None:
    """Show a table for each frequency; the bars of one table are of the same time."""
    console = show.console()
    if store.manifest.about:
        console.print(store.manifest.about, style="yellow", highlight=False)
    for frequency, group in groupby(covered(entries), key=lambda each: each.frequency):
        held = list(group)
        first, last = min(each.first for each in held), max(each.last for each in held)
        opened = open_days(SHIPPED, first, last)
        cells = min(max(10, min(_BAR_MAX, console.width - _BESIDE)), max(1, len(opened)))
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("代码", no_wrap=True)
        table.add_column("行数", justify="right", no_wrap=True)
        table.add_column("起", no_wrap=True)
        table.add_column("止", no_wrap=True)
        table.add_column(f"{first} … {last}", no_wrap=True)
        table.add_column("起止间有", justify="right", no_wrap=True)
        for each in held:
            days = _days(store, each)
            bar, share = coverage(days, opened, cells)
            style = "green" if share >= _FULL else "yellow"
            table.add_row(
                each.symbol,
                f"{each.rows:,}",
                f"{each.first:%Y-%m-%d}",
                f"{each.last:%Y-%m-%d}",
                Text(bar, style=style),
                Text(f"{share:.1%}", style=style),
            )
        size = sum((store.folder / entry.path).stat().st_size for each in held for entry in each.entries)
        rows = sum(each.rows for each in held)
        console.print(
            f"\n{_WORDS[frequency]} {frequency}：{len(held)} 只，{rows:,} 行，{size / 1e6:.1f} MB，"
            f"{len(opened)} 个交易日；不复权存放 / not adjusted",
            style="bold",
            highlight=False,
        )
        console.print(table)
    sources = sorted({entry.source for entry in entries})
    console.print(f"\n来源 source：{'；'.join(sources[:5])}{' …' if len(sources) > 5 else ''}", highlight=False)


def coverage(days: Integers, opened: Integers, cells: int) -> tuple[str, float]:
    """Return a bar of so many cells, each as high as the part of its trading days that is there; and which part of the
    trading days from the first to the last day held is there.

    A stretch of which a single day is there shows a line; full height means that no day is missing.
    """
    held = np.isin(opened, days)
    edges = np.linspace(0, len(opened), cells + 1).astype(int)
    bar = ""
    for begin, end in pairwise(edges.tolist()):
        part = held[begin:end]
        share = float(part.mean()) if len(part) else 0.0
        bar += _LEVELS[0 if not share else max(1, int(share * (len(_LEVELS) - 1)))]
    places = np.nonzero(held)[0]
    return bar, len(places) / (int(places[-1]) - int(places[0]) + 1) if len(places) else 0.0


def _days(store: Store, held: Covered) -> Integers:
    if held.frequency == "tick":
        return np.array([each.first.toordinal() - _EPOCH for each in held.entries], np.int64)
    frames = [store.frame(entry, columns=("at_ns",)) for entry in held.entries]
    return np.unique(np.concatenate([day_numbers(frame["at_ns"].to_numpy()) for frame in frames]))
