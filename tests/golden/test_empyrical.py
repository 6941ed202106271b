"""Figures of daily returns agree with empyrical-reloaded and scipy to 1e-9 wherever the definitions are the same.

They are not the same here, on purpose:

* The information ratio is by the year, as Sharpe's is; empyrical's ``excess_sharpe`` is of a day.
* Where there is no spread ours is None; empyrical gives NaN or infinity.
* Win rates, payoff and round trips are none of empyrical's figures; ``tests/unit/research`` reckons them by hand.
* pandas' skew and kurtosis are those of a sample; ours are of the whole, as scipy's are by default.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from qmt_trading.research import returns as of
from qmt_trading.research.conventions import Conventions
from qmt_trading.research.drawdowns import drawdowns
from tests import market_data

empyrical: Any = pytest.importorskip("empyrical", reason="needs empyrical-reloaded, of the extra 'test'")
scipy_stats: Any = pytest.importorskip("scipy.stats", reason="needs scipy, which empyrical-reloaded brings")
CONVENTIONS = [
    Conventions(days_a_year=244, risk_free=0.02),
    Conventions(days_a_year=252, risk_free=0.0),
    Conventions(days_a_year=252, risk_free=0.04),
]


def near(value: float) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-9)


def by_luck(seed: int, days: int, spread: float) -> tuple[of.Floats, of.Floats]:
    rng = np.random.default_rng(seed)
    market = rng.normal(0.0003, 0.012, days)
    return 0.7 * market + rng.normal(0.0002, spread, days), market


def real() -> tuple[of.Floats, of.Floats]:
    """Return the daily returns of two indices over the same days."""
    table = market_data.columns("data", "daily", "index_daily_2005_2021.parquet")
    closes: dict[str, dict[Any, float]] = {}
    for symbol, day, close in zip(table["symbol"], table["date"], table["close"], strict=True):
        closes.setdefault(symbol, {})[day] = close
    first, second = closes["000300.SH"], closes["000001.SH"]
    days = sorted(first.keys() & second.keys())
    own, other = (np.asarray([each[day] for day in days]) for each in (first, second))
    return of.daily(own[1:], own[0]), of.daily(other[1:], other[0])


def check(own: of.Floats, other: of.Floats, conventions: Conventions) -> None:
    year, free = conventions.days_a_year, conventions.daily_risk_free
    levels = np.cumprod(1 + own)
    depth = drawdowns(levels, 1.0)[0].depth
    yearly = of.annual(own, conventions)
    assert yearly is not None
    assert of.total(own) == near(empyrical.cum_returns_final(own))
    assert yearly == near(empyrical.annual_return(own, annualization=year))
    assert of.volatility(own, conventions) == near(empyrical.annual_volatility(own, annualization=year))
    assert of.downside(own, conventions) == near(empyrical.downside_risk(own, required_return=free, annualization=year))
    assert of.sharpe(own, conventions) == near(empyrical.sharpe_ratio(own, risk_free=free, annualization=year))
    assert of.sortino(own, conventions) == near(empyrical.sortino_ratio(own, required_return=free, annualization=year))
    assert depth == near(empyrical.max_drawdown(own))
    assert yearly / -depth == near(empyrical.calmar_ratio(own, annualization=year))
    assert of.value_at_risk(own, conventions) == near(empyrical.value_at_risk(own, 0.05))
    assert of.expected_shortfall(own, conventions) == near(empyrical.conditional_value_at_risk(own, 0.05))
    assert of.beta(own, other) == near(empyrical.beta_aligned(own, other, risk_free=free))
    assert of.alpha(own, other, conventions) == near(
        empyrical.alpha_aligned(own, other, risk_free=free, annualization=year)
    )
    ratio = of.information_ratio(own, other, conventions)
    assert ratio is not None
    assert ratio / math.sqrt(year) == near(empyrical.excess_sharpe(own, other))
    assert of.skewness(own) == near(scipy_stats.skew(own))
    assert of.kurtosis(own) == near(scipy_stats.kurtosis(own))
    assert of.correlation(own, other) == near(scipy_stats.pearsonr(own, other).statistic)


@pytest.mark.parametrize("conventions", CONVENTIONS)
@pytest.mark.parametrize(("seed", "days", "spread"), [(1, 3, 0.01), (2, 21, 0.02), (3, 244, 0.001), (4, 3700, 0.015)])
def test_figures_of_lucky_days_agree(conventions: Conventions, seed: int, days: int, spread: float) -> None:
    check(*by_luck(seed, days, spread), conventions)


@pytest.mark.parametrize("conventions", CONVENTIONS)
def test_figures_of_sixteen_years_of_an_index_agree(conventions: Conventions) -> None:
    check(*real(), conventions)
