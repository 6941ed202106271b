"""The notifier over a real journal: each alert once, whatever is restarted; reports once a day; troubles told once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine_bench import ACCOUNT, DAY, OTHER, START_NS
from tests.notify_bench import AlertJournal, Clock, NotingSender
from tests.unit.run.day_parts import at

from qmt_trading.market.sessions import Session
from qmt_trading.model.errors import JournalBrokenError, JournalError, LockedError
from qmt_trading.model.words import Importance
from qmt_trading.notify.channel import Channel, Secret
from qmt_trading.notify.office import Office
from qmt_trading.notify.outbox import Outbox
from qmt_trading.run import notifying
from qmt_trading.run.notifying import Notifying, address_of

ALL = Channel(name="all", importance=Importance.INFORMATION, noon=True, daily=True, repeat=True)


class Desk:
    """A notifier whose steps a test takes; its office never begins to send."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.said: list[str] = []
        self.begin()

    def begin(self) -> None:
        self.office = Office(Outbox(self.folder), [(ALL, NotingSender())], lambda text, _: None)
        self.notifying = Notifying(
            self.folder,
            self.office,
            session=Session(),
            names={ACCOUNT: "一号", OTHER: ""},
            say=lambda text, _: self.said.append(text),
            now_ns=self.clock,
        )

    def again(self) -> None:
        """Let another process take its place."""
        self.end()
        self.begin()

    def end(self) -> None:
        self.notifying.close()
        self.office.outbox.close()

    def texts(self) -> list[str]:
        self.notifying.step()
        return [each.text for each in self.office.outbox.due("all", self.clock.now)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.end()


@pytest.fixture
def journal(desk: Desk) -> Iterator[AlertJournal]:
    made = AlertJournal(desk.folder)
    yield made
    made.close()


def test_without_a_journal_it_waits_for_one(desk: Desk) -> None:
    assert desk.texts() == []
    journal = AlertJournal(desk.folder)
    journal.add("甲")
    assert "甲" in desk.texts()
    assert desk.said == []
    journal.close()


def test_each_alert_is_taken_in_once_over_restarts(desk: Desk, journal: AlertJournal) -> None:
    journal.add("甲")
    before = desk.texts()
    desk.again()
    assert desk.texts() == before
    desk.end()
    journal.add(*(f"第 {number} 条" for number in range(300)))
    desk.begin()
    assert desk.texts() == before + [f"第 {number} 条" for number in range(300)], "more than a view holds"


def test_reports_are_made_once_a_day(desk: Desk, journal: AlertJournal) -> None:
    desk.texts()
    desk.clock.now = at("11:35")
    reports = [text for text in desk.texts() if "总资产" in text]
    assert len(reports) == 1
    desk.again()
    desk.clock.later(60)
    desk.clock.now = at("15:35")
    reports = [text for text in desk.texts() if "总资产" in text]
    assert ["全文" in text for text in reports] == [False, True]
    assert DAY.isoformat() in reports[1]


def test_a_journal_that_cannot_be_read_now_is_said_once(
    desk: Desk, journal: AlertJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> bool:
        raise JournalError("busy")

    with monkeypatch.context() as patch:
        patch.setattr(desk.notifying._follower, "advance", fails)
        desk.texts()
        desk.texts()
    assert len(desk.said) == 1
    journal.add("甲")
    assert "甲" in desk.texts()


def test_a_broken_journal_is_told_to_people_once(
    desk: Desk, journal: AlertJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.texts()

    def fails() -> bool:
        raise JournalBrokenError("第 7 轮被改动")

    monkeypatch.setattr(desk.notifying._follower, "advance", fails)
    desk.texts()
    (told,) = [text for text in desk.texts() if "读不下去" in text]
    assert "第 7 轮被改动" in told


def test_what_people_have_acknowledged_is_repeated_no_more(desk: Desk, journal: AlertJournal) -> None:
    journal.add("急", importance=Importance.CRITICAL)
    desk.texts()
    outbox = desk.office.outbox
    keys = [each.key for each in outbox.due("all", START_NS)]
    outbox.told("all", keys, START_NS)
    desk.clock.later(600)
    desk.texts()
    assert [each.text for each in outbox.unacknowledged("all", desk.clock.now)] == ["急"]
    view = desk.notifying._follower.view
    assert view is not None
    journal.acknowledge(*(row.id for row in view.alerts if row.alert.chinese == "急"))
    desk.texts()
    assert outbox.unacknowledged("all", desk.clock.now) == []


def test_a_folder_has_one_notifier(tmp_path: Path) -> None:
    first = notifying.lock(tmp_path)
    with pytest.raises(LockedError):
        notifying.lock(tmp_path)
    first.release()
    notifying.lock(tmp_path).release()


def test_an_address_comes_from_the_file_or_the_environment() -> None:
    written = Channel(name="c", url=Secret("json://a"))
    named = Channel(name="c", url_env="HERE")
    assert address_of(written, {}) == Secret("json://a")
    assert address_of(named, {"HERE": " json://b "}) == Secret("json://b")
    assert address_of(named, {}) is None
    assert address_of(named, {"HERE": " "}) is None
