"""One engine a folder: a lock that the system drops when its holder dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

NAME: Final = ".qmt-door.lock"


class FolderLock:
    """Held from its making to ``release``."""

    def __init__(self, folder: Path) -> None:
        """Take the lock of ``folder``.

        Raises:
            BlockingIOError: another door holds it.
            OSError: the folder cannot be written to.
        """
        self._descriptor = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _take(self._descriptor)
        except OSError:
            os.close(self._descriptor)
            raise

    def release(self) -> None:
        """Let go; repeating it is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(error.errno, error.strerror) from error

else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
