"""The statistics of a referee that sells short (backtesting.py on GOOG), from our own engine, which does not.

A share sold short earns what a share of its mirror earns, whose price is a constant less the price. So the run holds
either the share or its mirror, and a cushion of cash pays for what the mirror costs beyond the share. A referee's unit
is a hundred of our shares, for the sake of lots. It sizes by the price at which it fills: each day is therefore two
bars, its open and the rest of it, and the strategy sizes at the first and fills at the open of the second.
"""

from __future__ import annotations

import json
import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from benchmarks.backtest_workloads import SAME_DAY

from qmt_trading.model.numbers import UNIT
from qmt_trading.research import returns as of
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import Bars, instants_of, to_units
from qmt_trading.research.conventions import Conventions
from qmt_trading.research.costs import FillModel, referee
from qmt_trading.research.drawdowns import drawdowns
from qmt_trading.research.metrics import Metrics, measure
from qmt_trading.research.result import Result
from qmt_trading.research.round_trips import RoundTrips, book_of
from qmt_trading.research.strategy import Strategy
from tests import market_data

CASE = ("data", "golden", "smacross_goog")
SHARE, MIRROR = "600000.SH", "600001.SH"
LOT = 100
FAST, SLOW = 10, 30
WARM = SLOW
"""The referee's first decision: both averages are known at the bar before as well."""
CASH = 10_000 * UNIT * LOT
CUSHION = 10_000_000 * UNIT * LOT
MIRRORED = 1_000 * UNIT
"""More than the share ever costs."""
NEW_YORK = Conventions(days_a_year=252, risk_free=0.0)


class Reversing(Strategy):
    """All of the equity in the share from a cross upward on, all of it against the share from a cross downward on."""

    @classmethod
    def over(cls, days: int) -> Reversing:
        made = cls()
        made.days = days
        return made

    fields = ("close",)
    days = 0

    def on_start(self) -> None:
        self.closes: list[int] = []
        self.wanted = 0
        self.is_rest = False

    def on_bar(self, bar: Any) -> None:
        if bar.place:
            return
        if bar.index % 2:
            self.closes.append(bar.close)
            self.wanted = self.crossed()
            return
        is_last = bar.index == 2 * (self.days - 1)
        if not self.wanted and not is_last:
            return
        for symbol in (SHARE, MIRROR):
            if self.held(symbol):
                self.sell(self.held(symbol), symbol)
        if not is_last:
            units = (self.equity - CUSHION) // (bar.close * LOT)
            self.buy(units * LOT, SHARE if self.wanted > 0 else MIRROR)

    def crossed(self) -> int:
        """Return +1 where the fast average has come to lie above the slow one, -1 below, else 0."""
        closes = self.closes
        if len(closes) <= WARM:
            return 0
        now = sum(closes[-FAST:]) * SLOW - sum(closes[-SLOW:]) * FAST
        before = sum(closes[-FAST - 1 : -1]) * SLOW - sum(closes[-SLOW - 1 : -1]) * FAST
        return 1 if before < 0 < now else -1 if now < 0 < before else 0


class Ran(NamedTuple):
    result: Result
    metrics: Metrics
    trips: RoundTrips
    equity: npt.NDArray[np.float64]
    """In the referee's dollars."""
    closes: npt.NDArray[np.float64]
    days: npt.NDArray[np.datetime64]
    expected: dict[str, Any]


def bars(symbol: str, days: npt.NDArray[Any], opened: npt.NDArray[Any], closed: npt.NDArray[Any]) -> Bars:
    """Return each day as its open and the rest of it, without a limit."""
    at_ns = np.column_stack((instants_of(days, 34_260 * 10**9), instants_of(days))).ravel()
    first, second = np.repeat(opened, 2), np.column_stack((opened, closed)).ravel()
    nothing = np.zeros(len(days), np.int64)
    return Bars.of(
        symbol,
        frequency="1m",
        at_ns=at_ns,
        open=first,
        high=np.maximum(first, second),
        low=np.minimum(first, second),
        close=second,
        quantity=np.full(len(at_ns), 10_000_000),
        limit_up=nothing,
        limit_down=nothing,
    )


@cache
def ran() -> Ran:
    rows = market_data.rows(*CASE, "GOOG.csv")
    expected = json.loads(market_data.shared(*CASE, "expected.json").read_text(encoding="utf-8"))["expected"]
    days = np.asarray([row[""] for row in rows], "datetime64[D]")
    opened, closed = (to_units([float(row[name]) for row in rows]) for name in ("Open", "Close"))
    pair = {
        SHARE: bars(SHARE, days, opened, closed),
        MIRROR: bars(MIRROR, days, MIRRORED - opened, MIRRORED - closed),
    }
    result = run(
        Reversing.over(len(days)),
        pair,
        cash=CASH + CUSHION,
        costs=referee(0, minimum=0),
        fills=FillModel(volume_share_millionths=0),
        rules=SAME_DAY,
    )
    equity = (result.equity - CUSHION) / (UNIT * LOT)
    return Ran(result, measure(result), book_of(result).trips, equity, closed / UNIT, days, expected)


class Trades(NamedTuple):
    """The referee's trades: what each earned, in dollars and of what it was opened for, and its days."""

    profit: npt.NDArray[np.float64]
    returns: npt.NDArray[np.float64]
    opened: npt.NDArray[np.int64]
    closed: npt.NDArray[np.int64]


def trades() -> Trades:
    trips = ran().trips
    mirrored = trips.quantity * MIRRORED - trips.cost
    paid = np.where(trips.symbol == 0, trips.cost, mirrored)
    return Trades(trips.profit / (UNIT * LOT), trips.profit / paid, trips.opened_day, trips.closed_day)


def geometric(returns: npt.NDArray[np.float64]) -> float:
    return float(np.exp(np.log1p(returns).mean())) - 1


@cache
def found() -> dict[str, float | str]:
    """Return each statistic: by our own functions where both mean the same, else by the referee's definition.

    What the referee means otherwise than ``research.metrics``: yearly figures compound the geometric mean of a day, and
    its volatility is that of a product; profit factor, expectancy and averages are of returns, not of money; days are
    calendar days; alpha is of the whole span, beta of logarithms; Sharpe divides the two yearly figures; buying and
    holding begins with the first decision; equity begins at the end of the first day.
    """
    run_of, each = ran(), trades()
    equity, closes, days = run_of.equity, run_of.closes, run_of.days
    returns = of.daily(equity, equity[0])[1:]
    power, mean = NEW_YORK.days_a_year, geometric(returns)
    yearly = (1 + mean) ** power - 1
    spread = math.sqrt((returns.var(ddof=1) + (1 + mean) ** 2) ** power - (1 + mean) ** (2 * power))
    falls = drawdowns(equity, equity[0])
    lengths = np.asarray([(days[fall.last] - days[max(fall.peak, 0)]).astype(np.int64) for fall in falls])
    spans = (days[each.closed] - days[each.opened]).astype(np.int64)
    held = np.zeros(len(days), np.bool_)
    for begin, end in zip(each.opened.tolist(), each.closed.tolist(), strict=True):
        held[begin : end + 1] = True
    slope = of.beta(np.diff(np.log(equity)), np.diff(np.log(closes)))
    short = of.downside(returns, NEW_YORK)
    whole, market = run_of.metrics.trades, closes[-1] / closes[WARM - 1] - 1
    total = of.total(returns)
    won, lost = each.profit[each.profit > 0], each.profit[each.profit < 0]
    rate = whole.win_rate
    assert rate is not None
    assert slope is not None
    assert short is not None
    depth = falls[0].depth
    years = (days[-1] - days[0]).astype(np.int64) / 365.25
    return {
        "# Trades": whole.count,
        "Start": f"{days[0]} 00:00:00",
        "End": f"{days[-1]} 00:00:00",
        "Duration": f"{(days[-1] - days[0]).astype(np.int64)} days 00:00:00",
        "Exposure Time [%]": held.mean() * 100,
        "Equity Final [$]": equity[-1],
        "Equity Peak [$]": equity.max(),
        "Return [%]": total * 100,
        "Buy & Hold Return [%]": market * 100,
        "Return (Ann.) [%]": yearly * 100,
        "Volatility (Ann.) [%]": spread * 100,
        "CAGR [%]": ((equity[-1] / equity[0]) ** (1 / years) - 1) * 100,
        "Sharpe Ratio": yearly / spread,
        "Sortino Ratio": yearly / short,
        "Calmar Ratio": yearly / -depth,
        "Alpha [%]": (total - slope * market) * 100,
        "Beta": slope,
        "Max. Drawdown [%]": depth * 100,
        "Avg. Drawdown [%]": np.mean([fall.depth for fall in falls]) * 100,
        "Max. Drawdown Duration": f"{lengths.max()} days 00:00:00",
        "Avg. Drawdown Duration": f"{math.ceil(lengths.mean())} days 00:00:00",
        "Win Rate [%]": rate * 100,
        "Best Trade [%]": each.returns.max() * 100,
        "Worst Trade [%]": each.returns.min() * 100,
        "Avg. Trade [%]": geometric(each.returns) * 100,
        "Max. Trade Duration": f"{spans.max()} days 00:00:00",
        "Avg. Trade Duration": f"{math.ceil(spans.mean())} days 00:00:00",
        "Profit Factor": each.returns[each.returns > 0].sum() / -each.returns[each.returns < 0].sum(),
        "Expectancy [%]": each.returns.mean() * 100,
        "SQN": math.sqrt(len(each.profit)) * each.profit.mean() / each.profit.std(ddof=1),
        "Kelly Criterion": rate - (1 - rate) / (won.mean() / -lost.mean()),
    }


def test_the_run_is_the_referees_cent_by_cent() -> None:
    assert ran().metrics.blocked == {}
    assert ran().metrics.trades.count == 66
    assert round(float(ran().equity[-1]), 6) == 51_422.99


def test_each_of_the_31_statistics_is_the_referees() -> None:
    expected, ours = ran().expected, found()
    assert len(expected) == 31
    assert ours.keys() == expected.keys()
    for name, figure in expected.items():
        assert ours[name] == (figure if isinstance(figure, str) else pytest.approx(figure, rel=1e-12)), name
