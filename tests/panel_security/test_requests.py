"""Rebinding, paths, methods, headers and bodies: what is not meant for the panel gets a plain no, and never a 500."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest

from tests.panel_security.served import PASSWORD, Person, Served

READS = ("/", "/index.html", "/api/v1/session", "/api/v1/users", "/assets/index.js", "/metrics", "/api/v1/nothing")


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize(
    "host", ["evil.com", "evil.com:{port}", "127.0.0.1.evil.com:{port}", "", "[::1]", "127.0.0.1", "localhost:1",
             "127.0.0.1:{port}.evil.com", "user@127.0.0.1:{port}", "0.0.0.0:{port}", "127.0.0.1:{port}#",
             "127.1:{port}"],
)  # fmt: skip
def test_another_name_reaches_nothing(panel: Served, boss: Person, path: str, host: str) -> None:
    answer = panel.ask("GET", path, boss.headers, host=host.format(port=panel.port))
    assert answer.status in {400, 421}
    assert boss.csrf.encode() not in answer.body


def test_two_hosts_reach_nothing(panel: Served) -> None:
    assert panel.ask("GET", "/", [("Host", "evil.com")]).status in {400, 421}
    assert panel.ask("GET", "http://evil.com/", {}).status in {400, 421}


def test_a_name_in_other_letters_is_the_same_name(panel: Served) -> None:
    assert panel.ask("GET", "/", host=f"LOCALHOST:{panel.port}").status == 200


@pytest.mark.parametrize("path", [
    "/../serve.py", "/..%2f..%2fserve.py", "/assets/..%5c..%5c..%5cserve.py", "/%2e%2e/%2e%2e/serve.py", "/.%00/",
    "/assets/../../serve.py", "/assets/%2e%2e/%2e%2e/serve.py", "//etc/passwd", "/assets//index.js", "/./index.html",
    "/index.html%00.js", "/%252e%252e/serve.py", "/a\\b", "/a%5cb", "/%2fetc%2fpasswd", "/C:%5cWindows",
    "/%c0%ae%c0%ae/", "/%ff", "/api/v1/../v1/users", "/api/v1//users", "/api//v1/users", "//evil.com/api/v1/users",
    "/api/v1/users%2fboss",
    "/api/v1/users?a=%00", "/%0d%0aSet-Cookie:a", "/" + "a" * 2000, "/?" + "a" * 9000, "/api/v1/%75sers%3f",
    "*", "serve.py", "/panel.sqlite", "/pages/../panel.sqlite", "/API/v1/users", "/api/V1/users", "/api/v1/users/",
])  # fmt: skip
def test_no_path_leads_elsewhere(panel: Served, boss: Person, path: str) -> None:
    for headers in ({}, boss.headers):
        answer = panel.ask("GET", path, headers)
        assert answer.status in {400, 401, 404}, answer
        assert b"import" not in answer.body
        assert b"SQLite" not in answer.body


@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "FOO", "get", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/api/v1/session", "/api/v1/login"])
def test_other_methods_are_refused(panel: Served, boss: Person, method: str, path: str) -> None:
    answer = panel.ask(method, path, {**boss.headers, "Origin": panel.origin}, "{}")
    assert answer.status in {400, 405}
    assert "access-control-allow-origin" not in answer.headers


def test_a_write_by_get_does_nothing(panel: Served, boss: Person) -> None:
    for path in ("/api/v1/logout", "/api/v1/login", "/api/v1/keys/x"):
        assert panel.get(path, boss).status in {404, 405}
    assert panel.get("/api/v1/users", boss).status == 200


def test_too_many_or_too_large_headers_are_refused(panel: Served) -> None:
    assert panel.ask("GET", "/", [(f"X-{number}", "a") for number in range(80)]).status == 431
    assert panel.ask("GET", "/", {"X-Long": "a" * 20_000}).status in {400, 431}
    with contextlib.suppress(ConnectionError):  # Closed on while it was still being written.
        assert panel.ask("GET", "/", {"X-Long": "a" * 200_000}).status in {400, 431}
    assert panel.ask("GET", "/", {"Cookie": "a=b; " * 4_000}).status in {400, 431}


@pytest.mark.parametrize("name", ["Origin", "Cookie", "Authorization", "X-CSRF", "Content-Type"])
def test_a_header_that_is_told_twice_is_refused(panel: Served, boss: Person, name: str) -> None:
    pairs = [*boss.headers.items(), ("Origin", panel.origin), (name, "one"), (name, "two")]
    assert panel.ask("POST", "/api/v1/logout", pairs, "{}").status == 400


@pytest.mark.parametrize("body", [
    "{", "}", "{'user':1}", "NaN", '{"user":NaN}', '{"user":"a","user":"b"}', '{"user":1,}', "{} {}", "Infinity",
    "[" * 8_000, '{"a":' * 1_600, "1" * 5_000, b"\xff\xfe", b"\xef\xbb\xbf{}", b"\x00", '{"user":"a\nb"}',
    b"{\"a\":\"\xe4\xb8\"}",
])  # fmt: skip
@pytest.mark.parametrize("path", ["/api/v1/login", "/api/v1/setup", "/api/v1/setup/link"])
def test_what_is_no_json_is_told_so(panel: Served, body: str | bytes, path: str) -> None:
    answer = panel.ask("POST", path, {"Origin": panel.origin}, body)
    assert (answer.status, answer.code) == (400, "bad_json")


@pytest.mark.parametrize("body", [
    "", "[]", "null", '{"user":1}', '"text"', "12", "true", '{"user":"\\ud800","password":"x"}',
    '{"user":{},"password":[]}',
    '{"user":"a\\u0000","password":"x"}', '{"user":"' + "a" * 8_000 + '","password":"x"}',
    '{"user":1e400,"password":"x"}',
    '{"user":"boss","password":"x","more":1}', '{"user":"boss","password":null}', "{}",
    '{"USER":"boss","password":"x"}',
])  # fmt: skip
@pytest.mark.parametrize("path", ["/api/v1/login", "/api/v1/setup", "/api/v1/setup/link"])
def test_a_bad_body_is_told_so(panel: Served, body: str | bytes, path: str) -> None:
    answer = panel.ask("POST", path, {"Origin": panel.origin}, body)
    assert answer.status in {401, 422}, answer
    assert answer.json["error"]["text"]


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a",
             "application/jsonx", "application/json; charset=utf-16", "application/json-patch+json"],
)  # fmt: skip
def test_a_form_of_another_page_is_no_json(panel: Served, boss: Person, kind: str | None) -> None:
    headers = {**boss.headers, "Origin": panel.origin}
    assert panel.ask("POST", "/api/v1/users", headers, '{"user":"x","role":"viewer"}', kind=kind).status == 415


def test_a_body_ends_at_a_million_bytes_and_a_strangers_earlier(panel: Served, boss: Person) -> None:
    headers = {**boss.headers, "Origin": panel.origin}
    exactly = b'{"old":"' + b"a" * (65_536 - 10) + b'"}'
    assert len(exactly) == 65_536
    assert panel.ask("POST", "/api/v1/password", headers, exactly).status == 422
    assert panel.ask("POST", "/api/v1/password", headers, exactly + b" ").code == "too_large"
    assert panel.ask("POST", "/api/v1/password", headers, exactly * 6).code == "too_large"
    assert panel.ask("POST", "/api/v1/login", {"Origin": panel.origin}, b" " * 9_000).code == "too_large"


def test_a_body_in_pieces_is_bounded_too(panel: Served) -> None:
    head = (
        f"POST /api/v1/login HTTP/1.1\r\nHost: {panel.host}\r\nOrigin: {panel.origin}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", panel.port), 30) as connection:
        connection.sendall(head.encode() + (b"1000\r\n" + b" " * 4096 + b"\r\n") * 4 + b"0\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("raw", [
    b"GET / HTTP/1.1\r\n\r\n", b"GET /\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET  / HTTP/1.1\r\n\r\n", b"\r\n" * 40_000, b"A" * 40_000,
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
])  # fmt: skip
def test_what_is_no_request_gets_no_answer_but_a_refusal(panel: Served, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", panel.port), 30) as connection:
        try:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            first = connection.recv(4096)
        except ConnectionError:
            first = b""
    assert first == b"" or first.split(b" ")[1] in {b"400", b"421", b"431"}, first
    assert panel.get("/").status == 200


def test_a_second_request_in_the_tail_of_a_first_is_judged_by_itself(panel: Served, boss: Person) -> None:
    inner = f"POST /api/v1/logout HTTP/1.1\r\nHost: {panel.host}\r\nContent-Length: 2\r\n\r\n{{}}"
    outer = f"GET / HTTP/1.1\r\nHost: {panel.host}\r\nCookie: {boss.cookie['Cookie']}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", panel.port), 30) as connection:
        connection.sendall((outer + inner).encode())
        told, until = b"", time.monotonic() + 20
        while b"HTTP/1.1 403" not in told and time.monotonic() < until:
            told += connection.recv(65_536)
    assert b"HTTP/1.1 403" in told
    assert panel.get("/api/v1/users", boss).status == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/session", "/api/v1/users", "/nothing", "/..", "/api/v1/openapi.json"])
def test_every_answer_carries_the_headers_of_the_house(panel: Served, path: str) -> None:
    headers = panel.get(path).headers
    policy = headers["content-security-policy"]
    assert "unsafe-eval" not in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] in ({"no-store", "no-cache"} if path == "/" else {"no-store"})
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect", "/api/v1/docs"])
def test_the_frameworks_own_pages_are_off(panel: Served, path: str) -> None:
    assert panel.get(path).status in {401, 404}


def test_the_list_of_routes_is_for_those_who_are_signed_in(panel: Served, boss: Person, guest: Person) -> None:
    assert panel.get("/api/v1/openapi.json").status == 401
    for person in (boss, guest):
        assert "/api/v1/login" in panel.get("/api/v1/openapi.json", person).json["paths"]


def test_an_error_of_validation_never_tells_what_was_sent(panel: Served) -> None:
    answer = panel.ask("POST", "/api/v1/login", {"Origin": panel.origin}, f'{{"user":5,"password":["{PASSWORD}"]}}')
    assert answer.status == 422
    assert PASSWORD.encode() not in answer.body
    assert {found["field"] for found in answer.json["error"]["fields"]} == {"body.user", "body.password"}
