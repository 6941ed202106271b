"""A fuse that burns a step at every call across a port, and kills the simulated process when it is through."""

from __future__ import annotations


class Crash(BaseException):
    """The process is dead: nothing below the world may catch this."""


class Fuse:
    """Counts steps; ``light`` sets the step after which ``step`` raises Crash."""

    __slots__ = ("_left", "burnt", "where")

    def __init__(self) -> None:
        self._left = -1
        self.burnt = 0
        self.where = ""

    def light(self, steps: int) -> None:
        self._left = steps

    @property
    def burns(self) -> bool:
        return self._left >= 0

    def put_out(self) -> None:
        self._left = -1

    def step(self, where: str) -> None:
        """Burn one step.

        Raises:
            Crash: the fuse is through.
        """
        if self._left < 0:
            return
        if self._left == 0:
            self._left = -1
            self.burnt += 1
            self.where = where
            raise Crash(where)
        self._left -= 1
