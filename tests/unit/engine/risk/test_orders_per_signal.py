"""Rule: one signal makes a limited number of orders, and one minute, too."""

from __future__ import annotations

from qmt_trading.engine.risk.orders_per_signal import check_amplification, check_orders_per_signal
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import TradingState
from tests.engine_bench import ACCOUNT, STOCK, Bench
from tests.unit.engine.parts import reason


def test_the_last_permitted_order_of_a_signal_passes() -> None:
    assert check_orders_per_signal(4, count_max=5, scope="total") is None
    assert check_orders_per_signal(5, count_max=5, scope="total") == Denial(
        Reason.ORDERS_PER_SIGNAL_EXCEEDED, ("5", "5", "total")
    )
    assert reason(check_orders_per_signal(6, count_max=5, scope="total")) is Reason.ORDERS_PER_SIGNAL_EXCEEDED


def test_the_last_permitted_order_of_a_minute_passes() -> None:
    assert check_amplification(599, count_max=600) is None
    assert check_amplification(600, count_max=600) == Denial(Reason.AMPLIFICATION, ("600", "600"))


def test_a_new_minute_counts_from_none_while_the_brake_was_not_reached() -> None:
    bench = Bench(per_minute=3)
    for number in range(2):
        bench.buy(name=f"a/{number}")
    bench.now_ns += 60_000_000_000
    for number in range(2):
        bench.buy(name=f"b/{number}")
    assert "AMPLIFICATION" not in bench.alerts()
    bench.buy(name="b/3")
    assert bench.alerts().count("AMPLIFICATION") == 1
    assert bench.engine.state.trading_state is TradingState.HALTED
    denied = bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #b/4")
    assert reason(denied.orders[0].denial) is Reason.TRADING_HALTED
