"""Starts and stops on file: three stops that nobody asked for within five minutes, and the next start is a safe one."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

import msgspec

from qmt_trading.model.instant import to_clock_text
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

    @property
    def last_was_unclean(self) -> bool:
        """Whether the life before this one ended without anybody asking; call before ``begin``."""
        return bool(self._starts) and not self._starts[-1].clean

    def must_be_safe(self, now_ns: int) -> bool:
        """Tell whether this start must be for cancelling only."""
        return len(self._unclean(now_ns)) >= UNCLEAN_MAX

    def why_safe(self, now_ns: int) -> str:
        """Return why this start must be for cancelling only, and from when on one no longer must; empty: it need not.

        A person's release of the stop does not shorten this: a start within the window is a safe one all the same.
        """
        recent = self._unclean(now_ns)
        if len(recent) < UNCLEAN_MAX:
            return ""
        times = "、".join(to_clock_text(start.began_ns)[:8] for start in recent[-UNCLEAN_MAX:])
        until = to_clock_text(recent[-UNCLEAN_MAX].began_ns + WINDOW_NS)[:8]
        return f"五分钟内 {len(recent)} 次启动没有正常退出：{times}；{until} 以后的启动不再受此限制"

    def _unclean(self, now_ns: int) -> list[Start]:
        return [start for start in self._starts if now_ns - start.began_ns < WINDOW_NS and not start.clean]

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
