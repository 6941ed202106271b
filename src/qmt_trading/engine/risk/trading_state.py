"""Rule: nothing is sent while halted; only sells are sent while reducing."""

from __future__ import annotations

from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import Side, TradingState


def check_trading_state(state: TradingState, side: Side) -> Denial | None:
    """Return a denial when ``state`` forbids an order of this side; judge the global and the account's state each."""
    if state is TradingState.ACTIVE:
        return None
    if state is TradingState.HALTED:
        return Denial(Reason.TRADING_HALTED)
    if side is Side.BUY:
        return Denial(Reason.REDUCING_ONLY)
    return None
