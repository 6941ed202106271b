"""An ex-day that nothing accounts for is told, one that an action explains is not; a tick is a tick."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import pytest

from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.corporate_action import BASIS, CorporateAction
from qmt_trading.model.instrument import Symbol
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import Bars, cross_section
from qmt_trading.research.strategy import Strategy
from qmt_trading.research.warned import MADE_UP, unexplained, warnings_of
from tests.research.days import daily

ROWS = [(10.0, 10.1, 9.9, 10.0)] * 6
EX_DAY = dt.date(2024, 1, 5)  # The fourth day.


class Idle(Strategy):
    def on_bar(self, bar: Any) -> None:
        pass


class Dates(Strategy):
    def on_bars(self, bars: Any) -> None:
        pass


def history(off: int, **others: Any) -> Bars:
    """Return six days at 10 yuan; the reference price of the fourth lies ``off`` below the close before."""
    before = np.full(6, 100_000)
    before[3] -= off
    return daily(ROWS, previous_close=before, **others)


def action(day: dt.date, symbol: str = "600000.SH") -> CorporateAction:
    return CorporateAction(
        symbol=Symbol(symbol), ex_day=day, transfer_shares=BASIS // 10, record_day=day - dt.timedelta(1), pay_day=day
    )


@pytest.mark.parametrize(("symbol", "tick"), [("600000.SH", 100), ("510300.SH", 10)])
def test_a_reference_price_that_is_off_by_more_than_a_tick_is_told_with_its_day(symbol: str, tick: int) -> None:
    for off, told in ((tick, []), (-tick, []), (tick + 10, [(symbol, "2024-01-05")]), (-500, [(symbol, "2024-01-05")])):
        bars = history(off, symbol=symbol)
        assert unexplained([bars], (), STANDARD) == told
        assert unexplained(cross_section({symbol: bars}), (), STANDARD) == told


def test_an_action_of_the_day_explains_it_and_no_other_does() -> None:
    bars = history(500)
    both = ([bars], cross_section({"600000.SH": bars}))
    for data in both:
        assert not unexplained(data, (action(EX_DAY),), STANDARD)
        for wrong in (action(EX_DAY - dt.timedelta(1)), action(EX_DAY + dt.timedelta(1)), action(EX_DAY, "600001.SH")):
            assert len(unexplained(data, (wrong,), STANDARD)) == 1


def test_an_ex_day_without_a_bar_explains_the_next_day_that_has_one() -> None:
    kept = np.asarray([0, 1, 4, 5])
    whole, other = history(0), history(0, symbol="600001.SH")
    before = np.asarray([100_000, 100_000, 90_000, 100_000])
    bars = Bars.of(
        "600000.SH",
        previous_close=before,
        **{name: getattr(whole, name)[kept] for name in ("at_ns", "open", "high", "low", "close", "quantity")},
    )
    for data in ([bars, other], cross_section({"600000.SH": bars, "600001.SH": other})):
        assert unexplained(data, (), STANDARD) == [("600000.SH", "2024-01-08")]
        assert not unexplained(data, (action(EX_DAY),), STANDARD)
        assert unexplained(data, (action(dt.date(2024, 1, 3)),), STANDARD)


def test_a_run_tells_it_unless_prices_are_adjusted() -> None:
    for kind in (Idle, Dates):
        assert "600000.SH 2024-01-05" in run(kind, history(500), cash=10**9).warnings[-1][0]
        assert not any("--actions" in told for told, _ in run(kind, history(0), cash=10**9).warnings)
        adjusted = dataclasses.replace(history(500), adjusted="forward")
        assert not any("--actions" in told for told, _ in run(kind, adjusted, cash=10**9).warnings)


def test_made_up_figures_are_told_and_others_are_not() -> None:
    made = dataclasses.replace(history(0), is_made_up=True)
    assert warnings_of([history(0)], (), STANDARD) == ()
    assert warnings_of([history(0), made], (), STANDARD) == (MADE_UP,)
    assert warnings_of(cross_section({"600000.SH": made}), (), STANDARD) == (MADE_UP,)
