"""The pictures of a sweep: two parameters against each other, one along a line, and how all trials spread."""

from __future__ import annotations

import bisect
import itertools
import math
import statistics
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from qmt_trading.research.report import plot
from qmt_trading.research.report.charts import figure
from qmt_trading.research.report.tables import table
from qmt_trading.research.report.texts import NOTHING, Pair, both, escaped, number, percent, plain
from qmt_trading.research.sweep_figures import FIGURES
from qmt_trading.research.sweep_space import Axis
from qmt_trading.research.sweep_trial import Outcome

BINS: Final = 12
"""Of an axis that has too many values for a heat map, or no single ones."""
CELLS_MAX: Final = 24
WORDS_MAX: Final = 14
"""Columns of a heat map whose cells still have room for a figure."""
SPREAD_BINS: Final = 40
FEW: Final = 7
"""Columns of a heat map that a phone has room for."""
EACH_MAX: Final = 8
"""Bars whose values a phone has room for, every one."""
_DEEPEST: Final = 0.62


def shown(metric: str, value: float | None, places: int = 2) -> str:
    """Return a figure as people read it."""
    if value is None:
        return NOTHING
    form = FIGURES[metric].form
    if form == "percent":
        return percent(value, places)
    return number(value, 0 if form == "count" else places)


def value_text(value: Any) -> str:
    """Return a parameter's value in few letters."""
    return f"{value:.4g}" if isinstance(value, float) else escaped(value)


class Scale:
    """The values of an axis as the rows or columns of a picture: one each, neighbours together where many."""

    def __init__(self, axis: Axis) -> None:
        self.axis = axis
        self.is_gathered = axis.is_open
        """Whether a piece may hold several values."""
        self._edges: list[float] = []
        """The first value of each piece of an axis that has no single ones."""
        self._places: dict[Any, int] = {}
        if axis.is_open:
            edges = np.linspace(axis.low, axis.high, BINS + 1).tolist()
            self._edges = edges[:-1]
            pieces = list(itertools.pairwise(edges))
        else:
            values = list(axis.values)
            is_number = all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in values)
            ordered = sorted(values) if is_number else values
            count = BINS if is_number and len(values) > CELLS_MAX else len(values)
            self.is_gathered = count < len(values)
            cuts = [round(place * len(values) / count) for place in range(count + 1)]
            groups = [ordered[begin:end] for begin, end in itertools.pairwise(cuts)]
            self._places = {value: place for place, group in enumerate(groups) for value in group}
            pieces = [(group[0], group[-1]) for group in groups]
        self.short = [value_text(low) for low, _ in pieces]
        """The first value of each."""
        self.words = [
            value_text(low) if low == high else f"{value_text(low)}–{value_text(high)}" for low, high in pieces
        ]

    def place(self, value: Any) -> int:
        """Return the row or column of ``value``."""
        if self._edges:
            return bisect.bisect_right(self._edges, value) - 1
        return self._places[value]


def cells(outcomes: Sequence[Outcome], metric: str, down: Scale, across: Scale) -> list[list[float | None]]:
    """Return the median of ``metric`` of the trials that fall into each cell; None: none does, or none has it."""
    found: dict[tuple[int, int], list[float]] = {}
    for each in outcomes:
        value = each.figures.get(metric)
        if value is not None:
            row = down.place(each.parameters[down.axis.name])
            column = across.place(each.parameters[across.axis.name])
            found.setdefault((row, column), []).append(value)
    return [
        [
            statistics.median(values) if (values := sorted(found.get((row, column), []))) else None
            for column in range(len(across.words))
        ]
        for row in range(len(down.words))
    ]


def heat_map(outcomes: Sequence[Outcome], metric: str, down: Axis, across: Axis, best: Outcome | None) -> str:
    """Return two parameters as rows and columns, the better the deeper; the best trial's cell is framed."""
    rows, columns = Scale(down), Scale(across)
    values = cells(outcomes, metric, rows, columns)
    known = [value for row in values for value in row if value is not None]
    if not known:
        return f'<p class="none">{both(("没有可比的结果", "Nothing to compare"))}</p>'
    low, high = min(known), max(known)
    less = FIGURES[metric].better == "less"
    framed = None
    if best is not None:
        framed = rows.place(best.parameters[down.name]), columns.place(best.parameters[across.name])
    has_words = len(columns.words) <= WORDS_MAX

    def cell(row: int, column: int) -> str:
        value = values[row][column]
        kind = "cell best" if (row, column) == framed else "cell"
        told = (
            f"{escaped(down.name)} {rows.words[row]}, {escaped(across.name)} {columns.words[column]}: "
            f"{shown(metric, value)}"
        )
        if value is None:
            return f'<td class="{kind} empty" title="{told}"></td>'
        share = (value - low) / (high - low) if high > low else 1.0
        depth = 0.03 + _DEEPEST * (1.0 - share if less else share)
        words = shown(metric, value, 1 if FIGURES[metric].form == "percent" else 2) if has_words else ""
        return f'<td class="{kind}" style="--d:{depth:.3f}" title="{told}">{words}</td>'

    head = ["=" + f"{escaped(down.name)} \\ {escaped(across.name)}", *columns.words]
    made = [
        f'<tr><th class="left">{word}</th>{"".join(cell(row, column) for column in range(len(columns.words)))}</tr>'
        for row, word in enumerate(rows.words)
    ]
    few = " few" if len(columns.words) <= FEW else ""
    return table(head, made, f"grid-map{few}" if has_words else "grid-map dense")


def line_map(outcomes: Sequence[Outcome], metric: str, axis: Axis) -> str:
    """Return one parameter along the ground and the median of ``metric`` above each of its values."""
    scale = Scale(axis)
    found: list[list[float]] = [[] for _ in scale.words]
    for each in outcomes:
        value = each.figures.get(metric)
        if value is not None:
            found[scale.place(each.parameters[axis.name])].append(value)
    heights = np.asarray([statistics.median(sorted(each)) if each else math.nan for each in found])
    if not np.isfinite(heights).any():
        return f'<p class="none">{both(("没有可比的结果", "Nothing to compare"))}</p>'
    drawn, steps = plot.scale_of(heights, count=5, zero=True, room=0.08)
    size = len(heights)
    every = math.ceil(size / BINS)
    return figure(
        plot.plot(
            [
                ("bar own", plot.bars(heights, drawn, keep=bool)),
            ],
            ticks=[(drawn.share(each), shown(metric, each)) for each in steps],
            across=[((place + 0.5) / size * 100, scale.short[place]) for place in range(0, size, every)],
            zero=drawn.share(0.0),
            says=f"{escaped(axis.name)}: {plain(words_of(metric))}",
            kind="middle each" if size <= EACH_MAX else "middle",
        )
    )


def spread(values: Sequence[float], metric: str, marks: Sequence[tuple[float, Pair]]) -> str:
    """Return how many trials came to how much, with ``marks`` drawn upright."""
    told = [value for value, _ in marks]
    low, high = min(*values, *told), max(*values, *told)
    if high - low < 1e-12:
        low, high = low - 0.5, high + 0.5
    bins = max(8, min(SPREAD_BINS, round(2 * math.sqrt(len(values)))))
    counts, edges = np.histogram(np.asarray(values), bins, (low, high))
    # Room for a line of words to each mark, above the highest bar.
    scale, steps = plot.scale_of(counts.astype(np.float64), count=4, zero=True, room=0.04 + 0.09 * len(marks))
    ticks = plot.steps_of(low, high, 8)

    def placed(value: float) -> float:
        return float((value - edges[0]) / (edges[-1] - edges[0])) * 100

    drawn = []
    for place, (value, words) in enumerate(marks):
        side = "upright back" if placed(value) > 60 else "upright"
        drawn.append(
            f'<span class="{side}" style="left:{placed(value):.2f}%;--n:{place}">'
            f"<b>{both(words)} {shown(metric, value)}</b></span>"
        )
    return figure(
        plot.plot(
            [("bar quiet", plot.bars(counts.astype(np.float64), scale, keep=lambda each: each > 0, fill=0.86))],
            ticks=[(scale.share(each), number(each, 0)) for each in steps if each == int(each)],
            across=[
                (placed(each), shown(metric, each, 1 if FIGURES[metric].form == "percent" else 2)) for each in ticks
            ],
            more="".join(drawn),
            says=plain(("各次试验的分布", "Spread of the trials")),
            kind="middle marked",
        )
    )


def words_of(metric: str) -> Pair:
    """Return what a figure is called."""
    return FIGURES[metric].chinese, FIGURES[metric].english
