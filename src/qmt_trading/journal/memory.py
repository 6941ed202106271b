"""The journal in memory: the same promises but the one about power cuts."""

from __future__ import annotations

from collections.abc import Iterator

from qmt_trading.model.errors import JournalError
from qmt_trading.model.events import KnownSignal
from qmt_trading.ports import Closing, StoredSnapshot, StoredTurn


class MemoryJournal:
    """The Journal port over lists; ``fail`` makes every further write fail, as a full disk does."""

    def __init__(self) -> None:
        self._turns: list[StoredTurn] = []
        self._opened = 0
        self._kept: StoredSnapshot | None = None
        self._known: dict[str, tuple[str, KnownSignal]] = {}
        self._failed = ""

    def fail(self, text: str) -> None:
        """Refuse all writing from now on."""
        self._failed = text

    def append(self, turn: StoredTurn, *, closing: Closing | None = None) -> None:
        self._check()
        assert turn.number == len(self._turns) + 1, turn.number
        self._turns.append(turn)
        if closing is not None:
            self._opened = turn.number
            for key, day, signal in closing.known:
                self._known.setdefault(key, (day, signal))
            self._known = {key: kept for key, kept in self._known.items() if kept[0] > closing.keep_after}

    def save_snapshot(self, snapshot: StoredSnapshot) -> None:
        self._check()
        self._kept = snapshot

    def checkpoint(self) -> None:
        """Do nothing: there is no log to move."""

    def close(self) -> None:
        """Do nothing: lists need no closing."""

    def turns(self, first: int = 1) -> Iterator[StoredTurn]:
        return iter(self._turns[first - 1 :])

    def last_day_opened(self) -> int:
        return self._opened

    def snapshot(self) -> StoredSnapshot | None:
        return self._kept

    def known_signal(self, key: str) -> KnownSignal | None:
        kept = self._known.get(key)
        return None if kept is None else kept[1]

    def _check(self) -> None:
        if self._failed:
            raise JournalError(self._failed)
