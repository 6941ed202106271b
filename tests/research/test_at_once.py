"""An order that is filled at once is filled as the long way would: the same rows, orders, cash and reasons."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from qmt_trading.model.numbers import UNIT
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import Bars
from qmt_trading.research.costs import FillModel, referee
from qmt_trading.research.desk import Desk
from qmt_trading.research.result import Result
from qmt_trading.research.strategy import Strategy
from tests.research.days import CASH, daily

SYMBOLS = ("600000.SH", "300001.SZ", "688001.SH", "920001.BJ", "113001.SH", "510300.SH")
"""Boards of different lots, limits and fees; the last but one may be sold on the day it was bought."""
DAYS = 12

moves = st.sampled_from([-0.3, -0.2, -0.1, -0.05, -0.01, 0.0, 0.01, 0.05, 0.1, 0.2, 0.3])
bars = st.tuples(moves, moves, st.sampled_from([0, 150, 4_000, 1_000_000]))
"""How the open and the close of a day stand to the close before, and what was traded."""
quantities = st.sampled_from([1, 10, 100, 150, 200, 250, 300, 1_000, 5_000, 100_000, 2_000_000])
asked = st.tuples(
    st.integers(0, DAYS - 1),
    st.integers(0, len(SYMBOLS) - 1),
    st.sampled_from(["buy", "sell", "sell all", "target", "limit"]),
    quantities,
)


def history(moved: list[list[tuple[float, float, int]]]) -> dict[str, Bars]:
    made = {}
    for symbol, days in zip(SYMBOLS, moved, strict=True):
        last, rows = 10.0, []
        for opened, closed, _ in days:
            first, end = round(last * (1 + opened), 2), round(last * (1 + closed), 2)
            rows.append((first, max(first, end), min(first, end), end))
            last = min(max(end, 3.0), 90.0)
        made[symbol] = daily(rows, symbol=symbol, first="2025-03-03", quantity=[traded for _, _, traded in days])
    return made


class Asked(Strategy):
    """Does what it was given, day by day, and notes what it is told."""

    fields: tuple[str, ...] = ("close",)

    def __init__(self, acts: list[tuple[int, int, str, int]]) -> None:
        super().__init__()
        self.acts = acts
        self.told: list[tuple[Any, ...]] = []

    def on_bar(self, bar: Any) -> None:
        for day, place, verb, quantity in self.acts:
            if day != bar.index or place != bar.place:
                continue
            if verb == "buy":
                self.buy(quantity)
            elif verb == "sell":
                self.sell(quantity)
            elif verb == "sell all" and self.position:
                self.sell(self.position)
            elif verb == "target":
                self.target(quantity)
            elif verb == "limit":
                self.buy(quantity, limit=bar.close)

    def on_fill(self, order: Any) -> None:
        self.told.append(("fill", order.number, order.filled, order.status, self.cash, self.equity))

    def on_order(self, order: Any) -> None:
        self.told.append(("order", order.number, order.filled, order.status, order.reason, self.cash))


def columns(struct: Any) -> dict[str, list[int]]:
    return {name: np.asarray(value).tolist() for name, value in msgspec.structs.asdict(struct).items()}


def same(one: Result, other: Result) -> None:
    assert columns(one.fills) == columns(other.fills)
    assert columns(one.orders) == columns(other.orders)
    assert one.blocked == other.blocked
    assert one.cash.tolist() == other.cash.tolist()
    assert one.equity.tolist() == other.equity.tolist()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(bars, min_size=DAYS, max_size=DAYS), min_size=len(SYMBOLS), max_size=len(SYMBOLS)),
    st.lists(asked, min_size=1, max_size=40),
    st.sampled_from([3_000, 50_000, 10_000_000]),
    st.sampled_from([FeeSchedule(), referee(250), referee(0, minimum=0)]),
    st.sampled_from(["open", "close"]),
    st.sampled_from([0, 250_000, 1_000_000]),
)
def test_what_is_filled_at_once_is_what_the_long_way_fills(
    moved: list[list[tuple[float, float, int]]],
    acts: list[tuple[int, int, str, int]],
    cash_yuan: int,
    costs: FeeSchedule,
    at: Any,
    share: int,
) -> None:
    data = history(moved)
    given_: dict[str, Any] = {"cash": cash_yuan * UNIT, "costs": costs}
    given_["fills"] = FillModel(at=at, volume_share_millionths=share)
    short, long = Asked(acts), Asked(acts)
    one = run(short, data, **given_)
    with patch.object(Desk, "_fill_at_once", lambda *_: False):
        other = run(long, data, **given_)
    same(one, other)
    assert short.told == long.told


def test_an_ordinary_order_does_not_go_the_long_way() -> None:
    data = history([[(0.0, 0.0, 1_000_000)] * DAYS] * len(SYMBOLS))
    acts = [(1, place, "buy", 1_000) for place in range(5)] + [(3, place, "sell all", 0) for place in range(5)]
    with patch.object(Desk, "_try", side_effect=AssertionError("the long way")):
        result = run(Asked(acts), data, cash=1_000_000 * UNIT)
    assert len(result.fills) == 10


def test_cash_that_covers_the_shares_but_not_the_fee_is_too_little() -> None:
    data = history([[(0.0, 0.0, 1_000_000)] * DAYS] * len(SYMBOLS))
    acts = [(1, 0, "buy", 100)]
    costs = referee(0, minimum=5 * UNIT)
    assert len(run(Asked(acts), data, cash=1_005 * UNIT, costs=costs).fills) == 1
    short = run(Asked(acts), data, cash=1_005 * UNIT - 1, costs=costs)
    assert not len(short.fills)
    assert short.blocked == {"CASH": 1}


def test_a_sell_of_no_whole_lots_is_refused_unless_it_is_all() -> None:
    data = history([[(0.0, 0.0, 1_000_000)] * DAYS] * len(SYMBOLS))
    part = run(Asked([(1, 0, "buy", 300), (3, 0, "sell", 150)]), data, cash=CASH)
    assert part.fills.side.tolist() == [1]
    assert part.blocked == {"LOT": 1}
    whole = run(Asked([(1, 0, "buy", 300), (3, 0, "sell", 300)]), data, cash=CASH)
    assert whole.fills.side.tolist() == [1, -1]
