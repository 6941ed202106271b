"""The register of cases: each a function that plays an engine and fails where the host does not keep its word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from tests.link.engine import Engine, Running
from tests.link.stand import Stand


class Scene:
    """A stand, and the hosts that a case has started on it."""

    def __init__(self, stand: Stand, carrier: str) -> None:
        self.stand = stand
        self.carrier = carrier
        self._running: list[Running] = []
        self._engines: list[Engine] = []

    def run(self, *, observe: bool = False) -> Running:
        """Start a host."""
        self._running.append(Running(self.stand, self.carrier, observe=observe))
        return self._running[-1]

    def connect(self, running: Running | None = None) -> Engine:
        """Return a connection, to a new host where none is named; nothing has been said yet."""
        self._engines.append((running or self.run()).connect())
        return self._engines[-1]

    def ready(self, *, level: str = "trade", observe: bool = False) -> Engine:
        """Return a connection to a new host that is welcomed, whose account is ready, and that is armed."""
        engine = self.connect(self.run(observe=observe))
        engine.welcome(self.stand)
        if level != "none":
            engine.arm(level)
        return engine

    def close(self) -> None:
        for engine in self._engines:
            engine.close()
        for running in self._running:
            running.close()


class Case(NamedTuple):
    name: str
    play: Callable[[Scene], None]
    carriers: tuple[str, ...]


CASES: Final[list[Case]] = []


def case(*carriers: str) -> Callable[[Callable[[Scene], None]], Callable[[Scene], None]]:
    """Register a function as a case, for these carriers only or for both."""

    def register(play: Callable[[Scene], None]) -> Callable[[Scene], None]:
        CASES.append(Case(play.__name__, play, carriers or ("stdio", "tcp")))
        return play

    return register
