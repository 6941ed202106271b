"""A whole paper engine in a child process, fed with nonsense through its socket and its FIFO, each answer judged."""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from qmt_trading.codec import control as wire
from qmt_trading.intake.framing import StreamFramer
from qmt_trading.link.dial import DialError, dial
from qmt_trading.run.config import load
from qmt_trading.run.control_door import control_address
from tests.fuzz.meaning import Meant, Refused
from tests.fuzz.mutate import Mutator, load_corpus
from tests.fuzz.reference import read

ACCOUNT: Final = "11031122"
"""An account that exists and that many of the messages name: what is well-formed may become an order."""
OTHERS: Final = tuple(f"{ACCOUNT}{number}" for number in range(40))
"""More of them, as the messages' grammar makes them up."""
CONFIG: Final = """
mode = "paper"
[session]
always_open = true
[signals]
submits_per_minute_max = 1000000000
[signals.bare]
action = "buy"
size = "1手"
[limits]
orders_per_second_max = "none"
orders_per_day_max = "none"
messages_per_second_max = "none"
messages_per_day_max = "none"
deviation_max = "none"
working_orders_max = "none"
self_cross = "pass"
[[doors]]
kind = "unix_socket"
path = "s.sock"
[[doors]]
kind = "fifo"
path = "s.fifo"
[[terminals]]
name = "paper"
kind = "simulated"
""" + "".join(f'[[terminals.accounts]]\naccount = "{account}"\ncash = 100000000000\n' for account in (ACCOUNT, *OTHERS))
START_S: Final = 20.0
ANSWER_S: Final = 30.0
BATCH: Final = 200
MEMORY_GROWTH_MAX: Final = 16 * 1024 * 1024
SIGNAL_BYTES: Final = 2500
"""What a signal and its receipt may cost in memory until the day ends."""
ORDER_BYTES: Final = 6000


class Told(NamedTuple):
    """What was seen."""

    messages: int
    receipts: int
    orders: int
    """That the engine made of them; as many as the receipts accepted."""
    memory_before: int
    memory_after: int
    malformed: int
    """Answered so, each where the reference grammar says so, too."""
    signals: int
    """Well-formed ones by the reference grammar, accepted or denied."""


class Expected(NamedTuple):
    """What the answers to some bytes must be."""

    malformed: int
    signals: int


def run(folder: Path, messages: int, seed: int, *, progress: bool = False) -> Told:
    """Send ``messages`` spoiled messages and judge the engine by the reference grammar.

    Raises:
        AssertionError: it died, took nonsense for a signal or a signal for nonsense, made an order that no receipt
            tells of, stopped answering, or grew without end.
    """
    (folder / "qmt.toml").write_text(CONFIG, encoding="utf-8")
    command = [sys.executable, "-m", "qmt_trading.cli.main", "run", "--quiet", "--config", str(folder / "qmt.toml")]
    engine = subprocess.Popen(command)
    try:
        return _feed(folder, engine, messages, seed, progress=progress)
    finally:
        if engine.poll() is None:
            engine.kill()
            engine.wait()


def _feed(folder: Path, engine: subprocess.Popen[bytes], messages: int, seed: int, *, progress: bool) -> Told:
    _dial(folder / "s.sock", engine).close()
    rng = Random(seed)
    mutator = Mutator(rng, load_corpus())
    seen: Counter[str] = Counter()
    unanswered = 0
    before = 0
    until = time.monotonic() + START_S
    while not (folder / "s.fifo").exists():
        assert time.monotonic() < until, "the FIFO was not made"
        time.sleep(0.01)
    fifo = os.open(folder / "s.fifo", os.O_WRONLY)
    for first in range(0, messages, BATCH):
        payloads = [mutator.spoiled() for _ in range(min(BATCH, messages - first))]
        _send_and_judge(folder / "s.sock", engine, b"".join(payload + b"\n" for payload in payloads), seen)
        short = next((payload for payload in payloads if 0 < len(payload) < 4000 and b"\n" not in payload), b"x")
        os.write(fifo, short + b"\n")
        unanswered += _expected([short.rstrip(b"\r")] if short.strip() else [], 0).signals
        if rng.random() < 0.02:
            unanswered += _vanish(folder / "s.sock", engine, rng.choice(payloads))
        assert engine.poll() is None, "the engine died"
        if first <= messages // 10:
            before = max(before, _memory(engine.pid))
        if progress and first % 50_000 == 0:
            print(f"{first:,} of {messages:,}", flush=True)
    os.close(fifo)
    receipt = _last_order(folder / "s.sock")
    assert receipt["status"] == "accepted", receipt  # It still works.
    after = _memory(engine.pid)
    status = _settled(folder, seen["signals"] + unanswered + 1)
    orders = int(str(status["orders"])) - 1
    # What came by the FIFO, or from a sender that vanished, has no receipt here.
    assert seen["orders"] <= orders <= seen["orders"] + 256 * unanswered, (seen, orders, unanswered)
    kept = int(str(status["signals"])) * SIGNAL_BYTES + orders * ORDER_BYTES
    assert after - before - kept < MEMORY_GROWTH_MAX, (before, after, status)
    engine.terminate()
    assert engine.wait(30) == 0
    return Told(messages, seen["receipts"], orders, before, after, seen["malformed"], seen["signals"])


def _expected(messages: list[bytes], broken: int) -> Expected:
    """Return how the reference grammar has ``messages`` answered; ``broken`` more never ended or were too long."""
    readings = [reading for message in messages for reading in read(message)]
    malformed = broken + sum(isinstance(reading, Refused) for reading in readings)
    return Expected(malformed, sum(isinstance(reading, Meant) for reading in readings))


def _send_and_judge(path: Path, engine: subprocess.Popen[bytes], stream: bytes, seen: Counter[str]) -> None:
    """Send ``stream`` on a connection of its own, close that half, and judge the number of answers of each kind."""
    framer = StreamFramer()
    messages = framer.feed(stream)
    expected = _expected(messages, len(framer.truncated) + bool(framer.has_rest()))
    with _dial(path, engine) as line:
        receipts = [json.loads(each) for each in _pump(line, stream, expected.malformed + expected.signals)]
    found: Counter[str] = Counter(receipt["status"] for receipt in receipts)
    assert set(found) <= {"accepted", "denied", "duplicate", "malformed"}, found
    # The engine, too, calls some malformed: bare items and others that do not go together once the door is known.
    malformed = sum(receipt["status"] == "malformed" and "code" in receipt for receipt in receipts)
    signals = len(receipts) - malformed
    assert (malformed, signals) == expected, (found, malformed, expected, stream)
    seen["receipts"] += len(receipts)
    seen["malformed"] += malformed
    seen["signals"] += signals
    seen["orders"] += sum(
        line["status"] == "accepted"
        for receipt in receipts
        if receipt["status"] == "accepted"
        for line in receipt["orders"]
    )


def _vanish(path: Path, engine: subprocess.Popen[bytes], payload: bytes) -> int:
    """Send all but the end of ``payload`` and vanish; return how many signals that must have been."""
    framer = StreamFramer()
    with _dial(path, engine) as line:
        half = payload[: len(payload) // 2][:4000]
        line.sendall(half)
    return _expected(framer.feed(half), 0).signals


def _last_order(path: Path) -> dict[str, object]:
    with dial(os.fspath(path), timeout_s=5) as last:
        while True:
            last.send(f"buy 601398.SH 100@latest:{ACCOUNT} #after/1\n".encode())
            receipt: dict[str, object] = json.loads(last.receive_line(20))
            if receipt["status"] != "busy":
                return receipt


def _settled(folder: Path, signals: int) -> dict[str, object]:
    """Return the status once it tells of so many signals: the view is published a moment after the receipt."""
    until = time.monotonic() + 10
    while int(str((status := _status(folder))["signals"])) != signals:
        assert time.monotonic() < until, (status, signals)
        time.sleep(0.05)
    return status


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


def _pump(line: socket.socket, payload: bytes, answers: int) -> list[bytes]:
    """Send everything, close that half, and return the answers: so many, and what comes at once behind them."""
    received, view = bytearray(), memoryview(payload)
    with selectors.DefaultSelector() as selector:
        selector.register(line, selectors.EVENT_READ | selectors.EVENT_WRITE)
        until = time.monotonic() + ANSWER_S
        while view or received.count(b"\n") < answers:
            assert time.monotonic() < until, (received.count(b"\n"), answers, payload)
            for _, events in selector.select(1.0):
                if events & selectors.EVENT_READ:
                    piece = line.recv(1 << 18)
                    assert piece, ("the door hung up", received.count(b"\n"), answers, payload)
                    received += piece
                if events & selectors.EVENT_WRITE and view:
                    view = view[line.send(view) :]
                    if not view:
                        line.shutdown(socket.SHUT_WR)
                        selector.modify(line, selectors.EVENT_READ)
        if selector.select(0.001):
            received += line.recv(1 << 18)
    return bytes(received).splitlines()


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
