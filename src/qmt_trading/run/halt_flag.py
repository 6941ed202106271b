"""The emergency stop as a file: whoever can make a file named HALT in the data folder can stop the trading."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

NAME: Final = "HALT"

_Identity = tuple[int, int]
"""What tells one file of that name from a later one: its number on the disk and when it was written."""


class HaltFlag:
    """Up while the file exists. A halt that the journal could not keep is kept by it; a resume takes it down.

    A resume takes down the file that the engine had halted for when the resume came in, and no other: one that nobody
    was told of yet may be newer than the person's word, and is a new halt.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._known: _Identity | None = None
        """The file that was told of."""
        self._offered: _Identity | None = None
        """The file that a resume which is under way takes back."""

    @property
    def path(self) -> Path:
        return self._path

    def is_up(self) -> bool:
        return self._identity() is not None

    def tell_risen(self, tell: Callable[[], object]) -> None:
        """Call ``tell`` once for each file that is there.

        The file counts as told of only after that: a resume that comes in meanwhile goes before the halt, and must not
        take the file with it.
        """
        found = self._identity()
        if found is not None and found != self._known:
            tell()
        self._known = found

    def put_up(self, why: str) -> None:
        """Make the file, if that can be done: the disk may be what is broken."""
        with contextlib.suppress(OSError):
            self._path.write_text(why + "\n", encoding="utf-8")
        self._known = self._identity()

    def offer(self) -> None:
        """Note, when a resume comes in, which file it takes back: the one that was told of, while it is there."""
        found = self._identity()
        self._offered = found if found == self._known else None

    def take_down(self) -> None:
        """Remove the file that was offered; any other, and one that cannot be removed, is told of again and halts."""
        if self._offered is not None and self._identity() == self._offered:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
        self._known = self._offered = None

    def _identity(self) -> _Identity | None:
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns
