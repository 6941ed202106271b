"""Tables of immutable rows that publish themselves without being copied whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Generic, TypeVar

from qmt_trading.model.view import Rows

Row = TypeVar("Row")
_CHUNK: Final = Rows.CHUNK


class Table(Generic[Row]):
    """An append-and-replace table; ``rows`` costs one chunk per chunk touched since the last call."""

    __slots__ = ("_dirty", "_frozen", "_lists", "_length", "_published")

    def __init__(self, rows: Rows[Row] | None = None) -> None:
        self._lists: list[list[Row]] = []
        self._frozen: list[tuple[Row, ...]] = []
        self._dirty: set[int] = set()
        self._length = 0
        self._published: Rows[Row] = Rows()
        for row in rows or ():
            self.append(row)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Row:
        return self._lists[index // Rows.CHUNK][index % Rows.CHUNK]

    def __iter__(self) -> Iterator[Row]:
        for rows in self._lists:
            yield from rows

    def append(self, row: Row) -> int:
        """Add ``row`` and return its index."""
        index = self._length
        chunk = index // _CHUNK
        if chunk == len(self._lists):
            self._lists.append([])
            self._frozen.append(())
        self._lists[chunk].append(row)
        self._dirty.add(chunk)
        self._length = index + 1
        return index

    def replace(self, index: int, row: Row) -> None:
        """Put ``row`` in the place of an earlier one."""
        chunk = index // _CHUNK
        self._lists[chunk][index % _CHUNK] = row
        self._dirty.add(chunk)

    def rows(self) -> Rows[Row]:
        """Return the table as it is now, for ever."""
        if self._dirty:
            for chunk in self._dirty:
                self._frozen[chunk] = tuple(self._lists[chunk])
            self._dirty.clear()
            self._published = Rows(tuple(self._frozen), self._length)
        return self._published
