"""The alerts of a journal, each once and with a key of its own, from where they were last taken in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from qmt_trading.codec.journal_record import decode_turn
from qmt_trading.journal.sqlite import SqliteReader
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.signal import AccountId
from qmt_trading.model.view import AlertRow
from qmt_trading.model.words import Mode
from qmt_trading.notify.message import Message, key_of, mark_of
from qmt_trading.notify.outbox import Position
from qmt_trading.ports import StoredTurn
from qmt_trading.run.reading import journal_path

TURNS_AT_ONCE: Final = 5_000
BEFORE_NS: Final = 24 * 3600 * SECOND_NS
"""The first time ever, what is older is nobody's business any more."""
_ALERT: Final = b'["alert",'
"""Stands in every turn that holds an alert, and hardly in any other."""
_HIDDEN_FROM: Final = 5
"""Account numbers of that many characters go to nobody else's machine."""


class Taken(NamedTuple):
    """What one look has found."""

    messages: tuple[Message, ...]
    position: Position
    """Up to where it has looked."""


class Names:
    """Accounts as people know them: by name, else by the last four digits."""

    def __init__(self, names: Mapping[AccountId, str]) -> None:
        self._shown = {number: name or f"…{number[-4:]}" for number, name in names.items()}
        # The longest first: one number may be a part of another.
        self._hidden = sorted((number for number in names if len(number) >= _HIDDEN_FROM), key=len, reverse=True)

    def of(self, account: AccountId) -> str:
        """Return how the account is shown."""
        return self._shown.get(account, f"…{account[-4:]}")

    def hide(self, text: str) -> str:
        """Return ``text`` with no account number in it."""
        for number in self._hidden:
            text = text.replace(number, self._shown[number])
        return text


def take(folder: Path, since: Position | None, *, until: int, mode: Mode, names: Names, now_ns: int) -> Taken:
    """Return the alerts of the turns after ``since``, up to the turn ``until``, some thousands of turns at most.

    Where the turn that ``since`` names is not in the journal any more, another journal has taken its place: that one is
    read from the day that it opened last.

    Raises:
        JournalError: there is no journal, or it cannot be read now.
    """
    reader = SqliteReader(journal_path(folder))
    try:
        first, oldest_ns = _start(reader, since, now_ns)
        messages: list[Message] = []
        at = since if since is not None and first == since.turn + 1 else Position(first - 1, b"")
        for turn in reader.turns(first):
            if turn.number > until or turn.number >= first + TURNS_AT_ONCE:
                break
            at = Position(turn.number, turn.seal)
            messages += (each for each in _messages(turn, mode, names) if each.at_ns >= oldest_ns)
        return Taken(tuple(messages), at)
    finally:
        reader.close()


def _start(reader: SqliteReader, since: Position | None, now_ns: int) -> tuple[int, int]:
    """Return the first turn to look at, and how old an alert may be."""
    if since is not None and since.turn:
        known = next(iter(reader.turns(since.turn)), None)
        if known is not None and known.seal == since.seal:
            return since.turn + 1, 0
    return max(reader.last_day_opened(), 1), now_ns - BEFORE_NS


def _messages(turn: StoredTurn, mode: Mode, names: Names) -> Iterator[Message]:
    if _ALERT not in turn.payload:
        return
    at_ns = 0
    for place, record in enumerate(decode_turn(turn.payload)):
        if isinstance(record, ev.At):
            at_ns = record.now_ns
        elif isinstance(record, out.Alert):
            yield message_of(AlertRow(at_ns, record), key_of(at_ns, turn.number, place), mode, names)


def message_of(row: AlertRow, key: str, mode: Mode, names: Names) -> Message:
    """Return the alert as people are told it."""
    told = row.alert
    parts: Iterable[str | None] = (names.of(told.account) if told.account else None, told.symbol)
    return Message(
        key=key,
        at_ns=row.at_ns,
        importance=told.importance,
        mode=mode,
        account=told.account or "",
        about=" ".join(filter(None, parts)),
        chinese=names.hide(told.chinese),
        english=names.hide(told.english),
        mark=mark_of(row),
    )
