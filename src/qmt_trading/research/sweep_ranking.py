"""Which trial did best, and how much of that the mere number of trials explains."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from qmt_trading.research.conventions import STANDARD, Conventions
from qmt_trading.research.sweep_figures import FIGURES
from qmt_trading.research.sweep_trial import Outcome

EULER_MASCHERONI: Final = 0.5772156649015329
SURE: Final = 0.95
"""A deflated Sharpe ratio below this is no proof of anything."""


def ranked(outcomes: Sequence[Outcome], metric: str) -> list[Outcome]:
    """Return ``outcomes`` with the best first, equal ones by their number; then those without the figure, then failed.

    The order of ``outcomes`` does not matter.
    """
    less = FIGURES[metric].better == "less"

    def key(each: Outcome) -> tuple[int, float, int]:
        value = each.figures.get(metric)
        if value is None:
            return (2 if each.status == "failed" else 1, 0.0, each.number)
        return (0, value if less else -value, each.number)

    return sorted(outcomes, key=key)


def has(outcome: Outcome, metric: str) -> bool:
    """Tell whether ``outcome`` can be ranked."""
    return outcome.figures.get(metric) is not None


class Luck(Struct, frozen=True, kw_only=True):
    """What the best of so many trials shows when none of them has any skill.

    Source: D. Bailey, M. López de Prado, "The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest
    Overfitting, and Non-Normality", Journal of Portfolio Management 40 (5), 2014. Sharpe ratios here are by the year.
    """

    trials: int
    """Those with a Sharpe ratio. Neighbours on a grid trade alike, so the independent ones are fewer."""
    deviation: float
    """Of their Sharpe ratios."""
    expected_max: float
    """The Sharpe ratio that the best of them is expected to show without skill."""
    best: float
    """The Sharpe ratio of the trial that was chosen."""
    deflated: float | None
    """The probability that its true Sharpe ratio is above 0, given how many were tried, how long and how skewed."""


def luck_of(outcomes: Sequence[Outcome], chosen: Outcome, conventions: Conventions = STANDARD) -> Luck | None:
    """Return what luck explains of ``chosen``; None: fewer than two trials have a Sharpe ratio, or it has none."""
    found = [value for each in outcomes if (value := each.figures.get("sharpe")) is not None]
    best = chosen.figures.get("sharpe")
    if len(found) < 2 or best is None:
        return None
    # By numbers in their order: the same sum wherever and in whatever order the trials ran.
    deviation = statistics.stdev(sorted(found))
    expected = deviation * _expected_max(len(found))
    root = math.sqrt(conventions.days_a_year)
    return Luck(
        trials=len(found),
        deviation=deviation,
        expected_max=expected,
        best=best,
        deflated=_deflated(chosen, best / root, expected / root),
    )


def _expected_max(count: int) -> float:
    """Return about how high the highest of ``count`` draws from a standard normal distribution is expected."""
    quantile = statistics.NormalDist().inv_cdf
    first, second = quantile(1 - 1 / count), quantile(1 - 1 / (count * math.e))
    return (1 - EULER_MASCHERONI) * first + EULER_MASCHERONI * second


def _deflated(chosen: Outcome, daily: float, threshold: float) -> float | None:
    """Return the probability that the daily Sharpe ratio is truly above ``threshold``."""
    days, skewness, kurtosis = (chosen.figures.get(name) for name in ("days", "skewness", "kurtosis"))
    if days is None or days < 2 or skewness is None or kurtosis is None:
        return None
    # The paper's kurtosis is 3 for a normal distribution; ours is the excess over it.
    spread = 1 - skewness * daily + (kurtosis + 2) / 4 * daily**2
    if spread <= 0:
        return None
    return statistics.NormalDist().cdf((daily - threshold) * math.sqrt(days - 1) / math.sqrt(spread))
