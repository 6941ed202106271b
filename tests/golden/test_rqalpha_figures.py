"""Figures agree with those that rqalpha tells of its own runs, wherever the definitions are the same.

They are not the same here: rqalpha takes its risk-free rate from the yield curve of each day (Sharpe, Sortino, alpha),
divides the difference of the annual returns by the tracking error (its information ratio; ours is its
``excess_sharpe``), and counts days without a move as lost (its win rate). It takes 252 days a year.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from qmt_trading.research import returns as of
from qmt_trading.research.conventions import Conventions
from qmt_trading.research.drawdowns import drawdowns
from tests import market_data

YEAR = Conventions(days_a_year=252, risk_free=0.0)
CASES = ["rqalpha_s_buy_and_hold", "rqalpha_s_pit_tax", "rqalpha_s_split", "rqalpha_sf_buy_and_hold"]


def told(case: str) -> tuple[dict[str, Any], of.Floats, of.Floats | None]:
    """Return what rqalpha told, and its curves of equity and benchmark from 1."""
    path = market_data.shared("data", "golden", case, "expected_summary.json")
    summary: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    rows = market_data.rows("data", "golden", case, "portfolio.csv")
    equity = np.asarray([float(row["total_value"]) / float(row["units"]) for row in rows])
    if not rows[0].get("benchmark_unit_net_value"):
        return summary, equity, None
    return summary, equity, np.asarray([float(row["benchmark_unit_net_value"]) for row in rows])


def near(value: float) -> Any:
    return pytest.approx(value, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("case", CASES)
def test_returns_volatility_and_drawdown_agree(case: str) -> None:
    summary, equity, _ = told(case)
    own = of.daily(equity, 1.0)
    assert of.total(own) == near(summary["total_returns"])
    assert of.annual(own, YEAR) == near(summary["annualized_returns"])
    assert of.volatility(own, YEAR) == near(summary["volatility"])
    assert -drawdowns(equity, 1.0)[0].depth == near(summary["max_drawdown"])


def test_figures_beside_the_benchmark_agree() -> None:
    summary, equity, benchmark = told("rqalpha_s_buy_and_hold")
    assert benchmark is not None
    own, other = of.daily(equity, 1.0), of.daily(benchmark, 1.0)
    ahead = equity / benchmark
    assert of.beta(own, other) == near(summary["beta"])
    assert of.tracking_error(own, other, YEAR) == near(summary["tracking_error"])
    assert of.information_ratio(own, other, YEAR) == near(summary["excess_sharpe"])
    assert ahead[-1] - 1 == near(summary["excess_returns"])
    assert of.annual(of.daily(ahead, 1.0), YEAR) == near(summary["excess_annual_returns"])
    assert -drawdowns(ahead, 1.0)[0].depth == near(summary["excess_max_drawdown"])
