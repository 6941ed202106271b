"""Each call of the terminal with each fault once, some random worlds, and the proof that the harness can see."""

from __future__ import annotations

import pytest

from tests.faults.bugs import BUGS, Bug, runs_to_find
from tests.faults.chunk import run_chunk
from tests.faults.table import BESIDES, CASES, Case, play
from tests.faults.terminal import Call, Fault

ALONE = [case for case in CASES if case.besides == "nothing"]


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_a_call_that_goes_wrong_costs_no_order_and_no_share(case: Case) -> None:
    verdict = play(case)
    assert verdict.counts["orders that reached the terminal"] >= 2


def test_the_table_holds_each_call_with_each_fault_and_each_accident() -> None:
    assert len({(case.call, case.fault, case.besides) for case in CASES}) == len(Call) * len(Fault) * len(BESIDES)


def test_random_worlds_agree_with_the_counter_and_are_the_same_each_time() -> None:
    told = run_chunk(5_000_000, 12)
    assert told.failures == []
    again = run_chunk(5_000_000, 3)
    assert again.failures == []
    once_more = run_chunk(5_000_000, 3)
    assert (again.counts, again.seen) == (once_more.counts, once_more.seen)
    for what in ("orders that reached the terminal", "engine crashes", "host kills", "link cuts", "phone orders"):
        assert told.counts[what], what


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "-"))
def test_the_harness_finds_each_bug_on_purpose(bug: Bug) -> None:
    assert runs_to_find(bug, bug.seed), f"{bug.name} was not found"
