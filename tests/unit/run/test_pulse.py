"""A process that stood still: what waited for it is not taken for new, and what comes later is."""

from __future__ import annotations

import pytest
from tests.loop_bench import HandClock

from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.run.pulse import BACKLOG_NS, STOOD_NS, Pulse


class Beating:
    """A pulse that has begun to beat."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.pulse = Pulse(self.clock)
        self.begun_ns = self.clock.now_ns()
        self.pulse.beat()

    def age_s(self) -> float:
        """Return how old a message is taken to be that is read now."""
        now_ns = self.clock.now_ns()
        return (now_ns - self.pulse.received_ns(now_ns)) / SECOND_NS


def test_while_it_beats_what_is_read_is_new() -> None:
    beating = Beating()
    for _ in range(50):
        beating.clock.steady += SECOND_NS // 5
        assert beating.age_s() == 0
        beating.pulse.beat()
    beating.clock.steady += STOOD_NS
    assert beating.age_s() == 0, "a thread that waits for its turn is no process that stood still"


def test_without_a_first_beat_nothing_is_known() -> None:
    clock = HandClock()
    pulse = Pulse(clock)
    assert pulse.received_ns(clock.now_ns()) == clock.now_ns()


@pytest.mark.parametrize("beats_first", [False, True])
def test_what_is_read_after_a_stand_may_have_waited_all_the_while(beats_first: bool) -> None:
    beating = Beating()
    beating.clock.steady += 20 * SECOND_NS
    if beats_first:
        beating.pulse.beat()
    assert beating.age_s() == 20
    beating.clock.steady += SECOND_NS
    beating.pulse.beat()
    assert beating.age_s() >= (21 if beats_first else 1)


def test_a_moment_after_the_stand_what_is_read_is_new_again() -> None:
    beating = Beating()
    beating.clock.steady += 20 * SECOND_NS
    beating.pulse.beat()
    for _ in range(BACKLOG_NS // SECOND_NS):
        beating.clock.steady += SECOND_NS
        beating.pulse.beat()
    assert beating.age_s() == 0


def test_a_machine_that_slept_stops_the_steady_clock_with_it() -> None:
    beating = Beating()
    beating.clock.step_ns += 3600 * SECOND_NS
    assert beating.age_s() == 3600
    beating.pulse.beat()
    assert beating.age_s() == 3600


def test_a_clock_that_is_set_back_makes_nothing_older() -> None:
    beating = Beating()
    beating.clock.step_ns -= 3600 * SECOND_NS
    assert beating.age_s() == 0
    beating.pulse.beat()
    assert beating.age_s() == 0
