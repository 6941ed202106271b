"""Rule: an instruction is carried out in time or not at all."""

from __future__ import annotations

from qmt_trading.engine.risk.staleness import check_future, check_staleness
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.reasons import Denial, Reason
from tests.engine_bench import ACCOUNT, STOCK, Bench
from tests.unit.engine.parts import reason


def test_the_deadlines_own_instant_passes() -> None:
    assert check_staleness(deadline_ns=10, now_ns=9) is None
    assert check_staleness(deadline_ns=10, now_ns=10) is None
    assert reason(check_staleness(deadline_ns=10, now_ns=11)) is Reason.SIGNAL_STALE
    late = check_staleness(deadline_ns=SECOND_NS, now_ns=3 * SECOND_NS)
    assert late == Denial(Reason.SIGNAL_STALE, ("2.0",))


def test_a_senders_clock_may_run_ahead_by_the_tolerance_and_no_more() -> None:
    assert check_future(None, received_ns=0, tolerance_ns=2) is None
    assert check_future(-5, received_ns=0, tolerance_ns=2) is None
    assert check_future(2, received_ns=0, tolerance_ns=2) is None
    assert reason(check_future(3, received_ns=0, tolerance_ns=2)) is Reason.SIGNAL_FROM_FUTURE


def test_a_message_that_waited_ten_seconds_before_it_was_judged_is_carried_out_and_no_later() -> None:
    bench = Bench()
    received_ns = bench.now_ns
    bench.now_ns += 10 * SECOND_NS
    text = f"buy {STOCK} 100@10.50:{ACCOUNT} #x/"
    assert bench.signal(text + "1", received_ns=received_ns).orders[0].denial is None
    bench.now_ns += 1
    stale = bench.signal(text + "2", received_ns=received_ns)
    assert reason(stale.orders[0].denial) is Reason.SIGNAL_STALE
