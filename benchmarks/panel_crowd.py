"""Many browsers of one panel in one cheap process, so that it is the panel that is measured and not they.

``python -m benchmarks.panel_crowd``: reads one line of JSON (``address``, ``cookie``, ``streams``, ``frozen``,
``tables``), says ``ready`` once every stream is open, goes on until its standard input ends, and then prints what it
has taken.
Streams are read and thrown away; frozen ones are opened and never read; tables are asked for one after the other.
"""

from __future__ import annotations

import sys

assert sys.platform != "win32", "measured on Linux"

import fcntl
import json
import selectors
import socket
import struct
import termios
import threading
import time
from typing import Final

from msgspec import Struct

from benchmarks.panel_client import Visitor

TABLES: Final = ("orders?sort=-price&limit=100", "orders?q=600000&offset=500", "signals", "status", "orders.csv")
AT_ONCE: Final = 20
"""Streams that are opened before the first of them is answered."""
CHUNK: Final = 1 << 16
SWITCHED: Final = b"101"


class Taken(Struct):
    """What the browsers have taken since all were open."""

    streams: int = 0
    """That were still open at the end."""
    told: int = 0
    """Of these, how many were told anything."""
    megabytes: float = 0.0
    tables: int = 0
    """Answers, each whole."""
    waiting_kb: float = 0.0
    """What stands in the frozen browsers' own buffers, for nobody to take."""


class Crowd:
    """The streams; one thread reads them all."""

    def __init__(self, visitor: Visitor, streams: int, frozen: int) -> None:
        """Open them.

        Raises:
            OSError: the machine or the panel takes no more.
        """
        self._selector = selectors.DefaultSelector()
        self._bytes: dict[int, int] = {}
        for first in range(0, streams, AT_ONCE):
            for line in [visitor.frozen() for _ in range(min(AT_ONCE, streams - first))]:
                _welcome(line)
                line.setblocking(False)
                self._selector.register(line, selectors.EVENT_READ)
                self._bytes[line.fileno()] = 0
        self._frozen = [visitor.frozen() for _ in range(frozen)]

    def read(self, stopping: threading.Event) -> None:
        """Take what comes until the crowd goes home."""
        while not stopping.is_set():
            for key, _ in self._selector.select(0.1):
                line = key.fileobj
                assert isinstance(line, socket.socket)
                try:
                    size = len(line.recv(CHUNK))
                except OSError:
                    size = 0
                if size:
                    self._bytes[key.fd] += size
                    continue
                self._selector.unregister(line)
                del self._bytes[key.fd]
                line.close()
            time.sleep(0.01)  # A browser, too, is woken for each frame and not for each packet.

    def taken(self) -> Taken:
        """Return what was taken by those that are still there."""
        return Taken(
            streams=len(self._bytes),
            told=sum(size > 0 for size in self._bytes.values()),
            megabytes=round(sum(self._bytes.values()) / 1e6, 2),
            waiting_kb=round(sum(map(_waiting, self._frozen)) / 1e3, 1),
        )


def _welcome(line: socket.socket) -> None:
    """Take the answer to a handshake, and no byte of what follows."""
    line.settimeout(60)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        received = line.recv(1)
        assert received, f"the panel closed a stream: {head[:200]!r}"
        head += received
    assert head.split(b" ", 2)[1] == SWITCHED, head[:200]


def _waiting(line: socket.socket) -> int:
    (found,) = struct.unpack("i", fcntl.ioctl(line.fileno(), termios.FIONREAD, b"\0" * 4))
    return int(found)


def _ask(visitor: Visitor, stopping: threading.Event, answers: list[int]) -> None:
    while not stopping.is_set():
        for path in TABLES:
            if not stopping.is_set():
                visitor.get(f"/api/v1/{path}")
                answers.append(1)


def main() -> None:
    """Open, say so, read until nobody wants it any more, and tell."""
    asked = json.loads(sys.stdin.readline())
    visitor = Visitor(asked["address"], asked["cookie"], "/api/v1/stream")
    crowd = Crowd(visitor, asked["streams"], asked["frozen"])
    stopping, answers = threading.Event(), list[int]()
    threads = [threading.Thread(target=crowd.read, args=(stopping,), daemon=True)]
    if asked["tables"]:
        threads.append(threading.Thread(target=_ask, args=(visitor, stopping, answers), daemon=True))
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.read()
    taken = crowd.taken()
    taken.tables = len(answers)
    stopping.set()
    print(json.dumps({name: getattr(taken, name) for name in Taken.__struct_fields__}), flush=True)


if __name__ == "__main__":
    main()
