"""Which orders a cancel concerns, and the commands that cancel them."""

from __future__ import annotations

from collections.abc import Iterable

from qmt_trading.engine.state import Account, State
from qmt_trading.model.instrument import EVERY_SYMBOL, Symbol
from qmt_trading.model.order import Order
from qmt_trading.model.outputs import CancelOrder
from qmt_trading.model.words import Side, SideScope


def in_scope(state: State, account: Account, symbol: Symbol, side: SideScope, *, received_ns: int) -> list[Order]:
    """Return the account's orders, ours and foreign, that may still fill and were received by ``received_ns``."""
    return [
        order
        for order in map(state.order, account.live)
        if (symbol in (EVERY_SYMBOL, order.symbol)) and covers(side, order.side) and order.received_ns <= received_ns
    ]


def covers(scope: SideScope, side: Side) -> bool:
    return scope is SideScope.ALL or scope.value == side.value


def has_number(order: Order) -> bool:
    """Tell whether there is anything to name the order by at the broker."""
    return bool(order.broker_order_id or order.venue_order_id)


def first_cancel(order: Order, *, signal_seq: int) -> CancelOrder:
    """Return the first try for ``order``, or its registration while the broker has not given it a number."""
    return _command(order, attempt=1 if has_number(order) else 0, signal_seq=signal_seq)


def next_cancel(order: Order) -> CancelOrder:
    """Return the next try."""
    return _command(order, attempt=order.cancel_attempts + 1, signal_seq=max(order.cancel_seq, 0))


def newly_possible(orders: Iterable[Order]) -> list[CancelOrder]:
    """Return the first tries for those of ``orders``, all waiting to be cancelled, that have got a number since."""
    return [_command(order, attempt=1, signal_seq=max(order.cancel_seq, 0)) for order in orders if has_number(order)]


def missed(state: State, account: Account) -> list[CancelOrder]:
    """Return cancels for orders that came to light after the mark that covers them was set."""
    found: list[CancelOrder] = []
    for order in map(state.order, account.live):
        if order.cancel_seq or not has_number(order):
            continue
        for mark in account.marks:
            if mark.covers(order.symbol, order.side) and order.received_ns <= mark.received_ns:
                found.append(_command(order, attempt=1, signal_seq=mark.seq))
                break
    return found


def _command(order: Order, *, attempt: int, signal_seq: int) -> CancelOrder:
    return CancelOrder(
        account=order.account,
        client_order_id=order.client_order_id,
        broker_order_id=order.broker_order_id,
        venue_order_id=order.venue_order_id,
        symbol=order.symbol,
        attempt=attempt,
        signal_seq=signal_seq,
    )
