"""Whatever is done to a journal behind its back is found."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from qmt_trading.codec.journal_record import GENESIS, Record, encode_turn, seal
from qmt_trading.journal.memory import MemoryJournal
from qmt_trading.journal.sqlite import SqliteJournal, SqliteReader
from qmt_trading.model.events import At, HaltRequested, LinkChanged
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState
from qmt_trading.ports import StoredTurn
from qmt_trading.run.journal_tools import export, verify


def a_journal(path: Path, count: int = 6) -> list[StoredTurn]:
    journal = SqliteJournal(path)
    previous = GENESIS
    turns = []
    for number in range(1, count + 1):
        payload = encode_turn([At(number), HaltRequested("我", f"test {number}")])
        each = StoredTurn(number, payload, seal(previous, number, payload))
        journal.append(each)
        turns.append(each)
        previous = each.seal
    journal.close()
    return turns


def tampered(path: Path, statement: str, *values: object) -> str:
    connection = sqlite3.connect(path)
    connection.execute(statement, values)
    connection.commit()
    connection.close()
    reader = SqliteReader(path)
    try:
        return verify(reader).trouble
    finally:
        reader.close()


def test_a_whole_journal_is_whole(tmp_path: Path) -> None:
    turns = a_journal(tmp_path / "journal.sqlite")
    reader = SqliteReader(tmp_path / "journal.sqlite")
    assert verify(reader, expected=(6, turns[-1].seal)) == (6, turns[-1].seal, "")
    reader.close()


@pytest.mark.parametrize("column", ["payload", "seal"])
def test_any_flipped_bit_is_found(tmp_path: Path, column: str) -> None:
    turns = a_journal(tmp_path / "journal.sqlite", 3)
    memory_of = {turn.number: turn for turn in turns}
    original = getattr(turns[1], column)
    for index in range(len(original)):
        changed = bytearray(original)
        changed[index] ^= 1 << index % 8
        journal = MemoryJournal()
        for number, turn in memory_of.items():
            each = turn
            if number == 2 and column == "seal":
                each = turn._replace(seal=bytes(changed))
            elif number == 2:
                each = turn._replace(payload=bytes(changed))
            journal.append(each)
        assert verify(journal).trouble != "", index


def test_a_dropped_turn_is_found(tmp_path: Path) -> None:
    a_journal(tmp_path / "journal.sqlite")
    assert "turn 3 is missing" in tampered(tmp_path / "journal.sqlite", "delete from turn where number = 3")


@pytest.mark.parametrize("change", ["payload = payload || ''", "seal = 'text'"])
def test_bytes_that_became_text_are_found(tmp_path: Path, change: str) -> None:
    a_journal(tmp_path / "journal.sqlite")
    assert "turn 3 was changed" in tampered(tmp_path / "journal.sqlite", f"update turn set {change} where number = 3")


def test_swapped_turns_are_found(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    a_journal(path)
    trouble = tampered(
        path, "update turn set number = case number when 2 then -3 when 3 then -2 end where number in (2,3)"
    )
    assert trouble != ""
    assert "turn 2" in tampered(path, "update turn set number = -number where number < 0")


def test_a_cut_tail_is_found_against_the_head_that_was_told(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    turns = a_journal(path)
    assert tampered(path, "delete from turn where number = 6") == ""
    reader = SqliteReader(path)
    assert "cut off after turn 5" in verify(reader, expected=(6, turns[5].seal)).trouble
    reader.close()


def test_a_rewritten_history_is_found_against_the_head_that_was_told(tmp_path: Path) -> None:
    a_journal(tmp_path / "journal.sqlite")
    reader = SqliteReader(tmp_path / "journal.sqlite")
    assert "not the one told" in verify(reader, expected=(4, bytes(32))).trouble
    reader.close()


def test_the_export_names_every_field() -> None:
    journal = MemoryJournal()
    records: list[Record] = [At(5), LinkChanged(AccountId("11031122"), 3, LinkState.CONNECTED, "好")]
    payload = encode_turn(records)
    journal.append(StoredTurn(1, payload, seal(GENESIS, 1, payload)))
    lines: list[bytes] = []
    assert export(journal, lines.append) == 2
    assert json.loads(lines[1]) == {
        "turn": 1,
        "index": 1,
        "type": "LinkChanged",
        "account": "11031122",
        "session": 3,
        "state": "connected",
        "text": "好",
    }
