"""What went wrong at a door: told in its condition, and as an alert while it is fresh."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from qmt_trading.model.numbers import SECOND_NS

FRESH_NS: Final = 60 * SECOND_NS
ALERT: Final = "⚠ "
"""How a condition begins that people should be told of."""


class Trouble:
    """Faults of one door, counted; any thread may note one, any thread may ask."""

    def __init__(self, steady_ns: Callable[[], int]) -> None:
        self._steady_ns = steady_ns
        self._last = ("", "")
        self._at_ns = 0
        self.count = 0

    def note(self, chinese: str, english: str) -> None:
        """Note a fault in both languages."""
        self._last = (chinese, english)
        self._at_ns = self._steady_ns()
        self.count += 1

    def note_error(self, error: BaseException) -> None:
        """Note what was raised where nothing should be."""
        text = f"{type(error).__name__}: {error}"
        self.note(text, text)

    @property
    def is_fresh(self) -> bool:
        """Whether the last fault was noted within the last minute."""
        return bool(self.count) and self._steady_ns() - self._at_ns < FRESH_NS

    def told(self, chinese: str, english: str) -> tuple[str, str]:
        """Return a door's condition with its last fault behind it; it begins with ⚠ while that is fresh."""
        if not self.count:
            return chinese, english
        mark = ALERT if self.is_fresh and not chinese.startswith(ALERT) else ""
        times = self.count
        return (
            f"{mark}{chinese}，最近的故障（共 {times} 次）：{self._last[0]}",
            f"{mark}{english}, last fault (of {times}): {self._last[1]}",
        )
