"""A Windows named pipe that we make: duplex, message mode, for this user and SYSTEM on this machine only."""

from __future__ import annotations

import sys

assert sys.platform == "win32", "named pipes of this kind exist on Windows only"

from collections.abc import Callable
from typing import Final

from qmt_trading.intake import windows_pipe
from qmt_trading.intake.windows_pipe import MESSAGE_BYTES_MAX, Instance, PipeServer
from qmt_trading.model.errors import DoorError
from qmt_trading.ports import SignalSink

INSTANCES: Final = 16


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
        if windows_pipe.exists(self._address):
            raise DoorError('管道已被上游程序创建：请把 mode 改为 "connect" / the pipe exists: set mode = "connect"')

        def serve(instance: Instance) -> None:
            self._serve(instance, sink)

        self._server = PipeServer(self._address, serve, instances=self._count, name=f"door-{self._name}")

    def condition(self) -> tuple[str, str]:
        if self._server is None:
            return "未打开", "closed"
        return f"监听 {self._address}", f"listening at {self._address}"

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _serve(self, instance: Instance, sink: SignalSink) -> None:
        reply = instance.reply()
        while True:
            message = instance.read()
            if message is None:
                return
            now_ns = self._now_ns()
            if not message:
                sink.heartbeat(self._name, now_ns)
            elif len(message) > MESSAGE_BYTES_MAX:
                sink.truncated(self._name, message, now_ns, reply)
            else:
                sink.message(self._name, message, now_ns, reply)
