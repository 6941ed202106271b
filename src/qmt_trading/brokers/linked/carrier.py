"""What carries the lines of a link, and what it tells the broker about."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Protocol


class Sent(Enum):
    """How much of a line was taken."""

    WHOLE = "whole"
    """It is written, or will be unless the connection ends before."""
    NOTHING = "nothing"
    """Not a byte of it has left or ever will."""
    PART = "part"
    """The rest follows by itself unless the connection is closed."""


class Connection(Protocol):
    """One open connection to one host."""

    @property
    def secret(self) -> bytes | None:
        """What both ends must prove to know; None: the host is our own child."""
        ...

    def send(self, line: bytes) -> Sent:
        """Write ``line``; never waits, never raises. From any thread, by one at a time."""
        ...

    def flush(self) -> None:
        """Go on with a line that was taken in part; never waits, never raises. By the same rule as ``send``."""
        ...

    def close(self, why: str) -> None:
        """End it at once, with its process where it has one; never waits. From any thread; ``closed`` follows."""
        ...


class Side(Protocol):
    """The broker as a carrier sees it; from any thread."""

    def opened(self, connection: Connection) -> None: ...

    def received(self, connection: Connection, data: bytes) -> None:
        """Take bytes as they came; by one thread for each connection."""
        ...

    def closed(self, connection: Connection, why: str, unsent: Sequence[bytes]) -> None:
        """Note the end of a connection; ``unsent`` are lines called whole of which nothing has left."""
        ...

    def logged(self, text: str) -> None:
        """Take a line of a host's free text."""
        ...

    def complained(self, code: str, chinese: str, english: str) -> None: ...


class Carrier(Protocol):
    """Makes connections until it is closed: one at a time, or the newest counts."""

    def open(self, side: Side, *, observe: bool) -> None:
        """Begin; with ``observe`` a host that is started here is told to send nothing to its terminal, ever."""
        ...

    def came_up(self) -> None:
        """Note that the host of the present connection works: the next restart need not wait long."""
        ...

    def close(self) -> None:
        """End everything; a host has a moment to stop by itself. No call of ``Side`` is under way when it returns."""
        ...
