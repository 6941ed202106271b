"""What all benchmarks share: percentiles, a line to a server, and the word on a target."""

from __future__ import annotations

import socket
import sys
import time


def percentile(values: list[int], share: float) -> float:
    """Return a percentile in microseconds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1e3


def connect(address: str) -> socket.socket:
    """Return a line to ``address`` as soon as somebody listens there."""
    if sys.platform == "win32":
        raise AssertionError("measured on Linux")
    until = time.monotonic() + 20
    while True:
        made = socket.socket(socket.AF_UNIX)
        try:
            made.connect(address)
            return made
        except OSError:
            made.close()
            assert time.monotonic() < until, address
            time.sleep(0.02)


def verdict(name: str, figure: float, target: float) -> None:
    """Print one target."""
    print(f"{'PASS' if figure <= target else 'MISS'}  {name} = {figure:.2f}  (target {target})")
