"""The stream: hello, frames in order, signs of life, and an end for whoever freezes or talks nonsense."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from qmt_trading.codec import control as wire
from qmt_trading.model import events as ev
from qmt_trading.panel import hub
from qmt_trading.panel.deltas import Delta, Key, Row, row_of
from qmt_trading.panel.following_quotes import FOLLOWED_MAX
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench
from tests.panel_bench import LONG_S, Client, PanelBench, until


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def panel(tmp_path: Path, bench: Bench) -> PanelBench:
    return PanelBench(tmp_path, bench.engine.view())


@pytest.fixture
def client(panel: PanelBench) -> Iterator[Client]:
    with panel.client() as made:
        panel.settle()
        yield made


def opened(client: Client) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{client.port}/api/v1/stream", compression=None)


def heard(line: ClientConnection, *kinds: str) -> dict[str, Any]:
    """Return the next message of one of ``kinds``."""
    while True:
        message: dict[str, Any] = json.loads(line.recv(timeout=LONG_S))
        if message["k"] in kinds:
            return message


def test_a_browser_hears_hello_and_then_what_is_new(panel: PanelBench, bench: Bench, client: Client) -> None:
    with opened(client) as line:
        assert heard(line, "hello")["version"] == "test"
        name = bench.buy()
        panel.followed.view = bench.engine.view()
        told = heard(line, "delta")
        while "orders" not in told:
            told = heard(line, "delta")
        assert [row["client_order_id"] for row in told["orders"]] == [name]
        bench.feed(ev.HaltRequested("li", "test"))
        panel.followed.view = bench.engine.view()
        then = heard(line, "delta")
        assert then["frame"] == told["frame"] + 1
        while "status" not in then:
            then = heard(line, "delta")
        assert then["status"]["state"] == "HALTED"
    until(lambda: not panel.hub.readers)


def test_where_nothing_happens_there_is_a_sign_of_life(client: Client) -> None:
    with opened(client) as line:
        assert heard(line, "beat")["at"] > 0


def test_who_watches_one_account_hears_of_no_other(panel: PanelBench, bench: Bench, client: Client) -> None:
    with opened(client) as line:
        heard(line, "hello")
        line.send(json.dumps({"k": "watch", "account": OTHER, "symbols": ["000001.SZ"]}))
        until(lambda: "000001.SZ" in panel.hub.followed)
        bench.buy()
        bench.signal(f"buy 600000.SH 100@10.50:{OTHER}")
        panel.followed.view = bench.engine.view()
        told = heard(line, "delta")
        while "orders" not in told:
            told = heard(line, "delta")
        assert {row["account"] for row in told["orders"]} == {OTHER}
        assert ACCOUNT not in json.dumps(told["orders"])


def test_nobody_pushes_out_what_is_held_and_who_has_no_room_is_told_and_told_again(
    panel: PanelBench, client: Client
) -> None:
    panel.engine.answers[wire.Read] = panel.engine.answers[wire.Quotes] = lambda _: []
    panel.engine.runs = True
    with opened(client) as first, opened(client) as second, opened(client) as third:
        for number, line in enumerate((first, second, third)):
            heard(line, "hello")
            watched = [f"{code:06d}.BJ" for code in range(number * 200, number * 200 + 200)]
            line.send(json.dumps({"k": "watch", "symbols": watched}))
        left_out = [heard(line, "unfollowed")["symbols"] for line in (first, second, third)]
        assert STOCK in panel.hub.followed
        assert len(panel.hub.followed) == FOLLOWED_MAX
        assert sorted(map(len, left_out)) == [33, 34, 34]
        assert not {symbol for symbols in left_out for symbol in symbols} & set(panel.hub.followed)
        until(lambda: any(len(asked.symbols) == FOLLOWED_MAX for asked in panel.engine.of(wire.Quotes)))
        assert all(STOCK in asked.symbols for asked in panel.engine.of(wire.Quotes))
        third.close()
        assert heard(first, "unfollowed")["symbols"] == []
        assert heard(second, "unfollowed")["symbols"] == []


def drain(line: ClientConnection) -> None:
    while True:
        line.recv(timeout=LONG_S)


@pytest.mark.parametrize("nonsense", ['{"k":"order"}', "x", '{"k":"watch","who":1}', b"\x00\xff", "[" * 20_000])
def test_a_browser_that_talks_nonsense_is_shut_out(panel: PanelBench, client: Client, nonsense: str | bytes) -> None:
    with opened(client) as line:
        heard(line, "hello")
        line.send(nonsense)
        with pytest.raises(ConnectionClosed):
            drain(line)
    until(lambda: not panel.hub.readers)


def test_nobody_listens_without_signing_in(panel: PanelBench, client: Client) -> None:
    panel.caller[0] = None
    with pytest.raises((InvalidStatus, ConnectionClosed)), opened(client) as line:
        line.recv(timeout=LONG_S)
    assert not panel.hub.readers


class Frozen:
    """A browser that shakes hands and then takes nothing any more."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(LONG_S)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(
            b"GET /api/v1/stream HTTP/1.1\r\nHost: panel\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )

    def is_cut(self) -> bool:
        """Take what is there; tell whether the line ends."""
        try:
            while self.socket.recv(1 << 20):
                pass
        except ConnectionError:
            return True
        return True


def test_a_browser_that_takes_no_byte_is_dropped_and_holds_up_nobody(
    panel: PanelBench, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "FROZEN_S", 0.5)
    frozen = Frozen(client.port)
    until(lambda: len(panel.hub.readers) == 1)
    with opened(client) as lively:
        heard(lively, "hello")
        number = 0
        end = time.monotonic() + 2 * LONG_S
        while panel.hub.dropped == 0:
            number += 1
            assert time.monotonic() < end, "it was never dropped"
            rows: dict[Key, Row] = {str(key): row_of({"text": f"{number} " + "x" * 1000}) for key in range(1000)}
            panel.publish(Delta(at_ms=number, keyed={"orders": rows}))
            told = heard(lively, "delta", "gap")
            assert told["k"] == "gap" or told["orders"][0]["text"].startswith(f"{number} ")
        until(lambda: len(panel.hub.readers) == 1)
    assert frozen.is_cut()
    frozen.socket.close()
