"""A Side that remembers what a carrier tells it, and takes every complaint for a failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from qmt_trading.brokers.linked.carrier import Connection

PATIENCE_S: Final = 20.0


class ToldSide:
    """A Side that remembers what it was told."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self.data = b""
        self.ends: list[str] = []

    def opened(self, connection: Connection) -> None:
        self.connections.append(connection)

    def received(self, connection: Connection, data: bytes) -> None:
        self.data += data

    def closed(self, connection: Connection, why: str, unsent: Sequence[bytes]) -> None:
        self.ends.append(why)

    def logged(self, text: str) -> None:
        raise AssertionError(text)

    def complained(self, code: str, chinese: str, english: str) -> None:
        raise AssertionError(f"{chinese} / {english}")


def wait(true: Callable[[], object], said: object = "", *, patience_s: float = PATIENCE_S) -> None:
    """Wait until it is true; slow machines are slow."""
    until = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < until, said
        time.sleep(0.01)
