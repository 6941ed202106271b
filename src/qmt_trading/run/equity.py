"""Total assets over the day, an account each and all together, as records tell them."""

from __future__ import annotations

import datetime as dt
import threading
from array import array
from collections.abc import Iterable, Iterator
from typing import Final

from qmt_trading.engine.bookkeeping import total_assets
from qmt_trading.engine.state import State
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS, to_text

EVERY_NS: Final = 5 * SECOND_NS
POINTS_MAX: Final = 6_000
"""A day of trading has 3,000; where there are more, every other one is left out."""
ALL: Final = ""
_NONE: Final = -(1 << 63)
"""Stands where an account is not known at a point: it has no value there."""

Sample = tuple[dt.date, int, dict[str, int]]
"""The trading day, milliseconds of the wall clock, and what each account and all together are worth."""
Point = tuple[int, str]
"""Milliseconds of the wall clock, and yuan."""


class Curve:
    """The points of one day. ``add`` is for one thread, ``recall`` for another, all else for any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._day: dt.date | None = None
        self._next_ns = 0
        self._at: array[int] = array("q")
        self._values: dict[str, array[int]] = {}
        self._news: list[tuple[str, int, str]] = []

    def begin_day(self, state: State) -> None:
        """Forget everything; what is added is of the state's day."""
        with self._lock:
            self._day, self._next_ns = state.day, 0
            self._at, self._values, self._news = array("q"), {}, []

    def add(self, state: State) -> None:
        """Take the assets as they are, unless the last point is younger than some seconds; a new day begins anew."""
        if state.day != self._day:
            self.begin_day(state)
        if self._next_ns - EVERY_NS <= state.now_ns < self._next_ns:
            return  # Earlier than that, the clock was set back, and what it tells now holds.
        values = _values_of(state)
        if values is None:
            return
        with self._lock:
            self._next_ns = state.now_ns + EVERY_NS
            self._append(state.now_ns // MILLISECOND_NS, values)
            at_ms = self._at[-1]
            self._news += [(account, at_ms, to_text(value)) for account, value in values.items()]
            del self._news[:-POINTS_MAX]

    def recall(self, samples: Iterable[Sample]) -> None:
        """Put ``samples``, which are older, before the points there are; those of another day are left out.

        Where the two meet, or the clock was set back between them, the points there are hold.
        """
        of_day = [(at_ms, values) for day, at_ms, values in samples if day == self._day]
        with self._lock:
            later_at, later = self._at, self._values
            self._at, self._values = array("q"), {}
            for at_ms, values in of_day:
                self._append(at_ms, values)
            for index, at_ms in enumerate(later_at):
                known = {account: column[index] for account, column in later.items() if column[index] != _NONE}
                self._append(at_ms, known)

    def take(self) -> list[tuple[str, int, str]]:
        """Return the points that came since the last call."""
        with self._lock:
            news, self._news = self._news, []
        return news

    def points(self, account: str) -> list[Point]:
        """Return the points of one account, or of all together, in the order of time; none while it was not known."""
        with self._lock:
            column = self._values.get(account)
            if column is None:
                return []
            return [(at, to_text(value)) for at, value in zip(self._at, column, strict=True) if value != _NONE]

    def _append(self, at_ms: int, values: dict[str, int]) -> None:
        """Take a point; those of the same time or later were told by a clock that was set back since, and go."""
        while self._at and self._at[-1] >= at_ms:
            for column in (self._at, *self._values.values()):
                column.pop()
        if len(self._at) >= POINTS_MAX:
            self._at = self._at[::2]
            self._values = {account: column[::2] for account, column in self._values.items()}
        for account in values.keys() - self._values.keys():  # It was not there before.
            self._values[account] = array("q", [_NONE] * len(self._at))
        self._at.append(at_ms)
        for account, column in self._values.items():
            column.append(values.get(account, _NONE))


def samples_of(states: Iterable[State]) -> Iterator[Sample]:
    """Yield what the accounts were worth every few seconds of ``states``."""
    next_ns = 0
    for state in states:
        if next_ns - EVERY_NS <= state.now_ns < next_ns or state.day is None:
            continue
        values = _values_of(state)
        if values is not None:
            next_ns = state.now_ns + EVERY_NS
            yield state.day, state.now_ns // MILLISECOND_NS, values


def _values_of(state: State) -> dict[str, int] | None:
    """Return what each account is worth; None while one has not told it yet."""
    accounts = list(state.accounts.values())
    if not accounts or not all(account.ready for account in accounts):
        return None
    values: dict[str, int] = {ALL: 0}
    for account in accounts:
        worth = total_assets(state, account)
        values[account.settings.account] = worth
        values[ALL] += worth
    return values
