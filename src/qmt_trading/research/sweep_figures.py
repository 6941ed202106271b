"""The figures of a trial by which trials are ranked, and what each is called."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from qmt_trading.research.metrics import Metrics

Figures = dict[str, float | None]
"""By name, as in ``FIGURES``; None: not defined for this trial."""


class Figure(Struct, frozen=True):
    """What a figure is called in Chinese and in English, how it is written, and which of two is better."""

    chinese: str
    english: str
    form: Literal["number", "percent", "count"]
    better: Literal["more", "less", ""]
    """Empty: nothing to rank by."""


FIGURES: Final[dict[str, Figure]] = {
    "sharpe": Figure("夏普", "Sharpe", "number", "more"),
    "sortino": Figure("索提诺", "Sortino", "number", "more"),
    "calmar": Figure("卡玛", "Calmar", "number", "more"),
    "annual_return": Figure("年化收益", "Annual return", "percent", "more"),
    "total_return": Figure("总收益", "Total return", "percent", "more"),
    "max_drawdown": Figure("最大回撤", "Max drawdown", "percent", "more"),
    "volatility": Figure("波动率", "Volatility", "percent", "less"),
    "win_rate": Figure("回合胜率", "Trips won", "percent", "more"),
    "payoff": Figure("盈亏比", "Payoff", "number", "more"),
    "profit_factor": Figure("盈利因子", "Profit factor", "number", "more"),
    "trips": Figure("回合", "Trips", "count", ""),
    "turnover_annual": Figure("换手率", "Turnover", "percent", ""),
    "fee_annual": Figure("费用占比", "Fees of equity", "percent", ""),
    "skewness": Figure("偏度", "Skewness", "number", ""),
    "kurtosis": Figure("超额峰度", "Excess kurtosis", "number", ""),
    "days": Figure("交易日", "Trading days", "count", ""),
}
RANKED: Final = tuple(name for name, each in FIGURES.items() if each.better)


def figures_of(metrics: Metrics) -> Figures:
    """Return the figures of a run; units as in ``Metrics``."""
    own, trades, activity = metrics.performance, metrics.trades, metrics.activity
    return {
        "sharpe": own.sharpe,
        "sortino": own.sortino,
        "calmar": own.calmar,
        "annual_return": own.annual_return,
        "total_return": own.total_return,
        "max_drawdown": own.max_drawdown,
        "volatility": own.volatility,
        "win_rate": trades.win_rate,
        "payoff": trades.payoff,
        "profit_factor": trades.profit_factor,
        "trips": float(trades.count),
        "turnover_annual": activity.turnover_annual,
        "fee_annual": activity.fee_annual,
        "skewness": own.skewness,
        "kurtosis": own.kurtosis,
        "days": float(metrics.days),
    }
