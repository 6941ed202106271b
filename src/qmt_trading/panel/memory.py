"""How much memory this process holds."""

from __future__ import annotations

import sys
from pathlib import Path


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
