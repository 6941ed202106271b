"""The outbox loses nothing and holds nothing twice, whoever opens it again."""

from __future__ import annotations

import sqlite3
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import Importance
from qmt_trading.notify.channel import Channel
from qmt_trading.notify.outbox import FILE, KEPT_NS, Counts, Outbox, Position
from qmt_trading.notify.timing import AGAIN_NS, GIVE_UP_NS
from qmt_trading.run.notify_rows import rows_of
from tests.engine_bench import START_NS
from tests.notify_bench import message

ZH, EN = Channel(name="zh"), Channel(name="en", language="en")
GRAVE = Importance.CRITICAL


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    made = Outbox(tmp_path)
    yield made
    made.close()


def keys(outbox: Outbox, now_ns: int = START_NS, channel: str = "zh") -> list[str]:
    return [each.key for each in outbox.due(channel, now_ns)]


def test_each_channel_has_its_own_in_its_language(outbox: Outbox) -> None:
    outbox.take_in([(ZH, message(1)), (EN, message(1)), (ZH, message(2))])
    assert [each.text for each in outbox.due("zh", START_NS)] == ["第 1 条提醒", "第 2 条提醒"]
    assert [each.text for each in outbox.due("en", START_NS)] == ["alert number 1"]


def test_what_was_told_is_never_due_again_even_where_it_is_taken_in_again(tmp_path: Path, outbox: Outbox) -> None:
    outbox.take_in([(ZH, message(1))], Position(7, b"seal"))
    outbox.told("zh", ["k001"], START_NS)
    outbox.take_in([(ZH, message(1)), (ZH, message(2))])
    assert keys(outbox) == ["k002"]
    again = Outbox(tmp_path)
    assert (keys(again), again.position()) == (["k002"], Position(7, b"seal"))
    assert again.counts("zh") == Counts(waiting=1, told=1, given_up=0)
    assert again.has("zh", "k001")
    assert not again.has("en", "k001")
    again.close()


def test_messages_and_position_go_in_together_or_not_at_all(tmp_path: Path, outbox: Outbox) -> None:
    outbox.take_in([(ZH, message(1))], Position(7, b"seal"))
    with sqlite3.connect(tmp_path / FILE) as other:
        other.execute("create trigger stops before insert on position begin select raise(abort, 'full'); end")
    with pytest.raises(sqlite3.Error):
        outbox.take_in([(ZH, message(2))], Position(8, b"other"))
    assert (keys(outbox), outbox.position()) == (["k001"], Position(7, b"seal"))
    other.close()


def test_a_failure_is_tried_again_after_a_pause_and_given_up_after_six_hours(outbox: Outbox) -> None:
    outbox.take_in([(ZH, message(1))])
    assert outbox.failed("zh", ["k001"], START_NS) == (0, 1)
    assert keys(outbox, START_NS + 5 * SECOND_NS - 1) == []
    assert keys(outbox, START_NS + 5 * SECOND_NS) == ["k001"]
    assert outbox.failed("zh", ["k001"], START_NS + 5 * SECOND_NS) == (0, 2)
    assert keys(outbox, START_NS + 35 * SECOND_NS - 1) == []
    assert outbox.failed("zh", ["k001"], START_NS + GIVE_UP_NS - 1) == (0, 3)
    assert outbox.failed("zh", ["k001"], START_NS + GIVE_UP_NS) == (1, 0)
    assert keys(outbox, START_NS + 2 * GIVE_UP_NS) == []
    assert outbox.failed("zh", ["k001"], START_NS + GIVE_UP_NS) == (0, 0)


def test_a_clock_that_steps_back_does_not_hold_a_message_for_hours(outbox: Outbox) -> None:
    outbox.take_in([(ZH, message(1))])
    outbox.failed("zh", ["k001"], START_NS)
    assert keys(outbox, START_NS - GIVE_UP_NS) == ["k001"]


def test_what_is_critical_stays_until_somebody_acknowledges_it(outbox: Outbox) -> None:
    outbox.take_in([(ZH, message(1, importance=GRAVE)), (ZH, message(2, importance=GRAVE)), (ZH, message(3))])
    assert outbox.unacknowledged("zh", START_NS) == []
    outbox.told("zh", ["k001", "k002", "k003"], START_NS)
    later = START_NS + AGAIN_NS
    assert outbox.unacknowledged("zh", later - 1) == []
    assert [each.key for each in outbox.unacknowledged("zh", later)] == ["k001", "k002"]
    outbox.acknowledge(["m1"])
    assert [each.key for each in outbox.unacknowledged("zh", later)] == ["k002"]
    outbox.told("zh", ["k002"], later)
    assert outbox.unacknowledged("zh", later + 1) == []
    assert outbox.unacknowledged("zh", START_NS + 25 * 3600 * SECOND_NS) == []


def test_a_month_later_it_is_forgotten(outbox: Outbox) -> None:
    outbox.take_in([(ZH, message(1)), (ZH, message(2, at_ns=START_NS + KEPT_NS))])
    outbox.forget(START_NS + KEPT_NS + SECOND_NS)
    assert keys(outbox, START_NS + KEPT_NS + SECOND_NS) == ["k002"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX rights")
def test_the_file_is_its_owners_alone(tmp_path: Path, outbox: Outbox) -> None:
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_file_that_is_none_of_ours_is_told_of(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all" * 100)
    with pytest.raises(ConfigurationError, match=r"notify\.sqlite"):
        Outbox(tmp_path)
    (tmp_path / FILE).unlink()
    with sqlite3.connect(tmp_path / FILE) as other:
        other.execute("pragma user_version = 9")
    other.close()
    with pytest.raises(ConfigurationError, match="version 9"):
        Outbox(tmp_path)


def test_the_last_failure_stands_until_the_channel_works_again(tmp_path: Path, outbox: Outbox) -> None:
    channels = [ZH]
    outbox.take_in([(ZH, message(1))])
    assert rows_of(channels, tmp_path)[0]["failed_at"] is None
    outbox.failed("zh", ["k001"], START_NS, why="对方答 HTTP 500")
    outbox.failed("zh", ["k001"], START_NS + SECOND_NS, why="对方拒收：310000")
    (row,) = rows_of(channels, tmp_path)
    assert (row["failed_at"], row["failed_why"]) == (to_iso_text(START_NS + SECOND_NS), "对方拒收：310000")
    outbox.told("zh", ["k001"], START_NS + 2 * SECOND_NS)
    (row,) = rows_of(channels, tmp_path)
    assert (row["failed_at"], row["failed_why"]) == (None, "")


def test_a_file_of_the_version_before_is_taken_on(tmp_path: Path) -> None:
    first = Outbox(tmp_path)
    first.take_in([(ZH, message(1))])
    first.close()
    with sqlite3.connect(tmp_path / FILE) as other:
        other.execute("drop table failure")
        other.execute("pragma user_version = 1")
    other.close()
    (row,) = rows_of([ZH], tmp_path)  # A panel alone reads it as it is.
    assert (row["waiting"], row["failed_at"]) == (1, None)
    again = Outbox(tmp_path)
    try:
        assert keys(again, START_NS + SECOND_NS) == ["k001"]
        again.failed("zh", ["k001"], START_NS, why="x")
    finally:
        again.close()
