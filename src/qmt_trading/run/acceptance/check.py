"""One check: what it asks, what it costs, what a person must do, and how the answer is found."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from qmt_trading.run.acceptance.report import SEEN, UNSEEN
from qmt_trading.run.acceptance.visit import Visit
from qmt_trading.run.capabilities import Finding


class Answer(Struct, frozen=True, kw_only=True):
    """What a check has found."""

    outcome: str
    told: str
    """In one sentence."""
    findings: dict[str, Finding] = {}


class Check(Struct, frozen=True, kw_only=True):
    number: int
    name: str
    asks: str
    cost: str
    tells: str
    """What the answer changes."""
    run: Callable[[Visit], Answer]
    when: str = ""
    """When it can be done; empty: in continuous trading."""
    orders: int = 1
    """At most so many of ours at the counter at one time."""


def seen(told: str, **findings: Finding) -> Answer:
    """Return an answer that somebody has seen."""
    return Answer(outcome=SEEN, told=told, findings=findings)


def unseen(told: str) -> Answer:
    """Return that nothing was seen: 未见, never a pass."""
    return Answer(outcome=UNSEEN, told=told)


def finding(visit: Visit, value: str, how: str) -> Finding:
    """Return a finding of today."""
    return Finding(value, how, visit.today().isoformat())
