"""The people who may sign in: names, roles, password and second factor."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from qmt_trading.panel.callers import Role
from qmt_trading.panel.database import Database
from qmt_trading.panel.refusals import RefusedError

NAME: Final = re.compile(r"[A-Za-z0-9_.\-\u4e00-\u9fff]{1,32}")
_COLUMNS: Final = "name, role, password, totp_secret, totp_offered, totp_step, made_ns"


class User(Struct, frozen=True):
    """One person."""

    name: str
    role: Role
    password: str
    """The hash; empty: not set yet, so nobody can sign in by this name."""
    totp_secret: str
    """Empty: no second factor."""
    totp_offered: str
    """A secret that was shown and not yet confirmed."""
    totp_step: int
    """The last step whose code was spent."""
    made_ns: int

    @property
    def is_ready(self) -> bool:
        """Tell whether this person can sign in."""
        return bool(self.password)


class Users:
    """Reads and changes the people."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, name: str) -> User | None:
        """Return the user ``name``, None where there is none."""
        row = self._database.row(f"select {_COLUMNS} from users where name = ?", name)
        return _user_of(row) if row else None

    def all(self) -> list[User]:
        """Return everybody, by name."""
        return [_user_of(row) for row in self._database.rows(f"select {_COLUMNS} from users order by name")]

    def operators(self) -> list[User]:
        """Return the operators who can sign in."""
        return [user for user in self.all() if user.role is Role.OPERATOR and user.is_ready]

    def add(self, name: str, role: Role, *, now_ns: int) -> None:
        """Add a person who has no password yet.

        Raises:
            RefusedError: the name is taken, or is none.
        """
        check_name(name)
        with self._database.change() as connection:
            done = connection.execute(
                "insert into users (name, role, made_ns) values (?, ?, ?) on conflict do nothing",
                (name, role.value, now_ns),
            )
            if not done.rowcount:
                raise RefusedError("conflict", f"已有用户 {name}", f"there is a user {name} already")

    def set_role(self, name: str, role: Role, *, now_ns: int) -> int:
        """Change what a person may do, at once; return how many keys of somebody who may act no more were revoked.

        Raises:
            RefusedError: nobody would be left who may act, or there is no such user.
        """
        with self._database.change() as connection:
            if role is not Role.OPERATOR:
                _keep_an_operator(connection.execute, name)
            if not connection.execute("update users set role = ? where name = ?", (role.value, name)).rowcount:
                raise RefusedError("not_found", f"没有用户 {name}", f"there is no user {name}")
            if role is Role.OPERATOR:
                return 0
            return connection.execute(
                "update keys set revoked_ns = ? where made_by = ? and revoked_ns = 0", (now_ns, name)
            ).rowcount

    def remove(self, name: str, *, now_ns: int) -> int:
        """Remove a person with all sessions and links, revoke the keys that they made, return how many.

        Raises:
            RefusedError: nobody would be left who may act, or there is no such user.
        """
        with self._database.change() as connection:
            _keep_an_operator(connection.execute, name)
            if not connection.execute("delete from users where name = ?", (name,)).rowcount:
                raise RefusedError("not_found", f"没有用户 {name}", f"there is no user {name}")
            connection.execute("delete from links where user = ?", (name,))
            return connection.execute(
                "update keys set revoked_ns = ? where made_by = ? and revoked_ns = 0", (now_ns, name)
            ).rowcount

    def set_password(self, name: str, stored: str, *, keep_session: str) -> None:
        """Store a new password and end every session of this person but ``keep_session``."""
        with self._database.change() as connection:
            connection.execute("update users set password = ? where name = ?", (stored, name))
            connection.execute("delete from sessions where user = ? and id <> ?", (name, keep_session))
            connection.execute("delete from devices where user = ?", (name,))

    def rehash(self, name: str, old: str, new: str) -> None:
        """Store the same password anew, unless it was changed meanwhile."""
        with self._database.change() as connection:
            connection.execute("update users set password = ? where name = ? and password = ?", (new, name, old))

    def offer_totp(self, name: str, secret: str) -> None:
        """Keep a secret that was shown, until a code confirms it."""
        with self._database.change() as connection:
            connection.execute("update users set totp_offered = ? where name = ?", (secret, name))

    def take_totp(self, name: str, secret: str, step: int, *, keep_session: str) -> bool:
        """Make the offered ``secret`` the second factor, its code of ``step`` spent; False: it is not the offered one.

        Every session of this person but ``keep_session`` ends.
        """
        with self._database.change() as connection:
            taken = connection.execute(
                "update users set totp_secret = totp_offered, totp_offered = '', totp_step = ?"
                " where name = ? and totp_offered = ?",
                (step, name, secret),
            ).rowcount
            if taken:
                connection.execute("delete from sessions where user = ? and id <> ?", (name, keep_session))
        return bool(taken)

    def spend_step(self, name: str, step: int) -> bool:
        """Spend the code of ``step``; False: it, or a later one, was spent before."""
        with self._database.change() as connection:
            done = connection.execute(
                "update users set totp_step = ? where name = ? and totp_step < ?", (step, name, step)
            )
        return bool(done.rowcount)

    def remove_totp(self, name: str) -> None:
        """Take the second factor away."""
        with self._database.change() as connection:
            connection.execute("update users set totp_secret = '', totp_offered = '' where name = ?", (name,))


def check_name(name: str) -> None:
    """Let a name pass.

    Raises:
        RefusedError: it holds what no name holds.
    """
    if not NAME.fullmatch(name):
        raise RefusedError(
            "invalid",
            "用户名用字母、数字、汉字和 _ . -，最多 32 个",
            "a name has up to 32 letters, digits, Chinese characters, and _ . -",
        )


def _keep_an_operator(execute: object, name: str) -> None:
    assert callable(execute)
    (others,) = execute(
        "select count(*) from users where role = 'operator' and password <> '' and name <> ?", (name,)
    ).fetchone()
    if not others:
        raise RefusedError(
            "conflict", "至少要留一名能登录的操作员", "at least one operator who can sign in must be left"
        )


def _user_of(row: tuple[object, ...]) -> User:
    name, role, password, secret, offered, step, made_ns = row
    assert isinstance(step, int)
    assert isinstance(made_ns, int)
    return User(str(name), Role(role), str(password), str(secret), str(offered), step, made_ns)
