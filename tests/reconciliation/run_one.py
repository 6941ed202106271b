"""One run from a seed: a busy middle, a quiet end that the engine itself brings about, and the verdict."""

from __future__ import annotations

from collections import Counter

from tests.reconciliation.judgement import judge
from tests.reconciliation.world import World


def run_one(seed: int) -> Counter[str]:
    """Run one world, judge it and return what the judge had to do.

    Raises:
        AssertionError: a promise was broken; the text says which.
    """
    world = World(seed)
    for _ in range(world.rng.randint(2, 16)):
        world.act()
    world.settle()
    judge(world)
    world.judged["runs"] += 1
    return world.judged
