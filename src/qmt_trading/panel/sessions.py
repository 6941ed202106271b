"""Sessions of signed-in people: a cookie, kept hashed, that ends when idle, after half a day or when revoked."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import secrets
from typing import Final

from msgspec import Struct

from qmt_trading.panel.callers import Role
from qmt_trading.panel.database import Database, UnwritableError, hash_of, new_secret

IDLE_NS: Final = 30 * 60 * 1_000_000_000
TOTAL_NS: Final = 12 * 3_600 * 1_000_000_000
TOUCH_NS: Final = 15 * 1_000_000_000
"""How exactly the last use is known: writing it at each request would cost a sync each."""
PER_USER_MAX: Final = 20
DEVICE_NS: Final = 180 * 24 * 3_600 * 1_000_000_000
DEVICES_MAX: Final = 20

_ALIVE: Final = "s.made_ns > ? and s.used_ns > ? and s.used_ns < ?"
_COLUMNS: Final = "s.id, s.user, u.role, u.totp_secret <> '', s.made_ns, s.used_ns, s.address, s.agent"


class Session(Struct, frozen=True):
    """One session that is alive."""

    id: str
    """Public: for lists and revocation; proves nothing."""
    user: str
    role: Role
    has_totp: bool
    made_ns: int
    used_ns: int
    address: str
    agent: str


class Sessions:
    """Opens, finds and ends sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.revision = 0
        """Grows whenever one was ended here: who keeps a connection open then looks again."""

    def open(self, user: str, *, address: str, agent: str, now_ns: int, replaces: str = "") -> str:
        """Open a session for ``user``, end the one whose token is ``replaces``, return the new token."""
        token = new_secret()
        with self._database.change() as connection:
            connection.execute("delete from sessions where hash = ?", (hash_of(replaces),))
            connection.execute(
                "delete from sessions where made_ns <= ? or used_ns <= ?", (now_ns - TOTAL_NS, now_ns - IDLE_NS)
            )
            connection.execute(
                "delete from sessions where user = ? and hash not in"
                " (select hash from sessions where user = ? order by used_ns desc limit ?)",
                (user, user, PER_USER_MAX - 1),
            )
            connection.execute(
                "insert into sessions (hash, id, user, made_ns, used_ns, address, agent) values (?, ?, ?, ?, ?, ?, ?)",
                (hash_of(token), secrets.token_hex(8), user, now_ns, now_ns, address, agent[:200]),
            )
        self.revision += 1
        return token

    def find(self, token: str, *, now_ns: int) -> Session | None:
        """Return the session of ``token`` while it is alive."""
        return self._one(f"s.hash = ? and {_ALIVE}", hash_of(token), *_alive_at(now_ns))

    def is_alive(self, public_id: str, *, now_ns: int) -> bool:
        """Tell whether the session is alive."""
        return self._one(f"s.id = ? and {_ALIVE}", public_id, *_alive_at(now_ns)) is not None

    def touch(self, session: Session, *, now_ns: int) -> None:
        """Note that the session was used; a full disk keeps nobody from going on."""
        with contextlib.suppress(UnwritableError), self._database.change() as connection:
            connection.execute("update sessions set used_ns = ? where id = ?", (now_ns, session.id))

    def all(self, *, now_ns: int, user: str | None = None) -> list[Session]:
        """Return the sessions that are alive, of ``user`` or of everybody; the newest first."""
        whose, values = ("", ()) if user is None else (" and s.user = ?", (user,))
        rows = self._database.rows(
            f"select {_COLUMNS} from sessions s join users u on u.name = s.user"
            f" where {_ALIVE}{whose} order by s.used_ns desc",
            *_alive_at(now_ns),
            *values,
        )
        return [_session_of(row) for row in rows]

    def end(self, public_id: str, *, user: str | None = None) -> bool:
        """End a session, of ``user`` alone where one is given; False: there is no such one."""
        whose, values = ("", ()) if user is None else (" and user = ?", (user,))
        with self._database.change() as connection:
            done = connection.execute(f"delete from sessions where id = ?{whose}", (public_id, *values))
        self.revision += 1
        return bool(done.rowcount)

    def remember_device(self, user: str, *, now_ns: int) -> str:
        """Return a token for a browser from which ``user`` has signed in: strangers' failures do not delay it."""
        token = new_secret()
        with self._database.change() as connection:
            connection.execute(
                "insert into devices (hash, user, made_ns) values (?, ?, ?)", (hash_of(token), user, now_ns)
            )
            connection.execute(
                "delete from devices where user = ? and hash not in"
                " (select hash from devices where user = ? order by made_ns desc limit ?)",
                (user, user, DEVICES_MAX),
            )
        return token

    def knows_device(self, token: str, user: str, *, now_ns: int) -> bool:
        """Tell whether ``user`` has signed in from the browser that holds ``token``."""
        row = self._database.row(
            "select 1 from devices where hash = ? and user = ? and made_ns > ?",
            hash_of(token),
            user,
            now_ns - DEVICE_NS,
        )
        return row is not None

    def _one(self, condition: str, *values: object) -> Session | None:
        row = self._database.row(
            f"select {_COLUMNS} from sessions s join users u on u.name = s.user where {condition}", *values
        )
        return _session_of(row) if row else None


def csrf_of(token: str) -> str:
    """Return the token that a page must send with each write; it follows from the session's and does not tell it."""
    mac = hmac.new(token.encode("utf-8"), b"csrf", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).decode("ascii").rstrip("=")


def _alive_at(now_ns: int) -> tuple[int, int, int]:
    """Return what ``_ALIVE`` asks for; a clock that was set back by hours does not make a session live longer."""
    return now_ns - TOTAL_NS, now_ns - IDLE_NS, now_ns + IDLE_NS


def _session_of(row: tuple[object, ...]) -> Session:
    public_id, user, role, has_totp, made_ns, used_ns, address, agent = row
    assert isinstance(made_ns, int)
    assert isinstance(used_ns, int)
    return Session(str(public_id), str(user), Role(role), bool(has_totp), made_ns, used_ns, str(address), str(agent))
