"""The delay after failures: free at first, doubled then, bounded, forgotten."""

from __future__ import annotations

import pytest

from qmt_trading.panel.delays import FORGET_S, KEPT_MAX, WAIT_MAX_S, Delays, origin_of, wait_after

KEYS = [("user", "a"), ("address", "b")]


def test_the_wait_doubles_up_to_its_bound() -> None:
    assert [wait_after(failures) for failures in range(11)] == [0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30]
    assert wait_after(10**9) == WAIT_MAX_S == 30


def test_three_attempts_are_free_and_the_fourth_waits_a_second() -> None:
    delays = Delays()
    assert [delays.attempt(KEYS, now_s=10.0) for _ in range(4)] == [0, 0, 0, 1]
    assert delays.attempt(KEYS, now_s=10.999) == 1
    assert delays.attempt(KEYS, now_s=11.0) == 0
    assert delays.attempt(KEYS, now_s=11.0) == 2


def test_an_attempt_that_must_wait_does_not_lengthen_the_wait() -> None:
    delays = Delays()
    for _ in range(100):
        delays.attempt(KEYS, now_s=0.0)
    assert delays.attempt(KEYS, now_s=1.0) == 0


def test_the_longest_wait_of_all_keys_counts() -> None:
    delays = Delays()
    for _ in range(3):
        delays.attempt([("user", "a")], now_s=0.0)
    assert delays.attempt([("user", "other")], now_s=0.0) == 0
    assert delays.attempt([("user", "other"), ("user", "a")], now_s=0.0) == 1


def test_a_success_forgets_and_an_undone_attempt_does_not_count() -> None:
    delays = Delays()
    for _ in range(20):
        assert delays.attempt(KEYS, now_s=0.0) == 0
        delays.undo(KEYS)
    for _ in range(3):
        delays.attempt(KEYS, now_s=0.0)
    delays.forget(KEYS)
    assert delays.attempt(KEYS, now_s=0.0) == 0
    delays.undo([("user", "never seen")])


def test_an_hour_without_an_attempt_is_forgiven() -> None:
    delays = Delays()
    for attempt in range(10):
        delays.attempt(KEYS, now_s=attempt * 40.0)
    assert delays.attempt(KEYS, now_s=361.0) == 29
    later = 360.0 + FORGET_S
    assert [delays.attempt(KEYS, now_s=later) for _ in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("failures", [3, 40])
def test_a_clock_set_back_lengthens_no_wait(failures: int) -> None:
    delays = Delays()
    for attempt in range(failures):
        assert delays.attempt(KEYS, now_s=4_000.0 + attempt * WAIT_MAX_S) == 0
    back = 400.0
    wait_s = delays.attempt(KEYS, now_s=back)
    assert wait_s == wait_after(failures)
    assert delays.attempt(KEYS, now_s=back + wait_s) == 0


def test_many_keys_are_not_kept_for_ever() -> None:
    delays = Delays()
    for number in range(KEPT_MAX + 500):
        delays.attempt([number], now_s=0.0)
    assert len(delays._failures) == KEPT_MAX


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.168.1.5", "192.168.1.5"),
        ("::1", "::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("not an address", "not an address"),
        ("", ""),
    ],
)
def test_a_whole_network_of_the_new_kind_is_one_place(address: str, place: str) -> None:
    assert origin_of(address) == place
