"""The POSIX FIFO: a one-way door that ``echo … > signals.fifo`` can use."""

from __future__ import annotations

import sys

assert sys.platform != "win32", "FIFOs of this kind exist elsewhere only"

import os
import select
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from qmt_trading.intake.framing import LineFramer
from qmt_trading.model.errors import DoorError
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.ports import SignalSink

RECEIVE_BYTES: Final = 65_536
SILENCE_NS: Final = 2 * SECOND_NS
_LOOK_S: Final = 0.25
_STOP_S: Final = 5.0


class FifoDoor:
    """The SignalSource port at a FIFO, made with mode 0600 where there is none.

    It is opened for reading and writing, so that it never sees the end when a writer leaves. Writes of more than 4,096
    bytes of several writers mix; that is the system's rule, and a longer line is refused.
    """

    def __init__(self, name: str, path: Path, *, now_ns: Callable[[], int]) -> None:
        self._name = name
        self._path = path
        self._now_ns = now_ns
        self._descriptor = -1
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._wake: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        return self._name

    def open(self, sink: SignalSink) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not self._path.exists():
                os.mkfifo(self._path, 0o600)
            if not stat.S_ISFIFO(self._path.stat().st_mode):
                raise DoorError(f"{self._path} 已存在且不是 FIFO，未作改动 / exists and is no FIFO, left alone")
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_NONBLOCK)
        except OSError as error:
            raise DoorError(f"通道 {self._path} 打不开 / the door cannot be opened: {error}") from error
        self._wake = os.pipe()
        self._thread = threading.Thread(
            target=self._serve, args=(sink, self._wake[0]), name=f"door-{self._name}", daemon=True
        )
        self._thread.start()

    def condition(self) -> tuple[str, str]:
        if self._descriptor < 0:
            return "未打开", "closed"
        return f"监听 {self._path}", f"listening at {self._path}"

    def close(self) -> None:
        self._stopping = True
        if self._wake is not None:
            os.write(self._wake[1], b"x")
        if self._thread is not None:
            self._thread.join(_STOP_S)
            self._thread = None
        for each in self._wake or ():
            os.close(each)
        self._wake = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _serve(self, sink: SignalSink, wake: int) -> None:
        framer, name, descriptor = LineFramer(), self._name, self._descriptor
        heard_ns = 0
        while not self._stopping:
            ready, _, _ = select.select([descriptor, wake], [], [], _LOOK_S if framer.has_rest() else None)
            now_ns = self._now_ns()
            if descriptor in ready:
                heard_ns = now_ns
                messages = framer.feed(os.read(descriptor, RECEIVE_BYTES))
                broken = dict(framer.truncated)
                for index in range(len(messages) + 1):
                    if index in broken:
                        sink.truncated(name, broken[index], now_ns, None)
                    if index < len(messages):
                        sink.message(name, messages[index], now_ns, None)
            elif framer.has_rest() and now_ns - heard_ns > SILENCE_NS:
                sink.truncated(name, framer.rest(), now_ns, None)
