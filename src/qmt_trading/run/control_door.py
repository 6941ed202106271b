"""The control door's carrier: a Unix socket with mode 0600, or a pipe for this user alone; a thread a connection."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from qmt_trading.model.errors import DoorError

REQUEST_BYTES_MAX: Final = 1_048_576
CONNECTIONS_MAX: Final = 32
PATH_BYTES_MAX: Final = 100
_STOP_S: Final = 2.0

Answerer = Callable[[bytes], bytes]


def control_address(folder: Path) -> str:
    """Return where the engine over ``folder`` is reached; follows from the folder alone."""
    resolved = str(folder.resolve())
    name = hashlib.sha256(os.path.normcase(resolved).encode("utf-8", "surrogatepass")).hexdigest()[:24]
    if sys.platform == "win32":
        return rf"\\.\pipe\qmt-control-{name}"
    else:
        path = str(folder.resolve() / "control.sock")
        if len(os.fsencode(path)) <= PATH_BYTES_MAX:
            return path
        return str(Path(tempfile.gettempdir()) / f"qmt-{os.getuid()}" / f"{name}.sock")


class ControlDoor:
    """Serves request lines; one slow or broken client never holds up another."""

    def __init__(self, address: str, answer: Answerer) -> None:
        self._address = address
        self._answer = answer
        self._server: _SocketServer | _PipeServer | None = None

    @property
    def address(self) -> str:
        return self._address

    def open(self) -> None:
        """Begin to serve.

        Raises:
            DoorError: the address cannot be had.
        """
        if sys.platform == "win32":
            self._server = _PipeServer(self._address, self._answer)
        else:
            self._server = _SocketServer(Path(self._address), self._answer)

    def close(self) -> None:
        """Stop serving. Repeating it is harmless."""
        if self._server is not None:
            self._server.close()
            self._server = None


if sys.platform == "win32":
    from qmt_trading.intake.windows_pipe import PipeLineServer as _PipeServer

    class _SocketServer:
        """Never made on this system."""

        def close(self) -> None: ...

else:
    from qmt_trading.intake.unix_socket import remove_dead_socket

    class _PipeServer:
        """Never made on this system."""

        def close(self) -> None: ...

    class _SocketServer:
        """A thread that accepts, and one for each connection."""

        def __init__(self, path: Path, answer: Answerer) -> None:
            self._path = path
            self._answer = answer
            self._connections: set[socket.socket] = set()
            self._lock = threading.Lock()
            remove_dead_socket(path)
            self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                before = os.umask(0o177)
                try:
                    self._listener.bind(os.fspath(path))
                finally:
                    os.umask(before)
                self._listener.listen(16)
            except OSError as error:
                self._listener.close()
                raise DoorError(f"控制通道打不开 / the control door cannot be opened: {path}: {error}") from error
            self._thread = threading.Thread(target=self._accept, name="control-door", daemon=True)
            self._thread.start()

        def close(self) -> None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            with self._lock:
                for connected in self._connections:
                    with contextlib.suppress(OSError):
                        connected.shutdown(socket.SHUT_RDWR)
            self._thread.join(_STOP_S)
            with contextlib.suppress(OSError):
                self._path.unlink()

        def _accept(self) -> None:
            while True:
                try:
                    connected, _ = self._listener.accept()
                except OSError:
                    return
                with self._lock:
                    if len(self._connections) >= CONNECTIONS_MAX:
                        connected.close()
                        continue
                    self._connections.add(connected)
                threading.Thread(target=self._serve, args=(connected,), name="control-client", daemon=True).start()

        def _serve(self, connected: socket.socket) -> None:
            try:
                rest = b""
                while True:
                    received = connected.recv(65_536)
                    if not received:
                        return
                    rest += received
                    while b"\n" in rest:
                        line, _, rest = rest.partition(b"\n")
                        connected.sendall(self._answer(line))
                    if len(rest) > REQUEST_BYTES_MAX:
                        return
            except OSError:
                return  # The client has gone.
            finally:
                with self._lock:
                    self._connections.discard(connected)
                connected.close()
