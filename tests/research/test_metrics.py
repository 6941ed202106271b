"""All figures of one run together: small runs reckoned by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qmt_trading.research import backtest
from qmt_trading.research.activity import holdings
from qmt_trading.research.columns import Bars, instants_of
from qmt_trading.research.conventions import Conventions
from qmt_trading.research.curves import curves_of
from qmt_trading.research.metrics import measure
from qmt_trading.research.round_trips import book_of
from qmt_trading.research.strategy import Strategy
from qmt_trading.research.trades import by_symbol
from tests.research_results import YUAN, Entry, Fill, column, result, weekdays


class Weekly(Strategy):
    """Buys every fifth bar, and sells a part of what it may two bars later."""

    def on_bar(self, bar: Any) -> None:
        if bar.index % 5 == 0:
            self.buy(300)
        elif bar.index % 5 == 2 and self.sellable:
            self.sell(200)


FOUR = Conventions(days_a_year=4, risk_free=0.0)


def test_a_run_of_four_days() -> None:
    found = measure(result([110 * YUAN, 99 * YUAN, 99 * YUAN, 121 * YUAN]), FOUR).performance
    assert found.profit == 21 * YUAN
    assert found.total_return == pytest.approx(0.21)
    assert found.annual_return == pytest.approx(0.21)
    assert found.max_drawdown == pytest.approx(-0.1)
    assert found.calmar == pytest.approx(2.1)
    assert (found.max_drawdown_days, found.max_drawdown_fall_days, found.max_drawdown_recovery_days) == (3, 1, 2)
    assert found.win_rate_day == pytest.approx(2 / 3)
    assert found.longest_losing_days == 1


def test_a_run_that_never_traded_defines_no_ratio() -> None:
    found = measure(result([100 * YUAN] * 5))
    assert found.performance.total_return == 0.0
    assert found.performance.max_drawdown == 0.0
    assert found.performance.calmar is None
    assert found.performance.sharpe is None
    assert found.trades.win_rate is None
    assert found.activity.fee_of_value is None
    assert found.relative is None


def test_trades_are_counted_after_fees() -> None:
    found = measure(
        result(
            [100 * YUAN] * 8,
            fills=[
                Fill(0, 0, 1, 100, 10_000),
                Fill(1, 0, -1, 100, 13_000),
                Fill(2, 0, 1, 100, 10_000),
                Fill(3, 0, -1, 100, 10_000, 50_000),
                Fill(4, 0, 1, 100, 10_000),
                Fill(6, 0, -1, 100, 9_000),
                Fill(7, 0, 1, 100, 10_000),
                Fill(7, 0, -1, 100, 10_000),
            ],
        )
    ).trades
    assert (found.count, found.wins, found.losses) == (4, 1, 2)
    assert found.win_rate == pytest.approx(0.25)
    assert found.average_win == 300_000
    assert found.average_loss == -75_000
    assert found.payoff == pytest.approx(4.0)
    assert found.profit_factor == pytest.approx(2.0)
    assert found.longest_losing == 2
    assert found.held_days_mean == pytest.approx(1.0)
    assert (found.best, found.worst) == (300_000, -100_000)


def test_turnover_costs_and_exposure() -> None:
    found = measure(
        result(
            [100 * YUAN, 100 * YUAN, 100 * YUAN, 110 * YUAN],
            market_value=[0, 50 * YUAN, 100 * YUAN, 0],
            fills=[Fill(1, 0, 1, 10, 5 * YUAN, YUAN), Fill(1, 1, 1, 10, 5 * YUAN), Fill(3, 0, -1, 10, 6 * YUAN, YUAN)],
        ),
        FOUR,
    ).activity
    assert (found.bought, found.sold) == (100 * YUAN, 60 * YUAN)
    assert found.turnover_annual == pytest.approx(80 / 102.5)
    assert found.fee == 2 * YUAN
    assert found.fee_of_value == pytest.approx(2 / 160)
    assert found.fee_of_gross == pytest.approx(2 / 12)
    assert found.fee_annual == pytest.approx(2 / 102.5)
    assert found.exposure_mean == pytest.approx((0 + 0.5 + 1 + 0) / 4)
    assert found.exposure_max == pytest.approx(1.0)
    assert found.days_held == pytest.approx(0.75)
    assert found.holdings_mean == pytest.approx((0 + 2 + 2 + 1) / 4)
    assert found.holdings_max == 2


def test_symbols_are_held_from_the_day_they_come_to_the_day_they_go() -> None:
    run = result(
        [100 * YUAN] * 5,
        fills=[Fill(0, 2, 1, 100, 10), Fill(1, 0, 1, 100, 10), Fill(1, 0, -1, 100, 10), Fill(3, 2, -1, 130, 10)],
        entries=[Entry(2, 2, 30, 0)],
    )
    assert holdings(run).tolist() == [1, 1, 1, 0, 0]


def test_excess_is_equity_over_the_benchmark() -> None:
    run = result(
        [100 * YUAN, 110 * YUAN, 121 * YUAN, 133 * YUAN, 146 * YUAN],
        benchmark=column([1000, 1000, 1100, 1100, 1210]),
        benchmark_name="000300.SH",
    )
    found = measure(run, FOUR).relative
    assert found is not None
    assert found.benchmark_return == pytest.approx(0.21)
    assert found.benchmark_annual == pytest.approx(0.21)
    assert found.excess_return == pytest.approx(1.46 / 1.21 - 1)
    assert found.excess_annual == pytest.approx(1.46 / 1.21 - 1)
    assert found.win_rate_day == pytest.approx(2 / 3)


def test_a_benchmark_that_begins_later_joins_the_equity_there() -> None:
    run = result([110 * YUAN, 120 * YUAN, 132 * YUAN, 132 * YUAN], benchmark=column([0, 500, 500, 600]))
    curves = curves_of(run)
    assert curves.benchmark is not None
    assert np.isnan(curves.benchmark[0])
    assert curves.benchmark[1:] == pytest.approx([1.2, 1.2, 1.44])
    assert curves.excess is not None
    assert curves.excess[-1] == pytest.approx(1.32 / 1.44 - 1)


def test_what_lies_after_the_benchmarks_last_day_does_not_count_beside_it() -> None:
    whole = [100 * YUAN, 110 * YUAN, 121 * YUAN, 133 * YUAN]
    run = result([*whole, 999 * YUAN], benchmark=column([500, 500, 550, 600, 0]))
    found = measure(run, FOUR).relative
    assert found is not None
    assert found == measure(result(whole, benchmark=column([500, 500, 550, 600])), FOUR).relative
    assert found.benchmark_return == pytest.approx(0.2)


def test_a_benchmark_that_never_had_a_price_is_none() -> None:
    assert measure(result([100 * YUAN] * 4, benchmark=column([0] * 4))).relative is None


def test_what_was_blocked_is_told_by_its_reason() -> None:
    found = measure(result([100 * YUAN] * 3, blocked={"LIMIT_UP_MISSED": 4, "T_PLUS_1": 2, "CASH": 9}))
    assert (found.limit_up_missed, found.t_plus_1_blocked) == (4, 2)


def test_a_symbol_earns_what_it_realised_and_what_it_holds() -> None:
    run = result(
        [100 * YUAN] * 6,
        fills=[Fill(0, 0, 1, 200, 10_000), Fill(1, 0, -1, 100, 12_000), Fill(1, 1, 1, 100, 10_000, 5_000)],
        entries=[Entry(3, 0, 0, 1_000)],
        last_prices=column([11_000, 9_000, 0]),
    )
    first, second = by_symbol(run, book_of(run))
    assert (first.symbol, first.realised, first.floating, first.income) == (0, 200_000, 101_000, 1_000)
    assert (second.symbol, second.realised, second.floating) == (1, 0, -105_000)


def test_what_is_held_has_no_profit_where_its_price_is_not_known() -> None:
    run = result([100 * YUAN] * 2, fills=[Fill(0, 0, 1, 200, 10_000)])
    assert by_symbol(run, book_of(run))[0].floating is None


def test_a_run_of_the_loops_closes_in_the_books_to_the_unit() -> None:
    luck = np.random.default_rng(3)
    close = (10 * YUAN * np.cumprod(1 + luck.normal(0, 0.01, 120)) / 100).astype(np.int64) * 100
    opened = np.concatenate((close[:1], close[:-1]))
    bars = Bars.of(
        "600000.SH",
        at_ns=instants_of(weekdays(120)),
        open=opened,
        high=np.maximum(opened, close),
        low=np.minimum(opened, close),
        close=close,
        quantity=np.full(120, 1_000_000),
    )
    run = backtest.run(Weekly, bars, cash=100_000 * YUAN)
    (found,) = by_symbol(run, book_of(run))
    assert found.trips > 10
    assert found.profit == run.final_equity - run.initial_cash
    assert measure(run).activity.fee == int(run.fills.fee.sum()) > 0
