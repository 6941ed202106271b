"""How one world is disposed: what is scarce in it, what looks alike, and how its clock and its venue behave."""

from __future__ import annotations

from random import Random
from typing import Final, NamedTuple

HUNDRED: Final = 10_550_100
"""What a buy of a hundred shares at 10.50 yuan takes, fees included: enough to the fen, or a fen too little."""


class Habits(NamedTuple):
    """Fixed for a run; chances are of one order, one message or one step each."""

    wild: bool = False
    """False: a plain world for tests that arrange everything themselves; nobody judges on the way."""
    twins: bool = False
    """Messages ask for the same few quantities, so that only their names tell their orders apart."""
    scarce: bool = False
    """Cash and shares for a few orders only."""
    steps_max: int = 0
    """How often the wall clock steps."""
    cut_chance: float = 0.3
    slow_chance: float = 0.0
    """An accepted order is PENDING_NEW (48, 49) for a while."""
    untold_chance: float = 0.0
    """Nothing is told of an order before it changes: its numbers come with a fill, or with a list."""
    phone_chance: float = 0.0
    fill_first_chance: float = 0.0
    timed: bool = False
    """Many messages wait, end their orders themselves, follow them up or name targets."""
    paced: bool = False
    """Cancels are taken in turns, and for some time not at all."""

    def cash(self, rng: Random) -> int:
        """Return what an account begins with."""
        if not self.scarce:
            return 10_000_000 * 10_000
        if rng.random() < 0.5:
            return rng.randint(1_000, 12_000) * 10_000
        return rng.randint(1, 4) * HUNDRED - rng.choice((0, 100))

    def shares(self, rng: Random) -> int:
        """Return what an account begins with of one stock."""
        return rng.choice((0, 200, 500)) if self.scarce else 5000


PLAIN: Final = Habits()


def seeded(rng: Random) -> Habits:
    """Return the habits of a world of its own."""
    twins = rng.random() < 0.5
    return Habits(
        wild=True,
        twins=twins,
        scarce=rng.random() < 0.5,
        steps_max=rng.choice((0, 1, 3)),
        cut_chance=0.9 if twins else 0.3,
        slow_chance=rng.choice((0.0, 0.3)),
        untold_chance=rng.choice((0.0, 0.3)),
        phone_chance=0.3,
        fill_first_chance=rng.choice((0.0, 0.5)),
        timed=rng.random() < 0.4,
        paced=rng.random() < 0.4,
    )
