"""The loops over bars: the innermost one is made for the columns that a strategy declares, so that it does no more."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

Segment = Callable[..., None]


@lru_cache(maxsize=128)
def segment(names: tuple[str, ...], *, several: bool, at_close: bool) -> Segment:
    """Return the loop over a stretch of bars that puts each row into the bar's slots and calls the strategy.

    Made from text, whose names were checked, like a named tuple: the ``for`` statement itself fills the slots, which no
    generic loop does as fast.

    Args:
        names: slots in the order of the columns.
        several: the stream is of more than one symbol.
        at_close: orders meet the bar they were made on, after the strategy was called.
    """
    targets = ", ".join(f"bar.{name}" for name in names)
    place = "bar.place" if several else "0"
    standing = f"standing[{place}]" if several else "standing"
    meet = f"meet({place}, bar.index)"
    lines = [
        "def run(rows, bar, on_bar, standing, meet):",
        f"    for {targets}{',' if len(names) == 1 else ''} in rows:",
    ]
    if not at_close:
        lines += [f"        if {standing}:", f"            {meet}"]
    lines += ["        on_bar(bar)"]
    if at_close:
        lines += [f"        if {standing}:", f"            {meet}"]
    made: dict[str, Any] = {}
    exec("\n".join(lines), made)
    run: Segment = made["run"]
    return run


@lru_cache(maxsize=128)
def shower(names: tuple[str, ...]) -> Callable[[Any, Any], None]:
    """Return what puts one row's values into the bar's slots, made like ``segment``."""
    targets = "".join(f"bar.{name}, " for name in names)
    made: dict[str, Any] = {}
    exec(f"def show(bar, values):\n    {targets.rstrip() or '()'} = values", made)
    show: Callable[[Any, Any], None] = made["show"]
    return show
