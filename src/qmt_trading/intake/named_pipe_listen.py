"""A Windows named pipe that we make: duplex, message mode, for this user and SYSTEM on this machine only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from qmt_trading.intake.pipe_server import PipeServer
from qmt_trading.intake.windows_pipe import Pipe, Reply
from qmt_trading.ports import SignalSink

INSTANCES: Final = 8
"""Made before the first client comes; more are made for clients that stay."""
BLANK: Final = b" \t\r\n\0"


class NamedPipeListenDoor:
    """The SignalSource port: one write is one message, whatever it holds; each gets its receipt as one message."""

    def __init__(self, name: str, address: str, *, now_ns: Callable[[], int], instances: int = INSTANCES) -> None:
        self._name = name
        self._address = address
        self._now_ns = now_ns
        self._count = instances
        self._server: PipeServer | None = None

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

        self._server = PipeServer(self._address, serve, instances=self._count, name=f"door-{self._name}")

    def condition(self) -> tuple[str, str]:
        """Return whether the door is open, how many clients there are, and what went wrong last."""
        server = self._server
        if server is None:
            return "未打开", "closed"
        chinese = f"监听 {self._address}，{server.connected} 个连接"
        english = f"listening at {self._address}, {server.connected} connected"
        if server.fault:
            return f"{chinese}，最近的故障：{server.fault}", f"{english}, last fault: {server.fault}"
        return chinese, english

    def close(self) -> None:
        """Stop taking messages. Repeating it is harmless."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _serve(self, pipe: Pipe, sink: SignalSink) -> None:
        reply = Reply(pipe)
        while True:
            message = pipe.read()
            assert message is not None, "a read without a limit of time returns a message or raises"
            now_ns = self._now_ns()
            if not message.is_whole:
                sink.truncated(self._name, message.payload, now_ns, reply)
            elif not message.payload:
                sink.heartbeat(self._name, now_ns)
            elif message.payload.strip(BLANK):
                sink.message(self._name, message.payload, now_ns, reply)
