"""What holds of the figures of any run: nothing is lost in the books, and units, order and pieces do not matter."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from qmt_trading.research.activity import holdings
from qmt_trading.research.metrics import Metrics, measure
from qmt_trading.research.periods import returns_by
from qmt_trading.research.result import Fills, Result
from qmt_trading.research.returns import total
from qmt_trading.research.round_trips import book_of
from qmt_trading.research.trades import by_symbol
from tests.research_results import by_luck

SEEDS = st.integers(0, 1 << 32)
FEW = settings(max_examples=20, deadline=None)
MONEY = {"profit", "bought", "sold", "fee", "commission", "stamp_tax", "transfer_fee", "best", "worst"} | {
    "average_profit",
    "average_win",
    "average_loss",
}


def flat(metrics: Metrics) -> dict[str, Any]:
    """Return every figure by its path."""
    found: dict[str, Any] = {}

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict):
            for name, each in value.items():
                walk(each, f"{path}.{name}")
        else:
            found[path] = value

    walk(msgspec.to_builtins(metrics), "")
    return found


def rows(fills: Fills, order: Any) -> Fills:
    return Fills(**{name: getattr(fills, name)[order] for name in Fills.__struct_fields__})


@FEW
@given(SEEDS)
def test_trips_holdings_and_income_come_to_the_profit_to_the_unit(seed: int) -> None:
    run = by_luck(seed)
    book = book_of(run)
    assert run.last_prices is not None
    floating = sum(
        lot.quantity * int(run.last_prices[lot.symbol]) - lot.cost - lot.fee + lot.income for lot in book.open
    )
    earned = int(book.trips.profit.sum()) + floating + sum(book.stray_income.values())
    assert earned == run.final_equity - run.initial_cash
    assert sum(each.profit for each in by_symbol(run, book)) == earned
    assert book.unmatched == 0


@FEW
@given(SEEDS)
def test_shares_that_are_open_are_those_held_at_the_end(seed: int) -> None:
    run = by_luck(seed)
    book = book_of(run)
    assert run.last_prices is not None
    worth = sum(lot.quantity * int(run.last_prices[lot.symbol]) for lot in book.open)
    assert worth == int(run.market_value[-1])
    assert len({lot.symbol for lot in book.open}) == int(holdings(run)[-1])


@FEW
@given(SEEDS, st.integers(2, 50))
def test_other_units_of_money_change_no_fraction(seed: int, times: int) -> None:
    run = by_luck(seed, with_actions=False)
    fills = run.fills
    scaled = replace(
        run,
        equity=run.equity * times,
        cash=run.cash * times,
        market_value=run.market_value * times,
        initial_cash=run.initial_cash * times,
        fills=replace(
            fills,
            **{
                name: getattr(fills, name) * times
                for name in ("price", "fee", "commission", "stamp_tax", "transfer_fee")
            },
        ),
    )
    before, after = flat(measure(run)), flat(measure(scaled))
    assert before.keys() == after.keys()
    for path, value in before.items():
        if value is None or isinstance(value, str):
            assert after[path] == value
        elif path.rpartition(".")[2] in MONEY:
            # The unit that a buy's fee cannot be divided by may fall on another trip.
            assert after[path] == pytest.approx(value * times, rel=1e-4, abs=times)
        elif path.startswith(".trades"):
            assert after[path] == pytest.approx(value, rel=1e-4)
        else:
            assert after[path] == pytest.approx(value, rel=1e-9, abs=1e-12)


@FEW
@given(SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_fills_of_different_symbols_within_a_day_does_not_matter(seed: int, rng: Any) -> None:
    run = by_luck(seed)
    luck = np.asarray([rng.random() for _ in run.symbols])
    order = np.lexsort((np.arange(len(run.fills)), luck[run.fills.symbol], run.fills.day))
    assert flat(measure(replace(run, fills=rows(run.fills, order)))) == pytest.approx(flat(measure(run)))


@FEW
@given(SEEDS)
def test_pieces_of_a_fill_are_the_fill(seed: int) -> None:
    run = by_luck(seed)
    fills = run.fills
    twice = np.repeat(np.arange(len(fills)), 2)
    pieces = rows(fills, twice)
    is_second = np.arange(len(twice)) % 2 == 1
    columns = {}
    whole = fills.quantity[twice]
    for name in ("quantity", "fee", "commission"):
        amounts = getattr(fills, name)[twice]
        first = amounts * (whole // 3) // whole
        columns[name] = np.where(is_second, amounts - first, first)
    keep = columns["quantity"] > 0
    cut = rows(replace(pieces, **columns), keep)
    before, after = book_of(run).trips, book_of(replace(run, fills=cut)).trips
    assert after.quantity.tolist() == before.quantity.tolist()
    assert after.proceeds.tolist() == before.proceeds.tolist()
    assert np.abs(after.cost - before.cost).max(initial=0) <= 2
    assert np.abs(after.profit - before.profit).max(initial=0) <= 8


@FEW
@given(SEEDS)
def test_months_and_years_compound_to_the_whole(seed: int) -> None:
    run = by_luck(seed)
    whole = run.final_equity / run.initial_cash - 1
    _, months = returns_by(run.days, run.equity, run.initial_cash, "M")
    _, years = returns_by(run.days, run.equity, run.initial_cash, "Y")
    found = measure(run).performance
    assert total(months) == pytest.approx(whole)
    assert total(years) == pytest.approx(whole)
    assert found.total_return == pytest.approx(whole)
    assert -1 <= found.max_drawdown <= 0
    assert found.max_drawdown <= min(0.0, whole)


@FEW
@given(SEEDS)
def test_a_result_is_the_same_after_its_file(seed: int) -> None:
    run = by_luck(seed)
    assert flat(measure(Result.from_json(run.to_json()))) == flat(measure(run))
