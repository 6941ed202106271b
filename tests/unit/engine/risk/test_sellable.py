"""Rule: a sell is covered by shares that may be sold today and that nothing else has offered."""

from __future__ import annotations

from qmt_trading.engine.risk.sellable import check_sellable
from qmt_trading.model.numbers import Quantity
from qmt_trading.model.reasons import Denial, Reason
from tests.unit.engine.parts import position


def test_what_was_bought_today_or_offered_already_cannot_be_sold() -> None:
    held = position(1000, 600, frozen=100)
    assert check_sellable(Quantity(499), held) is None
    assert check_sellable(Quantity(500), held) is None
    assert check_sellable(Quantity(501), held) == Denial(Reason.SELLABLE_EXCEEDED, ("501", "500", "400"))


def test_a_stock_that_is_not_held_cannot_be_sold() -> None:
    assert check_sellable(Quantity(1), None) == Denial(Reason.SELLABLE_EXCEEDED, ("1", "0", "0"))


def test_more_offered_than_held_reads_as_nothing_free() -> None:
    denial = check_sellable(Quantity(1), position(100, 100, frozen=300))
    assert denial == Denial(Reason.SELLABLE_EXCEEDED, ("1", "0", "0"))
