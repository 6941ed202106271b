"""Rule: nothing is sent while halted; only sells are sent while reducing."""

from __future__ import annotations

import pytest

from qmt_trading.engine.risk.trading_state import check_trading_state
from qmt_trading.model.reasons import Reason
from qmt_trading.model.words import Side, TradingState
from tests.unit.engine.parts import reason


@pytest.mark.parametrize(
    ("state", "side", "expected"),
    [
        (TradingState.ACTIVE, Side.BUY, None),
        (TradingState.ACTIVE, Side.SELL, None),
        (TradingState.REDUCING, Side.SELL, None),
        (TradingState.REDUCING, Side.BUY, Reason.REDUCING_ONLY),
        (TradingState.HALTED, Side.BUY, Reason.TRADING_HALTED),
        (TradingState.HALTED, Side.SELL, Reason.TRADING_HALTED),
    ],
)
def test_each_state_lets_through_what_its_name_says(state: TradingState, side: Side, expected: Reason | None) -> None:
    assert reason(check_trading_state(state, side)) is expected
