"""The Unix domain socket door: one thread for all connections, receipts back to each sender."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from qmt_trading.intake.delivery import deliver, deliver_rest
from qmt_trading.intake.framing import StreamFramer
from qmt_trading.intake.unix_listener import UnixListener
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.ports import SignalSink

READ_BYTES: Final = 65_536
CONNECTIONS_MAX: Final = 256
OUTPUT_BYTES_MAX: Final = 1 << 20
"""What is kept for a sender that does not read its receipts; beyond it the connection is dropped."""
SILENCE_NS: Final = 2 * SECOND_NS
ACCEPTS_AT_ONCE: Final = 16
LINGER_NS: Final = 10 * SECOND_NS
"""How long a sender that closed only its own half may wait for receipts."""
LINGER_CHECK_NS: Final = SECOND_NS // 4
ACCEPT_PAUSE_NS: Final = SECOND_NS // 10
JOIN_S: Final = 5.0


class Connection:
    """One sender, and the ``Reply`` to it: the loop appends and flushes, the door's thread finishes what is left."""

    __slots__ = (
        "_attend",
        "_closed",
        "_lock",
        "_output",
        "_owed",
        "_stuck",
        "ended_ns",
        "framer",
        "heard_ns",
        "socket",
    )

    def __init__(self, end: socket.socket, attend: Callable[[Connection], None]) -> None:
        self.socket = end
        self.framer = StreamFramer()
        self.heard_ns = 0
        self.ended_ns = 0
        """When the sender closed its half; 0: it has not."""
        self._attend = attend
        self._lock = threading.Lock()
        self._output = bytearray()
        self._stuck = False
        """Whether the socket had no room, so that the door's thread has to finish."""
        self._owed = 0
        """Messages handed over less lines sent back."""
        self._closed = False

    def __call__(self, line: bytes) -> None:
        """Take a line; a sender that leaves too many unread is dropped."""
        with self._lock:
            self._owed -= 1
            if self._closed:
                return
            self._output += line
            if len(self._output) <= OUTPUT_BYTES_MAX:
                return
            self._close_output()
        self._attend(self)

    def flush(self) -> None:
        """Send what was taken, in one write where the socket has room; never blocks, never raises."""
        with self._lock:
            if self._stuck or self._closed:
                return
            is_done = self._send() and not self.ended_ns
        if not is_done:
            self._attend(self)

    def finish(self) -> None:
        """Send on, from the door's thread."""
        with self._lock:
            if not self._closed:
                self._send()

    def owe(self, answers: int) -> None:
        """Note that so many more answers may come."""
        with self._lock:
            self._owed += answers

    def is_stuck(self) -> bool:
        return self._stuck and not self._closed

    def is_useless(self) -> bool:
        """Tell whether nothing can or need be said to this sender any more."""
        with self._lock:
            if self._closed or not self.ended_ns:
                return self._closed
            if self._owed <= 0 and not self._output:
                return True
            try:
                self.socket.send(b"")  # Fails when the other side has closed both halves.
            except BlockingIOError:
                return False
            except OSError:
                return True
            return False

    def close(self) -> None:
        with self._lock:
            self._close_output()
            self.socket.close()

    def _close_output(self) -> None:
        self._closed = True
        self._output.clear()

    def _send(self) -> bool:
        """Send what there is room for; True when nothing is left to do for this sender."""
        try:
            sent = self.socket.send(self._output) if self._output else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            self._close_output()  # The sender is gone; the door's thread tidies up.
            return False
        del self._output[:sent]
        self._stuck = bool(self._output)
        return not self._stuck


class UnixSocketDoor:
    """A duplex door at a path, mode 0600. Receipts go back on the connection their message came by."""

    def __init__(
        self,
        name: str,
        path: Path,
        *,
        now_ns: Callable[[], int],
        steady_ns: Callable[[], int] = time.monotonic_ns,
        silence_ns: int = SILENCE_NS,
        connections_max: int = CONNECTIONS_MAX,
    ) -> None:
        self._name = name
        self._path = path
        self._now_ns = now_ns
        self._steady_ns = steady_ns
        self._silence_ns = silence_ns
        self._connections_max = connections_max
        self._connections: set[Connection] = set()
        self._unfinished: dict[Connection, None] = {}
        """Connections with bytes left without an end, the one longest silent first."""
        self._ended: dict[Connection, None] = {}
        self._attention: deque[Connection] = deque()
        self._stopping = False
        self._refused = 0
        self._fault = ""
        self._accept_again_ns = 0
        self._linger_check_ns = 0
        self._sink: SignalSink
        self._listener: UnixListener | None = None
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        return self._name

    def open(self, sink: SignalSink) -> None:
        """Begin to take messages.

        Raises:
            DoorError: the socket cannot be made; the text says why and what to do.
        """
        assert self._thread is None, "a door is opened once"
        self._listener = UnixListener(os.fspath(self._path), backlog=128)
        self._sink = sink
        self._selector = selectors.DefaultSelector()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._selector.register(self._wake_out, selectors.EVENT_READ, None)
        self._selector.register(self._listener.listening, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._run, name=f"door-{self._name}", daemon=True)
        self._thread.start()

    def condition(self) -> tuple[str, str]:
        """Return whether the door is open, how many senders there are, and what went wrong last."""
        if self._thread is None or self._stopping:
            return "未打开", "closed"
        chinese = f"监听 {self._path}，{len(self._connections)} 个连接"
        english = f"listening at {self._path}, {len(self._connections)} connected"
        if self._refused:
            chinese += f"，因连接太多拒绝了 {self._refused} 个"
            english += f", {self._refused} refused because there were too many"
        if self._fault:
            chinese += f"，最近的故障：{self._fault}"
            english += f", last fault: {self._fault}"
        return chinese, english

    def close(self) -> None:
        """Stop taking messages; receipts not yet sent are sent where the sockets have room."""
        if self._thread is None or self._stopping:
            return
        self._stopping = True
        self._wake()
        self._thread.join(JOIN_S)

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # Full: it will wake anyway. Closed: nobody is left to wake.
            self._wake_in.send(b"\0")

    def _attend(self, connection: Connection) -> None:
        self._attention.append(connection)
        self._wake()

    def _run(self) -> None:
        assert self._listener is not None
        listener = self._listener.listening
        while not self._stopping:
            for key, events in self._selector.select(self._wait_s()):
                if isinstance(key.data, Connection):
                    self._serve(key.data, events)
                elif key.fileobj is listener:
                    self._accept(listener)
                else:
                    self._wake_out.recv(4096)
            while self._attention:
                self._look_after(self._attention.popleft())
            self._expire(listener)
        self._shut()

    def _shut(self) -> None:
        assert self._listener is not None
        self._listener.close()
        for connection in list(self._connections):
            self._give_up_rest(connection)
            connection.finish()
            self._drop(connection)
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()

    def _wait_s(self) -> float | None:
        due_ns = 0
        if self._unfinished:
            due_ns = next(iter(self._unfinished)).heard_ns + self._silence_ns
        now_ns = self._steady_ns()
        if self._ended:
            due_ns = min(due_ns or self._linger_check_ns, self._linger_check_ns)
        if self._accept_again_ns:
            due_ns = min(due_ns or self._accept_again_ns, self._accept_again_ns)
        return max(due_ns - now_ns, 0) / SECOND_NS if due_ns else None

    def _accept(self, listener: socket.socket) -> None:
        # A few at a time: senders that write and leave are read and gone before the next ones reach the limit.
        for _ in range(ACCEPTS_AT_ONCE):
            try:
                end, _ = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:  # Out of file descriptors: a pause, or the loop would spin.
                self._fault = str(error)
                self._selector.unregister(listener)
                self._accept_again_ns = self._steady_ns() + ACCEPT_PAUSE_NS
                return
            if len(self._connections) >= self._connections_max:
                self._refused += 1
                end.close()
                continue
            end.setblocking(False)
            connection = Connection(end, self._attend)
            self._connections.add(connection)
            self._selector.register(end, selectors.EVENT_READ, connection)

    def _serve(self, connection: Connection, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                self._look_after(connection)
            if events & selectors.EVENT_READ and connection in self._connections and not connection.ended_ns:
                self._read(connection)
        except Exception as error:  # noqa: BLE001 - The edge of one sender's connection: the others live on.
            self._fault = f"{type(error).__name__}: {error}"
            self._drop(connection)

    def _read(self, connection: Connection) -> None:
        try:
            data = connection.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end(connection)
            return
        owed = deliver(
            connection.framer, data, self._sink, door=self._name, received_ns=self._now_ns(), reply=connection
        )
        connection.owe(owed)
        self._unfinished.pop(connection, None)
        if connection.framer.has_rest():
            connection.heard_ns = self._steady_ns()
            self._unfinished[connection] = None

    def _end(self, connection: Connection) -> None:
        """Note that the sender closed its half; it may still read its receipts."""
        self._give_up_rest(connection)
        connection.ended_ns = self._steady_ns()
        self._linger_check_ns = self._linger_check_ns or connection.ended_ns
        self._unfinished.pop(connection, None)
        self._ended[connection] = None
        self._watch(connection)
        if connection.is_useless():
            self._drop(connection)

    def _give_up_rest(self, connection: Connection) -> None:
        owed = deliver_rest(
            connection.framer, self._sink, door=self._name, received_ns=self._now_ns(), reply=connection
        )
        connection.owe(owed)

    def _look_after(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        connection.finish()
        if connection.is_useless():
            self._drop(connection)
        else:
            self._watch(connection)

    def _watch(self, connection: Connection) -> None:
        """Ask the selector for what this connection needs now: bytes to read, room to write, or nothing."""
        events = 0 if connection.ended_ns else selectors.EVENT_READ
        if connection.is_stuck():
            events |= selectors.EVENT_WRITE
        registered = connection.socket in self._selector.get_map()
        if events and registered:
            self._selector.modify(connection.socket, events, connection)
        elif events:
            self._selector.register(connection.socket, events, connection)
        elif registered:
            self._selector.unregister(connection.socket)

    def _expire(self, listener: socket.socket) -> None:
        now_ns = self._steady_ns()
        if self._accept_again_ns and now_ns >= self._accept_again_ns:
            self._accept_again_ns = 0
            self._selector.register(listener, selectors.EVENT_READ, None)
        while self._unfinished:
            connection = next(iter(self._unfinished))
            if now_ns < connection.heard_ns + self._silence_ns:
                break
            del self._unfinished[connection]
            self._give_up_rest(connection)
            if connection.framer.is_lost:
                self._end(connection)
        if not self._ended or now_ns < self._linger_check_ns:
            return
        self._linger_check_ns = now_ns + LINGER_CHECK_NS
        for connection in list(self._ended):
            if now_ns >= connection.ended_ns + LINGER_NS or connection.is_useless():
                self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self._unfinished.pop(connection, None)
        self._ended.pop(connection, None)
        if connection.socket in self._selector.get_map():
            self._selector.unregister(connection.socket)
        connection.close()
