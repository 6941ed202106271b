"""T10: signal to broker call with no panel, and with a panel under every load that a browser can put on it.

``python -m benchmarks.panel_load --folder FOLDER [--tabs 1000] [--rounds 5] [--signals 500] [--orders 5000]``; the
folder must lie on the disk under test. One engine runs throughout. Each round goes through the loads in random order,
each with a panel of its own as ``qmt run`` starts it; what is judged is each load's median against that of the same
round with no panel. REF is measured between the signals: where it rises too, the machine has no core to spare.
"""

from __future__ import annotations

import sys

assert sys.platform != "win32", "measured on Linux"

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Final

from msgspec import Struct

from benchmarks.anchors import connect, percentile, verdict
from benchmarks.latency import receive_line
from benchmarks.panel import Spent
from benchmarks.panel_client import PASSWORD, Visitor, first_visitor, signed_in
from benchmarks.product import Product
from benchmarks.throughput import slice_of
from qmt_trading.run.kept_child import PANEL, command_of
from qmt_trading.run.panel_seat import LAST_WORD

HERE = Path(__file__).resolve().parent
TARGET: Final = 1.3
WARM_UP: Final = 30
PRIMING: Final = 1_000
"""Signals at full speed before each measurement: a frozen browser has more waiting for it than it has room for."""
NONE: Final = "no panel"


class Load(Struct, frozen=True, kw_only=True):
    """What browsers do to one panel."""

    streams: int = 1
    frozen: int = 0
    tables: bool = False
    is_stopped: bool = False
    """The panel itself is frozen by the system, wherever it stands: in the middle of a read, perhaps."""


class Measured(Struct):
    """One load, over all rounds."""

    calls: list[list[int]]
    """By round: nanoseconds from each signal to its broker call."""
    references: list[list[int]]
    panel_percent: list[float]
    engine_percent: list[float]
    megabytes: float = 0.0
    taken: str = ""


class Anchors:
    """The floor's echo and the raw disk."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise SystemExit("a C compiler is needed for the floor")
        subprocess.run([compiler, "-O2", "-o", str(folder / "floor"), str(HERE / "floor.c")], check=True)
        self._process = subprocess.Popen([str(folder / "floor"), str(folder / "floor.sock")])
        self._line = connect(str(folder / "floor.sock"))
        self._raw = os.open(folder / "raw", os.O_CREAT | os.O_RDWR)
        os.write(self._raw, b"\0" * (1 << 20))
        os.fsync(self._raw)
        self._turn = 0

    def take(self) -> int:
        """Return what an echo and a durable write take now."""
        began = time.perf_counter_ns()
        self._line.sendall(b"buy 600000.SH 100@10.50:a01#bench\n")
        receive_line(self._line)
        os.pwrite(self._raw, b"x" * 200, self._turn * 200 % (1 << 20))
        os.fdatasync(self._raw)
        self._turn += 1
        return time.perf_counter_ns() - began

    def close(self) -> None:
        self._line.close()
        self._process.kill()
        self._process.wait()
        os.close(self._raw)


class Panels:
    """Starts panels over one data folder, one after the other, and signs in at each."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self._has_user = False

    @contextlib.contextmanager
    def running(self) -> Iterator[tuple[int, Visitor]]:
        """Run one as the engine's command does: leashed, and behind the engine in priority."""
        child = subprocess.Popen(
            command_of(PANEL, self._config), stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )
        assert child.stdin is not None
        assert child.stderr is not None
        try:
            address = _said(child.stderr, r"http\S+?:\d+\S*" if self._has_user else r"http\S+token=\S+")
            threading.Thread(target=child.stderr.read, daemon=True).start()
            visitor = signed_in(address, "boss", PASSWORD) if self._has_user else first_visitor(address)
            self._has_user = True
            yield child.pid, visitor
        finally:
            child.send_signal(signal.SIGCONT)
            child.stdin.write(LAST_WORD.decode("ascii"))
            child.stdin.close()
            child.wait(30)


def _said(out: IO[str], pattern: str) -> str:
    for line in out:
        if found := re.search(pattern, line):
            return found[0]
    raise SystemExit("the panel ended before it was ready")


@contextlib.contextmanager
def browsers(visitor: Visitor, load: Load, measured: Measured) -> Iterator[None]:
    """Let the browsers of ``load`` look for as long as the context lasts."""
    command = [sys.executable, "-m", "benchmarks.panel_crowd"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    assert child.stdin is not None
    assert child.stdout is not None
    asked = {"address": visitor.address, "cookie": visitor.cookie, "streams": load.streams}
    child.stdin.write(json.dumps({**asked, "frozen": load.frozen, "tables": load.tables}) + "\n")
    child.stdin.flush()
    try:
        if child.stdout.readline() != "ready\n":
            raise SystemExit(f"this machine does not go as far as {load.streams} streams")
        yield
        child.stdin.close()
        measured.taken = child.stdout.readline().strip()
        told = json.loads(measured.taken)
        assert told["streams"] == load.streams, measured.taken
        assert load.is_stopped or told["told"] == load.streams, measured.taken
    finally:
        child.kill()
        child.wait()


def wait_until_shown(visitor: Visitor, orders: int) -> None:
    """Wait until the panel has folded the day."""
    until = time.monotonic() + 120
    while json.loads(visitor.get("/api/v1/orders?limit=1")[1])["total"] < orders:
        assert time.monotonic() < until, "the panel does not show the orders"
        time.sleep(0.1)


class Bench:
    """One engine, its sender, and what was measured."""

    def __init__(self, folder: Path, arguments: argparse.Namespace) -> None:
        self._product = Product(folder / "product", 1, counter=arguments.counter)
        self._panels = Panels(folder / "product" / "qmt.toml")
        self._anchors = Anchors(folder)
        self._line: socket.socket = connect(self._product.door)
        self._signals: int = arguments.signals
        self._gap_s: float = arguments.gap_ms / 1e3
        self._sent: dict[tuple[str, int], list[int]] = {}
        self._orders = 0
        self._name = 0

    def prime(self, count: int) -> None:
        """Send ``count`` signals at full speed."""
        slice_of(self._line, [self._product.message(self._name + each) for each in range(count)])
        self._name += count
        self._orders += count
        time.sleep(0.5)

    def one(self, name: str, turn: int, load: Load | None, measured: Measured) -> None:
        """Measure one load once."""
        if load is None:
            self._measure(name, turn, measured, None)
            return
        with self._panels.running() as (process, visitor):
            wait_until_shown(visitor, self._orders)
            with browsers(visitor, load, measured):
                if load.is_stopped:
                    os.kill(process, signal.SIGSTOP)
                self._measure(name, turn, measured, process)
                if load.is_stopped:
                    os.kill(process, signal.SIGCONT)

    def _measure(self, name: str, turn: int, measured: Measured, panel: int | None) -> None:
        self.prime(PRIMING)
        engine = Spent(self._product.engine.pid)
        looked = Spent(panel) if panel is not None else None
        sent, references = list[int](), list[int]()
        for _ in range(self._signals):
            time.sleep(self._gap_s)
            began = time.time_ns()
            self._line.sendall(self._product.message(began))
            answer = receive_line(self._line)
            assert b'"status":"accepted"' in answer, answer
            sent.append(began)
            time.sleep(self._gap_s)
            references.append(self._anchors.take())
        self._orders += self._signals
        self._sent[name, turn] = sent[WARM_UP:]
        measured.references.append(references[WARM_UP:])
        measured.engine_percent.append(engine.percent())
        if looked is not None:
            measured.panel_percent.append(looked.percent())
            measured.megabytes = max(measured.megabytes, looked.megabytes())

    def close(self, found: dict[str, Measured]) -> None:
        """End everything, and read from the journal when each call was made."""
        self._line.close()
        time.sleep(0.5)
        self._anchors.close()
        self._product.close()
        calls = self._product.calls()
        for (name, _), sent in self._sent.items():
            found[name].calls.append([calls[began][0] - began for began in sent])


def loads_of(tabs: int) -> dict[str, Load | None]:
    """Return the loads, from none to all that this machine is asked for."""
    return {
        NONE: None,
        "one browser": Load(),
        "frozen browser": Load(frozen=1),
        "tables without end": Load(tables=True),
        f"{tabs} tabs": Load(streams=tabs, frozen=1, tables=True),
        "panel frozen": Load(is_stopped=True),
    }


def report(found: dict[str, Measured]) -> None:
    """Print the table and the target."""
    print(
        f"{'':20}{'call p50':>9}{'p90':>8}{'p99':>8}{'REF p50':>9}{'p99':>8}"
        f"{'/none':>7}{'rounds':>11}{'p99/none':>10}{'REF/none':>10}{'engine %':>10}{'panel %':>9}{'MB':>7}"
    )
    ratios: dict[str, float] = {}
    for name, each in found.items():
        calls, references = list(chain(*each.calls)), list(chain(*each.references))
        each_round = ratios_of(each.calls, found[NONE].calls, 0.5)
        spread = f"{min(each_round):.2f}-{max(each_round):.2f}"
        ratios[name] = middle(each_round)
        print(
            f"{name:20}{percentile(calls, 0.5):>9.0f}{percentile(calls, 0.9):>8.0f}{percentile(calls, 0.99):>8.0f}"
            f"{percentile(references, 0.5):>9.0f}{percentile(references, 0.99):>8.0f}{ratios[name]:>7.2f}{spread:>11}"
            f"{middle(ratios_of(each.calls, found[NONE].calls, 0.99)):>10.2f}"
            f"{middle(ratios_of(each.references, found[NONE].references, 0.5)):>10.2f}"
            f"{middle(each.engine_percent):>10.1f}{middle(each.panel_percent or [0]):>9.1f}{each.megabytes:>7.0f}"
        )
    for name, each in found.items():
        if each.taken:
            print(f"{name}: {each.taken}")
    for name, ratio in ratios.items():
        if name != NONE:
            verdict(f"T10 call p50, {name} / no panel", ratio, TARGET)


def ratios_of(rounds: list[list[int]], none: list[list[int]], share: float) -> list[float]:
    """Return, by round, a percentile's ratio to that with no panel in the same round."""
    pairs = zip(rounds, none, strict=True)
    return [percentile(loaded, share) / percentile(plain, share) for loaded, plain in pairs]


def middle(figures: list[float]) -> float:
    return sorted(figures)[len(figures) // 2]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.panel_load", description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--tabs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--signals", type=int, default=500)
    parser.add_argument("--orders", type=int, default=5000)
    parser.add_argument("--gap-ms", type=float, default=3.0)
    parser.add_argument("--counter", choices=("stub", "exchange"), default="stub")
    arguments = parser.parse_args()
    loads = loads_of(arguments.tabs)
    found = {name: Measured([], [], [], []) for name in loads}
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="bench-") as name:
        bench = Bench(Path(name), arguments)
        try:
            bench.prime(arguments.orders)
            order = list(loads)
            for turn in range(arguments.rounds):
                random.shuffle(order)
                for each in order:
                    bench.one(each, turn, loads[each], found[each])
                print(f"round {turn + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
        finally:
            bench.close(found)
    print(f"rounds {arguments.rounds}  signals {arguments.signals}  cores {os.cpu_count()}  (microseconds)")
    report(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
