"""An ex-day without a reference price in history is traded within limits around its ex-right price all the same."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import pytest

from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.numbers import UNIT
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import Bars, CrossSection, cross_section
from qmt_trading.research.costs import referee
from qmt_trading.research.ex_references import dates_with_references, with_references
from qmt_trading.research.strategy import Strategy
from tests.actions import action
from tests.research.days import CASH, daily, flat

FREE = referee(0, minimum=0)
EX_DAY = dt.date(2024, 1, 5)
DOUBLED = action(ex_day=EX_DAY, transfer="10")


def halved(**others: Any) -> Bars:
    """Twenty yuan, and ten from the ex-day on; no reference price of its own."""
    return daily([*flat(20, 3), *flat(10, 3)], **others)


class BuysAndSells(Strategy):
    fields = ("close",)

    def on_bar(self, bar: Any) -> None:
        if bar.index == 0:
            self.buy(1000)
        if bar.index == 2:
            self.sell(1000)


class AcrossDates(Strategy):
    def on_bars(self, bars: Any) -> None:
        if bars.index == 0:
            self.buy(1000, "600000.SH")
        if bars.index == 2:
            self.sell(1000, "600000.SH")


@pytest.mark.parametrize("kind", [BuysAndSells, AcrossDates])
def test_an_ex_day_is_no_sealed_limit(kind: type[Strategy]) -> None:
    result = run(kind, {"600000.SH": halved()}, cash=CASH, costs=FREE, actions=[DOUBLED])
    assert result.fills.day.tolist() == [1, 3]
    assert result.blocked == {}
    assert not any("除权" in chinese for chinese, _ in result.warnings)


def test_a_sealed_limit_of_an_ex_day_is_sealed() -> None:
    class Buys(Strategy):
        fields = ("close",)

        def on_bar(self, bar: Any) -> None:
            if bar.index == 2:
                self.buy(100)

    bars = daily([*flat(20, 3), (11, 11, 11, 11), *flat(11, 2)])
    result = run(Buys, bars, cash=CASH, costs=FREE, actions=[DOUBLED])
    assert result.blocked == {"LIMIT_UP_MISSED": 1}


def test_a_reference_price_that_the_exchange_has_shown_stays() -> None:
    shown = halved()
    shown.previous_close[3] = 101_000
    assert with_references(shown, [DOUBLED], STANDARD) is shown
    bare = halved()
    assert with_references(bare, [action(ex_day=dt.date(2024, 3, 1), transfer="10")], STANDARD) is bare
    assert with_references(bare, [action("000001.SZ", EX_DAY, transfer="10")], STANDARD) is bare
    found = with_references(bare, [DOUBLED, action(ex_day=EX_DAY, cash="10")], STANDARD)
    assert found.previous_close.tolist() == [200_000, 200_000, 200_000, 90_000, 100_000, 100_000]
    assert bare.previous_close[3] == 200_000


def test_an_ex_day_within_a_gap_counts_on_the_next_day_that_trades() -> None:
    bars = halved()
    other = daily(flat(5, 8), symbol="000001.SZ")
    gone = [0, 1, 2, 5]  # Neither the ex-day nor the day after it.
    columns = {name: getattr(bars, name)[gone] for name in ("at_ns", "open", "high", "low", "close", "quantity")}
    late = Bars.of("600000.SH", **columns)
    section: CrossSection = cross_section({"600000.SH": late, "000001.SZ": other})
    found = dates_with_references(section, [DOUBLED], STANDARD)
    assert found.previous_close is not None
    assert found.previous_close[:, 0].tolist() == [200_000, 200_000, 200_000, 0, 0, 100_000, 0, 0]
    assert with_references(late, [DOUBLED], STANDARD).previous_close.tolist()[-1] == 100_000
    bare = dataclasses.replace(section, previous_close=None)
    assert dates_with_references(bare, [], STANDARD) is bare
    assert int(np.asarray(found.open)[0, 0]) == 20 * UNIT
