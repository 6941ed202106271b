"""Rule: one order is worth at most so much."""

from __future__ import annotations

from qmt_trading.engine.risk.order_value import check_order_value
from qmt_trading.model.numbers import Money
from qmt_trading.model.reasons import Denial, Reason


def test_an_order_worth_exactly_the_limit_passes_and_one_unit_more_does_not() -> None:
    assert check_order_value(Money(9_999_900), value_max=Money(10_000_000)) is None
    assert check_order_value(Money(10_000_000), value_max=Money(10_000_000)) is None
    denial = check_order_value(Money(10_000_100), value_max=Money(10_000_000))
    assert denial == Denial(Reason.ORDER_VALUE_EXCEEDED, ("1,000.01", "1,000.00"))


def test_a_limit_of_zero_is_a_limit() -> None:
    assert check_order_value(Money(1), value_max=Money(0)) is not None
