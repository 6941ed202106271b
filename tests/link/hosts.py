"""The hosts that the suite knows by name, and which carriers a case is played over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.link.cases import Case
from tests.link.stand import Stand, simulated
from tests.terminal.stand import xtquant

HOSTS: Final[Mapping[str, Callable[[Path], Stand]]] = {"simulated": simulated, "xtquant": xtquant}
"""By name, a function that makes a stand whose files lie in a folder."""


def carriers_of(case: Case, *, every: bool = False) -> tuple[str, ...]:
    """Return the carriers to play ``case`` over: the first it allows, or all of them."""
    return case.carriers if every else case.carriers[:1]
