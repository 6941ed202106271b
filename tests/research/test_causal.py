"""An indicator of a strategy's own that looks ahead ends the run before it begins; one that looks back does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from qmt_trading.model.numbers import UNIT
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import Bars, cross_section
from qmt_trading.research.indicators import Change, Ema, Lowest, Sma
from qmt_trading.research.result import Result
from qmt_trading.research.strategy import LookAheadError, ParameterError, Strategy
from tests.research.days import CASH, daily

Made = Callable[[Any], Any]


class Own:
    """An indicator made by a function of the closes."""

    def __init__(self, made: Made) -> None:
        self.made = made

    def column(self, columns: Any) -> Any:
        return self.made(columns["close"].astype(np.float64))


def walk(seed: int = 1, days: int = 60, **others: Any) -> Bars:
    rng = np.random.default_rng(seed)
    closes = np.round(10 + np.cumsum(rng.uniform(-0.1, 0.1, days)), 2).tolist()
    return daily([(close, close + 0.05, close - 0.05, close) for close in closes], **others)


def with_own(made: Made, *, across: bool) -> Result:
    class OfBars(Strategy):
        fields = ("close",)

        def declare(self) -> None:
            self.indicators = {"own": Own(made)}

        def on_bar(self, bar: Any) -> None:
            assert isinstance(bar.own, float)

    class OfDates(Strategy):
        def declare(self) -> None:
            self.indicators = {"own": Own(made)}

        def on_bars(self, bars: Any) -> None:
            assert bars.own.shape == (2,)

    data = {"600000.SH": walk(), "000001.SZ": walk(2, symbol="000001.SZ")}
    return run(OfDates, cross_section(data), cash=CASH) if across else run(OfBars, data, cash=CASH)


def shifted(closes: Any) -> Any:
    return np.append(closes[1:], np.nan)


def whole_mean(closes: Any) -> Any:
    return closes - closes.mean()


def centred(closes: Any) -> Any:
    return np.convolve(closes, np.ones(5) / 5, "same")


def filled_backward(closes: Any) -> Any:
    weekly = np.full(len(closes), np.nan)
    weekly[4::5] = closes[4::5]
    known = np.where(np.isfinite(weekly), np.arange(len(weekly)), len(weekly) - 1)
    return weekly[np.minimum.accumulate(known[::-1])[::-1]]


def averaged(closes: Any) -> Any:
    made = np.full(len(closes), np.nan)
    made[4:] = np.convolve(closes, np.ones(5) / 5, "valid")
    return made


def running_highest(closes: Any) -> Any:
    return np.maximum.accumulate(closes)


@pytest.mark.parametrize("across", [False, True], ids=["bars", "dates"])
@pytest.mark.parametrize("made", [shifted, whole_mean, centred, filled_backward], ids=lambda made: made.__name__)
def test_what_looks_ahead_is_found(made: Made, across: bool) -> None:
    with pytest.raises(LookAheadError, match="用到了未来"):
        with_own(made, across=across)


@pytest.mark.parametrize("across", [False, True], ids=["bars", "dates"])
@pytest.mark.parametrize("made", [averaged, running_highest], ids=lambda made: made.__name__)
def test_what_looks_back_alone_runs(made: Made, across: bool) -> None:
    assert len(with_own(made, across=across).days) == 60


def test_an_indicator_that_needs_all_of_history_is_told_what_is_wanted_of_it() -> None:
    def needing(closes: Any) -> Any:
        assert len(closes) == 60
        return closes

    with pytest.raises(ParameterError, match="应是 NaN"):
        with_own(needing, across=False)


def test_before_a_listing_and_in_a_gap_an_indicator_of_dates_knows_no_zero_price() -> None:
    class Looks(Strategy):
        def declare(self) -> None:
            self.indicators = {
                "mean": Sma("close", 3),
                "low": Lowest("low", 3),
                "slow": Ema("close", 3),
                "move": Change("close", 1),
            }

        def __init__(self) -> None:
            super().__init__()
            self.seen: list[tuple[float, ...]] = []

        def on_bars(self, bars: Any) -> None:
            self.seen.append((bars.mean[1], bars.low[1], bars.slow[1], bars.move[1], bars.open[1]))

    late = daily([(10, 10.5, 9.5, 10)] * 8, symbol="000001.SZ", first="2024-01-05")
    kept = [0, 1, 2, 4, 5, 6, 7]  # One day has no row.
    columns = {name: getattr(late, name)[kept] for name in ("at_ns", "open", "high", "low", "close", "quantity")}
    strategy = Looks()
    run(strategy, {"600000.SH": walk(days=11), "000001.SZ": Bars.of("000001.SZ", **columns)}, cash=CASH)
    seen = np.asarray(strategy.seen)
    assert np.isnan(seen[:3, :4]).all()
    assert np.isnan(seen[3:5, 0]).all()
    assert set(seen[5:, 0].tolist()) == {10.0 * UNIT}
    assert seen[5:, 1].min() == 9.5 * UNIT
    assert seen[3:, 2].min() == 10.0 * UNIT
    assert set(seen[4:, 3].tolist()) == {0.0}
    assert seen[3:, 4].min() == 10.0 * UNIT
