"""The morning check: what it looks at, and what it has said of one account so far."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from qmt_trading.model.enumeration import direct


@direct
class CheckItem(StrEnum):
    """One line of the checklist. Values stand in the journal and never change meaning."""

    UNCHECKED = "unchecked"
    """Nothing has been checked yet since the start, or since the day was opened."""
    TERMINAL = "terminal"
    """The terminal is connected and the account is logged in."""
    SESSION = "session"
    """The session was opened after the night."""
    LIST = "list"
    """A complete list of this session was taken, and its positions are ours."""
    FIGURES = "figures"
    """Cash and positions can be read."""
    UNKNOWN = "unknown"
    """No order's outcome is unknown."""
    UNRESOLVED = "unresolved"
    """None of an earlier day is, either."""
    CALENDAR = "calendar"
    DETAILS = "details"
    """The terminal's own rules of what is traded agree with the rule book."""
    QUOTES = "quotes"
    CLOCK = "clock"
    DISK = "disk"
    JOURNAL = "journal"
    REGISTRATION = "registration"
    CAPABILITY = "capability"
    HALTED = "halted"
    LIMITS = "limits"
    TODAY = "today"
    """Ex-days, suspensions and the like of what is held."""


class Morning(Struct, frozen=True, array_like=True):
    """What the last check said of an account."""

    closed: tuple[str, ...] = ()
    """Red items that close the account for buys; empty: none does."""
    accepted: tuple[str, ...] = ()
    """Red items that a person has accepted today: they close nothing any more."""
    checked_ns: int = 0
    """Wall clock of the last check; 0: there was none today."""
    red: tuple[str, ...] = ()
    """Red items of the last check, accepted or not."""


class LinkTold(Struct, frozen=True, array_like=True):
    """Since when an account's link is as it is, and what was said of it."""

    at_ns: int = 0
    text: str = ""
