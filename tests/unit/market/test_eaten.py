"""Tests what own orders have taken of a book: it is gone while its price stands, and for a minute at most."""

from __future__ import annotations

from qmt_trading.market.eaten import KEPT_NS, Eaten

SECOND = 1_000_000_000


def asks(*quantities: int, first: int = 1001) -> list[list[int]]:
    return [[first + place, quantity] for place, quantity in enumerate(quantities)]


def left(eaten: Eaten, levels: list[list[int]], at_ns: int, *, is_asks: bool = True) -> list[int]:
    eaten.leave(levels, at_ns, asks=is_asks)
    return [quantity for _, quantity in levels]


def test_what_was_taken_is_not_there_in_the_next_snapshot() -> None:
    eaten = Eaten()
    assert left(eaten, asks(500, 800), 0) == [500, 800]
    eaten.take(1001, 500, 0)
    eaten.take(1002, 300, 0)
    assert left(eaten, asks(500, 800), 3 * SECOND) == [0, 500]
    assert left(eaten, asks(700, 800), 6 * SECOND) == [200, 500]


def test_others_may_have_had_it_but_nobody_has_it_twice() -> None:
    eaten = Eaten()
    eaten.take(1001, 500, 0)
    assert left(eaten, asks(200, 800), 3 * SECOND) == [0, 800]
    assert left(eaten, asks(600, 800), 6 * SECOND) == [400, 800]


def test_a_price_that_was_traded_through_begins_anew() -> None:
    eaten = Eaten()
    eaten.take(1001, 500, 0)
    assert left(eaten, asks(300, 300, first=1002), 3 * SECOND) == [300, 300]
    assert left(eaten, asks(500, 300), 6 * SECOND) == [500, 300]


def test_beyond_the_last_level_nothing_is_known_and_nothing_forgotten() -> None:
    eaten = Eaten()
    eaten.take(1002, 300, 0)
    assert left(eaten, [[1000, 100]], 3 * SECOND) == [100]
    assert left(eaten, asks(500, 800), 6 * SECOND) == [500, 500]


def test_bids_are_the_other_way_round() -> None:
    eaten = Eaten()
    eaten.take(999, 300, 0)
    assert left(eaten, [[1000, 400], [999, 400]], 3 * SECOND, is_asks=False) == [400, 100]
    assert left(eaten, [[998, 400]], 6 * SECOND, is_asks=False) == [400]
    assert left(eaten, [[999, 400]], 9 * SECOND, is_asks=False) == [400]


def test_after_a_minute_and_behind_an_empty_side_the_book_is_another_one() -> None:
    eaten = Eaten()
    eaten.take(1001, 500, 0)
    assert left(eaten, asks(500), KEPT_NS) == [0]
    assert left(eaten, asks(500), 2 * KEPT_NS + 1) == [500]
    eaten.take(1001, 500, 2 * KEPT_NS + 1)
    assert left(eaten, [], 2 * KEPT_NS + 2) == []
    assert left(eaten, asks(500), 2 * KEPT_NS + 3) == [500]
