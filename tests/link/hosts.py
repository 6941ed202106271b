"""The hosts that the suite knows by name, and which carriers a case is played over."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.fullqmt.stand import fullqmt, fullqmt_by_ctypes
from tests.link.cases import Case
from tests.link.stand import Stand, simulated
from tests.terminal.stand import xtquant

HOSTS: Final[Mapping[str, Callable[[Path], Stand]]] = {
    "simulated": simulated,
    "xtquant": xtquant,
    "fullqmt": fullqmt,
    **({"fullqmt-ctypes": fullqmt_by_ctypes} if sys.platform == "win32" else {}),
}
"""By name, a function that makes a stand whose files lie in a folder."""


ON_WINDOWS: Final = ("pipe",) if sys.platform == "win32" else ()
DIALLING: Final[Mapping[str, tuple[str, ...]]] = {
    "fullqmt": ("tcp", "files", *ON_WINDOWS),
    "fullqmt-ctypes": ON_WINDOWS,
}
"""Hosts that nobody starts as a child, so that they have no standard streams; and what they dial."""


def carriers_of(case: Case, host: str, *, every: bool = False) -> tuple[str, ...]:
    """Return the carriers to play ``case`` over with ``host``: the first it allows, or all of them."""
    carriers = case.carriers
    if host in DIALLING:
        carriers = DIALLING[host] if "tcp" in case.carriers else ()
    return carriers if every else carriers[:1]
