"""A disk for journals that survives the process and loses what was not synced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from qmt_trading.journal.sqlite import SqliteJournal
from qmt_trading.model.errors import JournalError
from qmt_trading.model.events import KnownSignal
from qmt_trading.ports import Closing, StoredSnapshot, StoredTurn
from tests.simulation.fuse import Fuse


class Disk:
    """What a power cut leaves."""

    def __init__(self) -> None:
        self.turns: list[StoredTurn] = []
        self.opened = 0
        self.kept: StoredSnapshot | None = None
        self.known: dict[str, KnownSignal] = {}
        self.syncs = 0


class SimulatedJournal:
    """The Journal port over a Disk: a fuse may burn through before, within and after each sync."""

    def __init__(self, disk: Disk, fuse: Fuse, *, during: Callable[[], None] | None = None) -> None:
        self._during = during
        self._disk = disk
        self._fuse = fuse
        self.fail_next = False
        self._failed = False

    def append(self, turn: StoredTurn, *, closing: Closing | None = None) -> None:
        disk = self._disk
        assert not self._failed, "the journal was written after it had failed"
        assert turn.number == len(disk.turns) + 1, "a gap in the journal"
        self._fuse.step("before the write")
        if self.fail_next:
            self._failed = True
            raise JournalError("磁盘已满 / no space left")
        self._fuse.step("written, not synced")
        disk.turns.append(turn)
        disk.syncs += 1
        if closing is not None:
            disk.opened = turn.number
            for key, _day, signal in closing.known:
                disk.known.setdefault(key, signal)
        if self._during is not None:
            self._during()
        self._fuse.step("synced, not returned")

    def turns(self, first: int = 1) -> Iterator[StoredTurn]:
        return iter(self._disk.turns[first - 1 :])

    def last_day_opened(self) -> int:
        return self._disk.opened

    def snapshot(self) -> StoredSnapshot | None:
        return self._disk.kept

    def save_snapshot(self, snapshot: StoredSnapshot) -> None:
        self._fuse.step("before the snapshot")
        self._disk.kept = snapshot

    def known_signal(self, key: str) -> KnownSignal | None:
        return self._disk.known.get(key)

    def close(self) -> None: ...


class FileJournal(SimulatedJournal):
    """The same over a real SQLite file: what it reads comes from the file alone."""

    def __init__(self, disk: Disk, fuse: Fuse, path: Path, *, during: Callable[[], None] | None = None) -> None:
        super().__init__(disk, fuse, during=during)
        self._file = SqliteJournal(path)

    def append(self, turn: StoredTurn, *, closing: Closing | None = None) -> None:
        self._fuse.step("before the write")
        if self.fail_next:
            self._failed = True
            raise JournalError("磁盘已满 / no space left")
        self._file.append(turn, closing=closing)
        self._disk.turns.append(turn)
        self._disk.syncs += 1
        if self._during is not None:
            self._during()
        self._fuse.step("synced, not returned")

    def turns(self, first: int = 1) -> Iterator[StoredTurn]:
        return self._file.turns(first)

    def last_day_opened(self) -> int:
        return self._file.last_day_opened()

    def snapshot(self) -> StoredSnapshot | None:
        return self._file.snapshot()

    def save_snapshot(self, snapshot: StoredSnapshot) -> None:
        self._fuse.step("before the snapshot")
        self._file.save_snapshot(snapshot)

    def known_signal(self, key: str) -> KnownSignal | None:
        return self._file.known_signal(key)

    def close(self) -> None:
        self._file.close()
