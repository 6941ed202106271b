"""The gate refuses exactly what the plain model refuses: a short set in each test run, and proof that it can see."""

from __future__ import annotations

from typing import Final

import pytest

from tests.gate.bugs import BUGS, RUNS_MAX, Bug, runs_to_find
from tests.gate.chunk import run_chunk
from tests.gate.coverage import missing

SEEDS: Final = {
    "check_position_share refuses its limit": 403,
    "check_recent_value refuses its limit": 2378,
    "check_buy_value passes one more": 171,
    "check_turnover passes one more": 198,
    "check_messages_per_day passes one more": 124,
    "check_cash passes one more": 217,
    "orders lost in a snapshot": 159,
    "cancels lost in a snapshot": 523,
    "steps of the loss lost in a snapshot": 469,
    "limits of yesterday": 456,
}
"""Where the search for the rarest begins: worlds that have shown them; others do, too."""


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
    assert SEEDS.keys() <= {each.name for each in BUGS}
    assert runs_to_find(bug, SEEDS.get(bug.name, 0)), f"{bug.name} was not found in {RUNS_MAX} runs"
