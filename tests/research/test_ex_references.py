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


@pytest.mark.parametrize("across", [False, True], ids=["bars", "dates"])
@pytest.mark.parametrize("has_row", [False, True], ids=["no row", "a row without volume"])
def test_what_goes_ex_while_it_does_not_trade_is_worth_what_it_was(across: bool, has_row: bool) -> None:
    """Twice the shares at the close before would be a profit that lasts until the symbol trades again."""
    traded = [10_000_000] * 3 + [0, 0] + [10_000_000] * 2
    bars = daily([*flat(20, 5), *flat(10, 2)], quantity=traded)
    if not has_row:
        kept = [0, 1, 2, 5, 6]
        columns = {name: getattr(bars, name)[kept] for name in ("at_ns", "open", "high", "low", "close", "quantity")}
        bars = Bars.of("600000.SH", **columns)
    other = daily(flat(5, 7), symbol="000001.SZ")
    seen: list[int] = []

    class Holds(Strategy):
        fields = ("close",)

        def on_bar(self, bar: Any) -> None:
            seen.append(self.equity)

    class HoldsAcross(Strategy):
        def on_bars(self, bars: Any) -> None:
            seen.append(self.equity)

    result = run(
        HoldsAcross if across else Holds,
        {"600000.SH": bars, "000001.SZ": other},
        cash=CASH,
        costs=FREE,
        actions=[DOUBLED],
        holdings={"600000.SH": 1000},
    )
    assert result.equity.tolist() == [CASH + 20_000 * UNIT] * 7
    assert set(seen) == {CASH + 20_000 * UNIT}
    assert result.last_prices is not None
    assert result.last_prices.tolist() == [10 * UNIT, 5 * UNIT]
