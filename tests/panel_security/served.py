"""A panel that really listens, and a client that may send what no browser would."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyotp
from fastapi import APIRouter, WebSocket
from msgspec import Struct

from qmt_trading.panel.callers import Role
from qmt_trading.panel.entrance import Entrance
from qmt_trading.panel.links import Links
from qmt_trading.panel.parts import PanelSettings
from qmt_trading.panel.passwords import Passwords
from qmt_trading.panel.sections import Section
from qmt_trading.panel.serve import make_server
from qmt_trading.panel.wall import Wall

PASSWORD: Final = "correct-horse-9"
SECOND_NS: Final = 1_000_000_000


class SaidParts:
    """Keeps what was told to the console."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def announce(self, text: str, text_en: str, link: str = "") -> None:
        self.said.append("\n".join(filter(None, (f"{text} / {text_en}", link))))


class Clock:
    """The wall clock, and as much more as a test says."""

    def __init__(self) -> None:
        self.ahead_ns = 0

    def __call__(self) -> int:
        return time.time_ns() + self.ahead_ns

    def forward(self, seconds: float) -> None:
        self.ahead_ns += int(seconds * SECOND_NS)


class Answer(Struct, frozen=True):
    """What came back."""

    status: int
    headers: dict[str, str]
    cookies: dict[str, str]
    body: bytes
    cookie_lines: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        code = self.json["error"]["code"]
        assert isinstance(code, str)
        return code


class Served:
    """One panel over a data folder."""

    def __init__(
        self, folder: Path, *, sections: Sequence[Section] | None = None, settings: PanelSettings | None = None
    ) -> None:
        """Serve ``sections`` in the frame; where none are told, a stream that gives back what it hears."""
        self.parts, self.clock = SaidParts(), Clock()
        asked = settings or PanelSettings(folder=folder, port=0)
        served = [echo_section()] if sections is None else sections
        self._server, self._listener = make_server(self.parts, asked, lambda *_: served, now_ns=self.clock)
        self.port: int = self._listener.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.origin = f"http://{self.host}"
        app = self._server.config.app
        entrance = app.state.entrance  # type: ignore[union-attr]
        self.wall: Wall = app._wall  # type: ignore[union-attr]
        assert isinstance(entrance, Entrance)
        self.entrance = entrance
        entrance.passwords = Passwords(passes=1, memory_kib=64)  # What costs an attacker much costs a test nothing.
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True)
        self._thread.start()
        until = time.monotonic() + 30
        while not self._server.started:
            assert time.monotonic() < until, "the panel did not start"
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()
        self._listener.close()

    @property
    def link_token(self) -> str:
        """Return the token of the one-time link that the console was told."""
        line = next(line for line in self.parts.said if "token=" in line)
        return line.rpartition("token=")[2].partition("&")[0].split()[0]

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str | bytes] | Sequence[tuple[str, str | bytes]] = (),
        body: bytes | str | None = None,
        *,
        host: str | None = None,
        kind: str | None = "application/json",
    ) -> Answer:
        """Send one request as it is written; ``host`` empty sends an empty one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", self.host if host is None else host)
            pairs = headers.items() if isinstance(headers, Mapping) else headers
            for name, value in pairs:
                connection.putheader(name, value)
            content = body.encode("utf-8") if isinstance(body, str) else body
            if content is not None:
                connection.putheader("Content-Length", str(len(content)))
                if kind is not None:
                    connection.putheader("Content-Type", kind)
            connection.endheaders(content)
            response = connection.getresponse()
            lines = tuple(response.headers.get_all("set-cookie") or ())
            cookies = {name: value for line in lines for name, _, value in [line.partition(";")[0].partition("=")]}
            answer_headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, answer_headers, cookies, response.read(), lines)
        finally:
            connection.close()

    def post(self, path: str, body: object, person: Person | None = None, *, method: str = "POST") -> Answer:
        """Send a write as the page does."""
        headers = {"Origin": self.origin, **(person.headers if person is not None else {})}
        return self.ask(method, path, headers, json.dumps(body))

    def get(self, path: str, person: Person | None = None) -> Answer:
        return self.ask("GET", path, person.headers if person is not None else {})

    def person(self, user: str, *, role: str = "operator", password: str = PASSWORD) -> Person:
        """Return somebody new who is signed in, brought in by a link from the console, with ``role``."""
        now_ns = self.clock()
        links: Links = self.entrance.links
        if role == "operator":
            token = links.make(now_ns=now_ns)
        else:
            self.entrance.users.add(user, Role(role), now_ns=now_ns)
            token = links.make(now_ns=now_ns, user=user)
        answer = self.post("/api/v1/setup", {"token": token, "user": user, "password": password})
        assert answer.status == 200, answer.body
        return self.of(answer)

    def of(self, answer: Answer) -> Person:
        """Return the person whom ``answer`` has signed in."""
        told = answer.json
        token = answer.cookies[self.entrance.reach.session_cookie]
        device = answer.cookies.get(self.entrance.reach.device_cookie, "")
        return Person(told["user"], self.entrance.reach.session_cookie, token, told["csrf"], device)

    def login(self, user: str, password: str = PASSWORD, code: str | None = None, *, cookies: str = "") -> Answer:
        body = {"user": user, "password": password} | ({"code": code} if code is not None else {})
        headers = {"Origin": self.origin} | ({"Cookie": cookies} if cookies else {})
        return self.ask("POST", "/api/v1/login", headers, json.dumps(body))

    def code(self, secret: str, *, steps: int = 0) -> str:
        """Return the code that a telephone would show ``steps`` later."""
        return pyotp.TOTP(secret).generate_otp(self.clock() // (30 * SECOND_NS) + steps)


class Person(Struct, frozen=True):
    """Somebody who is signed in, as a browser holds it."""

    user: str
    cookie_name: str
    token: str
    csrf: str
    device: str = ""

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": f"{self.cookie_name}={self.token}"}

    @property
    def headers(self) -> dict[str, str]:
        return {**self.cookie, "X-CSRF": self.csrf}


def echo_section() -> Section:
    """Return the stream, as plain as can be: it says hello, and gives back what it hears."""
    router = APIRouter()

    @router.websocket("/api/v1/stream")
    async def stream(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json({"k": "hello"})
        async for text in socket.iter_text():
            await socket.send_text(text)

    return Section(router=router)
