"""The WebSocket: refused before it opens, and closed when its session ends."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.panel_security.served import Person, Served


def opened(panel: Served, headers: Mapping[str, str], path: str = "/api/v1/stream") -> ClientConnection:
    return connect(
        f"ws://{panel.host}{path}",
        additional_headers={name: value for name, value in headers.items() if name != "Host"},
        open_timeout=30,
        close_timeout=5,
        compression=None,
        proxy=None,
    )


def status(panel: Served, headers: Mapping[str, str], path: str = "/api/v1/stream") -> int:
    """Return the status with which the opening was answered; 101 where it opened."""
    try:
        with opened(panel, headers, path):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


def test_it_opens_for_the_page_alone(panel: Served, boss: Person, guest: Person) -> None:
    for person in (boss, guest):
        with opened(panel, {**person.cookie, "Origin": panel.origin}) as stream:
            assert json.loads(stream.recv(30)) == {"k": "hello"}
    assert status(panel, {"Origin": panel.origin}) == 401
    assert status(panel, {"Cookie": f"{boss.cookie_name}=AAAA", "Origin": panel.origin}) == 401
    assert status(panel, boss.cookie) == 403


@pytest.mark.parametrize("origin", ["http://evil.com", "null", "http://127.0.0.1:1", "https://{host}", "http://{host}/",
                                    "http://{host}.evil.com", "ws://{host}", ""])  # fmt: skip
def test_another_origin_does_not_open_it(panel: Served, boss: Person, origin: str) -> None:
    assert status(panel, {**boss.cookie, "Origin": origin.format(host=panel.host)}) == 403


def test_another_name_does_not_open_it(panel: Served, boss: Person) -> None:
    answer = panel.ask(
        "GET",
        "/api/v1/stream",
        {**boss.cookie, "Origin": panel.origin, "Connection": "Upgrade", "Upgrade": "websocket",
         "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version": "13"},
        host=f"evil.com:{panel.port}",
    )  # fmt: skip
    assert answer.status == 421
    assert answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["/", "/ws", "/api/v1/users", "/api/v1/stream/", "/api/v1/../v1/stream", "//api/v1/stream"]
)
def test_no_other_path_opens(panel: Served, boss: Person, path: str) -> None:
    assert status(panel, {**boss.cookie, "Origin": panel.origin}, path) in {400, 404}


def test_a_key_does_not_open_it(panel: Served, boss: Person) -> None:
    key = panel.post("/api/v1/keys", {"name": "r", "scopes": ["read"]}, boss).json["key"]
    assert status(panel, {"Authorization": f"Bearer {key}", "Origin": panel.origin}) == 401


def test_it_is_no_way_around_get(panel: Served, boss: Person) -> None:
    assert panel.get("/api/v1/stream", boss).status == 404


def test_a_large_message_closes_it(panel: Served, boss: Person) -> None:
    with opened(panel, {**boss.cookie, "Origin": panel.origin}) as stream:
        stream.recv(30)
        stream.send("a" * 60_000)
        assert len(stream.recv(30)) == 60_000
        stream.send("a" * 70_000)
        with pytest.raises(ConnectionClosed):
            stream.recv(30)
    assert panel.get("/").status == 200


def closed_with(stream: ClientConnection) -> int:
    """Return the code with which the stream closes; it is spoken to meanwhile, as the page's data is."""
    until = time.monotonic() + 30
    try:
        while time.monotonic() < until:
            stream.send("still there?")
            stream.recv(30)
            time.sleep(0.05)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else 0
    raise AssertionError("it stayed open")


@pytest.mark.parametrize("end", ["logout", "revoke", "password", "remove", "idle", "total"])
def test_it_closes_when_its_session_ends(fresh: Served, end: str) -> None:
    owner, other = fresh.person("owner"), fresh.person("other")
    second = fresh.of(fresh.login("other"))
    with opened(fresh, {**other.cookie, "Origin": fresh.origin}) as stream:
        stream.recv(30)
        stream.send("a")
        assert stream.recv(30) == "a"
        match end:
            case "logout":
                assert fresh.post("/api/v1/logout", {}, other).status == 200
            case "revoke":
                row = next(row for row in fresh.get("/api/v1/sessions", other).json["rows"] if row["this"])
                assert fresh.post(f"/api/v1/sessions/{row['id']}", {}, owner, method="DELETE").status == 200
            case "password":
                body = {"old": "correct-horse-9", "new": "another-horse-7"}
                assert fresh.post("/api/v1/password", body, second).status == 200
            case "remove":
                assert fresh.post("/api/v1/users/other", {}, owner, method="DELETE").status == 200
            case "idle":
                fresh.clock.forward(30 * 60 + 1)
            case _:
                fresh.clock.forward(12 * 3_600 + 1)
        assert closed_with(stream) == 4401
