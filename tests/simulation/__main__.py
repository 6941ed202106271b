"""``python -m tests.simulation --runs 1000000``: seeded runs over two processes, with what was seen."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
import traceback
from collections import Counter

from tests.simulation.run_one import run_one

CHUNK = 500


def run_chunk(first: int) -> tuple[int, Counter[str], Counter[str], list[str]]:
    """Run CHUNK seeds from ``first``; return CPU nanoseconds, sums, crashes by step, and failures."""
    began = time.process_time_ns()
    sums: Counter[str] = Counter()
    crashes: Counter[str] = Counter()
    failures: list[str] = []
    for seed in range(first, first + CHUNK):
        try:
            verdict = run_one(seed)
        except Exception:  # noqa: BLE001 - any failure of a run is what this program reports.
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
        crashes.update(verdict.crashes)
    return time.process_time_ns() - began, sums, crashes, failures


def main() -> int:
    """Run, print, and return 1 when any run broke a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, help="run this one alone and show its failure")
    arguments = parser.parse_args()
    if arguments.seed is not None:
        print(run_one(arguments.seed))
        return 0
    sums: Counter[str] = Counter()
    crashes: Counter[str] = Counter()
    failures: list[str] = []
    cpu_ns = 0
    began = time.monotonic()
    firsts = range(arguments.first, arguments.first + arguments.runs, CHUNK)
    with multiprocessing.get_context("spawn").Pool(arguments.jobs) as pool:
        for used_ns, part, part_crashes, part_failures in pool.imap_unordered(run_chunk, firsts):
            cpu_ns += used_ns
            sums.update(part)
            crashes.update(part_crashes)
            failures.extend(part_failures)
            done = sums["runs"] + len(failures)
            if sys.stderr.isatty() or done % 50_000 == 0:
                print(f"\r{done:,} of {arguments.runs:,}", end="\n" if done % 50_000 == 0 else "", file=sys.stderr)
            if len(failures) > 20:
                pool.terminate()
                break
    done = sums["runs"] + len(failures)
    print(f"runs {done:,}  failures {len(failures)}  wall {time.monotonic() - began:.0f} s")
    print(f"CPU per run {cpu_ns / max(done, 1) / 1e6:.2f} ms  crashes per run {sums['crashes'] / max(done, 1):.2f}")
    print(f"signals {sums['signals']:,}  orders at the venue {sums['orders']:,}  turns {sums['turns']:,}")
    print(f"runs with an honest broker {sums['honest']:,}")
    for step, count in crashes.most_common():
        print(f"  crashed {step}: {count:,}")
    for failure in failures[:5]:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
