"""A short set of random signals in shadow mode, and the proof that the harness can see."""

from __future__ import annotations

import pytest

from tests.shadow.bugs import BUGS, WORLDS_MAX, Bug, worlds_to_find
from tests.shadow.run_one import run_chunk


def test_a_thousand_signals_and_nothing_but_questions_leaves() -> None:
    counts, failures = run_chunk(1_000_000, 1000)
    assert failures == []
    assert counts["signals"] >= 1000
    for what in ("cancels decided", "withheld for shadow", "crashes", "reconnects", "questions answered"):
        assert counts[what] > 10, what


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_the_harness_finds_each_bug_on_purpose(bug: Bug) -> None:
    assert worlds_to_find(bug), f"{bug.__name__} was not found in {WORLDS_MAX} worlds"
