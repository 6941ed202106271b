"""Every figure of a run, by the conventions that it is told."""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct

from qmt_trading.research import returns as of
from qmt_trading.research.activity import Activity, activity_of
from qmt_trading.research.conventions import STANDARD, Conventions
from qmt_trading.research.curves import Curves, curves_of
from qmt_trading.research.drawdowns import drawdowns
from qmt_trading.research.periods import returns_by
from qmt_trading.research.result import Result
from qmt_trading.research.returns import Floats
from qmt_trading.research.round_trips import Book, book_of
from qmt_trading.research.trades import TradeFigures, figures_of

MISSED: Final = ("LIMIT_UP_MISSED",)
T_PLUS_1: Final = ("T_PLUS_1",)


class Performance(Struct, frozen=True, kw_only=True):
    """What was earned and at what risk. Fractions: 0.01 is one per cent. None: not defined for this run."""

    profit: int
    """In ten-thousandths of a yuan."""
    total_return: float
    annual_return: float | None
    volatility: float | None
    downside: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    """The annual return over the depth of the deepest fall."""
    max_drawdown: float
    """0 or below."""
    max_drawdown_days: int
    """Trading days from its peak to its recovery, or to the end where there is none."""
    max_drawdown_fall_days: int
    """From its peak to its trough."""
    max_drawdown_recovery_days: int | None
    """From its trough to its recovery; None: it never came, or there was no fall."""
    longest_drawdown_days: int
    """Of any fall."""
    value_at_risk: float | None
    expected_shortfall: float | None
    skewness: float | None
    kurtosis: float | None
    best_day: float | None
    worst_day: float | None
    best_month: float | None
    worst_month: float | None
    win_rate_day: float | None
    """Days that gained over days that moved."""
    win_rate_month: float | None
    longest_losing_days: int
    """The most losing days in a row."""


class Relative(Struct, frozen=True, kw_only=True):
    """What was earned beside the benchmark, over the days after its first up to its last."""

    benchmark_return: float
    benchmark_annual: float | None
    benchmark_volatility: float | None
    benchmark_max_drawdown: float
    excess_return: float
    """Equity over the benchmark's curve, less 1: geometric."""
    excess_annual: float | None
    """The same by the year."""
    excess_max_drawdown: float
    """The deepest fall of equity over benchmark."""
    alpha: float | None
    beta: float | None
    correlation: float | None
    tracking_error: float | None
    information_ratio: float | None
    win_rate_day: float | None
    """Days ahead of the benchmark over days that differ."""
    win_rate_month: float | None
    """Months ahead of the benchmark over months that differ."""


class Metrics(Struct, frozen=True, kw_only=True):
    """All of it."""

    conventions: Conventions
    days: int
    years: float
    """Days over ``days_a_year``."""
    performance: Performance
    relative: Relative | None
    """None: no benchmark."""
    trades: TradeFigures
    activity: Activity
    orders: int
    orders_filled: int
    """Orders that filled at least in part."""
    limit_up_missed: int
    t_plus_1_blocked: int
    blocked: dict[str, int]


def measure(result: Result, conventions: Conventions = STANDARD) -> Metrics:
    """Return every figure of ``result``."""
    return metrics_of(result, curves_of(result), book_of(result), conventions)


def metrics_of(result: Result, curves: Curves, book: Book, conventions: Conventions) -> Metrics:
    """Return every figure where curves and round trips are at hand already."""
    blocked = result.blocked
    return Metrics(
        conventions=conventions,
        days=len(result.days),
        years=len(result.days) / conventions.days_a_year,
        performance=performance_of(result, curves.returns, conventions),
        relative=relative_of(result, curves, conventions),
        trades=figures_of(book.trips),
        activity=activity_of(result, conventions),
        orders=len(result.orders),
        orders_filled=int(np.count_nonzero(result.orders.filled_quantity > 0)),
        limit_up_missed=sum(blocked.get(code, 0) for code in MISSED),
        t_plus_1_blocked=sum(blocked.get(code, 0) for code in T_PLUS_1),
        blocked=dict(blocked),
    )


def performance_of(result: Result, returns: Floats, conventions: Conventions) -> Performance:
    """Return what was earned and at what risk."""
    start = result.initial_cash
    falls = drawdowns(result.equity, start)
    deepest = falls[0] if falls else None
    depth = deepest.depth if deepest is not None else 0.0
    yearly = of.annual(returns, conventions)
    _, monthly = returns_by(result.days, result.equity, start, "M")
    return Performance(
        profit=result.final_equity - start,
        total_return=result.final_equity / start - 1.0,
        annual_return=yearly,
        volatility=of.volatility(returns, conventions),
        downside=of.downside(returns, conventions),
        sharpe=of.sharpe(returns, conventions),
        sortino=of.sortino(returns, conventions),
        calmar=yearly / -depth if yearly is not None and depth < 0 else None,
        max_drawdown=depth,
        max_drawdown_days=deepest.length if deepest is not None else 0,
        max_drawdown_fall_days=deepest.fall if deepest is not None else 0,
        max_drawdown_recovery_days=deepest.recovery if deepest is not None else None,
        longest_drawdown_days=max((each.length for each in falls), default=0),
        value_at_risk=of.value_at_risk(returns, conventions),
        expected_shortfall=of.expected_shortfall(returns, conventions),
        skewness=of.skewness(returns),
        kurtosis=of.kurtosis(returns),
        best_day=_extreme(returns, best=True),
        worst_day=_extreme(returns, best=False),
        best_month=_extreme(monthly, best=True),
        worst_month=_extreme(monthly, best=False),
        win_rate_day=of.share_of_gains(returns),
        win_rate_month=of.share_of_gains(monthly),
        longest_losing_days=of.longest_run(returns < 0),
    )


def relative_of(result: Result, curves: Curves, conventions: Conventions) -> Relative | None:
    """Return the figures beside the benchmark; None where there is none, or fewer than three days of it."""
    if curves.pair is None or curves.benchmark is None or curves.excess is None:
        return None
    span = slice(curves.benchmark_first, curves.benchmark_end)
    own, other = curves.pair
    level = curves.benchmark[span]
    ahead = 1.0 + curves.excess[span]
    days = result.days[span]
    whole = float(ahead[-1])
    _, months = returns_by(days, curves.equity[span], float(level[0]), "M")
    _, benchmark_months = returns_by(days, level, float(level[0]), "M")
    falls, ahead_falls = drawdowns(level, float(level[0])), drawdowns(ahead, 1.0)
    return Relative(
        benchmark_return=float(level[-1] / level[0]) - 1.0,
        benchmark_annual=of.annual(other, conventions),
        benchmark_volatility=of.volatility(other, conventions),
        benchmark_max_drawdown=falls[0].depth if falls else 0.0,
        excess_return=whole - 1.0,
        excess_annual=max(whole, 0.0) ** (conventions.days_a_year / len(own)) - 1.0,
        excess_max_drawdown=ahead_falls[0].depth if ahead_falls else 0.0,
        alpha=of.alpha(own, other, conventions),
        beta=of.beta(own, other),
        correlation=of.correlation(own, other),
        tracking_error=of.tracking_error(own, other, conventions),
        information_ratio=of.information_ratio(own, other, conventions),
        win_rate_day=of.share_of_gains(own - other),
        win_rate_month=of.share_of_gains(months - benchmark_months),
    )


def _extreme(values: Floats, *, best: bool) -> float | None:
    if not len(values):
        return None
    return float(values.max() if best else values.min())
