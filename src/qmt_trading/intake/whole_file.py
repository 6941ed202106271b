"""Reading a file that nobody is writing, and moving it; what somebody holds open is left for later."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Final

from qmt_trading.intake.order_file import FILE_BYTES_MAX

_SHARING: Final = (32, 33)
"""ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION: Excel, a copy under way, a virus scanner."""


class StillOpenError(Exception):
    """Another program has the file open; later it will not."""


def read_whole(path: Path) -> bytes:
    """Return the content of ``path``, at most one byte more than a file of orders may have.

    On Windows and Linux a file that another program has open for writing is not read.

    Raises:
        StillOpenError: it is open elsewhere, or changed while it was read.
        OSError: it cannot be read, or is no plain file.
    """
    descriptor = _opened(path)
    with os.fdopen(descriptor, "rb") as file:
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise OSError(f"{path} 不是普通文件 / no plain file")
        data = file.read(FILE_BYTES_MAX + 1)
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise StillOpenError
    return data


def move(path: Path, target: Path) -> None:
    """Move ``path`` to ``target`` in one step.

    Raises:
        StillOpenError: another program holds it.
        OSError: it cannot be moved.
    """
    try:
        os.replace(path, target)
    except PermissionError as error:
        if getattr(error, "winerror", None) in (5, *_SHARING):
            raise StillOpenError from error
        raise


if sys.platform == "win32":
    import msvcrt

    import pywintypes
    import win32con
    import win32file

    def _opened(path: Path) -> int:
        """Open for reading, and only where nobody has it open for writing."""
        return _open(path, win32con.FILE_SHARE_READ | win32con.FILE_SHARE_DELETE)

    def open_shared(path: Path) -> int:
        """Return a descriptor for reading that keeps nobody from writing, renaming or deleting.

        Raises:
            StillOpenError: another program keeps everybody else out.
            OSError: it cannot be opened.
        """
        return _open(path, win32con.FILE_SHARE_READ | win32con.FILE_SHARE_WRITE | win32con.FILE_SHARE_DELETE)

    def _open(path: Path, share: int) -> int:
        try:
            handle = win32file.CreateFile(
                os.fspath(path), win32con.GENERIC_READ, share, None, win32con.OPEN_EXISTING, 0, None
            )
        except pywintypes.error as error:
            if error.winerror in _SHARING:
                raise StillOpenError from error
            raise OSError(0, error.strerror, os.fspath(path), error.winerror) from error
        return msvcrt.open_osfhandle(int(handle.Detach()), os.O_RDONLY | os.O_BINARY)

else:
    import fcntl
    import signal

    def open_shared(path: Path) -> int:
        """Return a descriptor for reading that keeps nobody from writing, renaming or deleting.

        Raises:
            OSError: it cannot be opened.
        """
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def _opened(path: Path) -> int:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if sys.platform == "linux":
                _refuse_writers(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    if sys.platform == "linux":

        def _refuse_writers(descriptor: int) -> None:
            """Raise where somebody has the file open for writing: no lease to read is given then."""
            try:
                # A writer that opens it now is told by this signal, which does nothing; the usual one would end us.
                fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
                fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            except BlockingIOError as error:
                raise StillOpenError from error
            except OSError:
                return  # Another user's file, or a file system without leases: its quiet has to do.
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
