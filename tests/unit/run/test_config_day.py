"""``[day]`` and ``[morning]`` as they are read, and whom they concern."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.run.config_parts import GOOD, QMT_GOOD, refusal, written

from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.run.config import load
from qmt_trading.run.day.night import Night

MINUTE_NS = 60 * SECOND_NS


def test_on_paper_nothing_is_checked_and_no_night_is_known(tmp_path: Path) -> None:
    configuration = load(written(tmp_path, GOOD))
    assert configuration.day.night is None
    assert configuration.engine.night is None
    assert not configuration.day.report
    assert not configuration.day.awake
    assert [each.morning_check for each in configuration.engine.accounts] == [False]


def test_a_real_terminal_is_checked_and_rests_at_night_unless_a_person_says_otherwise(tmp_path: Path) -> None:
    configuration = load(written(tmp_path, QMT_GOOD))
    assert configuration.engine.night == (960 * MINUTE_NS, 510 * MINUTE_NS)
    assert configuration.day.report
    assert configuration.day.awake
    assert all(each.morning_check for each in configuration.engine.accounts)
    off = load(written(tmp_path, QMT_GOOD + "[morning]\ncheck = false\n[day]\nreport = false\nawake = false\n"))
    assert not any(each.morning_check for each in off.engine.accounts)
    assert not off.day.report
    assert not off.day.awake


def test_a_person_may_have_paper_checked(tmp_path: Path) -> None:
    text = GOOD + '[morning]\ncheck = true\n[day]\nnight = "16:00-08:30"\nreport = true\nawake = true\n'
    configuration = load(written(tmp_path, text))
    assert configuration.day.night == Night(960 * MINUTE_NS, 510 * MINUTE_NS)
    assert configuration.engine.night == (960 * MINUTE_NS, 510 * MINUTE_NS)
    assert configuration.day.report
    assert configuration.day.awake
    assert [each.morning_check for each in configuration.engine.accounts] == [True]


def test_no_night_may_be_written(tmp_path: Path) -> None:
    assert load(written(tmp_path, GOOD + '[day]\nnight = "none"\n')).day.night is None


@pytest.mark.parametrize("night", ["", "16:00", "16:00-25:00", "16:00-16:00", "16-8", "-"])
def test_a_night_that_is_none_is_refused_with_how_to_write_it(tmp_path: Path, night: str) -> None:
    told = refusal(tmp_path, GOOD + f'[day]\nnight = "{night}"\n')
    assert "night" in told


def test_a_key_that_is_not_known_is_refused(tmp_path: Path) -> None:
    assert "是不是 check" in refusal(tmp_path, GOOD + "[morning]\nchek = true\n")
    assert "是不是 night" in refusal(tmp_path, GOOD + '[day]\nnigth = "16:00-08:30"\n')
