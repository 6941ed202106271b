"""How long an upstream has been silent, whether or not its line is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

HEARTBEATS_MISSED_MAX: Final = 3


class SignOfLife:
    """Counts from the last heartbeat or message, or from the beginning; a line that opens or closes is no such sign."""

    def __init__(self, period_ns: int, steady_ns: Callable[[], int]) -> None:
        """Args: period_ns: how often a sign is promised; 0: not at all."""
        self._period_ns = period_ns
        self._steady_ns = steady_ns
        self._heard_ns = steady_ns()

    def heard(self) -> None:
        """Note a sign of life."""
        self._heard_ns = self._steady_ns()

    @property
    def silent_ns(self) -> int:
        """How long no sign came."""
        return self._steady_ns() - self._heard_ns

    @property
    def is_overdue(self) -> bool:
        """Whether more than three promised signs did not come."""
        return bool(self._period_ns) and self.silent_ns > HEARTBEATS_MISSED_MAX * self._period_ns
