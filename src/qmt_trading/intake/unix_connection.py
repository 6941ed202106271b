"""One sender at the Unix socket door: its bytes on the way in, its receipts on the way out, what it is owed."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from qmt_trading.intake.conduct import MESSAGES_AT_ONCE, Conduct, answers_to
from qmt_trading.intake.delivery import Piece
from qmt_trading.intake.framing import StreamFramer
from qmt_trading.model.numbers import SECOND_NS

OUTPUT_BYTES_MAX: Final = 1 << 20
"""What is kept for a sender that does not read its receipts; beyond it the connection is dropped."""
PATIENCE_NS: Final = 10 * SECOND_NS
"""How long a debt to a silent sender counts: what was not answered by then will hardly be."""


class Connection:
    """One sender, and the ``Reply`` to it: the loop appends and flushes, the door's thread finishes what is left."""

    __slots__ = (
        "_attend",
        "_conduct",
        "_deaf",
        "_gone",
        "_lock",
        "_output",
        "_stuck",
        "active_ns",
        "backlog",
        "ended_ns",
        "framer",
        "heard_ns",
        "received_ns",
        "socket",
    )

    def __init__(self, end: socket.socket, attend: Callable[[Connection], None], *, now_ns: int = 0) -> None:
        """Args: now_ns: the steady clock's; since then the sender is idle."""
        self.socket = end
        self.framer = StreamFramer()
        self.backlog: deque[Piece] = deque()
        """What was read and framed and is not handed over yet."""
        self.received_ns = 0
        """When the backlog arrived."""
        self.active_ns = now_ns
        """When bytes last came."""
        self.heard_ns = 0
        self.ended_ns = 0
        """When the sender closed its half; 0: it has not."""
        self._attend = attend
        self._lock = threading.Lock()
        self._conduct = Conduct()
        self._output = bytearray()
        self._stuck = False
        """Whether the socket had no room, so that the door's thread has to finish."""
        self._deaf = False
        """Whether it left too much unread, or is closed."""
        self._gone = False
        """Whether nothing can be sent to it any more; what it wrote before it left still counts."""

    def __call__(self, line: bytes) -> None:
        """Take a line; a sender that leaves too many unread is dropped."""
        with self._lock:
            self._conduct.answered(line, time.monotonic_ns)
            if self._deaf or self._gone:
                return
            self._output += line
            if len(self._output) <= OUTPUT_BYTES_MAX:
                return
            self._deaf = True
            self._output.clear()
        self._attend(self)

    def flush(self) -> None:
        """Send what was taken, in one write where the socket has room; never blocks, never raises."""
        with self._lock:
            if self._stuck or self._deaf or self._gone:
                return
            is_done = self._send() and not self.ended_ns
        if not is_done:
            self._attend(self)

    def finish(self) -> None:
        """Send on, from the door's thread."""
        with self._lock:
            if not self._deaf and not self._gone:
                self._send()

    def next_pieces(self) -> list[Piece]:
        """Return what this sender may hand over in one turn, and count on the answers."""
        count = min(len(self.backlog), MESSAGES_AT_ONCE)
        pieces = [self.backlog.popleft() for _ in range(count)]
        self.owe(sum(answers_to(piece.payload) if piece.is_whole else 1 for piece in pieces))
        return pieces

    def owe(self, answers: int) -> None:
        """Note that so many more answers may come."""
        with self._lock:
            self._conduct.owed += answers

    def pause_ns(self) -> int:
        """Return how long this sender is not to be read; 0: read on."""
        with self._lock:
            return self._conduct.pause_ns(time.monotonic_ns())

    def is_stuck(self) -> bool:
        return self._stuck and not self._deaf and not self._gone

    def is_idle(self, now_ns: int) -> bool:
        """Tell whether nothing of this sender is under way: no bytes, no message, no answer."""
        if self.backlog or self.ended_ns or self.framer.has_rest():
            return False
        with self._lock:
            is_owed = self._conduct.owed > 0 or bool(self._output)
        if is_owed and now_ns - self.active_ns < PATIENCE_NS:
            return False
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return True
        return False

    def is_useless(self) -> bool:
        """Tell whether nothing can or need be heard from or said to this sender any more."""
        with self._lock:
            if self._deaf:
                return True
            if not self.ended_ns or self.backlog:
                return False
            if self._gone or (self._conduct.owed <= 0 and not self._output):
                return True
            try:
                self.socket.send(b"")  # Fails when the other side has closed both halves.
            except BlockingIOError:
                return False
            except OSError:
                return True
            return False

    def close(self) -> None:
        with self._lock:
            self._deaf = True
            self._output.clear()
            self.socket.close()

    def _send(self) -> bool:
        """Send what there is room for; True when nothing is left to do for this sender."""
        try:
            sent = self.socket.send(self._output) if self._output else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            self._gone = True  # The door's thread reads what it left, and tidies up.
            self._output.clear()
            self._stuck = False
            return False
        del self._output[:sent]
        self._stuck = bool(self._output)
        return not self._stuck
