"""The counter's end of the lines from the stand-in native modules."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
from collections.abc import Callable
from typing import Any


class NativeLine:
    """One native object's line; each of its calls is served by a thread of its own, so that one may hang alone."""

    def __init__(self, made: socket.socket, called: Callable[[NativeLine, dict[str, Any]], None]) -> None:
        self.kind = ""
        self._socket = made
        self._called = called
        self._out: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._write, daemon=True).start()

    def answer(self, message: dict[str, Any], result: Any) -> None:
        """Let the call that sent ``message`` return ``result``."""
        self.send({"re": message["id"], "result": result})

    def tell(self, callback: str, arguments: list[Any]) -> None:
        """Call a callback of xttrader's, in the order of telling."""
        self.send({"callback": callback, "arguments": arguments})

    def send(self, line: dict[str, Any]) -> None:
        self._out.put(json.dumps(line).encode() + b"\n")

    def close(self) -> None:
        self._out.put(None)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._socket.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                self.kind = message["kind"]
                threading.Thread(target=self._called, args=(self, message), daemon=True).start()

    def _write(self) -> None:
        while (line := self._out.get()) is not None:
            try:
                self._socket.sendall(line)
            except OSError:
                return


class Server:
    """Listens on loopback for native modules until closed."""

    def __init__(self, called: Callable[[NativeLine, dict[str, Any]], None]) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.lines: list[NativeLine] = []
        self._called = called
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for line in self.lines:
            line.close()

    def _accept(self) -> None:
        while True:
            try:
                made, _ = self._socket.accept()
            except OSError:
                return
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.lines.append(NativeLine(made, self._called))
