"""Three stops that nobody asked for within five minutes make the next start a safe one."""

from __future__ import annotations

from pathlib import Path

from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.run.starts import StartLog, set_aside

NOW_NS = 1_790_000_000 * SECOND_NS


def test_the_fourth_start_after_three_deaths_is_safe(tmp_path: Path) -> None:
    for number in range(3):
        log = StartLog(tmp_path)
        assert not log.must_be_safe(NOW_NS + number * SECOND_NS)
        log.begin(NOW_NS + number * SECOND_NS)
    assert StartLog(tmp_path).must_be_safe(NOW_NS + 10 * SECOND_NS)
    assert not StartLog(tmp_path).must_be_safe(NOW_NS + 400 * SECOND_NS)


def test_a_safe_start_says_which_lives_made_it_one_and_until_when(tmp_path: Path) -> None:
    for number in range(3):
        assert StartLog(tmp_path).why_safe(NOW_NS + 10 * SECOND_NS) == ""
        StartLog(tmp_path).begin(NOW_NS + number * SECOND_NS)
    why = StartLog(tmp_path).why_safe(NOW_NS + 10 * SECOND_NS)
    assert "3 次启动没有正常退出：22:13:20、22:13:21、22:13:22" in why
    assert "22:18:20 以后" in why
    assert StartLog(tmp_path).must_be_safe(NOW_NS + 299 * SECOND_NS)
    assert not StartLog(tmp_path).must_be_safe(NOW_NS + 300 * SECOND_NS)


def test_a_kill_is_known_at_the_next_start(tmp_path: Path) -> None:
    assert not StartLog(tmp_path).last_was_unclean
    log = StartLog(tmp_path)
    log.begin(NOW_NS)
    assert StartLog(tmp_path).last_was_unclean
    log.end()
    assert not StartLog(tmp_path).last_was_unclean


def test_stops_that_were_asked_for_do_not_count(tmp_path: Path) -> None:
    for number in range(5):
        log = StartLog(tmp_path)
        log.begin(NOW_NS + number * SECOND_NS)
        log.end()
    assert not StartLog(tmp_path).must_be_safe(NOW_NS + 10 * SECOND_NS)


def test_a_broken_list_of_starts_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / "starts.json").write_bytes(b"{")
    assert not StartLog(tmp_path).must_be_safe(NOW_NS)


def test_the_event_that_the_engine_died_of_is_kept_for_people(tmp_path: Path) -> None:
    path = set_aside(tmp_path, b'["halt"]', "AssertionError: x", NOW_NS)
    assert path.read_bytes() == b'["halt"]\nAssertionError: x'
