"""Price limits, checked against days on which prices stood at them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmt_trading.market.instruments import rule_for
from qmt_trading.market.limits import price_limits
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price, from_decimal, to_text
from tests.unit.market.rules import BSE, INDEX, MAIN, REPO


@pytest.mark.parametrize(
    ("symbol", "reference", "up", "down"),
    [
        ("601607.SH", "22.55", "24.81", "20.30"),
        ("002709.SZ", "38.95", "42.85", "35.06"),
        ("002180.SZ", "11.25", "12.38", "10.13"),
        ("600406.SH", "24.55", "27.01", "22.10"),
        ("601633.SH", "34.65", "38.12", "31.19"),
        ("000807.SZ", "8.95", "9.85", "8.06"),
        ("600845.SH", "59.19", "65.11", "53.27"),
        ("000001.SZ", "12.35", "13.59", "11.12"),
        ("300014.SZ", "40.65", "48.78", "32.52"),
        ("300442.SZ", "38.61", "46.33", "30.89"),
        ("300122.SZ", "87.28", "104.74", "69.82"),
        ("688599.SH", "22.42", "26.90", "17.94"),
        ("688981.SH", "49.99", "59.99", "39.99"),
        ("510300.SH", "4.203", "4.623", "3.783"),
        ("512010.SH", "1.012", "1.113", "0.911"),
        ("513050.SH", "0.865", "0.952", "0.779"),
        ("123153.SZ", "116.8", "140.16", "93.44"),
    ],
)
def test_the_limit_is_the_one_at_which_prices_really_stood(symbol: str, reference: str, up: str, down: str) -> None:
    rule = rule_for(Symbol(symbol))
    assert rule is not None
    high, low = price_limits(rule, Price(from_decimal(reference)))
    assert (high, low) == (from_decimal(up), from_decimal(down)), (to_text(high), to_text(low))


def test_beijing_floors_the_upper_limit_and_ceils_the_lower_one() -> None:
    assert price_limits(BSE, Price(100_100)) == (130_100, 70_100)
    assert price_limits(BSE, Price(100_300)) == (130_300, 70_300)


@pytest.mark.parametrize("rule", [REPO, INDEX])
def test_repos_and_indices_have_no_limit(rule: object) -> None:
    assert price_limits(rule, Price(15_000)) == (0, 0)  # type: ignore[arg-type]


def test_without_a_reference_there_is_no_limit() -> None:
    assert price_limits(MAIN, Price(0)) == (0, 0)


def test_a_limit_lies_at_least_one_tick_away_and_is_never_below_one_tick() -> None:
    assert price_limits(MAIN, Price(300)) == (400, 200)
    assert price_limits(MAIN, Price(100)) == (200, 100)


@given(
    st.sampled_from(["600000.SH", "300750.SZ", "688981.SH", "920222.BJ", "510300.SH", "113050.SH"]),
    st.integers(1, 10**6),
)
def test_limits_are_ticks_around_the_reference(code: str, ticks: int) -> None:
    rule = rule_for(Symbol(code))
    assert rule is not None
    close = Price(ticks * rule.tick)
    up, down = price_limits(rule, close)
    assert up % rule.tick == 0
    assert down % rule.tick == 0
    assert down >= rule.tick
    assert down <= close < up
