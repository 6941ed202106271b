"""What must hold after every turn, whatever happened."""

from __future__ import annotations

from qmt_trading.engine.state import State
from qmt_trading.engine.transitions import LIVE, TERMINAL, UNRESOLVED
from qmt_trading.model.words import Side


def check_state(state: State) -> None:
    """Assert that the engine's books agree with themselves."""
    reserved: dict[str, int] = {}
    frozen: dict[tuple[str, str], int] = {}
    filled: dict[str, int] = {}
    for fill in state.fills:
        filled[fill.client_order_id] = filled.get(fill.client_order_id, 0) + fill.quantity
    for order in state.orders:
        account = state.accounts[order.account]
        reserved[order.account] = reserved.get(order.account, 0) + order.reserved
        if order.reserved_quantity:
            key = order.account, order.symbol
            frozen[key] = frozen.get(key, 0) + order.reserved_quantity
        assert 0 <= order.filled_quantity <= order.quantity, order
        assert filled.get(order.client_order_id, 0) == order.filled_quantity, order
        assert (order.client_order_id in account.live) == (order.status in LIVE), order
        assert (order.client_order_id in account.unresolved) == (order.status in UNRESOLVED), order
        if order.status in TERMINAL and order.reported_quantity <= order.filled_quantity:
            assert order.reserved == 0, order
            assert order.reserved_quantity == 0, order
        if order.status in LIVE and order.filled_quantity < order.quantity:
            assert (order.reserved > 0) == (order.side is Side.BUY), order
            assert (order.reserved_quantity > 0) == (order.side is Side.SELL), order
        assert state.orders[state.order_index[order.client_order_id]] is order
    for number, account in state.accounts.items():
        assert account.reserved == reserved.get(number, 0), number
        for symbol, held in account.positions.items():
            assert held.frozen_quantity == frozen.get((number, symbol), 0), held
            assert held.quantity >= 0, held
            assert held.sellable_quantity >= 0, held
    ids = [order.client_order_id for order in state.orders]
    assert len(ids) == len(set(ids))


def closed_pairs(state: State) -> set[tuple[str, str, Side]]:
    """Return where the fate of an order is unknown."""
    closed: set[tuple[str, str, Side]] = set()
    for account in state.accounts.values():
        for order in map(state.order, account.unresolved):
            if order.status is OrderStatus.UNKNOWN:
                closed.add((order.account, order.symbol, order.side))
            elif order.status is OrderStatus.EXPIRED_UNRESOLVED:
                closed.add((order.account, order.symbol, Side.BUY))
    return closed
