"""When a message goes out, and when again: pauses after a failure, and how many in how long."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from qmt_trading.model.numbers import SECOND_NS

RETRIES_NS: Final = tuple(seconds * SECOND_NS for seconds in (5, 30, 120, 600, 1800))
"""After the first failure, the second …; the last one goes on."""
GIVE_UP_NS: Final = 6 * 3600 * SECOND_NS
"""After the first try."""
PACES: Final = ((5, 10 * SECOND_NS), (15, 60 * SECOND_NS))
"""At most so many messages in so long; the rest become one. A group robot shuts up after 20 in a minute."""
AGAIN_NS: Final = 600 * SECOND_NS
"""How often what nobody acknowledges is repeated."""
REPEATED_NS: Final = 24 * 3600 * SECOND_NS
"""How long: what nobody has acknowledged in a day is not read here."""
OLD_NS: Final = 1800 * SECOND_NS
"""What is older at a start is told in one message."""


def pause_ns(tries: int, retries_ns: tuple[int, ...] = RETRIES_NS) -> int:
    """Return how long to wait after the failure number ``tries``, from 1."""
    return retries_ns[min(tries, len(retries_ns)) - 1]


class Pace:
    """Remembers when messages went out. Time is the steady clock's, in nanoseconds."""

    def __init__(self, paces: Iterable[tuple[int, int]] = PACES) -> None:
        self._paces = tuple(paces)
        self._sent: deque[int] = deque(maxlen=max(count for count, _ in self._paces))

    def note(self, now_ns: int) -> None:
        """Remember that a message goes out now."""
        self._sent.append(now_ns)

    def room(self, now_ns: int) -> int:
        """Return how many more may go out now."""
        return min(count - sum(now_ns - at_ns < span for at_ns in self._sent) for count, span in self._paces)
