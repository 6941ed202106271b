"""A trading day that is over, as the journal tells it: the view at its end, and the head of the chain there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final, NamedTuple

from qmt_trading.codec.journal_record import GENESIS, decode_turn, seal
from qmt_trading.engine.engine import Engine
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.errors import JournalBrokenError
from qmt_trading.model.view import View
from qmt_trading.ports import JournalReader
from qmt_trading.run.compliance import NoSuchDayError

PROGRESS_EVERY: Final = 1000
_OPENED: Final = b'["opened",'
"""Stands in every turn that opens a trading day, and hardly in any other."""


class Past(NamedTuple):
    """The end of a day."""

    view: View
    head: tuple[int, bytes]
    """Number and seal of the last turn before the next day was opened."""


def end_of_day(reader: JournalReader, day: dt.date, *, progress: Callable[[int], None] | None = None) -> Past:
    """Return what was known at the end of ``day``; every turn up to there is checked against its seal.

    A turn that opens the next day as well is folded up to that opening, and its head is the one before it.

    Raises:
        JournalBrokenError: a turn is missing or is not what was written.
        NoSuchDayError: the journal opened no such day.
    """
    engine: Engine | None = None
    days: list[dt.date] = []
    number, head = 0, GENESIS
    for turn in reader.turns(1):
        if turn.number != number + 1:
            raise JournalBrokenError(f"日志缺少第 {number + 1} 轮 / turn {number + 1} is missing")
        if seal(head, turn.number, turn.payload) != turn.seal:
            raise JournalBrokenError(f"日志第 {turn.number} 轮被改动 / turn {turn.number} was changed")
        if engine is not None or _OPENED in turn.payload:
            at = ev.At(0)
            for record in decode_turn(turn.payload):
                if isinstance(record, ev.At):
                    at = record
                if isinstance(record, out.DayOpened):
                    if engine is not None:
                        return Past(engine.view(), (number, head))
                    days.append(record.day)
                    if record.day == day:
                        engine = Engine()
                        engine.fold(at)
                if engine is not None:
                    engine.fold(record)
        number, head = turn.number, turn.seal
        if progress is not None and number % PROGRESS_EVERY == 0:
            progress(number)
    if engine is None:
        raise NoSuchDayError(days)
    return Past(engine.view(), (number, head))
