"""Folding never depends on where it begins, and deciding again gives the same bytes, or says where it does not."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from qmt_trading.codec.journal_record import decode_turn, encode_turn
from qmt_trading.journal.memory import MemoryJournal
from qmt_trading.model.numbers import Quantity
from qmt_trading.model.outputs import SubmitOrder
from qmt_trading.run.recovery import check_decisions, recover
from tests.simulation.disk import SimulatedJournal
from tests.simulation.fuse import Fuse
from tests.simulation.run_one import ACTIONS, settle
from tests.simulation.world import World


def lived(seed: int) -> World:
    """Return a world after a busy time and a quiet end."""
    world = World(seed, wild=True)
    world.start()
    for _ in range(90):
        world.guarded(world.rng.choice(ACTIONS))
    settle(world)
    return world


@pytest.mark.parametrize("seed", range(100, 160))
def test_every_start_of_the_fold_gives_the_same_state(seed: int) -> None:
    world = lived(seed)
    journal = SimulatedJournal(world.disk, Fuse())
    images = []
    for opened, kept in ((world.disk.opened, world.disk.kept), (world.disk.opened, None), (0, None)):
        world.disk.opened, world.disk.kept = opened, kept
        world.engine = recover(journal).engine
        images.append(world.image())
    assert images[0] == images[1] == images[2]


@pytest.mark.parametrize("seed", range(200, 260))
def test_deciding_again_gives_the_same_bytes(seed: int) -> None:
    world = lived(seed)
    assert check_decisions(SimulatedJournal(world.disk, Fuse()), version="test") == []


def test_a_decision_that_would_not_be_made_again_is_reported() -> None:
    for seed in range(300, 400):
        world = lived(seed)
        for index, turn in enumerate(world.disk.turns):
            records = decode_turn(turn.payload)
            for place, record in enumerate(records):
                if isinstance(record, SubmitOrder):
                    records[place] = replace(record, quantity=Quantity(record.quantity + 100))
                    world.disk.turns[index] = turn._replace(payload=encode_turn(records))
                    found = check_decisions(SimulatedJournal(world.disk, Fuse()), version="test")
                    assert any(f"turn {turn.number} " in text for text in found)
                    return
    raise AssertionError("no run placed an order")


def test_decisions_of_another_version_are_not_compared() -> None:
    world = lived(300)
    assert check_decisions(SimulatedJournal(world.disk, Fuse()), version="another") == []


def test_an_empty_journal_folds_to_a_fresh_engine() -> None:
    recovered = recover(MemoryJournal())
    assert (recovered.number, recovered.folded) == (0, 0)
