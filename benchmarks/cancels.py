"""The cancel road, T8: a bare message to the cancel at the counter, and a burst over three accounts.

``python -m benchmarks.cancels --rounds 600 [--vnpy PYTHON] --folder FOLDER``. The product's cancel counts from the send
to the broker call (``counter``: to its arrival in the counter's process), vnpy's order path to the call of its stub
gateway. REF is as in
``benchmarks.latency``, taken in the same random rotation.
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
from benchmarks.latency import HERE, WARM_UP, receive_line
from benchmarks.product import Product

BURST_ACCOUNTS = 3
BURST_ORDERS = 40
BURSTS = 12


def main() -> int:
    """Measure and print a table, in microseconds, and the target T8."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cancels", description=__doc__)
    parser.add_argument("--rounds", type=int, default=600)
    parser.add_argument("--gap-ms", type=float, default=3.0)
    parser.add_argument("--vnpy", help="a Python that has vnpy")
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="bench-") as name:
        single(Path(name), arguments)
        burst(Path(name))
    return 0


def single(folder: Path, arguments: argparse.Namespace) -> None:
    """One working order, one bare cancel, in rotation with the peers."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit("a C compiler is needed for the floor")
    subprocess.run([compiler, "-O2", "-o", str(folder / "floor"), str(HERE / "floor.c")], check=True)
    processes = [subprocess.Popen([str(folder / "floor"), str(folder / "floor.sock")])]
    lines = {"floor": connect(str(folder / "floor.sock"))}
    if arguments.vnpy:
        address = str(folder / "vnpy.sock")
        command = [arguments.vnpy, str(HERE / "peers.py"), "vnpy", address, "1"]
        processes.append(subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL))
        lines["vnpy"] = connect(address)
    product = Product(folder / "one", 1, bare="cancel")
    lines["product"] = connect(product.door)
    raw = os.open(folder / "raw", os.O_CREAT | os.O_RDWR)
    os.write(raw, b"\0" * (1 << 20))
    os.fsync(raw)
    took: dict[str, list[int]] = {kind: [] for kind in (*lines, "disk")}
    sent: list[int] = []
    order = list(took)
    del took["product"]
    try:
        for turn in range(arguments.rounds):
            random.shuffle(order)
            for kind in order:
                answer = b""
                if kind == "product":
                    lines[kind].sendall(product.message(time.time_ns()))
                    assert b'"status":"accepted"' in receive_line(lines[kind])
                    time.sleep(0.01)  # The counter's number must have come: a cancel waits for it otherwise.
                time.sleep(arguments.gap_ms / 1e3)
                began = time.time_ns()
                if kind == "disk":
                    os.pwrite(raw, b"x" * 200, turn * 200 % (1 << 20))
                    os.fdatasync(raw)
                elif kind == "product":
                    lines[kind].sendall(b"600000.SH:a01\n")
                    answer = receive_line(lines[kind])
                    assert b'"broker_order_id"' in answer, answer
                    sent.append(began)
                    continue
                else:
                    lines[kind].sendall(f"buy 600000.SH 100@10.50:a01 #bench/{began:019d}\n".encode())
                    answer = receive_line(lines[kind])
                ended = int(answer.split()[0]) if kind == "vnpy" else time.time_ns()
                took[kind].append(ended - began)
    finally:
        for line in lines.values():
            line.close()
        product.close()
        for process in processes:
            process.kill()
            process.wait()
        os.close(raw)
    for kind, instants in (("product", product.cancel_calls()), ("counter", product.cancels())):
        took[kind] = [next(at for at in instants if at > began) - began for began in sent]
    report(took, arguments)


def report(took: dict[str, list[int]], arguments: argparse.Namespace) -> None:
    """Print the table and the first two parts of T8."""
    took["REF"] = [echo + disk for echo, disk in zip(took["floor"], took["disk"], strict=True)]
    print(f"rounds {arguments.rounds}  gap {arguments.gap_ms} ms  (microseconds)")
    print(f"{'':10}{'p50':>9}{'p90':>9}{'p99':>9}")
    at = {kind: [percentile(values[WARM_UP:], share) for share in (0.5, 0.9, 0.99)] for kind, values in took.items()}
    for kind, (half, most, nearly) in at.items():
        print(f"{kind:10}{half:>9.0f}{most:>9.0f}{nearly:>9.0f}")
    if "vnpy" in at:
        verdict("T8 first cancel p50 / vnpy's order path p50", at["product"][0] / at["vnpy"][0], 1.0)
    verdict("T8 first cancel p99 / REF p99", at["product"][2] / at["REF"][2], 1.0)


def burst(folder: Path) -> None:
    """Forty working orders in each of three accounts, one bare cancel for all of them."""
    product = Product(folder / "burst", BURST_ACCOUNTS, bare="cancel")
    line = connect(product.door)
    spans: list[float] = []
    everything = f"600000.SH:{','.join(product.names)}\n".encode()
    try:
        for _ in range(BURSTS):
            for number in range(BURST_ORDERS):
                line.sendall(product.message(time.time_ns() + number))
                assert b'"status":"accepted"' in receive_line(line)
            time.sleep(0.3)
            before, began = len(product.cancels()), time.time_ns()
            line.sendall(everything)
            answer = receive_line(line)
            time.sleep(0.3)
            arrived = product.cancels()[before:]
            assert len(arrived) == BURST_ACCOUNTS * BURST_ORDERS, (len(arrived), answer[:300])
            spans.append((max(arrived) - began) / 1e6)
            time.sleep(0.8)  # The account's turns come back.
    finally:
        line.close()
        product.close()
    print(f"bursts {BURSTS} of {BURST_ACCOUNTS} x {BURST_ORDERS} cancels: worst {max(spans):.1f} ms")
    verdict("T8 the last of a burst, milliseconds", max(spans), 300)


if __name__ == "__main__":
    sys.exit(main())
