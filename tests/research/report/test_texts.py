"""Figures as people read them."""

from __future__ import annotations

import pytest

from qmt_trading.research.report import texts


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.1234, "+12.34%"), (-0.5, "−50.00%"), (0.0, "0.00%"), (-0.000001, "0.00%"), (12.345, "+1,234.50%"), (None, "–")],
)
def test_per_cent_has_a_real_minus_and_no_signed_zero(value: float | None, shown: str) -> None:
    assert texts.percent(value, signed=True) == shown


@pytest.mark.parametrize(
    ("units", "chinese", "english"),
    [
        (12_340_000, "1,234", "1.23k"),
        (123_400_000, "1.23 万", "12.34k"),
        (-1_234_567_890_000, "−1.23 亿", "−123.5M"),
        (None, "–", "–"),
    ],
)
def test_money_in_few_digits(units: int | None, chinese: str, english: str) -> None:
    assert texts.short_yuan(units) == (chinese, english)


def test_words_of_two_languages_stand_side_by_side_and_equal_ones_once() -> None:
    assert texts.both(("收益", "<b>")) == '<span lang="zh-CN">收益</span><span lang="en">&lt;b&gt;</span>'
    assert texts.both(("VaR", "VaR")) == "VaR"


@pytest.mark.parametrize(
    ("ticks", "places"),
    [
        ([0.0, 0.01, 0.02], 0),
        ([-0.5, 0.0, 0.5], 0),
        ([0.0, 0.0025, 0.005], 2),
        ([0.0, 0.005, 0.01], 1),
        ([0.0, 0.025, 0.05], 1),
        ([0.0, 0.0001], 2),
        ([], 0),
    ],
)
def test_ticks_of_an_axis_are_told_apart(ticks: list[float], places: int) -> None:
    assert texts.places_of(ticks) == places
