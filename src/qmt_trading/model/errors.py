"""Errors of the world outside, named for what may be done next."""

from __future__ import annotations


class QmtError(Exception):
    """Base of everything this system raises on purpose."""


class ConfigurationError(QmtError):
    """The configuration cannot be used; nothing was started. The text names file, line, key and what would be right."""


class JournalError(QmtError):
    """The journal cannot be written or read; no submit may leave."""


class JournalBrokenError(JournalError):
    """A stored record is not what was written; the text names the turn."""


class LockedError(QmtError):
    """Another engine holds this data folder or account."""


class NotSentError(QmtError):
    """The order certainly did not leave."""


class OutcomeUnknownError(QmtError):
    """The order may have left. Never send it again; ask the broker."""


class DoorError(QmtError):
    """A door cannot be opened or reached; the text says what to do."""
