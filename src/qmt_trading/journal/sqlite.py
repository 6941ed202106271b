"""The journal in SQLite: one row and one sync a turn; readers beside it never make it wait."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from qmt_trading.journal.snapshot_file import SnapshotFile
from qmt_trading.model.errors import JournalBrokenError, JournalError
from qmt_trading.model.events import KnownSignal
from qmt_trading.ports import Closing, StoredSnapshot, StoredTurn

APPLICATION_ID: Final = 0x514D544A
"""``QMTJ``: says that a database is a journal of this system."""
SCHEMA_VERSION: Final = 1
PAGE_TURNS: Final = 32
"""Turns a reader takes in one short read: few, since each may hold a burst, and all of them are in memory at once."""
LOG_BYTES: Final = 4 << 20
_SCHEMA: Final = """
create table turn(
    number integer primary key,
    payload blob not null,
    seal blob not null,
    opens_day integer not null default 0
);
create index turn_opens_day on turn(number) where opens_day = 1;
create table known_signal(key text primary key, day text not null, body blob not null) without rowid;
create index known_signal_day on known_signal(day);
"""

_INSERT: Final = "insert into turn(number, payload, seal, opens_day) values (?, ?, ?, ?)"
_encode_known = msgspec.json.Encoder().encode
_decode_known = msgspec.json.Decoder(KnownSignal).decode


def _trouble(path: Path, error: Exception) -> JournalError:
    return JournalError(f"日志写入失败 / the journal cannot be written: {path.name}: {error}")


class SqliteReader:
    """The JournalReader port, read-only: beside a running engine, after its death, on a copy."""

    def __init__(self, path: Path) -> None:
        """Open the journal at ``path`` for reading.

        Raises:
            JournalError: there is none, or it is not one of ours.
        """
        if not path.exists():
            raise JournalError(f"没有日志 / there is no journal: {path}")
        self._path = path
        self._version = -1
        self._snapshots = SnapshotFile(path.with_name("snapshot.bin"))
        try:
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                timeout=1,
            )
            check_format(self._connection, path)
        except sqlite3.Error as error:
            raise JournalBrokenError(f"日志无法读取 / the journal cannot be read: {path}: {error}") from error

    def has_news(self) -> bool:
        """Tell whether anything was committed since the last time this was asked; costs no look at the tables."""
        version = int(self._connection.execute("pragma data_version").fetchone()[0])
        before, self._version = self._version, version
        return version != before

    def expect_news(self) -> None:
        """Let the next ``has_news`` be true: not all that is there was read."""
        self._version = -1

    def turns(self, first: int = 1) -> Iterator[StoredTurn]:
        return _turns(self._connection, first)

    def last_day_opened(self) -> int:
        return _last_day_opened(self._connection)

    def snapshot(self) -> StoredSnapshot | None:
        return self._snapshots.load()

    def known_signal(self, key: str) -> KnownSignal | None:
        return _known_signal(self._connection, key)

    def close(self) -> None:
        self._connection.close()


class SqliteJournal:
    """The Journal port: the one writer of its file. A failed write closes it for good."""

    def __init__(self, path: Path) -> None:
        """Open the journal at ``path``, made first where there is none.

        Raises:
            JournalError: the folder cannot be written, the file is not a journal, or it is a newer program's.
        """
        self._path = path
        self._failed = ""
        self._snapshots = SnapshotFile(path.with_name("snapshot.bin"))
        self._connection = _open(path)
        try:
            row = self._connection.execute("select coalesce(max(number), 0) from turn").fetchone()
            self._number = int(row[0])
            keys = self._connection.execute("select key from known_signal")
            self._known = {hash(key) for (key,) in keys}
        except sqlite3.Error as error:
            self._connection.close()
            raise JournalBrokenError(f"日志无法读取 / the journal cannot be read: {path}: {error}") from error
        self._execute = self._connection.execute
        # Asked from the control thread too, which must never wait for a commit on the writer's connection.
        self._lookup = sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False)

    # Writing

    def append(self, turn: StoredTurn, *, closing: Closing | None = None) -> None:
        if self._failed:
            raise JournalError(self._failed)
        assert turn.number == self._number + 1, (turn.number, self._number)
        try:
            if closing is not None:
                self._append_opening(turn, closing)
            else:
                # One statement is one transaction: begin and commit of their own would cost two more calls a turn.
                self._execute(_INSERT, (turn.number, turn.payload, turn.seal, 0))
        except sqlite3.Error as error:
            raise self._fail(error) from error
        self._number = turn.number

    def _append_opening(self, turn: StoredTurn, closing: Closing) -> None:
        known = [(key, day, _encode_known(signal)) for key, day, signal in closing.known]
        self._execute("begin immediate")
        self._connection.executemany("insert or ignore into known_signal(key, day, body) values (?, ?, ?)", known)
        self._execute("delete from known_signal where day <= ?", (closing.keep_after,))
        self._execute(_INSERT, (turn.number, turn.payload, turn.seal, 1))
        self._execute("commit")
        self._known.update(hash(key) for key, _day, _body in known)

    def save_snapshot(self, snapshot: StoredSnapshot) -> None:
        self._snapshots.save(snapshot)

    def checkpoint(self) -> None:
        """Move what is in the log into the database, without making the writer wait; from any thread.

        Raises:
            JournalError: it could not be done now. Nothing is lost by that.
        """
        try:
            with closing(sqlite3.connect(self._path, isolation_level=None, timeout=0)) as helper:
                helper.execute("pragma wal_checkpoint(passive)").fetchone()
        except sqlite3.Error as error:
            raise JournalError(f"日志整理未完成 / checkpoint not done: {error}") from error

    def close(self) -> None:
        """Close the file; what was appended is safe whether this is called or not."""
        try:
            if not self._failed:
                self._connection.execute("pragma wal_checkpoint(truncate)").fetchone()
        except sqlite3.Error:
            pass  # The log is read by the next start just as well.
        self._lookup.close()
        self._connection.close()

    def _fail(self, error: Exception) -> JournalError:
        trouble = _trouble(self._path, error)
        self._failed = str(trouble)
        try:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
        except sqlite3.Error:
            pass  # Nothing of it was acknowledged; the next start sees what is really there.
        return trouble

    # Reading

    def turns(self, first: int = 1) -> Iterator[StoredTurn]:
        return _turns(self._connection, first)

    def last_day_opened(self) -> int:
        return _last_day_opened(self._connection)

    def snapshot(self) -> StoredSnapshot | None:
        return self._snapshots.load()

    def known_signal(self, key: str) -> KnownSignal | None:
        if hash(key) not in self._known:  # Nearly always: a look into a set, not into the file.
            return None
        try:
            return _known_signal(self._lookup, key)
        except (sqlite3.Error, msgspec.DecodeError) as error:
            raise JournalBrokenError(f"编号索引无法读取 / the index of ids cannot be read: {error}") from error


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.stat().st_size == 0:
            _create(path)
        connection = sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise _trouble(path, error) from error
    try:
        check_format(connection, path)
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=full")
        if sys.platform == "darwin":
            connection.execute("pragma fullfsync=1")
        connection.execute("pragma wal_autocheckpoint=0")
        _prepare_log(connection)
        # Opening for writing now tells of a read-only file or a foreign lock before the first order does.
        connection.execute("begin immediate")
        connection.execute("rollback")
    except sqlite3.Error as error:
        connection.close()
        raise _trouble(path, error) from error
    except JournalError:
        connection.close()
        raise
    return connection


def _create(path: Path) -> None:
    """Make an empty journal beside its place and move it there: one that is half made is never found by a start."""
    beside = path.with_name(path.name + ".new")
    for leftover in (beside, beside.with_name(beside.name + "-journal")):
        leftover.unlink(missing_ok=True)
    with closing(sqlite3.connect(beside, isolation_level=None)) as connection:
        if os.name == "posix":
            beside.chmod(0o600)
        connection.execute("pragma synchronous=full")
        connection.execute(f"pragma application_id={APPLICATION_ID}")
        connection.execute(f"pragma user_version={SCHEMA_VERSION}")
        connection.executescript(f"begin; {_SCHEMA} commit;")
    os.replace(beside, path)


def _prepare_log(connection: sqlite3.Connection) -> None:
    """Make the write-ahead log as large as a quiet hour needs.

    A commit into blocks that exist needs no change of the file system's own tables: 237 against 328 us, sparse commits
    on ext4, 2026-11-24. What a rolled back transaction spills grows the log and nothing else.
    """
    connection.execute("pragma cache_size=16")
    try:
        connection.execute("begin immediate")
        connection.execute("create table room(body blob)")
        connection.execute("insert into room values (zeroblob(?))", (LOG_BYTES,))
    except sqlite3.OperationalError:
        pass  # Little room on the disk, or a foreign lock: what needs either will say so.
    if connection.in_transaction:
        connection.execute("rollback")
    connection.execute("pragma cache_size=-2000")


def check_format(connection: sqlite3.Connection, path: Path) -> None:
    """Assure that ``connection`` is on a journal that this program can read.

    Raises:
        JournalBrokenError: it is something else, or a newer program's.
    """
    try:
        application = int(connection.execute("pragma application_id").fetchone()[0])
        version = int(connection.execute("pragma user_version").fetchone()[0])
    except sqlite3.DatabaseError as error:
        raise JournalBrokenError(f"日志已损坏或不是日志文件 / broken, or no journal: {path}: {error}") from error
    if application != APPLICATION_ID:
        raise JournalBrokenError(f"不是本系统的日志文件，未作改动 / not a journal of this system, left alone: {path}")
    if version > SCHEMA_VERSION:
        raise JournalBrokenError(f"日志由更新的版本写成，请升级程序 / written by a newer version, upgrade: {path}")


def _turns(connection: sqlite3.Connection, first: int) -> Iterator[StoredTurn]:
    number = first
    while True:
        try:
            rows = connection.execute(
                "select number, payload, seal from turn where number >= ? order by number limit ?", (number, PAGE_TURNS)
            ).fetchall()
        except sqlite3.Error as error:
            raise JournalBrokenError(
                f"日志第 {number} 轮起无法读取 / unreadable from turn {number}: {error}"
            ) from error
        for row in rows:
            if row[0] != number:
                raise JournalBrokenError(f"日志缺少第 {number} 轮 / turn {number} is missing")
            if not (isinstance(row[1], bytes) and isinstance(row[2], bytes)):  # An editor of tables leaves text behind.
                raise JournalBrokenError(f"日志第 {number} 轮被改动 / turn {number} was changed")
            yield StoredTurn(*row)
            number += 1
        if len(rows) < PAGE_TURNS:
            return


def _last_day_opened(connection: sqlite3.Connection) -> int:
    row = connection.execute("select max(number) from turn where opens_day = 1").fetchone()
    return int(row[0] or 0)


def _known_signal(connection: sqlite3.Connection, key: str) -> KnownSignal | None:
    row = connection.execute("select body from known_signal where key = ?", (key,)).fetchone()
    return None if row is None else _decode_known(row[0])
