"""The senders that people take away for the HTTP door: over a panel that listens, with a key made there."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from qmt_trading.codec.signal import parse
from qmt_trading.model.signal import Signal
from qmt_trading.panel.data_sections import sections_of
from tests.conftest import ROOT
from tests.engine_bench import Bench
from tests.panel_bench import PanelBench
from tests.panel_security.served import Served
from tests.panel_security.whole import whole_panel

FOLDER = ROOT / "docs" / "senders"
MESSAGE = "撤单 600000.SH:11031122 #http/1"
SECRET = "s" * 40


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = whole_panel(tmp_path_factory.mktemp("senders"))
    yield served
    served.stop()


@pytest.fixture(scope="module")
def environment(panel: Served) -> dict[str, str]:
    made = panel.post("/api/v1/keys", {"name": "program", "scopes": ["signals"]}, panel.person("boss"))
    return {**os.environ, "QMT_PANEL": panel.origin, "QMT_KEY": made.json["key"], "PYTHONUTF8": "1"}


def run(environment: dict[str, str], message: str = MESSAGE) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(FOLDER / "http_sender.py"), message]
    return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)


def test_the_sender_prints_its_receipt(environment: dict[str, str]) -> None:
    done = run(environment)
    assert (done.returncode, done.stdout.split()) == (0, ["accepted"])


@pytest.mark.parametrize("is_refused", [False, True])
def test_the_sender_prints_the_receipt_of_every_line(tmp_path: Path, is_refused: bool) -> None:
    """Two orders were taken, or two lines refused: the program prints what became of each and does not break off."""
    bench = PanelBench(tmp_path, Bench().engine.view())
    bench.engine.runs = True
    bench.receipts = [{"status": "malformed", "text": "看不懂"}] * 2
    if not is_refused:
        line = {"account": "11031122", "symbol": "600000.SH", "status": "accepted"}
        bench.receipts = [
            {"status": "accepted", "orders": [line]},
            {"status": "accepted", "orders": [], "cancels": [line]},
        ]
    served = Served(tmp_path, sections=sections_of(bench.parts))
    try:
        bench.settle()
        made = served.post("/api/v1/keys", {"name": "program", "scopes": ["signals"]}, served.person("boss"))
        environment = {**os.environ, "QMT_PANEL": served.origin, "QMT_KEY": made.json["key"], "PYTHONUTF8": "1"}
        done = run(environment, f"{MESSAGE}\n{MESSAGE}2")
    finally:
        served.stop()
    order = ["11031122", "600000.SH", "accepted"]
    expected = ["malformed", "看不懂"] * 2 if is_refused else ["accepted", *order] * 2
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, expected, "")


def test_the_sender_says_that_nothing_was_taken_and_never_the_key(environment: dict[str, str]) -> None:
    strange = run({**environment, "QMT_KEY": "qmt_nobody"})
    assert strange.returncode == 1
    assert "没有收下（401）" in strange.stderr
    nobody = run({**environment, "QMT_PANEL": "http://127.0.0.1:9"})
    assert nobody.returncode == 1
    assert "没有发出" in nobody.stderr
    assert environment["QMT_KEY"] not in strange.stderr + nobody.stderr


def test_each_fill_of_a_goldminer_strategy_is_followed_once(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The figures of gm.api 3.0: ExecType_Trade 15, OrderSide_Buy 1; symbols SHSE.600000."""
    for name in ("QMT_PANEL", "QMT_KEY"):
        monkeypatch.setenv(name, environment[name])
    api = ModuleType("gm.api")
    vars(api).update(ExecType_Trade=15, OrderSide_Buy=1)
    sent: list[dict[str, Any]] = []
    sender = ModuleType("http_sender")
    vars(sender)["post"] = sent.append
    for name, module in (("gm", ModuleType("gm")), ("gm.api", api), ("http_sender", sender)):
        monkeypatch.setitem(sys.modules, name, module)
    follow = runpy.run_path(str(FOLDER / "goldminer_strategy.py"))["on_execution_report"]
    fill = SimpleNamespace(exec_type=15, exec_id="7-1", symbol="SZSE.000001", side=2, volume=300)
    follow(None, SimpleNamespace(exec_type=5, exec_id="7-0"))
    follow(None, fill)
    assert [(each["id"], each["action"], each["symbol"], each["quantity"]) for each in sent] == [
        ("gm/7-1", "sell", "000001.SZ", 300)
    ]
    post = runpy.run_path(str(FOLDER / "http_sender.py"))["post"]
    assert post(sent[0])["status"] == "accepted"

    def lost(message: object) -> None:
        sent.append({"again": message})
        raise RuntimeError("可能已收到")

    sent.clear()
    follow.__globals__["post"] = lost
    follow(None, fill)
    assert [each["again"]["id"] for each in sent] == ["gm/7-1", "gm/7-1"]
    assert "可能已收到" in capsys.readouterr().out


class Queue:
    """A list as a Redis keeps one; ``full`` refuses."""

    full = False

    def __init__(self, **_: object) -> None:
        self.waiting: list[str] = []

    def rpush(self, name: str, value: str) -> None:
        assert name == "qmt"
        if self.full:
            raise OSError("full")
        self.waiting.append(value)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Queue]]:
    redis = ModuleType("redis")
    vars(redis).update(Redis=Queue, RedisError=OSError)
    monkeypatch.setitem(sys.modules, "redis", redis)
    monkeypatch.setenv("REDIS_PASSWORD", "x")
    monkeypatch.setenv("TV_SECRET", SECRET)
    made = runpy.run_path(str(FOLDER / "tradingview_receiver.py"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), made["Receiver"])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/tv/", made["QUEUE"]
    server.shutdown()
    server.server_close()
    thread.join(20)


ALERT = {"id": "Long Entry 突破", "action": "buy", "symbol": "SSE:600000", "quantity": "200"}


def post(address: str, body: object) -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data=raw), timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_an_alert_of_tradingview_becomes_a_message_that_is_understood(receiver: tuple[str, Queue]) -> None:
    address, queue = receiver
    for minute in (31, 31, 32):
        assert post(address + SECRET, {**ALERT, "at": f"2026-11-24T02:{minute}:00Z"}) == 204
    found = [parse(each.encode())[0] for each in queue.waiting]
    first, again, later = (each for each in found if isinstance(each, Signal))
    assert first.items[0].symbol == "600000.SH"
    assert first.sent_ns == 1_795_487_460 * 10**9
    assert first.id == again.id != later.id


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("", ALERT, 404),
        ("x" * 40, ALERT, 404),
        (SECRET, b"not json", 400),
        (SECRET, {**ALERT, "quantity": "100.5", "at": "2026-11-24T02:31:00Z"}, 400),
        (SECRET, {**ALERT, "quantity": "1e400", "at": "2026-11-24T02:31:00Z"}, 400),
        (SECRET, {**ALERT, "action": "close", "at": "2026-11-24T02:31:00Z"}, 400),
        (SECRET, ALERT, 400),
        (SECRET, [1], 400),
        (SECRET, b"", 413),
        (SECRET, b"x" * 5000, 413),
    ],
)
def test_what_is_no_alert_is_not_queued(receiver: tuple[str, Queue], path: str, body: object, code: int) -> None:
    address, queue = receiver
    assert post(address + path, body) == code
    assert queue.waiting == []


def test_an_alert_that_could_not_be_queued_is_told(receiver: tuple[str, Queue]) -> None:
    address, queue = receiver
    queue.full = True
    assert post(address + SECRET, {**ALERT, "at": "2026-11-24T02:31:00Z"}) == 503
