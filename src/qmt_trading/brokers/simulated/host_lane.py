"""A host's lines on their way out: numbered ones, which can be sent again, and ones that may be lost."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Final

from qmt_trading.link.frames import FROM_HOST_BYTES_MAX, write

KEPT_LINES: Final = 2_000
KEPT_BYTES: Final = 2 * 1024 * 1024
WAITING_MAX: Final = 4_096
_BATCH_BYTES: Final = 256 * 1024


class Lane:
    """Lines by number, and the newest of each lossy kind. Safe from any thread; putting never blocks."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held: deque[tuple[int, bytes]] = deque()
        self._held_bytes = 0
        self._last = 0
        self._next = 1
        """The number of the line that is to be written next."""
        self._lost_from = 0
        self._session: deque[bytes] = deque()
        self._lossy: dict[str, bytes] = {}
        self._open = False
        self._ending = False
        self.acknowledged = 0

    @property
    def crowded(self) -> bool:
        """Whether lines are being lost, because too many wait."""
        return bool(self._lost_from)

    def attach(self) -> None:
        """Begin a connection: until ``open`` only the session's own lines go."""
        with self._changed:
            self._open = self._ending = False
            self._session.clear()
            self._lossy.clear()

    def open(self, replay_from: int) -> None:
        """Let numbered lines go from ``replay_from`` on; 0: none of before."""
        with self._changed:
            first = self._held[0][0] if self._held else self._last + 1
            if replay_from <= 0:
                self._next = self._last + 1
            else:
                if replay_from < first:
                    self._session.append(_gap(replay_from, first - 1))
                self._next = max(replay_from, first)
            self._open = True
            self._changed.notify_all()

    def speak(self, message: Mapping[str, object]) -> None:
        """Queue a line of the session itself: no number, and before all others."""
        with self._changed:
            self._session.append(write(message, bytes_max=FROM_HOST_BYTES_MAX))
            self._changed.notify_all()

    def put(self, message: Mapping[str, object]) -> None:
        """Queue a line in the replayed lane; where too many wait it is lost, and a gap will say so."""
        with self._changed:
            self._last += 1
            if self._lost_from or self._last - self._next >= WAITING_MAX:
                self._lost_from = self._lost_from or self._last
                return
            self._hold(write({**message, "n": self._last}, bytes_max=FROM_HOST_BYTES_MAX))
            self._changed.notify_all()

    def slot(self, message: Mapping[str, object]) -> None:
        """Queue a line that may be lost; a newer one of its kind takes its place."""
        with self._changed:
            self._lossy[str(message["t"])] = write(message, bytes_max=FROM_HOST_BYTES_MAX)
            self._changed.notify_all()

    def acknowledge(self, number: int) -> None:
        """Forget the lines up to ``number``."""
        with self._changed:
            self.acknowledged = max(self.acknowledged, min(number, self._next - 1))
            while self._held and self._held[0][0] <= self.acknowledged:
                self._forget()

    def end(self) -> None:
        """Let ``take`` no longer wait: the connection ends once it has nothing."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()

    def take(self, wait_s: float) -> bytes:
        """Return what may be written now, waiting for it at most ``wait_s``."""
        with self._changed:
            self._changed.wait_for(self._ready, wait_s)
            pieces = list(self._session)
            self._session.clear()
            size = sum(map(len, pieces))
            if self._open:
                for number, line in self._held:
                    if number < self._next:
                        continue
                    if size > _BATCH_BYTES:
                        break
                    pieces.append(line)
                    size += len(line)
                    self._next = number + 1
                if self._lost_from and self._next >= self._lost_from:
                    self._hold(_gap(self._lost_from, self._last))
                    pieces.append(self._held[-1][1])
                    self._next, self._lost_from = self._last + 1, 0
                pieces += self._lossy.values()
                self._lossy.clear()
            while len(self._held) > KEPT_LINES or self._held_bytes > KEPT_BYTES:
                if self._held[0][0] >= self._next:
                    break
                self._forget()
            return b"".join(pieces)

    def _ready(self) -> bool:
        return self._ending or bool(self._session) or (self._open and (self._next <= self._last or bool(self._lossy)))

    def _hold(self, line: bytes) -> None:
        self._held.append((self._last, line))
        self._held_bytes += len(line)

    def _forget(self) -> None:
        self._held_bytes -= len(self._held.popleft()[1])


def _gap(first: int, last: int) -> bytes:
    """Return the line that stands in the place of lines that are gone; its number is that of the last of them."""
    return write({"t": "gap", "from": first, "to": last, "n": last}, bytes_max=FROM_HOST_BYTES_MAX)
