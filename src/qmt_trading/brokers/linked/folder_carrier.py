"""Hosts that speak through files in a folder, for terminals whose Python can neither dial nor open a pipe."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from qmt_trading.brokers.linked.carrier import Sent, Side
from qmt_trading.model.errors import ConfigurationError

SIGN: Final = "engine"
"""The file that stands in the folder while we listen there."""
UNREAD_MAX: Final = 200
"""Files of ours that a host may leave unread."""
_STRANGERS_MAX: Final = 8
_LOOK_S: Final = 0.02
_STOP_S: Final = 5.0


class FolderCarrier:
    """Listens at ``files:FOLDER``; each connection is a folder of its own in it, which its host has made."""

    def __init__(
        self,
        address: str,
        secret: bytes,
        *,
        name: str = "host",
        take: Callable[[Path], Callable[[], None]] = lambda folder: lambda: None,
    ) -> None:
        """Make the folder, and remove what connections of before have left, unread.

        Args:
            take: takes the folder for this engine alone, and returns how to let go of it.

        Raises:
            ConfigurationError: it is no absolute path, cannot be written, or is another engine's.
        """
        self._folder = Path(address.removeprefix("files:"))
        if not self._folder.is_absolute():
            raise ConfigurationError(f"地址应为 files:绝对路径，而不是 {address} / an absolute path is needed")
        self._secret = secret
        self._name = name
        self._ended: set[str] = set()
        """Folders of connections that have ended and still stand."""
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._let_go = take(self._folder)
            (self._folder / SIGN).unlink(missing_ok=True)
            for left in self._folder.glob("host-*"):
                shutil.rmtree(left, ignore_errors=True)
        except OSError as error:
            raise ConfigurationError(f"文件夹 {self._folder} 无法使用：{error} / the folder cannot be used") from error

    def open(self, side: Side, *, observe: bool) -> None:
        """Begin to accept. Whether a host was started to observe is its own to say."""
        assert self._thread is None
        self._thread = threading.Thread(target=self._work, args=(side,), name=f"{self._name}-folder", daemon=True)
        self._thread.start()

    def came_up(self) -> None:
        """Do nothing: a host begins when it wants to."""

    def close(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_STOP_S)
        self._let_go()

    def _work(self, side: Side) -> None:
        connections: dict[str, FolderConnection] = {}
        failing = False
        while not self._stopping.wait(_LOOK_S):
            try:
                if not (self._folder / SIGN).exists():
                    (self._folder / SIGN).touch()
                self._accept(side, connections)
                failing = False
            except OSError as error:
                if not failing:
                    failing = True
                    side.complained("link_folder", f"链路文件夹读写失败：{error}", f"the link's folder fails: {error}")
            for name, connection in list(connections.items()):
                if not connection.look(side):
                    del connections[name]
                    self._ended.add(name)
        with contextlib.suppress(OSError):
            (self._folder / SIGN).unlink(missing_ok=True)
        for connection in connections.values():
            connection.close("stop")
            connection.look(side)

    def _accept(self, side: Side, connections: dict[str, FolderConnection]) -> None:
        entries = {entry.name: entry for entry in os.scandir(self._folder) if entry.name.startswith("host-")}
        self._ended &= entries.keys()
        for name, entry in entries.items():
            if name in self._ended:
                if Path(entry.path, "h-end").exists():  # The host has seen the end, too.
                    shutil.rmtree(entry.path, ignore_errors=True)
            elif name not in connections and entry.is_dir() and len(connections) < _STRANGERS_MAX:
                connections[name] = FolderConnection(Path(entry.path), self._secret)
                side.opened(connections[name])


class FolderConnection:
    """One host's folder; a Connection."""

    def __init__(self, folder: Path, secret: bytes) -> None:
        self.secret: bytes | None = secret
        self._folder = folder
        self._why = ""
        self._read = 0
        self._written = 0

    def send(self, line: bytes) -> Sent:
        """Write ``line`` as a file: whole, or not at all."""
        if self._why or (self._folder / f"e{self._written + 1 - UNREAD_MAX:010d}").exists():
            return Sent.NOTHING
        path = self._folder / f"e{self._written + 1:010d}"
        fresh = path.with_suffix(".new")
        try:
            fresh.write_bytes(line)
            os.replace(fresh, path)
        except OSError:
            return Sent.NOTHING
        self._written += 1
        return Sent.WHOLE

    def flush(self) -> None:
        """Do nothing: no line is ever taken in part."""

    def close(self, why: str) -> None:
        self._why = self._why or why
        with contextlib.suppress(OSError):  # The host has removed it, or sees by its deadline that we are gone.
            (self._folder / "e-end").touch()

    def look(self, side: Side) -> bool:
        """Pass on what has come; False: the connection has ended, and ``side`` was told."""
        is_last = (self._folder / "h-end").exists() or not self._folder.is_dir()
        while not self._why:
            path = self._folder / f"h{self._read + 1:010d}"
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                break
            except OSError:
                return True  # It is just being renamed, or looked at by a scanner of viruses.
            self._read += 1
            with contextlib.suppress(OSError):  # The number alone says that it was read.
                path.unlink()
            side.received(self, data)
        if not is_last and not self._why:
            return True
        side.closed(self, self._why or "柜台宿主断开 / the host has gone", ())
        if is_last:
            shutil.rmtree(self._folder, ignore_errors=True)
        return False
