"""Every alert of a journal is found once, from where it was left, whatever became of the journal meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine_bench import ACCOUNT, OTHER, START_NS
from tests.notify_bench import AlertJournal

from qmt_trading.model.errors import JournalError
from qmt_trading.model.words import Importance, Mode
from qmt_trading.notify.outbox import Position
from qmt_trading.run import notify_source
from qmt_trading.run.notify_source import BEFORE_NS, Names, Taken

NAMES = Names({ACCOUNT: "一号", OTHER: ""})


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[AlertJournal]:
    made = AlertJournal(tmp_path)
    yield made
    made.close()


def take(folder: Path, since: Position | None, *, until: int = 10**9, now_ns: int = START_NS) -> Taken:
    return notify_source.take(folder, since, until=until, mode=Mode.PAPER, names=NAMES, now_ns=now_ns)


def texts(taken: Taken) -> list[str]:
    return [each.chinese for each in taken.messages]


def test_each_alert_is_found_once(tmp_path: Path, journal: AlertJournal) -> None:
    before = take(tmp_path, None).position
    assert before.turn == journal.number
    journal.add("甲", "乙")
    journal.add("丙", at_ns=START_NS + 1, importance=Importance.CRITICAL)
    taken = take(tmp_path, before)
    assert texts(taken) == ["甲", "乙", "丙"]
    assert len({each.key for each in taken.messages}) == 3
    assert [each.at_ns for each in taken.messages] == [START_NS, START_NS, START_NS + 1]
    again = take(tmp_path, taken.position)
    assert (again.messages, again.position) == ((), taken.position)


def test_all_of_a_thousand_are_found_in_steps(
    tmp_path: Path, journal: AlertJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify_source, "TURNS_AT_ONCE", 100)
    position: Position | None = take(tmp_path, None).position
    for number in range(250):
        journal.add(*(f"{number}.{place}" for place in range(4)))
    found: list[str] = []
    for _ in range(4):
        taken = take(tmp_path, position)
        found += texts(taken)
        position = taken.position
    assert found == [f"{number}.{place}" for number in range(250) for place in range(4)]
    assert position is not None
    assert position.turn == journal.number


def test_it_looks_no_further_than_it_may(tmp_path: Path, journal: AlertJournal) -> None:
    journal.add("甲")
    number = journal.number
    journal.add("乙")
    taken = take(tmp_path, None, until=number)
    assert (texts(taken)[-1], taken.position.turn) == ("甲", number)


def test_the_first_time_what_is_older_than_a_day_is_left_out(tmp_path: Path, journal: AlertJournal) -> None:
    journal.add("旧", at_ns=START_NS)
    journal.add("新", at_ns=START_NS + 1)
    assert texts(take(tmp_path, None, now_ns=START_NS + BEFORE_NS + 1)) == ["新"]


def test_another_journal_in_its_place_is_read_from_its_last_day(tmp_path: Path, journal: AlertJournal) -> None:
    journal.add("甲")
    assert texts(take(tmp_path, Position(journal.number - 1, b"another seal"))) == ["甲"]
    assert texts(take(tmp_path, Position(10**6, b"of a longer one"))) == ["甲"]


def test_no_account_number_leaves(tmp_path: Path, journal: AlertJournal) -> None:
    before = take(tmp_path, None).position
    journal.add(f"账户 {ACCOUNT} 和 {OTHER} 有差异", account=OTHER)
    (message,) = take(tmp_path, before).messages
    assert message.chinese == "账户 一号 和 …1123 有差异"
    assert (message.about, message.account) == ("…1123", OTHER)
    assert ACCOUNT not in message.english + message.about


def test_without_a_journal_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalError):
        take(tmp_path, None)
