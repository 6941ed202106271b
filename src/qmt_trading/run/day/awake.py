"""Keeps the machine from going to sleep while brokers are open; on Windows only, elsewhere nothing is done."""

from __future__ import annotations

import ctypes
import sys
from typing import Final, Protocol

ES_CONTINUOUS: Final = 0x80000000
ES_SYSTEM_REQUIRED: Final = 0x00000001
"""Source: Win32 ``SetThreadExecutionState``; what one thread asks for ends with that thread."""


class Power(Protocol):
    """The system's switch."""

    def set(self, *, awake: bool) -> bool:
        """Ask the system to stay awake, or no longer; return whether it has taken the request."""
        ...


if sys.platform == "win32":

    class WindowsPower:
        """``SetThreadExecutionState``, for the thread that calls it."""

        def set(self, *, awake: bool) -> bool:
            call = ctypes.WinDLL("kernel32").SetThreadExecutionState
            call.argtypes, call.restype = (ctypes.c_uint,), ctypes.c_uint
            return bool(call(ES_CONTINUOUS | (ES_SYSTEM_REQUIRED if awake else 0)))


class NoPower:
    """Where this system offers nothing of the kind, or nobody wants it."""

    def set(self, *, awake: bool) -> bool:
        del awake
        return False


def power_of_this_system() -> Power:
    if sys.platform == "win32":
        return WindowsPower()
    else:
        return NoPower()


class Awake:
    """Holds the machine awake while it is told to. For one thread, which must live as long as it is to hold."""

    def __init__(self, power: Power) -> None:
        self._power = power
        self.held = False

    def hold(self, wanted: bool) -> str:
        """Hold, or let go; return what is worth a line in the log, empty where nothing has changed."""
        if wanted == self.held:
            return ""
        self.held = wanted
        taken = self._power.set(awake=wanted)
        if not wanted:
            return "不再阻止睡眠" if taken else ""
        return "已阻止电脑自动睡眠，到夜间为止" if taken else ""
