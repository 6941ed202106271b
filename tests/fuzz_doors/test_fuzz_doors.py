"""A short set through the doors in each test run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.fuzz_doors.run import run


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux: Unix sockets, a FIFO and /proc")
def test_nonsense_through_the_doors_makes_no_order_and_no_crash(tmp_path: Path) -> None:
    told = run(tmp_path, 10_000, seed=3)
    assert told.orders == 0
    assert told.receipts > 500  # As many as were read while sending.
