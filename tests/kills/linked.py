"""Kills behind a broker link: of the engine, its host, or one after the other. The exchange's book outlives both."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from qmt_trading.brokers.simulated.book import FileBook
from qmt_trading.brokers.simulated.host_lock import lock
from qmt_trading.brokers.simulated.records import Placed
from qmt_trading.brokers.simulated.wire import Counts
from qmt_trading.link.dial import Connection, DialError
from tests.kills.rig import Rig


class LinkedRig(Rig):
    """An engine whose exchange lies behind a host of its own, which it starts and starts again."""

    program = "benchmarks.linked_engine"

    def _serve(self) -> subprocess.Popen[str] | None:
        return None

    def _kill(self, line: Connection) -> None:
        """Kill the host in two of three rounds, and the engine at once or after what it does then."""
        if self._rng.randrange(3):
            for pid in self._hosts():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, _hard())
            with contextlib.suppress(DialError):
                until = time.monotonic() + self._rng.random() * 1.5
                while time.monotonic() < until:
                    self._take(line, 0.05)
        super()._kill(line)

    def _hosts(self) -> list[int]:
        assert self._engine is not None
        found: list[int] = []
        for path in Path(f"/proc/{self._engine.pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, path.read_text(encoding="ascii").split())
        return found

    def counts(self) -> Counts:
        """Count in the book, once no host writes it any more."""
        folder = self._folder / "data" / "host"
        os.close(lock(folder))
        book = FileBook(folder / "exchange.book")
        names = Counter(record.client_order_id for record in book.load() if isinstance(record, Placed))
        book.close()
        return Counts(dict(names), sum(names.values()) - len(names), sum(names.values()))


def _hard() -> int:
    assert sys.platform != "win32", "kills with SIGKILL"
    return signal.SIGKILL
