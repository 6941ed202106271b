"""Falls: from the peak, to the trough, until equity stands where it stood."""

from __future__ import annotations

import numpy as np
import pytest

from qmt_trading.research.drawdowns import drawdowns, underwater


def test_a_fall_ends_on_the_day_that_reaches_the_peak_again() -> None:
    (fall,) = drawdowns(np.asarray([100, 120, 90, 110, 120, 130]), 100)
    assert (fall.peak, fall.trough, fall.recovered) == (1, 2, 4)
    assert fall.depth == pytest.approx(-0.25)
    assert (fall.length, fall.fall, fall.recovery) == (3, 1, 2)


def test_a_fall_that_lasts_counts_to_the_last_day() -> None:
    (fall,) = drawdowns(np.asarray([100, 80, 90]), 100)
    assert (fall.peak, fall.trough, fall.recovered, fall.last) == (0, 1, None, 2)
    assert (fall.length, fall.recovery) == (2, None)


def test_a_loss_on_the_first_day_falls_from_the_start() -> None:
    (fall,) = drawdowns(np.asarray([90, 100]), 100)
    assert (fall.peak, fall.trough, fall.recovered) == (-1, 0, 1)
    assert fall.length == 2


def test_the_deepest_comes_first() -> None:
    found = drawdowns(np.asarray([100, 99, 100, 50, 100, 90]), 100)
    assert [round(each.depth, 2) for each in found] == [-0.5, -0.1, -0.01]


def test_a_rise_has_no_fall() -> None:
    assert drawdowns(np.asarray([100, 100, 101]), 100) == []
    assert drawdowns(np.zeros(0), 100) == []


def test_under_water_is_below_the_highest_end() -> None:
    assert underwater(np.asarray([110, 99, 121]), 100) == pytest.approx([0.0, -0.1, 0.0])
