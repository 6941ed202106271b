"""Rule: an order that a later cancel of it overtook is dropped."""

from __future__ import annotations

import pytest

from qmt_trading.engine.cancel_mark import CancelMark
from qmt_trading.engine.risk.cancel_mark import check_cancel_mark
from qmt_trading.model.instrument import EVERY_SYMBOL, Symbol
from qmt_trading.model.outputs import CancelMarked
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import Side, SideScope
from tests.engine_bench import ACCOUNT, STOCK


def mark(symbol: Symbol = STOCK, side: SideScope = SideScope.ALL) -> CancelMark:
    return CancelMark(CancelMarked(ACCOUNT, symbol, side, 7, 5, 1000))


def test_an_order_that_came_before_the_cancel_is_dropped_and_one_that_came_after_it_is_not() -> None:
    denial = check_cancel_mark([mark()], STOCK, Side.BUY, arrival=999)
    assert denial == Denial(Reason.CANCELED_BY_LATER, ("7",))
    assert check_cancel_mark([mark()], STOCK, Side.BUY, arrival=1000) is None
    assert check_cancel_mark([mark()], STOCK, Side.BUY, arrival=1001) is None


@pytest.mark.parametrize(
    ("scope", "side", "covered"),
    [
        (SideScope.ALL, Side.BUY, True),
        (SideScope.ALL, Side.SELL, True),
        (SideScope.BUY, Side.BUY, True),
        (SideScope.BUY, Side.SELL, False),
        (SideScope.SELL, Side.SELL, True),
        (SideScope.SELL, Side.BUY, False),
    ],
)
def test_a_mark_reaches_the_sides_it_names(scope: SideScope, side: Side, covered: bool) -> None:
    assert (check_cancel_mark([mark(side=scope)], STOCK, side, arrival=0) is not None) is covered


def test_a_mark_of_one_symbol_leaves_others_alone_and_a_star_reaches_all() -> None:
    other = Symbol("600036.SH")
    assert check_cancel_mark([mark()], other, Side.BUY, arrival=0) is None
    assert check_cancel_mark([mark(EVERY_SYMBOL)], other, Side.BUY, arrival=0) is not None


def test_the_last_of_several_marks_counts_too() -> None:
    assert check_cancel_mark([mark(side=SideScope.SELL), mark()], STOCK, Side.BUY, arrival=0) is not None
    assert check_cancel_mark([], STOCK, Side.BUY, arrival=0) is None
