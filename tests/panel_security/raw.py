"""Bytes that are nearly a request: good ones, bent by luck with a seed."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import time
from typing import Final

from tests.panel_security.served import Person, Served

PIECES: Final = (
    b"\r\n", b"\n", b"\r", b"\0", b" ", b":", b"%00", b"%2e%2e/", b"../", b"\\", b"//", b"?", b"#", b";", b"\xff",
    b"\xe4\xb8", b"Host: evil.com\r\n", b"Origin: null\r\n", b"Content-Length: 0\r\n",
    b"Content-Length: 99999999999999999999\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n", b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
    b"Upgrade: h2c\r\n",
    b"HTTP/1.0", b"HTTP/2.0", b"GET ", b"POST ", b"{", b"}", b"[" * 500, b'"', b"\\ud800", b"1e999",
    b"Authorization: Bearer \r\n", b"Cookie: a\r\n", b"X-HTTP-Method-Override: DELETE\r\n", b"Range: bytes=0-,0-\r\n",
    b"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: evil.com\r\n", b"If-None-Match: *\r\n", b"a" * 3_000,
)  # fmt: skip


class Bent:
    """Sends bent requests and keeps what must never come back."""

    def __init__(self, panel: Served, person: Person, seed: int) -> None:
        self._panel = panel
        self._luck = random.Random(seed)
        self.sent = 0
        self.statuses: dict[int, int] = {}
        self.failures: list[tuple[bytes, bytes]] = []
        head = f"Host: {panel.host}\r\nOrigin: {panel.origin}\r\nCookie: {person.cookie['Cookie']}\r\n"
        head += f"X-CSRF: {person.csrf}\r\nContent-Type: application/json\r\n"
        key = json.dumps({"name": "bent", "scopes": ["read"]})
        login = json.dumps({"user": "boss", "password": "wrong-wrong"})
        upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        upgrade += "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        self._good = [
            f"{line} HTTP/1.1\r\n{head}{more}Content-Length: {len(body)}\r\n\r\n{body}".encode()
            for line, more, body in (
                ("GET /", "", ""),
                ("GET /api/v1/session", "", ""),
                ("GET /api/v1/audit?limit=2&offset=0", "", ""),
                ("POST /api/v1/keys", "", key),
                ("POST /api/v1/login", "", login),
                ("DELETE /api/v1/keys/none", "", ""),
                ("PATCH /api/v1/users/none", "", '{"role":"viewer"}'),
                ("GET /api/v1/stream", upgrade, ""),
            )
        ]

    def run(self, seconds: float) -> None:
        """Send for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            request = self._bend(self._luck.choice(self._good))
            answer = self._send(request)
            self.sent += 1
            status = int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") and answer[9:12].isdigit() else 0
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if status >= 500:
                self.failures.append((request, answer))

    def _bend(self, request: bytes) -> bytes:
        bent = bytearray(request)
        for _ in range(self._luck.randint(1, 4)):
            place = self._luck.randrange(len(bent) + 1)
            match self._luck.randrange(4):
                case 0:
                    bent[place:place] = self._luck.choice(PIECES)
                case 1:
                    del bent[place : place + self._luck.randint(1, 12)]
                case 2:
                    bent[place : place + 1] = bytes([self._luck.randrange(256)])
                case _:
                    line = bent.find(b"\r\n", place) + 2
                    bent[line:line] = self._luck.choice(PIECES)
        return bytes(bent)

    def _send(self, request: bytes) -> bytes:
        answer = b""
        with (
            contextlib.suppress(ConnectionError, TimeoutError),
            socket.create_connection(("127.0.0.1", self._panel.port), 30) as connection,
        ):
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(0.5)
            answer = connection.recv(4_096)
        return answer
