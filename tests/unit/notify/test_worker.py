"""A channel's thread: nothing twice, nothing lost, nobody waits for another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import Importance
from qmt_trading.notify.channel import Channel, Quiet
from qmt_trading.notify.outbox import Counts, Outbox
from qmt_trading.notify.sender import AppriseSender, Sender
from qmt_trading.notify.timing import AGAIN_NS, GIVE_UP_NS, OLD_NS
from qmt_trading.notify.worker import Worker
from tests.engine_bench import START_NS
from tests.notify_bench import Clock, FarEnd, NotingSender, message, wait_for

CHANNEL = Channel(name="c")
GRAVE = Importance.CRITICAL


class Desk:
    """A worker whose steps a test takes, with clocks set by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outbox = Outbox(folder)
        self.sender = NotingSender()
        self.clock = Clock()
        self.said: list[str] = []
        self.channel = CHANNEL
        self.begin()

    def begin(self, channel: Channel = CHANNEL, *, patience_s: float = 20.0) -> None:
        """Put another worker in the place of the one there is."""
        self.channel = channel
        self.worker = Worker(
            channel,
            self.outbox,
            self.sender,
            lambda text, _: self.said.append(text),
            now_ns=self.clock,
            steady_ns=self.clock,
            patience_s=patience_s,
        )

    def take_in(self, *numbers: int, importance: Importance = Importance.WARNING, at_ns: int = START_NS) -> None:
        self.outbox.take_in((self.channel, message(number, importance=importance, at_ns=at_ns)) for number in numbers)

    def steps(self, seconds: int = 1) -> None:
        for _ in range(seconds):
            self.worker.step()
            self.clock.later(1)

    @property
    def counts(self) -> Counts:
        return self.outbox.counts("c")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.sender.may_end.set()
    made.outbox.close()


def test_each_alert_goes_out_once(desk: Desk) -> None:
    desk.take_in(1, 2)
    desk.steps(20)
    assert [text.split("\n")[1] for text in desk.sender.texts] == ["第 1 条提醒", "第 2 条提醒"]
    desk.begin()
    desk.take_in(1, 2)
    desk.steps(20)
    assert (len(desk.sender.sent), desk.said) == (2, [])


def test_a_burst_becomes_a_few_messages_and_loses_none(desk: Desk) -> None:
    desk.take_in(*range(60))
    desk.steps()
    assert [title.split(" ", 2)[2] for title in desk.sender.titles] == ["60 条提醒，最高：注意"]


def test_alerts_that_come_one_by_one_are_gathered_from_the_sixth_on(desk: Desk) -> None:
    for number in range(10):
        desk.take_in(number)
        desk.steps()
    assert len(desk.sender.sent) == 5
    desk.steps(2)
    assert len(desk.sender.sent) == 6
    assert "5 条提醒" in desk.sender.titles[-1]
    assert desk.counts == Counts(0, 10, 0)


def test_a_long_burst_stays_below_what_a_group_robot_bears(desk: Desk) -> None:
    for number in range(300):
        desk.take_in(number)
        desk.steps()
    desk.steps(60)
    assert desk.counts == Counts(0, 300, 0)
    assert len(desk.sender.sent) <= 6 * 15


def test_a_failure_is_tried_again_and_told_once(desk: Desk) -> None:
    desk.sender.trouble = "对方答 HTTP 500"
    desk.take_in(1)
    desk.steps(40)
    assert desk.said == ["渠道「c」没有发成（对方答 HTTP 500），5 秒后重试，不丢"]
    desk.sender.trouble = ""
    desk.steps(120)
    assert (len(desk.sender.sent), desk.said[1:]) == (1, ["渠道「c」恢复了"])


def test_after_six_hours_it_is_given_up_and_said(desk: Desk) -> None:
    desk.sender.trouble = "x"
    desk.take_in(1)
    desk.steps()
    desk.clock.later(GIVE_UP_NS / SECOND_NS)
    desk.steps()
    assert "放弃 1 条" in desk.said[-1]
    assert desk.counts == Counts(0, 0, 1)


def test_what_was_old_at_the_start_is_one_message(desk: Desk) -> None:
    desk.take_in(*range(8), at_ns=START_NS - OLD_NS - SECOND_NS)
    desk.take_in(9)
    desk.steps(20)
    assert [title.split(" ", 2)[2] for title in desk.sender.titles] == ["注意", "未能及时发出的 8 条提醒"]


def test_quiet_hours_hold_what_is_not_critical_until_they_end(desk: Desk) -> None:
    hour_ns = 3600 * SECOND_NS
    desk.begin(Channel(name="c", quiet=Quiet(9 * hour_ns, 11 * hour_ns)))  # It is ten.
    desk.take_in(*range(8))
    desk.take_in(9, importance=GRAVE)
    desk.steps(30)
    assert desk.sender.importances == [GRAVE]
    desk.clock.later(3600)
    desk.steps(2)
    assert "8 条提醒" in desk.sender.titles[-1]


def test_critical_alerts_are_repeated_until_they_are_acknowledged(desk: Desk) -> None:
    desk.begin(Channel(name="c", repeat=True))
    desk.take_in(1, 2, importance=GRAVE)
    desk.take_in(3)
    desk.steps(599)
    assert len(desk.sender.sent) == 3
    desk.steps(5)
    assert "仍未确认：2 条" in desk.sender.titles[3]
    desk.outbox.acknowledge(["m1"])
    desk.steps(AGAIN_NS // SECOND_NS + 2)
    assert "仍未确认：1 条" in desk.sender.titles[4]
    desk.outbox.acknowledge(["m2"])
    desk.steps(AGAIN_NS // SECOND_NS + 2)
    assert len(desk.sender.sent) == 5


def test_without_repeat_nothing_is_repeated(desk: Desk) -> None:
    desk.take_in(1, importance=GRAVE)
    desk.steps(700)
    assert len(desk.sender.sent) == 1


def test_one_that_hangs_counts_as_failed_and_gets_nothing_else_until_it_ends(desk: Desk) -> None:
    desk.begin(patience_s=0.05)
    desk.sender.may_end.clear()
    desk.take_in(1)
    desk.steps()
    desk.take_in(2)
    desk.steps(30)
    assert ("没有发完" in desk.said[0], desk.counts) == (True, Counts(2, 0, 0))
    desk.sender.may_end.set()
    wait_for(lambda: len(desk.sender.sent) == 1)
    wait_for(lambda: desk.worker._unended is not None and desk.worker._unended.wait(0) == "")
    desk.steps(40)
    assert desk.counts == Counts(0, 2, 0)
    assert len(desk.sender.sent) == 2, "what ended late was told, and is not told again"


def test_what_was_told_is_not_told_again_where_that_cannot_be_written(desk: Desk) -> None:
    desk.take_in(1)
    with sqlite3.connect(desk.folder / "notify.sqlite") as other:
        other.execute("create trigger full before update on message begin select raise(abort, 'disk full'); end")
    for _ in range(3):
        with pytest.raises(sqlite3.Error):
            desk.worker.step()
    with other:
        other.execute("drop trigger full")
    other.close()
    desk.steps(3)
    assert (len(desk.sender.sent), desk.counts) == (1, Counts(0, 1, 0))


def test_a_thread_that_meets_a_fault_tells_its_kind_and_nothing_of_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise KeyError("secret")

    monkeypatch.setattr(desk.worker, "step", fails)
    desk.worker.start()
    wait_for(lambda: desk.worker.failure)
    assert desk.worker.failure == "KeyError"
    desk.worker.stop()


def test_a_channel_that_hangs_holds_no_other_up(tmp_path: Path, far_end: FarEnd) -> None:
    outbox, told = Outbox(tmp_path), NotingSender()
    far_end.may_answer.clear()
    slow, quick = Channel(name="slow"), Channel(name="quick")
    ways: list[tuple[Channel, Sender]] = [(slow, AppriseSender(far_end.secret)), (quick, told)]
    workers = [Worker(channel, outbox, sender, lambda text, _: None, look_s=0.02) for channel, sender in ways]
    outbox.take_in((channel, message(number)) for number in range(3) for channel in (slow, quick))
    for worker in workers:
        worker.start()
    wait_for(lambda: far_end.taken and outbox.counts("quick").told == 3)
    assert outbox.counts("slow") == Counts(3, 0, 0)
    far_end.may_answer.set()
    for worker in workers:
        worker.stop(20.0)
    outbox.close()
