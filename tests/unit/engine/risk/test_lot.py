"""Rule: quantities come in the lots of their board; the odd rest of a position may be sold whole."""

from __future__ import annotations

import pytest

from qmt_trading.engine.risk.lot import check_lot
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import Side
from tests.engine_bench import STOCK
from tests.unit.engine.parts import CONVERTIBLE, STAR_STOCK, position, reason, rule


@pytest.mark.parametrize(
    ("symbol", "quantity", "expected"),
    [
        (STOCK, 0, Reason.SIZE_ZERO),
        (STOCK, -100, Reason.SIZE_ZERO),
        (STOCK, 99, Reason.LOT_INVALID),
        (STOCK, 100, None),
        (STOCK, 101, Reason.LOT_INVALID),
        (STOCK, 1_000_000, None),
        (STOCK, 1_000_001, Reason.QUANTITY_EXCEEDED),
        (STAR_STOCK, 199, Reason.LOT_INVALID),
        (STAR_STOCK, 200, None),
        (STAR_STOCK, 201, None),
        (CONVERTIBLE, 9, Reason.LOT_INVALID),
        (CONVERTIBLE, 10, None),
        (CONVERTIBLE, 11, Reason.LOT_INVALID),
    ],
)
def test_a19_each_board_buys_in_its_own_lots(symbol: Symbol, quantity: int, expected: Reason | None) -> None:
    assert reason(check_lot(rule(symbol), Side.BUY, Quantity(quantity), None)) is expected


@pytest.mark.parametrize(
    ("quantity", "held", "expected"),
    [
        (100, position(237), None),
        (37, position(237), None),
        (137, position(237), None),
        (237, position(237), None),
        (30, position(237), Reason.LOT_INVALID),
        (138, position(237), Reason.LOT_INVALID),
        (37, position(237, 200), Reason.LOT_INVALID),
        (37, position(237, frozen=100), None),
        (36, position(237, frozen=1), None),
        (37, None, Reason.LOT_INVALID),
    ],
)
def test_a19_the_odd_rest_of_what_is_free_goes_out_whole(
    quantity: int, held: Position | None, expected: Reason | None
) -> None:
    assert reason(check_lot(rule(), Side.SELL, Quantity(quantity), held)) is expected


def test_the_sentence_names_the_board_and_its_steps() -> None:
    assert check_lot(rule(), Side.BUY, Quantity(150), None) == Denial(Reason.LOT_INVALID, ("main", "150", "100", "100"))


def test_more_frozen_than_sellable_leaves_nothing_odd_to_sell() -> None:
    assert reason(check_lot(rule(), Side.SELL, Quantity(37), position(37, 0, frozen=37))) is Reason.LOT_INVALID
