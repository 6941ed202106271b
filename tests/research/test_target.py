"""The target column trades like a strategy that asks for the same target at every bar, compiled or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from benchmarks.backtest_workloads import SAME_DAY
from hypothesis import given, settings
from hypothesis import strategies as st

from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.research import target
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import Bars, ColumnsError
from qmt_trading.research.costs import FillModel, referee
from qmt_trading.research.strategy import Strategy
from qmt_trading.research.terms import DeskError
from tests.research.days import CASH, daily, flat

MINUTE_NS = 60_000_000_000
FREE = referee(250, minimum=0)
"""Without a minimum, which counts once an order, and here there are none."""


def minutes(path: list[tuple[int, int]]) -> Bars:
    """Return bars of six minutes a day from closes in fen and shares traded; some lie at the day's limits."""
    close = np.asarray([each for each, _ in path], np.int64) * 100
    rows = np.arange(len(close))
    opens = np.concatenate((close[:1], close[:-1]))
    return Bars.of(
        "600000.SH",
        frequency="1m",
        at_ns=daily(flat(10, len(close) // 6 + 1)).at_ns[rows // 6] + (rows % 6) * MINUTE_NS,
        open=opens,
        high=np.maximum(opens, close),
        low=np.minimum(opens, close),
        close=close,
        quantity=np.asarray([each for _, each in path], np.int64),
    )


class Wants(Strategy):
    """Asks for its target at every bar."""

    fields = ()

    def __init__(self, wanted: list[int]) -> None:
        super().__init__()
        self.wanted = wanted

    def on_bar(self, bar: Any) -> None:
        self.target(self.wanted[bar.index])


rows = st.lists(
    st.tuples(st.integers(900, 1100), st.sampled_from([0, 900, 4_000, 100_000]), st.sampled_from([0, 300, 1_000])),
    min_size=8,
    max_size=50,
)


@settings(max_examples=50, deadline=None)
@given(rows)
def test_it_fills_what_every_bar_would_have_asked_for(path: list[tuple[int, int, int]]) -> None:
    bars = minutes([(close, traded) for close, traded, _ in path])
    held = [path[row // 4 * 4][2] for row in range(len(path))]  # Each target stands for four bars.
    column = target.run("wants", bars, held, cash=CASH, costs=FREE, rules=SAME_DAY, use_numba=False)
    events = run(Wants(held), bars, cash=CASH, costs=FREE, rules=SAME_DAY)
    bought = np.cumsum(column.fills.side.astype(np.int64) * column.fills.quantity)
    assert (bought >= 0).all()
    assert (column.fills.quantity * 4 <= bars.quantity[np.searchsorted(bars.at_ns, column.fills.at_ns)]).all()
    if not events.blocked:
        assert column.fills.at_ns.tolist() == events.fills.at_ns.tolist()
        assert column.equity.tolist() == events.equity.tolist()


@settings(max_examples=60, deadline=None)
@given(rows, st.booleans())
def test_compiled_it_is_the_same(path: list[tuple[int, int, int]], taxed: bool) -> None:
    pytest.importorskip("numba", reason="needs numba, of the extra 'fast'")
    bars = minutes([(close, traded) for close, traded, _ in path])
    held = [each for _, _, each in path]
    costs = FeeSchedule() if taxed else FREE
    plain, fast = (
        target.Prepared(bars, costs=costs, rules=STANDARD, use_numba=use).walk(held, CASH) for use in (False, True)
    )
    assert plain.rows.tolist() == fast.rows.tolist()
    assert (plain.cash, plain.position) == (fast.cash, fast.position)


def test_shares_of_today_wait_for_tomorrow() -> None:
    bars = minutes([(1000, 100_000)] * 13)
    result = target.run("wants", bars, [100, 0, *[0] * 11], cash=CASH, costs=FREE, use_numba=False)
    assert result.fills.side.tolist() == [1, -1]
    assert result.fills.day.tolist() == [0, 1]


def test_a_column_of_another_length_or_below_nothing_is_refused() -> None:
    bars = minutes([(1000, 100_000)] * 8)
    with pytest.raises(ColumnsError, match="8 rows"):
        target.run("wants", bars, [0] * 7, cash=CASH)
    with pytest.raises(ColumnsError, match="row 3: a negative target"):
        target.run("wants", bars, [0, 0, 0, -100, 0, 0, 0, 0], cash=CASH)


def test_what_it_has_not_is_refused() -> None:
    with pytest.raises(DeskError, match="next open"):
        target.Prepared(minutes([(1000, 100)] * 8), fills=FillModel(slippage_ticks=1))
