"""The second factor: each code once, in its minute, and needed once it is there."""

from __future__ import annotations

import pytest

from tests.panel_security.served import PASSWORD, Person, Served


def enrol(panel: Served, person: Person) -> str:
    """Return the secret of a second factor that was set up."""
    begun = panel.post("/api/v1/totp/begin", {"password": PASSWORD}, person)
    assert begun.status == 200, begun.body
    secret = str(begun.json["secret"])
    assert secret in begun.json["uri"]
    assert begun.json["svg"].lstrip().startswith("<svg")
    assert "script" not in begun.json["svg"]
    assert panel.post("/api/v1/totp/confirm", {"code": panel.code(secret)}, person).status == 200
    return secret


@pytest.fixture
def secret(fresh: Served) -> str:
    secret = enrol(fresh, fresh.person("owner"))
    fresh.clock.forward(60)  # The code that confirmed it is spent.
    return secret


def test_a_password_alone_does_not_do_any_more(fresh: Served, secret: str) -> None:
    answer = fresh.login("owner")
    assert (answer.status, answer.code) == (401, "code_needed")
    assert answer.cookies == {}
    assert fresh.login("owner", code="").code == "code_needed"
    assert fresh.login("owner", code=fresh.code(secret)).status == 200


def test_a_code_without_the_password_tells_nothing(fresh: Served, secret: str) -> None:
    assert fresh.login("owner", "wrong-wrong", fresh.code(secret)).code == "bad_login"
    assert fresh.login("owner", code=fresh.code(secret)).status == 200, "it was not spent on a wrong password"


def test_a_code_is_good_once(fresh: Served, secret: str) -> None:
    code = fresh.code(secret)
    assert fresh.login("owner", code=code).status == 200
    assert fresh.login("owner", code=code).code == "bad_code"


def test_the_code_that_confirmed_is_spent(fresh: Served) -> None:
    begun = fresh.post("/api/v1/totp/begin", {"password": PASSWORD}, owner := fresh.person("owner"))
    code = fresh.code(begun.json["secret"])
    assert fresh.post("/api/v1/totp/confirm", {"code": code}, owner).status == 200
    assert fresh.login("owner", code=code).code == "bad_code"


def test_an_earlier_code_is_not_good_after_a_later_one(fresh: Served, secret: str) -> None:
    earlier, later = fresh.code(secret), fresh.code(secret, steps=1)
    assert fresh.login("owner", code=later).status == 200
    assert fresh.login("owner", code=earlier).code == "bad_code"


@pytest.mark.parametrize("steps", [-3, -2, 2, 3, 100])
def test_a_code_of_another_time_is_wrong(fresh: Served, secret: str, steps: int) -> None:
    assert fresh.login("owner", code=fresh.code(secret, steps=steps)).code == "bad_code"


@pytest.mark.parametrize(
    "code", ["000000x", "00000", "0000000", "abcdef", "-12345", "+12345", "1e5", "٠٠٠٠٠٠", "0x1234"]
)
def test_what_is_no_code_is_wrong(fresh: Served, secret: str, code: str) -> None:
    assert fresh.login("owner", code=code).code == "bad_code"


def test_guessing_codes_is_slowed(fresh: Served, secret: str) -> None:
    right = fresh.code(secret)
    wrong = [f"{(int(right) + number) % 1_000_000:06d}" for number in range(1, 8)]
    codes = [fresh.login("owner", code=code).code for code in wrong]
    assert codes[:3] == ["bad_code"] * 3
    assert codes[3:] == ["wait"] * 4


def test_asking_for_a_code_does_not_use_attempts_up(fresh: Served, secret: str) -> None:
    for _ in range(6):
        assert fresh.login("owner").code == "code_needed"
    assert fresh.login("owner", code=fresh.code(secret)).status == 200


def test_a_stolen_session_neither_sets_it_up_nor_removes_it(fresh: Served) -> None:
    owner = fresh.person("owner")
    assert fresh.post("/api/v1/totp/begin", {"password": "wrong-wrong"}, owner).code == "bad_password"
    assert fresh.post("/api/v1/totp/confirm", {"code": "123456"}, owner).code == "conflict"
    secret = enrol(fresh, owner)
    fresh.clock.forward(60)
    assert fresh.post("/api/v1/totp/begin", {"password": PASSWORD}, owner).code == "conflict"
    good = fresh.code(secret)
    assert fresh.post("/api/v1/totp/remove", {"password": "wrong-wrong", "code": good}, owner).code == "bad_password"
    assert fresh.post("/api/v1/totp/remove", {"password": PASSWORD, "code": "000000"}, owner).code == "bad_code"
    assert fresh.login("owner").code == "code_needed"
    assert fresh.post("/api/v1/totp/remove", {"password": PASSWORD, "code": good}, owner).status == 200
    assert fresh.login("owner").status == 200


def test_setting_it_up_ends_the_other_sessions(fresh: Served) -> None:
    owner = fresh.person("owner")
    other = fresh.of(fresh.login("owner"))
    enrol(fresh, owner)
    assert fresh.get("/api/v1/sessions", other).status == 401
    assert fresh.get("/api/v1/session", owner).json["totp"] is True


def test_a_code_is_confirmed_against_the_secret_that_was_shown_last(fresh: Served) -> None:
    owner = fresh.person("owner")
    first = fresh.post("/api/v1/totp/begin", {"password": PASSWORD}, owner).json["secret"]
    second = fresh.post("/api/v1/totp/begin", {"password": PASSWORD}, owner).json["secret"]
    assert fresh.post("/api/v1/totp/confirm", {"code": fresh.code(first)}, owner).code == "bad_code"
    assert fresh.post("/api/v1/totp/confirm", {"code": fresh.code(second)}, owner).status == 200
