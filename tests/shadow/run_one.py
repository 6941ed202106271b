"""One seeded world from its beginning to its end, and many of them."""

from __future__ import annotations

from collections import Counter

from tests.shadow import judge
from tests.shadow.world import CrashError, World

SIGNALS = 60
"""Of one world."""
MUST = (
    "answered accepted",
    "answered denied",
    "answered duplicate",
    "cancels decided",
    "cancels registered",
    "cancels told",
    "chases ended",
    "clock steps",
    "crashes",
    "halts that cancel",
    "instructions at their time",
    "nights",
    "questions answered",
    "reconnects",
    "slow commits",
    "starts",
    "withheld for shadow",
    "withheld for deadline",
    "withheld for halt",
    "withheld for cancel",
)
"""What a long run must have seen."""


def run_one(seed: int) -> Counter[str]:
    """Play one world; return what happened in it.

    Raises:
        AssertionError: something left, or does not hold.
    """
    world = World(seed)
    while world.counts["signals"] < SIGNALS:
        world.step()
        judge.check_calls(world)
        if world.rng.random() < 0.05:
            _rest(world)
            judge.check_rest(world)
    _rest(world)
    judge.check_rest(world)
    judge.check_calls(world)
    if world.bench.loop.closed:  # What it decided since is on no record.
        world.start_again()
        _rest(world)
    judge.check_answers(world)
    judge.check_journal(world)
    return world.counts


def _rest(world: World) -> None:
    try:
        world.rest()
    except CrashError:
        world.start_again()
        world.rest()


def run_chunk(first: int, signals: int) -> tuple[Counter[str], list[str]]:
    """Play worlds from seed ``first`` on until they have taken ``signals``; return what happened and what failed."""
    counts: Counter[str] = Counter()
    failures: list[str] = []
    seed = first
    while counts["signals"] < signals and not failures:
        try:
            counts += run_one(seed)
        except AssertionError as error:
            failures.append(f"seed {seed}: {error}")
        counts["worlds"] += 1
        seed += 1
    return counts, failures
