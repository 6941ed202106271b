"""A short set of seeded runs in each test run, and the proof that the harness can see."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.bugs import BUGS, Bug
from tests.simulation.chunk import run_chunk
from tests.simulation.fuse import Crash
from tests.simulation.run_one import run_one


@pytest.mark.slow
def test_two_thousand_runs_double_nothing_and_lose_nothing() -> None:
    _, sums, crashes, failures = run_chunk(5_000_000, 2000)
    assert failures == []
    assert sums["runs"] == 2000
    assert sums["crashes"] >= sums["runs"] * 0.9
    assert len(crashes) >= 10  # Every kind of step has been a last one.


@pytest.mark.slow
@pytest.mark.real_disk
def test_a_hundred_runs_on_sqlite_files(tmp_path: Path) -> None:
    _, sums, _, failures = run_chunk(6_000_000, 100, str(tmp_path))
    assert failures == []
    assert sums["runs"] == 100


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_the_harness_finds_each_bug_on_purpose(bug: Bug) -> None:
    with bug():
        for seed in range(800):
            try:
                run_one(seed)
            except (AssertionError, KeyError, IndexError, Crash):
                return
    raise AssertionError(f"{bug.__name__} was not found in 800 runs")
