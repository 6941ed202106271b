"""``python -m tests.shadow --runs 100000``: so many random signals in shadow mode, and nothing but questions leaves."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.shadow.bugs import BUGS, worlds_to_find
from tests.shadow.run_one import MUST, SIGNALS, run_chunk, run_one

CHUNK = 2_000
"""Signals of one task."""


def main() -> int:
    """Play, print, and return 1 when anything left or does not hold, or when something was never seen."""
    parser = argparse.ArgumentParser(prog="python -m tests.shadow", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000, help="signals")
    parser.add_argument("--seed", type=int, default=0, help="first seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--one", type=int, help="play this world alone")
    parser.add_argument("--bugs", action="store_true", help="tell how many worlds find each of the bugs on purpose")
    arguments = parser.parse_args()
    if arguments.bugs:
        found = {bug.__name__: worlds_to_find(bug, arguments.seed) for bug in BUGS}
        for name, worlds in found.items():
            print(f"{name}: {f'{worlds} worlds' if worlds else 'NOT FOUND'}")
        return 0 if all(found.values()) else 1
    if arguments.one is not None:
        print(dict(run_one(arguments.one)))
        return 0
    counts: Counter[str] = Counter()
    failures: list[str] = []
    began = time.monotonic()
    parts = [min(CHUNK, arguments.runs - first) for first in range(0, arguments.runs, CHUNK)]
    apart = CHUNK  # Seeds: a world takes more than one signal.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(arguments.jobs, mp_context=context) as pool:
        tasks = [pool.submit(run_chunk, arguments.seed + place * apart, part) for place, part in enumerate(parts)]
        for future in as_completed(tasks):
            seen, failed = future.result()
            counts += seen
            failures += failed
    print(f"signals {counts['signals']:,} in {counts['worlds']:,} worlds of {SIGNALS} or more", end="")
    print(f"  failures {len(failures)}  wall {time.monotonic() - began:.0f} s")
    for what, count in sorted(counts.items()):
        print(f"  {what}: {count:,}")
    unseen = [what for what in MUST if not counts[what]]
    if unseen:
        print(f"never seen: {', '.join(unseen)}")
    for failure in failures:
        print(failure)
    return 1 if failures or unseen else 0


if __name__ == "__main__":
    sys.exit(main())
