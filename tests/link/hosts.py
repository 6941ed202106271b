"""The hosts that the suite knows by name, and which carriers a case is played over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.fullqmt.stand import fullqmt
from tests.link.cases import Case
from tests.link.stand import Stand, simulated
from tests.terminal.stand import xtquant

HOSTS: Final[Mapping[str, Callable[[Path], Stand]]] = {
    "simulated": simulated,
    "xtquant": xtquant,
    "fullqmt": fullqmt,
}
"""By name, a function that makes a stand whose files lie in a folder."""


DIALLING: Final = frozenset({"fullqmt"})
"""Hosts that nobody starts as a child: they have no standard streams."""


def carriers_of(case: Case, host: str, *, every: bool = False) -> tuple[str, ...]:
    """Return the carriers to play ``case`` over with ``host``: the first it allows, or all of them."""
    carriers = case.carriers
    if host in DIALLING:
        carriers = ("tcp", "files") if "tcp" in case.carriers else ()
    return carriers if every else carriers[:1]
