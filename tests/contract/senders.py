"""What the tests of the stream doors share: a sink that remembers, and senders."""

from __future__ import annotations

import os
import socket
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from qmt_trading.ports import Reply, SignalSource

FLAGSHIP = b"600000.SH:11031122,11031123;600036.SH:11031124"
SILENCE_NS = 300_000_000


class Taken(NamedTuple):
    payload: bytes
    received_ns: int
    reply: Reply | None


class Sink:
    """Keeps what a door hands over; answers each message when told to."""

    def __init__(self) -> None:
        self.messages: list[Taken] = []
        self.cut: list[Taken] = []
        self.heartbeats = 0
        self.answer: Callable[[bytes], bytes] | None = None

    def message(self, door: str, payload: bytes, received_ns: int, reply: Reply | None) -> None:
        if self.answer is not None and reply is not None:
            reply(self.answer(payload))
            reply.flush()
        self.messages.append(Taken(payload, received_ns, reply))

    def truncated(self, door: str, payload: bytes, received_ns: int, reply: Reply | None) -> None:
        self.cut.append(Taken(payload, received_ns, reply))
        if reply is not None:
            reply(b"truncated\n")
            reply.flush()

    def heartbeat(self, door: str, received_ns: int) -> None:
        self.heartbeats += 1

    def payloads(self) -> list[bytes]:
        return [each.payload for each in self.messages]


class Sender:
    """One open line into a door."""

    def __init__(self, path: Path) -> None:
        self._socket: socket.socket | None = None
        if sys.platform != "win32" and stat.S_ISSOCK(path.stat().st_mode):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.connect(os.fspath(path))
        else:
            self._end = os.open(path, os.O_WRONLY)

    def send(self, data: bytes) -> None:
        if self._socket is not None:
            self._socket.sendall(data)
        else:
            os.write(self._end, data)

    def leave(self) -> None:
        if self._socket is not None:
            self._socket.close()
        else:
            os.close(self._end)


class Rig(NamedTuple):
    door: SignalSource
    sink: Sink
    path: Path
    is_duplex: bool


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.002)


def has_taken(sink: Sink, count: int) -> bool:
    return len(sink.messages) == count


def read_lines(end: socket.socket, count: int) -> list[bytes]:
    end.settimeout(10)
    data = b""
    while data.count(b"\n") < count:
        piece = end.recv(65_536)
        assert piece, data[-200:]
        data += piece
    return data.splitlines()
