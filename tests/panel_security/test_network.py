"""Beyond this machine: over TLS, with cookies for TLS alone, and nothing before the second factor."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qmt_trading.panel.entrance import Entrance
from qmt_trading.panel.parts import PanelSettings
from qmt_trading.panel.serve import frame_alone, make_server
from tests.panel_security.served import PASSWORD, SaidParts, Served
from tests.panel_security.test_totp import enrol

HERE = Path(__file__).resolve().parent
CERTIFICATE, KEY = HERE / "certificate.pem", HERE / "certificate_key.pem"


class Network:
    """A panel that other machines would reach, asked over TLS from this one."""

    def __init__(self, folder: Path) -> None:
        settings = PanelSettings(
            folder=folder, host="0.0.0.0", port=0, names=("panel.lan",), certificate=CERTIFICATE, key=KEY
        )
        server, self._listener = make_server(SaidParts(), settings, frame_alone)
        self.port: int = self._listener.getsockname()[1]
        self.host = f"panel.lan:{self.port}"
        entrance = server.config.app.state.entrance  # type: ignore[union-attr]
        assert isinstance(entrance, Entrance)
        self.entrance = entrance
        self._server = server
        self._thread = threading.Thread(target=server.run, kwargs={"sockets": [self._listener]}, daemon=True)
        self._thread.start()
        until = time.monotonic() + 30
        while not server.started:
            assert time.monotonic() < until
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        self._listener.close()

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any, list[str]]:
        context = ssl.create_default_context(cafile=str(CERTIFICATE))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=30, context=context)
        try:
            sent = {"Host": self.host, "Origin": f"https://{self.host}", "Content-Type": "application/json", **headers}
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            response = connection.getresponse()
            content = response.read()
            told = json.loads(content) if "json" in (response.headers.get("content-type") or "") else content
            return response.status, told, response.headers.get_all("set-cookie") or []
        finally:
            connection.close()


@pytest.fixture
def network(tmp_path: Path) -> Iterator[tuple[Network, str, Served]]:
    home = Served(tmp_path)
    secret = enrol(home, home.person("boss"))
    home.stop()
    network = Network(tmp_path)
    yield network, secret, home
    network.stop()


def test_it_is_reached_over_tls_by_its_name_alone(network: tuple[Network, str, Served]) -> None:
    panel, secret, home = network
    assert panel.ask("GET", "/")[0] == 200
    assert panel.ask("GET", "/", Host="evil.com")[0] == 421
    with socket.create_connection(("127.0.0.1", panel.port), 30) as plain:
        plain.sendall(f"GET / HTTP/1.1\r\nHost: {panel.host}\r\n\r\n".encode())
        assert b"HTTP" not in plain.recv(4096)
    login = {"user": "boss", "password": PASSWORD, "code": home.code(secret, steps=1)}
    assert panel.ask("POST", "/api/v1/login", login, Origin=f"http://{panel.host}")[0] == 403
    status, told, cookies = panel.ask("POST", "/api/v1/login", login)
    assert (status, told["totp_needed"]) == (200, False)
    assert cookies[0].startswith("__Host-qmt-")
    assert all("Secure" in line and "HttpOnly" in line and "SameSite=strict" in line for line in cookies)
    cookie = cookies[0].partition(";")[0]
    assert panel.ask("GET", "/api/v1/users", Cookie=cookie)[0] == 200
    remove = {"password": PASSWORD, "code": home.code(secret, steps=2)}
    assert panel.ask("POST", "/api/v1/totp/remove", remove, Cookie=cookie, **{"X-CSRF": told["csrf"]})[0] == 409


def test_whoever_has_no_second_factor_sets_it_up_and_does_nothing_else(network: tuple[Network, str, Served]) -> None:
    panel, _, home = network
    token = panel.entrance.links.make(now_ns=time.time_ns())
    body = {"token": token, "user": "second", "password": PASSWORD}
    status, told, cookies = panel.ask("POST", "/api/v1/setup", body)
    assert (status, told["totp_needed"]) == (200, True)
    headers = {"Cookie": cookies[0].partition(";")[0], "X-CSRF": told["csrf"]}
    for path in ("/api/v1/users", "/api/v1/sessions", "/api/v1/keys", "/api/v1/openapi.json", "/metrics"):
        status, told, _ = panel.ask("GET", path, **headers)
        assert (status, told["error"]["code"]) in {(403, "totp_needed"), (404, "not_found")}
    status, told, _ = panel.ask("POST", "/api/v1/keys", {"name": "x", "scopes": ["read"]}, **headers)
    assert told["error"]["code"] == "totp_needed"
    status, begun, _ = panel.ask("POST", "/api/v1/totp/begin", {"password": PASSWORD}, **headers)
    assert status == 200
    code = home.code(begun["secret"])
    assert panel.ask("POST", "/api/v1/totp/confirm", {"code": code}, **headers)[0] == 200
    assert panel.ask("GET", "/api/v1/users", **headers)[0] == 200
