"""Notices that the process stood still, so that what waited for it meanwhile is not taken for new."""

from __future__ import annotations

import threading
from typing import Final

from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.ports import Clock

BEAT_S: Final = 0.2
STOOD_NS: Final = 2 * SECOND_NS
"""Longer than any load keeps a thread from its turn."""
BACKLOG_NS: Final = 2 * SECOND_NS
"""For so long after it has stood still, what is read may have waited all the while."""


class Pulse:
    """Beats on a thread of its own, which ``run`` is for; a gap between two beats is a time in which nothing ran.

    A process that is stopped, or a machine that sleeps, leaves messages in pipes and sockets that bear no time: read
    afterwards they would look new, and their ttl would begin then. They are given the last instant at which it is known
    that they were not there yet. What came a moment after is thereby made older than it is, which refuses an order that
    could have gone, and never sends one late.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._beat: tuple[int, int] | None = None
        """Steady and wall clock at the last beat; None: it does not beat."""
        self._stood: tuple[int, int] = (0, 0)
        """Until when, by the steady clock, messages count as of which instant of the wall clock."""

    def run(self, stopping: threading.Event) -> None:
        """Beat until ``stopping`` is set."""
        while not stopping.wait(BEAT_S):
            self.beat()

    def beat(self) -> None:
        """Tell that the process runs."""
        steady_ns, wall_ns = self._clock.steady_ns(), self._clock.now_ns()
        before = self._beat
        if before is not None and _stood(before, steady_ns, wall_ns):
            self._stood = steady_ns + BACKLOG_NS, before[1]
        self._beat = steady_ns, wall_ns

    def received_ns(self, wall_ns: int) -> int:
        """Return when a message that was read at ``wall_ns`` may have come; ``wall_ns`` while nothing stood still.

        For any thread.
        """
        before = self._beat
        if before is None:
            return wall_ns
        steady_ns = self._clock.steady_ns()
        if _stood(before, steady_ns, wall_ns):
            return min(wall_ns, before[1])
        until_ns, since_ns = self._stood
        return min(wall_ns, since_ns) if steady_ns < until_ns else wall_ns


def _stood(before: tuple[int, int], steady_ns: int, wall_ns: int) -> bool:
    """Tell whether too much time has passed since ``before``; a steady clock may have slept with the machine."""
    return steady_ns - before[0] > STOOD_NS or wall_ns - before[1] > STOOD_NS
