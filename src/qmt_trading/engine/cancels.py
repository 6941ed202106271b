"""Which orders a cancel concerns, and the commands that cancel them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from qmt_trading.engine.state import Account, State
from qmt_trading.model.instrument import EVERY_SYMBOL
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.order import Order
from qmt_trading.model.outputs import CancelMarked, CancelOrder, Output, QueryBroker
from qmt_trading.model.words import Side, SideScope

ANSWER_MAX_NS: Final = 5 * SECOND_NS


def cancel_scope(state: State, account: Account, mark: CancelMarked, emit: Callable[[Output], None]) -> list[Order]:
    """Cancel what is known to be in the reach of ``mark``, and ask for what is not known; return the orders.

    Orders of ours count by their arrival; others' count when they were seen before the cancel was decided. The mark
    stays for what the list brings to light, and for intents that are still on their way.
    """
    orders = in_scope(state, account, mark)
    for order in orders:
        emit(first_cancel(order, signal_seq=mark.signal_seq))
    emit(mark)
    emit(query(state, account))
    return orders


def query(state: State, account: Account) -> QueryBroker:
    """Return the question for the account's list: at once, or when the answer that is under way has come.

    An answer that has been out for ANSWER_MAX_NS is not waited for any longer.
    """
    asking_ns = account.asking_ns
    return QueryBroker(account.settings.account, later=bool(asking_ns and state.now_ns - asking_ns < ANSWER_MAX_NS))


def in_scope(state: State, account: Account, mark: CancelMarked) -> list[Order]:
    """Return the account's orders, ours and foreign, that may still fill and came before ``mark``."""
    return [
        order
        for order in map(state.order, account.live)
        if mark.symbol in (EVERY_SYMBOL, order.symbol)
        and covers(mark.side, order.side)
        and order.arrival < mark.arrival
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
        for mark in account.marks.values():
            if mark.reaches(order):
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
