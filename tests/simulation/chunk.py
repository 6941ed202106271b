"""A few hundred runs in a worker process."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.simulation.fuse import Crash
from tests.simulation.run_one import run_one

CHUNK = 500


class Chunk(NamedTuple):
    """What some hundred runs showed."""

    used_ns: int
    """Of the processor."""
    sums: Counter[str]
    judged: Counter[str]
    crashes: Counter[str]
    failures: list[str]


def run_chunk(first: int, count: int = CHUNK, folder: str = "") -> Chunk:
    """Run ``count`` seeds from ``first``."""
    began = time.process_time_ns()
    sums: Counter[str] = Counter()
    judged: Counter[str] = Counter()
    crashes: Counter[str] = Counter()
    failures: list[str] = []
    for seed in range(first, first + count):
        try:
            verdict = run_one(seed, folder=Path(folder) if folder else None)
        except (Exception, Crash):  # noqa: BLE001 - any failure of a run is what this program reports.
            failures.append(f"seed {seed}\n{traceback.format_exc(limit=-3)}")
            continue
        sums.update(
            runs=1,
            crashes=sum(verdict.crashes.values()),
            turns=verdict.turns,
            orders=verdict.orders,
            signals=verdict.signals,
            honest=verdict.honest,
        )
        judged.update(verdict.judged)
        crashes.update(verdict.crashes)
    return Chunk(time.process_time_ns() - began, sums, judged, crashes, failures)
