"""Strategies: typed parameters, declared columns, errors that say where, and no way to look ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qmt_trading.research.backtest import run
from qmt_trading.research.columns import Bars, ColumnsError, cross_section
from qmt_trading.research.conditions import Above, Below, Schedule, crosses
from qmt_trading.research.costs import FillModel, referee
from qmt_trading.research.indicators import Change, Deviation, Ema, Highest, Lowest, Sma
from qmt_trading.research.result import Result
from qmt_trading.research.strategy import LookAheadError, ParameterError, Strategy, StrategyError
from tests.research.days import CASH, daily, flat

FREE = referee(0, minimum=0)


class Cross(Strategy):
    @dataclass
    class Parameters:
        fast: int = 2
        slow: int = 4
        share: float = 0.5

    def declare(self) -> None:
        self.fields = ("close",)
        self.indicators = {"fast": Sma("close", self.p.fast), "slow": Sma("close", self.p.slow)}

    def on_bar(self, bar: Any) -> None:
        if bar.fast > bar.slow and not self.position:
            self.buy(100)
        elif bar.fast < bar.slow and self.sellable:
            self.sell(self.sellable)


class CrossWoken(Cross):
    def declare(self) -> None:
        super().declare()
        self.wake = crosses("fast", "slow") | (Above("close", 0) & Below("close", 0))

    def on_bar(self, bar: Any) -> None:
        super().on_bar(bar)
        if self.position and not self.sellable:
            self.wake_next_day()


def test_an_unknown_parameter_is_named_with_those_that_exist() -> None:
    with pytest.raises(ParameterError, match="no parameter 'fats'; it has: fast, slow, share"):
        Cross(fats=3)


def test_a_parameter_of_a_wrong_type_is_named() -> None:
    with pytest.raises(ParameterError, match=r"parameter fast: Expected `int`, got `str`"):
        Cross(fast="ten")
    with pytest.raises(ParameterError, match="slow"):
        Cross(slow=True)
    assert Cross(share=1).p.share == 1.0


def test_an_undeclared_field_is_named() -> None:
    class Wrong(Strategy):
        fields = ("closs",)

    with pytest.raises(ParameterError, match="closs"):
        run(Wrong, daily(flat(10, 3)), cash=CASH)


def test_a_strategy_that_raises_is_named_with_method_bar_symbol_and_its_own_lines() -> None:
    class Broken(Strategy):
        def on_bar(self, bar: Any) -> None:
            if bar.index == 1:
                self.helper(bar)

        def helper(self, bar: Any) -> None:
            raise ZeroDivisionError("my own mistake")

    with pytest.raises(StrategyError) as caught:
        run(Broken, daily(flat(10, 3)), cash=CASH)
    text = str(caught.value)
    assert "Broken.on_bar at 2024-01-03T15:00:00.000+08:00, 600000.SH" in text
    assert "my own mistake" in text
    assert "in helper" in text
    assert "research/loop.py" not in text


@pytest.mark.parametrize("mode", ["wake", "dates", "start"])
def test_every_loop_names_the_strategy_that_raises(mode: str) -> None:
    class Broken(Strategy):
        def on_start(self) -> None:
            if mode == "start":
                raise KeyError("first")

    class BrokenWake(Broken):
        wake = Schedule(2)

        def on_bar(self, bar: Any) -> None:
            raise KeyError("then")

    class BrokenDates(Broken):
        def on_bars(self, bars: Any) -> None:
            raise KeyError("then")

    kind: type[Strategy] = BrokenDates if mode == "dates" else BrokenWake
    with pytest.raises(StrategyError, match=f"Broken\\w*.on_{'start' if mode == 'start' else 'bar'}"):
        run(kind, daily(flat(10, 3)), cash=CASH)


def test_an_order_for_a_symbol_that_is_not_there_is_an_error() -> None:
    class Elsewhere(Strategy):
        def on_bar(self, bar: Any) -> None:
            self.buy(100, "000001.SZ")

    with pytest.raises(StrategyError, match=r"000001\.SZ is not among"):
        run(Elsewhere, daily(flat(10, 3)), cash=CASH)


def test_only_now_and_what_was_before_can_be_read() -> None:
    seen: list[Any] = []

    class Looks(Strategy):
        fields = ("close",)

        def on_bar(self, bar: Any) -> None:
            close = self.data["close"]
            if bar.index == 2:
                seen.extend([close[0], close[2], close.history(2).tolist(), close.history(9).tolist()])
                for back in (-1, 3):
                    with pytest.raises(LookAheadError):
                        close[back]
                with pytest.raises(ValueError, match="read-only"):
                    close.history(1)[0] = 1
            with pytest.raises(AttributeError, match="high"):
                bar.high  # noqa: B018 - it is the look that counts

    run(Looks, daily([(10, 10, 10, 10), (11, 11, 11, 10.5), (11, 11, 11, 11), *flat(10, 2)]), cash=CASH)
    assert seen == [110_000, 100_000, [105_000, 110_000], [100_000, 105_000, 110_000]]


def test_an_order_waits_for_a_bar_that_ends_later() -> None:
    class Other(Strategy):
        fields = ()

        def on_bar(self, bar: Any) -> None:
            if bar.place == 0 and bar.index == 0:
                self.buy(100, "000001.SZ")

    bars = {"a": daily(flat(10, 3)), "b": daily(flat(20, 3), symbol="000001.SZ")}
    assert run(Other, bars, cash=CASH, costs=FREE).fills.day.tolist() == [1]


def test_timers_come_after_the_first_bar_that_ends_at_their_time() -> None:
    seen: list[tuple[int, int]] = []

    class Timed(Strategy):
        fields = ()
        timers = ("14:50",)

        def on_timer(self, at_ns: int) -> None:
            assert self._bar is not None
            seen.append((self._bar.index, at_ns))

    run(Timed, daily(flat(10, 2)), cash=CASH)
    assert [index for index, _ in seen] == [0, 1]


def test_bars_out_of_order_are_named_by_row() -> None:
    bars = daily(flat(10, 3))
    with pytest.raises(ColumnsError, match="第 3 行的时间不晚于上一行 / row 3 is not later"):
        Bars.of(
            "600000.SH",
            at_ns=bars.at_ns[[0, 1, 1]],
            open=bars.open,
            high=bars.high,
            low=bars.low,
            close=bars.close,
            quantity=bars.quantity,
        )


# The future, shuffled

MINUTE_NS = 60_000_000_000


def minutes(closes: list[int]) -> Bars:
    """Return bars of six minutes a day, of whole fen."""
    close = np.asarray(closes, np.int64) * 100
    rows = np.arange(len(close))
    opens = np.concatenate((close[:1], close[:-1]))
    at_ns = daily(flat(10, len(close) // 6 + 1)).at_ns[rows // 6] + (rows % 6) * MINUTE_NS
    return Bars.of(
        "600000.SH",
        frequency="1m",
        at_ns=at_ns,
        open=opens,
        high=np.maximum(opens, close) + 100,
        low=np.minimum(opens, close) - 100,
        close=close,
        quantity=np.full(len(close), 1_000_000),
    )


class Declares(Cross):
    """Uses every indicator there is."""

    def declare(self) -> None:
        super().declare()
        kinds: dict[str, Any] = {"ema": Ema, "highest": Highest, "lowest": Lowest}
        kinds |= {"deviation": Deviation, "change": Change}
        self.indicators = {**self.indicators, **{name: kind("close", 3) for name, kind in kinds.items()}}
        self.seen: list[tuple[Any, ...]] = []

    def on_bar(self, bar: Any) -> None:
        super().on_bar(bar)
        values = (bar.fast, bar.slow, bar.ema, bar.highest, bar.lowest, bar.deviation, bar.change)
        self.seen.append(tuple(map(str, values)))


def decisions(result: Result, until_ns: int) -> list[tuple[int, ...]]:
    orders, fills = result.orders, result.fills
    made = np.column_stack((orders.made_ns, orders.side, orders.quantity))[orders.made_ns <= until_ns]
    done = np.column_stack((fills.at_ns, fills.side, fills.price))[fills.at_ns <= until_ns]
    return [*map(tuple, made.tolist()), *map(tuple, done.tolist())]


closes = st.lists(st.integers(980, 1020), min_size=14, max_size=60)


@settings(max_examples=60, deadline=None)
@given(closes, st.data())
def test_shuffling_the_future_never_changes_a_decision_of_the_past(path: list[int], data: st.DataObject) -> None:
    cut = data.draw(st.integers(7, len(path) - 2))
    future = data.draw(st.permutations(path[cut + 1 :]))
    at_close = FillModel(at="close") if data.draw(st.booleans()) else FillModel()
    for kind in (Declares, CrossWoken):
        one, other = kind(), kind()
        before = run(one, minutes(path), cash=CASH, costs=FREE, fills=at_close)
        after = run(other, minutes([*path[: cut + 1], *future]), cash=CASH, costs=FREE, fills=at_close)
        until_ns = minutes(path).at_ns.item(cut)
        assert decisions(before, until_ns) == decisions(after, until_ns)
        if isinstance(one, Declares) and isinstance(other, Declares):
            assert one.seen[: cut + 1] == other.seen[: cut + 1]


@settings(max_examples=20, deadline=None)
@given(st.lists(closes, min_size=3, max_size=3), st.data())
def test_dates_do_not_see_the_future_either(paths: list[list[int]], data: st.DataObject) -> None:
    class Best(Strategy):
        wake = Schedule(2, 1)

        def on_bars(self, bars: Any) -> None:
            past = bars.history("close", 3)
            bars.target(np.where(past[-1] >= past[0], 100, 0))

    rows = min(map(len, paths))
    cut = data.draw(st.integers(2, rows - 2))
    order = data.draw(st.permutations(range(cut + 1, rows)))

    def dates(rows_of: list[int]) -> Result:
        made = {
            str(number): daily(
                [(each / 100,) * 4 for each in (path[row] for row in rows_of)], symbol=f"60000{number}.SH"
            )
            for number, path in enumerate(paths)
        }
        return run(Best, cross_section(made), cash=CASH, costs=FREE)

    before, after = dates(list(range(rows))), dates([*range(cut + 1), *order])
    until_ns = int(daily(flat(10, rows)).at_ns[cut])
    assert decisions(before, until_ns) == decisions(after, until_ns)


@settings(max_examples=60, deadline=None)
@given(closes)
def test_a_woken_strategy_trades_like_one_that_sees_every_bar(path: list[int]) -> None:
    every, woken = (run(kind, minutes(path), cash=CASH, costs=FREE) for kind in (Cross, CrossWoken))
    assert woken.equity.tolist() == every.equity.tolist()


@pytest.mark.parametrize("given", [True, False])
def test_the_limits_of_today_are_those_that_orders_meet(given: bool) -> None:
    class Limits(Strategy):
        fields = ()

        def on_start(self) -> None:
            self.seen = [self.limits]

        def on_bar(self, bar: Any) -> None:
            self.seen.append(self.limits)

    own: dict[str, Any] = {"limit_up": np.array([0, 121_000]), "limit_down": np.array([0, 99_000])} if given else {}
    strategy = Limits()
    run(strategy, daily([(10, 10, 10, 10), (10, 11, 10, 11)], **own), cash=CASH)
    of_days = [(0, 0), (121_000, 99_000)] if given else [(110_000, 90_000), (110_000, 90_000)]
    assert strategy.seen == [(0, 0), *of_days]


def test_a_mean_over_more_rows_than_are_taken_at_once_is_exact() -> None:
    values = np.random.default_rng(5).integers(1, 10**12, 70_000)
    for count in (1, 7, 40_000, 70_000):
        sums = np.concatenate(([0], np.cumsum(values)))
        found = Sma("close", count).column({"close": values})
        assert np.isnan(found[: count - 1]).all()
        assert found[count - 1 :].tolist() == ((sums[count:] - sums[:-count]) / count).tolist()
