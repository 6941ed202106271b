"""How fast one key may bring lines."""

from __future__ import annotations

from qmt_trading.panel.pace import BURST, LINES_PER_SECOND, Pace


class Steady:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at_s = 1_000.0

    def __call__(self) -> float:
        return self.at_s


def test_a_rested_key_brings_a_burst_and_then_so_many_a_second() -> None:
    steady = Steady()
    pace = Pace(steady)
    assert [pace.take("a", BURST // 2), pace.take("a", BURST // 2)] == [0, 0]
    assert pace.take("a", LINES_PER_SECOND) == 2
    assert pace.take("b", BURST) == 0, "another key has its own"
    taken = 0
    for _ in range(600):
        steady.at_s += 0.1
        taken += 0 if pace.take("a", 1) else 1
    assert taken == 600
    steady.at_s += 1
    assert sum(pace.take("a", 1) == 0 for _ in range(10 * LINES_PER_SECOND)) <= 60 * LINES_PER_SECOND
    steady.at_s += BURST / LINES_PER_SECOND
    assert pace.take("a", BURST) == 0


def test_the_wait_that_is_told_is_long_enough() -> None:
    steady = Steady()
    pace = Pace(steady)
    assert pace.take("a", BURST) == 0
    steady.at_s += pace.take("a", 777)
    assert pace.take("a", 777) == 0


def test_a_message_of_more_lines_than_a_burst_is_taken_from_a_full_bucket() -> None:
    steady = Steady()
    pace = Pace(steady)
    assert pace.take("a", 10 * BURST) == 0
    assert pace.take("a", 1) > 0


def test_keys_that_rest_are_forgotten() -> None:
    steady = Steady()
    pace = Pace(steady)
    for number in range(1_000):
        pace.take(str(number), 1)
        steady.at_s += 1
    assert len(pace._buckets) < 50
