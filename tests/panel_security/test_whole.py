"""The frame and all that stands in it: nothing is open by mistake, and nothing breaks."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed

from tests.panel_security.raw import Bent
from tests.panel_security.schema import Findings
from tests.panel_security.served import Person, Served
from tests.panel_security.test_websocket import opened, status
from tests.panel_security.whole import whole_panel

OPEN_TO_ALL = {
    "/livez", "/readyz", "/healthz", "/api/v1/session", "/api/v1/login", "/api/v1/setup", "/api/v1/setup/link",
}  # fmt: skip
FROM_HERE = {"/metrics"}
OWN = {"/api/v1/logout", "/api/v1/password", "/api/v1/sessions/{id}"}
DOOR = "/api/v1/signals"
SEED = 20261127


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = whole_panel(tmp_path_factory.mktemp("whole"))
    yield served
    served.stop()


@pytest.fixture(scope="module")
def boss(panel: Served) -> Person:
    return panel.person("boss")


@pytest.fixture(scope="module")
def guest(panel: Served) -> Person:
    return panel.person("guest", role="viewer")


@pytest.fixture(scope="module")
def routes(panel: Served, boss: Person) -> list[tuple[str, str]]:
    """Return every method and path that the panel tells of, also what it serves and does not tell."""
    paths = panel.get("/api/v1/openapi.json", boss).json["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def plain(path: str) -> str:
    head, _, tail = path.partition("{")
    return plain(head + "x" + tail.partition("}")[2]) if tail else path


def test_there_are_routes_of_every_kind(routes: list[tuple[str, str]]) -> None:
    paths = {path for _, path in routes}
    assert {"/api/v1/orders", "/api/v1/actions/halt", DOOR, "/api/v1/users", "/api/v1/audit"} <= paths
    assert len(routes) > 40


def test_nothing_is_open_to_strangers(panel: Served, routes: list[tuple[str, str]]) -> None:
    for method, path in routes:
        if path in OPEN_TO_ALL | FROM_HERE:
            continue
        answer = panel.ask(method, plain(path), {"Origin": panel.origin}, None if method == "GET" else "{}")
        assert answer.code in {"not_signed_in", "bad_key"}, (method, path)


def test_a_viewer_sees_and_does_nothing(panel: Served, guest: Person, routes: list[tuple[str, str]]) -> None:
    seen = 0
    for method, path in routes:
        if method == "GET":
            answer = panel.get(plain(path), guest)
            assert answer.status in {200, 403, 404, 422}, (path, answer)
            seen += answer.status == 200
        elif path not in OPEN_TO_ALL | OWN and not path.startswith("/api/v1/totp/"):
            code = panel.post(plain(path), {}, guest, method=method).code
            assert code == ("bad_key" if path == DOOR else "operators_only"), (method, path)
    assert seen > 15


def test_a_key_does_what_it_is_for(panel: Served, boss: Person, routes: list[tuple[str, str]]) -> None:
    def key(scope: str) -> str:
        return str(panel.post("/api/v1/keys", {"name": scope, "scopes": [scope]}, boss).json["key"])

    reads, signals = key("read"), key("signals")
    for method, path in routes:
        for scope, text in (("read", reads), ("signals", signals)):
            told = {"Authorization": f"Bearer {text}"}
            answer = panel.ask(method, plain(path), told, None if method == "GET" else "{}")
            if path in {"/livez", "/readyz", "/healthz", "/api/v1/session"}:
                continue
            if scope == "read" and method == "GET":
                assert answer.status in {200, 401, 404, 422}, (path, answer)
            elif scope == "signals" and (method, path) == ("POST", DOOR):
                assert answer.status in {200, 400}, answer
            else:
                assert answer.status == 403, (method, path, scope, answer)
    assert panel.ask("GET", "/api/v1/orders", {"Authorization": f"Bearer {reads}"}).status == 200


def test_another_origin_acts_on_nothing(panel: Served, boss: Person, routes: list[tuple[str, str]]) -> None:
    for method, path in routes:
        if method != "GET":
            headers = {**boss.headers, "Origin": "http://evil.com"}
            assert panel.ask(method, plain(path), headers, "{}").code == "bad_origin", path
            without = {**boss.cookie, "Origin": panel.origin}
            code = panel.ask(method, plain(path), without, "{}").code
            assert path in OPEN_TO_ALL or code == ("bad_key" if path == DOOR else "bad_csrf"), path


def test_the_stream_is_behind_the_wall(panel: Served, boss: Person) -> None:
    assert status(panel, {"Origin": panel.origin}) == 401
    assert status(panel, {**boss.cookie, "Origin": "http://evil.com"}) == 403
    for text in ("", "{", "[]", "null", '{"k":"watch"}', '{"k":"watch","symbols":[1]}', "a" * 60_000, "[" * 60_000):
        with opened(panel, {**boss.cookie, "Origin": panel.origin}) as stream:
            stream.recv(30)
            with contextlib.suppress(ConnectionClosed):  # What cannot be read ends it, before the second or after.
                stream.send(text)
                stream.send(text.encode())
    assert panel.get("/api/v1/status", boss).status == 200


@pytest.mark.slow
def test_schemathesis_finds_nothing(panel: Served, boss: Person, routes: list[tuple[str, str]]) -> None:
    findings = Findings(panel, boss)
    for operation in findings.operations():
        findings.try_out(operation, rounds=1, seconds=20 / len(routes))
    assert len(findings.sent) == len(routes)
    answers: Counter[int] = sum(findings.sent.values(), start=Counter())
    assert answers.total() > 200
    assert {200, 400, 401, 404, 422} <= answers.keys()


@pytest.mark.slow
def test_bent_requests_find_nothing(panel: Served, boss: Person) -> None:
    bent = Bent(panel, boss, SEED)
    bent.run(2.0)
    assert bent.failures == []
    assert bent.sent > 20
    assert panel.get("/api/v1/users", boss).status == 200
