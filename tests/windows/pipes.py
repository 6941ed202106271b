"""What the tests of the named pipes share: a sink that remembers, a raw client, a listening door."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pywintypes
import win32con
import win32file

from qmt_trading.intake.named_pipe_listen import NamedPipeListenDoor
from qmt_trading.ports import Reply

FLAGSHIP = b"600000.SH:11031122,11031123;600036.SH:11031124"


class Sink:
    """Keeps what arrives, and answers when asked to."""

    def __init__(self, answer: Callable[[bytes], bytes] | None = None) -> None:
        self.messages: list[bytes] = []
        self.cut: list[bytes] = []
        self.replies: list[Reply] = []
        self.heartbeats = 0
        self._answer = answer
        self._lock = threading.Lock()

    def message(self, door: str, payload: bytes, received_ns: int, reply: Reply | None) -> None:
        with self._lock:
            self.messages.append(payload)
            if reply is not None:
                self.replies.append(reply)
        if self._answer is not None and reply is not None:
            reply(self._answer(payload))
            reply.flush()

    def truncated(self, door: str, payload: bytes, received_ns: int, reply: Reply | None) -> None:
        self.cut.append(payload)

    def heartbeat(self, door: str, received_ns: int) -> None:
        self.heartbeats += 1


def name() -> str:
    return rf"\\.\pipe\qmt-test-{uuid.uuid4().hex[:10]}"


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def client(address: str) -> Any:
    end = time.monotonic() + 10
    while True:
        try:
            return win32file.CreateFile(
                address, win32con.GENERIC_READ | win32con.GENERIC_WRITE, 0, None, win32con.OPEN_EXISTING, 0, None
            )
        except pywintypes.error as error:
            if error.winerror not in {2, 231} or time.monotonic() > end:
                raise
            time.sleep(0.005)


def a_door(sink: Sink, *, instances: int = 4) -> tuple[str, NamedPipeListenDoor]:
    address = name()
    door = NamedPipeListenDoor("pipe", address, now_ns=time.time_ns, instances=instances)
    door.open(sink)
    return address, door


def has_taken(sink: Sink, count: int) -> bool:
    return len(sink.messages) == count


def has_kept(replies: list[Reply], count: int) -> bool:
    return len(replies) == count
