"""How one sender behaves: what it is still owed, how much of it was nonsense, and how long it has to wait for that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS

MESSAGES_AT_ONCE: Final = 64
"""What one sender may hand over before it is the next one's turn."""
IN_FLIGHT_MAX: Final = 1024
"""Messages of one sender without an answer; beyond it one turn is taken every few milliseconds."""
IN_FLIGHT_PAUSE_NS: Final = 5 * MILLISECOND_NS
MALFORMED_PER_SECOND_MAX: Final = 2000
"""Beyond it a sender is not read for the rest of the second."""
LINES_PER_SECOND_FREE: Final = 1024
"""What a sender without receipts may send in a second before it is slowed down to a turn every few milliseconds."""

_MALFORMED: Final = b'{"seq":null,"id":"","status":"malformed"'
_OPENINGS: Final = ("＜".encode(), "＜".encode("gb18030"))
_CLOSINGS: Final = ("＞".encode(), "＞".encode("gb18030"))
_ANSWERS_MAX: Final = 256
_BLANK: Final = b" \t\r\n\0"


def answers_to(message: bytes) -> int:
    """Return how many answers ``message`` leads to: one; none for a heartbeat; one for each of glued angle messages.

    Where that cannot be known without reading the message, never too few.
    """
    if b"<" not in message and b"\xbc" not in message:
        return 1
    narrowed = message.strip(_BLANK)
    for opening, closing in zip(_OPENINGS, _CLOSINGS, strict=True):
        narrowed = narrowed.replace(opening, b"<").replace(closing, b">")
    if not narrowed.startswith(b"<"):
        return 1
    answers = 0
    for piece in narrowed.split(b"<")[1:]:
        inner, _, behind = piece.partition(b">")
        answers += (inner.strip(_BLANK).lower() != b"heartbeat") + bool(behind.strip(_BLANK))
    return min(answers, _ANSWERS_MAX)


class Conduct:
    """The account of one sender that gets receipts. Its owner sees to it that one thread at a time is in here."""

    __slots__ = ("_malformed", "_second_ns", "owed")

    def __init__(self) -> None:
        self.owed = 0
        """Answers that may still come."""
        self._second_ns = 0
        self._malformed = 0

    def answered(self, line: bytes, steady_ns: Callable[[], int]) -> None:
        """Note that ``line`` goes back to the sender."""
        self.owed -= 1
        if line.startswith(_MALFORMED):
            now_ns = steady_ns()
            if now_ns - self._second_ns >= SECOND_NS:
                self._second_ns, self._malformed = now_ns, 0
            self._malformed += 1

    def pause_ns(self, now_ns: int) -> int:
        """Return how long this sender is not to be read; 0: read on."""
        if self._malformed > MALFORMED_PER_SECOND_MAX and now_ns - self._second_ns < SECOND_NS:
            return self._second_ns + SECOND_NS - now_ns
        return IN_FLIGHT_PAUSE_NS if self.owed > IN_FLIGHT_MAX else 0


class Pace:
    """The account of senders that get no receipts: so much at once, then a turn every few milliseconds."""

    __slots__ = ("_lines", "_second_ns", "_turn")

    def __init__(self) -> None:
        self._second_ns = 0
        self._lines = 0
        self._turn = 0

    def pause_ns(self, lines: int, now_ns: int) -> int:
        """Note ``lines`` more and return how long to wait before the next ones."""
        if now_ns - self._second_ns >= SECOND_NS:
            self._second_ns, self._lines = now_ns, 0
        self._lines += lines
        self._turn += lines
        if self._lines <= LINES_PER_SECOND_FREE or self._turn < MESSAGES_AT_ONCE:
            return 0
        self._turn = 0
        return IN_FLIGHT_PAUSE_NS
