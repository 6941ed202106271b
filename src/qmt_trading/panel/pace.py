"""How fast one key may bring lines: a program that runs wild slows its own down, and nobody else's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

LINES_PER_SECOND: Final = 100
BURST: Final = 2_000
"""What a key may bring at once after it has rested."""


class Pace:
    """A bucket for each key, which fills by the second. For any thread."""

    def __init__(self, steady_s: Callable[[], float]) -> None:
        self._steady_s = steady_s
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}
        """By key: what was in it, and when."""

    def take(self, key: str, lines: int) -> int:
        """Take so many lines from a key's bucket; return 0, or the seconds after which it will hold as many.

        A message of more lines than a bucket holds is taken from a full one.
        """
        now_s, wanted = self._steady_s(), min(lines, BURST)
        with self._lock:
            held, since_s = self._buckets.get(key, (float(BURST), now_s))
            held = min(float(BURST), held + (now_s - since_s) * LINES_PER_SECOND)
            if held < wanted:
                self._buckets[key] = held, now_s
                return int((wanted - held) / LINES_PER_SECOND) + 1
            self._buckets[key] = held - wanted, now_s
            if held >= BURST:
                self._forget_full(now_s)
            return 0

    def _forget_full(self, now_s: float) -> None:
        """Drop the buckets of those who have rested long: keys come and go."""
        rest_s = BURST / LINES_PER_SECOND
        for key in [key for key, (_, since_s) in self._buckets.items() if now_s - since_s > rest_s]:
            del self._buckets[key]
