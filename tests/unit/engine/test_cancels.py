"""Cancels: whom they reach, how often they are repeated, and when they stop."""

from __future__ import annotations

import pytest

from qmt_trading.engine.cancels import covers, in_scope
from qmt_trading.engine.transitions import LIVE
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import EVERY_SYMBOL, Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.outputs import CancelMarked
from qmt_trading.model.reasons import Reason
from qmt_trading.model.words import BareAction, LinkState, OrderStatus, Side, SideScope, SignalStatus
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench
from tests.unit.engine.parts import order, reason


def attempts(bench: Bench) -> list[int]:
    return [command.attempt for command in bench.made(out.CancelOrder)]


def working(bench: Bench, number: str = "77") -> str:
    name = bench.buy(name=f"w/{number}")
    bench.report(bench.row(name, number=number))
    return name


@pytest.mark.parametrize("side", list(Side))
def test_a_scope_covers_its_side_and_all_covers_both(side: Side) -> None:
    assert covers(SideScope.ALL, side)
    assert covers(SideScope(side.value), side)
    assert not covers(SideScope.SELL if side is Side.BUY else SideScope.BUY, side)


@pytest.mark.parametrize("status", list(OrderStatus))
def test_only_what_may_still_fill_is_in_reach(status: OrderStatus) -> None:
    bench = Bench()
    bench.engine.state.put_order(order(status))
    account = bench.engine.state.accounts[ACCOUNT]
    found = in_scope(bench.engine.state, account, CancelMarked(ACCOUNT, STOCK, SideScope.ALL, 1, bench.now_ns, 1))
    assert bool(found) is (status in LIVE)


def test_symbol_side_and_arrival_bound_the_reach() -> None:
    bench = Bench()
    state, account = bench.engine.state, bench.engine.state.accounts[ACCOUNT]
    state.put_order(order(arrival=5))

    def reached(symbol: Symbol, side: SideScope, arrival: int) -> bool:
        return bool(in_scope(state, account, CancelMarked(ACCOUNT, symbol, side, 1, bench.now_ns, arrival)))

    assert reached(STOCK, SideScope.BUY, 6)
    assert reached(EVERY_SYMBOL, SideScope.ALL, 6)
    assert not reached(Symbol("600036.SH"), SideScope.ALL, 6)
    assert not reached(STOCK, SideScope.SELL, 6)
    assert not reached(STOCK, SideScope.ALL, 5)


def test_a_cancel_of_an_order_without_a_number_waits_for_the_number() -> None:
    bench = Bench()
    name = bench.buy()
    receipt = bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    assert [line.client_order_id for line in receipt.cancels] == [name]
    assert attempts(bench) == [0]
    bench.later(60)
    assert attempts(bench) == [0]
    bench.report(bench.row(name))
    assert attempts(bench) == [0, 1]
    assert bench.made(out.CancelOrder)[-1].broker_order_id == "77"


def test_a_cancel_is_repeated_three_times_fast_and_then_every_five_seconds() -> None:
    bench = Bench()
    name = working(bench)
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    bench.listed(bench.row(name))
    began_ns, at = bench.now_ns, []
    for _ in range(6):
        due_ns = bench.engine.next_due_ns()
        at.append((due_ns - began_ns) // 1_000_000)
        bench.now_ns = due_ns
        bench.feed(ev.DeadlineReached())
    assert attempts(bench) == [1, 2, 3, 4, 5, 6, 7]
    assert at == [300, 600, 900, 5900, 10900, 15900]
    assert bench.alerts().count("CANCEL_UNCONFIRMED") == 1


@pytest.mark.parametrize("end", [OrderStatus.CANCELED, OrderStatus.FILLED, OrderStatus.REJECTED, OrderStatus.EXPIRED])
def test_the_row_of_an_end_stops_the_repeats(end: OrderStatus) -> None:
    bench = Bench()
    name = working(bench)
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    bench.listed(bench.row(name))
    bench.report(bench.row(name, end))
    bench.listed(bench.row(name, end))  # Which the cancel had asked for.
    assert bench.engine.next_due_ns() == 0
    bench.later(60)
    assert attempts(bench) == [1]


def test_a_pending_cancel_is_not_an_end() -> None:
    bench = Bench()
    name = working(bench)
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    bench.report(bench.row(name, OrderStatus.PENDING_CANCEL))
    bench.later(0.3)
    assert attempts(bench) == [1, 2]


def test_a_cancel_goes_out_again_when_the_link_is_back() -> None:
    bench = Bench()
    working(bench)
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    bench.feed(ev.LinkChanged(ACCOUNT, 1, LinkState.DOWN))
    bench.later(60)
    assert attempts(bench) == [1]
    bench.feed(ev.LinkChanged(ACCOUNT, 2, LinkState.CONNECTED))
    assert attempts(bench) == [1, 2]


def test_an_order_that_comes_to_light_after_its_cancel_is_cancelled_then() -> None:
    bench = Bench()
    placed_ns = bench.now_ns
    bench.now_ns += SECOND_NS
    receipt = bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    assert reason(receipt.cancels[0].denial) is Reason.NOTHING_TO_CANCEL
    bench.now_ns += SECOND_NS
    by_hand = bench.row("", number="500", ordered_ns=placed_ns)
    later = bench.row("", number="501", ordered_ns=bench.now_ns)
    bench.listed(by_hand, later)
    assert [command.broker_order_id for command in bench.made(out.CancelOrder)] == ["500"]
    assert bench.made(out.CancelOrder)[0].signal_seq == receipt.seq


def test_a_mark_reaches_no_further_than_ten_minutes() -> None:
    bench = Bench()
    placed_ns = bench.now_ns
    bench.now_ns += SECOND_NS
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    bench.now_ns += 601 * SECOND_NS
    bench.listed()
    bench.listed(bench.row("", number="500", ordered_ns=placed_ns))
    assert bench.made(out.CancelOrder) == []


def test_no_brake_holds_a_cancel_back() -> None:
    bench = Bench()
    working(bench)
    bench.feed(ev.HaltRequested("me", "test"))
    bench.feed(ev.JournalFailed("full"))
    bench.feed(ev.ClockStepped(SECOND_NS))
    bench.feed(ev.LinkChanged(ACCOUNT, 1, LinkState.DOWN))
    bench.now_ns += 24 * SECOND_NS
    receipt = bench.signal(f"cancel {STOCK}:{ACCOUNT}", received_ns=bench.now_ns - 20 * SECOND_NS)
    assert receipt.status is SignalStatus.ACCEPTED
    assert attempts(bench) == [1]


@pytest.mark.parametrize("which", ["client", "broker", "venue"])
def test_a_person_cancels_one_order_by_any_of_its_names(which: str) -> None:
    bench = Bench()
    name = working(bench, "77")
    working(bench, "78")
    wanted = {"client": name, "broker": "77", "venue": "H77"}[which]
    bench.feed(ev.CancelRequested("me", "test", order_id=wanted))
    assert [command.client_order_id for command in bench.made(out.CancelOrder)] == [name]


def test_a_person_cancels_what_matches_and_a_halt_cancels_everything() -> None:
    bench = Bench()
    mine = working(bench)
    theirs = bench.signal(f"buy {STOCK} 100@10.50:{OTHER} #o/1").orders[0].client_order_id
    sold = bench.signal(f"sell {STOCK} 100@10.50:{ACCOUNT} #s/1").orders[0].client_order_id

    def cancelled() -> set[str]:
        names = {command.client_order_id for command in bench.made(out.CancelOrder)}
        bench.outputs.clear()
        return set(names)

    bench.feed(ev.CancelRequested("me", "test", side=SideScope.SELL))
    assert cancelled() == {sold}
    bench.feed(ev.CancelRequested("me", "test", account=OTHER))
    assert cancelled() == {theirs}
    bench.feed(ev.CancelRequested("me", "test", symbol=Symbol("600036.SH")))
    assert cancelled() == set()
    bench.feed(ev.HaltRequested("me", "test", account=ACCOUNT, cancel_open=True))
    assert cancelled() == {mine, sold}
    bench.feed(ev.HaltRequested("me", "test", cancel_open=True))
    assert cancelled() == {mine, sold, theirs}


def test_a_registered_cancel_leaves_when_a_fill_brings_the_number() -> None:
    bench = Bench()
    name = bench.buy(200)
    bench.feed(ev.CancelRequested("me", "test", order_id=name))
    assert attempts(bench) == [0]
    bench.filled(bench.fill(name, 100))
    assert attempts(bench) == [0, 1]


def test_a_cancel_of_an_order_that_the_counter_calls_waiting_is_repeated() -> None:
    bench = Bench()
    name = bench.buy()
    bench.report(bench.row(name, OrderStatus.PENDING_NEW))
    bench.now_ns += 10 * SECOND_NS
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    for _ in range(3):
        bench.now_ns = bench.engine.next_due_ns()
        bench.feed(ev.DeadlineReached())
    assert attempts(bench) == [1, 2, 3, 4]


def test_a_clock_that_steps_back_hides_no_order_from_a_cancel() -> None:
    bench = Bench()
    working(bench)
    bench.report(bench.row("", number="500", ordered_ns=bench.now_ns))
    bench.now_ns -= 5 * SECOND_NS
    bench.feed(ev.ClockStepped(-5 * SECOND_NS))
    receipt = bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    assert [line.broker_order_id for line in receipt.cancels] == ["77", "500"]


def test_a_mark_waits_for_an_account_that_was_away_for_long() -> None:
    bench = Bench()
    placed_ns = bench.now_ns
    bench.feed(ev.LinkChanged(ACCOUNT, 1, LinkState.DOWN))
    bench.now_ns += SECOND_NS
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    bench.now_ns += 3600 * SECOND_NS
    bench.session = 2
    bench.connect(bench.row("", number="500", ordered_ns=placed_ns))
    assert [command.broker_order_id for command in bench.made(out.CancelOrder)] == ["500"]


def test_a_persons_cancel_reaches_what_the_next_list_brings_to_light() -> None:
    bench = Bench()
    placed_ns = bench.now_ns
    bench.now_ns += SECOND_NS
    bench.feed(ev.CancelRequested("me", "test"))
    asked = [query.account for query in bench.made(out.QueryBroker) if not query.later]
    assert {ACCOUNT, OTHER} <= set(asked)
    bench.listed(bench.row("", number="500", ordered_ns=placed_ns))
    assert [command.broker_order_id for command in bench.made(out.CancelOrder)] == ["500"]


def test_one_question_at_a_time_is_asked_and_the_next_when_its_answer_has_come() -> None:
    bench = Bench()
    bench.listed()
    bench.outputs.clear()

    def asked() -> list[bool]:
        return [query.later for query in bench.made(out.QueryBroker)]

    for _ in range(3):
        bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    assert asked() == [False, True, True]
    bench.listed()
    assert asked() == [False, True, True, False]
    bench.listed()
    assert asked() == [False, True, True, False]
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    bench.now_ns += 5 * SECOND_NS
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")  # No answer for so long: asked again.
    assert asked()[-2:] == [False, False]


@pytest.mark.parametrize("cancels", [1, 2])
def test_a_list_that_is_lost_is_asked_for_again_while_a_cancel_hangs_on_it(cancels: int) -> None:
    bench = Bench()
    placed_ns = bench.now_ns
    bench.now_ns += SECOND_NS
    for _ in range(cancels):
        bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    asked = len(bench.made(out.QueryBroker))
    assert bench.engine.next_due_ns() == bench.now_ns + 5 * SECOND_NS
    bench.later(5)
    assert bench.made(out.QueryBroker)[asked:] == [out.QueryBroker(ACCOUNT)]
    bench.listed(bench.row("", number="500", ordered_ns=placed_ns))
    assert [command.broker_order_id for command in bench.made(out.CancelOrder)] == ["500"]
    assert len(bench.made(out.QueryBroker)) == asked + 1


def test_a_bare_item_that_means_a_cancel_takes_no_price_and_no_option() -> None:
    bench = Bench(bare=BareAction.CANCEL)
    working(bench)
    for text, expected in (
        (f"{STOCK}@40.00:{ACCOUNT}", Reason.CANCEL_PRICED),
        (f"{STOCK}:{ACCOUNT} cancel_after=3s", Reason.CANCEL_OPTION),
    ):
        (line,) = bench.signal(text).cancels
        assert reason(line.denial) is expected
    assert attempts(bench) == []
