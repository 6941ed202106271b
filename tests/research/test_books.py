"""What is held at the end of each day, at its closes, is what laying everything out by day and symbol says."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from qmt_trading.research import books


def column(moves: list[tuple[int, int, int]], place: int) -> Any:
    return np.asarray([each[place] for each in moves], np.int64)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3), st.integers(-3, 3)), max_size=25),
    st.sampled_from([1, 4, 1_000]),
)
def test_holdings_are_worth_what_a_table_of_all_days_and_symbols_says(
    moves: list[tuple[int, int, int]], at_once: int
) -> None:
    closes = np.arange(1, 29).reshape(7, 4) * 100
    table = np.zeros((7, 4), np.int64)
    for day, place, quantity in moves:
        table[day, place] += quantity
    with patch.object(books, "_AT_ONCE", at_once):
        found = books.values_of(column(moves, 0), column(moves, 1), column(moves, 2), closes)
    assert found.tolist() == (np.cumsum(table, axis=0) * closes).sum(axis=1).tolist()
