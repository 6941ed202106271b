"""Who did what, when, from where, with which outcome: a table that only grows, and never holds a secret."""

from __future__ import annotations

from typing import Protocol

from qmt_trading.panel.callers import Caller


class Audit(Protocol):
    """Where deeds are noted."""

    def note(self, caller: Caller, action: str, outcome: str, **about: str) -> None:
        """Write one line, durably; safe to call from any thread, takes a few milliseconds.

        Args:
            action: one word for the endpoint, such as ``halt``.
            outcome: ``ok``, or the code of the refusal.
            about: plain facts such as ``account`` or ``why``; never a password, code, token or key.
        """
        ...
