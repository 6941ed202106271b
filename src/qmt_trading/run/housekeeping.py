"""What is done when nothing else is: snapshots, checkpoints, the head hash for the log."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Protocol

from qmt_trading.codec.state_snapshot import encode_parts
from qmt_trading.model.errors import JournalError
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.ports import Clock, StoredSnapshot
from qmt_trading.run.loop import Loop

SNAPSHOT_TURNS: Final = 20_000
"""Turns after which a new snapshot is worth its time."""
SNAPSHOT_IDLE_NS: Final = 2 * SECOND_NS
HEAD_EVERY_NS: Final = 60 * SECOND_NS
CHECKPOINT_EVERY_NS: Final = 5 * SECOND_NS
_REST_S: Final = 0.0005
"""Pause between two parts of a snapshot, so that the loop never waits for more than one."""


class Keeper(Protocol):
    """The journal's side of housekeeping; both may be called beside ``append``."""

    def save_snapshot(self, snapshot: StoredSnapshot) -> None: ...

    def checkpoint(self) -> None: ...


class Housekeeping:
    """Belongs to one thread of low importance; every step may be left out without harm."""

    def __init__(
        self,
        loop: Loop,
        journal: Keeper,
        clock: Clock,
        *,
        head: Callable[[int, bytes], None],
        trouble: Callable[[str], None],
        watch: Callable[[], None],
        end: Callable[[], None] = lambda: None,
    ) -> None:
        """Take the parts; ``watch`` is called by every step, ``end`` once, by the thread that has made the steps."""
        self._loop = loop
        self._journal = journal
        self._clock = clock
        self._head = head
        self._trouble = trouble
        self._watch = watch
        self._end = end
        self._snapshot_number = loop.head[0]
        self._last = loop.head[0]
        self._quiet_since_ns = clock.steady_ns()
        self._head_ns = 0
        self._checkpoint_ns = 0

    def run(self, stopping: threading.Event) -> None:
        """Work until ``stopping`` is set."""
        while not stopping.wait(1.0):
            self.step()
        self._end()

    def step(self) -> None:
        """Do what is due."""
        self._watch()
        number, seal = self._loop.head
        now_ns = self._clock.steady_ns()
        if number != self._last:
            self._last, self._quiet_since_ns = number, now_ns
        if now_ns - self._head_ns > HEAD_EVERY_NS and number:
            self._head_ns = now_ns
            self._head(number, seal)
        if now_ns - self._checkpoint_ns > CHECKPOINT_EVERY_NS:
            self._checkpoint_ns = now_ns
            try:
                self._journal.checkpoint()
            except JournalError as error:
                self._trouble(str(error))
        quiet = now_ns - self._quiet_since_ns > SNAPSHOT_IDLE_NS
        if quiet and number - self._snapshot_number >= SNAPSHOT_TURNS:
            self.snapshot()

    def snapshot(self) -> bool:
        """Keep a snapshot of the committed state; return whether one was kept."""
        taken = self._loop.capture()
        if taken is None:
            return False
        number, seal, snapshot = taken
        parts: list[bytes] = []
        pause = threading.Event()
        for part in encode_parts(snapshot):
            parts.append(part)
            pause.wait(_REST_S)
        try:
            self._journal.save_snapshot(StoredSnapshot(number, seal, b"\n".join(parts)))
        except JournalError as error:
            self._trouble(str(error))
            return False
        self._snapshot_number = number
        return True
