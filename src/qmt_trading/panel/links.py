"""One-time links to set a password: kept hashed, good for half an hour, spent at once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final
from urllib.parse import quote

from qmt_trading.panel.callers import Role
from qmt_trading.panel.database import Database, hash_of, new_secret
from qmt_trading.panel.refusals import RefusedError
from qmt_trading.panel.users import check_name

LINK_NS: Final = 30 * 60 * 1_000_000_000
LINKS_MAX: Final = 50


class Links:
    """Makes and spends links."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, *, now_ns: int, user: str = "") -> str:
        """Return a new token: to set the password of ``user``, or where none is named of any operator, new or known.

        A link without a name is for whoever sits at the machine itself: it is told to the console alone.
        """
        token = new_secret()
        with self._database.change() as connection:
            connection.execute("delete from links where made_ns <= ?", (now_ns - LINK_NS,))
            if user:
                connection.execute("delete from links where user = ?", (user,))
            connection.execute(
                "insert into links (hash, user, made_ns) values (?, ?, ?)", (hash_of(token), user, now_ns)
            )
            connection.execute(
                "delete from links where hash not in (select hash from links order by made_ns desc limit ?)",
                (LINKS_MAX,),
            )
        return token

    def user_of(self, token: str, *, now_ns: int) -> str | None:
        """Return whose password the link sets, empty for any operator's; None: it is no link, or not any more."""
        row = self._database.row(
            "select user from links where hash = ? and made_ns > ? and made_ns <= ?",
            hash_of(token),
            now_ns - LINK_NS,
            now_ns + LINK_NS,
        )
        return str(row[0]) if row else None

    def spend(self, token: str, user: str, stored: str, *, now_ns: int) -> None:
        """Spend the link and store the password of ``user``, both or neither.

        Every session and the second factor of this person end: who holds a link has lost them, or never had any. A
        link without a name makes the user an operator.

        Raises:
            RefusedError: the link is spent, expired or for somebody else.
        """
        check_name(user)
        with self._database.change() as connection:
            row = connection.execute(
                "delete from links where hash = ? and made_ns > ? returning user", (hash_of(token), now_ns - LINK_NS)
            ).fetchone()
            if row is None or row[0].casefold() not in {"", user.casefold()}:
                raise RefusedError("bad_link")
            if row[0]:
                changed = "update users set password = ?, totp_secret = '', totp_offered = '' where name = ?"
                if not connection.execute(changed, (stored, user)).rowcount:
                    raise RefusedError("bad_link")
            else:
                connection.execute(
                    "insert into users (name, role, password, made_ns) values (?, ?, ?, ?) on conflict do update set"
                    " role = excluded.role, password = excluded.password, totp_secret = '', totp_offered = ''",
                    (user, Role.OPERATOR.value, stored, now_ns),
                )
            connection.execute("delete from sessions where user = ?", (user,))
            connection.execute("delete from devices where user = ?", (user,))


def remember_base(database: Database, base: str) -> None:
    """Note where the panel is reached now, for links that are made beside it."""
    with database.change() as connection:
        connection.execute("delete from reached")
        connection.execute("insert into reached (base) values (?)", (base,))


def link_text(base: str, token: str, user: str = "") -> str:
    """Return the address to open; the token stands behind the hash sign, which no browser sends to a server."""
    return f"{base}/#/setup?token={token}" + (f"&user={quote(user)}" if user else "")


def new_link(folder: Path, base: str) -> str:
    """Return a fresh one-time link for the panel over the data folder, for whoever sits at the machine.

    Args:
        base: the panel's address, such as ``http://127.0.0.1:8800``, for when none has run over this folder yet; one
            that has may have taken another port, and has noted it.

    Raises:
        ConfigurationError: the file of users cannot be used.
    """
    database = Database(folder)
    try:
        noted = database.row("select base from reached")
        return link_text(str(noted[0]) if noted else base, Links(database).make(now_ns=time.time_ns()))
    finally:
        database.close()
