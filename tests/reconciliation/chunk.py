"""Some hundred runs in a worker process."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from typing import Final, NamedTuple

from tests.reconciliation.run_one import run_one

CHUNK: Final = 1000


class Chunk(NamedTuple):
    """What some hundred runs showed."""

    used_ns: int
    """Of the processor."""
    judged: Counter[str]
    failures: list[str]


def run_chunk(first: int, count: int = CHUNK) -> Chunk:
    """Run ``count`` seeds from ``first``."""
    began = time.process_time_ns()
    judged: Counter[str] = Counter()
    failures: list[str] = []
    for seed in range(first, first + count):
        try:
            judged.update(run_one(seed))
        except Exception:  # noqa: BLE001 - any failure of a run is what this program reports.
            failures.append(f"seed {seed}\n{traceback.format_exc(limit=-3)}")
    return Chunk(time.process_time_ns() - began, judged, failures)
