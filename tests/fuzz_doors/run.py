"""A whole paper engine in a child process, fed with nonsense through its socket and its FIFO."""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from qmt_trading.codec import control as wire
from qmt_trading.link.dial import Connection, DialError, dial
from qmt_trading.run.config import load
from qmt_trading.run.control_door import control_address
from tests.fuzz.mutate import Mutator, load_corpus

ACCOUNT: Final = "QQQQQQQQQQQQQQQQQQQQQQQQQQQQ"
"""A number that no message names by chance; messages for every account (``*``) are left out."""
CONFIG: Final = f"""
mode = "paper"
[session]
always_open = true
[signals]
submits_per_minute_max = 1000000000
[signals.bare]
action = "buy"
size = "1手"
[[doors]]
kind = "unix_socket"
path = "s.sock"
[[doors]]
kind = "fifo"
path = "s.fifo"
[[terminals]]
name = "paper"
kind = "simulated"
[[terminals.accounts]]
account = "{ACCOUNT}"
"""
START_S: Final = 20.0
BATCH: Final = 200
MEMORY_GROWTH_MAX: Final = 16 * 1024 * 1024
SIGNAL_BYTES: Final = 1500
"""What a denied signal may cost in memory until the day ends."""


class Told(NamedTuple):
    """What was seen."""

    messages: int
    receipts: int
    orders: int
    memory_before: int
    memory_after: int
    malformed: int
    signals: int
    """Well-formed ones, denied for their accounts."""


def run(folder: Path, messages: int, seed: int, *, progress: bool = False) -> Told:
    """Send ``messages`` spoiled messages and judge the engine.

    Raises:
        AssertionError: it died, made an order, stopped answering, or grew without end.
    """
    (folder / "qmt.toml").write_text(CONFIG, encoding="utf-8")
    command = [sys.executable, "-m", "qmt_trading.cli.main", "run", "--quiet", "--config", str(folder / "qmt.toml")]
    engine = subprocess.Popen(command)
    try:
        line = _dial(folder / "s.sock", engine)
        rng = Random(seed)
        mutator = Mutator(rng, load_corpus())
        receipts, before = 0, 0
        until = time.monotonic() + START_S
        while not (folder / "s.fifo").exists():
            assert time.monotonic() < until, "the FIFO was not made"
            time.sleep(0.01)
        fifo = os.open(folder / "s.fifo", os.O_WRONLY)
        for first in range(0, messages, BATCH):
            payloads = [_harmless(mutator) for _ in range(BATCH)]
            receipts += _pump(line, b"".join(payload + b"\n" for payload in payloads))
            short = next((payload for payload in payloads if 0 < len(payload) < 4000 and b"\n" not in payload), b"x")
            os.write(fifo, short + b"\n")
            if rng.random() < 0.02:
                line.close()  # A sender that vanishes with half a message on the way.
                line = _dial(folder / "s.sock", engine)
            assert engine.poll() is None, "the engine died"
            if first <= messages // 10:
                before = max(before, _memory(engine.pid))
            if progress and first % 50_000 == 0:
                print(f"{first:,} of {messages:,}", flush=True)
        os.close(fifo)
        line.close()
        with _dial_line(folder / "s.sock") as last:
            receipt = {"status": "busy"}
            while receipt["status"] == "busy":
                last.send(f"buy 600000.SH 100@10.50:{ACCOUNT} #after/1\n".encode())
                receipt = json.loads(last.receive_line(20))
        assert receipt["status"] == "accepted", receipt  # It still works, and this one is the only order.
        after = _memory(engine.pid)
        until = time.monotonic() + 5
        while not (status := _status(folder))["orders"]:  # The view is published a moment after the receipt.
            assert time.monotonic() < until, status
            time.sleep(0.02)
        assert status["orders"] == 1, status
        kept = (
            int(str(status["signals"])) * SIGNAL_BYTES
        )  # Well-formed ones are denied, answered, and kept for the day.
        assert after - before - kept < MEMORY_GROWTH_MAX, (before, after, status)
        engine.terminate()
        assert engine.wait(30) == 0
        return Told(messages, receipts, 0, before, after, int(str(status["malformed"])), int(str(status["signals"])))
    finally:
        if engine.poll() is None:
            engine.kill()
            engine.wait()


def _harmless(mutator: Mutator) -> bytes:
    while True:
        payload = mutator.spoiled()
        if b"*" not in payload and "＊".encode() not in payload and "＊".encode("gbk") not in payload:
            return payload


def _dial(path: Path, engine: subprocess.Popen[bytes]) -> socket.socket:
    if sys.platform == "win32":
        raise AssertionError("Linux only")
    until = time.monotonic() + START_S
    while True:
        made = socket.socket(socket.AF_UNIX)
        try:
            made.connect(os.fspath(path))
            made.setblocking(False)
            return made
        except OSError:
            made.close()
            assert engine.poll() is None, "the engine did not start"
            assert time.monotonic() < until
            time.sleep(0.02)


def _dial_line(path: Path) -> Connection:
    return dial(os.fspath(path), timeout_s=5)


def _pump(line: socket.socket, payload: bytes) -> int:
    """Send everything, reading receipts meanwhile; return how many came."""
    receipts, view = 0, memoryview(payload)
    with selectors.DefaultSelector() as selector:
        selector.register(line, selectors.EVENT_READ | selectors.EVENT_WRITE)
        until = time.monotonic() + 30
        while view:
            assert time.monotonic() < until, "the door takes nothing any more"
            for _, events in selector.select(1.0):
                if events & selectors.EVENT_READ:
                    receipts += line.recv(1 << 18).count(b"\n")
                if events & selectors.EVENT_WRITE:
                    view = view[line.send(view) :]
    return receipts


def _status(folder: Path) -> dict[str, object]:
    address = control_address(load(folder / "qmt.toml").folder)
    try:
        with dial(address) as control:
            control.send(wire.encode_request(wire.Read("status")))
            return wire.decode_answer(control.receive_line(10))[0]
    except DialError as error:
        raise AssertionError("the control door does not answer") from error


def _memory(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
