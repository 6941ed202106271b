"""The xtquant host with the genuine native modules, where no terminal runs."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HOST = Path(__file__).resolve().parents[2] / "src" / "qmt_trading" / "hosts" / "xtquant_host.py"
ACCOUNT = "11031122"
PATIENCE_S = 60.0


class Child:
    """A host process whose lines are kept in order."""

    def __init__(self, terminal: Path) -> None:
        command = [sys.executable, str(HOST), "--terminal", str(terminal)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self.errors = b""
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_errors, daemon=True).start()

    def begin(self) -> dict[str, Any]:
        hello = self.wait("hello")
        accounts = [{"account": ACCOUNT, "type": "STOCK"}]
        self.send(t="welcome", link=1, sid="s", ep=1, replay_from=1, accounts=accounts)
        return hello

    def send(self, **keys: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(keys).encode() + b"\n")

    def wait(self, kind: str) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE_S
        while True:
            line = self._lines.get(timeout=max(until - time.monotonic(), 0.01))
            if line["t"] == kind:
                return line

    def _read(self) -> None:
        assert self.process.stdout is not None
        rest = b""
        while received := self.process.stdout.read(65536):
            assert b"\r" not in received
            *lines, rest = (rest + received).split(b"\n")
            for line in lines:
                self._lines.put(json.loads(line))

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        while received := self.process.stderr.read(65536):
            self.errors += received


@pytest.fixture
def terminal(tmp_path: Path) -> Path:
    """Make a folder that looks like a terminal's; nothing runs behind it."""
    folder = tmp_path / "国金QMT交易端" / "userdata_mini"
    folder.mkdir(parents=True)
    (folder / "up_queue_xtquant").write_bytes(b"")
    return folder


@pytest.fixture
def children() -> Iterator[list[Child]]:
    made: list[Child] = []
    yield made
    for child in made:
        child.process.kill()
        child.process.wait()
        for stream in (child.process.stdin, child.process.stdout, child.process.stderr):
            assert stream is not None
            stream.close()


def start(children: list[Child], terminal: Path) -> Child:
    children.append(Child(terminal))
    return children[-1]


def test_a_terminal_that_does_not_run_is_told_in_chinese_and_nothing_is_taken(
    terminal: Path, children: list[Child]
) -> None:
    host = start(children, terminal)
    hello = host.begin()
    assert hello["facts"]["xtquant"].startswith("xtquant_")
    assert hello["facts"]["terminal"] == str(terminal)
    begun = time.monotonic()
    trouble = host.wait("trouble")
    assert trouble["code"] == "not_started", trouble
    assert "极简模式" in trouble["text"]
    assert str(terminal) in trouble["text"]
    assert time.monotonic() - begun < PATIENCE_S
    assert host.wait("account")["state"] == "down"
    host.send(t="arm", level="trade")
    assert host.wait("armed")["level"] == "trade"
    order = {
        "account": ACCOUNT,
        "symbol": "600000.SH",
        "side": "buy",
        "kind": "limit",
        "price": "10.00",
        "quantity": 100,
    }
    beat = host.wait("beat")
    host.send(t="submit", coid="a-1", remark="a-1", ttl=20_000_000, ref=beat["hm"], el=0, **order)
    stage = host.wait("stage")
    assert (stage["st"], stage["why"]) == ("refused", "not_ready")
    host.send(t="list", q="q", account=ACCOUNT)
    listed = host.wait("listed")
    assert (listed["complete"], listed["alive"]) == (False, False)
    host.send(t="watch", symbols=["600000.SH"], markets=[], every=3000)
    assert "xtquant" in host.wait("trouble")["text"]
    assert host.wait("feed")["state"] == "down"
    host.send(t="bye", why="done")
    assert host.process.wait(PATIENCE_S) == 0
    assert [path.name for path in terminal.parent.iterdir()] == ["userdata_mini"]
    assert not [path.name for path in terminal.iterdir() if "test" in path.name]


def test_a_folder_that_does_not_exist_is_not_made(tmp_path: Path, children: list[Child]) -> None:
    terminal = tmp_path / "nowhere" / "userdata_mini"
    host = start(children, terminal)
    host.begin()
    trouble = host.wait("trouble")
    assert (trouble["code"], trouble["fatal"]) == ("no_folder", True)
    assert host.process.wait(PATIENCE_S) == 3
    assert not terminal.parent.exists()


def test_a_host_that_is_killed_is_started_again(terminal: Path, children: list[Child]) -> None:
    first = start(children, terminal)
    boot = first.begin()["boot"]
    first.wait("beat")
    first.process.kill()
    first.process.wait(PATIENCE_S)
    second = start(children, terminal)
    assert second.begin()["boot"] != boot
    assert second.wait("trouble")["code"] == "not_started"


def test_a_host_whose_input_ends_stops(terminal: Path, children: list[Child]) -> None:
    host = start(children, terminal)
    host.begin()
    host.wait("beat")
    assert host.process.stdin is not None
    host.process.stdin.close()
    assert host.process.wait(PATIENCE_S) == 0
