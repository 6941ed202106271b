"""The scalar functions of market/ as a compiled loop or columns want them: the same code, with other names in it."""

from __future__ import annotations

from types import FunctionType
from typing import Any


def rebound(function: Any, names: dict[str, Any]) -> Any:
    """Return ``function`` with some of the names that it calls bound to others."""
    assert isinstance(function, FunctionType)
    made = FunctionType(function.__code__, {**function.__globals__, **names}, function.__name__)
    made.__annotations__ = {}
    return made
