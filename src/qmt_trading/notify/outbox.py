"""What is to be told and what was, in ``notify.sqlite``: neither a crash nor a restart loses or repeats a message."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import Importance, Mode
from qmt_trading.notify.channel import CHINESE, Channel
from qmt_trading.notify.message import Kind, Message
from qmt_trading.notify.timing import AGAIN_NS, GIVE_UP_NS, REPEATED_NS, RETRIES_NS, pause_ns
from qmt_trading.notify.words import Item

FILE: Final = "notify.sqlite"
VERSION: Final = 2
BUSY_MS: Final = 5_000
DUE_MAX: Final = 1_000
"""Of one channel at once."""
KEPT_NS: Final = 30 * 86_400 * SECOND_NS
"""After that, what was told or given up is forgotten."""
_SCHEMA: Final = """
create table position (one integer primary key check (one = 1), turn integer not null, seal blob not null) strict;
create table message (
    channel text not null,
    key text not null,
    at_ns integer not null,
    kind text not null,
    importance text not null,
    mode text not null,
    about text not null,
    text text not null,
    mark text not null,
    state text not null default 'waiting',
    tries integer not null default 0,
    first_ns integer not null default 0,
    next_ns integer not null default 0,
    told_ns integer not null default 0,
    acknowledged integer not null default 0,
    primary key (channel, key)
) strict, without rowid;
create index message_waits on message (channel, at_ns) where state = 'waiting';
create index message_mark on message (mark);
"""
_FAILURE: Final = """
create table failure (channel text not null primary key, at_ns integer not null, why text not null)
    strict, without rowid
"""
"""Of each channel the last, until it works again; since version 2."""
_ITEM: Final = "key, at_ns, kind, importance, mode, about, text"


class Position(NamedTuple):
    """A turn of the journal up to which all alerts are in the outbox."""

    turn: int
    seal: bytes


class Counts(NamedTuple):
    """How many messages of a channel are in which state."""

    waiting: int
    told: int
    given_up: int


class Outbox:
    """One file; every method is one transaction, durable when it returns, and may be called from any thread.

    Each method raises sqlite3.Error where the file cannot be read or written now; nothing of it is done then.
    """

    def __init__(self, folder: Path) -> None:
        """Open the file in ``folder``, made if need be with rights for its owner alone.

        Raises:
            ConfigurationError: it cannot be used; the text says what to do.
        """
        self.path = folder / FILE
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _make_private(self.path)
            self._connection = _connect(self.path)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()  # Windows moves no file away that is open.
                raise
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(
                f"{self.path}：通知的记录打不开（{error}）；若已损坏，请改名移走再启动（当天的提醒可能重发一次） "
                f"/ the record of notifications cannot be used ({error}); if it is broken, move it away and start again"
            ) from error

    def position(self) -> Position | None:
        """Return up to where the journal was taken in; None: it never was."""
        with self._lock:
            row = self._connection.execute("select turn, seal from position").fetchone()
        return Position(*row) if row is not None else None

    def take_in(self, messages: Iterable[tuple[Channel, Message]], position: Position | None = None) -> None:
        """Put messages out for their channels and remember the position, both or neither.

        What a channel has had by its key is left as it is.
        """
        rows = [
            (
                channel.name,
                each.key,
                each.at_ns,
                each.kind.value,
                each.importance.value,
                each.mode.value,
                each.about,
                each.chinese if channel.language == CHINESE else each.english,
                each.mark,
            )
            for channel, each in messages
        ]
        with self._change() as connection:
            connection.executemany(
                "insert or ignore into message (channel, key, at_ns, kind, importance, mode, about, text, mark)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            if position is not None:
                connection.execute("replace into position values (1, ?, ?)", position)

    def has(self, channel: str, key: str) -> bool:
        """Tell whether the channel has had ``key``."""
        with self._lock:
            found = self._connection.execute("select 1 from message where channel = ? and key = ?", (channel, key))
            return found.fetchone() is not None

    def due(self, channel: str, now_ns: int) -> list[Item]:
        """Return what waits and may be tried now, the oldest first; at most a thousand.

        A try that lies further ahead than any pause is one that a stepping clock has left there: it is due.
        """
        with self._lock:
            rows = self._connection.execute(
                f"select {_ITEM} from message where channel = ? and state = 'waiting' and (next_ns <= ? or next_ns > ?)"
                " order by at_ns, key limit ?",
                (channel, now_ns, now_ns + 2 * RETRIES_NS[-1], DUE_MAX),
            ).fetchall()
        return [_item(row) for row in rows]

    def told(self, channel: str, keys: Sequence[str], now_ns: int) -> None:
        """Remember that the far end has taken these, so that the channel works."""
        with self._change() as connection:
            connection.execute("delete from failure where channel = ?", (channel,))
            connection.executemany(
                "update message set state = 'told', tries = tries + 1, told_ns = ? where channel = ? and key = ?",
                [(now_ns, channel, key) for key in keys],
            )

    def failed(
        self,
        channel: str,
        keys: Sequence[str],
        now_ns: int,
        *,
        retries_ns: tuple[int, ...] = RETRIES_NS,
        why: str = "",
    ) -> tuple[int, int]:
        """Remember a failure of these; return how many were given up, and how often the others were tried at most.

        Args:
            why: what people are told of it; it names no address.
        """
        given_up, most = 0, 0
        with self._change() as connection:
            connection.execute("replace into failure values (?, ?, ?)", (channel, now_ns, why))
            for key in keys:
                row = connection.execute(
                    "select tries, first_ns from message where channel = ? and key = ? and state = 'waiting'",
                    (channel, key),
                ).fetchone()
                if row is None:
                    continue
                tries, first_ns = row[0] + 1, row[1] or now_ns
                is_over = now_ns - first_ns >= GIVE_UP_NS
                connection.execute(
                    "update message set state = ?, tries = ?, first_ns = ?, next_ns = ? where channel = ? and key = ?",
                    (
                        "given_up" if is_over else "waiting",
                        tries,
                        first_ns,
                        now_ns + pause_ns(tries, retries_ns),
                        channel,
                        key,
                    ),
                )
                given_up += is_over
                most = most if is_over else max(most, tries)
        return given_up, most

    def unacknowledged(self, channel: str, now_ns: int) -> list[Item]:
        """Return the critical alerts of the last day that were told and that nobody has acknowledged.

        None where one of them was told in the last ten minutes: the next one takes all of them.
        """
        with self._lock:
            rows = self._connection.execute(
                f"select {_ITEM}, told_ns from message where channel = ? and state = 'told' and kind = ?"
                " and importance = ? and acknowledged = 0 and at_ns > ? order by at_ns, key limit ?",
                (channel, Kind.ALERT.value, Importance.CRITICAL.value, now_ns - REPEATED_NS, DUE_MAX),
            ).fetchall()
        if any(0 <= now_ns - row[-1] < AGAIN_NS for row in rows):
            return []
        return [_item(row[:-1]) for row in rows]

    def acknowledge(self, marks: Iterable[str]) -> None:
        """Remember that people have taken note of these alerts."""
        with self._change() as connection:
            connection.executemany(
                "update message set acknowledged = 1 where mark = ? and acknowledged = 0", [(mark,) for mark in marks]
            )

    def counts(self, channel: str) -> Counts:
        """Return how many messages of the channel are in which state."""
        with self._lock:
            found = dict(
                self._connection.execute(
                    "select state, count(*) from message where channel = ? group by state", (channel,)
                ).fetchall()
            )
        return Counts(found.get("waiting", 0), found.get("told", 0), found.get("given_up", 0))

    def forget(self, now_ns: int) -> None:
        """Drop what is older than a month, with what waits for channels that are no more."""
        with self._change() as connection:
            connection.execute("delete from message where at_ns < ?", (now_ns - KEPT_NS,))

    def close(self) -> None:
        """Close the file. Repeating it is harmless."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection.execute("begin immediate")
                yield self._connection
                self._connection.execute("commit")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("rollback")

    def _prepare(self) -> None:
        with self._change() as connection:
            (version,) = connection.execute("pragma user_version").fetchone()
            if version == VERSION:
                return
            if version > VERSION:
                raise sqlite3.DatabaseError(f"version {version}, made by another release")
            for statement in _SCHEMA.split(";\n") if not version else ():
                if statement.strip():
                    connection.execute(statement)
            connection.execute(_FAILURE)
            connection.execute(f"pragma user_version = {VERSION}")


def _item(row: Sequence[Any]) -> Item:
    key, at_ns, kind, importance, mode, about, text = row
    return Item(key, at_ns, Kind(kind), Importance(importance), Mode(mode), about, text)


def _make_private(path: Path) -> None:
    """Make the file before SQLite does, which would ask the umask for its rights; its companions inherit them."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform != "win32":
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute("pragma trusted_schema = off")
    except BaseException:
        connection.close()
        raise
    return connection
