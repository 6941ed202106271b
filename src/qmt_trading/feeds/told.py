"""Findings of one kind in one table: the first few one by one, the rest as a count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qmt_trading.feeds.findings import SHOWN_MAX, Finding, Severity
from qmt_trading.feeds.table import Table


class Place(NamedTuple):
    """The sentences about one row."""

    chinese: str
    english: str
    todo: str
    todo_english: str


def tell(
    table: Table,
    places: npt.NDArray[np.integer[Any]],
    severity: Severity,
    code: str,
    words: Callable[[int], Place],
) -> Iterator[Finding]:
    """Yield a finding for each of the first places; the last of them says how many more there are."""
    for number, place in enumerate(places[:SHOWN_MAX].tolist(), start=1):
        chinese, english, todo, todo_english = words(place)
        more = len(places) - SHOWN_MAX
        if number == SHOWN_MAX and more > 0:
            chinese, english = f"{chinese}（还有 {more} 处）", f"{english} (and {more} more)"
        yield Finding(
            severity=severity,
            code=code,
            file=table.file,
            row=int(table.rows[place]),
            symbol=table.symbol,
            time=table.time_text(place),
            chinese=chinese,
            english=english,
            todo=todo,
            todo_english=todo_english,
        )
