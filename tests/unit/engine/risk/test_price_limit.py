"""Rule: a price is a positive multiple of the tick within the day's limits."""

from __future__ import annotations

import pytest

from qmt_trading.engine.risk.price_limit import check_price_limit, check_tick
from qmt_trading.model.numbers import Price
from qmt_trading.model.reasons import Denial, Reason
from tests.unit.engine.parts import CONVERTIBLE, quote, reason, rule


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (100, None),
        (105_000, None),
        (105_050, Reason.TICK_INVALID),
        (0, Reason.TICK_INVALID),
        (-100, Reason.TICK_INVALID),
    ],
)
def test_prices_are_positive_multiples_of_the_tick(price: int, expected: Reason | None) -> None:
    assert reason(check_tick(Price(price), rule())) is expected


def test_each_kind_has_its_own_tick() -> None:
    assert reason(check_tick(Price(1_234_560), rule())) is Reason.TICK_INVALID
    assert check_tick(Price(1_234_560), rule(CONVERTIBLE)) is None


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (114_500, Reason.PRICE_ABOVE_LIMIT),
        (114_400, None),
        (114_300, None),
        (93_700, None),
        (93_600, None),
        (93_500, Reason.PRICE_BELOW_LIMIT),
    ],
)
def test_the_limits_themselves_pass(price: int, expected: Reason | None) -> None:
    assert reason(check_price_limit(Price(price), quote())) is expected


def test_a_limit_of_zero_does_not_exist() -> None:
    free = quote(limit_up=Price(0), limit_down=Price(0))
    assert check_price_limit(Price(10**9), free) is None
    assert check_price_limit(Price(1), free) is None


@pytest.mark.parametrize(
    ("price", "expected"),
    [(105_100, Reason.PRICE_ABOVE_LIMIT), (105_000, None), (95_000, None), (94_900, Reason.PRICE_BELOW_LIMIT)],
)
def test_a_day_without_limits_may_have_a_band(price: int, expected: Reason | None) -> None:
    banded = quote(limit_up=Price(0), limit_down=Price(0), band_up=Price(105_000), band_down=Price(95_000))
    assert reason(check_price_limit(Price(price), banded)) is expected


def test_the_sentence_names_price_and_limit() -> None:
    assert check_price_limit(Price(114_500), quote()) == Denial(Reason.PRICE_ABOVE_LIMIT, ("11.45", "11.44"))
    assert check_price_limit(Price(93_500), quote()) == Denial(Reason.PRICE_BELOW_LIMIT, ("9.35", "9.36"))
