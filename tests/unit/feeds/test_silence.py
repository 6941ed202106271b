"""When quotes as a whole count as silent."""

from __future__ import annotations

import datetime as dt

import pytest

from qmt_trading.feeds.silence import Silence
from qmt_trading.market.sessions import ALWAYS_OPEN, Session
from tests.terminal_ticks import SECOND, at


def told_at(silence: Silence, begins_ns: int, ends_ns: int) -> list[tuple[int, bool]]:
    """Look ten times a second; return when something was told, and whether it was a silence."""
    told = []
    for now_ns in range(begins_ns, ends_ns, SECOND // 10):
        feed, _ = silence.look(now_ns)
        if feed is not None:
            told.append((now_ns, feed.silent))
    return told


def speak(silence: Silence, begins_ns: int, ends_ns: int, every_ns: int) -> None:
    for now_ns in range(begins_ns, ends_ns, every_ns):
        silence.heard(now_ns)
        silence.look(now_ns)


def test_three_seconds_without_anything_new_are_told_once() -> None:
    silence = Silence(Session(), begun_ns=at(9))
    speak(silence, at(9, 30), at(10), SECOND // 2)
    assert told_at(silence, at(10), at(10, 1)) == [(at(10, 0, 2.5), True)]
    assert silence.is_silent


def test_what_comes_back_is_told_once() -> None:
    silence = Silence(Session(), begun_ns=at(9))
    speak(silence, at(9, 30), at(10), SECOND // 2)
    told_at(silence, at(10), at(10, 1))
    silence.heard(at(10, 1))
    assert told_at(silence, at(10, 1), at(10, 1, 2)) == [(at(10, 1), False)]


def test_a_feed_that_speaks_every_three_seconds_is_not_silent_between() -> None:
    silence = Silence(Session(), begun_ns=at(9))
    silence.heard(at(9, 29, 57))
    for second in range(0, 600, 3):
        now_ns = at(9, 30, second) + (second % 2) * SECOND // 5
        silence.heard(now_ns)
        assert told_at(silence, now_ns, now_ns + 3 * SECOND + SECOND // 5) == []
    last_ns = at(9, 30, 597) + SECOND // 5
    ((when_ns, is_silent),) = told_at(silence, last_ns, last_ns + 60 * SECOND)
    assert is_silent
    assert 3 * SECOND <= when_ns - last_ns <= 6 * SECOND


@pytest.mark.parametrize(
    ("begins_ns", "ends_ns"),
    [
        (at(8), at(9, 30, 2.9)),
        (at(11, 30), at(13, 0, 2.9)),
        (at(14, 57), at(20)),
        (at(10, 0, 0, dt.date(2026, 11, 28)), at(11, 0, 0, dt.date(2026, 11, 28))),
    ],
    ids=["auction", "lunch", "evening", "saturday"],
)
def test_nothing_is_told_outside_continuous_trading(begins_ns: int, ends_ns: int) -> None:
    silence = Silence(Session(), begun_ns=at(8))
    assert [silence.look(now_ns) for now_ns in range(begins_ns, ends_ns, SECOND)] == [(None, False)] * len(
        range(begins_ns, ends_ns, SECOND)
    )


@pytest.mark.parametrize("opens_ns", [at(9, 30), at(13)])
def test_a_feed_that_does_not_wake_up_is_told_three_seconds_after_trading_goes_on(opens_ns: int) -> None:
    silence = Silence(Session(), begun_ns=at(8))
    silence.heard(opens_ns - 600 * SECOND)
    assert told_at(silence, opens_ns - SECOND, opens_ns + 5 * SECOND) == [(opens_ns + 3 * SECOND, True)]


def test_a_silence_that_lasts_into_the_break_ends_without_a_word() -> None:
    silence = Silence(Session(), begun_ns=at(8))
    silence.heard(at(11, 29, 50))
    assert told_at(silence, at(11, 29, 50), at(12)) == [(at(11, 29, 53), True)]
    assert not silence.is_silent


def test_all_is_asked_for_at_once_and_every_ten_seconds() -> None:
    silence = Silence(ALWAYS_OPEN, begun_ns=at(10))
    asked = [second for second in range(60) if silence.look(at(10, 0, second))[1]]
    assert asked == [3, 13, 23, 33, 43, 53]


def test_a_new_wanted_set_is_given_time_but_no_silence_ends_by_it() -> None:
    silence = Silence(ALWAYS_OPEN, begun_ns=at(10))
    assert told_at(silence, at(10), at(10, 0, 4)) == [(at(10, 0, 3), True)]
    silence.begin(at(10, 0, 4))
    assert told_at(silence, at(10, 0, 4), at(10, 1)) == []
    assert silence.is_silent
