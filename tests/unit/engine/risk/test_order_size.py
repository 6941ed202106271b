"""Rule: one order is worth at most so much, and has at most so many shares."""

from __future__ import annotations

from qmt_trading.engine.risk.order_size import check_order_quantity, check_order_value
from qmt_trading.model.numbers import Money, Quantity
from qmt_trading.model.reasons import Denial, Reason


def test_an_order_worth_exactly_the_limit_passes_and_one_unit_more_does_not() -> None:
    assert check_order_value(Money(9_999_900), Money(10_000_000), scope="total") is None
    assert check_order_value(Money(10_000_000), Money(10_000_000), scope="total") is None
    denial = check_order_value(Money(10_000_100), Money(10_000_000), scope="total")
    assert denial == Denial(Reason.ORDER_VALUE_EXCEEDED, ("1,000.01", "1,000.00", "total"))


def test_as_many_shares_as_permitted_pass_and_one_more_does_not() -> None:
    assert check_order_quantity(Quantity(1000), Quantity(1000), scope="door d") is None
    denial = check_order_quantity(Quantity(1001), Quantity(1000), scope="door d")
    assert denial == Denial(Reason.ORDER_QUANTITY_EXCEEDED, ("1001", "1000", "door d"))
