"""Signal to broker call to receipt, one in flight: the product, its peers and the floor in one random rotation.

``python -m benchmarks.latency --accounts 1 --gap-ms 3 --rounds 1500 [--vnpy PYTHON] --folder FOLDER``; the folder must
lie on the disk under test. REF is a C echo's round trip plus a raw 200-byte write and fdatasync of the same rotation.
"""

from __future__ import annotations

import sys

assert sys.platform != "win32", "measured on Linux"

import argparse
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.anchors import connect, percentile, verdict
from benchmarks.product import Product

HERE = Path(__file__).resolve().parent
WARM_UP = 30


def receive_line(line: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"\n"):
        received += line.recv(65_536)
    return received


def main() -> int:
    """Measure and print a table, in microseconds, and the targets T1, T2, T3 and T5."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("--accounts", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1500)
    parser.add_argument("--gap-ms", type=float, default=3.0)
    parser.add_argument("--vnpy", help="a Python that has vnpy")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--counter", choices=("stub", "exchange"), default="stub")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="bench-") as name:
        run(Path(name), arguments)
    return 0


def run(folder: Path, arguments: argparse.Namespace) -> None:
    """Start everything, rotate, and print."""
    processes: list[subprocess.Popen[bytes]] = []
    lines: dict[str, socket.socket] = {}
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit("a C compiler is needed for the floor")
    subprocess.run([compiler, "-O2", "-o", str(folder / "floor"), str(HERE / "floor.c")], check=True)
    processes.append(subprocess.Popen([str(folder / "floor"), str(folder / "floor.sock")]))
    lines["floor"] = connect(str(folder / "floor.sock"))
    pythons = {"queue": sys.executable, "sqlite": sys.executable}
    if arguments.vnpy:
        pythons["vnpy"] = arguments.vnpy
    for kind, python in pythons.items():
        address = str(folder / f"{kind}.sock")
        command = [python, str(HERE / "peers.py"), kind, address, str(arguments.accounts)]
        processes.append(subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL))
        lines[kind] = connect(address)
    one = Product(folder / "one", 1, counter=arguments.counter)
    products = {"product": one}
    if arguments.accounts > 1:
        products[f"product x{arguments.accounts}"] = Product(
            folder / "many", arguments.accounts, counter=arguments.counter
        )
    for kind, product in products.items():
        lines[kind] = connect(product.door)
    raw = os.open(folder / "raw", os.O_CREAT | os.O_RDWR)
    os.write(raw, b"\0" * (1 << 20))
    os.fsync(raw)
    order = [*lines, "disk"]
    trips: dict[str, list[int]] = {kind: [] for kind in order}
    first: dict[str, list[int]] = {kind: [] for kind in order}
    last: dict[str, list[int]] = {kind: [] for kind in order}
    sent: dict[str, list[int]] = {kind: [] for kind in products}
    try:
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
                asked = products.get(kind)
                listed = ",".join(f"a{number:02d}" for number in range(1, arguments.accounts + 1))
                peer = f"buy 600000.SH 100@10.50:{listed} #bench/{began:019d}\n".encode()
                lines[kind].sendall(asked.message(began) if asked is not None else peer)
                answer = receive_line(lines[kind])
                trips[kind].append(time.time_ns() - began)
                if asked is not None:
                    assert b'"status":"accepted"' in answer, answer
                    sent[kind].append(began)
                elif kind != "floor":
                    calls = answer.split()
                    first[kind].append(int(calls[0]) - began)
                    last[kind].append(int(calls[1]) - began)
    finally:
        for line in lines.values():
            line.close()
        time.sleep(0.3)
        for product in products.values():
            product.close()
        for process in processes:
            process.kill()
            process.wait()
        os.close(raw)
    for kind, product in products.items():
        found = product.calls()
        first[kind] = [found[began][0] - began for began in sent[kind]]
        last[kind] = [found[began][1] - began for began in sent[kind]]
    report(arguments, trips, first, last)


def report(
    arguments: argparse.Namespace, trips: dict[str, list[int]], first: dict[str, list[int]], last: dict[str, list[int]]
) -> None:
    """Print the table and the targets."""
    reference = [echo + disk for echo, disk in zip(trips["floor"], trips["disk"], strict=True)][WARM_UP:]
    base = {share: percentile(reference, share) for share in (0.5, 0.9, 0.99)}
    print(f"accounts {arguments.accounts}  rounds {arguments.rounds}  gap {arguments.gap_ms} ms  (microseconds)")
    print(f"{'':14}{'call p50':>10}{'p90':>9}{'p99':>9}{'last p50':>10}{'receipt p50':>13}{'p99':>9}{'call/REF':>10}")
    print(f"{'REF':14}{base[0.5]:>10.0f}{base[0.9]:>9.0f}{base[0.99]:>9.0f}")
    for kind in trips:
        if kind in ("floor", "disk"):
            print(f"{kind:14}{'':>38}{percentile(trips[kind][WARM_UP:], 0.5):>13.0f}")
            continue
        call, end, trip = (values[kind][WARM_UP:] for values in (first, last, trips))
        print(
            f"{kind:14}{percentile(call, 0.5):>10.0f}{percentile(call, 0.9):>9.0f}{percentile(call, 0.99):>9.0f}"
            f"{percentile(end, 0.5):>10.0f}{percentile(trip, 0.5):>13.0f}{percentile(trip, 0.99):>9.0f}"
            f"{percentile(call, 0.5) / base[0.5]:>10.2f}"
        )
    call, trip = first["product"][WARM_UP:], trips["product"][WARM_UP:]
    verdict("T1 call p50 / REF p50", percentile(call, 0.5) / base[0.5], 2.2)
    verdict("T2 call p90 / REF p90", percentile(call, 0.9) / base[0.9], 2.2)
    if base[0.99] <= 3 * base[0.5]:
        verdict("T2 call p99 / REF p99", percentile(call, 0.99) / base[0.99], 2.2)
    else:
        print(f"T2 p99 not judged: REF p99 is {base[0.99] / base[0.5]:.1f} x its p50")
    verdict("T3 receipt p50 / REF p50", percentile(trip, 0.5) / base[0.5], 2.4)
    many = f"product x{arguments.accounts}"
    if many in last:
        own = percentile(call, 0.5)
        verdict(
            f"T5 last of {arguments.accounts} p50 / own first of 1 p50",
            percentile(last[many][WARM_UP:], 0.5) / own,
            1.5,
        )


if __name__ == "__main__":
    sys.exit(main())
