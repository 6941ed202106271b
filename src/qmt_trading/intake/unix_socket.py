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

from qmt_trading.intake.conduct import MESSAGES_AT_ONCE, answers_to
from qmt_trading.intake.delivery import deliver_rest, hand_over, in_order
from qmt_trading.intake.trouble import ALERT, Trouble
from qmt_trading.intake.unix_connection import PATIENCE_NS, Connection
from qmt_trading.intake.unix_listener import UnixListener
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.ports import SignalSink

READ_BYTES: Final = 65_536
CONNECTIONS_MAX: Final = 256
SILENCE_NS: Final = 2 * SECOND_NS
ACCEPTS_AT_ONCE: Final = 16
LINGER_NS: Final = PATIENCE_NS
"""How long a sender that closed only its own half may wait for receipts."""
LINGER_CHECK_NS: Final = SECOND_NS // 4
ACCEPT_PAUSE_NS: Final = SECOND_NS // 10
RESTART_PAUSE_S: Final = 0.2
JOIN_S: Final = 5.0


class UnixSocketDoor:
    """A duplex door at a path, mode 0600. Receipts go back on the connection their message came by.

    Senders take turns of a bounded number of messages, and one that sends nonsense all the time waits for it. When all
    places are taken the connection that was idle longest makes room.
    """

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
        self._backlog: dict[Connection, None] = {}
        """Connections with messages read and not handed over yet, and free to go on."""
        self._paused: dict[Connection, int] = {}
        """Connections that are not read for the moment, each with the steady time when that ends."""
        self._attention: deque[Connection] = deque()
        self._stopping = False
        self._crowded = Trouble(steady_ns)
        self._evicted = 0
        self._refused = 0
        self._trouble = Trouble(steady_ns)
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
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._begin()
        self._thread = threading.Thread(target=self._run, name=f"door-{self._name}", daemon=True)
        self._thread.start()

    def condition(self) -> tuple[str, str]:
        """Return whether the door is open, how many senders there are, and what went wrong last."""
        if self._thread is None or self._stopping:
            return "未打开", "closed"
        if not self._thread.is_alive():
            return self._trouble.told(f"{ALERT}通道 {self._path} 已停止收信", f"{ALERT}{self._path} takes no messages")
        chinese = f"监听 {self._path}，{len(self._connections)} 个连接"
        english = f"listening at {self._path}, {len(self._connections)} connected"
        if self._evicted:
            chinese += f"，因连接太多断开了闲置最久的 {self._evicted} 个"
            english += f", {self._evicted} idle ones closed because there were too many"
        if self._refused:
            chinese += f"，因连接太多拒绝了 {self._refused} 个"
            english += f", {self._refused} refused because there were too many"
        if self._crowded.is_fresh:
            chinese, english = f"{ALERT}{chinese}", f"{ALERT}{english}"
        return self._trouble.told(chinese, english)

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

    def _begin(self) -> None:
        assert self._listener is not None
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake_out, selectors.EVENT_READ, None)
        self._selector.register(self._listener.listening, selectors.EVENT_READ, None)
        self._accept_again_ns = 0

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._round()
            except Exception as error:  # noqa: BLE001 - The top of the thread: it tells, and begins anew if it can.
                self._trouble.note_error(error)
                if not self._has_begun_anew():
                    break
        self._shut()

    def _has_begun_anew(self) -> bool:
        time.sleep(RESTART_PAUSE_S)
        self._drop_all()
        self._selector.close()
        try:
            self._begin()
        except (OSError, ValueError, KeyError) as error:
            self._trouble.note_error(error)
            return False
        return True

    def _round(self) -> None:
        assert self._listener is not None
        listener = self._listener.listening
        for key, events in self._selector.select(self._wait_s()):
            if isinstance(key.data, Connection):
                self._guarded(key.data, self._serve, events)
            elif key.fileobj is listener:
                self._accept(listener)
            else:
                self._wake_out.recv(4096)
        for connection in list(self._backlog):
            self._guarded(connection, self._go_on)
        while self._attention:
            connection = self._attention.popleft()
            self._guarded(connection, self._look_after)
        self._expire(listener)

    def _guarded(self, connection: Connection, work: Callable[..., None], *arguments: int) -> None:
        try:
            work(connection, *arguments)
        except Exception as error:  # noqa: BLE001 - The edge of one sender's connection: the others live on.
            self._trouble.note_error(error)
            self._drop(connection)

    def _drop_all(self) -> None:
        for connection in list(self._connections):
            with contextlib.suppress(OSError, ValueError, KeyError):
                self._drop(connection)
        self._connections.clear()
        self._attention.clear()
        for table in (self._unfinished, self._ended, self._backlog, self._paused):
            table.clear()

    def _shut(self) -> None:
        assert self._listener is not None
        self._listener.close()
        for connection in list(self._connections):
            self._guarded(connection, self._finish)
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()

    def _finish(self, connection: Connection) -> None:
        if not connection.backlog:  # Else its last bytes were not all read: what was not handed over is not taken.
            self._give_up_rest(connection)
        connection.finish()
        self._drop(connection)

    def _wait_s(self) -> float | None:
        if self._backlog:
            return 0.0
        due_ns = min(self._paused.values(), default=0)
        if self._unfinished:
            silent_ns = next(iter(self._unfinished)).heard_ns + self._silence_ns
            due_ns = min(due_ns or silent_ns, silent_ns)
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
                self._trouble.note(f"接受连接失败：{error}", f"accept: {error}")
                self._selector.unregister(listener)
                self._accept_again_ns = self._steady_ns() + ACCEPT_PAUSE_NS
                return
            if len(self._connections) >= self._connections_max and not self._has_made_room():
                self._refused += 1
                self._crowded.note("连接太多", "too many connections")
                end.close()
                continue
            end.setblocking(False)
            connection = Connection(end, self._attend, now_ns=self._steady_ns())
            self._connections.add(connection)
            self._selector.register(end, selectors.EVENT_READ, connection)

    def _has_made_room(self) -> bool:
        """Part from the connection that was idle longest, if any is idle."""
        now_ns = self._steady_ns()
        for connection in sorted(self._connections, key=lambda each: each.active_ns):
            if connection.is_idle(now_ns):
                self._drop(connection)
                self._evicted += 1
                self._crowded.note("连接太多", "too many connections")
                return True
        return False

    def _serve(self, connection: Connection, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._look_after(connection)
        if events & selectors.EVENT_READ and connection in self._connections and not connection.ended_ns:
            self._read(connection)

    def _read(self, connection: Connection) -> None:
        if connection.backlog or connection in self._paused:
            return
        try:
            data = connection.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._unfinished.pop(connection, None)
        if not data:
            self._end(connection)
            return
        connection.active_ns = self._steady_ns()
        connection.received_ns = self._now_ns()
        framer = connection.framer
        may_be_glued = framer.has_rest() or b"<" in data or b"\xbc" in data
        messages = framer.feed(data)
        if len(messages) > MESSAGES_AT_ONCE or framer.truncated:
            connection.backlog.extend(in_order(framer, messages))
            self._go_on(connection)
            return
        # The usual case: one turn, and nothing to be kept.
        connection.owe(sum(map(answers_to, messages)) if may_be_glued else len(messages))
        for message in messages:
            self._sink.message(self._name, message, connection.received_ns, connection)
        self._end_turn(connection)

    def _go_on(self, connection: Connection) -> None:
        """Hand over one turn's worth; what is left waits for the next round, or for the end of a pause."""
        self._backlog.pop(connection, None)
        if connection not in self._connections:
            return
        pieces = connection.next_pieces()
        hand_over(pieces, self._sink, door=self._name, received_ns=connection.received_ns, reply=connection)
        self._end_turn(connection)

    def _end_turn(self, connection: Connection) -> None:
        pause_ns = connection.pause_ns()
        if pause_ns:
            self._paused[connection] = self._steady_ns() + pause_ns
            self._watch(connection)
        elif connection.backlog:
            self._backlog[connection] = None
        else:
            self._await_end(connection)

    def _await_end(self, connection: Connection) -> None:
        """Begin to wait for the end of what is left without one; not earlier, as it may have come and be unread."""
        if connection.framer.has_rest():
            connection.heard_ns = self._steady_ns()
            self._unfinished[connection] = None

    def _resume(self, connection: Connection) -> None:
        del self._paused[connection]
        self._watch(connection)
        if connection.backlog:
            self._backlog[connection] = None
        else:
            self._await_end(connection)

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
        events = 0 if connection.ended_ns or connection in self._paused else selectors.EVENT_READ
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
        for connection in [each for each, until_ns in self._paused.items() if now_ns >= until_ns]:
            self._guarded(connection, self._resume)
        while self._unfinished:
            connection = next(iter(self._unfinished))
            if now_ns < connection.heard_ns + self._silence_ns:
                break
            del self._unfinished[connection]
            self._guarded(connection, self._give_up)
        if not self._ended or now_ns < self._linger_check_ns:
            return
        self._linger_check_ns = now_ns + LINGER_CHECK_NS
        for connection in list(self._ended):
            if now_ns >= connection.ended_ns + LINGER_NS or connection.is_useless():
                self._drop(connection)

    def _give_up(self, connection: Connection) -> None:
        self._give_up_rest(connection)
        if connection.framer.is_lost:
            self._end(connection)

    def _drop(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self._unfinished.pop(connection, None)
        self._ended.pop(connection, None)
        self._backlog.pop(connection, None)
        self._paused.pop(connection, None)
        if connection.socket in self._selector.get_map():
            self._selector.unregister(connection.socket)
        connection.close()
