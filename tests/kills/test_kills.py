"""A short set of kills in each test run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.kills.rig import run_kills

pytestmark = [
    pytest.mark.slow,
    pytest.mark.real_disk,
    pytest.mark.skipif(os.name != "posix", reason="needs POSIX: SIGKILL and Unix sockets"),
]


def test_thirty_kills_in_mid_burst_double_nothing_and_lose_nothing(tmp_path: Path) -> None:
    told = run_kills(tmp_path, 30, seed=2)
    assert told.kills == 30
    assert told.doubled == 0
    assert told.lost == 0
    assert told.acknowledged > 0
    assert told.orders > 0
