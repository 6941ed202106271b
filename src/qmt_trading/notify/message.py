"""What is told to people: an alert, or a summary of the day, with a key that it has for ever."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Final

from msgspec import Struct

from qmt_trading.model.instant import day_of
from qmt_trading.model.view import AlertRow
from qmt_trading.model.words import Importance, Mode

RANK: Final = {Importance.INFORMATION: 0, Importance.WARNING: 1, Importance.CRITICAL: 2}
"""How loud each is."""


class Kind(StrEnum):
    """What a message is about."""

    ALERT = "alert"
    NOON = "noon"
    DAILY = "daily"


class Message(Struct, frozen=True, kw_only=True):
    """One thing to be told, in both languages."""

    key: str
    """Told at most once a channel."""
    at_ns: int
    kind: Kind = Kind.ALERT
    importance: Importance = Importance.INFORMATION
    mode: Mode
    account: str = ""
    """Whose it is; empty: everybody's."""
    about: str = ""
    """The account as people know it, and the stock."""
    chinese: str
    english: str
    mark: str = ""
    """By which an acknowledgement finds it: ``mark_of`` its row."""


def key_of(at_ns: int, turn: int, place: int) -> str:
    """Return the key of the alert that stands at ``place`` in the journal's ``turn``; keys sort as alerts stand.

    A journal that takes the place of another numbers its turns anew: the instant tells both apart.
    """
    return f"{day_of(at_ns).isoformat()}/{at_ns}/{turn:012d}.{place:06d}"


def mark_of(row: AlertRow) -> str:
    """Return what tells this row from others, however many have gone before it."""
    told = row.alert
    parts = (row.at_ns, told.code, told.account, told.symbol, told.client_order_id, told.chinese)
    return hashlib.sha256(repr(parts).encode("utf-8", "replace")).hexdigest()[:20]


def is_acknowledged(row: AlertRow) -> bool:
    """Tell whether a person has taken note of the alert; a row that knows of no such thing says no."""
    return any(getattr(each, "acknowledged_ns", 0) for each in (row, row.alert))
