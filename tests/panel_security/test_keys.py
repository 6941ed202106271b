"""Keys of programs: each for its scope and no more, shown once, gone when revoked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, Request

from qmt_trading.panel.callers import Caller, Scope
from qmt_trading.panel.guard import key_with, nearby, operator, reader, signed_in
from qmt_trading.panel.sections import Section
from tests.panel_security.served import Answer, Person, Served


def tables() -> Section:
    """Return routes of each kind, as the other sections have them."""
    router = APIRouter()

    @router.get("/api/v1/table")
    def table(caller: Annotated[Caller, Depends(reader)]) -> dict[str, str]:
        return {"who": caller.who}

    @router.get("/api/v1/own")
    def own(caller: Annotated[Caller, Depends(signed_in)]) -> dict[str, str]:
        return {"who": caller.who}

    @router.post("/api/v1/actions/halt")
    def halt(caller: Annotated[Caller, Depends(operator)]) -> dict[str, str]:
        return {"who": caller.who}

    @router.post("/api/v1/actions/forgotten")
    def forgotten() -> dict[str, str]:
        return {"who": "anybody: its author has forgotten to ask"}

    @router.get("/api/v1/forgotten")
    def forgotten_table() -> dict[str, str]:
        return {"who": "anybody: its author has forgotten to ask"}

    @router.post("/api/v1/signals")
    async def signals(
        caller: Annotated[Caller, Depends(key_with(Scope.SIGNALS))], request: Request
    ) -> dict[str, object]:
        body = await request.body()
        return {"who": caller.who, "doors": list(caller.doors), "bytes": len(body)}

    @router.get("/metrics")
    def metrics(_: Annotated[Caller | None, Depends(nearby)]) -> dict[str, str]:
        return {"up": "1"}

    return Section(router=router)


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("keys"), sections=[tables()])
    yield served
    served.stop()


@pytest.fixture(scope="module")
def boss(panel: Served) -> Person:
    return panel.person("boss")


def make(panel: Served, boss: Person, *scopes: str, **more: object) -> str:
    answer = panel.post("/api/v1/keys", {"name": "program", "scopes": list(scopes), **more}, boss)
    assert answer.status == 201
    return str(answer.json["key"])


def secret_of(key: str) -> str:
    """Return what of a key is secret; it may hold the sign that parts it from its prefix."""
    return key.split("_", 2)[2]


def by_key(panel: Served, method: str, path: str, key: str, body: str | None = None, **more: str) -> Answer:
    return panel.ask(method, path, {"Authorization": f"Bearer {key}", **more}, body)


def test_a_key_for_signals_brings_signals_and_reads_nothing(panel: Served, boss: Person) -> None:
    key = make(panel, boss, "signals", doors=["jq"])
    assert by_key(panel, "POST", "/api/v1/signals", key, "buy 600000.SH").json == {
        "who": "key:program", "doors": ["jq"], "bytes": 13,
    }  # fmt: skip
    for path in ("/api/v1/table", "/api/v1/own", "/api/v1/users", "/api/v1/keys", "/api/v1/openapi.json", "/metrics"):
        assert by_key(panel, "GET", path, key).code == "scope"


def test_a_key_for_reading_reads_and_does_nothing(panel: Served, boss: Person) -> None:
    key = make(panel, boss, "read")
    assert by_key(panel, "GET", "/api/v1/table", key).json == {"who": "key:program"}
    assert by_key(panel, "GET", "/metrics", key).status == 200
    for path in (
        "/api/v1/signals",
        "/api/v1/actions/halt",
        "/api/v1/actions/forgotten",
        "/api/v1/keys",
        "/api/v1/logout",
    ):
        assert by_key(panel, "POST", path, key, "{}").code == "scope"
    for path in ("/api/v1/own", "/api/v1/users", "/api/v1/audit", "/api/v1/sessions"):
        assert by_key(panel, "GET", path, key).code == "not_signed_in"


def test_a_key_never_does_what_an_operator_does(panel: Served, boss: Person) -> None:
    key = make(panel, boss, "read", "signals")
    for path in (
        "/api/v1/actions/halt",
        "/api/v1/keys",
        "/api/v1/users",
        "/api/v1/login",
        "/api/v1/setup",
        "/api/v1/setup/link",
    ):
        assert by_key(panel, "POST", path, key, "{}").code == "scope"
        assert by_key(panel, "POST", path, key, "{}", **boss.headers, Origin=panel.origin).code == "scope"


def test_a_person_does_not_stand_for_a_key(panel: Served, boss: Person) -> None:
    assert panel.post("/api/v1/signals", {}, boss).code == "bad_key"
    assert panel.post("/api/v1/actions/halt", {}, boss).json == {"who": "panel:boss"}


def test_a_page_elsewhere_cannot_use_a_key(panel: Served, boss: Person) -> None:
    key = make(panel, boss, "read", "signals")
    assert by_key(panel, "POST", "/api/v1/signals", key, "x", Origin="http://evil.com").code == "bad_origin"
    assert by_key(panel, "GET", "/api/v1/table", key, **{"Sec-Fetch-Site": "cross-site"}).code == "bad_origin"
    assert panel.ask("GET", "/api/v1/table", {"Authorization": f"Bearer {key}"}, host="evil.com").code == "wrong_host"


@pytest.mark.parametrize("told", [
    "Bearer ", "Bearer x", "{key}", "Basic {key}", "Bearer {key}x", "Bearer {half}", "Bearer {upper}",
    "Bearer {key} {key}", "Bearer qmt_", "Bearer ' or 1=1 --", "Bearer \xe9", "Digest x", "",
])  # fmt: skip
def test_what_is_no_key_opens_nothing_even_beside_a_good_cookie(panel: Served, boss: Person, told: str) -> None:
    key = make(panel, boss, "read", "signals")
    header = told.format(key=key, half=key[:20], upper=key.upper())
    assert panel.ask("GET", "/api/v1/table", {**boss.headers, "Authorization": header}).code == "bad_key"
    assert panel.ask("POST", "/api/v1/signals", {"Authorization": header}, "x").code in {"bad_key", "bad_origin"}


def test_a_key_in_the_address_opens_nothing(panel: Served, boss: Person) -> None:
    key = make(panel, boss, "read")
    assert panel.get(f"/api/v1/table?key={key}&access_token={key}").code == "not_signed_in"


def test_a_revoked_key_is_gone_at_once(panel: Served, boss: Person) -> None:
    key = make(panel, boss, "read", "signals")
    public_id = key.split("_")[1]
    assert by_key(panel, "GET", "/api/v1/table", key).status == 200
    assert panel.post(f"/api/v1/keys/{public_id}", {}, boss, method="DELETE").status == 200
    assert by_key(panel, "GET", "/api/v1/table", key).code == "bad_key"
    assert panel.post(f"/api/v1/keys/{public_id}", {}, boss, method="DELETE").code == "not_found"
    row = next(row for row in panel.get("/api/v1/keys", boss).json["rows"] if row["id"] == public_id)
    assert row["revoked_at"]


def test_a_key_is_shown_once_and_its_use_is_told(panel: Served, boss: Person) -> None:
    key = make(panel, boss, "read")
    by_key(panel, "GET", "/api/v1/table", key)
    told = panel.get("/api/v1/keys", boss)
    assert secret_of(key).encode() not in told.body
    row = next(row for row in told.json["rows"] if key.startswith(row["prefix"]))
    assert row["used_at"]
    assert row["made_by"] == "boss"


def test_keys_go_with_the_person_who_made_them(panel: Served, boss: Person) -> None:
    leaver = panel.person("leaver")
    key = make(panel, leaver, "read")
    assert panel.post("/api/v1/users/leaver", {}, boss, method="DELETE").json["revoked_keys"] == 1
    assert by_key(panel, "GET", "/api/v1/table", key).code == "bad_key"


def test_keys_of_somebody_who_may_act_no_more_are_revoked(panel: Served, boss: Person) -> None:
    panel.person("mover")
    mover = panel.login("mover")
    key = make(panel, panel.of(mover), "signals")
    assert panel.post("/api/v1/users/mover", {"role": "viewer"}, boss, method="PATCH").status == 200
    assert by_key(panel, "POST", "/api/v1/signals", key).code == "bad_key"


@pytest.mark.parametrize(
    "scopes", [[], ["admin"], ["read", "admin"], "read", ["READ"], [None], ["read", "read", "read"]]
)
def test_there_are_no_other_scopes(panel: Served, boss: Person, scopes: object) -> None:
    assert panel.post("/api/v1/keys", {"name": "x", "scopes": scopes}, boss).status == 422


def test_a_route_whose_author_forgot_to_ask_is_still_closed(panel: Served, boss: Person) -> None:
    assert panel.post("/api/v1/actions/forgotten", {}).code == "not_signed_in"
    assert panel.get("/api/v1/forgotten").code == "not_signed_in"
    assert by_key(panel, "GET", "/api/v1/forgotten", make(panel, boss, "signals")).code == "scope"
    guest = panel.person("guest", role="viewer")
    assert panel.post("/api/v1/actions/forgotten", {}, guest).code == "operators_only"


def test_what_measures_the_panel_on_this_machine_needs_no_key(panel: Served) -> None:
    assert panel.get("/metrics").status == 200


def test_the_body_of_a_signal_is_bounded_and_may_be_any_text(panel: Served, boss: Person) -> None:
    key = make(panel, boss, "signals")
    headers = {"Authorization": f"Bearer {key}"}
    for kind in ("text/plain", "text/plain; charset=utf-8", "application/json", None):
        assert panel.ask("POST", "/api/v1/signals", headers, b"\xff{", kind=kind).json["bytes"] == 2
    assert panel.ask("POST", "/api/v1/signals", headers, b"a" * 65_537, kind="text/plain").code == "too_large"


def test_keys_are_kept_hashed(panel: Served, boss: Person) -> None:
    key = make(panel, boss, "read")
    folder: Path = panel.entrance.database.path.parent
    for path in folder.glob("panel.sqlite*"):
        assert secret_of(key).encode() not in path.read_bytes()
