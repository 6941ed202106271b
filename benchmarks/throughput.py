"""Sustained signals: 64 in flight on one connection, the product and its peers in turns.

``python -m benchmarks.throughput [--vnpy PYTHON] --folder FOLDER``. Signals a second by the client's own clock from the
first send to the last answer; CPU of the product's engine process from the kernel, all threads. T6, T7 and T9.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.anchors import connect, verdict
from benchmarks.product import Product

HERE = Path(__file__).resolve().parent
WINDOW = 64


def slice_of(line: socket.socket, messages: list[bytes]) -> float:
    """Send ``messages`` with at most 64 unanswered; return signals a second."""
    sent = answered = 0
    rest = 0
    began = time.perf_counter_ns()
    while answered < len(messages):
        upto = min(len(messages), answered + WINDOW)
        if upto > sent:
            line.sendall(b"".join(messages[sent:upto]))
            sent = upto
        received = line.recv(1 << 20)
        assert received, "the server has gone"
        rest = received.count(b"\n")
        answered += rest
    return len(messages) / (time.perf_counter_ns() - began) * 1e9


def main() -> int:
    """Measure and print a table and the targets."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description=__doc__)
    parser.add_argument("--vnpy", help="a Python that has vnpy")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--counter", choices=("stub", "exchange"), default="stub")
    arguments = parser.parse_args()
    rates: dict[tuple[str, int], list[float]] = {}
    cpu: dict[int, float] = {}
    for accounts in (1, 20):
        with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="bench-") as name:
            measure(Path(name), accounts, arguments, rates, cpu)
    middle = {key: sorted(values)[len(values) // 2] for key, values in rates.items()}
    for (kind, accounts), value in middle.items():
        print(f"{kind:10} {accounts:3} accounts  {value:10,.0f} signals/s")
    lowest("T6 product / sqlite commit per message, 1 account", middle["product", 1] / middle["sqlite", 1], 6.0)
    if arguments.vnpy:
        lowest("T6 product / vnpy event engine, 1 account", middle["product", 1] / middle["vnpy", 1], 1.5)
        lowest("T7 product / vnpy event engine, 20 accounts", middle["product", 20] / middle["vnpy", 20], 1.5)
    print(f"CPU of the engine's process per signal: 1 account {cpu[1]:.1f} us, 20 accounts {cpu[20]:.1f} us")
    verdict("T9 CPU us per signal, 1 account", cpu[1], 25)
    verdict("T9 CPU us per further account", (cpu[20] - cpu[1]) / 19, 10)
    return 0


def lowest(name: str, figure: float, target: float) -> None:
    """Print a target that must be reached from below."""
    print(f"{'PASS' if figure >= target else 'MISS'}  {name} = {figure:.2f}  (target {target})")


def measure(
    folder: Path,
    accounts: int,
    arguments: argparse.Namespace,
    rates: dict[tuple[str, int], list[float]],
    cpu: dict[int, float],
) -> None:
    """Take turns between all servers for one number of accounts."""
    pythons = {"sqlite": sys.executable, "queue": sys.executable}
    if arguments.vnpy:
        pythons["vnpy"] = arguments.vnpy
    processes, lines = [], {}
    for kind, python in pythons.items():
        address = str(folder / f"{kind}.sock")
        command = [python, str(HERE / "peers.py"), kind, address, str(accounts)]
        processes.append(subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL))
        lines[kind] = connect(address)
    product = Product(folder / "product", accounts, counter=arguments.counter)
    lines["product"] = connect(product.door)
    number = 0
    used: list[float] = []
    try:
        for turn in range(arguments.rounds + 1):
            for kind, line in lines.items():
                count = (4000 if accounts == 1 else 400) if kind == "product" else (1000 if accounts == 1 else 200)
                messages = [product.message(number + each) for each in range(count)]
                number += count
                before = product.cpu_ns()
                rate = slice_of(line, messages)
                if kind == "product":
                    time.sleep(0.5)  # Its reports belong to its cost.
                if turn:  # The first one warms up.
                    rates.setdefault((kind, accounts), []).append(rate)
                    if kind == "product":
                        used.append((product.cpu_ns() - before) / count / 1e3)
    finally:
        for line in lines.values():
            line.close()
        product.close()
        for process in processes:
            process.kill()
            process.wait()
        shutil.rmtree(folder / "product", ignore_errors=True)
    cpu[accounts] = sorted(used)[len(used) // 2]


if __name__ == "__main__":
    sys.exit(main())
