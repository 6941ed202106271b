"""Some hundred runs in a worker process."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from typing import NamedTuple

from tests.gate.run_one import run_one, shrink
from tests.gate.world import DifferenceError

CHUNK = 250


class Chunk(NamedTuple):
    """What some runs showed."""

    used_ns: int
    """Of the processor."""
    counts: Counter[str]
    failures: list[str]


def run_chunk(first: int, count: int = CHUNK, *, shrinks: int = 1) -> Chunk:
    """Run ``count`` seeds from ``first``; the first ``shrinks`` that differ are cut to what they need."""
    began = time.process_time_ns()
    counts: Counter[str] = Counter()
    failures: list[str] = []
    for seed in range(first, first + count):
        try:
            counts += run_one(seed)
        except DifferenceError as error:
            told = f"seed {seed}: {error}"
            if len(failures) < shrinks:
                needed, text = shrink(seed)
                told += f"\n  with acts {needed} alone: {text}"
            failures.append(told)
        except Exception:  # noqa: BLE001 - any failure of a run is what this program reports.
            failures.append(f"seed {seed}\n{traceback.format_exc(limit=-4)}")
    return Chunk(time.process_time_ns() - began, counts, failures)
