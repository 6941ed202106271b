"""Another page in the same browser: origin, token, site, and the cookie's own terms."""

from __future__ import annotations

import json

import pytest

from tests.panel_security.served import PASSWORD, Person, Served

WRITE = ("POST", "/api/v1/keys", json.dumps({"name": "a", "scopes": ["read"]}))


@pytest.mark.parametrize("origin", [
    "http://evil.com", "null", "", "http://127.0.0.1:1", "http://127.0.0.1", "https://127.0.0.1:{port}", "http://[::1]",
    "http://127.0.0.1:{port}.evil.com", "http://127.0.0.1:{port}/", "http://127.0.0.1:{port} http://evil.com",
    "HTTP://127.0.0.1:{port}", "http://user@127.0.0.1:{port}", "file://", "chrome-extension://abc", None,
])  # fmt: skip
def test_another_origin_writes_nothing(panel: Served, boss: Person, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin.format(port=panel.port)}
    method, path, body = WRITE
    assert panel.ask(method, path, {**boss.headers, **headers}, body).code == "bad_origin"
    login = json.dumps({"user": "boss", "password": PASSWORD})
    assert panel.ask("POST", "/api/v1/login", headers, login).code == "bad_origin"


@pytest.mark.parametrize(
    "token", [None, "", "x", b"\xe4\xb8", "A" * 43, "{other}", "{cookie}", "{csrf} ", "{csrf}x"], ids=repr
)
def test_a_write_needs_the_pages_own_token(
    panel: Served, boss: Person, guest: Person, token: str | bytes | None
) -> None:
    if isinstance(token, str):
        token = token.format(other=guest.csrf, cookie=boss.token, csrf=boss.csrf)
        if token.strip() == boss.csrf:
            token = f"{token.strip()}="
    headers: dict[str, str | bytes] = {**boss.cookie, "Origin": panel.origin}
    if token is not None:
        headers["X-CSRF"] = token
    method, path, body = WRITE
    assert panel.ask(method, path, headers, body).code == "bad_csrf"


def test_the_right_page_writes(panel: Served, boss: Person) -> None:
    assert panel.post("/api/v1/keys", {"name": "right", "scopes": ["read"]}, boss).status == 201


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_reads_nothing_even_with_the_cookie(panel: Served, boss: Person, site: str) -> None:
    for path in ("/api/v1/users", "/api/v1/session", "/api/v1/openapi.json"):
        assert panel.ask("GET", path, {**boss.headers, "Sec-Fetch-Site": site}).code == "bad_origin"


def test_the_cookie_is_for_this_page_alone(panel: Served) -> None:
    answer = panel.login("boss")
    assert answer.status == 200
    assert len(answer.cookie_lines) == 2
    for line in answer.cookie_lines:
        terms = {term.strip().lower() for term in line.split(";")[1:]}
        assert {"httponly", "samesite=strict", "path=/"} <= terms
        assert not any(term.startswith("domain") for term in terms)
    assert "max-age" not in answer.cookie_lines[0].lower()


@pytest.mark.parametrize("cookie", [
    "{name}=AAAA", "{name}=", "{name}", "{name}={token}x", "sid={token}", "{name}={id}", "{name}={csrf}",
    "{name}={token}; {name}={token}", "{name}=x; {name}={token}",
])  # fmt: skip
def test_no_other_cookie_opens(panel: Served, boss: Person, cookie: str) -> None:
    sessions = panel.get("/api/v1/sessions", boss).json["rows"]
    public_id = next(row["id"] for row in sessions if row["this"])
    told = cookie.format(name=boss.cookie_name, token=boss.token, csrf=boss.csrf, id=public_id)
    assert panel.ask("GET", "/api/v1/users", {"Cookie": told}).code == "not_signed_in"


def test_every_route_of_the_api_needs_somebody(panel: Served, boss: Person) -> None:
    paths = panel.get("/api/v1/openapi.json", boss).json["paths"]
    assert len(paths) > 10
    for path, methods in paths.items():
        for method in methods:
            if path in {"/api/v1/session", "/api/v1/login", "/api/v1/setup", "/api/v1/setup/link"}:
                continue
            plain = path.replace("{name}", "boss").replace("{id}", "x")
            answer = panel.ask(method.upper(), plain, {"Origin": panel.origin}, None if method == "get" else "{}")
            assert answer.code == "not_signed_in", (method, path)


def test_a_viewer_changes_nothing(panel: Served, boss: Person, guest: Person) -> None:
    paths = panel.get("/api/v1/openapi.json", boss).json["paths"]
    own = {"/api/v1/logout", "/api/v1/login", "/api/v1/setup", "/api/v1/password", "/api/v1/sessions/{id}"}
    own |= {"/api/v1/setup/link"}
    tried = 0
    for path, methods in paths.items():
        for method in set(methods) - {"get"}:
            if path in own or path.startswith("/api/v1/totp/"):
                continue
            tried += 1
            plain = path.replace("{name}", "boss").replace("{id}", "x")
            assert panel.post(plain, {}, guest, method=method.upper()).code == "operators_only", (method, path)
    assert tried >= 5
    for path in ("/api/v1/users", "/api/v1/keys", "/api/v1/audit"):
        assert panel.get(path, guest).code == "operators_only"
