"""Reading a data folder without an engine: beside a running one, or after it has died."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from qmt_trading import __version__
from qmt_trading.journal.sqlite import SqliteReader
from qmt_trading.model.view import View
from qmt_trading.run import recovery

JOURNAL_NAME: Final = "journal.sqlite"


def journal_path(folder: Path) -> Path:
    """Return where the journal of a data folder lies."""
    return folder / JOURNAL_NAME


def read_view(folder: Path, *, progress: Callable[[int], None] | None = None) -> View:
    """Return what the journal in ``folder`` tells.

    Raises:
        JournalError: there is none, or it cannot be read.
        JournalBrokenError: a turn is not what was written.
    """
    reader = SqliteReader(journal_path(folder))
    try:
        return recovery.recover(reader, progress=progress).engine.view()
    finally:
        reader.close()


def check_decisions(folder: Path, *, progress: Callable[[int], None] | None = None) -> list[str]:
    """Decide every turn of this program version again; return where the outcome differs from the record.

    Raises:
        JournalError: the journal cannot be read.
    """
    reader = SqliteReader(journal_path(folder))
    try:
        return recovery.check_decisions(reader, version=__version__, progress=progress)
    finally:
        reader.close()
