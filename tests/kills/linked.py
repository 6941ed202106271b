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
from qmt_trading.run.reading import read_view
from tests.kills.rig import START_S, Rig

_HARD = signal.SIGTERM
if sys.platform != "win32":
    _HARD = signal.SIGKILL


class LinkedRig(Rig):
    """An engine whose exchange lies behind a host of its own, which it starts and starts again."""

    program = "benchmarks.linked_engine"

    def _serve(self) -> subprocess.Popen[str] | None:
        return None

    def start(self) -> Connection:
        """Start an engine and wait until its host's accounts have been listed, so that orders leave."""
        before = self._listed() if self.kills else {}
        line = super().start()
        until = time.monotonic() + START_S
        while any(session <= before.get(account, 0) for account, session in self._listed().items()):
            assert time.monotonic() < until, "the host did not come up"
            time.sleep(0.1)
        return line

    def _listed(self) -> dict[str, int]:
        """Return the session of each account's last complete list, by the journal."""
        return {row.account: row.listed_session for row in read_view(self._folder / "data").accounts}

    def _kill(self, line: Connection) -> None:
        """Kill the host in two of three rounds, and the engine at once or after what it does then."""
        if self._rng.randrange(3):
            for pid in self._hosts():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, _HARD)
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
