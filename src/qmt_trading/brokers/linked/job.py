"""A job object of Windows: what was started in it ends with this process, however that ends."""

from __future__ import annotations

import sys
from typing import Any


class Job:
    """Elsewhere than on Windows, or where it forbids this, it does nothing: there the end of its input ends a host."""

    def __init__(self) -> None:
        self._handle: Any = None
        if sys.platform == "win32":
            import pywintypes
            import win32job

            create: Any = win32job.CreateJobObject  # Its stub says that it returns nothing.
            kind = win32job.JobObjectExtendedLimitInformation
            try:
                self._handle = create(None, "")
                limits = win32job.QueryInformationJobObject(self._handle, kind)
                limits["BasicLimitInformation"]["LimitFlags"] |= win32job.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
                win32job.SetInformationJobObject(self._handle, kind, limits)
            except pywintypes.error:
                self.close()

    def add(self, pid: int) -> None:
        """Put a process into the job; one that is gone already, or may not be moved, is left as it is."""
        if sys.platform == "win32" and self._handle is not None:
            import pywintypes
            import win32api
            import win32con
            import win32job

            try:
                process = win32api.OpenProcess(win32con.PROCESS_SET_QUOTA | win32con.PROCESS_TERMINATE, False, pid)
                win32job.AssignProcessToJobObject(self._handle, process)
            except pywintypes.error:
                return  # The end of its input still ends it.

    def close(self) -> None:
        """End what is left in it."""
        if self._handle is not None:
            self._handle.Close()
            self._handle = None
