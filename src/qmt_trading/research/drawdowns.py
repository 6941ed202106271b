"""Falls from a peak: how deep, since when, and until when."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from qmt_trading.research.returns import Floats

Array = npt.NDArray[Any]


class Drawdown(Struct, frozen=True, kw_only=True):
    """One fall from a peak until equity stands at the peak again. Days are rows; -1 is the start, before the first."""

    depth: float
    """Below 0: -0.25 is a quarter lost."""
    peak: int
    trough: int
    recovered: int | None
    """None: not yet."""
    last: int
    """``recovered``, or the last day there is."""

    @property
    def length(self) -> int:
        """Trading days from the peak to the recovery, or so far."""
        return self.last - self.peak

    @property
    def fall(self) -> int:
        """Trading days from the peak to the trough."""
        return self.trough - self.peak

    @property
    def recovery(self) -> int | None:
        """Trading days from the trough to the recovery; None: not yet."""
        return None if self.recovered is None else self.recovered - self.trough


def underwater(levels: Array, start: float) -> Floats:
    """Return how far each day ends below the highest end so far, ``start`` among them: 0 or less."""
    peaks = np.maximum.accumulate(np.maximum(levels, start)).astype(np.float64)
    return levels / peaks - 1.0


def drawdowns(levels: Array, start: float) -> list[Drawdown]:
    """Return every fall, the deepest first; of equal depth the earlier first."""
    peaks = np.maximum.accumulate(np.maximum(levels, start))
    is_below = levels < peaks
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_below, [False])).astype(np.int8)))
    depth = underwater(levels, start)
    found = []
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        trough = begin + int(np.argmin(depth[begin:end]))
        recovered = end if end < len(levels) else None
        found.append(
            Drawdown(
                depth=float(depth[trough]),
                peak=begin - 1,
                trough=trough,
                recovered=recovered,
                last=end if recovered is not None else end - 1,
            )
        )
    return sorted(found, key=lambda each: each.depth)
