"""Fuzzes the signal parsers; ends with one line that says what was found, and with 1 when anything was."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from multiprocessing import get_context

from tests.fuzz.run import run_stretch

STRETCH_MESSAGES = 50_000
GROWTH_KIB_MAX = 20 * 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print progress and a summary; return 0 when every answer was right and memory stayed flat."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--judged", type=float, default=0.25, help="share that the reference grammar reads, too (0.25)")
    options = parser.parse_args(arguments)
    tasks = [
        (options.seed, number, min(STRETCH_MESSAGES, options.messages - start))
        for number, start in enumerate(range(0, options.messages, STRETCH_MESSAGES))
    ]
    counts: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    first_kib: dict[int, int] = {}
    last_kib: dict[int, int] = {}
    began = time.monotonic()
    with get_context("spawn").Pool(options.jobs) as pool:
        for done, stretch in enumerate(
            pool.imap_unordered(partial(run_stretch, judged_share=options.judged), tasks), 1
        ):
            counts.update(stretch.counts)
            codes.update(stretch.codes)
            if stretch.failure:
                print(f"FAILED after {counts['messages']:,} messages: {stretch.failure}")
                return 1
            # The first stretch of a process warms its caches up.
            first_kib.setdefault(stretch.process, stretch.peak_kib)
            last_kib[stretch.process] = max(stretch.peak_kib, last_kib.get(stretch.process, 0))
            if done % 10 == 0 or done == len(tasks):
                print(f"{counts['messages']:>12,} messages  {time.monotonic() - began:7.1f} s", flush=True)
    growth_kib = max((last_kib[process] - first_kib[process] for process in last_kib), default=0)
    print(
        f"seed {options.seed}: {counts['messages']:,} messages, {counts['signals']:,} signals, "
        f"{counts['heartbeats']:,} heartbeats, {counts['malformed']:,} malformed in {len(codes)} ways, "
        f"{counts['judged']:,} judged by the reference grammar and read again as printed, "
        f"0 exceptions, 0 broken invariants, 0 differences, memory grew {growth_kib / 1024:.1f} MiB after warm-up, "
        f"{time.monotonic() - began:.1f} s"
    )
    return 0 if growth_kib < GROWTH_KIB_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
