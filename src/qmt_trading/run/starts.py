"""Starts and stops on file: three stops that nobody asked for within five minutes, and the next start is a safe one."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

import msgspec

from qmt_trading.model.numbers import SECOND_NS

WINDOW_NS: Final = 300 * SECOND_NS
UNCLEAN_MAX: Final = 3
_KEPT: Final = 20


class Start(msgspec.Struct):
    """One life of the engine's process."""

    began_ns: int
    clean: bool = False
    """It stopped because somebody asked it to."""


_decoder = msgspec.json.Decoder(list[Start])


class StartLog:
    """``starts.json`` in the data folder; a file that cannot be read counts as empty."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "starts.json"
        try:
            self._starts = _decoder.decode(self._path.read_bytes())
        except (OSError, msgspec.DecodeError):
            self._starts = []

    def must_be_safe(self, now_ns: int) -> bool:
        """Tell whether this start must be for cancelling only."""
        recent = [start for start in self._starts if now_ns - start.began_ns < WINDOW_NS and not start.clean]
        return len(recent) >= UNCLEAN_MAX

    def begin(self, now_ns: int) -> None:
        """Write down a start."""
        self._starts = [*self._starts[-_KEPT:], Start(now_ns)]
        self._write()

    def end(self) -> None:
        """Write down that the start ended as asked for."""
        if self._starts:
            self._starts[-1].clean = True
            self._write()

    def _write(self) -> None:
        temporary = self._path.with_suffix(".tmp")
        with contextlib.suppress(OSError):  # A full disk: the start is then worth more than its record.
            temporary.write_bytes(msgspec.json.encode(self._starts))
            os.replace(temporary, self._path)


def set_aside(folder: Path, event: bytes, why: str, now_ns: int) -> Path:
    """Keep an event that the engine died of, for people to look at; return its file."""
    path = folder / f"poison-{now_ns}.json"
    path.write_bytes(event + b"\n" + why.encode("utf-8"))
    return path
