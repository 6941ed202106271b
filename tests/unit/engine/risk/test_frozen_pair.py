"""Rule: while the fate of an order is unknown, its account, symbol and side take no other."""

from __future__ import annotations

import pytest

from qmt_trading.engine.risk.frozen_pair import check_frozen_pair
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import OrderStatus, Side
from tests.engine_bench import STOCK
from tests.unit.engine.parts import order


def test_an_unknown_closes_its_symbol_and_side_only() -> None:
    unknown = order(OrderStatus.UNKNOWN)
    denial = check_frozen_pair([unknown], STOCK, Side.BUY)
    assert denial == Denial(Reason.SYMBOL_FROZEN, (unknown.client_order_id,))
    assert check_frozen_pair([unknown], STOCK, Side.SELL) is None
    assert check_frozen_pair([unknown], Symbol("600036.SH"), Side.BUY) is None


@pytest.mark.parametrize("side", list(Side))
def test_an_unknown_of_an_earlier_day_closes_buys_only_whatever_its_side(side: Side) -> None:
    given_up = order(OrderStatus.EXPIRED_UNRESOLVED, side=side)
    assert check_frozen_pair([given_up], STOCK, Side.BUY) is not None
    assert check_frozen_pair([given_up], STOCK, Side.SELL) is None


def test_orders_whose_fate_is_known_close_nothing() -> None:
    closing = (OrderStatus.UNKNOWN, OrderStatus.EXPIRED_UNRESOLVED)
    known = [order(status) for status in OrderStatus if status not in closing]
    for side in Side:
        assert check_frozen_pair(known, STOCK, side) is None


def test_the_one_that_closes_is_found_behind_others() -> None:
    orders = [order(), order(OrderStatus.UNKNOWN, side=Side.SELL), order(OrderStatus.UNKNOWN)]
    assert check_frozen_pair(orders, STOCK, Side.BUY) is not None
