"""The image of a scope's figures: never behind them, and not made anew while they stay."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from qmt_trading.engine.usage import Usage
from qmt_trading.model.limits import TOTAL


def used() -> Usage:
    usage = Usage(TOTAL)
    usage.add_order(10)
    usage.add_message(10)
    usage.take_turn(30)
    return usage


def test_an_image_stays_the_same_one_while_nothing_is_counted() -> None:
    usage = used()
    shown = usage.shown()
    assert (shown.orders, shown.turns, shown.messages) == (1, (10, 30), (10,))
    assert usage.shown() is shown


@pytest.mark.parametrize(
    ("act", "turns", "messages"),
    [
        (lambda usage: usage.add_order(20), (10, 20, 30), (10,)),
        (lambda usage: usage.add_message(20), (10, 30), (10, 20)),
        (lambda usage: usage.take_turn(40), (10, 30, 40), (10,)),
        (lambda usage: usage.give_turn_back(30), (10,), (10,)),
        (lambda usage: usage.shift(5), (15, 35), (15,)),
        (lambda usage: usage.restore(Usage(TOTAL).image()), (), ()),
    ],
)
def test_whatever_is_counted_or_forgotten_is_in_the_next_image(
    act: Callable[[Usage], None], turns: tuple[int, ...], messages: tuple[int, ...]
) -> None:
    usage = used()
    before = usage.shown()
    act(usage)
    after = usage.shown()
    assert (after.turns, after.messages, after.orders) == (turns, messages, usage.orders)
    assert (before.turns, before.messages) == ((10, 30), (10,))


def test_a_figure_that_was_touched_is_in_the_next_image_and_a_new_day_begins_at_nought() -> None:
    usage = used()
    assert usage.shown().working == 1
    usage.working = 3
    usage.touched()
    assert usage.shown().working == 3
    usage.open_day()
    assert usage.shown().orders == 0
