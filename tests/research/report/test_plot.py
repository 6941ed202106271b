"""The chart room: ticks that are round, lines that break where there is nothing, shapes within their grid."""

from __future__ import annotations

import re

import numpy as np
import pytest

from qmt_trading.research.report import plot


@pytest.mark.parametrize(
    ("low", "high", "steps"),
    [(0.0, 1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (-37.0, 112.0, [0, 50, 100]), (0.0, 0.0, [0.0])],
)
def test_ticks_are_round(low: float, high: float, steps: list[float]) -> None:
    assert plot.steps_of(low, high, 5) == pytest.approx(steps)


def test_a_scale_holds_all_values_and_zero_where_asked() -> None:
    scale, _ = plot.scale_of(np.asarray([3.0, 5.0, np.nan]), zero=True)
    assert scale.bottom == 0.0
    assert scale.top > 5.0
    assert scale.share(0.0) == pytest.approx(100.0)


def test_equal_values_have_a_scale() -> None:
    scale, steps = plot.scale_of(np.zeros(4))
    assert scale.bottom < 0 < scale.top
    assert 0.0 in steps


def test_equal_ratios_are_equally_high() -> None:
    scale, steps = plot.log_scale_of(np.asarray([1.0, 8.0]))
    heights = [scale.share(each) for each in (1.0, 2.0, 4.0, 8.0)]
    assert np.diff(heights) == pytest.approx([heights[1] - heights[0]] * 3)
    assert min(steps) >= 1
    assert len(steps) >= 4


def test_a_line_breaks_where_there_is_no_value() -> None:
    scale = plot.Scale(bottom=0.0, top=1.0)
    assert plot.line(np.asarray([0.0, 1.0, np.nan, 0.5, 0.5]), scale) == "M0 1000l500 -1000 M1500 500l500 0"
    assert plot.line(np.asarray([np.nan, np.nan]), scale) == ""


def test_a_long_line_keeps_its_extremes() -> None:
    values = np.sin(np.linspace(0, 60, 20_000))
    values[12_345] = 9.0
    scale, _ = plot.scale_of(values)
    path = plot.line(values, scale)
    assert len(path) < 25_000
    y = 0
    highest = 1000
    for first, step in re.findall(r"(M\d+ \d+l)|-?\d+ (-?\d+)", path):
        y = int(first.split()[1][:-1]) if first else y + int(step)
        highest = min(highest, y)
    assert highest == round(float(scale.share(9.0)) * 10)


def test_bars_stand_on_zero() -> None:
    scale = plot.Scale(bottom=-1.0, top=1.0)
    assert plot.bars(np.asarray([1.0, -1.0]), scale, keep=lambda each: each > 0, fill=0.5) == "M250 500h500v-500h-500z"


def test_years_are_named_where_they_begin_and_months_in_a_short_span() -> None:
    days = np.arange("2020-07-01", "2025-07-01", dtype="datetime64[D]")
    assert [word for _, word in plot.year_ticks(days)] == ["2021", "2022", "2023", "2024", "2025"]
    assert [word for _, word in plot.year_ticks(days[:100])] == ["2020-08", "2020-09", "2020-10"]
    short = plot.year_ticks(days[:20])
    assert [word for _, word in short] == ["07-04", "07-07", "07-11", "07-14", "07-17"]
    assert [place for place, _ in short] == pytest.approx([each / 19 * 100 for each in (3, 6, 10, 13, 16)])
    assert plot.year_ticks(days[:3]) == [(0.0, "07-01"), (50.0, "07-02"), (100.0, "07-03")]
    assert plot.year_ticks(days[:1]) == [(0.0, "2020-07-01")]
    assert plot.year_ticks(days[:0]) == []
