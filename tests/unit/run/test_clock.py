"""Steps of the wall clock: noticed, and doubted for a minute."""

from __future__ import annotations

import pytest

from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.run.clock import CONFIRMED_NS, StepWatch

HOUR = 3600 * SECOND_NS


def watch(*steps_ns: int) -> StepWatch:
    """Return a watch that has looked at the clocks at steady 0 and seen each step, all at steady 0."""
    made = StepWatch()
    wall_ns = 1_000 * HOUR
    made.step_ns(wall_ns=wall_ns, steady_ns=0)
    for step_ns in steps_ns:
        wall_ns += step_ns
        assert made.step_ns(wall_ns=wall_ns, steady_ns=0) == step_ns
    return made


def believed(made: StepWatch, *, ahead_ns: int, steady_ns: int) -> int:
    """Return by how much what is believed is ahead of the steady clock, with a wall clock ``ahead_ns`` of it."""
    wall_ns = 1_000 * HOUR + steady_ns + ahead_ns
    made.step_ns(wall_ns=wall_ns, steady_ns=steady_ns)
    return made.believed_ns(wall_ns=wall_ns, steady_ns=steady_ns) - 1_000 * HOUR - steady_ns


def test_without_a_step_the_wall_clock_is_believed() -> None:
    made = watch()
    assert believed(made, ahead_ns=0, steady_ns=HOUR) == 0
    assert believed(made, ahead_ns=SECOND_NS, steady_ns=HOUR) == SECOND_NS, "a small correction is no step"


@pytest.mark.parametrize(
    ("steady_ns", "expected"), [(0, 0), (CONFIRMED_NS - 1, 0), (CONFIRMED_NS, HOUR), (CONFIRMED_NS + 1, HOUR)]
)
def test_what_a_step_ahead_has_added_is_believed_after_a_minute(steady_ns: int, expected: int) -> None:
    assert believed(watch(HOUR), ahead_ns=HOUR, steady_ns=steady_ns) == expected


def test_a_step_back_is_believed_at_once() -> None:
    assert believed(watch(-HOUR), ahead_ns=-HOUR, steady_ns=0) == -HOUR


def test_each_further_step_begins_the_minute_again_and_the_first_reading_stays_the_sure_one() -> None:
    made = watch(HOUR)
    assert believed(made, ahead_ns=2 * HOUR, steady_ns=CONFIRMED_NS - 1) == 0
    assert believed(made, ahead_ns=2 * HOUR, steady_ns=2 * CONFIRMED_NS - 2) == 0
    assert believed(made, ahead_ns=2 * HOUR, steady_ns=2 * CONFIRMED_NS - 1) == 2 * HOUR


def test_a_step_that_was_taken_back_leaves_nothing() -> None:
    made = watch(HOUR, -HOUR)
    assert believed(made, ahead_ns=0, steady_ns=1) == 0
    assert believed(made, ahead_ns=0, steady_ns=CONFIRMED_NS) == 0


def test_a_step_once_confirmed_is_what_the_next_one_is_held_against() -> None:
    made = watch(HOUR)
    assert believed(made, ahead_ns=HOUR, steady_ns=CONFIRMED_NS) == HOUR
    assert believed(made, ahead_ns=3 * HOUR, steady_ns=CONFIRMED_NS + 1) == HOUR
