"""Whatever happens: folding gives the live state, a snapshot loses nothing, and the books agree with themselves."""

from __future__ import annotations

import pytest

from qmt_trading.codec import state_snapshot
from qmt_trading.codec.journal_record import decode_turn, encode_turn
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.snapshot import capture, restore
from tests.engine_life import Life, image
from tests.simulation.invariants import check_state

STEPS = 120


@pytest.mark.parametrize("seed", range(120))
def test_folding_what_was_recorded_gives_the_live_state(seed: int) -> None:
    life = Life(seed)
    folded = Engine()
    done = 0
    for step in range(STEPS):
        life.step()
        if step % 40 == 39:
            for turn in life.journal[done:]:
                for record in decode_turn(encode_turn(turn)):
                    folded.fold(record)
            done = len(life.journal)
            assert image(folded) == image(life.engine)


@pytest.mark.parametrize("seed", range(1000, 1120))
def test_an_engine_made_of_a_snapshot_goes_on_as_the_first_would_have(seed: int) -> None:
    life = Life(seed)
    for _ in range(STEPS // 2):
        life.step()
    payload = b"\n".join(state_snapshot.encode_parts(capture(life.engine.state)))
    twin = Engine(restore(state_snapshot.decode(payload)))
    assert image(twin) == payload
    happened = len(life.journal)
    for _ in range(STEPS // 2):
        life.step()
    for (now_ns, event), turn in zip(life.events[happened:], life.journal[happened:], strict=True):
        assert twin.handle(event, now_ns) == turn[2:], event
    assert image(twin) == image(life.engine)


@pytest.mark.parametrize("seed", range(2000, 2120))
def test_the_books_agree_with_themselves_after_every_event(seed: int) -> None:
    life = Life(seed)
    for _ in range(STEPS):
        life.step()
        check_state(life.engine.state)
