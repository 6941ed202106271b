"""Months and years: compounded from end to end, the first against the start."""

from __future__ import annotations

import numpy as np
import pytest

from qmt_trading.research.periods import heat_map, returns_by, sums_by

DAYS = np.asarray(["2023-12-28", "2023-12-29", "2024-01-02", "2024-03-01", "2024-03-04"], "datetime64[D]")
LEVELS = np.asarray([110, 120, 90, 100, 99])


def test_a_month_is_from_the_last_end_before_it() -> None:
    months, returns = returns_by(DAYS, LEVELS, 100, "M")
    assert months.astype(str).tolist() == ["2023-12", "2024-01", "2024-03"]
    assert returns == pytest.approx([0.2, -0.25, 0.1])


def test_years_are_the_product_of_their_months() -> None:
    ((first, _, whole), (second, months, rest)) = heat_map(DAYS, LEVELS, 100)
    assert (first, second) == (2023, 2024)
    assert whole == pytest.approx(0.2)
    assert rest == pytest.approx(99 / 120 - 1)
    assert months[0] == pytest.approx(-0.25)
    assert months[1] is None
    assert months[2] == pytest.approx(0.1)


def test_sums_belong_to_their_month() -> None:
    _, sums = sums_by(DAYS, np.asarray([1, 2, 4, 8, 16]), "M")
    assert sums.tolist() == [3, 4, 24]


def test_no_days_are_no_months() -> None:
    months, returns = returns_by(DAYS[:0], LEVELS[:0], 100, "M")
    assert (len(months), len(returns)) == (0, 0)
