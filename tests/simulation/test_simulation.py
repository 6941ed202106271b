"""A short set of seeded runs in each test run, and the proof that the harness can see."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.bugs import BUGS, RUNS_MAX, Bug, runs_to_find
from tests.simulation.chunk import run_chunk

JUDGED = (
    "buys",
    "cancelled orders over",
    "cancels at once",
    "cancels of their own",
    "cancels registered for later",
    "chases",
    "cancels handed over",
    "cancels put off",
    "clock steps",
    "foreign ones among them",
    "halts",
    "halts kept",
    "orders at their time",
    "orders decided",
    "orders handed over",
    "repeats answered",
    "rows of files",
    "sells",
    "targets",
    "starts with another configuration",
    "unanswered overnight",
    "unknowns settled",
)
"""What the judge must have had work with."""


@pytest.mark.slow
def test_two_thousand_runs_double_nothing_and_lose_nothing() -> None:
    told = run_chunk(5_000_000, 2000)
    assert told.failures == []
    assert told.sums["runs"] == 2000
    assert told.sums["crashes"] >= told.sums["runs"]
    assert len(told.crashes) >= 10  # Every kind of step has been a last one.
    assert [what for what in JUDGED if told.judged[what] < 30] == []


@pytest.mark.slow
@pytest.mark.real_disk
def test_a_hundred_runs_on_sqlite_files(tmp_path: Path) -> None:
    told = run_chunk(6_000_000, 100, str(tmp_path))
    assert told.failures == []
    assert told.sums["runs"] == 100


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_the_harness_finds_each_bug_on_purpose(bug: Bug) -> None:
    assert runs_to_find(bug), f"{bug.__name__} was not found in {RUNS_MAX} runs"
