"""The machine's clocks behind the port."""

from __future__ import annotations

import time
from typing import Final

from qmt_trading.model.numbers import SECOND_NS

CONFIRMED_NS: Final = 60 * SECOND_NS
"""How long the wall clock must stand by a step before a day is opened by it."""


class SystemClock:
    """Wall and steady clock of this machine."""

    def now_ns(self) -> int:
        return time.time_ns()

    def steady_ns(self) -> int:
        return time.perf_counter_ns()


class StepWatch:
    """Notices when the wall clock moved against the steady one by more than ``tolerance_ns`` since the last look.

    Holds its own last pair of readings; a slow drift is followed, not reported. What a step has added is doubted for
    ``CONFIRMED_NS``: a day cannot be closed again, and a clock set by mistake is put right within that time.
    """

    def __init__(self, *, tolerance_ns: int = 1_000_000_000) -> None:
        self._tolerance_ns = tolerance_ns
        self._offset_ns: int | None = None
        self._sure_offset_ns: int | None = None
        """What held before the first step that is still doubted; None: none is."""
        self._stepped_ns = 0

    def step_ns(self, *, wall_ns: int, steady_ns: int) -> int:
        """Return the step since the last look; 0 when it is within tolerance."""
        offset_ns = wall_ns - steady_ns
        before_ns = self._offset_ns
        self._offset_ns = offset_ns
        if before_ns is None or abs(offset_ns - before_ns) <= self._tolerance_ns:
            return 0
        if self._sure_offset_ns is None:
            self._sure_offset_ns = before_ns
        self._stepped_ns = steady_ns
        return offset_ns - before_ns

    def believed_ns(self, *, wall_ns: int, steady_ns: int) -> int:
        """Return the wall clock's reading, or the earlier one that the steady clock holds while a step is doubted.

        A machine that slept shows a step as well where its steady clock slept with it.
        """
        if self._sure_offset_ns is None:
            return wall_ns
        if steady_ns - self._stepped_ns >= CONFIRMED_NS:
            self._sure_offset_ns = None
            return wall_ns
        return min(wall_ns, steady_ns + self._sure_offset_ns)
