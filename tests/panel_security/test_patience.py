"""Connections that say nothing, or never finish a request, do not take the places of others."""

from __future__ import annotations

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
