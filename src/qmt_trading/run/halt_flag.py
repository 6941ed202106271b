"""The emergency stop as a file: whoever can make a file named HALT in the data folder can stop the trading."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

NAME: Final = "HALT"


class HaltFlag:
    """Up while the file exists. A halt that the journal could not keep is kept by it; a resume takes it down."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._seen = False

    @property
    def path(self) -> Path:
        return self._path

    def is_up(self) -> bool:
        return self._path.exists()

    def has_risen(self) -> bool:
        """Tell once whether the flag was put up since it was down last, or since the start."""
        up = self.is_up()
        risen = up and not self._seen
        self._seen = up
        return risen

    def put_up(self, why: str) -> None:
        """Make the file, if that can be done: the disk may be what is broken."""
        with contextlib.suppress(OSError):
            self._path.write_text(why + "\n", encoding="utf-8")
        self._seen = True

    def take_down(self) -> None:
        """Remove the file; one that cannot be removed stays up for the next start."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
