"""``python -m tests.faults --runs 20000``: random faults of the terminal, the host, the link and the engine."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter as Sums
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.faults.bugs import BUGS, runs_to_find
from tests.faults.chunk import CHUNK, run_chunk
from tests.faults.run_one import run_one
from tests.faults.table import CASES, play
from tests.faults.terminal import Call, Fault


def main() -> int:
    """Play, print, and return 1 when a promise was broken or something was never seen."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0, help="the first")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--one", type=int, help="play this world alone and show its failure")
    parser.add_argument(
        "--table", action="store_true", help="play each call with each fault and each accident beside it"
    )
    parser.add_argument("--bugs", action="store_true", help="tell how many runs find each of the bugs on purpose")
    arguments = parser.parse_args()
    if arguments.one is not None:
        print(run_one(arguments.one))
        return 0
    if arguments.table:
        for case in CASES:
            play(case)
        print(f"{len(CASES)} cases: {len(Call)} calls, {len(Fault)} faults")
        return 0
    if arguments.bugs:
        found = {bug.name: runs_to_find(bug, arguments.seed) for bug in BUGS}
        for name, runs in found.items():
            print(f"{name}: {f'{runs} runs' if runs else 'NOT FOUND'}")
        return 0 if all(found.values()) else 1
    return _play(arguments.seed, arguments.runs, arguments.jobs)


def _play(first: int, runs: int, jobs: int) -> int:
    counts: Sums[str] = Sums()
    seen: Sums[tuple[Call, Fault]] = Sums()
    failures: list[str] = []
    began = time.monotonic()
    end = first + runs
    chunks = [(at, min(CHUNK, end - at)) for at in range(first, end, CHUNK)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        for future in as_completed([pool.submit(run_chunk, *chunk) for chunk in chunks]):
            part = future.result()
            counts.update(part.counts)
            seen.update(part.seen)
            failures += part.failures
            if counts["runs"] // 1_000 > (counts["runs"] - part.counts["runs"]) // 1_000:
                print(f"{counts['runs']:,} of {runs:,}, {len(failures)} failures", file=sys.stderr, flush=True)
    print(f"runs {counts.pop('runs'):,}  failures {len(failures)}  wall {time.monotonic() - began:.0f} s")
    for what, count in sorted(counts.items()):
        print(f"  {what}: {count:,}")
    for call in Call:
        print(f"  {call}: " + ", ".join(f"{fault.name} {seen[call, fault]:,}" for fault in Fault))
    for failure in failures[:10]:
        print(failure)
    unseen = [f"{call} {fault}" for call in Call for fault in Fault if not seen[call, fault]]
    if unseen:
        print(f"never seen: {', '.join(unseen)}")
    return 1 if failures or unseen else 0


if __name__ == "__main__":
    sys.exit(main())
