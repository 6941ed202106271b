"""Whatever a strategy does, in its callbacks too: books are exact, nothing is sold short, and volume is there once."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from qmt_trading.model.numbers import UNIT
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import Bars
from qmt_trading.research.costs import FillModel
from qmt_trading.research.result import Result
from qmt_trading.research.round_trips import book_of
from qmt_trading.research.strategy import Strategy
from tests.actions import action
from tests.research.days import daily

CASH = 50_000 * UNIT
PUFA, PINGAN = "600000.SH", "000001.SZ"


def history(seed: int, days: int, symbol: str, first: str) -> Bars:
    """Return days that move, are sealed now and then, and trade little."""
    rng = random.Random(seed)
    price, rows, traded = 10.0, [], []
    for _ in range(days):
        up, down = round(price * 1.1 + 1e-9, 2), round(price * 0.9 + 1e-9, 2)
        opened, closed = (min(max(round(price * rng.uniform(0.88, 1.12), 2), down), up) for _ in range(2))
        if rng.random() < 0.08:
            opened = closed = up
        spread = 0.0 if opened == closed == up else 0.05
        rows.append((opened, min(max(opened, closed) + spread, up), max(min(opened, closed) - spread, down), closed))
        traded.append(rng.randrange(50_000))
        price = closed
    return daily(rows, symbol=symbol, quantity=traded, first=first)


class Wild(Strategy):
    """Orders, targets and cancels by luck, as often in a callback as at a bar."""

    fields = ("close",)

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = random.Random(seed)
        self.orders: list[Any] = []

    def act(self, symbol: str) -> None:
        luck, held = self.rng.random(), self.held(symbol)
        if luck < 0.3:
            limit = self.rng.choice([0, 0, 95_000, 105_000])
            self.orders.append(self.buy(self.rng.choice([100, 500, 3000]), symbol, limit=limit))
        elif luck < 0.5 and held:
            self.orders.append(self.sell(self.rng.randrange(1, held + 1), symbol))
        elif luck < 0.65:
            self.target(self.rng.randrange(0, 5000, 100), symbol)
        elif luck < 0.8 and self.orders:
            self.cancel(self.rng.choice(self.orders))

    def on_bar(self, bar: Any) -> None:
        self.act(self.rng.choice([PUFA, PINGAN]))

    def on_fill(self, fill: Any) -> None:
        if self.rng.random() < 0.4:
            self.act(fill.symbol)

    def on_order(self, order: Any) -> None:
        if self.rng.random() < 0.2:
            self.act(order.symbol)


class WildAcross(Wild):
    def on_bars(self, bars: Any) -> None:
        for symbol in bars.symbols:
            self.act(symbol)


def check(result: Result, histories: dict[str, Bars]) -> None:
    fills, book = result.fills, book_of(result)
    assert result.last_prices is not None
    assert (result.cash >= 0).all()
    assert book.unmatched == 0
    floating = sum(
        lot.quantity * int(result.last_prices[lot.symbol]) - lot.cost - lot.fee + lot.income for lot in book.open
    )
    earned = int(book.trips.profit.sum()) + floating + sum(book.stray_income.values())
    assert earned == result.final_equity - result.initial_equity
    taken: dict[tuple[int, int], int] = defaultdict(int)
    for day, place, quantity in zip(fills.day.tolist(), fills.symbol.tolist(), fills.quantity.tolist(), strict=True):
        taken[day, place] += quantity
    for (day, place), quantity in taken.items():
        bars = histories[result.symbols[place]]
        row = int(np.flatnonzero(bars.days == result.days[day])[0])
        assert quantity <= int(bars.quantity[row]) // 4


@pytest.mark.parametrize("at", ["open", "close"])
@pytest.mark.parametrize("kind", [Wild, WildAcross])
@pytest.mark.parametrize("seed", range(12))
def test_books_are_exact_whatever_a_strategy_does(seed: int, kind: type[Wild], at: Any) -> None:
    bars = {
        PUFA: history(seed, 60, PUFA, "2024-01-02"),
        PINGAN: history(seed + 1000, 40, PINGAN, "2024-01-22"),
    }
    given = [
        action(PUFA, dt.date(2024, 2, 1), cash="3", bonus="2", transfer="1"),
        action(PINGAN, dt.date(2024, 2, 20), cash="5"),
    ]
    paid_later = [replace(each, pay_day=each.ex_day + dt.timedelta(days=4)) for each in given]
    for actions in ((), given, paid_later):
        result = run(kind(seed), bars, cash=CASH, fills=FillModel(at=at, slippage_ticks=seed % 3), actions=actions)
        check(result, bars)
        if kind is WildAcross:
            assert len(result.fills) > 5
