"""Connections that say nothing, or never finish a request, do not take the places of others."""

from __future__ import annotations

import http.client
import socket
import time

import pytest

from qmt_trading.panel import patience, requests
from tests.panel_security.served import Served


def closed_after_s(connection: socket.socket) -> float:
    begun = time.monotonic()
    connection.settimeout(30)
    try:
        while connection.recv(4_096):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - begun


def answered(connection: socket.socket, request: bytes) -> int:
    """Send ``request`` over a connection that stays open, and return the status when all of the answer is here."""
    connection.sendall(request)
    response = http.client.HTTPResponse(connection)
    response.begin()
    response.read()
    return response.status


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-"])
def test_a_request_that_does_not_come_is_not_waited_for(
    fresh: Served, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(patience, "HEAD_S", 0.3)
    with socket.create_connection(("127.0.0.1", fresh.port), 30) as connection:
        connection.sendall(said)
        assert closed_after_s(connection) < 20
    assert fresh.get("/").status == 200


def test_one_that_comes_byte_by_byte_is_not_waited_for(fresh: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEAD_S", 0.4)
    with socket.create_connection(("127.0.0.1", fresh.port), 30) as connection:
        until, is_open = time.monotonic() + 20, True
        while is_open and time.monotonic() < until:
            time.sleep(0.05)
            try:
                connection.sendall(b"G")
            except OSError:
                is_open = False
        assert not is_open


def test_a_second_request_on_a_connection_is_watched_like_the_first(
    fresh: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "HEAD_S", 0.3)
    whole = f"GET /api/v1/session HTTP/1.1\r\nHost: {fresh.host}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", fresh.port), 30) as connection:
        connection.sendall(whole)
        assert b"200" in connection.recv(4_096)
        connection.sendall(whole[:20])
        assert closed_after_s(connection) < 20


def test_a_body_that_does_not_come_is_told_so(fresh: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "BODY_WAIT_S", 0.3)
    head = (
        f"POST /api/v1/login HTTP/1.1\r\nHost: {fresh.host}\r\nOrigin: {fresh.origin}\r\n"
        "Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
    )
    with socket.create_connection(("127.0.0.1", fresh.port), 30) as connection:
        connection.sendall(head.encode())
        assert b" 408 " in connection.recv(4_096)


def test_many_silent_connections_leave_room(fresh: Served) -> None:
    silent = [socket.create_connection(("127.0.0.1", fresh.port), 30) for _ in range(300)]
    try:
        assert fresh.get("/").status == 200
    finally:
        for connection in silent:
            connection.close()
    assert fresh.get("/").status == 200


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"whole"])
def test_strangers_take_no_places_of_those_who_are_known(
    fresh: Served, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(patience, "STRANGERS_MAX", 20)
    if said == b"whole":  # A request that is answered, and a connection that is kept.
        said = f"GET /api/v1/session HTTP/1.1\r\nHost: {fresh.host}\r\n\r\n".encode()
    boss = fresh.person("boss")
    with socket.create_connection(("127.0.0.1", fresh.port), 30) as known:
        head = "".join(f"{name}: {value}\r\n" for name, value in boss.headers.items())
        request = f"GET /api/v1/session HTTP/1.1\r\nHost: {fresh.host}\r\n{head}\r\n".encode()
        assert answered(known, request) == 200
        strangers = []
        for _ in range(60):
            strangers.append(socket.create_connection(("127.0.0.1", fresh.port), 30))
            strangers[-1].sendall(said)
        assert closed_after_s(strangers[0]) < patience.HEAD_S / 2, "the oldest is shown out at once"
        assert answered(known, request) == 200, "who is known stays"
        for each in strangers:
            each.close()


def test_bodies_that_are_held_at_one_time_have_a_bound_and_a_stop_is_never_refused_for_it(
    fresh: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = fresh.person("boss")
    room = fresh.wall._room = requests.Room(200_000)
    head = "".join(f"{name}: {value}\r\n" for name, value in boss.headers.items())
    held = []
    codes = []
    for _ in range(6):
        connection = socket.create_connection(("127.0.0.1", fresh.port), 30)
        connection.sendall(
            f"POST /api/v1/password HTTP/1.1\r\nHost: {fresh.host}\r\nOrigin: {fresh.origin}\r\n{head}"
            "Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n".encode()
            + b"a" * 100
        )
        held.append(connection)
    time.sleep(0.5)
    for connection in held[3:]:
        connection.settimeout(30)
        codes.append(connection.recv(4_096)[:13])
    assert codes == [b"HTTP/1.1 503 "] * 3
    assert fresh.ask("POST", "/api/v1/logout", {**boss.headers, "Origin": fresh.origin}, b"{}").status == 200
    for connection in held:
        connection.close()
    until = time.monotonic() + 20
    while room.left < 200_000:
        assert time.monotonic() < until, "the room is given back"
        time.sleep(0.05)
