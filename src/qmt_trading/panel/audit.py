"""Who did what, when, from where, with which outcome: a table that only grows, and never holds a secret."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct

from qmt_trading.panel.callers import Caller
from qmt_trading.panel.database import Database, UnwritableError

ABOUT_MAX: Final = 1_000
"""Characters of one fact; the rest is cut."""
_log: Final = logging.getLogger("qmt_trading.panel")
_COLUMNS: Final = "id, at_ns, who, address, action, about, outcome"


class Deed(Struct, frozen=True):
    """One line."""

    id: int
    at_ns: int
    who: str
    address: str
    action: str
    about: dict[str, str]
    outcome: str


class Audit:
    """Writes and reads the lines."""

    def __init__(self, database: Database, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._database = database
        self._now_ns = now_ns

    def note(self, caller: Caller, action: str, outcome: str, **about: str) -> None:
        """Write one line, durably; safe to call from any thread but the event loop's: it takes a few milliseconds.

        Where the disk is full the line goes to the log instead: an act is never undone for want of its note.

        Args:
            action: one word for the endpoint, such as ``halt``.
            outcome: ``ok``, or the code of the refusal.
            about: plain facts such as ``account`` or ``why``; never a password, code, token or key.
        """
        self.note_by(caller.who, caller.address, action, outcome, **about)

    def note_by(self, who: str, address: str, action: str, outcome: str, **about: str) -> None:
        """Write one line about somebody who was not proven to be anybody."""
        facts = {name: fact[:ABOUT_MAX] for name, fact in about.items() if fact}
        line = (self._now_ns(), who, address, action, _text(facts), outcome)
        try:
            with self._database.change() as connection:
                connection.execute(
                    "insert into audit (at_ns, who, address, action, about, outcome) values (?, ?, ?, ?, ?, ?)", line
                )
        except UnwritableError:
            # A full disk must not stop an emergency stop: what was done stands in the log, and in the engine's journal.
            _log.error("审计写不进去 / the audit cannot be written: %s", line[1:])

    def newest(self, *, offset: int, limit: int) -> tuple[list[Deed], int]:
        """Return ``limit`` lines after the ``offset`` newest ones, and how many there are in all."""
        rows = self._database.rows(f"select {_COLUMNS} from audit order by id desc limit ? offset ?", limit, offset)
        (total,) = self._database.row("select count(*) from audit") or (0,)
        return [_deed_of(row) for row in rows], total


def _text(facts: dict[str, str]) -> str:
    plain = {name: fact.encode("utf-8", "replace").decode("utf-8") for name, fact in facts.items()}
    return msgspec.json.encode(plain).decode("utf-8")


def _deed_of(row: tuple[object, ...]) -> Deed:
    number, at_ns, who, address, action, about, outcome = row
    assert isinstance(number, int)
    assert isinstance(at_ns, int)
    facts = msgspec.json.decode(str(about), type=dict[str, str])
    return Deed(number, at_ns, str(who), str(address), str(action), facts, str(outcome))
