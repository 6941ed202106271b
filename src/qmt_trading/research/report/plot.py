"""The chart room: scales, ticks and paths. Shapes are SVG that stretches to any width; words stand beside it in HTML.

So a line stays a pixel thin and a label keeps its size on a phone, on a wide screen and on paper.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qmt_trading.research.report.texts import escaped

WIDE: Final = 2000
HIGH: Final = 1000
"""The grid that shapes are drawn on; finer than any screen's pixels."""
POINTS_MAX: Final = 1600
"""More than this and a line keeps only the lowest and the highest of each stretch."""
TICKS_MIN: Final = 5
FEW_MONTHS: Final = 3
"""Fewer beginnings of months say less than days do."""
DAYS_TOLD: Final = 5
Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Scale:
    """From values to the height of a plot: ``top`` is drawn highest."""

    bottom: float
    top: float
    is_log: bool = False

    def y(self, values: Array) -> Array:
        """Return heights on the grid, 0 above; NaN stays NaN."""
        low, high = (math.log(self.bottom), math.log(self.top)) if self.is_log else (self.bottom, self.top)
        placed = np.log(values) if self.is_log else values
        return (high - placed) / (high - low) * HIGH

    def share(self, value: float) -> float:
        """Return the height of one value in per cent from above."""
        return float(self.y(np.asarray([value], np.float64))[0]) / HIGH * 100


def steps_of(low: float, high: float, count: int) -> list[float]:
    """Return about ``count`` round values from ``low`` to ``high``."""
    span = high - low
    if not span > 0:
        return [low]
    rough = span / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [each * step for each in range(first, last + 1)]


def scale_of(*columns: Array, count: int = 5, zero: bool = False, room: float = 0.04) -> tuple[Scale, list[float]]:
    """Return a scale that holds every finite value of ``columns``, and its ticks.

    Args:
        zero: 0 is among them.
        room: share of the span left free above and below.
    """
    found = np.concatenate([each[np.isfinite(each)] for each in columns]) if columns else np.zeros(0)
    low, high = (float(found.min()), float(found.max())) if len(found) else (0.0, 1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low < 1e-12:
        low, high = low - max(abs(low) * 0.05, 1e-4), high + max(abs(high) * 0.05, 1e-4)
    margin = (high - low) * room
    bottom = low if zero and low == 0 else low - margin
    top = high if zero and high == 0 else high + margin
    return Scale(bottom=bottom, top=top), steps_of(bottom, top, count)


def log_scale_of(*columns: Array) -> tuple[Scale, list[float]]:
    """Return a scale on which equal ratios are equally high, and ticks at 1, 2 and 5 times powers of ten, or finer."""
    found = np.concatenate([each[np.isfinite(each) & (each > 0)] for each in columns])
    bottom, top = float(found.min()) * 0.94, float(found.max()) * 1.06
    powers = range(math.floor(math.log10(bottom)), math.ceil(math.log10(top)) + 1)
    kept: list[float] = []
    for parts in ((1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        ticks = [each * 10.0**power for power in powers for each in parts]
        kept = [each for each in ticks if bottom <= each <= top]
        if len(kept) >= TICKS_MIN:
            break
    return Scale(bottom=bottom, top=top, is_log=True), kept


def line(values: Array, scale: Scale) -> str:
    """Return the path of a line over evenly spaced values; it breaks where there is none."""
    rows, heights = _thinned(scale.y(values))
    across = _across(rows, len(values))
    parts: list[str] = []
    at: tuple[int, int] | None = None
    for x, y in zip(across.tolist(), heights.tolist(), strict=True):
        if not math.isfinite(y):
            at = None
            continue
        place = x, round(y)
        if at is None:
            parts.append(f"M{place[0]} {place[1]}l")
        elif place != at:
            parts.append(f"{place[0] - at[0]} {place[1] - at[1]} ")
        at = place
    return "".join(parts).replace("lM", "M").rstrip("l ")


def area(values: Array, scale: Scale, base: float) -> str:
    """Return the closed path between a line without gaps and ``base``."""
    rows, heights = _thinned(scale.y(values))
    across = _across(rows, len(values)).tolist()
    if not across:
        return ""
    ground = round(scale.share(base) / 100 * HIGH)
    top = " ".join(f"{x} {round(y)}" for x, y in zip(across, heights.tolist(), strict=True))
    return f"M{across[0]} {ground}L{top} {across[-1]} {ground}z"


def bars(values: Array, scale: Scale, *, keep: Callable[[float], bool], fill: float = 0.72) -> str:
    """Return the path of upright bars from 0, of those values that ``keep`` chooses."""
    slot = WIDE / max(len(values), 1)
    width = max(round(slot * fill), 1)
    ground = round(scale.share(0.0) / 100 * HIGH)
    parts = []
    for place, (value, y) in enumerate(zip(values.tolist(), scale.y(values).tolist(), strict=True)):
        if math.isfinite(y) and keep(value):
            height = round(y) - ground or (-1 if value > 0 else 1)
            parts.append(f"M{round(place * slot + (slot - width) / 2)} {ground}h{width}v{height}h{-width}z")
    return "".join(parts)


def grid(shares: Iterable[float]) -> str:
    """Return the path of level lines at per cents from above."""
    return "".join(f"M0 {round(each / 100 * HIGH)}H{WIDE}" for each in shares)


def year_ticks(days: Array, count: int = 12) -> list[tuple[float, str]]:
    """Return where years begin, or months in a short span, or a few days in one shorter still.

    Each with its per cent from the left.
    """
    size = len(days)
    if size < 2:
        return [(0.0, str(days[0]))] if size else []
    years = days.astype("datetime64[Y]")
    unit = "Y" if len(np.unique(years)) > 3 else "M"
    names = days.astype(f"datetime64[{unit}]")
    starts = np.flatnonzero(np.concatenate(([False], names[1:] != names[:-1])))
    every = max(1, math.ceil(len(starts) / count))
    chosen = [each for each in starts.tolist() if _number_of(names[each], unit) % every == 0]
    if unit == "M" and len(chosen) < FEW_MONTHS:
        steps = np.linspace(0, size - 1, DAYS_TOLD + 2)[1:-1] if size > DAYS_TOLD + 2 else np.arange(size)
        return [(each / (size - 1) * 100, str(days[each])[5:10]) for each in np.rint(steps).astype(int).tolist()]
    return [(each / (size - 1) * 100, str(names[each])) for each in chosen]


def _number_of(name: np.datetime64, unit: str) -> int:
    found = int(name.astype(f"datetime64[{unit}]").astype(np.int64))
    return found + 1970 if unit == "Y" else found % 12


def plot(
    shapes: Sequence[tuple[str, str]],
    *,
    ticks: Sequence[tuple[float, str]],
    across: Sequence[tuple[float, str]] = (),
    more: str = "",
    zero: float | None = None,
    says: str = "",
    kind: str = "",
) -> str:
    """Return one plot.

    Args:
        shapes: class and path of each, the first drawn below the others.
        ticks: per cent from above and word of each level line; an empty word is a line alone.
        across: per cent from the left and word.
        more: further HTML laid over the plot.
        zero: per cent from above of the line that counts most.
        says: what it shows, for those who hear the page.
        kind: further classes.
    """
    drawn = [f'<path class="grid" d="{grid(each for each, _ in ticks)}"/>']
    drawn += [f'<path class="{name}" d="{path}"/>' for name, path in shapes if path]
    if zero is not None and 0 <= zero <= 100:
        drawn.append(f'<path class="zero" d="{grid([zero])}"/>')
    words = [f'<span class="y" style="top:{each:.2f}%">{word}</span>' for each, word in ticks if word]
    words += [f'<span class="x" style="left:{each:.2f}%">{word}</span>' for each, word in across]
    return (
        f'<div class="plot {kind}" role="img" aria-label="{escaped(says)}">'
        f'<svg viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" aria-hidden="true">{"".join(drawn)}</svg>'
        f"{''.join(words)}{more}</div>"
    )


def _across(rows: Array, size: int) -> Array:
    return np.rint(rows / max(size - 1, 1) * WIDE).astype(np.int64)


def _thinned(heights: Array) -> tuple[Array, Array]:
    """Return rows and heights; of a long column the lowest and the highest of each stretch, in their order."""
    size = len(heights)
    if size <= POINTS_MAX:
        return np.arange(size), heights
    stretches = POINTS_MAX // 2
    edges = np.linspace(0, size, stretches + 1).astype(np.int64)
    kept = [0, size - 1]
    filled = np.where(np.isfinite(heights), heights, HIGH)
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = filled[begin:end]
        kept += [begin + int(part.argmin()), begin + int(part.argmax())]
    rows = np.unique(np.asarray(kept))
    return rows, heights[rows]
