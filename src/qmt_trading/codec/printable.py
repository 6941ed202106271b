"""Texts of senders, people and counters on a screen: nothing in them commands a terminal or looks like another line."""

from __future__ import annotations

import re
from typing import Final

_COMMANDS: Final = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
"""Control characters, the separators of lines and paragraphs, and what turns the direction of writing."""
_IN_LINES: Final = re.compile(f"[{_COMMANDS}]")
_IN_LINE: Final = re.compile(rf"[\t\n{_COMMANDS}]")
_NAMED: Final = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}


def in_line(text: str) -> str:
    r"""Return ``text`` for a place within one line: a line break in it is shown as ``\n``, an escape as ``\u001b``."""
    return _IN_LINE.sub(_shown, text)


def in_lines(text: str) -> str:
    """Return ``text`` for a place where it may have lines of its own: its line breaks and tabs stay."""
    return _IN_LINES.sub(_shown, text)


def _shown(found: re.Match[str]) -> str:
    return _NAMED.get(found[0]) or f"\\u{ord(found[0]):04x}"
