"""Repeatable figures that look like chance: the same seed and names give the same figure on every machine."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from zlib import crc32

_MASK: Final = (1 << 64) - 1


def mix(seed: int, first: int, second: int = 0) -> int:
    """Return 64 well-mixed bits of three integers."""
    value = (seed * 0x9E3779B97F4A7C15 + first * 0xBF58476D1CE4E5B9 + second * 0x94D049BB133111EB) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


@lru_cache(maxsize=16_384)
def number_of(name: str) -> int:
    """Return an integer that stands for ``name`` in ``mix``."""
    return crc32(name.encode("utf-8"))
