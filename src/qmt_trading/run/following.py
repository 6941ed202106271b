"""Following a journal from another process: each committed turn is folded, and the engine pays nothing for it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from typing import Final

from qmt_trading.codec.journal_record import decode_turn, seal
from qmt_trading.engine.engine import Engine
from qmt_trading.journal.sqlite import SqliteReader
from qmt_trading.model.errors import JournalBrokenError, JournalError
from qmt_trading.model.view import View
from qmt_trading.run import recovery
from qmt_trading.run.equity import Curve, Point
from qmt_trading.run.equity_history import recalled
from qmt_trading.run.reading import journal_path
from qmt_trading.run.sharing import Sharing

TURNS_AT_ONCE: Final = 2_000
"""After so many turns the view is shown: a reader that is behind catches up in steps."""
COUNTED_S: Final = 0.3
"""What the limits have been used is counted anew so often, and shown once a second."""
_Identity = tuple[int, int]


class Follower:
    """Holds what the journal in a folder tells, turn by turn. ``advance`` is for one thread, all else for any.

    There may be no journal yet, and the engine that writes it may be dead: it is looked for again each time. A journal
    that another one has taken the place of is begun anew.
    """

    def __init__(self, folder: Path, *, recalls: bool = True, steady_s: Callable[[], float] = time.monotonic) -> None:
        """Take the folder; nothing is read yet.

        Args:
            recalls: the curve of the day is completed by what was before, which costs a process for some seconds.
            steady_s: what tells time that never goes back.
        """
        self._path = journal_path(folder)
        self._recalls = recalls
        self._reader: SqliteReader | None = None
        self._identity: _Identity | None = None
        self._engine = Engine()
        self._sharing = Sharing()
        self._number = 0
        self._seal = b""
        self._is_lively = False
        """The last look found something: the next one asks for turns at once, not whether there are any."""
        self._view: View | None = None
        self._steady_s = steady_s
        self._counted_s = -inf
        """When the limits' use was last counted, by a steady clock."""
        self._has_uncounted = False
        self._curve = Curve()
        self._history: threading.Thread | None = None

    @property
    def view(self) -> View | None:
        """What the journal tells; None: there is none yet."""
        return self._view

    @property
    def number(self) -> int:
        """The last turn that is folded; 0: none is."""
        return self._number

    def advance(self) -> bool:
        """Take what was committed since the last call, some thousands of turns at most; tell whether there was any.

        Raises:
            JournalError: it cannot be read now.
            JournalBrokenError: a turn is missing, or is not what was written.
        """
        reader = self._reader
        if reader is not None and not self._is_lively and self._is_another():
            self._close()
            reader = None
        if reader is None:
            return self._begin()
        try:
            if self._is_lively or reader.has_news():
                self._is_lively = self._fold(reader)
            return self._is_lively or self._count()
        except sqlite3.Error as error:
            raise JournalError(f"日志暂时无法读取 / the journal cannot be read now: {error}") from error

    def take_equity(self) -> Sequence[tuple[str, int, str]]:
        """Return the points that came since the last call: account (empty: all), milliseconds, total assets."""
        return self._curve.take()

    def equity(self, account: str) -> Sequence[Point]:
        """Return today's points of one account, or of all together where it is empty."""
        return self._curve.points(account)

    def close(self) -> None:
        """Let go of the file."""
        self._close()

    def _begin(self) -> bool:
        identity = _identity_of(self._path)
        if identity is None:
            return False
        reader = SqliteReader(self._path)
        try:
            found = recovery.recover(reader, sharing=self._sharing)
            opened = reader.last_day_opened()
            reader.has_news()
        except (JournalError, sqlite3.Error):
            reader.close()
            raise
        self._reader, self._identity = reader, identity
        self._engine, self._number, self._seal = found.engine, found.number, found.seal
        self._curve = Curve()
        self._curve.begin_day(found.engine.state)
        self._counted_s = -inf
        if found.number:
            self._show()
        if found.number and self._recalls:
            curve = self._curve
            self._history = threading.Thread(
                target=self._recall, args=(curve, opened, found.number), name="panel-history", daemon=True
            )
            self._history.start()
        return bool(found.number)

    def _fold(self, reader: SqliteReader) -> bool:
        engine, sharing, first = self._engine, self._sharing, self._number + 1
        for turn in reader.turns(first):
            if seal(self._seal, turn.number, turn.payload) != turn.seal:
                raise JournalBrokenError(f"日志第 {turn.number} 轮被改动 / turn {turn.number} is not what was written")
            for record in decode_turn(turn.payload):
                engine.fold(sharing.record(engine.state, record))
            self._number, self._seal = turn.number, turn.seal
            if turn.number - first >= TURNS_AT_ONCE:
                reader.expect_news()
                break
        if self._number < first:
            return False
        self._show()
        return True

    def _show(self) -> None:
        self._engine.state.next_due_ns()  # Forgets what is due no more: nobody here ever takes it.
        now, view = self._steady_s(), self._view
        if view is None or now - self._counted_s >= COUNTED_S:
            self._view, self._counted_s, self._has_uncounted = self._engine.view(), now, False
        else:
            self._view, self._has_uncounted = self._engine.view(view.usages), True
        self._curve.add(self._engine.state)

    def _count(self) -> bool:
        """Show the limits' use where it is older than the rest, once the journal has come to rest."""
        if not self._has_uncounted or self._steady_s() - self._counted_s < COUNTED_S:
            return False
        self._show()
        return True

    def _recall(self, curve: Curve, opened: int, until: int) -> None:
        """Complete the curve by the day up to where it was taken up; what cannot be read is left out."""
        with contextlib.suppress(JournalError):
            curve.recall(recalled(self._path, opened, until))

    def _is_another(self) -> bool:
        found = _identity_of(self._path)
        return found is not None and found != self._identity

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._reader, self._identity, self._is_lively = None, None, False


def _identity_of(path: Path) -> _Identity | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status.st_ino else None
