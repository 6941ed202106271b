"""Shadow mode: everything is decided and put on record, and nothing is sent."""

from __future__ import annotations

from msgspec.structs import replace

from qmt_trading.engine import bookkeeping
from qmt_trading.engine.state import State
from qmt_trading.model.order import Order
from qmt_trading.model.shadow import would_order
from qmt_trading.model.words import Mode, OrderStatus


def observes(state: State) -> bool:
    """Tell whether nothing may leave but questions: the journal or the settings are of shadow mode."""
    bound, settings = state.bound, state.settings
    return (bound is not None and bound.mode is Mode.SHADOW) or (settings is not None and settings.mode is Mode.SHADOW)


def is_cancel_decided(state: State, order: Order) -> bool:
    """Tell whether shadow mode has decided the order's cancel: it is on record, and is not repeated."""
    return bool(order.cancel_attempts) and observes(state)


def withheld(state: State, order: Order) -> Order:
    """Return ``order``, which would have been sent in another mode: it ends here, and freezes nothing."""
    text, _ = would_order(order.side, order.quantity, order.price, state.kind(order.symbol))
    return replace(bookkeeping.ended(state, order, OrderStatus.NOT_SENT, text), observed=True)
