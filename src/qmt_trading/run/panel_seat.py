"""The one seat of a panel that an engine has started: it outlives a crash there, and leaves when the next one comes."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from pathlib import Path
from typing import Final

from qmt_trading.model.errors import LockedError
from qmt_trading.run.locks import Lock

LAST_WORD: Final = b"end\n"
"""What an engine says to its panel when it ends because somebody wants it to; one that has crashed says nothing."""
LEAVE_S: Final = 10.0
"""How long a panel may take to leave."""
_LOOK_S: Final = 0.1
_LOCK: Final = "panel.lock"
_LEAVE: Final = "panel.leave"
"""Stands in the data folder while somebody waits for the seat."""
_PID: Final = re.compile(r"pid (\d+)")


def take(folder: Path, *, wait_s: float = LEAVE_S, by_force: bool = True) -> Lock | None:
    """Return the seat, once whoever was left on it by a dead engine has gone; None: it cannot be had.

    The lock holds for as long as this process lives.

    Args:
        by_force: a panel that has not gone by ``wait_s`` hangs, and is ended.
    """
    try:
        seat = _ask_for(folder, wait_s)
        if seat is None and by_force and _end_holder(folder):
            seat = _ask_for(folder, wait_s)
    except OSError:
        return None
    return seat


def send_away(folder: Path) -> bool:
    """Have a panel that a dead engine has left behind leave; tell whether there was one and it has gone."""
    if not (folder / _LOCK).exists():
        return False
    with contextlib.suppress(LockedError):
        Lock(folder / _LOCK, "面板").release()
        return False
    seat = take(folder, by_force=False)
    if seat is not None:
        seat.release()
    return seat is not None


def wait_for_successor(folder: Path) -> None:
    """Return when somebody asks for the seat; what an earlier one has asked is forgotten."""
    asked = folder / _LEAVE
    with contextlib.suppress(OSError):
        asked.unlink()  # Whoever still waits asks again.
    while not asked.exists():
        time.sleep(_LOOK_S)


def _ask_for(folder: Path, wait_s: float) -> Lock | None:
    asked = folder / _LEAVE
    until = time.monotonic() + wait_s
    try:
        while True:
            with contextlib.suppress(LockedError):
                return Lock(folder / _LOCK, "面板")
            if time.monotonic() > until:
                return None
            asked.touch()
            time.sleep(_LOOK_S)
    finally:
        with contextlib.suppress(OSError):
            asked.unlink()


def _end_holder(folder: Path) -> bool:
    """End the process that holds the seat; it holds it still, so the number that it wrote there is its own."""
    try:
        Lock(folder / _LOCK, "面板").release()
    except LockedError as error:
        found = _PID.search(str(error))
        if found is None:
            return False
        with contextlib.suppress(OSError):
            os.kill(int(found[1]), getattr(signal, "SIGKILL", signal.SIGTERM))  # On Windows the latter ends it as well.
    return True
