"""The gate refuses exactly what the plain model refuses: a short set in each test run, and proof that it can see."""

from __future__ import annotations

import pytest

from tests.gate.bugs import BUGS, RUNS_MAX, Bug, runs_to_find
from tests.gate.chunk import run_chunk
from tests.gate.coverage import missing


@pytest.mark.slow
def test_gate_and_model_say_the_same_of_every_order_and_every_reason_was_seen() -> None:
    told = run_chunk(7_000_000, 400)
    assert told.failures == []
    assert told.counts["runs"] == 400
    assert told.counts["order lines"] > 10_000
    assert [each for each in missing(told.counts) if each.startswith("refused")] == []


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "_"))
def test_the_model_finds_each_bug_on_purpose(bug: Bug) -> None:
    assert runs_to_find(bug), f"{bug.name} was not found in {RUNS_MAX} runs"
