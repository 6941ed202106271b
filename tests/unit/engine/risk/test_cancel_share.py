"""Rule: a large share of cancels is told, and stops nothing."""

from __future__ import annotations

import pytest

from qmt_trading.engine.risk.cancel_share import ORDERS_MIN, is_cancel_share_high

HALF = 500_000


@pytest.mark.parametrize(("canceled", "high"), [(49, False), (50, True), (51, True)])
def test_the_share_itself_is_told(canceled: int, high: bool) -> None:
    assert is_cancel_share_high(canceled, 100, HALF) is high


def test_below_so_many_orders_a_share_says_nothing() -> None:
    assert not is_cancel_share_high(ORDERS_MIN - 1, ORDERS_MIN - 1, HALF)
    assert is_cancel_share_high(ORDERS_MIN, ORDERS_MIN, HALF)


def test_nobody_is_told_who_does_not_want_to_know() -> None:
    assert not is_cancel_share_high(100, 100, 0)


def test_a_share_that_no_fraction_hits_is_reached_by_the_next_order() -> None:
    third = 333_333
    assert is_cancel_share_high(20, 60, third)
    assert not is_cancel_share_high(20, 61, third)
