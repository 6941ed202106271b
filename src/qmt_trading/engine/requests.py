"""What people ask for: a halt, and the end of an order whose outcome nobody knows."""

from __future__ import annotations

from collections.abc import Callable

from qmt_trading.engine import brakes, cancels
from qmt_trading.engine.state import State
from qmt_trading.engine.transitions import TERMINAL, UNRESOLVED
from qmt_trading.model.events import HaltRequested, ResolveRequested, ResumeRequested
from qmt_trading.model.numbers import MILLISECOND_NS
from qmt_trading.model.outputs import ChaseEnded, OrderEnded, Output, TradingStateChanged
from qmt_trading.model.words import OrderStatus, TradingState

Emit = Callable[[Output], None]


def decide_halt(state: State, event: HaltRequested, emit: Emit) -> None:
    """Stop or reduce; who asks for less than holds already releases nothing."""
    now = state.trading_state if event.account is None else state.account(event.account).state
    if brakes.STRICTNESS.index(event.state) >= brakes.STRICTNESS.index(now):
        emit(TradingStateChanged(event.account, event.state, event.who, event.why))


def decide_resume(state: State, event: ResumeRequested, emit: Emit) -> None:
    """Release; but not what somebody has stopped, or stopped again, after the person who releases has looked."""
    scope = state if event.account is None else state.account(event.account)
    if event.seen_ns and scope.told.at_ns // MILLISECOND_NS > event.seen_ns // MILLISECOND_NS:
        return
    emit(TradingStateChanged(event.account, TradingState.ACTIVE, event.who, event.why))


def decide_resolved(state: State, event: ResolveRequested, emit: Emit) -> None:
    """End an unknown order by a person's word, or ask the broker about it once more."""
    order = state.find_order(event.client_order_id)
    if order is None or order.status not in UNRESOLVED:
        return
    if event.status is OrderStatus.UNKNOWN:
        emit(cancels.query(state, state.account(order.account)))
    elif event.status in TERMINAL:
        if order.client_order_id in state.chasing:
            emit(ChaseEnded(order.client_order_id))  # On a person's word nothing is sent.
        emit(OrderEnded(order.client_order_id, event.status, f"{event.who}：{event.why}"))
