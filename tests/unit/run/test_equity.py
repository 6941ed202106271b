"""The day's curve: points in the order of time, whatever the clock does, and none of a time that an account had not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.engine_bench import ACCOUNT, OTHER
from tests.loop_bench import LoopBench

from qmt_trading.engine.state import State
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS
from qmt_trading.run.equity import ALL, EVERY_NS, Curve, samples_of

HOUR_NS = 3_600 * SECOND_NS


@pytest.fixture
def state() -> State:
    return LoopBench().connect().engine.state


def times(curve: Curve, account: str = ALL) -> list[int]:
    return [at for at, _ in curve.points(account)]


def test_a_clock_set_back_goes_on_with_the_curve_in_the_order_of_time(state: State) -> None:
    curve, began = Curve(), state.now_ns
    for number in range(3):
        state.now_ns = began + HOUR_NS + number * EVERY_NS
        curve.add(state)
    assert len(times(curve)) == 3
    for number in range(3):
        state.now_ns = began + number * EVERY_NS
        curve.add(state)
    assert times(curve) == [(began + number * EVERY_NS) // MILLISECOND_NS for number in range(3)]
    assert len(curve.take()) == 18


def test_a_point_comes_at_its_time_and_not_before(state: State) -> None:
    curve, began = Curve(), state.now_ns
    for now_ns in (began, began + 1, began + EVERY_NS - 1, began + EVERY_NS):
        state.now_ns = now_ns
        curve.add(state)
    assert times(curve) == [began // MILLISECOND_NS, (began + EVERY_NS) // MILLISECOND_NS]


def test_samples_go_on_after_a_clock_was_set_back(state: State) -> None:
    began = state.now_ns

    def walk() -> Iterator[State]:
        for now_ns in (began, began + 1, began - HOUR_NS, began - HOUR_NS + 1, began - HOUR_NS + EVERY_NS):
            state.now_ns = now_ns
            yield state

    told = [at_ms for _, at_ms, _ in samples_of(walk())]
    assert told == [at // MILLISECOND_NS for at in (began, began - HOUR_NS, began - HOUR_NS + EVERY_NS)]


def test_what_is_recalled_stands_before_what_is_there_and_never_instead_of_it(state: State) -> None:
    curve, now_ms = Curve(), state.now_ns // MILLISECOND_NS
    curve.add(state)
    assert state.day is not None
    worth = {ALL: 30_000, ACCOUNT: 10_000, OTHER: 20_000}
    curve.recall([(state.day, at_ms, worth) for at_ms in (now_ms - 5_000, now_ms + 3_600_000)])
    assert times(curve) == [now_ms - 5_000, now_ms]
    assert curve.points(ACCOUNT)[0] == (now_ms - 5_000, "1.00")


def test_an_account_has_no_value_before_it_was_there_nor_after(state: State) -> None:
    curve = Curve()
    curve.begin_day(state)
    day = state.day
    assert day is not None
    curve.recall(
        [
            (day, 1_000, {ALL: 10_000, "A": 10_000}),
            (day, 6_000, {ALL: 30_000, "A": 10_000, "B": 20_000}),
            (day, 11_000, {ALL: 20_000, "B": 20_000}),
        ]
    )
    assert curve.points("A") == [(1_000, "1.00"), (6_000, "1.00")]
    assert curve.points("B") == [(6_000, "2.00"), (11_000, "2.00")]
    assert [text for _, text in curve.points(ALL)] == ["1.00", "3.00", "2.00"]
