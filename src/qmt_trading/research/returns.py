"""Figures of a series of daily returns, alone and beside a benchmark's. Plain fractions: 0.01 is one per cent."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qmt_trading.research.conventions import Conventions

Floats = npt.NDArray[np.float64]
NO_SPREAD: Final = 1e-12
"""A deviation below this is the rounding of floats and no spread: whatever is divided by it says nothing."""


def daily(levels: npt.NDArray[Any], start: float) -> Floats:
    """Return each day's return, the first against ``start``; 0 once nothing is left to lose."""
    before = np.concatenate(([start], levels[:-1])).astype(np.float64)
    found: Floats = np.divide(levels, before, out=np.ones(len(levels)), where=before > 0) - 1.0
    return found


def total(returns: Floats) -> float:
    """Return what a series comes to, compounded."""
    return float(np.prod(1.0 + returns)) - 1.0


def annual(returns: Floats, conventions: Conventions) -> float | None:
    """Return the constant yearly rate that leads to the same end; None: no day."""
    if not len(returns):
        return None
    return float(max(1.0 + total(returns), 0.0) ** (conventions.days_a_year / len(returns))) - 1.0


def deviation(returns: Floats) -> float | None:
    """Return the sample's standard deviation of a day; None below two days."""
    return float(np.std(returns, ddof=1)) if len(returns) > 1 else None


def volatility(returns: Floats, conventions: Conventions) -> float | None:
    """Return the deviation of a day times the root of the days a year."""
    daily_deviation = deviation(returns)
    return None if daily_deviation is None else daily_deviation * math.sqrt(conventions.days_a_year)


def downside(returns: Floats, conventions: Conventions) -> float | None:
    """Return the yearly root mean square of what each day fell short of the risk-free rate; all days count."""
    if not len(returns):
        return None
    short = np.minimum(returns - conventions.daily_risk_free, 0.0)
    return float(np.sqrt(np.mean(short**2))) * math.sqrt(conventions.days_a_year)


def sharpe(returns: Floats, conventions: Conventions) -> float | None:
    """Return the mean over the risk-free rate for each unit of deviation, by the year."""
    over = returns - conventions.daily_risk_free
    return _ratio(over, deviation(over), math.sqrt(conventions.days_a_year))


def sortino(returns: Floats, conventions: Conventions) -> float | None:
    """Return the mean over the risk-free rate for each unit of ``downside``, by the year."""
    below = downside(returns, conventions) if len(returns) > 1 else None
    return _ratio(returns - conventions.daily_risk_free, below, conventions.days_a_year)


def value_at_risk(returns: Floats, conventions: Conventions) -> float | None:
    """Return the historical quantile of a day's return, between two days by proportion; a loss is negative."""
    return float(np.quantile(returns, conventions.tail)) if len(returns) else None


def expected_shortfall(returns: Floats, conventions: Conventions) -> float | None:
    """Return the mean of the worst days, at least one: CVaR. A loss is negative."""
    if not len(returns):
        return None
    last = int((len(returns) - 1) * conventions.tail)
    return float(np.mean(np.partition(returns, last)[: last + 1]))


def skewness(returns: Floats) -> float | None:
    """Return the third moment over the cube of the deviation, both of the whole and not of a sample."""
    return _moment(returns, 3)


def kurtosis(returns: Floats) -> float | None:
    """Return the fourth moment over the square of the variance, less 3: 0 is a normal distribution's."""
    found = _moment(returns, 4)
    return None if found is None else found - 3.0


def beta(returns: Floats, benchmark: Floats) -> float | None:
    """Return the covariance with the benchmark over its variance; None where that has none."""
    if len(returns) < 2:
        return None
    around = benchmark - benchmark.mean()
    variance = float(np.mean(around**2))
    return None if variance < NO_SPREAD**2 else float(np.mean(around * returns)) / variance


def alpha(returns: Floats, benchmark: Floats, conventions: Conventions) -> float | None:
    """Return a day's mean beyond ``beta`` times the benchmark, both over the risk-free rate, compounded to a year."""
    slope = beta(returns, benchmark)
    if slope is None:
        return None
    free = conventions.daily_risk_free
    own = float(np.mean(returns - free - slope * (benchmark - free)))
    return float(max(1.0 + own, 0.0) ** conventions.days_a_year) - 1.0


def correlation(returns: Floats, benchmark: Floats) -> float | None:
    """Return Pearson's, None where one of the two stands still."""
    if len(returns) < 2 or min(float(returns.std()), float(benchmark.std())) < NO_SPREAD:
        return None
    return float(np.corrcoef(returns, benchmark)[0, 1])


def tracking_error(returns: Floats, benchmark: Floats, conventions: Conventions) -> float | None:
    """Return the yearly deviation of the difference of the two."""
    return volatility(returns - benchmark, conventions)


def information_ratio(returns: Floats, benchmark: Floats, conventions: Conventions) -> float | None:
    """Return the mean difference for each unit of its deviation, by the year."""
    difference = returns - benchmark
    return _ratio(difference, deviation(difference), math.sqrt(conventions.days_a_year))


def share_of_gains(returns: Floats) -> float | None:
    """Return the share of gains among those that were not 0; None: all were."""
    moved = int(np.count_nonzero(returns))
    return int(np.count_nonzero(returns > 0)) / moved if moved else None


def longest_run(is_in: npt.NDArray[np.bool_]) -> int:
    """Return the longest unbroken run."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_in, [False])).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0


def _ratio(values: Floats, spread: float | None, factor: float) -> float | None:
    return None if spread is None or spread < NO_SPREAD else float(np.mean(values)) / spread * factor


def _moment(returns: Floats, power: int) -> float | None:
    if len(returns) < 2:
        return None
    around = returns - returns.mean()
    spread = float(np.sqrt(np.mean(around**2)))
    return None if spread < NO_SPREAD else float(np.mean(around**power)) / spread**power
