"""How the engine itself is doing, as figures that are at hand when somebody asks: no order pays for them."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from qmt_trading.codec.view_json import Plain
from qmt_trading.model.numbers import MILLISECOND_NS
from qmt_trading.run.inbox import Inbox
from qmt_trading.run.reading import JOURNAL_NAME

FILES: Final = (JOURNAL_NAME, f"{JOURNAL_NAME}-wal", "snapshot.bin")
BY_QUOTES: Final = "quotes"


class Figures:
    """Queues, clock, hosts and disk of one engine. ``look`` is for one thread, ``row`` for any."""

    def __init__(
        self,
        folder: Path,
        inbox: Inbox,
        *,
        connections: Callable[[], Sequence[int]] = tuple,
        clock_ahead_ns: Callable[[], int | None] = lambda: None,
    ) -> None:
        """Take the parts.

        Args:
            connections: how often the host of each client has come up since the start; empty: there is no client.
            clock_ahead_ns: by how much this clock is ahead of the exchange's, by the times that quotes bear.
        """
        self._folder = folder
        self._inbox = inbox
        self._connections = connections
        self._clock_ahead_ns = clock_ahead_ns
        self._day: dt.date | None = None
        self._before: tuple[int, ...] = ()
        """How often each had come up when the day began."""

    def look(self, day: dt.date | None) -> None:
        """Note when a day begins: restarts are counted from there."""
        if day != self._day:
            now = tuple(self._connections())
            self._before = tuple(max(count - 1, 0) for count in now) if self._day is not None else ()
            self._day = day

    def row(self) -> Plain:
        """Return the figures; null: not known, or there is no such thing."""
        inbox, ahead_ns = self._inbox, self._clock_ahead_ns()
        return {
            "queues": {"control": len(inbox.control), "reports": len(inbox.reports), "signals": len(inbox.signals)},
            "clock_offset_ms": None if ahead_ns is None else ahead_ns // MILLISECOND_NS,
            "clock_offset_source": None if ahead_ns is None else BY_QUOTES,
            "host_restarts": self._restarts(),
            "journal_bytes": journal_bytes(self._folder),
            "disk_free_bytes": disk_free(self._folder),
        }

    def _restarts(self) -> int | None:
        now = self._connections()
        if not now:
            return None
        before = self._before or (0,) * len(now)
        return sum(max(count - 1 - known, 0) for count, known in zip(now, before, strict=True))


def journal_bytes(folder: Path) -> int:
    """Return what the journal in ``folder`` and its snapshot take on the disk."""
    total = 0
    for name in FILES:
        with contextlib.suppress(OSError):
            total += (folder / name).stat().st_size
    return total


def disk_free(folder: Path) -> int | None:
    """Return how many bytes the disk of ``folder`` has left; None: it does not say."""
    with contextlib.suppress(OSError):
        return shutil.disk_usage(folder).free
    return None
