"""The host that dials: proof of identity, lines sent again, commands never."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.conftest import QUICK
from tests.terminal.counter import ACCOUNT, Counter
from tests.terminal.host_end import PATIENCE_S, HostEnd

SECRET = "a secret of the test"
Line = dict[str, Any]


class Engine:
    """Listens for one host and speaks with it, line by line."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.hello: Line = {}
        self._socket: socket.socket | None = None
        self._rest = b""

    def close(self) -> None:
        self.hang_up()
        self.listener.close()

    def hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._rest = b""

    def accept(self) -> Line:
        """Take the host's next connection and return its hello."""
        self.hang_up()
        self.listener.settimeout(25)
        self._socket, _ = self.listener.accept()
        self._socket.settimeout(25)
        self.hello = self.read()
        return self.hello

    def prove(self, secret: str = SECRET) -> Line:
        """Challenge the host and return what it answers."""
        nonce = "ab" * 16
        text = "E\n" + self.hello["nonce"] + "\n" + nonce + "\n" + self.hello["boot"]
        mac = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        self.send(t="challenge", nonce=nonce, mac=mac)
        return self.read()

    def welcome(self, replay_from: int, *, epoch: int = 1) -> None:
        accounts = [{"account": ACCOUNT, "type": "STOCK"}]
        self.send(t="welcome", link=1, sid=f"s{epoch}", ep=epoch, replay_from=replay_from, accounts=accounts)

    def send(self, **keys: Any) -> None:
        assert self._socket is not None
        self._socket.sendall(json.dumps(keys).encode() + b"\n")

    def read(self) -> Line:
        assert self._socket is not None
        while b"\n" not in self._rest:
            received = self._socket.recv(65536)
            assert received, "the host has hung up"
            self._rest += received
        line, _, self._rest = self._rest.partition(b"\n")
        found: Line = json.loads(line)
        return found

    def wait(self, kind: str, /, **keys: Any) -> Line:
        """Read until there is such a line."""
        until = time.monotonic() + PATIENCE_S
        while True:
            assert time.monotonic() < until, f"no {kind} with {keys}"
            line = self.read()
            if line["t"] == kind and keys.items() <= line.items():
                return line

    def until(self, kind: str, /, **keys: Any) -> list[Line]:
        """Return the numbered lines up to such a line."""
        lines: list[Line] = []
        until = time.monotonic() + PATIENCE_S
        while True:
            assert time.monotonic() < until, f"no {kind} with {keys} but {lines}"
            line = self.read()
            if "n" in line:
                lines.append(line)
            if line["t"] == kind and keys.items() <= line.items():
                return lines

    def submit(self, coid: str, ref: int) -> None:
        order: Line = {"account": ACCOUNT, "symbol": "600000.SH", "side": "buy", "kind": "limit", "price": "10.00"}
        self.send(t="submit", coid=coid, remark=coid, quantity=100, ttl=5_000_000, ref=ref, el=0, **order)


@pytest.fixture
def engine() -> Iterator[Engine]:
    with contextlib.closing(Engine()) as made:
        yield made


@pytest.fixture
def host(
    engine: Engine, terminal: Path, package: Path, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> Iterator[HostEnd]:
    monkeypatch.setenv("QMT_LINK_SECRET", SECRET)
    with HostEnd(
        terminal, package, counter, "--link", f"tcp:127.0.0.1:{engine.port}", waits={**QUICK, "CALL_S": 20.0}
    ) as made:
        yield made


def begin(engine: Engine, replay_from: int = 1, *, epoch: int = 1) -> None:
    engine.accept()
    proof = engine.prove()
    text = "H\n" + engine.hello["nonce"] + "\n" + "ab" * 16 + "\n" + engine.hello["boot"]
    assert proof["mac"] == hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    engine.welcome(replay_from, epoch=epoch)


@pytest.mark.usefixtures("host")
def test_an_engine_that_does_not_know_the_secret_is_told_nothing(engine: Engine, counter: Counter) -> None:
    engine.accept()
    assert engine.prove("another secret") == {"t": "bye", "why": "proof"}
    engine.accept()
    engine.welcome(1)
    assert engine.read()["t"] == "bye"
    assert counter.sessions == []
    begin(engine)
    engine.wait("account", state="ready")


@pytest.mark.usefixtures("host")
def test_an_engine_of_before_or_of_another_version_is_refused(engine: Engine) -> None:
    begin(engine, epoch=7)
    engine.wait("account", state="ready")
    engine.hang_up()
    begin(engine, epoch=6)
    assert engine.wait("bye")["why"] == "old_engine"
    engine.accept()
    engine.prove()
    engine.send(t="welcome", link=2, sid="s", ep=7, replay_from=1, accounts=[])
    assert engine.wait("bye")["why"] == "version"


@pytest.mark.usefixtures("host")
def test_a_lost_connection_is_dialled_again_and_what_was_not_received_comes_again(
    engine: Engine, counter: Counter
) -> None:
    begin(engine)
    assert not engine.hello["resume"]
    engine.wait("account", state="ready")
    engine.send(t="arm", level="trade", k=1)
    engine.submit("a-1", engine.hello["hm"])
    before = [line for line in engine.until("row") if line["n"] >= 3]
    engine.hang_up()
    counter.fill(counter.wait_order("a-1"), 100)
    begin(engine, replay_from=3)
    assert engine.hello["resume"] == {"sid": "s1", "got": 1}
    assert engine.hello["gen"] == 2
    again = engine.until("row", kind="fill")
    assert [line["n"] for line in again] == list(range(3, 3 + len(again)))
    assert again[: len(before)] == before
    assert again[-1]["coid"] == "a-1"
    assert len(counter.asked("orderStock")) == 1


@pytest.mark.usefixtures("host")
def test_a_new_engine_that_wants_nothing_of_before_is_told_the_accounts_anew(engine: Engine) -> None:
    begin(engine)
    assert engine.wait("account", state="ready")["session"] == 1
    engine.hang_up()
    begin(engine, replay_from=0, epoch=2)
    first = engine.until("account")
    assert [(line["t"], line["session"], line["state"]) for line in first] == [("account", 2, "ready")]


@pytest.mark.usefixtures("host")
def test_nothing_that_waited_is_sent_when_the_connection_ends(engine: Engine, counter: Counter) -> None:
    begin(engine)
    engine.wait("account", state="ready")
    engine.send(t="arm", level="trade")
    counter.hang("orderStock")
    for number in range(3):
        engine.submit(f"a-{number}", engine.hello["hm"])
    counter.wait(lambda: counter.asked("orderStock"))
    engine.wait("beat", queued={"submits": 2, "cancels": 0, "lists": 0})
    engine.hang_up()
    begin(engine, replay_from=3)
    stages = [line for line in engine.until("stage", coid="a-2") if line["t"] == "stage" and line["st"] == "refused"]
    assert [(line["coid"], line["why"]) for line in stages] == [("a-1", "disarmed"), ("a-2", "disarmed")]
    assert engine.wait("beat")["armed"] == "none"
    counter.release()
    engine.send(t="outcome", q="1", coid="a-1", fence=True)
    assert engine.wait("outcome")["complete"] is True
    assert [request["m_strOrderRemark"] for request in counter.asked("orderStock")] == ["a-0"]


def test_a_dialling_host_lives_on_without_an_engine_and_after_a_bye(engine: Engine, host: HostEnd) -> None:
    begin(engine)
    engine.wait("account", state="ready")
    engine.send(t="bye", why="restart")
    engine.wait("bye")
    engine.hang_up()
    begin(engine, replay_from=0)
    engine.wait("account", state="ready", session=2)
    assert host.process.poll() is None


@pytest.mark.usefixtures("host")
def test_nothing_that_waited_is_sent_when_the_engine_is_gone(engine: Engine, counter: Counter) -> None:
    begin(engine)
    engine.wait("account", state="ready")
    engine.send(t="arm", level="trade")
    counter.hang("orderStock")
    engine.submit("a-0", engine.hello["hm"])
    engine.submit("a-1", engine.hello["hm"])
    engine.wait("beat", queued={"submits": 1, "cancels": 0, "lists": 0})
    engine.close()
    time.sleep(0.5)
    counter.release()
    counter.wait_order("a-0")
    time.sleep(0.5)
    assert [request["m_strOrderRemark"] for request in counter.asked("orderStock")] == ["a-0"]
