"""Which days the exchanges trade: the shipped table, and the years that a person has added to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from qmt_trading.market import session_table

WARNING_DAYS: Final = 20
"""Trading days before its end from which on a calendar asks to be extended."""
_DAY: Final = dt.timedelta(days=1)
_FRIDAY: Final = 4


class Year(Struct, frozen=True, array_like=True):
    """The days of one whole year on which the exchanges do what the week alone does not tell."""

    year: int
    closed: tuple[dt.date, ...]
    """Weekdays without trading, in order."""
    weekend: tuple[dt.date, ...] = ()
    """Saturdays and Sundays with trading, in order."""

    def days(self) -> Iterator[dt.date]:
        """Yield the trading days in order."""
        day = dt.date(self.year, 1, 1)
        while day.year == self.year:
            if (day.weekday() <= _FRIDAY and day not in self.closed) or day in self.weekend:
                yield day
            day += _DAY


class Calendar:
    """Trading days from ``since`` to ``until``. Immutable; one look costs well under a microsecond.

    Beyond ``until`` nothing is known. There every weekday counts as a trading day, so that the day can go on for the
    sake of cancels, lists and records: **submits are never made by such a day**, and whoever decides one asks
    ``knows`` (the engine does by its setting ``calendar_until``).
    """

    __slots__ = ("since", "until", "years", "_closed", "_weekend")

    def __init__(self, years: Sequence[Year], *, since: dt.date | None = None) -> None:
        """Take whole years that follow each other; ``since`` is the first trading day there ever was, if it is known.

        Before it no day trades.
        """
        numbers = [each.year for each in years]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), numbers
        self.years: Final = tuple(years)
        self.since: Final = since or dt.date(numbers[0], 1, 1)
        self.until: Final = dt.date(numbers[-1], 12, 31)
        self._closed: Final = frozenset(day for each in years for day in each.closed)
        self._weekend: Final = frozenset(day for each in years for day in each.weekend)

    def knows(self, day: dt.date) -> bool:
        return self.since <= day <= self.until

    def is_open(self, day: dt.date) -> bool:
        """Tell whether ``day`` is a trading day; beyond the end every weekday passes for one."""
        if day.weekday() > _FRIDAY:
            return day in self._weekend
        return day not in self._closed and day >= self.since

    def next_from(self, day: dt.date) -> dt.date:
        """Return ``day`` when it trades, else the next day that does."""
        while not self.is_open(day):
            day = self.since if day < self.since else day + _DAY
        return day

    def after(self, day: dt.date) -> dt.date:
        """Return the trading day after ``day``."""
        return self.next_from(day + _DAY)

    def before(self, day: dt.date) -> dt.date | None:
        """Return the trading day before ``day``; None: there was none."""
        day -= _DAY
        while not self.is_open(day):
            if day <= self.since:
                return None
            day -= _DAY
        return day

    def days_left(self, day: dt.date) -> int:
        """Return how many trading days after ``day`` are known; 0 on the last one and beyond."""
        count = 0
        while (day := self.after(day)) <= self.until:
            count += 1
        return count

    @property
    def warns_from(self) -> dt.date:
        """The first trading day after which no more than ``WARNING_DAYS`` are known."""
        day: dt.date | None = self.until + _DAY
        for _ in range(WARNING_DAYS + 1):
            assert day is not None
            day = self.before(day)
        assert day is not None
        return day

    def with_year(self, year: Year) -> Calendar:
        """Return the calendar with ``year`` in place of what it knew of that year, or behind its last one."""
        kept = [each for each in self.years if each.year != year.year]
        return Calendar(sorted([*kept, year], key=lambda each: each.year), since=self.since)


def _shipped() -> Calendar:
    """Return the table of the package as a calendar."""
    first, last = dt.date.fromisoformat(session_table.FIRST), dt.date.fromisoformat(session_table.LAST)
    closed: dict[int, list[dt.date]] = {number: [] for number in range(first.year, last.year + 1)}
    for line in session_table.CLOSED.splitlines():
        year, *days = line.split()
        closed[int(year)] += [dt.date(int(year), int(day[:2]), int(day[2:])) for day in days]
    return Calendar([Year(number, tuple(days)) for number, days in closed.items()], since=first)


SHIPPED: Final = _shipped()
"""The table of the package, without anything that was added to it."""
