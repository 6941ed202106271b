"""A Windows named pipe that we make: duplex, message mode, for this user and SYSTEM on this machine only."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from qmt_trading.intake.conduct import Conduct, answers_to
from qmt_trading.intake.pipe_server import FULL_CHECK_MS, IDLE_MIN_NS, INSTANCES_MAX, PipeServer
from qmt_trading.intake.trouble import ALERT, Trouble
from qmt_trading.intake.windows_pipe import Pipe, Reply
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS
from qmt_trading.ports import SignalSink

INSTANCES: Final = 8
"""Made before the first client comes; more are made for clients that stay."""
PATIENCE_NS: Final = 10 * SECOND_NS
"""How long a debt to a silent client counts: what was not answered by then will hardly be."""
BLANK: Final = b" \t\r\n\0"


class Client:
    """One client of the moment, and the ``Reply`` to it."""

    __slots__ = ("_conduct", "_lock", "_reply", "active_ns", "pipe")

    def __init__(self, pipe: Pipe) -> None:
        self.pipe = pipe
        self.active_ns = time.monotonic_ns()
        """When it last wrote."""
        self._reply = Reply(pipe)
        self._lock = threading.Lock()
        self._conduct = Conduct()

    def __call__(self, line: bytes) -> None:
        with self._lock:
            self._conduct.answered(line, time.monotonic_ns)
        self._reply(line)

    def flush(self) -> None:
        self._reply.flush()

    def owe(self, answers: int) -> None:
        """Note that so many more answers may come."""
        with self._lock:
            self._conduct.owed += answers

    def pause_ns(self) -> int:
        """Return how long this client is not to be read; 0: read on."""
        with self._lock:
            return self._conduct.pause_ns(time.monotonic_ns())

    def is_idle(self) -> bool:
        """Tell whether it wrote nothing for a moment, and is owed nothing that is likely to come."""
        silent_ns = time.monotonic_ns() - self.active_ns
        return silent_ns >= (PATIENCE_NS if self._conduct.owed > 0 else IDLE_MIN_NS)


class NamedPipeListenDoor:
    """The SignalSource port: one write is one message, whatever it holds; each gets its receipt as one message.

    When all instances are taken the client that was idle longest makes room.
    """

    def __init__(
        self,
        name: str,
        address: str,
        *,
        now_ns: Callable[[], int],
        instances: int = INSTANCES,
        instances_max: int = INSTANCES_MAX,
    ) -> None:
        self._name = name
        self._address = address
        self._now_ns = now_ns
        self._count = instances
        self._count_max = instances_max
        self._server: PipeServer | None = None
        self._lock = threading.Lock()
        self._clients: set[Client] = set()
        self._crowded = Trouble(time.monotonic_ns)

    @property
    def name(self) -> str:
        return self._name

    @property
    def server(self) -> PipeServer | None:
        return self._server

    def open(self, sink: SignalSink) -> None:
        """Begin to take messages.

        Raises:
            DoorError: the name is taken, or the access list is not what was asked for.
        """

        def serve(pipe: Pipe) -> None:
            self._serve(pipe, sink)

        self._server = PipeServer(
            self._address,
            serve,
            instances=self._count,
            name=f"door-{self._name}",
            instances_max=self._count_max,
        )

    def condition(self) -> tuple[str, str]:
        """Return whether the door is open, how many clients there are, and what went wrong last."""
        server = self._server
        if server is None:
            return "未打开", "closed"
        chinese = f"监听 {self._address}，{server.connected} 个连接"
        english = f"listening at {self._address}, {server.connected} connected"
        if self._crowded.count:
            chinese += f"，因连接太多断开了闲置最久的 {self._crowded.count} 个"
            english += f", {self._crowded.count} idle ones closed because there were too many"
        if server.is_dead:
            chinese, english = f"{ALERT}管道都已关闭，收不到信号：{chinese}", f"{ALERT}no pipe is left: {english}"
        elif self._crowded.is_fresh or server.is_full:
            chinese, english = f"{ALERT}{chinese}", f"{ALERT}{english}"
        return server.trouble.told(chinese, english)

    def close(self) -> None:
        """Stop taking messages. Repeating it is harmless."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _serve(self, pipe: Pipe, sink: SignalSink) -> None:
        client = Client(pipe)
        with self._lock:
            self._clients.add(client)
        try:
            while True:
                self._make_room(client)
                # The last to come keeps looking for one that has become idle.
                message = pipe.read(FULL_CHECK_MS if self._is_full() else None)
                if message is None:
                    continue
                client.active_ns = time.monotonic_ns()
                now_ns = self._now_ns()
                if not message.is_whole:
                    client.owe(1)
                    sink.truncated(self._name, message.payload, now_ns, client)
                elif not message.payload:
                    sink.heartbeat(self._name, now_ns)
                elif message.payload.strip(BLANK):
                    client.owe(answers_to(message.payload))
                    sink.message(self._name, message.payload, now_ns, client)
                pause_ns = client.pause_ns()
                if pause_ns:
                    pipe.pause(pause_ns // MILLISECOND_NS + 1)
        finally:
            with self._lock:
                self._clients.discard(client)

    def _is_full(self) -> bool:
        server = self._server
        return server is not None and server.is_full

    def _make_room(self, newest: Client) -> None:
        if not self._is_full():
            return
        with self._lock:
            idle = [client for client in self._clients if client is not newest and client.is_idle()]
            if idle:
                longest = min(idle, key=lambda each: each.active_ns)
                self._clients.discard(longest)
                longest.pipe.drop()
                self._crowded.note("连接太多", "too many clients")
