"""The Unix domain socket: a stream door for many senders, one thread for all of them."""

from __future__ import annotations

import sys

assert sys.platform != "win32", "Unix sockets of this kind exist elsewhere only"

import contextlib
import os
import selectors
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from qmt_trading.intake.framing import StreamFramer
from qmt_trading.model.errors import DoorError
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.ports import SignalSink

RECEIVE_BYTES: Final = 262_144
UNREAD_BYTES_MAX: Final = 4_194_304
"""Receipts that a sender may leave unread before it is dropped."""
CONNECTIONS_MAX: Final = 256
SILENCE_NS: Final = 2 * SECOND_NS
PATH_BYTES_MAX: Final = 100
_LOOK_S: Final = 0.25
_STOP_S: Final = 5.0


class _Sender:
    """One connection, and the Reply to it: the loop appends and flushes, the door's thread finishes what is left."""

    def __init__(self, door: UnixSocketDoor, connected: socket.socket) -> None:
        self.socket = connected
        self.framer = StreamFramer()
        self.heard_ns = 0
        self._door = door
        self._lock = threading.Lock()
        self._unsent = bytearray()
        self._gone = False
        self.wants_write = False

    def __call__(self, line: bytes) -> None:
        with self._lock:
            if not self._gone:
                self._unsent += line

    def flush(self) -> None:
        with self._lock:
            if self._gone or not self._unsent or self.wants_write:
                return
            self._send()
            if not self._unsent:
                return
            self.wants_write = True
        self._door.attend(self)

    def finish(self) -> bool:
        """Send on from the door's thread; return whether everything is out."""
        with self._lock:
            if not self._gone:
                self._send()
            self.wants_write = bool(self._unsent) and not self._gone
            return not self.wants_write

    def _send(self) -> None:
        try:
            sent = self.socket.send(self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._gone = True
            self._unsent.clear()
            return
        del self._unsent[:sent]
        if len(self._unsent) > UNREAD_BYTES_MAX:
            self._gone = True
            self._unsent.clear()

    @property
    def is_gone(self) -> bool:
        return self._gone

    def close(self) -> None:
        with self._lock:
            self._gone = True
            self._unsent.clear()
            self.socket.close()


class UnixSocketDoor:
    """The SignalSource port at a path. Mode 0600; a dead process's socket is replaced, a live one's is not."""

    def __init__(self, name: str, path: Path, *, now_ns: Callable[[], int]) -> None:
        self._name = name
        self._path = path
        self._now_ns = now_ns
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._senders: dict[int, _Sender] = {}
        self._attention: list[_Sender] = []
        self._wake_read: socket.socket | None = None
        self._wake_write: socket.socket | None = None

    @property
    def name(self) -> str:
        return self._name

    def open(self, sink: SignalSink) -> None:
        path = os.fspath(self._path)
        if len(os.fsencode(path)) > PATH_BYTES_MAX:
            raise DoorError(f"通道路径太长（最多 {PATH_BYTES_MAX} 字节）/ the path is too long: {path}")
        remove_dead_socket(self._path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            before = os.umask(0o177)
            try:
                listener.bind(path)
            finally:
                os.umask(before)
            listener.listen(64)
        except OSError as error:
            listener.close()
            raise DoorError(f"通道 {path} 打不开 / the door cannot be opened: {error}") from error
        listener.setblocking(False)
        self._listener = listener
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._thread = threading.Thread(
            target=self._serve, args=(sink, listener), name=f"door-{self._name}", daemon=True
        )
        self._thread.start()

    def condition(self) -> tuple[str, str]:
        if self._listener is None:
            return "未打开", "closed"
        count = len(self._senders)
        return f"监听 {self._path}，{count} 个连接", f"listening at {self._path}, {count} connected"

    def close(self) -> None:
        self._stopping = True
        self._wake()
        if self._thread is not None:
            self._thread.join(_STOP_S)
            self._thread = None
        for wake in (self._wake_read, self._wake_write):
            if wake is not None:
                wake.close()
        self._wake_read = self._wake_write = None
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            with contextlib.suppress(OSError):
                self._path.unlink()

    def attend(self, sender: _Sender) -> None:
        """Let the door's thread finish what ``sender`` does not read fast enough."""
        self._attention.append(sender)
        self._wake()

    def _wake(self) -> None:
        if self._wake_write is not None:
            with contextlib.suppress(OSError):
                self._wake_write.send(b"x")

    def _serve(self, sink: SignalSink, listener: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ, None)
            wake = self._wake_read
            assert wake is not None
            selector.register(wake, selectors.EVENT_READ, None)
            waiting: set[int] = set()
            while not self._stopping:
                for key, events in selector.select(_LOOK_S if waiting else None):
                    if key.fileobj is listener:
                        self._accept(selector, listener)
                    elif key.fileobj is wake:
                        self._attend(selector, wake)
                    else:
                        self._handle(selector, key.data, events, sink, waiting)
                if waiting:
                    self._silence(selector, sink, waiting)
            for sender in list(self._senders.values()):
                self._rest(sender, sink)
                sender.close()
            self._senders.clear()

    def _accept(self, selector: selectors.BaseSelector, listener: socket.socket) -> None:
        try:
            connected, _ = listener.accept()
        except OSError:
            return
        if len(self._senders) >= CONNECTIONS_MAX:
            connected.close()
            return
        connected.setblocking(False)
        sender = _Sender(self, connected)
        self._senders[connected.fileno()] = sender
        selector.register(connected, selectors.EVENT_READ, sender)

    def _attend(self, selector: selectors.BaseSelector, wake: socket.socket) -> None:
        with contextlib.suppress(OSError):
            wake.recv(4096)
        while self._attention:
            sender = self._attention.pop()
            with contextlib.suppress(KeyError, ValueError):
                selector.modify(sender.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, sender)

    def _handle(
        self, selector: selectors.BaseSelector, sender: _Sender, events: int, sink: SignalSink, waiting: set[int]
    ) -> None:
        number = sender.socket.fileno()
        if events & selectors.EVENT_WRITE and sender.finish():
            if sender.is_gone:
                self._drop(selector, sender, sink, waiting)
                return
            selector.modify(sender.socket, selectors.EVENT_READ, sender)
        if not events & selectors.EVENT_READ:
            return
        try:
            received = sender.socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if not received:
            self._drop(selector, sender, sink, waiting)
            return
        sender.heard_ns = now_ns = self._now_ns()
        messages = sender.framer.feed(received)
        name = self._name
        if sender.framer.truncated:
            broken = dict(sender.framer.truncated)
            for index in range(len(messages) + 1):
                if index in broken:
                    sink.truncated(name, broken[index], now_ns, sender)
                if index < len(messages):
                    sink.message(name, messages[index], now_ns, sender)
        else:
            for message in messages:
                sink.message(name, message, now_ns, sender)
        if sender.framer.has_rest():
            waiting.add(number)
        elif waiting:
            waiting.discard(number)

    def _silence(self, selector: selectors.BaseSelector, sink: SignalSink, waiting: set[int]) -> None:
        now_ns = self._now_ns()
        for number in list(waiting):
            sender = self._senders.get(number)
            if sender is None or not sender.framer.has_rest():
                waiting.discard(number)
            elif now_ns - sender.heard_ns > SILENCE_NS:
                waiting.discard(number)
                self._rest(sender, sink)

    def _rest(self, sender: _Sender, sink: SignalSink) -> None:
        rest = sender.framer.rest()
        if rest:
            sink.truncated(self._name, rest, self._now_ns(), sender)

    def _drop(self, selector: selectors.BaseSelector, sender: _Sender, sink: SignalSink, waiting: set[int]) -> None:
        number = sender.socket.fileno()
        self._rest(sender, sink)
        with contextlib.suppress(KeyError, ValueError):
            selector.unregister(sender.socket)
        waiting.discard(number)
        self._senders.pop(number, None)
        sender.close()


def remove_dead_socket(path: Path) -> None:
    """Remove a socket file that nobody listens at.

    Raises:
        DoorError: somebody does, or the file is something else.
    """
    try:
        kind = path.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(kind):
        raise DoorError(f"{path} 已存在且不是套接字，未作改动 / exists and is no socket, left alone")
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    probe.settimeout(1.0)
    try:
        probe.connect(os.fspath(path))
    except OSError:
        path.unlink(missing_ok=True)
        return
    finally:
        probe.close()
    raise DoorError(f"{path} 已有程序在监听 / another program listens there")
