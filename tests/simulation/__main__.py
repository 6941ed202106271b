"""``python -m tests.simulation --runs 1000000``: seeded runs over two processes, with what was seen."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.simulation.bugs import BUGS, runs_to_find
from tests.simulation.chunk import CHUNK, run_chunk
from tests.simulation.run_one import run_one


def main() -> int:
    """Run, print, and return 1 when any run broke a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--sqlite", action="store_true", help="journals in SQLite files instead of memory")
    parser.add_argument("--seed", type=int, help="run this one alone and show its failure")
    parser.add_argument("--bugs", action="store_true", help="tell how many runs find each of the bugs on purpose")
    arguments = parser.parse_args()
    if arguments.bugs:
        return _find_bugs(arguments.first)
    if arguments.seed is not None:
        print(run_one(arguments.seed))
        return 0
    sums: Counter[str] = Counter()
    judged: Counter[str] = Counter()
    crashes: Counter[str] = Counter()
    failures: list[str] = []
    cpu_ns = 0
    began = time.monotonic()
    step, told = max(1, min(50_000, arguments.runs // 10)), 0
    end = arguments.first + arguments.runs
    chunks = [(first, min(CHUNK, end - first)) for first in range(arguments.first, end, CHUNK)]
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="simulation-") as folder,
        ProcessPoolExecutor(arguments.jobs, mp_context=context) as pool,
    ):
        where = folder if arguments.sqlite else ""
        for future in as_completed([pool.submit(run_chunk, *chunk, where) for chunk in chunks]):
            part = future.result()
            cpu_ns += part.used_ns
            sums.update(part.sums)
            judged.update(part.judged)
            crashes.update(part.crashes)
            failures.extend(part.failures)
            done = sums["runs"] + len(failures)
            if done // step > told:
                told = done // step
                print(f"{done:,} of {arguments.runs:,}", file=sys.stderr, flush=True)
            if len(failures) > 20:
                pool.shutdown(cancel_futures=True)
                break
    done = sums["runs"] + len(failures)
    print(f"runs {done:,}  failures {len(failures)}  wall {time.monotonic() - began:.0f} s")
    print(f"CPU per run {cpu_ns / max(done, 1) / 1e6:.2f} ms  crashes per run {sums['crashes'] / max(done, 1):.2f}")
    print(f"signals {sums['signals']:,}  orders at the venue {sums['orders']:,}  turns {sums['turns']:,}")
    print(f"runs with an honest broker {sums['honest']:,}")
    for what, count in sorted(judged.items()):
        print(f"  judged {what}: {count:,}")
    for step, count in crashes.most_common():
        print(f"  crashed {step}: {count:,}")
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
