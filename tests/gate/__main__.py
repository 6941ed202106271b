"""``python -m tests.gate --runs 20000``: random orders under random limits, the gate against a plain model."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.gate.bugs import BUGS, runs_to_find
from tests.gate.chunk import CHUNK, run_chunk
from tests.gate.coverage import missing
from tests.gate.run_one import run_one, shrink
from tests.gate.world import DifferenceError

FAILURES_MAX = 20


def main() -> int:
    """Run, print, and return 1 when the two ever differ, or when a reason of the page was never seen."""
    parser = argparse.ArgumentParser(prog="python -m tests.gate", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="first seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--one", type=int, help="run this seed alone, and cut it to what differs")
    parser.add_argument("--bugs", action="store_true", help="tell how many runs find each of the bugs on purpose")
    arguments = parser.parse_args()
    if arguments.bugs:
        return _find_bugs(arguments.seed)
    if arguments.one is not None:
        return _one(arguments.one)
    counts: Counter[str] = Counter()
    failures: list[str] = []
    used_ns, began = 0, time.monotonic()
    end = arguments.seed + arguments.runs
    chunks = [(first, min(CHUNK, end - first)) for first in range(arguments.seed, end, CHUNK)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(arguments.jobs, mp_context=context) as pool:
        for future in as_completed([pool.submit(run_chunk, *chunk) for chunk in chunks]):
            part = future.result()
            used_ns += part.used_ns
            counts += part.counts
            failures += part.failures
            if len(failures) > FAILURES_MAX:
                pool.shutdown(cancel_futures=True)
                break
    done = counts["runs"] + len(failures)
    print(f"runs {done:,}  differences {len(failures)}  wall {time.monotonic() - began:.0f} s")
    print(f"CPU per run {used_ns / max(done, 1) / 1e6:.2f} ms  order lines judged {counts['order lines']:,}")
    for what, count in sorted(counts.items()):
        print(f"  {what}: {count:,}")
    unseen = missing(counts)
    if unseen:
        print(f"never seen: {', '.join(unseen)}")
    for failure in failures[:FAILURES_MAX]:
        print(failure)
    return 1 if failures or unseen else 0


def _one(seed: int) -> int:
    try:
        print(run_one(seed))
    except DifferenceError as error:
        print(f"seed {seed}: {error}")
        needed, text = shrink(seed)
        print(f"  with acts {needed} alone: {text}")
        return 1
    return 0


def _find_bugs(first: int) -> int:
    found = {bug.name: runs_to_find(bug, first) for bug in BUGS}
    for name, runs in found.items():
        print(f"{name}: {f'{runs} runs' if runs else 'NOT FOUND'}")
    return 0 if all(found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
