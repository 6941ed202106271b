"""No clock that is wrong, put right or unlike the counter's hides a list or ends an order that may work."""

from __future__ import annotations

from msgspec.structs import replace

from qmt_trading.model import events as ev
from qmt_trading.model.numbers import SECOND_NS, Money
from qmt_trading.model.words import LinkState, OrderStatus
from tests.engine_bench import ACCOUNT, Bench
from tests.loop_bench import LoopBench


def unknown(bench: Bench) -> str:
    """Place an order that nobody answers, and open a later session."""
    name = bench.buy()
    bench.later(4)
    bench.session = 2
    bench.connect()
    return name


def restart(bench: Bench) -> None:
    bench.feed(ev.EngineStarted("test", bench.settings))
    bench.session += 1


def test_a_list_is_believed_when_the_clock_was_put_back_while_no_process_ran() -> None:
    bench = Bench()
    bench.now_ns -= 3600 * SECOND_NS
    restart(bench)
    bench.connect(bench.row("", number="500", ordered_ns=bench.now_ns))
    assert [order.broker_order_id for order in bench.engine.state.orders] == ["500"]


def test_a_list_may_bear_the_second_by_which_the_loop_waits_for_the_clock() -> None:
    bench = Bench()
    bench.now_ns -= 90 * SECOND_NS
    bench.feed(ev.ClockStepped(-90 * SECOND_NS))
    account = bench.engine.state.account(ACCOUNT)
    account.cash = Money(0)
    for early_ns, found in ((SECOND_NS + 1, 0), (SECOND_NS, 1)):
        row = bench.row("", number="500")
        bench.feed(ev.BrokerListed(ACCOUNT, 1, bench.now_ns - early_ns, True, True, Money(0), (), (row,), ()))
        assert len(bench.engine.state.orders) == found


def test_lists_on_both_sides_of_a_restart_are_not_known_to_be_far_apart() -> None:
    bench = Bench()
    name = unknown(bench)
    bench.now_ns += 11 * SECOND_NS
    bench.listed()
    assert bench.order(name).asked == 1
    bench.now_ns += 3600 * SECOND_NS  # Slept, or put forward: nobody has watched.
    restart(bench)
    bench.connect()
    assert bench.order(name).asked == 1
    assert bench.order(name).status is OrderStatus.UNKNOWN


def test_a_list_asked_for_before_the_clock_stepped_does_not_count() -> None:
    bench = Bench()
    name = unknown(bench)
    bench.now_ns += 11 * SECOND_NS
    asked_ns = bench.now_ns
    bench.now_ns += 3600 * SECOND_NS
    bench.feed(ev.ClockStepped(3600 * SECOND_NS))
    late = ev.BrokerListed(ACCOUNT, 2, asked_ns, True, True, Money(10**10), (), (), ())
    for _ in range(2):
        bench.feed(late)
        assert bench.order(name).asked == 0
    bench.feed(replace(late, asked_ns=bench.now_ns))
    assert bench.order(name).asked == 1
    assert bench.order(name).status is OrderStatus.UNKNOWN


def test_a_row_that_seems_too_old_for_ours_still_shows_that_ours_may_be_there() -> None:
    bench = Bench()
    name = bench.buy()
    row = bench.row("", number="500", ordered_ns=bench.now_ns - 60 * SECOND_NS)  # Our clock is a minute fast.
    bench.feed(ev.LinkChanged(ACCOUNT, 1, LinkState.DOWN))
    bench.session = 2
    bench.connect(row)
    for _ in range(6):
        bench.now_ns += 31 * SECOND_NS
        bench.listed(row)
    assert bench.order(name).status is OrderStatus.UNKNOWN


def test_a_step_before_the_first_turn_of_a_process_is_noticed() -> None:
    bench = LoopBench()
    bench.clock.step_ns = -3600 * SECOND_NS
    bench.rest()
    assert any(isinstance(record, ev.ClockStepped) for record in bench.observed)
