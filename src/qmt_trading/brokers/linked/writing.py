"""Writing lines to something that may not read: at once or not at all, or by a thread that may be held up."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import IO, Final, Protocol

from qmt_trading.brokers.linked.carrier import Sent

QUEUE_LINES_MAX: Final = 512


class Writer(Protocol):
    def send(self, line: bytes) -> Sent: ...

    def flush(self) -> None: ...

    def unsent(self) -> list[bytes]:
        """Return, after the end, the lines called whole of which nothing has left."""
        ...

    def end(self) -> None:
        """Take no more lines; what is being written may still leave."""
        ...

    def settled(self, patience_s: float) -> bool:
        """Tell whether, within ``patience_s``, nothing is being written and nothing waits to be."""
        ...

    def shut(self) -> None:
        """Take no more lines, and close the stream as soon as nothing is being written; never waits for a reader."""
        ...


class DirectWriter:
    """Writes from the calling thread to something that never blocks: a pipe of POSIX, or a socket."""

    def __init__(self, write: Callable[[bytes], int], close: Callable[[], None]) -> None:
        """Write through ``write``, which takes what it can and raises BlockingIOError when that is nothing."""
        self._write = write
        self._close = close
        self._lock = threading.Lock()
        """Held by whoever writes or closes: a number that was closed may be somebody else's file a moment later."""
        self._rest = b""
        self._open = True

    def send(self, line: bytes) -> Sent:
        with self._lock:
            self._go_on()
            if self._rest or not self._open:
                return Sent.NOTHING
            try:
                taken = self._write(line)
            except BlockingIOError:
                return Sent.NOTHING
            except (OSError, ValueError):
                self._open = False
                return Sent.NOTHING
            self._rest = line[taken:]
            if not self._rest:
                return Sent.WHOLE
            if taken:
                return Sent.PART
            self._rest = b""
            return Sent.NOTHING

    def flush(self) -> None:
        with self._lock:
            self._go_on()

    def unsent(self) -> list[bytes]:
        return []

    def end(self) -> None:
        self._open = False

    def settled(self, patience_s: float) -> bool:
        return not self._rest

    def shut(self) -> None:
        with self._lock:
            self._open = False
            self._close()

    def _go_on(self) -> None:
        try:
            while self._rest and self._open:
                self._rest = self._rest[self._write(self._rest) :]
        except BlockingIOError:
            return
        except (OSError, ValueError):
            self._open = False


def pipe_writer(stream: IO[bytes]) -> DirectWriter:
    """Return a writer to a pipe of POSIX; lines up to 4,096 bytes are taken whole or not at all."""
    descriptor = stream.fileno()
    if sys.platform != "win32":  # There is no such pipe there: it blocks whoever writes to it.
        os.set_blocking(descriptor, False)
    return DirectWriter(lambda line: os.write(descriptor, line), stream.close)


class ThreadWriter:
    """Writes by a thread of its own: a pipe of Windows blocks whoever writes to it while nobody reads."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._lines: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._open = True
        self._writing = False
        threading.Thread(target=self._work, name=f"{name}-writer", daemon=True).start()

    def send(self, line: bytes) -> Sent:
        with self._changed:
            if not self._open or len(self._lines) >= QUEUE_LINES_MAX:
                return Sent.NOTHING
            self._lines.append(line)
            self._changed.notify_all()
        return Sent.WHOLE

    def flush(self) -> None:
        """Do nothing: the thread does."""

    def unsent(self) -> list[bytes]:
        with self._changed:
            lines = list(self._lines)
            self._lines.clear()
            return lines

    def end(self) -> None:
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def settled(self, patience_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._writing and not (self._lines and self._open), patience_s)

    def shut(self) -> None:
        self.end()  # The thread closes the stream.

    def _work(self) -> None:
        try:
            self._write_lines()
        finally:
            self.end()
            try:
                self._stream.close()
            finally:
                with self._changed:
                    self._writing = False
                    self._changed.notify_all()

    def _write_lines(self) -> None:
        while True:
            with self._changed:
                self._writing = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._lines or not self._open)
                if not self._open:
                    return
                line = self._lines.popleft()
                self._writing = True
            try:
                while line:
                    line = line[os.write(self._stream.fileno(), line) :]
            except OSError:
                return
