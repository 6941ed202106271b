"""A short set through the doors in each test run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.fuzz_doors.run import run


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux: Unix sockets, a FIFO and /proc")
def test_nonsense_through_the_doors_makes_no_crash_and_no_order_that_the_grammar_does_not_know(
    tmp_path: Path,
) -> None:
    told = run(tmp_path, 6_000, seed=3)
    assert told.receipts > 5_000
    assert told.malformed > 1_000
    assert told.signals > 500
    assert told.orders > 5  # What is well-formed and names an account that exists does become an order.
