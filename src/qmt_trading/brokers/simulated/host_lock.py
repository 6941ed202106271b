"""One host at a time on one exchange's book: the next waits until the one before is gone."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final

from qmt_trading.model.errors import ConfigurationError

PATIENCE_S: Final = 20.0
_LOCK_NAME: Final = "exchange.lock"


def lock(folder: Path) -> int:
    """Return a descriptor that holds the lock of ``folder`` until it is closed, or its process ends.

    A host whose engine was killed may still be ending when the next engine's host starts.

    Raises:
        ConfigurationError: another process has held the lock for 20 s.
    """
    held = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    until = time.monotonic() + PATIENCE_S
    while not _take(held):
        if time.monotonic() > until:
            os.close(held)
            raise ConfigurationError(f"另一个模拟柜台正在使用 {folder} / another host uses this exchange")
        time.sleep(0.05)
    return held


if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _take(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
