"""The counters of a scope: the first instant at which there is room, and turns that are taken and given back."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmt_trading.engine.engine import Engine
from qmt_trading.engine.snapshot import capture, restore
from qmt_trading.engine.transitions import LIVE
from qmt_trading.engine.usage import INSTANTS_MAX, RATE_MAX, Usage, exposure, first_free_ns
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instant import at_time
from qmt_trading.model.limits import TOTAL, Limits
from qmt_trading.model.numbers import SECOND_NS, Money, Quantity
from qmt_trading.model.words import OrderStatus, SignalStatus
from tests.engine_bench import ACCOUNT, DAY, STOCK, Bench
from tests.engine_life import image
from tests.unit.engine.limited import limited, reasons
from tests.unit.engine.parts import order

WINDOW = 10
"""A small one, so that every instant can be tried."""


def fits(instants: list[int], count_max: int, window: int, at: int, count: int) -> bool:
    """Tell whether no window of the length ``window``, open at its end, holds more than ``count_max``."""
    tried = sorted([*instants, *([at] * count)])
    return all(
        sum(begin <= each < begin + window for each in tried) <= count_max
        for begin in tried
        if at - window < begin <= at
    )


@given(
    instants=st.lists(st.integers(-15, 60), max_size=14).map(sorted),
    count_max=st.integers(1, 4),
    count=st.integers(1, 5),
)
def test_the_first_free_instant_is_the_first_at_which_all_fit(instants: list[int], count_max: int, count: int) -> None:
    found = first_free_ns(instants, count_max, WINDOW, 1, count)
    if count > count_max:
        assert found == 0
        return
    tried = (at for at in range(1, 200) if fits(instants, count_max, WINDOW, at, count))
    assert found == next(tried)


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(1, 4))
def test_who_takes_each_first_free_instant_never_exceeds_the_rate(gaps: list[int], count_max: int) -> None:
    usage, now = Usage(TOTAL), 1000
    for gap in gaps:
        now += gap
        at = first_free_ns(usage.turns, count_max, WINDOW, now)
        assert at >= now
        usage.take_turn(at)
    turns = list(usage.turns)
    assert turns == sorted(turns)
    assert all(later - earlier >= WINDOW for earlier, later in zip(turns, turns[count_max:], strict=False))


def test_a_thousand_a_second_still_know_their_window() -> None:
    usage = Usage(TOTAL)
    for number in range(3 * INSTANTS_MAX):
        usage.add_order(number)
    assert len(usage.turns) == INSTANTS_MAX >= 2 * RATE_MAX
    now = 3 * INSTANTS_MAX
    assert first_free_ns(usage.turns, RATE_MAX, SECOND_NS, now) == now - RATE_MAX + SECOND_NS


def test_turns_stand_in_order_whenever_they_were_taken() -> None:
    usage = Usage(TOTAL)
    for at in (5, 3, 9, 3, 7):
        usage.take_turn(at)
    assert list(usage.turns) == [3, 3, 5, 7, 9]
    usage.give_turn_back(3)
    assert list(usage.turns) == [3, 5, 7, 9]
    usage.give_turn_back(4)
    assert list(usage.turns) == [3, 5, 7, 9], "nobody had taken it"
    usage.shift(-2)
    assert list(usage.turns) == [1, 3, 5, 7]


def test_a_new_day_counts_anew_and_knows_what_left_a_moment_ago() -> None:
    usage = Usage(TOTAL)
    usage.add_order(7)
    usage.bought, usage.loss_step, usage.warned = Money(5), 2, True
    usage.open_day()
    assert (usage.orders, usage.bought, usage.loss_step, usage.warned) == (0, 0, 0, False)
    assert list(usage.turns) == [7]


def test_an_image_is_what_was_counted_and_is_made_anew_when_that_changes() -> None:
    usage = Usage(TOTAL)
    before = usage.image()
    assert usage.image() is before
    usage.add_order(1)
    assert usage.image().orders == 1
    again = Usage(TOTAL)
    again.restore(usage.image())
    assert again.image() == usage.image()


@pytest.mark.parametrize("status", list(OrderStatus))
def test_an_order_counts_what_it_traded_and_may_still_trade(status: OrderStatus) -> None:
    half = order(status, quantity=Quantity(200), filled_quantity=Quantity(50), filled_value=Money(50 * 104_000))
    rest = 150 if status in LIVE else 0
    assert exposure(half) == 50 * 104_000 + rest * 105_000


def test_what_the_counter_says_was_traded_counts_before_its_fill_is_told() -> None:
    ended = order(OrderStatus.CANCELED, quantity=Quantity(200), reported_quantity=Quantity(120))
    assert exposure(ended) == 120 * 105_000


# Turns, in an engine that runs


class Paced(Bench):
    """A bench whose account may send two orders a second."""

    def __init__(self) -> None:
        super().__init__()
        limited(self, Limits(orders_per_second_max=2))
        self.count = 0

    def buys(self, count: int = 1) -> list[str]:
        """Send so many buys at this instant; return what is said of each."""
        told = []
        for _ in range(count):
            self.count += 1
            receipt = self.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #n/{self.count}")
            told += [each.value if each is not None else "sent" for each in reasons(receipt)]
            self.answer()
        return told

    def answer(self) -> None:
        """Let the counter take what it was sent."""
        for each in list(self.engine.state.orders):
            if each.status is OrderStatus.PENDING_NEW:
                self.report(self.row(each.client_order_id, number=f"b{each.client_order_id[-4:]}"))

    def due(self) -> None:
        """Let everything that is due now be decided, as the loop does."""
        for waiting in self.engine.take_due(self.now_ns):
            self.feed(ev.InstructionDue(waiting.seq, waiting.number, (self.quote(),), waiting.accounts))
            self.answer()

    def wait(self, seconds: float) -> None:
        """Let time pass, instant by instant at which something is due."""
        until_ns = self.now_ns + round(seconds * SECOND_NS)
        while 0 < self.engine.next_due_ns() <= until_ns:
            self.now_ns = max(self.now_ns, self.engine.next_due_ns())
            self.feed(ev.DeadlineReached())
            self.due()
        self.now_ns = until_ns

    def turns(self) -> list[int]:
        return list(self.engine.state.gauges.of_account(ACCOUNT).turns)

    def left_ns(self) -> list[int]:
        return [each.created_ns for each in self.engine.state.orders]


def no_faster_than_two_a_second(instants: list[int]) -> bool:
    return all(third - first >= SECOND_NS for first, third in zip(instants, instants[2:], strict=False))


def test_a_burst_leaves_two_a_second_in_the_order_it_came() -> None:
    bench = Paced()
    assert bench.buys(7) == ["sent"] * 2 + ["PACED"] * 5
    begin_ns = bench.now_ns
    bench.wait(9)
    assert bench.left_ns() == [begin_ns + step * SECOND_NS for step in (0, 0, 1, 1, 2, 2, 3)]
    assert [each.signal_seq for each in bench.made(out.SubmitOrder)] == sorted(
        each.signal_seq for each in bench.made(out.SubmitOrder)
    )
    assert bench.turns() == bench.left_ns()


def test_who_would_wait_beyond_its_time_is_denied_and_takes_no_turn() -> None:
    bench = Paced()
    told = bench.buys(25)
    assert told == ["sent"] * 2 + ["PACED"] * 20 + ["ORDER_RATE_EXCEEDED"] * 3
    assert len(bench.turns()) == 22


def test_a_cancel_gives_the_turns_back_and_the_next_one_gets_them() -> None:
    bench = Paced()
    bench.buys(6)
    waited = bench.turns()[2:]
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    assert len(bench.made(out.InstructionDropped)) == 4
    assert len(bench.turns()) == 2
    assert bench.buys(4) == ["PACED"] * 4
    assert bench.turns()[2:] == waited
    bench.wait(5)
    assert len(bench.left_ns()) == 6
    assert no_faster_than_two_a_second(bench.left_ns())


def test_one_that_is_denied_when_its_turn_comes_gives_it_to_the_next() -> None:
    bench = Paced()
    bench.buys(3)
    bench.engine.state.accounts[ACCOUNT].cash = Money(0)
    bench.wait(1)
    assert len(bench.left_ns()) == len(bench.turns()) == 2
    bench.engine.state.accounts[ACCOUNT].cash = Money(10**10)
    assert bench.buys(2) == ["sent"] * 2


def test_waiting_orders_keep_their_turns_over_a_restart() -> None:
    bench = Paced()
    bench.buys(5)
    turns = bench.turns()
    restored = Engine(restore(capture(bench.engine.state)))
    assert image(restored) == image(bench.engine)
    bench.engine = restored
    bench.feed(ev.EngineStarted("test", bench.settings))
    assert bench.turns() == turns
    bench.session += 1
    bench.connect()
    bench.wait(3)
    assert len(bench.left_ns()) == 5
    assert no_faster_than_two_a_second(bench.left_ns())


@pytest.mark.parametrize("step_s", [-5, -1.5, 1.5, 5])
def test_after_a_step_of_the_clock_whoever_waited_leaves_no_faster(step_s: float) -> None:
    bench = Paced()
    bench.buys(6)
    step_ns = round(step_s * SECOND_NS)
    bench.now_ns += step_ns
    bench.feed(ev.ClockStepped(step_ns))
    bench.listed()
    begin = len(bench.left_ns())
    bench.wait(12)
    after = bench.left_ns()[begin:]
    assert len(after) == 4
    assert no_faster_than_two_a_second(after)
    assert all(earlier <= later for earlier, later in pairwise(bench.turns()))


def test_a_step_of_the_clock_takes_the_turns_along() -> None:
    bench = Paced()
    bench.buys(2)
    bench.now_ns -= 3600 * SECOND_NS
    bench.feed(ev.ClockStepped(-3600 * SECOND_NS))
    bench.listed()
    assert bench.buys(1) == ["PACED"], "two have left in this very second, whatever the clock says"
    (waiting,) = bench.engine.state.timed.values()
    assert waiting.due_ns == bench.now_ns + SECOND_NS
    bench.feed(ev.ClockStepped(7200 * SECOND_NS))
    (own,) = [each for each in bench.engine.state.gauges.of_account(ACCOUNT).turns if each == waiting.due_ns]
    assert own == waiting.due_ns, "what waits keeps the instant that it was told"


def test_turns_of_yesterday_hold_nobody_back_today_and_what_waited_is_too_late() -> None:
    bench = Paced()
    bench.buys(3)
    tomorrow = DAY + dt.timedelta(days=1)
    bench.now_ns = at_time(tomorrow, 0)
    bench.feed(ev.DayBegan(tomorrow))
    bench.session += 1
    bench.connect()
    bench.feed(ev.DeadlineReached())
    bench.due()
    assert bench.left_ns() == []
    assert bench.alerts()[-1] == "INSTRUCTION_DENIED"
    assert not bench.engine.state.timed
    assert bench.turns() == []


def test_turns_are_the_accounts_own_and_a_total_is_everybodys() -> None:
    bench = limited(Bench(), Limits(orders_per_second_max=5), total=Limits(orders_per_second_max=1))
    first = bench.signal(f"buy {STOCK} 100@10.50:* #a/1")
    assert first.status is SignalStatus.ACCEPTED
    assert [line.denial is None for line in first.orders] == [True, False]
    assert first.orders[1].denial is not None
    assert first.orders[1].denial.figures[-1] == "total"
