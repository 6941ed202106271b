"""What the broker link costs: a signal until the exchange has its order, in the engine's process and behind a host.

``python -m benchmarks.link --folder FOLDER [--rounds 1000]``; the folder must lie on the disk under test. Both engines
and REF (a C echo's round trip plus a raw 200-byte write and fdatasync) take turns in one random rotation. An order's
last instant is the exchange's own: when it placed it in its book. The exchange in process is no zero: there, too, a
thread takes the order over, and it shares the interpreter with the engine; so the hand-over alone is judged as well.
"""

from __future__ import annotations

import sys

assert sys.platform != "win32", "measured on Linux"

import argparse
import os
import random
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.anchors import connect, percentile, verdict
from benchmarks.product import CONFIG
from qmt_trading.brokers.simulated.book import FileBook
from qmt_trading.brokers.simulated.records import Placed
from qmt_trading.link.dial import DialError, dial
from qmt_trading.run.reading import read_view

HERE = Path(__file__).resolve().parent
WARM_UP = 30
PROGRAMS = {"in process": "qmt_trading.cli.main", "linked": "benchmarks.linked_engine"}
BOOKS = {"in process": "exchange-bench.book", "linked": "host/exchange.book"}


class Engine:
    """One engine with its exchange, trading 100 of one stock for each message."""

    def __init__(self, folder: Path, kind: str) -> None:
        folder.mkdir()
        self.folder = folder
        self.door = str(folder / "s.sock")
        self._kind = kind
        account = '[[terminals.accounts]]\naccount = "a01"\ncash = 90000000000\n'
        text = CONFIG.format(bare="deny", address="", accounts=account)
        (folder / "qmt.toml").write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", PROGRAMS[kind], "run", "--quiet", "--config", str(folder / "qmt.toml")]
        self._process = subprocess.Popen(command)
        until = time.monotonic() + 20
        while True:
            try:
                dial(self.door, timeout_s=0.5).close()
                return
            except DialError:
                assert time.monotonic() < until, "the engine did not open its door"
                time.sleep(0.02)

    def close(self) -> None:
        self._process.terminate()
        assert self._process.wait(60) == 0

    def placed(self) -> dict[int, tuple[int, int]]:
        """Return when the broker was called and when the exchange placed the order, by message, of an ended engine."""
        book = FileBook(self.folder / "data" / BOOKS[self._kind])
        instants = {row.client_order_id: row.placed_ns for row in book.load() if isinstance(row, Placed)}
        book.close()
        view = read_view(self.folder / "data")
        called = {str(order.client_order_id): order.handed_over_ns for order in view.orders}
        names = {int(row.id.rpartition("/")[2]): row.receipt.orders[0].client_order_id for row in view.signals}
        return {number: (called[name], instants[name]) for number, name in names.items()}


def main() -> int:
    """Measure and print a table, in microseconds, and the target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.link", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--gap-ms", type=float, default=3.0)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="bench-") as name:
        run(Path(name), arguments)
    return 0


def run(folder: Path, arguments: argparse.Namespace) -> None:
    """Start both engines and the floor, rotate, and print."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit("a C compiler is needed for the floor")
    subprocess.run([compiler, "-O2", "-o", str(folder / "floor"), str(HERE / "floor.c")], check=True)
    floor = subprocess.Popen([str(folder / "floor"), str(folder / "floor.sock")])
    engines = {kind: Engine(folder / kind.replace(" ", "-"), kind) for kind in PROGRAMS}
    lines = {"floor": connect(str(folder / "floor.sock"))}
    lines |= {kind: connect(engine.door) for kind, engine in engines.items()}
    raw = os.open(folder / "raw", os.O_CREAT | os.O_RDWR)
    os.write(raw, b"\0" * (1 << 20))
    os.fsync(raw)
    order = [*lines, "disk"]
    trips: dict[str, list[int]] = {kind: [] for kind in order}
    sent: dict[str, list[int]] = {kind: [] for kind in engines}
    try:
        time.sleep(1.0)  # Until both have their first lists.
        for turn in range(arguments.rounds):
            random.shuffle(order)
            for kind in order:
                time.sleep(arguments.gap_ms / 1e3)
                if kind == "disk":
                    began = time.perf_counter_ns()
                    os.pwrite(raw, b"x" * 200, turn * 200 % (1 << 20))
                    os.fdatasync(raw)
                    trips[kind].append(time.perf_counter_ns() - began)
                    continue
                began = time.time_ns()
                lines[kind].sendall(f"buy 600000.SH 100@10.50:a01 #bench/{began:019d}\n".encode())
                answer = b""
                while not answer.endswith(b"\n"):
                    answer += lines[kind].recv(65_536)
                trips[kind].append(time.time_ns() - began)
                if kind in engines:
                    assert b'"status":"accepted"' in answer, answer
                    sent[kind].append(began)
    finally:
        for line in lines.values():
            line.close()
        time.sleep(0.5)
        for engine in engines.values():
            engine.close()
        floor.kill()
        floor.wait()
        os.close(raw)
    placed = {kind: engine.placed() for kind, engine in engines.items()}
    whole = {kind: [placed[kind][began][1] - began for began in sent[kind]] for kind in engines}
    last = {kind: [placed[kind][began][1] - placed[kind][began][0] for began in sent[kind]] for kind in engines}
    report(arguments, trips, whole, last)


def report(
    arguments: argparse.Namespace, trips: dict[str, list[int]], whole: dict[str, list[int]], last: dict[str, list[int]]
) -> None:
    """Print the table and the targets."""
    reference = [echo + disk for echo, disk in zip(trips["floor"], trips["disk"], strict=True)][WARM_UP:]
    base = percentile(reference, 0.5)
    print(f"rounds {arguments.rounds}  gap {arguments.gap_ms} ms  (microseconds)")
    print(f"{'':14}{'placed p50':>11}{'p90':>9}{'p99':>9}{'from call p50':>15}{'p90':>9}{'receipt p50':>13}")
    print(f"{'REF':14}{base:>11.0f}{percentile(reference, 0.9):>9.0f}{percentile(reference, 0.99):>9.0f}")
    for kind in whole:
        shown = [percentile(whole[kind][WARM_UP:], share) for share in (0.5, 0.9, 0.99)]
        call = [percentile(last[kind][WARM_UP:], share) for share in (0.5, 0.9)]
        receipt = percentile(trips[kind][WARM_UP:], 0.5)
        print(
            f"{kind:14}{shown[0]:>11.0f}{shown[1]:>9.0f}{shown[2]:>9.0f}{call[0]:>15.0f}{call[1]:>9.0f}{receipt:>13.0f}"
        )
    added = percentile(whole["linked"][WARM_UP:], 0.5) - percentile(whole["in process"][WARM_UP:], 0.5)
    verdict("what the link adds at p50 / REF p50", added / base, 0.7)
    verdict("the whole hand-over over the link at p50 / REF p50", percentile(last["linked"][WARM_UP:], 0.5) / base, 0.7)


if __name__ == "__main__":
    sys.exit(main())
