"""Browsers without a page, for measuring: one that takes all, a thousand that take all, one that takes nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
import http.client
import json
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

PASSWORD: Final = "correct-horse-9"


class Visitor:
    """Somebody who is signed in at a panel."""

    def __init__(self, address: str, cookie: str, stream: str) -> None:
        self.address, self.cookie, self.stream = address, cookie, stream

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[ClientConnection]:
        """Open the stream."""
        headers = {"Cookie": self.cookie}
        url = f"ws://{self.host}{self.stream}"
        origin: Any = self.address
        async with connect(
            url,
            origin=origin,
            additional_headers=headers,
            compression=None,
            max_size=None,
            max_queue=64,
            open_timeout=60,
        ) as line:
            yield line

    def frozen(self) -> socket.socket:
        """Open the stream and take nothing from it."""
        host, port = self.host.split(":")
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        made.connect((host, int(port)))
        made.sendall(
            f"GET {self.stream} HTTP/1.1\r\nHost: {self.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Origin: {self.address}\r\nCookie: {self.cookie}\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode("ascii")
        )
        return made

    def get(self, path: str) -> tuple[float, bytes]:
        """Return how many milliseconds an answer took, and the answer."""
        begun = time.perf_counter()
        connection = http.client.HTTPConnection(self.host, timeout=60)
        connection.request("GET", path, headers={"Cookie": self.cookie})
        response = connection.getresponse()
        found = response.read()
        took = (time.perf_counter() - begun) * 1000
        connection.close()
        assert response.status == 200, (path, response.status, found[:200])
        return took, found


def post(address: str, path: str, body: object) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    headers = {"Content-Type": "application/json", "Origin": address}
    connection.request("POST", path, json.dumps(body), headers)
    response = connection.getresponse()
    response.read()
    return response


def first_visitor(link: str) -> Visitor:
    """Return the operator that a one-time link of ours makes."""
    address, _, token = link.partition("/#/setup?token=")
    answer = post(address, "/api/v1/setup", {"token": token, "user": "boss", "password": PASSWORD})
    return Visitor(address, _cookie_of(answer), "/api/v1/stream")


def signed_in(address: str, user: str, password: str) -> Visitor:
    """Return somebody whom a panel of ours knows already."""
    answer = post(address, "/api/v1/login", {"user": user, "password": password})
    return Visitor(address, _cookie_of(answer), "/api/v1/stream")


def trial_visitor(address: str) -> Visitor:
    """Return who signs in at the trial."""
    return Visitor(address, _cookie_of(post(address, "/api/login", {"u": "admin", "p": "demo-pass"})), "/ws")


def _cookie_of(answer: http.client.HTTPResponse) -> str:
    assert answer.status == 200, answer.status
    return "; ".join(line.partition(";")[0] for line in answer.headers.get_all("set-cookie") or ())


async def listen(visitor: Visitor, seconds: float) -> dict[str, object]:
    """Take the stream for a while; return frames, bytes, and how old the newest order of a frame was."""
    ages: list[float] = []
    frames = size = 0
    async with visitor.listening() as line:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            text = await line.recv()
            now = time.time()
            frames, size = frames + 1, size + len(text)
            newest = newest_of(json.loads(text))
            if newest:
                ages.append((now - newest) * 1000)
    ages.sort()
    quantiles = (
        {f"p{q}": round(ages[min(len(ages) - 1, len(ages) * q // 100)], 1) for q in (50, 95, 99)} if ages else {}
    )
    return {
        "frames_per_s": round(frames / seconds, 1),
        "kb_per_s": round(size / 1024 / seconds, 1),
        "age_ms": quantiles,
    }


def newest_of(frame: dict[str, Any]) -> float:
    """Return when the newest thing of a frame happened: of ours the newest order's time, of the trial its own stamp."""
    if frame.get("k") == "b":
        return float(frame["t"])
    times = [row["updated_at"] for row in frame.get("orders", ())]
    return max((dt.datetime.fromisoformat(at).timestamp() for at in times), default=0.0)


async def crowd(visitor: Visitor, count: int, seconds: float) -> int:
    """Let ``count`` browsers take the stream for a while; return the frames of all together."""

    async def one(number: int) -> int:
        await asyncio.sleep(number * 0.01)
        frames = 0
        async with visitor.listening() as line:
            end = time.monotonic() + seconds + (count - number) * 0.01
            while time.monotonic() < end:
                await line.recv()
                frames += 1
        return frames

    return sum(await asyncio.gather(*(one(number) for number in range(count))))


def middle(figures: Sequence[float]) -> float:
    return sorted(figures)[len(figures) // 2]
