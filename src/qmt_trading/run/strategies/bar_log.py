"""The bars that a strategy was shown, on disk: after a start it goes on with them as history."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec

from qmt_trading.research.growing import NewBar

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(NewBar)


class BarLog:
    """One line a bar, in the order in which they ended. One writer: the strategy's own process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def read(self) -> Iterator[NewBar]:
        """Yield what was written; a last line that is torn, as by a power cut, is passed over, and cut off."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return
        whole, _, torn = content.rpartition(b"\n")
        if torn:
            with self._path.open("r+b") as file:
                file.truncate(len(content) - len(torn))
        for line in whole.splitlines():
            yield _decoder.decode(line)

    def add(self, bars: Sequence[NewBar]) -> None:
        """Write ``bars``; they are with the system when this returns."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab")
        self._file.write(b"".join(_encode(bar) + b"\n" for bar in bars))
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
