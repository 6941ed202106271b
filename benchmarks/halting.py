"""From a halt's request to the last broker call, while orders stream: by the control door, the flag file and the panel.

``python -m benchmarks.halting --folder FOLDER [--rounds 100]``. A real engine process, its counter in another one; the
instants of the calls are those that the journal keeps. 0 is a halt after which nothing left at all.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.anchors import connect, percentile, verdict
from benchmarks.panel_hand import LINK, PanelHand
from benchmarks.product import Product
from qmt_trading.cli import engine_access
from qmt_trading.codec import control as wire
from qmt_trading.run.kept_child import PANEL as PANEL_CHILD
from qmt_trading.run.kept_child import command_of
from qmt_trading.run.reading import read_view

GAP_S: Final = 0.001
LOOK_S: Final = 0.35
"""How long after a request is looked for calls."""
PANEL: Final = "panel"
TARGETS: Final = {"control door": 100.0, "flag file": 250.0, PANEL: 200.0}
"""The 99th percentiles to reach; the panel's is one of the median."""


class Halted(NamedTuple):
    """One halt: when it was asked for, when its answer was there, and when it was about to be taken back."""

    way: str
    asked_ns: int
    answered_ns: int
    until_ns: int


class Stream:
    """Sends one order after the other on a line of its own until it is stopped."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._line = connect(product.door)
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._send, self._read)]
        for thread in self._threads:
            thread.start()

    def _send(self) -> None:
        while not self._stopping.is_set():
            self._line.sendall(self._product.message(time.time_ns()))
            time.sleep(GAP_S)

    def _read(self) -> None:
        while self._line.recv(1 << 16):
            pass

    def stop(self) -> None:
        self._stopping.set()
        self._threads[0].join()
        self._line.shutdown(socket.SHUT_WR)
        self._threads[1].join()
        self._line.close()


def main() -> int:
    """Measure and print a table, in milliseconds, and the two targets."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.halting", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="bench-") as name:
        product = Product(Path(name), 1)
        try:
            with hand_at_panel(product) as hand:
                halts = rounds(product, arguments.rounds, hand)
        finally:
            product.close()
        report(halts, calls(product.folder / "data"))
    return 0


@contextlib.contextmanager
def hand_at_panel(product: Product) -> Iterator[PanelHand]:
    """Run the panel over the product's folder, and sign in there."""
    command = [*command_of(PANEL_CHILD, product.folder / "qmt.toml"), "--port", "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8") as panel:
        assert panel.stdin is not None
        assert panel.stderr is not None
        link = next(found for line in panel.stderr if (found := LINK.search(line)))
        threading.Thread(target=panel.stderr.read, daemon=True).start()
        try:
            yield PanelHand(link[0])
        finally:
            panel.kill()


def rounds(product: Product, count: int, hand: PanelHand) -> list[Halted]:
    """Halt and resume, ``count`` times each way, in random order."""
    stream = Stream(product)
    halts: list[Halted] = []
    try:
        for way in random.sample([*TARGETS] * count, len(TARGETS) * count):
            time.sleep(random.uniform(0.05, 0.15))
            halts.append(halt(product.folder / "data", way, hand))
    finally:
        stream.stop()
    return halts


def halt(folder: Path, way: str, hand: PanelHand) -> Halted:
    """Halt in one way, look for a while, and resume."""
    asked_ns = time.time_ns()
    if way == "flag file":
        (folder / "HALT").touch()
    elif way == PANEL:
        status, answer = hand.act("halt", why="drill")
        assert status == 200, answer
    else:
        engine_access.ask(folder, wire.Halt(who="bench", why="drill"))
    answered_ns = time.time_ns()
    time.sleep(LOOK_S)
    until_ns = time.time_ns()
    engine_access.ask(folder, wire.Resume(who="bench", why="drill"))
    while (folder / "HALT").exists():
        time.sleep(0.001)
    return Halted(way, asked_ns, answered_ns, until_ns)


def calls(folder: Path) -> list[int]:
    """Return the instants of all broker calls that submitted, from the journal."""
    return sorted(order.handed_over_ns for order in read_view(folder).orders if order.handed_over_ns)


def report(halts: list[Halted], instants: list[int]) -> None:
    """Print what was measured."""
    took: dict[str, list[int]] = {way: [] for way in TARGETS}
    after: dict[str, int] = dict.fromkeys(TARGETS, 0)
    in_burst: dict[str, int] = dict.fromkeys(TARGETS, 0)
    for each in halts:
        first, last = bisect_right(instants, each.asked_ns), bisect_right(instants, each.until_ns)
        took[each.way].append(instants[last - 1] - each.asked_ns if last > first else 0)
        after[each.way] += last - first
        in_burst[each.way] += bool(first) and each.asked_ns - instants[first - 1] < 20_000_000
    answers = [each.answered_ns - each.asked_ns for each in halts if each.way == "control door"]
    print(f"orders sent {len(instants)}, halts {len(halts)}  (milliseconds to the last broker call)")
    print(f"{'':14}{'p50':>9}{'p99':>9}{'most':>9}{'left after':>12}{'in a burst':>12}")
    for way, values in took.items():
        half, nearly, most = (percentile(values, share) / 1e3 for share in (0.5, 0.99, 1.0))
        print(f"{way:14}{half:>9.2f}{nearly:>9.2f}{most:>9.2f}{after[way]:>12}{in_burst[way]:>12}")
    half, nearly = (percentile(answers, share) / 1e3 for share in (0.5, 0.99))
    print(f"{'answer':14}{half:>9.2f}{nearly:>9.2f}")
    for way, target in TARGETS.items():
        name, share = ("median", 0.5) if way == PANEL else ("p99", 0.99)
        verdict(f"{way}, {name} in milliseconds", percentile(took[way], share) / 1e3, target)
    whole = [each.answered_ns - each.asked_ns for each in halts if each.way == PANEL]
    verdict("panel, median to the engine's answer in milliseconds", percentile(whole, 0.5) / 1e3, TARGETS[PANEL])


if __name__ == "__main__":
    sys.exit(main())
