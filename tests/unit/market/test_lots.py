"""Quantities that the exchanges take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmt_trading.market.lots import check_buy, check_sell, round_down_to_lot
from qmt_trading.model.instrument import TradingRule
from qmt_trading.model.numbers import Quantity
from qmt_trading.model.words import Side
from tests.unit.market.rules import BSE, CHINEXT, CONVERTIBLE, MAIN, STAR


@pytest.mark.parametrize(
    ("rule", "quantity", "taken"),
    [
        (MAIN, 0, False),
        (MAIN, 99, False),
        (MAIN, 100, True),
        (MAIN, 101, False),
        (MAIN, 1_000_000, True),
        (MAIN, 1_000_100, False),
        (STAR, 199, False),
        (STAR, 200, True),
        (STAR, 201, True),
        (STAR, 100_000, True),
        (STAR, 100_001, False),
        (CHINEXT, 300_000, True),
        (CHINEXT, 300_100, False),
        (BSE, 99, False),
        (BSE, 101, True),
        (CONVERTIBLE, 10, True),
        (CONVERTIBLE, 15, False),
    ],
)
def test_a_buy_is_the_minimum_or_steps_above_it_up_to_the_cap(rule: TradingRule, quantity: int, taken: bool) -> None:
    assert check_buy(rule, Quantity(quantity)) is taken


@pytest.mark.parametrize(
    ("rule", "quantity", "sellable", "taken"),
    [
        (MAIN, 100, 250, True),
        (MAIN, 50, 250, True),
        (MAIN, 150, 250, True),
        (MAIN, 250, 250, True),
        (MAIN, 49, 250, False),
        (MAIN, 51, 250, False),
        (MAIN, 50, 300, False),
        (MAIN, 0, 0, False),
        (MAIN, 50, 50, True),
        (STAR, 199, 1000, False),
        (STAR, 200, 1000, True),
        (STAR, 333, 1000, True),
        (STAR, 150, 150, True),
        (STAR, 149, 150, False),
        (BSE, 57, 57, True),
        (BSE, 57, 100, False),
    ],
)
def test_an_odd_rest_is_sold_whole_alone_or_with_lots(
    rule: TradingRule, quantity: int, sellable: int, taken: bool
) -> None:
    assert check_sell(rule, Quantity(quantity), Quantity(sellable)) is taken


@given(
    st.sampled_from([MAIN, STAR, BSE, CHINEXT, CONVERTIBLE]),
    st.sampled_from([Side.BUY, Side.SELL]),
    st.integers(0, 90_000),
)
def test_rounding_down_gives_the_largest_regular_quantity(rule: TradingRule, side: Side, wanted: int) -> None:
    rounded = round_down_to_lot(rule, Quantity(wanted), side)
    assert rounded <= wanted
    regular = [each for each in range(max(0, wanted - 300), wanted + 1) if check_buy(rule, Quantity(each))]
    assert rounded == (regular[-1] if regular else 0)
