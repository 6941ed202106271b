"""One engine per data folder and per account: locks that the system drops when their holder dies."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path

from qmt_trading.model.errors import LockedError
from qmt_trading.model.instant import day_of, to_clock_text

if sys.platform == "win32":
    import msvcrt

    import pywintypes
    import win32con
    import win32file

    def _take(descriptor: int) -> bool:
        flags = win32con.LOCKFILE_EXCLUSIVE_LOCK | win32con.LOCKFILE_FAIL_IMMEDIATELY
        overlapped = pywintypes.OVERLAPPED()
        overlapped.Offset = 1 << 30  # Far behind the text, which must stay readable for the one who is refused.
        try:
            win32file.LockFileEx(msvcrt.get_osfhandle(descriptor), flags, 0, 1, overlapped)
        except pywintypes.error:
            return False
        return True

else:
    import fcntl

    def _take(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class Lock:
    """One locked file. The lock is the system's, not the file's existence: a killed holder leaves nothing behind."""

    def __init__(
        self,
        path: Path,
        what: str,
        *,
        holder: tuple[str, str] = ("另一个引擎", "another engine"),
        remove: bool = False,
    ) -> None:
        """Take the lock at ``path``; ``what`` names it for the error.

        Args:
            holder: who else would hold it, in Chinese and in English.
            remove: the file goes with the lock when that is let go of.

        Raises:
            LockedError: another process holds it; the text says which, since when.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._removed = path if remove else None
        while True:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            if not _take(self._descriptor):
                found = os.read(self._descriptor, 200).decode("utf-8", "replace").strip()
                os.close(self._descriptor)
                raise LockedError(f"{what} 已被{holder[0]}占用 / is held by {holder[1]}: {found or '?'}")
            if _is_at(self._descriptor, path):
                break
            os.close(self._descriptor)  # Its last holder removed it in between: what stands there now is another file.
        now_ns = time.time_ns()
        text = f"pid {os.getpid()}，自 {day_of(now_ns).isoformat()} {to_clock_text(now_ns)[:8]} 北京时间"
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, text.encode("utf-8"))

    def release(self) -> None:
        """Let go. Repeating it is harmless."""
        if self._descriptor < 0:
            return
        if sys.platform == "win32":
            os.close(self._descriptor)
            self._unlink()  # Refused where somebody has opened it again.
        else:
            self._unlink()  # While it is held: whoever opened it before finds that it is no longer at its path.
            os.close(self._descriptor)
        self._descriptor = -1

    def _unlink(self) -> None:
        if self._removed is not None:
            with contextlib.suppress(OSError):
                self._removed.unlink()


def _is_at(descriptor: int, path: Path) -> bool:
    """Tell whether the open file is the one at ``path``."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def folder_lock(folder: Path) -> Lock:
    """Take the lock of a data folder."""
    return Lock(folder / "engine.lock", f"数据文件夹 {folder}")


def account_lock(terminal: str, account: str) -> Lock:
    """Take the machine-wide lock of one account at one terminal, for this user."""
    name = hashlib.sha256(f"{terminal}\n{account}".encode()).hexdigest()[:24]
    return Lock(_lock_folder() / f"{name}.lock", f"账户 …{account[-4:]}", remove=True)


def _lock_folder() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or tempfile.gettempdir()
        return Path(base) / "qmt-trading-system" / "locks"
    else:
        base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
        return Path(base) / f"qmt-trading-system-{os.getuid()}"
