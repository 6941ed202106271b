"""The panel's own file, ``panel.sqlite``: people, sessions, keys and the audit; readable by its owner alone."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.panel.refusals import RefusedError

FILE: Final = "panel.sqlite"
VERSION: Final = 1
BUSY_MS: Final = 5_000

_SCHEMA: Final = """
create table users (
    name text primary key collate nocase,
    role text not null,
    password text not null default '',
    totp_secret text not null default '',
    totp_offered text not null default '',
    totp_step integer not null default 0,
    made_ns integer not null
) strict;
create table sessions (
    hash blob primary key,
    id text not null unique,
    user text not null collate nocase references users (name) on delete cascade,
    made_ns integer not null,
    used_ns integer not null,
    address text not null,
    agent text not null
) strict;
create table devices (
    hash blob primary key,
    user text not null collate nocase references users (name) on delete cascade,
    made_ns integer not null
) strict;
create table links (
    hash blob primary key,
    user text not null collate nocase,
    made_ns integer not null
) strict;
create table keys (
    hash blob primary key,
    id text not null unique,
    name text not null,
    prefix text not null,
    scopes text not null,
    doors text not null,
    accounts text not null,
    made_by text not null collate nocase,
    made_ns integer not null,
    used_ns integer not null default 0,
    revoked_ns integer not null default 0
) strict;
create table reached (base text not null) strict;
create table audit (
    id integer primary key,
    at_ns integer not null,
    who text not null,
    address text not null,
    action text not null,
    about text not null,
    outcome text not null
) strict;
create trigger audit_is_not_changed before update on audit begin select raise(abort, 'the audit only grows'); end;
create trigger audit_is_not_cut before delete on audit begin select raise(abort, 'the audit only grows'); end;
"""


class UnwritableError(RefusedError):
    """The panel's file cannot be written now, most often because the disk is full."""

    def __init__(self) -> None:
        super().__init__("unwritable")


class Database:
    """One file, one connection that reads and one that writes; every method may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        """Open the file in ``folder``, made if need be with rights for its owner alone.

        Raises:
            ConfigurationError: it cannot be used; the text says what to do.
        """
        self.path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _make_private(self.path)
            self._writing = _connect(self.path)
            self._reading = _connect(self.path)
            self._write_lock, self._read_lock = threading.Lock(), threading.Lock()
            _prepare(self)
        except (OSError, sqlite3.Error, UnwritableError) as error:
            raise ConfigurationError(
                f"{self.path}：面板的用户文件打不开（{error}）；若已损坏，请改名移走，"
                "再运行 qmt panel，按新链接设置密码 "
                f"/ the panel's file of users cannot be used ({error}); if it is broken, move it away and start again"
            ) from error

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what ``sql`` selects; takes some tens of microseconds, so it may stand on the event loop."""
        with self._read_lock:
            return self._reading.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        """Return the first row that ``sql`` selects, None where there is none."""
        found = self.rows(sql, *values)
        return found[0] if found else None

    @contextlib.contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that alone writes; durable when the block ends, undone when it raises.

        Raises:
            UnwritableError: the disk is full, or the file cannot be written now; nothing was changed.
        """
        with self._write_lock:
            try:
                self._writing.execute("begin immediate")
                yield self._writing
                self._writing.execute("commit")
            except sqlite3.OperationalError as error:
                raise UnwritableError from error
            finally:
                if self._writing.in_transaction:
                    self._writing.execute("rollback")

    def close(self) -> None:
        """Close the file. Repeating it is harmless."""
        with self._write_lock, self._read_lock:
            self._reading.close()
            self._writing.close()


def hash_of(secret: str) -> bytes:
    """Return what is stored of a ``secret`` that was drawn with 256 bits: a plain hash tells nothing about it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def new_secret() -> str:
    """Draw 256 bits, as text that fits an address, a header and a cookie."""
    return secrets.token_urlsafe(32)


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
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma foreign_keys = on")
    connection.execute("pragma recursive_triggers = on")  # A replaced row is a deleted one.
    connection.execute("pragma trusted_schema = off")
    connection.execute("pragma secure_delete = on")
    return connection


def _prepare(database: Database) -> None:
    with database.change() as connection:
        (version,) = connection.execute("pragma user_version").fetchone()
        if version == VERSION:
            return
        if version:
            raise sqlite3.DatabaseError(f"version {version}, made by another release")
        for statement in _statements():
            connection.execute(statement)
        connection.execute(f"pragma user_version = {VERSION}")


def _statements() -> Iterator[str]:
    whole = ""
    for line in _SCHEMA.splitlines(keepends=True):
        whole += line
        if sqlite3.complete_statement(whole):
            yield whole
            whole = ""
