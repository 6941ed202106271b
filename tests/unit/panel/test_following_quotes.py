"""Whose quotes are followed: what is held before all, then a fair share of every wish."""

from __future__ import annotations

from qmt_trading.panel.following_quotes import FOLLOWED_MAX, followed

HELD = {"600000.SH", "600036.SH"}


def codes(first: int, count: int) -> list[str]:
    return [f"{number:06d}.SZ" for number in range(first, first + count)]


def test_what_is_held_is_followed_whatever_others_watch() -> None:
    found = followed(HELD, [codes(1, 200), codes(201, 200), codes(401, 200)])
    assert found[:2] == ("600000.SH", "600036.SH")
    assert len(found) == len(set(found)) == FOLLOWED_MAX


def test_all_that_is_held_is_followed_also_beyond_the_bound() -> None:
    held = codes(1, 7)
    assert followed(held, [["600000.SH"]], symbols_max=5) == tuple(held)
    assert followed(held, [["600000.SH"]], symbols_max=7) == tuple(held)
    assert followed(held, [["600000.SH"]], symbols_max=8) == (*held, "600000.SH")


def test_each_wish_has_its_share_in_its_own_order() -> None:
    long, short = codes(1, 200), ["688981.SH", "600000.SH", "300750.SZ"]
    found = followed(HELD, [long, short], symbols_max=8)
    assert found == ("600000.SH", "600036.SH", long[0], short[0], long[1], short[2], long[2], long[3])


def test_a_symbol_that_several_watch_takes_one_place() -> None:
    assert followed((), [["a", "b"], ["a", "c"], [], ["a"]], symbols_max=3) == ("a", "c", "b")


def test_nobody_watches_anything() -> None:
    assert followed((), []) == ()
