"""The machine's clocks behind the port."""

from __future__ import annotations

import time


class SystemClock:
    """Wall and steady clock of this machine."""

    def now_ns(self) -> int:
        return time.time_ns()

    def steady_ns(self) -> int:
        return time.perf_counter_ns()


class StepWatch:
    """Notices when the wall clock moved against the steady one by more than ``tolerance_ns`` since the last look.

    Holds its own last pair of readings; a slow drift is followed, not reported.
    """

    def __init__(self, *, tolerance_ns: int = 1_000_000_000) -> None:
        self._tolerance_ns = tolerance_ns
        self._offset_ns: int | None = None

    def step_ns(self, *, wall_ns: int, steady_ns: int) -> int:
        """Return the step since the last look; 0 when it is within tolerance."""
        offset_ns = wall_ns - steady_ns
        before_ns = self._offset_ns
        self._offset_ns = offset_ns
        if before_ns is None or abs(offset_ns - before_ns) <= self._tolerance_ns:
            return 0
        return offset_ns - before_ns
