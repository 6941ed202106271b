"""The control door's carrier: a Unix socket with mode 0600, or a pipe for this user alone; a thread a connection."""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from qmt_trading.intake.trouble import ALERT, Trouble
from qmt_trading.intake.unix_listener import UnixListener
from qmt_trading.model.errors import DoorError

REQUEST_BYTES_MAX: Final = 1_048_576
CONNECTIONS_MAX: Final = 32
PATH_BYTES_MAX: Final = 100
REQUEST_WAIT_S: Final = 10.0
"""How long a request may take to arrive once it has begun."""
ANSWER_WAIT_S: Final = 10.0
"""How long a client may take no byte of its answer."""
_ACCEPT_PAUSE_S: Final = 0.05
_BUSY: Final = 1 << 63
"""Idle since the end of time: the last to make room."""
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
        # Not the folder that TMPDIR names: engine and client may have been started with different ones.
        return f"/tmp/qmt-{os.getuid()}/{name}.sock"


class ControlDoor:
    """Serves request lines; one slow or broken client never holds up another."""

    def __init__(self, address: str, answer: Answerer) -> None:
        self._address = address
        self._answer = answer
        self._server: _SocketServer | _PipeServer | None = None

    @property
    def name(self) -> str:
        return "control"

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

    def condition(self) -> tuple[str, str]:
        """Return whether the door is open, and what went wrong last; it begins with ⚠ while people should know."""
        server = self._server
        if server is None:
            return "未打开", "closed"
        if server.is_dead:
            return server.trouble.told(f"{ALERT}控制通道已停止应答", f"{ALERT}the control door answers nobody")
        return server.trouble.told(f"监听 {self._address}", f"listening at {self._address}")

    def close(self) -> None:
        """Stop serving; answers under way are written, for at most two seconds. Repeating it is harmless."""
        if self._server is not None:
            self._server.close()
            self._server = None


if sys.platform == "win32":
    from qmt_trading.intake.pipe_server import PipeLineServer as _PipeServer

    class _SocketServer:
        """Never made on this system."""

        is_dead = True
        trouble = Trouble(time.monotonic_ns)

        def close(self) -> None: ...

else:

    class _PipeServer:
        """Never made on this system."""

        is_dead = True
        trouble = Trouble(time.monotonic_ns)

        def close(self) -> None: ...

    class _Client:
        """One connection, and since when it asks for nothing."""

        def __init__(self, connected: socket.socket) -> None:
            self.socket = connected
            self.idle_since_ns = time.monotonic_ns()

    class _SocketServer:
        """A thread that accepts, and one for each connection.

        When all places are taken the connection that was idle longest makes room: a person who wants to halt always
        gets in.
        """

        def __init__(self, path: Path, answer: Answerer) -> None:
            self._answer = answer
            self._clients: set[_Client] = set()
            self._lock = threading.Lock()
            self._has_left = threading.Condition(self._lock)
            self.trouble = Trouble(time.monotonic_ns)
            _check_folder_is_ours(path.parent)
            self._listener = UnixListener(os.fspath(path), backlog=64)
            self._stop_out, self._stop_in = os.pipe()
            self._thread = threading.Thread(target=self._accept, name="control-door", daemon=True)
            self._thread.start()

        @property
        def is_dead(self) -> bool:
            return not self._thread.is_alive()

        def close(self) -> None:
            os.write(self._stop_in, b"\0")
            self._thread.join(_STOP_S)
            self._listener.close()
            with self._lock:
                for client in self._clients:
                    _hear_no_more(client)
                # What has arrived is answered: the one who asked us to stop is among them.
                self._has_left.wait_for(lambda: not self._clients, _STOP_S)
                for client in self._clients:
                    _hang_up(client)
            os.close(self._stop_in)
            os.close(self._stop_out)

        def _accept(self) -> None:
            while True:
                try:
                    if not self._has_accepted():
                        return
                except Exception as error:  # noqa: BLE001 - The top of the thread: it tells, and goes on after a pause.
                    self.trouble.note_error(error)
                    time.sleep(_ACCEPT_PAUSE_S)

        def _has_accepted(self) -> bool:
            """Wait for a client and begin to serve it; False: stopped."""
            listening = self._listener.listening
            ready, _, _ = select.select((listening.fileno(), self._stop_out), (), ())
            if self._stop_out in ready:
                return False
            try:
                connected, _ = listening.accept()
            except BlockingIOError:
                return True
            except OSError as error:  # Out of file descriptors: a pause, or this thread would spin.
                self.trouble.note(f"接受连接失败：{error}", f"accept: {error}")
                time.sleep(_ACCEPT_PAUSE_S)
                return True
            client = _Client(connected)
            try:
                connected.settimeout(None)
                self._add(client)
                threading.Thread(target=self._serve, args=(client,), name="control-client", daemon=True).start()
            except BaseException:  # The system has no thread left.
                self._part(client)
                raise
            return True

        def _add(self, client: _Client) -> None:
            with self._lock:
                if len(self._clients) >= CONNECTIONS_MAX:
                    # One whose request has arrived and is not read yet is not idle.
                    _hang_up(min(self._clients, key=lambda each: (_has_asked(each), each.idle_since_ns)))
                self._clients.add(client)

        def _part(self, client: _Client) -> None:
            with self._lock:
                self._clients.discard(client)
                client.socket.close()
                self._has_left.notify_all()

        def _serve(self, client: _Client) -> None:
            try:
                self._answer_requests(client)
            except OSError:
                return  # The client has gone, or takes too long.
            except Exception as error:  # noqa: BLE001 - The edge of one client's connection: it is closed, and told.
                self.trouble.note_error(error)
            finally:
                self._part(client)

        def _answer_requests(self, client: _Client) -> None:
            connected = client.socket
            rest = b""
            while len(rest) <= REQUEST_BYTES_MAX:
                connected.settimeout(REQUEST_WAIT_S if rest else None)
                received = connected.recv(65_536)
                if not received:
                    return
                *lines, rest = (rest + received).split(b"\n")
                connected.settimeout(ANSWER_WAIT_S)
                for line in lines:
                    client.idle_since_ns = _BUSY
                    connected.sendall(self._answer(line))
                    client.idle_since_ns = time.monotonic_ns()

    def _has_asked(client: _Client) -> bool:
        """Tell whether bytes of this client wait to be read."""
        try:
            ready, _, _ = select.select((client.socket,), (), (), 0)
        except (OSError, ValueError):
            return False
        return bool(ready)

    def _hear_no_more(client: _Client) -> None:
        """End the wait for further requests; those that have arrived are still read."""
        with contextlib.suppress(OSError):
            client.socket.shutdown(socket.SHUT_RD)

    def _hang_up(client: _Client) -> None:
        with contextlib.suppress(OSError):
            client.socket.shutdown(socket.SHUT_RDWR)

    def _check_folder_is_ours(folder: Path) -> None:
        """Make sure that the short folder for long paths, which stands among other people's files, is not theirs."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = folder.lstat()
        if folder.name == f"qmt-{os.getuid()}" and (found.st_uid != os.getuid() or found.st_mode & 0o077):
            raise DoorError(
                f"文件夹 {folder} 不只属于本用户，请移走 / the folder is not this user's alone: move it away"
            )
