"""One run from a seed: a busy middle with crashes, then a quiet end, then the verdict."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

from qmt_trading.model.numbers import MILLISECOND_NS
from qmt_trading.run.loop import REPORTS_WAIT_NS
from tests.simulation.judgement import judge
from tests.simulation.world import World

ACTIONS: Final = (
    *["act_turn"] * 17,
    *["act_control"] * 5,
    *["act_send"] * 7,
    *["act_flow"] * 12,
    *["act_venue"] * 3,
    *["act_report"] * 3,
    *["act_fill"] * 6,
    *["act_time"] * 5,
    *["act_light"] * 14,
    *["act_start"] * 6,
    *["act_connect"] * 3,
    *["act_resume"] * 4,
    *["act_foreign"] * 3,
    *["act_cancel"] * 2,
    "act_break",
    "act_day",
    *["act_file"] * 2,
    "act_halt",
    "act_phase",
    "act_clock",
    "act_snapshot",
    "act_disk",
)
QUIET_STEPS_MAX: Final = 24
LYING_STEPS: Final = 3


class Verdict(NamedTuple):
    """What a run showed, when nothing was wrong."""

    crashes: dict[str, int]
    turns: int
    orders: int
    signals: int
    honest: bool
    judged: Counter[str]


def run_one(seed: int, *, honest: bool | None = None, folder: Path | None = None) -> Verdict:
    """Run one world and judge it.

    Raises:
        AssertionError: a promise was broken; the text says which.
    """
    world = World(seed, honest=honest, folder=folder, wild=True)
    world.start()
    world.warm_up()
    rng = world.rng
    for action in rng.choices(ACTIONS, k=rng.randint(25, 60)):
        world.guarded(action)
    settle(world)
    judge(world)
    if world.journal is not None:
        world.journal.close()
    venue = world.venue
    judged = world.ledger.judged + venue.judged
    orders = len(venue.past) + len(venue.orders)
    return Verdict(world.crashes, world.turns, orders, len(world.messages), not world.lies, judged)


def settle(world: World) -> None:
    """Let the lies and accidents stop, and time pass, until everything has its end.

    The link is honest first, so that what was lost comes to light; the last to be mended are lists and cancels, which
    nothing but asking again and cancelling again can make good.
    """
    rng, venue = world.rng, world.venue
    world.fuse.put_out()
    world.meddles = False
    venue.lies = world.lies & {"cut", "stale", "false_cancel"}
    if world.loop is not None and (world.loop.closed or world.settings is not world.base):
        world.kill()
    if world.loop is None:
        world.settings = world.base
        world.start()
    world.fuse.put_out()
    assert world.journal is not None
    world.journal.fail_next = False
    if rng.random() < 0.25:  # What this session does not tell, no list of this session can settle.
        for _ in range(LYING_STEPS):
            _pass_time(world)
    venue.disconnect(told=True)
    _drain(world)
    venue.connect()
    _drain(world)
    venue.lies = world.lies & {"cut", "stale", "false_cancel", "empty_list", "short_list"}
    for _ in range(LYING_STEPS):
        _pass_time(world)
        if rng.random() < 0.3:
            world.act_clock()
    venue.lies = world.lies & {"cut", "stale"}
    venue.no_cancel = False
    assert world.engine is not None
    for _ in range(4):
        for _ in range(QUIET_STEPS_MAX):
            _pass_time(world)
            if not world.engine.next_due_ns():
                return
        waiting = world.engine.state.timed.values()
        if not waiting:
            return
        # Where the clock was put back an order is asked about for an hour: what waits for that hour comes sooner so.
        world.now_ns = max(world.now_ns, *(each.due_ns for each in waiting))


def _pass_time(world: World) -> None:
    """Go on to where the engine wants to do something, and a little beyond."""
    assert world.engine is not None
    due_ns = world.engine.next_due_ns()
    world.now_ns = max(world.now_ns, due_ns) + world.rng.choice((1, 300, 20_000)) * MILLISECOND_NS
    _drain(world)


def _drain(world: World) -> None:
    venue = world.venue
    for _ in range(200):
        assert world.loop is not None
        venue.now_ns = world.now_ns
        did = world.loop.control_turn()
        did = world.turn() or did
        while venue.commands:
            venue.step()
            did = True
        venue.promote_all()
        while venue.reports:
            world.act_report()
            did = True
        did = world.work_files() or did
        if not did:
            if not world.loop.has_pending():
                return
            world.now_ns += REPORTS_WAIT_NS  # What waits for company goes to disk alone.
    raise AssertionError("the system does not come to rest")
