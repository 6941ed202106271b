"""The senders that people take away: the page shows them as they are, and those that run here get their receipt."""

from __future__ import annotations

import ast
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from qmt_trading.client import Receipt, send
from tests.conftest import ROOT
from tests.running import a_configuration, running

FOLDER = ROOT / "docs" / "senders"
PAGE = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("pipe-trouble.md", "http.md"))
ROAD = (ROOT / "docs" / "cancel-road.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(a_configuration(tmp_path_factory.mktemp("engine"), bare="cancel")) as found:
        yield found


def test_the_page_shows_every_sender_as_it_is() -> None:
    shown = re.findall(r"```(?:python|cpp|csharp|javascript|vb)\n(.*?)```", PAGE, re.DOTALL)
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.iterdir()) if path.is_file()}
    assert sorted(files.values()) == sorted(shown)
    for name in files:
        assert f"`{name}`" in PAGE


def test_the_senders_in_python_are_read_by_an_older_python_and_the_one_for_excel_by_any_code_page() -> None:
    for path in FOLDER.glob("*.py"):
        ast.parse(path.read_bytes(), feature_version=(3, 8))
    assert (FOLDER / "Sender.bas").read_bytes().isascii()


def test_the_python_sender_prints_its_receipt_and_the_same_id_acts_once(address: str) -> None:
    command = [sys.executable, str(FOLDER / "sender.py"), "buy 600000.SH 100@跌停:11031122 #sender/1"]
    environment = {**os.environ, "QMT_ADDRESS": address, "PYTHONUTF8": "1"}
    for status in ("accepted", "duplicate"):
        done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=True)
        assert done.stdout.split() == [status, "11031122", "600000.SH", "accepted"]
    environment["QMT_ADDRESS"] = address + "-nobody"
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert "没有发出" in done.stderr


def test_the_sender_for_node_sends_one_signal_at_a_time(address: str) -> None:
    """Several have several receipts, of which it would read one, or break off after all of them were taken."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Linux or macOS with a Node on the path")
    environment = {**os.environ, "QMT_ADDRESS": address}

    def run(message: str) -> subprocess.CompletedProcess[str]:
        command = [node, str(FOLDER / "sender.js"), message]
        return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)

    done = run("buy 600000.SH 100@跌停:11031122 #node/1")
    assert json.loads(done.stdout)["status"] == "accepted"
    for several in ("buy 600000.SH 100@跌停:11031122 #node/2\n#node/3", "<600000.SH#11031122><600001.SH#11031122>"):
        done = run(several)
        assert (done.returncode, done.stdout) == (1, "")
        assert "nothing was sent" in done.stderr


class Queue:
    """A list as a Redis keeps one."""

    def __init__(self, **_: object) -> None:
        self.waiting: list[bytes] = []

    def rpush(self, name: str, value: str) -> None:
        assert name == "qmt"
        self.waiting.append(value.encode())

    def lindex(self, name: str, index: int) -> bytes | None:
        return self.waiting[index] if self.waiting else None

    def lpop(self, name: str) -> None:
        self.waiting.pop(0)


@pytest.fixture
def joinquant(monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], dict[str, Any]]:
    redis = ModuleType("redis")
    vars(redis)["Redis"] = Queue
    monkeypatch.setitem(sys.modules, "redis", redis)
    strategy, relay = (runpy.run_path(str(FOLDER / f"joinquant_{name}.py")) for name in ("strategy", "relay"))
    return strategy, relay


def test_what_a_joinquant_strategy_ordered_arrives_once(
    joinquant: tuple[dict[str, Any], dict[str, Any]], address: str
) -> None:
    strategy, relay = joinquant
    queue = strategy["QUEUE"]
    ordered = SimpleNamespace(order_id=1603, is_buy=True, security="600000.XSHG", amount=200)
    for order in (ordered, None, ordered):
        strategy["follow"](order)
    assert len(queue.waiting) == 2
    first, second = relay["relay_one"](queue, address), relay["relay_one"](queue, address)
    assert (first.status, second.status, first.id) == ("accepted", "duplicate", "jq/1603")
    assert [(line.symbol, line.side, line.quantity) for line in first.orders] == [("600000.SH", "buy", 200)]
    assert relay["relay_one"](queue, address) is None


def test_the_relay_keeps_what_got_no_receipt_and_lets_go_of_what_cannot_be_sent(
    joinquant: tuple[dict[str, Any], dict[str, Any]], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    strategy, relay = joinquant
    queue = strategy["QUEUE"]
    strategy["follow"](SimpleNamespace(order_id=1, is_buy=False, security="000001.XSHE", amount=100))
    look = relay["relay_one"]
    monkeypatch.setitem(look.__globals__, "send", lambda message, address: send(message, address=address, timeout=0.3))
    assert look(queue, address + "-nobody") is None
    assert len(queue.waiting) == 1
    assert look(queue, address).status in ("accepted", "denied")
    for refused in (
        "two\nlines",
        "two\nlines#second",
        "buy 600000.SH 100@10.50:11031122",
        "",
        '{"action": "buy"}',
        '["#"]',
        '[{"id": "a"}]',
        "<000001.SZ#11031122>",
        "＜000001.SZ#11031122＞",
    ):
        queue.rpush("qmt", refused)  # Without an id nothing is sent: after a lost receipt it would be sent twice.
        assert look(queue, address) is None
        assert queue.waiting == []


def _cancelled(address: str, attempt: int) -> Receipt:
    """Place an order, give the counter a moment, and return the receipt of its cancel."""
    assert send("buy 600000.SH 100@跌停:11031122", address=address, id=f"road/{attempt}").status == "accepted"
    time.sleep(0.05 * attempt)
    return send("600000.SH:11031122,11031123,11031199", address=address)


def test_the_receipt_on_the_page_of_the_cancel_road_is_the_engines(address: str) -> None:
    receipt = _cancelled(address, 0)
    for attempt in range(1, 20):  # A cancel that is faster than the counter's first answer has no number to show yet.
        if len(receipt.cancels) == 3 and receipt.cancels[0].broker_order_id:
            break
        receipt = _cancelled(address, attempt)
    found = [(line.account, line.symbol, line.status, line.reason, line.text) for line in receipt.cancels]
    (block,) = re.findall(r"```json\n(.*?)```", ROAD, re.DOTALL)
    shown = json.loads(block)
    rows = [
        tuple(row.get(key, "") for key in ("account", "symbol", "status", "reason", "text")) for row in shown["cancels"]
    ]
    assert list(dict.fromkeys(found)) == rows
    assert receipt.cancels[0].broker_order_id
    assert receipt.cancels[0].venue_order_id


def test_every_page_that_is_linked_to_is_there() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / Path(target)).exists(), f"{page.name}: {target}"
