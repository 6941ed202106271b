"""Who asks: a person with a session, or a program with a key."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class Role(Enum):
    """What a person may do."""

    VIEWER = "viewer"
    """Sees everything, changes nothing but the own password."""
    OPERATOR = "operator"


class Scope(Enum):
    """What a program with a key may do."""

    READ = "read"
    SIGNALS = "signals"


class Caller(Struct, frozen=True, kw_only=True):
    """Who sent a request, as far as it was proven."""

    name: str
    """The user's name, or the key's."""
    address: str
    """Where the connection comes from; never what a header says."""
    role: Role | None = None
    """None: a program."""
    session: str = ""
    """The public id of the session; empty: a program."""
    key: str = ""
    """The public id of the key; empty: a person."""
    scopes: frozenset[Scope] = frozenset()
    doors: tuple[str, ...] = ()
    """The doors that the key is good for; empty: all."""
    accounts: tuple[str, ...] = ()
    """The accounts that the key is good for; empty: all."""
    needs_totp: bool = False
    """A person who must set up a second factor before anything else."""

    @property
    def who(self) -> str:
        """Return what the journal and the audit call it."""
        return f"key:{self.name}" if self.key else f"panel:{self.name}"
