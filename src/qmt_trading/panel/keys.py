"""Keys for programs: shown once, kept hashed, good for what they were made for and no more."""

from __future__ import annotations

import contextlib
import secrets
from typing import Final

import msgspec
from msgspec import Struct

from qmt_trading.panel.callers import Scope
from qmt_trading.panel.database import Database, UnwritableError, hash_of, new_secret
from qmt_trading.panel.refusals import RefusedError

PREFIX: Final = "qmt_"
KEYS_MAX: Final = 200
TOUCH_NS: Final = 60 * 1_000_000_000
_COLUMNS: Final = "id, name, prefix, scopes, doors, accounts, made_by, made_ns, used_ns, revoked_ns"


class Key(Struct, frozen=True):
    """One key, without what proves it."""

    id: str
    name: str
    prefix: str
    """How it begins: enough to tell it from the others."""
    scopes: frozenset[Scope]
    doors: tuple[str, ...]
    accounts: tuple[str, ...]
    made_by: str
    made_ns: int
    used_ns: int
    """0: never yet."""
    revoked_ns: int
    """0: it is good."""


class Keys:
    """Makes, finds and revokes keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(
        self,
        name: str,
        scopes: frozenset[Scope],
        *,
        doors: tuple[str, ...],
        accounts: tuple[str, ...],
        made_by: str,
        now_ns: int,
    ) -> tuple[Key, str]:
        """Make a key; returns it, and the text that is shown this once.

        Raises:
            RefusedError: there are too many keys already.
        """
        public_id, secret = secrets.token_hex(4), new_secret()
        text = f"{PREFIX}{public_id}_{secret}"
        key = Key(
            public_id, name, f"{PREFIX}{public_id}", scopes, doors, accounts, made_by, now_ns, used_ns=0, revoked_ns=0
        )
        scope_text = ",".join(sorted(scope.value for scope in scopes))
        with self._database.change() as connection:
            (alive,) = connection.execute("select count(*) from keys where revoked_ns = 0").fetchone()
            if alive >= KEYS_MAX:
                raise RefusedError("conflict", f"最多 {KEYS_MAX} 个密钥：先吊销不用的", f"at most {KEYS_MAX} keys")
            connection.execute(
                f"insert into keys (hash, {_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)",
                (hash_of(text), key.id, name, key.prefix, scope_text, _list(doors), _list(accounts), made_by, now_ns),
            )
        return key, text

    def find(self, text: str) -> Key | None:
        """Return the key that ``text`` is, None where it is none or was revoked."""
        row = self._database.row(f"select {_COLUMNS} from keys where hash = ? and revoked_ns = 0", hash_of(text))
        return _key_of(row) if row else None

    def all(self) -> list[Key]:
        """Return all keys, also revoked ones; the newest first."""
        rows = self._database.rows(f"select {_COLUMNS} from keys order by made_ns desc, id limit 1000")
        return [_key_of(row) for row in rows]

    def touch(self, key: Key, *, now_ns: int) -> None:
        """Note that the key was used; a full disk keeps no signal out."""
        with contextlib.suppress(UnwritableError), self._database.change() as connection:
            connection.execute("update keys set used_ns = ? where id = ?", (now_ns, key.id))

    def revoke(self, public_id: str, *, now_ns: int) -> bool:
        """Revoke a key, at once and for good; False: there is no such one, or it was revoked before."""
        with self._database.change() as connection:
            done = connection.execute(
                "update keys set revoked_ns = ? where id = ? and revoked_ns = 0", (now_ns, public_id)
            )
        return bool(done.rowcount)


def _list(values: tuple[str, ...]) -> str:
    return msgspec.json.encode(values).decode("utf-8")


def _key_of(row: tuple[object, ...]) -> Key:
    public_id, name, prefix, scopes, doors, accounts, made_by, made_ns, used_ns, revoked_ns = row
    assert isinstance(made_ns, int)
    assert isinstance(used_ns, int)
    assert isinstance(revoked_ns, int)
    return Key(
        str(public_id),
        str(name),
        str(prefix),
        frozenset(Scope(word) for word in str(scopes).split(",") if word),
        msgspec.json.decode(str(doors), type=tuple[str, ...]),
        msgspec.json.decode(str(accounts), type=tuple[str, ...]),
        str(made_by),
        made_ns,
        used_ns,
        revoked_ns,
    )
