"""No secret is told again: not in the file, the logs, the audit, nor an answer."""

from __future__ import annotations

import logging

import pytest

from tests.panel_security.served import PASSWORD, Person, Served


def test_nothing_secret_is_told_again(fresh: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    link = fresh.link_token
    boss = fresh.of(fresh.post("/api/v1/setup", {"token": link, "user": "boss", "password": PASSWORD}))
    key = fresh.post("/api/v1/keys", {"name": "program", "scopes": ["read"]}, boss).json["key"]
    user_link = fresh.post("/api/v1/users", {"user": "guest", "role": "viewer"}, boss).json["link"]
    totp = fresh.post("/api/v1/totp/begin", {"password": PASSWORD}, boss).json["secret"]
    code = fresh.code(totp)
    fresh.post("/api/v1/totp/confirm", {"code": code}, boss)
    fresh.login("boss", "typed-wrong-password", code)
    fresh.login("typed-password-as-name", "x" * 12)
    fresh.post("/api/v1/password", {"old": "typed-wrong-password", "new": PASSWORD}, boss)
    fresh.ask("GET", "/api/v1/users", {"Authorization": f"Bearer {key}x"})
    token = user_link.partition("token=")[2].partition("&")[0]
    secrets = [PASSWORD, link, key.split("_", 2)[2], token, boss.token, boss.csrf, boss.device]
    typed = ["typed-wrong-password", "typed-password-as-name", code]
    told = fresh.get("/api/v1/audit", boss).body + fresh.get("/api/v1/keys", boss).body
    told += fresh.get("/api/v1/users", boss).body + fresh.get("/api/v1/sessions", boss).body
    for secret in [*secrets, *typed, totp]:
        assert secret.encode() not in told, secret
    files = b"".join(path.read_bytes() for path in fresh.entrance.database.path.parent.rglob("*") if path.is_file())
    for secret in [*secrets, *typed]:
        assert secret.encode() not in files, secret
    lines = "\n".join(record.getMessage() for record in caplog.records)
    for secret in [*secrets, *typed, totp]:
        assert secret not in lines, secret


def test_the_audit_tells_who_did_what_from_where(panel: Served, boss: Person) -> None:
    panel.post("/api/v1/users", {"user": "newcomer", "role": "viewer"}, boss)
    panel.login("boss", "wrong-wrong")
    rows = panel.get("/api/v1/audit?limit=2", boss).json["rows"]
    assert [(row["who"], row["action"], row["outcome"]) for row in rows] == [
        ("panel:boss", "login", "bad_login"),
        ("panel:boss", "user_add", "ok"),
    ]
    assert rows[1]["about"] == {"user": "newcomer", "role": "viewer"}
    assert {row["address"] for row in rows} == {"127.0.0.1"}
    assert rows[0]["at"].endswith("+08:00")


def test_what_was_tried_without_the_right_to_it_is_noted_once_a_minute(fresh: Served) -> None:
    boss, guest = fresh.person("boss"), fresh.person("guest", role="viewer")
    for _ in range(5):
        fresh.post("/api/v1/keys", {"name": "x", "scopes": ["read"]}, guest)
        fresh.ask("GET", "/api/v1/users", {"Authorization": "Bearer typed-secret"})
        fresh.get("/api/v1/users")
    fresh.clock.forward(61)
    fresh.post("/api/v1/keys", {"name": "x", "scopes": ["read"]}, guest)
    told = fresh.get("/api/v1/audit", boss)
    assert b"typed-secret" not in told.body
    refused = [(row["who"], row["outcome"], row["about"]) for row in told.json["rows"] if row["action"] == "refused"]
    tried = ("panel:guest", "operators_only", {"request": "POST /api/v1/keys"})
    assert refused == [tried, ("?", "bad_key", {"request": "GET /api/v1/users"}), tried]


def test_the_audit_is_told_page_by_page(panel: Served, boss: Person) -> None:
    first = panel.get("/api/v1/audit?limit=1", boss).json
    second = panel.get("/api/v1/audit?limit=1&offset=1", boss).json
    assert first["total"] == second["total"] > 1
    assert first["rows"][0]["id"] == second["rows"][0]["id"] + 1
    for query in (
        "limit=0",
        "limit=1001",
        "limit=x",
        "offset=-1",
        "limit=1&limit=x",
        "offset=1e3",
        "limit=9999999999999",
    ):
        assert panel.get(f"/api/v1/audit?{query}", boss).status == 422


def test_no_route_changes_the_audit(panel: Served, boss: Person) -> None:
    for method in ("POST", "PATCH", "DELETE"):
        assert panel.post("/api/v1/audit", {}, boss, method=method).status == 405
        assert panel.post("/api/v1/audit/1", {}, boss, method=method).status in {404, 405}
