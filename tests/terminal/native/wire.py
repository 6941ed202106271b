"""The line from the stand-in native modules to the counter in the test's process; runs inside the host."""

from __future__ import annotations

import itertools
import json
import os
import queue
import socket
import threading
import time
from collections.abc import Callable
from typing import Any


class Wire:
    """Calls the counter and waits for its word, as a native call does; what the counter says unasked goes to ``hear``.

    A call that the counter does not answer blocks for ever: that is what a terminal does when it hangs.
    """

    def __init__(self, kind: str, hear: Callable[[dict[str, Any]], None]) -> None:
        host, _, port = os.environ["QMT_TEST_COUNTER"].partition(":")
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._kind = kind
        self._hear = hear
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, queue.Queue[Any]] = {}
        self._told: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, name="native-socket", daemon=True).start()
        threading.Thread(target=self._tell, name="native-io", daemon=True).start()

    def call(self, name: str, **arguments: Any) -> Any:
        number = next(self._numbers)
        answer: queue.Queue[Any] = queue.Queue()
        self._waiting[number] = answer
        line = json.dumps({"kind": self._kind, "id": number, "name": name, **arguments}).encode() + b"\n"
        with self._lock:
            try:
                self._socket.sendall(line)
            except OSError:
                time.sleep(1_000_000)  # The test has ended; its host is about to be killed.
        return answer.get()

    def _read(self) -> None:
        with self._socket.makefile("rb") as lines:
            for line in lines:
                told = json.loads(line)
                if "re" in told:
                    self._waiting.pop(told["re"]).put(told["result"])
                else:
                    self._told.put(told)

    def _tell(self) -> None:
        while True:
            self._hear(self._told.get())
