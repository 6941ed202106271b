"""A short set of seeded lives in each test run, and the proof that their judge can see."""

from __future__ import annotations

import pytest

from tests.reconciliation.bugs import BUGS, RUNS_MAX, Bug, runs_to_find
from tests.reconciliation.chunk import run_chunk

JUDGED = (
    "absorbed",
    "absorbed cash",
    "differences kept",
    "fills",
    "foreign",
    "lists",
    "lists again",
    "orders",
    "paused",
    "unknowns ended",
)
"""What the judge must have had work with."""
FIRST = 4_000_000
SEEDS = {
    "lag_believed": 300,
    "taken_while_it_moves": 3040,
    "clock_step_proves": 700,
    "incomplete_lists_compared": 1390,
    "guesses_freely": 2040,
}
"""Where the judge is let begin to look for bugs that few lives show, so that this is quick."""


@pytest.mark.slow
def test_twelve_hundred_lives_end_with_the_counters_books_and_invent_nothing() -> None:
    told = run_chunk(FIRST, 1200)
    assert told.failures == []
    assert told.judged["runs"] == 1200
    assert [what for what in JUDGED if told.judged[what] < 30] == []


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_the_judge_finds_each_bug_on_purpose(bug: Bug) -> None:
    assert runs_to_find(bug, SEEDS.get(bug.__name__, 0)), f"{bug.__name__} was not found in {RUNS_MAX} runs"
