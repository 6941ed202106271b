"""One run from a seed, and what is left of a failing one when everything is cut that it does not need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from random import Random

from tests.gate.acts import ACTS, SELDOM, connect
from tests.gate.world import DifferenceError, World


def acts_of(seed: int) -> list[int]:
    """Return the numbers of a run's acts."""
    return list(range(Random(f"length {seed}").randint(10, 60)))


def run_one(seed: int, only: Collection[int] | None = None) -> Counter[str]:
    """Play one run, or those of its acts that are named, and return what was seen.

    Raises:
        DifferenceError: the engine and the judge differ.
    """
    world = World(seed)
    for account in world.premises.accounts:
        connect(world, Random(f"open {seed} {account}"), account)
    for number in acts_of(seed) if only is None else only:
        rng = Random(f"act {seed} {number}")
        act = rng.choice(SELDOM) if rng.random() < 0.01 else rng.choice(ACTS)
        try:
            act(world, rng)
            world.due(rng)
        except DifferenceError as error:
            raise DifferenceError(f"act {number}, {act.__name__}: {error}") from error
    world.counts["runs"] += 1
    return world.counts


def shrink(seed: int) -> tuple[list[int], str]:
    """Return the acts that a failing run cannot do without, and what differs at its end."""
    needed, text = acts_of(seed), ""
    at = len(needed)
    while at >= 0:
        tried = needed if at == len(needed) else needed[:at] + needed[at + 1 :]
        try:
            run_one(seed, tried)
        except DifferenceError as error:
            needed, text = tried, str(error)
        at -= 1
    return needed, text
