"""Looking after a journal: is it whole, and what does it say."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from qmt_trading.codec.journal_record import GENESIS, Record, decode_turn, seal
from qmt_trading.model.errors import JournalBrokenError
from qmt_trading.ports import JournalReader

Progress = Callable[[int], None]

PROGRESS_EVERY = 1000


class Verified(NamedTuple):
    """What a walk through all turns showed."""

    turns: int
    head: bytes
    """Seal of the last turn; of the last good one when something is broken."""
    trouble: str
    """What is broken and where, in both languages; empty: nothing."""


def verify(
    reader: JournalReader, *, expected: tuple[int, bytes] | None = None, progress: Progress | None = None
) -> Verified:
    """Walk all turns: numbers, seals, records.

    A changed byte, a dropped or swapped turn is found by the chain; a cut tail only against ``expected``, the number
    and seal that the log told earlier.
    """
    number, head = 0, GENESIS
    found = expected is None
    try:
        for turn in reader.turns(1):
            if turn.number != number + 1:
                return Verified(number, head, f"缺少第 {number + 1} 轮 / turn {number + 1} is missing")
            if seal(head, turn.number, turn.payload) != turn.seal:
                return Verified(number, head, f"第 {turn.number} 轮被改动 / turn {turn.number} was changed")
            decode_turn(turn.payload)
            number, head = turn.number, turn.seal
            if expected is not None and number == expected[0]:
                if head != expected[1]:
                    return Verified(number, head, f"第 {number} 轮与日志所记不符 / turn {number} is not the one told")
                found = True
            if progress is not None and number % PROGRESS_EVERY == 0:
                progress(number)
    except JournalBrokenError as error:
        return Verified(number, head, str(error))
    if not found and expected is not None:
        return Verified(number, head, f"第 {number} 轮之后被截断 / cut off after turn {number}, {expected[0]} expected")
    return Verified(number, head, "")


def export(reader: JournalReader, write_line: Callable[[bytes], object], *, progress: Progress | None = None) -> int:
    """Write each record as one JSON line with names; return how many."""
    count = 0
    for turn in reader.turns(1):
        for index, record in enumerate(decode_turn(turn.payload)):
            write_line(msgspec.json.encode(named(record, turn.number, index)) + b"\n")
            count += 1
        if progress is not None and turn.number % PROGRESS_EVERY == 0:
            progress(turn.number)
    return count


def named(record: Record, turn: int, index: int) -> dict[str, object]:
    """Return ``record`` with its field names, nested ones, too."""
    return {"turn": turn, "index": index, "type": type(record).__name__, **_fields(record)}


def _fields(value: msgspec.Struct) -> dict[str, object]:
    return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}


def _plain(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        return _fields(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value
