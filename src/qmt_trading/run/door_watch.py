"""Watching the doors: what one of them complains of becomes an alert, once, and again only after it has ceased."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from qmt_trading.market.phases import Phase
from qmt_trading.market.sessions import Session
from qmt_trading.model.events import DoorComplained
from qmt_trading.ports import Clock

COMPLAINT: Final = "⚠"
"""What a condition begins with that people should know of."""
_RESTS: Final = frozenset({Phase.BEFORE_OPEN, Phase.LUNCH, Phase.AFTER_HOURS, Phase.CLOSED})


class Watched(Protocol):
    """A door, or the control door."""

    @property
    def name(self) -> str: ...

    def condition(self) -> tuple[str, str]: ...


class DoorWatch:
    """Looks when it is asked to; for one thread."""

    def __init__(
        self, doors: Sequence[Watched], session: Session, clock: Clock, report: Callable[[DoorComplained], None]
    ) -> None:
        self._doors = doors
        self._session = session
        self._clock = clock
        self._report = report
        self._complaining: set[str] = set()

    def look(self) -> None:
        """Report what has begun to be wrong since the last look."""
        for door in self._doors:
            chinese, english = door.condition()
            if not chinese.startswith(COMPLAINT) or self._may_be_silent(door):
                self._complaining.discard(door.name)
            elif door.name not in self._complaining:
                self._complaining.add(door.name)
                self._report(DoorComplained(door.name, chinese, english))

    def _may_be_silent(self, door: Watched) -> bool:
        """Tell whether a door that only misses its upstream does so at a time when upstreams rest."""
        misses_upstream = getattr(door, "silent_ns", 0) > 0
        return misses_upstream and self._session.phase_at(self._clock.now_ns()) in _RESTS
