"""``python -m tests.reconciliation --runs 1000000``: our books against a counter's, in seeded lives."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.reconciliation.bugs import BUGS, runs_to_find
from tests.reconciliation.chunk import CHUNK, run_chunk


def main() -> int:
    """Run, print, and return 1 when any run broke a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.reconciliation", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="the first seed; with --runs 1 it runs alone")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--bugs", action="store_true", help="tell how many runs find each of the bugs on purpose")
    arguments = parser.parse_args()
    if arguments.bugs:
        return _find_bugs(arguments.seed)
    judged: Counter[str] = Counter()
    failures: list[str] = []
    used_ns = 0
    began = time.monotonic()
    end = arguments.seed + arguments.runs
    step, told = max(1, min(50_000, arguments.runs // 10)), 0
    chunks = [(first, min(CHUNK, end - first)) for first in range(arguments.seed, end, CHUNK)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(arguments.jobs, mp_context=context) as pool:
        for future in as_completed([pool.submit(run_chunk, *chunk) for chunk in chunks]):
            part = future.result()
            used_ns += part.used_ns
            judged.update(part.judged)
            failures.extend(part.failures)
            done = judged["runs"] + len(failures)
            if done // step > told:
                told = done // step
                print(f"{done:,} of {arguments.runs:,}, failures {len(failures)}", file=sys.stderr, flush=True)
            if len(failures) > 20:
                pool.shutdown(cancel_futures=True)
                break
    done = judged["runs"] + len(failures)
    print(f"runs {done:,}  failures {len(failures)}  wall {time.monotonic() - began:.0f} s")
    print(f"CPU per run {used_ns / max(done, 1) / 1e6:.2f} ms")
    for what, count in sorted(judged.items()):
        print(f"  judged {what}: {count:,}")
    for failure in failures[:5]:
        print(failure)
    return 1 if failures else 0


def _find_bugs(first: int) -> int:
    found = {bug.__name__: runs_to_find(bug, first) for bug in BUGS}
    for name, runs in found.items():
        print(f"{name}: {f'{runs} runs' if runs else 'NOT FOUND'}")
    return 0 if all(found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
