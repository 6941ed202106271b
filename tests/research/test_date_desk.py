"""Orders that meet a date together fill as they do one by one: the same rows, orders, cash and reasons."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qmt_trading.model.numbers import UNIT
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.research import date_desk
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import CrossSection, to_units
from qmt_trading.research.costs import FillModel, referee
from qmt_trading.research.date_desk import DateDesk
from qmt_trading.research.result import Result
from qmt_trading.research.strategy import Strategy
from tests.research.test_at_once import same

SYMBOLS = (
    *(f"60000{number}.SH" for number in range(8)),
    *(f"30000{number}.SZ" for number in range(4)),
    *(f"68800{number}.SH" for number in range(4)),
    *(f"92000{number}.BJ" for number in range(3)),
    "113001.SH",
    "113002.SH",
    "510300.SH",
)
DAYS = 14


def history(seed: int, *, gone: float, thin: float, with_limits: bool) -> CrossSection:
    """Return days of luck: gaps up to the limits, days without a bar, thin ones."""
    luck = np.random.default_rng(seed)
    shape = DAYS, len(SYMBOLS)
    steps = luck.choice([-0.2, -0.1, -0.02, 0.0, 0.01, 0.03, 0.1, 0.2], shape)
    close = np.clip(np.round(10 * np.exp(np.cumsum(steps * 0.6, axis=0)), 2), 2.0, 500.0)
    before = np.vstack((np.full((1, shape[1]), 10.0), close[:-1]))
    opened = np.round(before * (1 + luck.choice([-0.1, -0.05, 0.0, 0.02, 0.1], shape)), 2)
    high = np.maximum(opened, close) + np.round(luck.choice([0.0, 0.05], shape), 2)
    low = np.minimum(opened, close) - np.round(luck.choice([0.0, 0.05], shape), 2)
    traded = np.where(luck.random(shape) < thin, luck.integers(0, 3_000, shape), 50_000_000)
    others: dict[str, Any] = {"present": luck.random(shape) >= gone}
    if with_limits:
        some = luck.random(shape) < 0.2  # Of which only the rule book tells.
        others |= {"limit_up": np.where(some, -1, to_units(before * 1.1))}
        others |= {"limit_down": np.where(some, -1, to_units(before * 0.9))}
    days = np.busday_offset("2025-03-03", np.arange(DAYS), roll="forward").astype("datetime64[D]")
    return CrossSection.of_yuan(SYMBOLS, days, open=opened, high=high, low=low, close=close, quantity=traded, **others)


class Lucky(Strategy):
    """Orders by luck: what it can mostly have, by the piece what it cannot, or both with limits, twice, taken back."""

    def __init__(self, seed: int, manner: str) -> None:
        super().__init__()
        self.luck = np.random.default_rng(seed)
        self.manner = manner

    def on_bars(self, bars: Any) -> None:
        luck, count = self.luck, len(bars.symbols)
        wanted = np.where(luck.random(count) < 0.3, bars.positions, luck.choice([0, 0, 100, 200, 300, 4_000], count))
        if self.manner != "pieces" or luck.random() < 0.5:
            bars.target(wanted)
            if self.manner != "wild" or luck.random() < 0.3:
                return
        begin = int(luck.integers(count))
        for symbol in bars.symbols[begin : begin + 8]:  # Neighbours, which share their rules.
            act = self.sell if luck.random() < 0.6 else self.buy
            quantity = int(luck.choice([100, 150, 200, 300, 2_000_000]))
            has_limit, closing = (luck.random(2) < 0.15) & (self.manner == "wild")
            made = act(quantity, symbol, limit=90_000 if has_limit else 0, closing=bool(closing))
            if self.manner == "wild" and luck.random() < 0.1:
                self.cancel(made)


def both(seed: int, data: CrossSection, manner: str, **others: Any) -> tuple[Result, Result, int]:
    """Return a run with columns and one without, and how many orders the first one filled as columns."""
    booked = []
    book_alike = DateDesk._book_alike

    def counted(self: DateDesk, orders: Any, *given_: Any) -> None:
        booked.append(len(orders))
        book_alike(self, orders, *given_)

    with patch.object(date_desk, "FEW", 2), patch.object(DateDesk, "_book_alike", counted):
        one = run(Lucky(seed, manner), data, **others)
    with patch.object(date_desk, "FEW", 1 << 30):
        other = run(Lucky(seed, manner), data, **others)
    return one, other, sum(booked)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 1 << 30),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.sampled_from([0.0, 0.3]),
    st.booleans(),
    st.sampled_from(["targets", "pieces", "wild"]),
    st.sampled_from([20_000, 300_000, 100_000_000]),
    st.sampled_from([FeeSchedule(), referee(250), referee(333, minimum=0)]),
    st.sampled_from(["open", "close"]),
    st.sampled_from([0, 250_000]),
)
def test_orders_of_a_date_fill_together_as_they_do_one_by_one(
    seed: int,
    gone: float,
    thin: float,
    with_limits: bool,
    manner: str,
    cash_yuan: int,
    costs: FeeSchedule,
    at: Any,
    share: int,
) -> None:
    data = history(seed, gone=gone, thin=thin, with_limits=with_limits)
    fills = FillModel(at=at, volume_share_millionths=share)
    one, other, _ = both(seed, data, manner, cash=cash_yuan * UNIT, costs=costs, fills=fills)
    same(one, other)


@pytest.mark.parametrize("with_limits", [False, True])
def test_most_orders_of_quiet_days_fill_together(with_limits: bool) -> None:
    data = history(1, gone=0.0, thin=0.0, with_limits=with_limits)
    one, other, together = both(1, data, "targets", cash=10_000_000 * UNIT)
    same(one, other)
    assert together > len(one.fills) // 2 > 30


def test_figures_beyond_a_column_go_one_by_one() -> None:
    data = history(2, gone=0.0, thin=0.0, with_limits=True)
    dear = CrossSection.of(
        data.symbols,
        data.days,
        open=data.open * 2_000_000,
        high=data.high * 2_000_000,
        low=data.low * 2_000_000,
        close=data.close * 2_000_000,
        quantity=data.quantity,
        limit_up=np.zeros_like(data.close),
        limit_down=np.zeros_like(data.close),
    )
    one, other, together = both(2, dear, "targets", cash=1 << 60, costs=referee(3_000))
    same(one, other)
    assert not together
    assert len(one.fills)


class AtTheClose(Strategy):
    """Buys eight neighbours on the first date, the last of them in the closing auction."""

    def on_bars(self, bars: Any) -> None:
        if bars.index == 0:
            for symbol in bars.symbols[:8]:
                self.buy(100, symbol, closing=symbol == bars.symbols[7])


def test_an_order_for_the_closing_auction_among_others_fills_at_the_close() -> None:
    data = history(1, gone=0.0, thin=0.0, with_limits=False)
    with patch.object(date_desk, "FEW", 2):
        result = run(AtTheClose(), data, cash=10_000_000 * UNIT)
    first = result.fills.day == result.fills.day[0]
    found = dict(zip(result.fills.symbol[first].tolist(), result.fills.price[first].tolist(), strict=True))
    day = int(result.fills.day[0])
    assert len(found) > 3
    assert found == {place: int((data.close if place == 7 else data.open)[day, place]) for place in found}
    assert 7 in found
