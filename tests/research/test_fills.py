"""Fills do not flatter: sealed limits, caps, T+1, lots, cash, suspended days, limits, slippage, auctions, fees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from qmt_trading.model.numbers import UNIT
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import Bars, ColumnsError, cross_section, to_units
from qmt_trading.research.costs import FillModel, referee
from qmt_trading.research.result import REASONS, STATUSES, Result
from qmt_trading.research.strategy import Strategy
from tests.research.days import CASH, daily, flat

FREE = referee(0, minimum=0)


class Scripted(Strategy):
    """Does at each bar what ``acts`` says for its number."""

    fields: tuple[str, ...] = ("close",)

    def __init__(self, acts: dict[int, Callable[[Strategy], Any]]) -> None:
        super().__init__()
        self.acts = acts
        self.told: list[str] = []

    def on_bar(self, bar: Any) -> None:
        act = self.acts.get(bar.index)
        if act is not None:
            act(self)

    def on_order(self, order: Any) -> None:
        self.told.append(f"{order.status.value} {order.reason}")


def acted(bars: Bars, acts: dict[int, Callable[[Strategy], Any]], **others: Any) -> Result:
    given = {"cash": CASH, "costs": FREE, "fills": FillModel(), **others}
    return run(Scripted(acts), bars, **given)


def prices(result: Result) -> list[int]:
    found: list[int] = result.fills.price.tolist()
    return found


def states(result: Result) -> list[tuple[str, str]]:
    orders = result.orders
    return [(STATUSES[a], REASONS[b]) for a, b in zip(orders.status.tolist(), orders.reason.tolist(), strict=True)]


def buy(quantity: int = 100, **others: Any) -> Callable[[Strategy], Any]:
    return lambda strategy: strategy.buy(quantity, **others)


def sell(quantity: int = 100, **others: Any) -> Callable[[Strategy], Any]:
    return lambda strategy: strategy.sell(quantity, **others)


def test_a_decision_fills_at_the_next_open() -> None:
    result = acted(daily([(10, 10.1, 9.9, 10), (10.2, 10.3, 10, 10.1), *flat(10, 1)]), {0: buy()})
    assert prices(result) == [102_000]
    assert result.fills.day.tolist() == [1]


def test_a_sealed_limit_up_is_missed_and_one_that_opens_fills_there() -> None:
    sealed = daily([(10, 10, 10, 10), (11, 11, 11, 11), (11, 11, 11, 11)])
    result = acted(sealed, {0: buy()})
    assert states(result) == [("EXPIRED", "LIMIT_UP_MISSED")]
    assert result.blocked == {"LIMIT_UP_MISSED": 1}
    opened = daily([(10, 10, 10, 10), (11, 11, 10.99, 11), (11, 11, 11, 11)])
    assert prices(acted(opened, {0: buy()})) == [110_000]


def test_a_sealed_limit_down_cannot_be_sold_into() -> None:
    bars = daily([(10, 10, 10, 10), (10, 10, 10, 10), (9, 9, 9, 9), (9, 9, 8.9, 9)])
    result = acted(bars, {0: buy(), 1: sell()})
    assert states(result) == [("FILLED", ""), ("EXPIRED", "LIMIT_DOWN_MISSED")]


def test_the_limits_of_a_day_with_none_are_not_missed() -> None:
    bars = daily([(10, 10, 10, 10), (11, 11, 11, 11)], limit_up=np.zeros(2, np.int64), limit_down=np.zeros(2, np.int64))
    assert prices(acted(bars, {0: buy()})) == [110_000]


def test_the_volume_cap_fills_whole_lots_and_the_rest_expires() -> None:
    bars = daily(flat(10, 3), quantity=[1_000_000, 2_650, 1_000_000])
    result = acted(bars, {0: buy(1000)})
    assert result.fills.quantity.tolist() == [600]
    assert states(result) == [("EXPIRED", "VOLUME_CAP")]


def test_without_a_cap_all_of_it_fills() -> None:
    bars = daily(flat(10, 3), quantity=[1_000_000, 100, 1_000_000])
    result = acted(bars, {0: buy(1000)}, fills=FillModel(volume_share_millionths=0))
    assert result.fills.quantity.tolist() == [1000]
    assert any("volume cap" in english for _, english in result.warnings)


def test_a_suspended_day_refuses() -> None:
    bars = daily(flat(10, 3), suspended=np.asarray([False, True, False]))
    result = acted(bars, {0: buy()})
    assert states(result) == [("DENIED", "SUSPENDED")]


def test_lots_cash_and_what_is_not_held_are_judged_by_the_engine() -> None:
    result = acted(daily(flat(10, 3)), {0: lambda s: (s.buy(150), s.buy(200_000), s.sell(100))})
    assert states(result) == [("DENIED", "LOT"), ("DENIED", "CASH"), ("DENIED", "NOT_HELD")]


def test_shares_bought_today_are_sold_tomorrow() -> None:
    minutes = 60_000_000_000
    bars = daily(flat(10, 4))
    at = bars.at_ns[0] + np.asarray([0, 1, 2, 3, 1440]) * minutes
    same = np.full(5, 100_000)
    minute = Bars.of(
        "600000.SH", frequency="1m", at_ns=at, open=same, high=same + 100, low=same - 100, close=same, quantity=same
    )
    result = acted(minute, {0: buy(), 1: sell(), 3: sell()})
    assert states(result) == [("FILLED", ""), ("DENIED", "T_PLUS_1"), ("FILLED", "")]
    assert result.blocked == {"T_PLUS_1": 1}


def test_a_limit_that_is_only_touched_does_not_fill_unless_it_is_asked_for() -> None:
    bars = daily([(10, 10, 10, 10), (10, 10.1, 9.9, 10), (10, 10, 10, 10)])
    touched = {0: buy(limit=99_000)}
    assert states(acted(bars, touched)) == [("EXPIRED", "NOT_REACHED")]
    assert prices(acted(bars, touched, fills=FillModel(touch=True))) == [99_000]
    assert prices(acted(bars, {0: buy(limit=99_100)})) == [99_100]
    assert prices(acted(bars, {0: buy(limit=101_000)})) == [100_000]


def test_a_limit_off_the_tick_or_beyond_the_day_is_refused() -> None:
    result = acted(daily(flat(10, 3)), {0: lambda s: (s.buy(100, limit=100_050), s.buy(100, limit=120_000))})
    assert states(result) == [("DENIED", "PRICE"), ("DENIED", "PRICE")]


@pytest.mark.parametrize(
    ("model", "bought", "sold"),
    [
        (FillModel(slippage_ticks=2), 100_200, 99_800),
        (FillModel(slippage_millionths=1_000), 100_100, 99_900),
        (FillModel(slippage_millionths=10), 100_100, 99_900),
        (FillModel(slippage_spread_millionths=1_000_000), 100_100, 99_900),
        (FillModel(slippage_ticks=200), 110_000, 90_000),
    ],
)
def test_slippage_is_away_from_the_trader_to_a_whole_tick_and_ends_at_the_limit(
    model: FillModel, bought: int, sold: int
) -> None:
    result = acted(daily(flat(10, 4)), {0: buy(), 1: sell()}, fills=model)
    assert prices(result) == [bought, sold]


def test_the_average_price_needs_turnover() -> None:
    with pytest.raises(ColumnsError, match="turnover"):
        acted(daily(flat(10, 2)), {0: buy()}, fills=FillModel(at="vwap"))
    bars = daily(flat(10, 2), quantity=1_000, turnover=np.asarray([1, 1_000 * 100_300]))
    assert prices(acted(bars, {0: buy()}, fills=FillModel(at="vwap"))) == [100_300]


def test_the_closing_auction_fills_at_the_close() -> None:
    bars = daily([(10, 10, 10, 10), (10.2, 10.4, 10, 10.3), *flat(10.3, 1)])
    assert prices(acted(bars, {0: buy(closing=True)})) == [103_000]


def test_the_same_close_is_filled_at_once_and_named_as_flattering() -> None:
    result = acted(daily(flat(10, 2)), {1: buy()}, fills=FillModel(at="close"))
    assert prices(result) == [100_000]
    assert any("flatters" in english for _, english in result.warnings)


def test_a_cancelled_order_does_not_fill() -> None:
    result = acted(daily(flat(10, 3)), {0: lambda s: s.cancel(s.buy(100))})
    assert states(result) == [("CANCELED", "CANCELED")]


def test_fees_are_rounded_to_the_fen_unless_the_referee_rounds_nothing() -> None:
    bars = daily(flat(10.01, 4))
    acts = {0: buy(3700), 1: sell(3700)}
    rounded = acted(bars, acts, costs=FeeSchedule())
    assert rounded.fills.commission.tolist() == [92_600, 92_600]  # 37,037 yuan: 9.25925
    assert rounded.fills.stamp_tax.tolist() == [0, 185_200]  # 18.5185
    assert rounded.fills.transfer_fee.tolist() == [3_700, 3_700]  # 0.37037
    fine = acted(bars, acts, costs=referee(250))
    assert fine.fills.fee.sum() == 2 * 92_592 + 1  # Nothing is lost: 18.5185 of both.


def test_money_is_neither_made_nor_lost() -> None:
    bars = daily([(10, 10.5, 9.8, 10.2), (10.3, 10.6, 10, 10.1), (10, 10.2, 9.9, 10), (10.4, 10.5, 10.1, 10.3)])
    result = acted(bars, {0: buy(1000), 1: buy(500), 2: sell(1200)}, costs=FeeSchedule())
    fills = result.fills
    spent = (fills.side.astype(np.int64) * fills.quantity * fills.price + fills.fee).sum()
    assert result.cash[-1] == CASH - spent
    assert result.market_value[-1] == 300 * 103_000
    assert (result.equity == result.cash + result.market_value).all()


def test_a_symbol_without_a_bar_that_date_is_suspended_in_a_cross_section() -> None:
    class Two(Strategy):
        def on_bars(self, bars: Any) -> None:
            if bars.index == 0:
                bars.target([100, 100])

    one, other = daily(flat(10, 3)), daily(flat(20, 3), symbol="000001.SZ")
    gap = np.asarray([True, False, True])
    kept = {name: getattr(other, name)[gap] for name in ("at_ns", "open", "high", "low", "close", "quantity")}
    result = run(Two, cross_section({"a": one, "b": Bars.of("000001.SZ", **kept)}), cash=CASH, costs=FREE)
    assert result.blocked == {"SUSPENDED": 1}
    assert result.fills.symbol.tolist() == [0]
    assert result.equity[-1] == CASH


def test_result_goes_through_json_without_a_loss(tmp_path: Any) -> None:
    result = acted(daily(flat(10, 4)), {0: buy(), 1: sell()}, costs=FeeSchedule(), benchmark=daily(flat(3, 4)))
    again = Result.from_json(result.to_json())
    assert again.to_json() == result.to_json()
    assert again.days.dtype == result.days.dtype
    assert again.data.sha256 == result.data.sha256
    names = [path.name for path in result.to_csv(tmp_path)]
    assert names == ["equity.csv", "fills.csv", "orders.csv"]
    lines = (tmp_path / "fills.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[1].startswith("2024-01-03T15:00:00.000+08:00,600000.SH,buy,100,10.00,")


def test_cash_is_in_hand_for_yuan() -> None:
    assert acted(daily(flat(10, 2)), {}).final_equity == CASH == 1_000_000 * UNIT


def ticks(
    lasts: list[float], bids: list[list[tuple[float, int]]], asks: list[list[tuple[float, int]]], traded: int = 10_000
) -> Bars:
    """Return snapshots three seconds apart."""

    def side(levels: list[list[tuple[float, int]]], part: int) -> np.ndarray[Any, Any]:
        made = np.zeros((len(levels), 5))
        for row, found in enumerate(levels):
            made[row, : len(found)] = [each[part] for each in found]
        return to_units(made) if part == 0 else made.astype(np.int64)

    last = to_units(lasts)
    at_ns = daily(flat(10, 1)).at_ns[0] - 5 * 3600 * 10**9 + np.arange(len(lasts)) * 3 * 10**9
    return Bars.of(
        "600000.SH",
        frequency="tick",
        at_ns=at_ns,
        open=last,
        high=last,
        low=last,
        close=last,
        quantity=np.full(len(lasts), traded),
        previous_close=to_units([10.0]),
        bids=side(bids, 0),
        bid_quantities=side(bids, 1),
        asks=side(asks, 0),
        ask_quantities=side(asks, 1),
    )


class TickScripted(Scripted):
    fields = ("close", "bid", "ask")

    def on_tick(self, tick: Any) -> None:
        self.on_bar(tick)


TICKS = FillModel(at="ticks")


def ticked(bars: Bars, acts: dict[int, Callable[[Strategy], Any]]) -> Result:
    return run(TickScripted(acts), bars, cash=CASH, costs=FREE, fills=TICKS)


def test_a_tick_order_takes_level_by_level_and_no_more_than_stands_there() -> None:
    bid = [(9.99, 500)]
    bars = ticks([10, 10, 10], [bid] * 3, [[(10.0, 100)], [(10.01, 300), (10.02, 200)], [(10.03, 1000)]])
    result = ticked(bars, {0: buy(800)})
    assert result.fills.quantity.tolist() == [300, 200, 300]
    assert prices(result) == [100_100, 100_200, 100_300]


def test_two_tick_orders_share_what_stands_there() -> None:
    bid = [(9.99, 500)]
    bars = ticks([10, 10], [bid] * 2, [[(10.0, 100)], [(10.01, 300)]])
    result = ticked(bars, {0: lambda s: (s.buy(200), s.buy(200))})
    assert result.fills.quantity.tolist() == [200, 100]


def test_what_a_tick_order_has_taken_is_not_there_again_in_the_next_snapshot() -> None:
    bid = [(9.99, 100)]
    bars = ticks([10.02] * 4, [bid] * 4, [[(10.0, 100)], [(10.01, 300)], [(10.01, 300)], [(10.01, 500)]])
    result = ticked(bars, {0: buy(800, limit=100_100)})
    assert result.fills.quantity.tolist() == [300, 200]
    assert result.fills.at_ns.tolist() == bars.at_ns[[1, 3]].tolist()


def test_at_a_sealed_limit_up_a_tick_buy_waits_and_a_seller_lets_it_in() -> None:
    bars = ticks([11, 11, 11], [[(11, 9_000)]] * 3, [[], [], [(11, 400)]])
    result = ticked(bars, {0: buy(100)})
    assert prices(result) == [110_000]
    assert result.fills.at_ns[0] == bars.at_ns[2]
    assert result.blocked == {"LIMIT_UP_MISSED": 1}


def test_a_resting_tick_order_fills_when_the_market_trades_through_it() -> None:
    level = [(9.98, 500)], [(10.02, 500)]
    bars = ticks([10, 10, 9.99, 9.98], [level[0]] * 4, [level[1]] * 4, traded=2_000)
    result = ticked(bars, {0: buy(900, limit=99_900)})
    assert prices(result) == [99_900]
    assert result.fills.quantity.tolist() == [500]
    assert result.fills.at_ns[0] == bars.at_ns[3]


def test_fills_at_levels_need_a_book() -> None:
    with pytest.raises(ColumnsError, match="bids and asks"):
        acted(daily(flat(10, 2)), {0: buy()}, fills=TICKS)
