"""The ladder: what is on record of each rung, and when it no longer counts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run import ladder

NOW = dt.datetime(2026, 11, 26, 9, 0, tzinfo=dt.UTC)


def take(folder: Path, rung: int, outcome: str = ladder.PASSED, config: str = "a") -> ladder.Step:
    return ladder.record(folder, rung, outcome=outcome, who="me", why="seen", config=config, now=NOW)


def test_there_are_eight_rungs_and_none_is_skipped_silently(tmp_path: Path) -> None:
    assert len(ladder.RUNGS) == 8
    assert ladder.read(tmp_path) == []
    assert ladder.next_rung([], "a") == 1
    take(tmp_path, 2)
    assert ladder.next_rung(ladder.read(tmp_path), "a") == 1
    take(tmp_path, 1)
    assert ladder.next_rung(ladder.read(tmp_path), "a") == 3
    take(tmp_path, 3, ladder.SKIPPED)
    assert ladder.next_rung(ladder.read(tmp_path), "a") == 4
    assert [step.outcome for step in ladder.read(tmp_path)] == [ladder.PASSED, ladder.PASSED, ladder.SKIPPED]


def test_a_rehearsal_counts_for_the_configuration_it_was_played_with(tmp_path: Path) -> None:
    take(tmp_path, 1)
    step = take(tmp_path, 2)
    assert ladder.holds(step, "a")
    assert not ladder.holds(step, "b")
    assert ladder.next_rung(ladder.read(tmp_path), "b") == 2


def test_the_newest_counts_and_the_older_ones_stay_in_the_file(tmp_path: Path) -> None:
    take(tmp_path, 2)
    take(tmp_path, 2, config="b")
    (step,) = ladder.read(tmp_path)
    assert step.config == "b"
    assert (tmp_path / ladder.FILE).read_text(encoding="utf-8").count('"rung"') == 2


def test_a_damaged_file_is_told_of(tmp_path: Path) -> None:
    (tmp_path / ladder.FILE).write_text("{", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="阶梯"):
        ladder.read(tmp_path)
