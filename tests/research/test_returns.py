"""Figures of daily returns: small cases reckoned by hand, and what is not defined is None."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qmt_trading.research import returns as of
from qmt_trading.research.conventions import STANDARD, Conventions

FREE = Conventions(days_a_year=4, risk_free=0.0)
"""Four days a year and money that earns nothing: the figures stay small."""
UP_AND_DOWN = np.asarray([0.10, -0.10, 0.20, -0.10])
BESIDE = np.asarray([0.05, -0.05, 0.10, -0.10])
NONE = np.zeros(0)


def test_a_day_is_against_the_evening_before_and_the_first_against_the_start() -> None:
    assert of.daily(np.asarray([110, 99, 99]), 100.0) == pytest.approx([0.1, -0.1, 0.0])


def test_nothing_is_earned_on_nothing() -> None:
    assert of.daily(np.asarray([0, 5]), 100.0) == pytest.approx([-1.0, 0.0])


def test_a_total_is_compounded() -> None:
    assert of.total(UP_AND_DOWN) == pytest.approx(1.1 * 0.9 * 1.2 * 0.9 - 1)


def test_four_days_of_a_year_of_four_are_the_year() -> None:
    assert of.annual(UP_AND_DOWN, FREE) == pytest.approx(of.total(UP_AND_DOWN))
    assert of.annual(UP_AND_DOWN[:2], FREE) == pytest.approx(0.99**2 - 1)


def test_a_run_that_lost_all_lost_all_by_the_year_too() -> None:
    assert of.annual(np.asarray([0.1, -1.0]), FREE) == -1.0


def test_a_deviation_is_that_of_a_sample() -> None:
    # The mean is 0.025; the squares around it are 0.005625 + 0.015625 + 0.030625 + 0.015625 = 0.0675, over 3.
    assert of.deviation(UP_AND_DOWN) == pytest.approx(math.sqrt(0.0675 / 3))
    assert of.volatility(UP_AND_DOWN, FREE) == pytest.approx(2 * math.sqrt(0.0675 / 3))


def test_sharpe_is_the_mean_over_the_deviation_by_the_year() -> None:
    assert of.sharpe(UP_AND_DOWN, FREE) == pytest.approx(0.025 / math.sqrt(0.0675 / 3) * 2)


def test_a_risk_free_rate_is_taken_off_by_the_day() -> None:
    rich = Conventions(days_a_year=4, risk_free=1.01**4 - 1)
    assert rich.daily_risk_free == pytest.approx(0.01)
    assert of.sharpe(UP_AND_DOWN, rich) == pytest.approx(0.015 / math.sqrt(0.0675 / 3) * 2)


def test_the_downside_counts_all_days_and_only_what_falls_short() -> None:
    assert of.downside(UP_AND_DOWN, FREE) == pytest.approx(math.sqrt((0.01 + 0.01) / 4) * 2)
    assert of.sortino(UP_AND_DOWN, FREE) == pytest.approx(0.025 * 4 / (math.sqrt(0.005) * 2))


def test_var_lies_between_two_days_and_cvar_is_the_mean_of_the_worst() -> None:
    days = np.asarray([float(each) for each in range(-10, 31)]) / 100  # 41 days: the 5 % quantile is the third worst.
    assert of.value_at_risk(days, STANDARD) == pytest.approx(-0.08)
    assert of.expected_shortfall(days, STANDARD) == pytest.approx((-0.10 - 0.09 - 0.08) / 3)
    assert of.expected_shortfall(UP_AND_DOWN, STANDARD) == pytest.approx(-0.10)


def test_beta_is_the_covariance_over_the_benchmarks_variance() -> None:
    # Around the mean 0 the benchmark's squares are 0.0025 + 0.0025 + 0.01 + 0.01 = 0.025,
    # the products 0.005 + 0.005 + 0.02 + 0.01 = 0.04.
    assert of.beta(UP_AND_DOWN, BESIDE) == pytest.approx(1.6)


def test_alpha_is_what_a_day_brings_beyond_beta_compounded() -> None:
    assert of.alpha(UP_AND_DOWN, BESIDE, FREE) == pytest.approx(1.025**4 - 1)


def test_a_run_is_its_own_benchmark_without_alpha() -> None:
    assert of.beta(UP_AND_DOWN, UP_AND_DOWN) == pytest.approx(1.0)
    assert of.alpha(UP_AND_DOWN, UP_AND_DOWN, STANDARD) == pytest.approx(0.0, abs=1e-12)
    assert of.correlation(UP_AND_DOWN, UP_AND_DOWN) == pytest.approx(1.0)
    assert of.information_ratio(UP_AND_DOWN, UP_AND_DOWN, STANDARD) is None


def test_the_information_ratio_is_of_the_difference() -> None:
    difference = UP_AND_DOWN - BESIDE  # 0.05, -0.05, 0.10, 0: the mean is 0.025, the squares come to 0.0125.
    assert of.information_ratio(UP_AND_DOWN, BESIDE, FREE) == pytest.approx(0.025 / math.sqrt(0.0125 / 3) * 2)
    assert of.tracking_error(UP_AND_DOWN, BESIDE, FREE) == pytest.approx(float(np.std(difference, ddof=1)) * 2)


def test_moments_are_those_of_the_whole() -> None:
    assert of.skewness(np.asarray([-1.0, 0.0, 1.0])) == pytest.approx(0.0)
    assert of.kurtosis(np.asarray([-1.0, 1.0, -1.0, 1.0])) == pytest.approx(-2.0)


def test_days_that_stood_still_are_neither_won_nor_lost() -> None:
    assert of.share_of_gains(np.asarray([0.0, 0.01, 0.0, -0.01, 0.02])) == pytest.approx(2 / 3)
    assert of.share_of_gains(np.zeros(3)) is None


def test_the_longest_run_may_stand_at_either_end() -> None:
    assert of.longest_run(np.asarray([True, True, False, True])) == 2
    assert of.longest_run(np.asarray([False, True, True, True])) == 3
    assert of.longest_run(np.zeros(0, np.bool_)) == 0


@pytest.mark.parametrize("days", [NONE, np.zeros(1), np.zeros(5), np.full(5, 0.001)])
def test_without_spread_no_ratio_is_defined(days: of.Floats) -> None:
    assert of.sharpe(days, STANDARD) is None
    assert of.skewness(days) is None
    assert of.beta(days, days) is None
    assert of.correlation(days, days) is None


def test_without_days_nothing_is_defined() -> None:
    assert of.annual(NONE, STANDARD) is None
    assert of.volatility(NONE, STANDARD) is None
    assert of.downside(NONE, STANDARD) is None
    assert of.sortino(NONE, STANDARD) is None
    assert of.value_at_risk(NONE, STANDARD) is None
    assert of.expected_shortfall(NONE, STANDARD) is None


@pytest.mark.parametrize("wrong", [{"days_a_year": 0}, {"risk_free": -1.0}, {"tail": 0.0}, {"tail": 1.0}])
def test_conventions_that_mean_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="no conventions"):
        Conventions(**wrong)  # type: ignore[arg-type]
