"""Numbers with their unit: exact where they can be, rounded half up where they cannot."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmt_trading.model.numbers import (
    MILLION,
    UNIT,
    Money,
    Price,
    Quantity,
    from_decimal,
    from_float,
    notional,
    quantity_for,
    ratio_half_up,
    share_of,
    to_fen,
    to_money_text,
    to_text,
)

AMOUNTS = st.integers(-(10**15), 10**15)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_what_money_buys_costs_no_more_than_the_money_and_one_share_more_would(money: int, price: int) -> None:
    quantity = quantity_for(Money(money), Price(price))
    if price == 0 or money == 0:
        assert quantity == 0
        return
    assert notional(Price(price), quantity) <= money < notional(Price(price), Quantity(quantity + 1))


@pytest.mark.parametrize(("money", "price"), [(0, 10), (-1, 10), (10, 0), (10, -1)])
def test_nothing_and_debt_buy_nothing(money: int, price: int) -> None:
    assert quantity_for(Money(money), Price(price)) == 0


@given(AMOUNTS, st.integers(1, 10**6))
def test_a_ratio_is_rounded_half_away_from_zero(numerator: int, denominator: int) -> None:
    exact = (Decimal(numerator) / Decimal(denominator)).quantize(Decimal(1), ROUND_HALF_UP)
    twice = abs(2 * numerator) % (2 * denominator)
    if twice == denominator or denominator < 1000:  # Where Decimal's 28 digits say the same for certain.
        assert ratio_half_up(numerator, denominator) == int(exact)
    assert abs(ratio_half_up(numerator, denominator) * denominator - numerator) * 2 <= denominator


@pytest.mark.parametrize(("money", "fen"), [(0, 0), (49, 0), (50, 100), (149, 100), (150, 200), (-49, 0), (-50, -100)])
def test_money_is_rounded_half_up_to_the_fen(money: int, fen: int) -> None:
    assert to_fen(Money(money)) == fen


def test_a_share_of_money_is_rounded_down() -> None:
    assert share_of(Money(999), 100_000) == 99
    assert share_of(Money(12_345), MILLION) == 12_345
    assert share_of(Money(0), 5) == 0


@given(AMOUNTS)
def test_a_figure_is_read_as_it_was_written(value: int) -> None:
    assert from_decimal(to_text(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("10.5", 105_000),
        ("10.50", 105_000),
        ("1.0005", 10_005),
        ("-3.2", -32_000),
        ("-0.0001", -1),
        ("007", 70_000),
        ("999999999999.9999", 9_999_999_999_999_999),
    ],
)
def test_plain_decimals_are_read_exactly(text: str, value: int) -> None:
    assert from_decimal(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        ".",
        ".5",
        "5.",
        "+1",
        "--1",
        "1e3",
        "1,000",
        " 1",
        "1 ",
        "1.00005",
        "1" * 13,
        "１２",
        "1.５",
        "0x1",
        "nan",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        from_decimal(text)


@given(st.integers(-(10**12), 10**12))
def test_a_terminals_float_gives_the_figure_that_it_shows(value: int) -> None:
    assert from_float(value / UNIT) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [(10.5, 105_000), (0.1 + 0.2, 3_000), (1.00005, 10_001), (-1.00005, -10_001), (1e-9, 0), (0.0, 0), (-0.0, 0)],
)
def test_a_float_is_rounded_half_up_on_its_shortest_form(value: float, expected: int) -> None:
    assert from_float(value) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 1e11, -1e11, 1e300])
def test_a_float_that_is_no_price_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r".*"):
        from_float(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [(105_000, "10.50"), (10_005, "1.0005"), (10_050, "1.005"), (0, "0.00"), (-1, "-0.0001"), (-105_000, "-10.50")],
)
def test_a_price_is_written_with_two_to_four_decimals(value: int, text: str) -> None:
    assert to_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(105_050_000, "10,505.00"), (0, "0.00"), (50, "0.01"), (49, "0.00"), (-105_050_050, "-10,505.01"), (-49, "0.00")],
)
def test_money_is_written_in_yuan_and_fen(value: int, text: str) -> None:
    assert to_money_text(value) == text
