"""How far a sweep is, and how long it still takes: on the error stream, so that its output stays clean."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

EVERY_S: Final = 10
"""So often a line is written where no terminal shows a bar."""


@contextmanager
def following() -> Iterator[Callable[[int, int], None]]:
    """Give what is called with how many trials are finished and how many there are."""
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        yield _Lines().told
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("还要"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        tasks: dict[int, TaskID] = {}

        def told(finished: int, whole: int) -> None:
            if whole not in tasks:
                tasks[whole] = bar.add_task("试验 trials", total=whole, completed=finished)
            bar.update(tasks[whole], completed=finished)

        yield told


class _Lines:
    """A line now and then."""

    def __init__(self) -> None:
        self._begun_s = self._said_s = time.monotonic()
        self._before: int | None = None

    def told(self, finished: int, whole: int) -> None:
        if self._before is None or finished < self._before:
            self._before, self._begun_s = finished, time.monotonic()
        now_s = time.monotonic()
        made = finished - self._before
        if now_s - self._said_s < EVERY_S or not made or finished == whole:
            return
        self._said_s = now_s
        left_s = round((now_s - self._begun_s) / made * (whole - finished))
        print(
            f"{finished:,}/{whole:,}，还要 {left_s // 60} 分 {left_s % 60:02d} 秒 / {left_s} s left",
            file=sys.stderr,
            flush=True,
        )
