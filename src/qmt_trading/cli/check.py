"""One finding of the doctor."""

from __future__ import annotations

from typing import NamedTuple


class Check(NamedTuple):
    """A line: ✓, or ! and ✗ with what to do."""

    name: str
    good: bool
    text: str
    warns: bool = False
    """It may stay as it is, and a person should know of it."""
