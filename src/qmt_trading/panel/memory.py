"""How much memory this process holds, and that it gives back what it needs no more."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

LARGE_BYTES: Final = 1 << 20
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
"""Of glibc's ``mallopt``."""


def resident_bytes() -> int | None:
    """Return the memory that this process has in use; None where the system is not asked."""
    if sys.platform == "win32":
        return _windows()
    else:
        import resource

        try:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        except OSError:
            return None
        return pages * resource.getpagesize()


def give_back_large_blocks() -> None:
    """Have blocks from a megabyte on returned to the system as soon as they are free.

    Else glibc learns from the first hash of a password, 9 MB, that such blocks are usual, and keeps one for each
    thread. Other C libraries return them anyway.
    """
    if sys.platform == "linux":
        import ctypes

        library = ctypes.CDLL(None)
        if hasattr(library, "gnu_get_libc_version"):
            library.mallopt(_MMAP_THRESHOLD, LARGE_BYTES)
            library.mallopt(_TRIM_THRESHOLD, LARGE_BYTES)


if sys.platform == "win32":

    def _windows() -> int | None:
        import ctypes
        from ctypes import wintypes

        class Counters(ctypes.Structure):
            _fields_ = [
                ("cb", wintypes.DWORD),
                ("page_faults", wintypes.DWORD),
                ("peak_working_set", ctypes.c_size_t),
                ("working_set", ctypes.c_size_t),
                ("quota_peak_paged", ctypes.c_size_t),
                ("quota_paged", ctypes.c_size_t),
                ("quota_peak_non_paged", ctypes.c_size_t),
                ("quota_non_paged", ctypes.c_size_t),
                ("pagefile", ctypes.c_size_t),
                ("peak_pagefile", ctypes.c_size_t),
            ]

        found = Counters(cb=ctypes.sizeof(Counters))
        process = ctypes.windll.kernel32.GetCurrentProcess
        process.restype = wintypes.HANDLE
        get = ctypes.windll.psapi.GetProcessMemoryInfo
        get.argtypes = [wintypes.HANDLE, ctypes.c_void_p, wintypes.DWORD]
        return int(found.working_set) if get(process(), ctypes.byref(found), found.cb) else None
