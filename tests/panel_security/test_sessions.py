"""Sessions: fixation, idleness, half a day, revocation, and what a new password ends."""

from __future__ import annotations

import pytest

from qmt_trading.panel.links import LINK_NS
from tests.panel_security.served import PASSWORD, SECOND_NS, Person, Served

OTHER = "another-horse-7"


@pytest.fixture
def owner(fresh: Served) -> Person:
    return fresh.person("owner")


def is_in(panel: Served, person: Person) -> bool:
    return panel.get("/api/v1/sessions", person).status == 200


def test_a_cookie_that_was_planted_before_the_login_is_worth_nothing_after_it(fresh: Served, owner: Person) -> None:
    planted = "A" * 43
    answer = fresh.login("owner", cookies=f"{owner.cookie_name}={planted}")
    assert answer.status == 200
    assert answer.cookies[owner.cookie_name] != planted
    assert fresh.ask("GET", "/api/v1/sessions", {"Cookie": f"{owner.cookie_name}={planted}"}).status == 401


def test_a_session_that_was_there_before_the_login_ends_with_it(fresh: Served, owner: Person) -> None:
    attackers = fresh.person("attacker")
    answer = fresh.login("owner", cookies=f"{attackers.cookie_name}={attackers.token}")
    assert answer.status == 200
    assert not is_in(fresh, attackers)
    assert is_in(fresh, fresh.of(answer))
    assert is_in(fresh, owner)


def test_a_session_ends_after_half_an_hour_without_use(fresh: Served, owner: Person) -> None:
    fresh.clock.forward(29 * 60)
    assert is_in(fresh, owner)
    fresh.clock.forward(29 * 60)
    assert is_in(fresh, owner)
    fresh.clock.forward(30 * 60 + 1)
    assert not is_in(fresh, owner)


def test_what_a_page_asks_by_itself_is_no_use(fresh: Served, owner: Person) -> None:
    by_itself = {**owner.headers, "X-Background": "1"}
    fresh.clock.forward(20 * 60)
    assert fresh.ask("GET", "/api/v1/sessions", by_itself).status == 200
    fresh.clock.forward(10 * 60 + 1)
    assert fresh.ask("GET", "/api/v1/sessions", by_itself).status == 401


def test_a_session_ends_after_half_a_day_however_it_is_used(fresh: Served, owner: Person) -> None:
    for _ in range(28):
        fresh.clock.forward(25 * 60)
        assert is_in(fresh, owner)
    fresh.clock.forward(20 * 60 + 1)
    assert not is_in(fresh, owner)


def test_a_clock_that_is_set_back_revives_nothing(fresh: Served, owner: Person) -> None:
    fresh.clock.forward(-31 * 60)
    assert not is_in(fresh, owner)


def test_signing_out_ends_the_session_at_the_server(fresh: Served, owner: Person) -> None:
    answer = fresh.post("/api/v1/logout", {}, owner)
    assert answer.status == 200
    assert answer.cookies[owner.cookie_name] in {"", '""'}
    assert not is_in(fresh, owner)


def test_a_new_password_ends_all_other_sessions_and_the_old_password(fresh: Served, owner: Person) -> None:
    other = fresh.of(fresh.login("owner"))
    answer = fresh.post("/api/v1/password", {"old": PASSWORD, "new": OTHER}, owner)
    assert answer.status == 200
    assert is_in(fresh, owner)
    assert not is_in(fresh, other)
    assert fresh.login("owner").code == "bad_login"
    assert fresh.login("owner", OTHER).status == 200


@pytest.mark.parametrize("new", ["short", "a" * 12, "owner", "1" * 300, "abababababab"])
def test_a_weak_password_is_refused(fresh: Served, owner: Person, new: str) -> None:
    assert fresh.post("/api/v1/password", {"old": PASSWORD, "new": new}, owner).code == "weak_password"
    assert fresh.login("owner").status == 200


def test_a_stolen_session_does_not_find_out_the_password(fresh: Served, owner: Person) -> None:
    codes = [
        fresh.post("/api/v1/password", {"old": f"guess-{number}-guess", "new": OTHER}, owner).code
        for number in range(8)
    ]
    assert codes[:3] == ["bad_password"] * 3
    assert set(codes[3:]) == {"wait"}
    assert fresh.post("/api/v1/totp/begin", {"password": PASSWORD}, owner).code == "wait"


def test_sessions_are_listed_and_revoked(fresh: Served, owner: Person) -> None:
    viewer = fresh.person("viewer", role="viewer")
    rows = fresh.get("/api/v1/sessions", owner).json["rows"]
    assert {row["user"] for row in rows} == {"owner", "viewer"}
    mine = fresh.get("/api/v1/sessions", viewer).json["rows"]
    assert [row["user"] for row in mine] == ["viewer"]
    owners = next(row["id"] for row in rows if row["user"] == "owner")
    assert fresh.post(f"/api/v1/sessions/{owners}", {}, viewer, method="DELETE").code == "not_found"
    assert is_in(fresh, owner)
    assert fresh.post(f"/api/v1/sessions/{mine[0]['id']}", {}, owner, method="DELETE").status == 200
    assert not is_in(fresh, viewer)


def test_a_persons_role_and_existence_count_at_once(fresh: Served, owner: Person) -> None:
    other = fresh.person("other")
    assert fresh.get("/api/v1/users", other).status == 200
    assert fresh.post("/api/v1/users/other", {"role": "viewer"}, owner, method="PATCH").status == 200
    assert fresh.get("/api/v1/users", other).code == "operators_only"
    assert fresh.post("/api/v1/users/other", {}, owner, method="DELETE").status == 200
    assert fresh.get("/api/v1/session", other).json["state"] == "login"
    assert fresh.login("other").code == "bad_login"


def test_the_last_operator_cannot_be_taken_away(fresh: Served, owner: Person) -> None:
    fresh.post("/api/v1/users", {"user": "waiting", "role": "operator"}, owner)
    assert fresh.post("/api/v1/users/owner", {"role": "viewer"}, owner, method="PATCH").code == "conflict"
    assert fresh.post("/api/v1/users/owner", {}, owner, method="DELETE").code == "conflict"


def test_two_people_do_not_bear_one_name(fresh: Served, owner: Person) -> None:
    for name in ("owner", "OWNER", "Owner"):
        assert fresh.post("/api/v1/users", {"user": name, "role": "operator"}, owner).code == "conflict"
    for name in ("", " ", "a b", "a/b", "<b>", "a" * 33, "ow\u200bner", "оwner", "a\n"):
        assert fresh.post("/api/v1/users", {"user": name, "role": "viewer"}, owner).status == 422, name


def test_a_link_for_a_person_is_for_that_person_once_and_for_half_an_hour(fresh: Served, owner: Person) -> None:
    def link() -> str:
        told = fresh.post("/api/v1/users/guest", {"new_link": True}, owner, method="PATCH").json["link"]
        return str(told).partition("token=")[2].partition("&")[0]

    def use(token: str, user: str = "guest") -> int:
        return fresh.post("/api/v1/setup", {"token": token, "user": user, "password": OTHER}).status

    assert fresh.post("/api/v1/users", {"user": "guest", "role": "viewer"}, owner).status == 201
    token = link()
    assert use(token, "owner") == 401
    assert use(token, "intruder") == 401
    assert fresh.login("owner").status == 200
    assert use(token) == 200
    assert use(token) == 401
    replaced, late = link(), link()
    assert use(replaced) == 401
    fresh.clock.forward(LINK_NS // SECOND_NS + 1)
    assert use(late) == 401
