"""When a strategy wants to be woken: conditions on declared columns, and schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qmt_trading.research.declaration import whole

Mask = npt.NDArray[np.bool_]
Columns = Mapping[str, npt.NDArray[Any]]


class Condition:
    """Something that holds or not at each bar, by that bar and those before it. ``|`` and ``&`` join two."""

    def mask(self, columns: Columns) -> Mask:
        """Return where it holds."""
        raise NotImplementedError

    def __or__(self, other: Condition) -> Condition:
        return _Joined(self, other, either=True)

    def __and__(self, other: Condition) -> Condition:
        return _Joined(self, other, either=False)


@dataclass(frozen=True)
class _Joined(Condition):
    one: Condition
    other: Condition
    either: bool

    def mask(self, columns: Columns) -> Mask:
        one, other = self.one.mask(columns), self.other.mask(columns)
        return one | other if self.either else one & other


def _values(columns: Columns, name: str | float) -> Any:
    return columns[name] if isinstance(name, str) else name


@dataclass(frozen=True)
class Above(Condition):
    """``one`` is greater than ``other``, each a column's name or a number."""

    one: str
    other: str | float

    def mask(self, columns: Columns) -> Mask:
        return np.asarray(_values(columns, self.one) > _values(columns, self.other))


@dataclass(frozen=True)
class Below(Condition):
    """``one`` is less than ``other``, each a column's name or a number."""

    one: str
    other: str | float

    def mask(self, columns: Columns) -> Mask:
        return np.asarray(_values(columns, self.one) < _values(columns, self.other))


@dataclass(frozen=True)
class Begins(Condition):
    """``inner`` holds now and did not at the bar before; at the first bar: it holds."""

    inner: Condition

    def mask(self, columns: Columns) -> Mask:
        holds = self.inner.mask(columns)
        begins = holds.copy()
        begins[1:] &= ~holds[:-1]
        return begins


def crosses(one: str, other: str | float) -> Condition:
    """Return the condition that ``one`` comes to lie above or below ``other``, whichever side it was on before."""
    return Begins(Above(one, other)) | Begins(Below(one, other))


@dataclass(frozen=True)
class Schedule:
    """Every so many trading days: the first of them is ``first`` days after the beginning.

    Raises:
        DeclarationError: fewer than 1 day, a first day below 0, or either no whole number.
    """

    every_days: int = 1
    first: int = 0

    def __post_init__(self) -> None:
        whole(repr(self), "every_days", self.every_days, 1)
        whole(repr(self), "first", self.first, 0)
