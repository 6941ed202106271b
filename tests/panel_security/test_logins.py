"""Guessing: it gets slower, it tells nothing, and it never locks the owner out."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from qmt_trading.panel.delays import WAIT_MAX_S
from qmt_trading.panel.links import link_text
from qmt_trading.panel.passwords import Passwords
from tests.panel_security.served import PASSWORD, Person, Served


def test_a_wrong_password_and_an_unknown_name_look_the_same(panel: Served, boss: Person) -> None:
    known, unknown = panel.login("boss", "wrong-wrong"), panel.login("nobody-here", "wrong-wrong")
    assert known.status == unknown.status == 401
    assert known.body == unknown.body
    assert known.headers.keys() == unknown.headers.keys()


def test_each_costs_the_same_work(fresh: Served) -> None:
    panel = fresh
    panel.entrance.passwords = Passwords()
    panel.person("boss")
    calls: list[str] = []
    real = panel.entrance.passwords.is_right

    def counted(stored: str, password: str) -> bool:
        calls.append(stored)
        return real(stored, password)

    took: dict[str, list[float]] = {"boss": [], "nobody": []}
    panel.entrance.passwords.is_right = counted  # type: ignore[method-assign]
    for _ in range(6):
        for name, times in took.items():
            panel.entrance.delays.forget([("user", name), ("address", "127.0.0.1")])
            begun = time.perf_counter()
            assert panel.login(name, "wrong-wrong").code == "bad_login"
            times.append(time.perf_counter() - begun)
    assert len(calls) == 12
    ratio = statistics.median(took["boss"]) / statistics.median(took["nobody"])
    assert 0.2 < ratio < 5  # One that skips the hashing is twenty times as quick.


def test_the_delay_grows_and_is_bounded(fresh: Served) -> None:
    fresh.person("owner")
    waits = []
    for _ in range(12):
        while True:
            answer = fresh.login("owner", "wrong-wrong")
            if answer.code == "bad_login":
                break
            assert answer.status == 429
            wait_s = answer.json["error"]["wait_s"]
            assert answer.headers["retry-after"] == str(wait_s)
            waits.append(wait_s)
            assert fresh.login("owner").status == 429, "no guess is judged before its time"
            fresh.clock.forward(wait_s)
    assert waits == sorted(waits)
    assert waits[:3] == [1, 2, 4]
    assert waits[-1] == WAIT_MAX_S == 30
    fresh.clock.forward(WAIT_MAX_S)
    assert fresh.login("owner").status == 200


def test_many_guesses_at_once_gain_nothing(panel: Served, boss: Person) -> None:
    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(lambda number: panel.login("boss", f"wrong-wrong-{number}").code, range(24)))
    assert codes.count("bad_login") <= 3
    assert codes.count("wait") >= 21


def test_guesses_at_many_names_from_one_place_are_slowed_too(panel: Served) -> None:
    codes = [panel.login(f"name{number}", "wrong-wrong").code for number in range(8)]
    assert codes[:3] == ["bad_login"] * 3
    assert codes[3:] == ["wait"] * 5


def test_the_owners_own_browser_is_not_delayed_by_strangers(panel: Served, boss: Person) -> None:
    device = f"{panel.entrance.reach.device_cookie}={boss.device}"
    for number in range(8):
        panel.login("boss", f"wrong-wrong-{number}")
    assert panel.login("boss").status == 429
    assert panel.login("boss", cookies=device).status == 200
    # It helps nobody but its owner, and does not make guessing free.
    assert panel.login("guest", cookies=device).status == 429
    codes = [panel.login("boss", f"wrong-wrong-{number}", cookies=device).code for number in range(5)]
    assert codes[3:] == ["wait"] * 2


def test_whoever_sits_at_the_machine_always_gets_in(fresh: Served) -> None:
    fresh.person("owner")
    for number in range(8):
        fresh.login("owner", f"wrong-wrong-{number}")
    token = fresh.entrance.links.make(now_ns=fresh.clock())
    answer = fresh.post("/api/v1/setup", {"token": token, "user": "owner", "password": "a-new-horse-5"})
    assert answer.status == 200
    assert link_text("http://x", "t") == "http://x/#/setup?token=t"


@pytest.mark.parametrize(
    "password", ["", PASSWORD.upper(), PASSWORD + " ", " " + PASSWORD, PASSWORD[:-1], "' or 1=1 --"]
)
def test_only_the_password_itself_opens(panel: Served, boss: Person, password: str) -> None:
    assert panel.login("boss", password).status in {401, 422}


@pytest.mark.parametrize("user", ["", "boss ", "boss' --", "%", "_oss", "b_ss", "boss\u0000", "ｂoss"])
def test_only_the_name_itself_opens(panel: Served, boss: Person, user: str) -> None:
    assert panel.login(user).status in {401, 422}
