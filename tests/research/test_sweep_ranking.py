"""Ranking, and what luck alone makes of the best of many."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qmt_trading.research.sweep_figures import FIGURES, RANKED, Figures
from qmt_trading.research.sweep_ranking import luck_of, ranked
from qmt_trading.research.sweep_trial import Outcome


def outcome(number: int, **figures: float | None) -> Outcome:
    return Outcome(number=number, parameters={}, status="ok", figures=dict(figures))


FAILED = Outcome(number=0, parameters={}, status="failed", reason="no")


def test_the_best_is_first_equal_ones_by_number_then_what_has_no_figure_then_what_failed() -> None:
    trials = [FAILED, outcome(1, sharpe=1.0), outcome(2, sharpe=None), outcome(3, sharpe=2.0), outcome(4, sharpe=1.0)]
    assert [each.number for each in ranked(trials, "sharpe")] == [3, 1, 4, 2, 0]
    assert ranked(trials[::-1], "sharpe") == ranked(trials, "sharpe")


def test_less_volatility_and_a_shallower_fall_are_better() -> None:
    trials = [outcome(0, volatility=0.3, max_drawdown=-0.1), outcome(1, volatility=0.2, max_drawdown=-0.4)]
    assert [each.number for each in ranked(trials, "volatility")] == [1, 0]
    assert [each.number for each in ranked(trials, "max_drawdown")] == [0, 1]


def test_every_figure_that_ranks_says_which_is_better() -> None:
    assert all(FIGURES[name].better in {"more", "less"} for name in RANKED)
    assert "trips" not in RANKED


@pytest.mark.parametrize("count", [5, 20, 200])
def test_the_expected_best_without_skill_is_what_draws_show(count: int) -> None:
    luck = np.random.default_rng(count)
    best = float(np.mean(luck.normal(0, 1, (20_000, count)).max(axis=1)))
    spread = luck.normal(0, 1, count)
    spread = (spread - spread.mean()) / spread.std(ddof=1) * 0.7
    trials = [outcome(number, sharpe=float(value)) for number, value in enumerate(spread)]
    found = luck_of(trials, ranked(trials, "sharpe")[0])
    assert found is not None
    assert found.trials == count
    assert found.deviation == pytest.approx(0.7)
    # The paper's formula comes near the true mean: within three per cent from five trials on.
    assert found.expected_max == pytest.approx(0.7 * best, rel=0.03)


def test_the_deflated_sharpe_ratio_is_that_of_the_papers_example() -> None:
    """Source: Bailey, López de Prado 2014, the numerical example: N = 100, V = 1/2, T = 1250, SR = 2.5 by the year."""
    luck = np.random.default_rng(1)
    spread = luck.normal(0, 1, 100)
    spread = (spread - spread.mean()) / spread.std(ddof=1) * math.sqrt(0.5)
    others = [outcome(number, sharpe=float(value)) for number, value in enumerate(spread)]
    figures: Figures = {"sharpe": 2.5, "days": 1250.0, "skewness": -3.0, "kurtosis": 7.0}
    chosen = Outcome(number=100, parameters={}, status="ok", figures=figures)
    from qmt_trading.research.conventions import Conventions

    found = luck_of(others, chosen, Conventions(days_a_year=250))
    assert found is not None
    assert found.expected_max / math.sqrt(250) == pytest.approx(0.1132, abs=0.0001)
    assert found.deflated == pytest.approx(0.9004, abs=0.0001)


def test_luck_needs_two_trials_with_a_sharpe_ratio() -> None:
    one = outcome(1, sharpe=1.0)
    assert luck_of([one, outcome(2, sharpe=None), FAILED], one) is None
    assert luck_of([one, outcome(2, sharpe=2.0)], FAILED) is None
    short = luck_of([one, outcome(2, sharpe=2.0)], one)
    assert short is not None
    assert short.deflated is None
