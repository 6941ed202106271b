"""What is stored of a password, and which one is good enough."""

from __future__ import annotations

import threading

import pytest

from qmt_trading.panel.passwords import (
    AT_ONCE,
    LENGTH_MAX,
    LENGTH_MIN,
    MEMORY_KIB,
    PASSES,
    WAITING_MAX,
    Passwords,
    check_password,
)
from qmt_trading.panel.refusals import RefusedError


def quick() -> Passwords:
    return Passwords(passes=1, memory_kib=64)


def test_it_is_argon2id_at_the_cost_that_is_told() -> None:
    stored = Passwords().hash("correct-horse-9")
    assert stored.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1$")


def test_the_same_password_is_never_stored_the_same() -> None:
    passwords = quick()
    assert passwords.hash("correct-horse-9") != passwords.hash("correct-horse-9")


@pytest.mark.parametrize("stored", ["", "no hash", "$argon2id$v=19$m=64,t=1,p=1$AAAA$AAAA", "correct-horse-9"])
def test_what_is_no_hash_opens_for_nothing(stored: str) -> None:
    passwords = quick()
    assert not passwords.is_right(stored, "correct-horse-9")
    assert not passwords.is_right(stored, "nobody has this password")
    assert not passwords.is_right(stored, stored)


def test_a_letter_is_the_same_however_it_is_composed() -> None:
    passwords = quick()
    assert passwords.is_right(passwords.hash("pass-cafe\u0301-9"), "pass-caf\u00e9-9")
    assert passwords.is_right(passwords.hash("密码密码密码一二三四"), "密码密码密码一二三四")


def test_a_hash_of_another_cost_is_good_and_outdated() -> None:
    stored = quick().hash("correct-horse-9")
    assert Passwords().is_right(stored, "correct-horse-9")
    assert Passwords().is_outdated(stored)
    assert not quick().is_outdated(stored)


@pytest.mark.parametrize("length", [LENGTH_MIN, LENGTH_MAX])
def test_the_shortest_and_the_longest_pass(length: int) -> None:
    check_password(("abcde" * length)[:length], "boss")


@pytest.mark.parametrize(
    "password",
    [
        ("abcde" * 60)[: LENGTH_MIN - 1],
        ("abcde" * 60)[: LENGTH_MAX + 1],
        "aaaaaaaaaaaa",
        "abcdabcdabcd",
        "the-boss-name",
    ],
)
def test_what_is_too_short_too_long_or_too_plain_is_refused(password: str) -> None:
    with pytest.raises(RefusedError) as error:
        check_password(password, "THE-BOSS-NAME")
    assert error.value.code == "weak_password"
    assert error.value.status == 422
    assert error.value.text != error.value.text_en


def test_only_so_many_wait() -> None:
    passwords = quick()
    held = [passwords._places.acquire(blocking=False) for _ in range(WAITING_MAX)]
    assert all(held)
    with pytest.raises(RefusedError) as error:
        passwords.hash("correct-horse-9")
    assert error.value.code == "wait"
    passwords._places.release()
    assert passwords.hash("correct-horse-9")


def test_only_two_are_hashed_at_once() -> None:
    passwords = quick()
    for _ in range(AT_ONCE):
        passwords._room.acquire()
    done = threading.Event()

    def hash_one() -> None:
        passwords.hash("correct-horse-9")
        done.set()

    thread = threading.Thread(target=hash_one)
    thread.start()
    assert not done.wait(0.2)
    passwords._room.release()
    assert done.wait(30)
    thread.join(30)
