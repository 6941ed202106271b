"""What a strategy does while its orders meet a bar counts at once, and nothing of a bar is handed out twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qmt_trading.model.numbers import UNIT
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import ColumnsError, CrossSection, cross_section, to_units
from qmt_trading.research.costs import FillModel, referee
from qmt_trading.research.result import REASONS, STATUSES, Result
from qmt_trading.research.strategy import ParameterError, Strategy, StrategyError
from tests.research.days import CASH, daily, flat

FREE = referee(0, minimum=0)
SCARCE = 4_000
"""Shares traded, of which a quarter may be one's own."""


def ran(strategy: type[Strategy] | Strategy, data: Any, **others: Any) -> Result:
    return run(strategy, data, **{"cash": CASH, "costs": FREE, **others})


def ends(result: Result) -> list[tuple[str, str, int]]:
    orders = result.orders
    columns = (orders.status.tolist(), orders.reason.tolist(), orders.filled_quantity.tolist())
    return [(STATUSES[status], REASONS[reason], filled) for status, reason, filled in zip(*columns, strict=True)]


class OneCancelsTheOther(Strategy):
    fields = ("close",)
    first: Any = None
    second: Any = None

    def on_bar(self, bar: Any) -> None:
        if bar.index == 0:
            self.first, self.second = self.buy(100), self.buy(100)

    def on_fill(self, fill: Any) -> None:
        if fill is self.first:
            self.cancel(self.second)


def test_an_order_that_is_cancelled_as_another_fills_on_the_same_bar_does_not_fill() -> None:
    result = ran(OneCancelsTheOther, daily(flat(10, 3)))
    assert ends(result) == [("FILLED", "", 100), ("CANCELED", "CANCELED", 0)]
    assert result.cash.tolist()[-1] == CASH - 1000 * UNIT


class CancelsTheRest(Strategy):
    fields = ("close",)

    def on_bar(self, bar: Any) -> None:
        if bar.index == 0:
            self.buy(2000)

    def on_fill(self, fill: Any) -> None:
        self.cancel(fill)


def test_what_is_left_of_an_order_can_be_cancelled_as_it_fills() -> None:
    result = ran(CancelsTheRest, daily(flat(10, 3), quantity=SCARCE))
    assert ends(result) == [("CANCELED", "CANCELED", 1000)]


class AsksAgain(Strategy):
    """Names its target at every fill."""

    fields = ("close",)

    def on_bar(self, bar: Any) -> None:
        if bar.index == 0:
            self.target(2000)

    def on_fill(self, fill: Any) -> None:
        self.target(2000)


def test_a_target_named_while_an_order_fills_counts_what_is_still_worked_for() -> None:
    # Two minutes of one day, so that what is left of the order waits for the next.
    bars = daily(flat(10, 4), quantity=SCARCE)
    minutes = type(bars).of(
        "600000.SH",
        at_ns=bars.at_ns[0] - 3_600_000_000_000 + np.arange(4, dtype=np.int64) * 60_000_000_000,
        open=bars.open,
        high=bars.high,
        low=bars.low,
        close=bars.close,
        quantity=bars.quantity,
        frequency="1m",
    )
    result = ran(AsksAgain, minutes)
    assert ends(result) == [("FILLED", "VOLUME_CAP", 2000)]


class DailyTarget(Strategy):
    fields = ("close",)

    def on_bar(self, bar: Any) -> None:
        self.target(3000)


def test_a_daily_target_is_worked_for_on_every_day_until_it_is_reached() -> None:
    """What the day has not filled expires with it, and is ordered anew for the next."""
    result = ran(DailyTarget, daily(flat(10, 5), quantity=SCARCE))
    assert result.fills.day.tolist() == [1, 2, 3]
    assert result.fills.quantity.sum() == 3000


class RestsAndLooks(Strategy):
    """Leaves a buy at a price that never comes, and looks at its cash at each close."""

    fields = ("close",)

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def on_bar(self, bar: Any) -> None:
        self.seen.append(self.cash)
        if bar.index == 0:
            self.buy(90_000, limit=95_000)


def test_what_a_resting_order_froze_is_free_for_the_orders_of_the_night() -> None:
    strategy = RestsAndLooks()
    ran(strategy, daily(flat(10, 3)))
    assert strategy.seen == [CASH] * 3


class FourBuys(Strategy):
    def on_bars(self, bars: Any) -> None:
        if bars.index == 0:
            for _ in range(4):
                self.buy(1000, "600000.SH")


def test_orders_of_one_symbol_share_what_a_date_traded() -> None:
    result = ran(FourBuys, {"600000.SH": daily(flat(10, 3), quantity=SCARCE)})
    assert result.fills.quantity.tolist() == [1000]
    assert [reason for _, reason, _ in ends(result)] == ["", "VOLUME_CAP", "VOLUME_CAP", "VOLUME_CAP"]


class BuysBoth(Strategy):
    fields = ("close",)

    def on_bar(self, bar: Any) -> None:
        if bar.place == 0 and bar.index == 0:
            self.buy(1000, "600000.SH")
            self.buy(1000, "000001.SZ")


def test_an_order_of_what_is_not_listed_yet_ends_with_its_day() -> None:
    later = daily(flat(5, 3), symbol="000001.SZ", first="2024-01-08")
    result = ran(BuysBoth, {"600000.SH": daily(flat(10, 8)), "000001.SZ": later})
    assert ends(result) == [("FILLED", "", 1000), ("DENIED", "NO_BAR", 0)]


class BuysBothAcross(Strategy):
    def on_bars(self, bars: Any) -> None:
        if bars.index == 0:
            self.buy(1000, "600000.SH")


@pytest.mark.parametrize("across", [False, True], ids=["bars", "dates"])
def test_what_is_held_when_its_history_ends_keeps_its_last_price_and_is_told_of(across: bool) -> None:
    data = {"600000.SH": daily(flat(10, 3)), "000001.SZ": daily(flat(5, 6), symbol="000001.SZ")}
    if across:
        result = ran(BuysBothAcross, cross_section(data))
    else:
        result = ran(BuysBoth, data)
    assert result.equity.tolist() == [CASH] * 6
    assert result.last_prices is not None
    assert result.last_prices.tolist()[0] == 10 * UNIT
    assert any("600000.SH" in chinese and "2024-01-04" in chinese for chinese, _ in result.warnings)


@pytest.mark.parametrize("given", [{"quantity": 100.0}, {"limit": 10.5}, {"limit": float("nan")}], ids=str)
def test_an_order_of_no_whole_number_is_told_in_the_units_it_is_meant_in(given: dict[str, Any]) -> None:
    class Ordering(Strategy):
        def on_bar(self, bar: Any) -> None:
            self.buy(**{"quantity": 100, **given})

    with pytest.raises(StrategyError, match=r"0\.0001 元"):
        ran(Ordering, daily(flat(10, 3)))


@pytest.mark.parametrize("quantity", [0, -100, 10**30], ids=str)
def test_an_order_of_no_shares_that_there_can_be_is_refused(quantity: int) -> None:
    class Ordering(Strategy):
        def on_bar(self, bar: Any) -> None:
            self.buy(quantity)

    with pytest.raises(StrategyError, match="不能委托"):
        ran(Ordering, daily(flat(10, 3)))


@pytest.mark.parametrize("quantity", [float("nan"), 250.5, -100], ids=str)
def test_a_target_of_one_symbol_is_a_whole_number_of_shares(quantity: Any) -> None:
    class Targeting(Strategy):
        def on_bar(self, bar: Any) -> None:
            self.target(quantity)

    with pytest.raises(StrategyError, match="目标持仓是"):
        ran(Targeting, daily(flat(10, 3)))


@pytest.mark.parametrize("target", [float("nan"), float("inf"), -100], ids=str)
def test_a_target_that_is_no_number_of_shares_is_refused_by_its_symbol(target: float) -> None:
    class Targeting(Strategy):
        def on_bars(self, bars: Any) -> None:
            bars.target(np.asarray([100, target]))

    data = {"600000.SH": daily(flat(10, 3)), "000001.SZ": daily(flat(5, 3), symbol="000001.SZ")}
    with pytest.raises(StrategyError, match=r"000001\.SZ 的目标持仓"):
        ran(Targeting, data)


@pytest.mark.parametrize("value", [float("nan"), float("inf")], ids=str)
def test_a_price_that_is_no_number_is_refused_by_its_place(value: float) -> None:
    with pytest.raises(ColumnsError, match="第 2 个价格"):
        to_units([10.0, value, 10.0])


class OfDates(Strategy):
    timers = ("14:50",)

    def on_bars(self, bars: Any) -> None:
        self.target(100, "600000.SH")


class OfTicks(Strategy):
    def on_tick(self, tick: Any) -> None:
        self.buy(100)


@pytest.mark.parametrize(("kind", "words"), [(OfDates, "on_timer 不会被叫到"), (OfTicks, "只有 on_tick")])
def test_what_would_never_be_called_is_refused(kind: type[Strategy], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        ran(kind, {"600000.SH": daily(flat(10, 3))})


class BuyFirst(Strategy):
    fields = ("close",)

    def on_bar(self, bar: Any) -> None:
        if bar.index == 0:
            self.buy(100)


def test_slippage_never_makes_a_price_better_where_history_lies_beyond_its_limits() -> None:
    """A day without limits that the rule book does not know of: 11.00 is no upper limit, and nobody bought at it."""
    bars = daily([(10, 10, 10, 10), (15, 15, 10.5, 12), (12, 12, 12, 12)])
    result = ran(BuyFirst, bars, fills=FillModel(slippage_ticks=1))
    assert result.fills.price.tolist() == [15 * UNIT]


def test_an_average_price_lies_within_its_bar_and_belongs_to_unadjusted_history() -> None:
    turnover = np.full(3, 10 * UNIT * 10_000_000 * 2)
    result = ran(BuyFirst, daily(flat(10, 3), turnover=turnover), fills=FillModel(at="vwap"))
    assert result.fills.price.tolist() == [100_500]
    adjusted = daily(flat(10, 3), turnover=turnover, adjusted="forward")
    for data in (adjusted, {"600000.SH": adjusted}):
        with pytest.raises(ColumnsError, match="成交额不复权"):
            ran(BuyFirst if data is adjusted else BuysBothAcross, data, fills=FillModel(at="vwap"))


def test_a_cross_section_takes_an_average_price_of_unadjusted_history_alone() -> None:
    section: CrossSection = cross_section({"600000.SH": daily(flat(10, 3), adjusted="backward", turnover=np.ones(3))})
    with pytest.raises(ColumnsError, match="成交额不复权"):
        ran(BuysBothAcross, section, fills=FillModel(at="vwap"))
