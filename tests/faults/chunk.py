"""Some dozens of runs in a worker process."""

from __future__ import annotations

import traceback
from collections import Counter as Sums
from typing import Final, NamedTuple

from tests.faults.run_one import run_one
from tests.faults.terminal import Call, Fault

CHUNK: Final = 100


class Chunk(NamedTuple):
    """What some runs showed."""

    counts: Sums[str]
    seen: Sums[tuple[Call, Fault]]
    failures: list[str]


def run_chunk(first: int, count: int = CHUNK) -> Chunk:
    """Run ``count`` seeds from ``first``."""
    counts: Sums[str] = Sums()
    seen: Sums[tuple[Call, Fault]] = Sums()
    failures: list[str] = []
    for seed in range(first, first + count):
        counts["runs"] += 1
        try:
            verdict = run_one(seed)
        except Exception:  # noqa: BLE001 - any failure of a run is what this program reports.
            failures.append(f"seed {seed}\n{traceback.format_exc(limit=-3)}")
            continue
        counts.update(verdict.counts)
        seen.update(verdict.seen)
    return Chunk(counts, seen, failures)
