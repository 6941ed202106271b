"""Who brought something about, why, and when."""

from __future__ import annotations

from msgspec import Struct


class StateTold(Struct, frozen=True, array_like=True, gc=False):
    """Of a trading state; empty while nobody ever changed it."""

    who: str = ""
    why: str = ""
    at_ns: int = 0
