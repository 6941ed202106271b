"""A listening Unix domain socket that belongs to this user alone: made, checked, replaced when stale, removed."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
from typing import Final

from qmt_trading.model.errors import DoorError

PATH_BYTES_MAX: Final = 107 if sys.platform == "linux" else 103
"""What ``sun_path`` holds, without its closing NUL."""


class UnixListener:
    """A listening, non-blocking socket at a path, mode 0600.

    The file left by a dead process is replaced; the socket of a living one is never touched.
    """

    def __init__(self, path: str, *, backlog: int) -> None:
        """Bind and listen; a missing folder is made.

        Raises:
            DoorError: too long a path, an unsafe folder, something else at the path, a living listener.
        """
        self._path = path
        _check_length(path)
        _check_folder(path)
        _remove_stale(path)
        self.listening = _listen(path, backlog)
        self._identity = _identity(path)

    def close(self) -> None:
        """Stop listening, and remove the file if it is still ours."""
        self.listening.close()
        with contextlib.suppress(OSError):  # Gone already: nothing to remove.
            if _identity(self._path) == self._identity:
                os.unlink(self._path)


def _listen(path: str, backlog: int) -> socket.socket:
    if sys.platform == "win32":
        raise DoorError("Windows 上没有 Unix 套接字，请用 named_pipe / no Unix sockets on Windows: use named_pipe")
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.bind(path)
        os.chmod(path, 0o600)  # Before listen: until then every connect is refused.
        made.listen(backlog)
    except OSError as error:
        made.close()
        raise DoorError(f"无法打开 {path}：{error.strerror} / cannot open the socket: {error}") from error
    return made


def _check_length(path: str) -> None:
    length = len(os.fsencode(path))
    if length > PATH_BYTES_MAX:
        raise DoorError(
            f"路径太长（{length} 字节，最多 {PATH_BYTES_MAX}）：{path}，请换一个短的路径"
            f" / the socket path is too long ({length} bytes, at most {PATH_BYTES_MAX}): use a shorter one"
        )


def _check_folder(path: str) -> None:
    folder = os.path.dirname(os.path.abspath(path))
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        found = os.stat(folder)
    except OSError as error:
        raise DoorError(f"文件夹打不开：{folder} / the folder cannot be had: {error}") from error
    if not stat.S_ISDIR(found.st_mode):
        raise DoorError(f"不是文件夹：{folder} / not a folder")
    if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
        raise DoorError(
            f"任何人都能改写文件夹 {folder}，请执行 chmod o-w / anybody may write to the folder: run chmod o-w"
        )


def _remove_stale(path: str) -> None:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise DoorError(f"{path} 已存在，且不是套接字，请移走 / exists and is no socket: move it away")
    if _is_alive(path):
        raise DoorError(f"{path} 已有程序在监听，请先停掉它 / another running program listens there: stop it first")
    try:
        os.unlink(path)
    except OSError as error:
        raise DoorError(f"无法删除旧的 {path} / cannot remove the stale socket: {error}") from error


def _is_alive(path: str) -> bool:
    if sys.platform == "win32":
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True  # A full backlog, or not ours to dial: somebody may be there.
    return True


def _identity(path: str) -> tuple[int, int]:
    found = os.lstat(path)
    return found.st_dev, found.st_ino
