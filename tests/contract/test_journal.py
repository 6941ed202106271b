"""What every journal promises, and what the one on disk survives."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qmt_trading.codec.journal_record import GENESIS, encode_turn, seal
from qmt_trading.journal.memory import MemoryJournal
from qmt_trading.journal.sqlite import SqliteJournal, SqliteReader
from qmt_trading.model.errors import JournalBrokenError, JournalError
from qmt_trading.model.events import At, KnownSignal
from qmt_trading.model.receipt import Receipt
from qmt_trading.model.words import SignalStatus
from qmt_trading.ports import Closing, Journal, StoredSnapshot, StoredTurn
from qmt_trading.run.journal_tools import verify


def turn(number: int, previous: bytes) -> StoredTurn:
    payload = encode_turn([At(number)])
    return StoredTurn(number, payload, seal(previous, number, payload))


def fill(journal: Journal, count: int, *, opens: int = 0) -> list[StoredTurn]:
    turns: list[StoredTurn] = []
    previous = GENESIS
    for number in range(1, count + 1):
        each = turn(number, previous)
        journal.append(each, closing=Closing((), "") if number == opens else None)
        turns.append(each)
        previous = each.seal
    return turns


@pytest.fixture(params=["memory", "sqlite"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    made: Journal = MemoryJournal() if request.param == "memory" else SqliteJournal(tmp_path / "journal.sqlite")
    yield made
    made.close()


def test_turns_come_back_in_order_from_any_number(journal: Journal) -> None:
    turns = fill(journal, 1200)
    assert list(journal.turns()) == turns
    assert list(journal.turns(1150)) == turns[1149:]
    assert list(journal.turns(1201)) == []


def test_the_last_opened_day_is_remembered(journal: Journal) -> None:
    assert journal.last_day_opened() == 0
    fill(journal, 9, opens=4)
    assert journal.last_day_opened() == 4


def test_the_newest_snapshot_replaces_the_one_before(journal: Journal) -> None:
    assert journal.snapshot() is None
    for number in (3, 7):
        journal.save_snapshot(StoredSnapshot(number, bytes([number]) * 32, b"state"))
    assert journal.snapshot() == StoredSnapshot(7, bytes([7]) * 32, b"state")


def known(seq: int, content: str = "abc") -> KnownSignal:
    return KnownSignal(seq, content, Receipt(seq, "up/1", SignalStatus.ACCEPTED))


def test_ids_are_known_until_their_day_is_forgotten(journal: Journal) -> None:
    first, second = turn(1, GENESIS), turn(2, turn(1, GENESIS).seal)
    journal.append(first, closing=Closing([("up/1", "2026-11-20", known(4))], "2026-10-01"))
    assert journal.known_signal("up/1") == known(4)
    assert journal.known_signal("up/2") is None
    journal.append(second, closing=Closing((), "2026-11-20"))
    assert journal.known_signal("up/1") is None
    assert journal.last_day_opened() == 2


def test_a_second_receipt_never_replaces_the_first(journal: Journal) -> None:
    first, second = turn(1, GENESIS), turn(2, turn(1, GENESIS).seal)
    journal.append(first, closing=Closing([("up/1", "2026-11-20", known(4))], "2026-10-01"))
    journal.append(second, closing=Closing([("up/1", "2026-11-21", known(9, "xyz"))], "2026-10-01"))
    assert journal.known_signal("up/1") == known(4)


def test_an_opening_that_fails_leaves_no_index_behind(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = SqliteJournal(path)
    fill(journal, 1)
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("begin immediate")
    opening = turn(2, turn(1, GENESIS).seal)
    with pytest.raises(JournalError):
        journal.append(opening, closing=Closing([("up/1", "2026-11-20", known(4))], "2026-10-01"))
    lock.execute("rollback")
    lock.close()
    journal.close()
    again = SqliteJournal(path)
    assert again.known_signal("up/1") is None
    assert sum(1 for _ in again.turns()) == 1
    again.close()


def test_an_index_that_cannot_be_read_is_told_and_not_taken_for_a_new_id(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.sqlite")
    journal.append(turn(1, GENESIS), closing=Closing([("up/1", "2026-11-20", known(4))], ""))
    with sqlite3.connect(tmp_path / "journal.sqlite") as meddler:
        meddler.execute("update known_signal set body = 'x'")
    with pytest.raises(JournalError):
        journal.known_signal("up/1")
    journal.close()


def test_a_creation_that_was_cut_short_is_done_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    torn = tmp_path / "journal.sqlite.new"
    torn.write_bytes(b"SQLite format 3\0" + bytes(50))
    journal = SqliteJournal(path)
    fill(journal, 3)
    journal.close()
    assert not torn.exists()


def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = SqliteJournal(path)
    turns = [turn(1, GENESIS)]
    journal.append(turns[0], closing=Closing([("up/1", "2026-11-20", known(4))], "2026-10-01"))
    journal.close()
    again = SqliteJournal(path)
    assert list(again.turns()) == turns
    assert again.known_signal("up/1") == known(4)
    again.append(turn(2, turns[-1].seal))
    again.close()


def test_a_reader_sees_what_is_committed_beside_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = SqliteJournal(path)
    turns = fill(journal, 5)
    reader = SqliteReader(path)
    assert list(reader.turns()) == turns
    journal.append(turn(6, turns[-1].seal))
    assert sum(1 for _ in reader.turns()) == 6
    reader.close()
    journal.close()


def test_a_foreign_lock_closes_the_journal_at_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = SqliteJournal(path)
    turns = fill(journal, 1)
    foreign = sqlite3.connect(path, isolation_level=None)
    foreign.execute("begin immediate")
    began = time.monotonic()
    with pytest.raises(JournalError):
        journal.append(turn(2, turns[0].seal))
    assert time.monotonic() - began < 0.5
    foreign.execute("rollback")
    foreign.close()
    with pytest.raises(JournalError):
        journal.append(turn(2, turns[0].seal))  # For good, also when the lock is gone.
    journal.close()
    assert [each.number for each in SqliteJournal(path).turns()] == [1]


def test_a_full_disk_is_an_error_and_nothing_is_half_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = SqliteJournal(path)
    pages = journal._connection.execute("pragma page_count").fetchone()[0]
    journal._connection.execute(f"pragma max_page_count={pages + 2}")
    previous, number = GENESIS, 0
    while True:
        number += 1
        payload = b"1[" + b" " * 3000 + b"]"
        each = StoredTurn(number, payload, seal(previous, number, payload))
        try:
            journal.append(each)
        except JournalError as error:
            assert "日志写入失败" in str(error)  # noqa: PT017 - the turn at which it fails is not known.
            break
        previous = each.seal
    journal.close()
    again = SqliteJournal(path)
    assert [each.number for each in again.turns()] == list(range(1, number))
    assert verify(again).trouble == ""
    again.close()


def test_a_checkpoint_beside_the_writer_loses_nothing(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.sqlite")
    fill(journal, 50)
    journal.checkpoint()
    assert sum(1 for _ in journal.turns()) == 50
    journal.close()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b"no database at all" * 100),
        lambda path: sqlite3.connect(path).execute("create table other(x)").connection.close(),
    ],
)
def test_a_file_that_is_no_journal_is_refused_and_left_alone(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    path = tmp_path / "journal.sqlite"
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(JournalBrokenError):
        SqliteJournal(path)
    assert path.read_bytes() == before


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    SqliteJournal(path).close()
    changed = sqlite3.connect(path)
    changed.execute("pragma user_version=99")
    changed.close()
    with pytest.raises(JournalBrokenError, match="更新的版本"):
        SqliteJournal(path)


def test_a_reader_without_a_journal_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="没有日志"):
        SqliteReader(tmp_path / "journal.sqlite")


def test_a_snapshot_that_is_not_whole_counts_as_none(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.sqlite")
    journal.save_snapshot(StoredSnapshot(3, bytes(32), b"state"))
    path = tmp_path / "snapshot.bin"
    path.write_bytes(path.read_bytes()[:-1])
    assert journal.snapshot() is None
    journal.close()


WRITER = """
import sys
from pathlib import Path
from qmt_trading.codec.journal_record import GENESIS, encode_turn, seal
from qmt_trading.journal.sqlite import SqliteJournal
from qmt_trading.model.events import At
from qmt_trading.ports import StoredTurn
journal = SqliteJournal(Path(sys.argv[1]))
previous, number = GENESIS, 0
for each in journal.turns():
    previous, number = each.seal, each.number
while True:
    number += 1
    payload = encode_turn([At(number)] * 20)
    each = StoredTurn(number, payload, seal(previous, number, payload))
    journal.append(each)
    previous = each.seal
    print(number, flush=True)
"""


@pytest.mark.real_disk
@pytest.mark.skipif(os.name != "posix", reason="needs POSIX: kills by SIGKILL")
def test_a_killed_writer_keeps_every_turn_it_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    acknowledged = 0
    for _ in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, encoding="utf-8"
        ) as writer:
            assert writer.stdout is not None
            for line in writer.stdout:
                acknowledged = int(line)
                if acknowledged % 60 == 59:
                    writer.kill()
                    break
            rest = writer.stdout.read().split()
            acknowledged = int(rest[-1]) if rest and rest[-1].isdigit() else acknowledged
    reader = SqliteReader(path)
    verified = verify(reader)
    reader.close()
    assert verified.trouble == ""
    assert verified.turns >= acknowledged
