"""A ranking: the rows of a table that meet a wish, in its order, kept up by what changes instead of made anew."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

from qmt_trading.model.view import Rows

CHANGES_MAX: Final = 500
"""With more changes than that it is quicker to rank all rows again."""

T = TypeVar("T")
Key = Callable[[Any], Any]


class Ranking(Generic[T]):
    """Places in a table, ascending by a key; of equal rows the one that came first stands first. For one thread."""

    def __init__(self, rows: Rows[T], conditions: Sequence[Callable[[T], bool]], key: Key) -> None:
        self._conditions = conditions
        self._key = key
        self._rows = rows
        self._places = array("I")
        self._rank(rows)

    def __len__(self) -> int:
        return len(self._places)

    def follow(self, rows: Rows[T]) -> None:
        """Take ``rows`` for the table from now on: a later state of the same one, or another."""
        before = self._rows
        if rows is before:
            return
        changed = rows.places_changed_since(before) if len(rows) >= len(before) else None
        if changed is None or len(changed) > CHANGES_MAX:
            self._rank(rows)
            return
        places = self._places
        for place in changed:
            if place < len(before):
                index = self._index(before, place)
                if index < len(places) and places[index] == place:
                    del places[index]
        self._rows = rows  # What is left is the same in both.
        for place in changed:
            if all(holds(rows[place]) for holds in self._conditions):
                places.insert(self._index(rows, place), place)

    def page(self, offset: int, limit: int, *, descends: bool) -> list[T]:
        """Return ``limit`` rows from ``offset`` on, from the other end where it ``descends``."""
        rows, places, count = self._rows, self._places, len(self._places)
        if not descends:
            return [rows[place] for place in places[offset : offset + limit]]
        last = max(0, count - offset)
        return [rows[place] for place in reversed(places[max(0, last - limit) : last])]

    def _index(self, rows: Rows[T], place: int) -> int:
        """Return where ``place`` stands, or would, by what ``rows`` say."""
        key = self._key
        return bisect_left(self._places, (key(rows[place]), place), key=lambda each: (key(rows[each]), each))

    def _rank(self, rows: Rows[T]) -> None:
        every = list(rows)
        places: Sequence[int] = range(len(every))
        for holds in self._conditions:
            places = [place for place in places if holds(every[place])]
        keys = list(map(self._key, every))
        self._rows = rows
        self._places = array("I", sorted(places, key=keys.__getitem__))
