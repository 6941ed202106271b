"""What a full client's strategy said of itself when it was connected last: kept for the doctor, not for trading."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from qmt_trading.brokers.linked.condition import Condition, LinkPhase
from qmt_trading.model.errors import ConfigurationError

KIND: Final = "fullqmt"


class Contact(Struct, frozen=True, kw_only=True):
    """One connection that stood."""

    at_ns: int
    build: str
    """Of the text that was pasted."""
    python: str
    carrier: str
    journal: str
    """Why its claims are not on disk; empty: they are."""
    missing: str
    """Functions that the terminal did not give."""
    observes: bool
    armed: str
    ready: tuple[str, ...]
    """Accounts that were ready."""


def path_of(folder: Path, name: str) -> Path:
    """Return where the last contact with the terminal ``name`` is kept."""
    return folder / f"fullqmt-{name}.contact.json"


def read(folder: Path, name: str) -> Contact | None:
    """Return the last contact with a terminal; None: there was none.

    Raises:
        ConfigurationError: what is kept cannot be read.
    """
    path = path_of(folder, name)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Contact)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigurationError(f"{path} 读不懂：删掉它 / delete it: {error}") from error


class Contacts:
    """Keeps what changes; one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, Contact] = {}

    def note(self, condition: Condition, now_ns: int) -> None:
        """Keep how a link stands, where it is a full client's and stands otherwise than was kept.

        Raises:
            OSError: it cannot be written.
        """
        if condition.kind != KIND or condition.phase is not LinkPhase.OPEN:
            return
        now = contact_of(condition, now_ns)
        before = self._kept.get(condition.name)
        if before is not None and msgspec.structs.replace(before, at_ns=now_ns) == now:
            return
        self._kept[condition.name] = now
        path = path_of(self._folder, condition.name)
        beside = path.with_suffix(".new")
        beside.write_bytes(msgspec.json.format(msgspec.json.encode(now), indent=1) + b"\n")
        os.replace(beside, path)


def contact_of(condition: Condition, now_ns: int) -> Contact:
    """Return what is kept of a link that is open."""

    def fact(name: str) -> str:
        return str(condition.facts.get(name, ""))

    return Contact(
        at_ns=now_ns,
        build=fact("build"),
        python=fact("python"),
        carrier=fact("carrier"),
        journal=fact("journal"),
        missing=fact("missing"),
        observes=condition.observes,
        armed=condition.armed,
        ready=tuple([account for account, ready, _ in condition.accounts if ready]),
    )
