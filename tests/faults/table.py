"""The table: each call of the terminal with each fault once, and beside it something else that goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from tests.faults.counter import ACCOUNTS, SYMBOLS
from tests.faults.run_one import Verdict, bury, settle
from tests.faults.terminal import Call, Fault
from tests.faults.world import World

BESIDES: Final[dict[str, Callable[[World], object]]] = {
    "nothing": lambda world: None,
    "host killed": World.kill_host,
    "link cut": World.cut_link,
    "engine crashed": World.crash_engine,
    "terminal restarted": World.restart_terminal,
}


class Case(NamedTuple):
    """One cell of the table."""

    call: Call
    fault: Fault
    besides: str

    def __str__(self) -> str:
        return f"{self.call} {self.fault}, {self.besides}".replace(" ", "-")


CASES: Final = tuple(Case(call, fault, besides) for besides in BESIDES for call in Call for fault in Fault)


def play(case: Case) -> Verdict:
    """Play a short day in which the call goes wrong once, and judge it.

    Raises:
        AssertionError: a promise was broken.
    """
    world = World(CASES.index(case))
    try:
        _day(world, case)
        verdict = settle(world)
    finally:
        bury(world)
    assert verdict.seen[case.call, case.fault] == 1, "the call was never made"
    return verdict


def _day(world: World, case: Case) -> None:
    counter, planned = world.terminal.counter, world.terminal.planned
    at_once = case.call in (Call.CONNECT, Call.SUBSCRIBE, Call.STATUS)
    if at_once:
        planned[case.call] = [case.fault]
    world.begin()
    world.run(3)
    both = ",".join(ACCOUNTS)
    world.send(f"buy {SYMBOLS[0]} 300@10.50:{both}")
    world.run(1)
    if counter.working():
        counter.fill(counter.working()[0], 100)
    counter.place(ACCOUNTS[0], SYMBOLS[1], 24, 700, 10.41, "", phone=True)
    world.run(1)
    if not at_once:
        planned[case.call] = [case.fault]
    world.send(f"sell {SYMBOLS[2]} 500@10.40:{both}")
    world.run(0.02)
    if case.besides != "nothing":
        world.run(0.1)
        BESIDES[case.besides](world)
    world.run(4)
    if world.loop is None:
        world.restart_engine()
    world.send(f"cancel *:{both}")
    world.run(0.02)
    world.run(12)
    if planned.get(case.call):
        world.restart_terminal()  # Whatever is not called by then is called anew.
        world.run(12)
        if world.loop is None:
            world.restart_engine()
        world.send(f"buy {SYMBOLS[3]} 100@10.50:{both}")
        world.run(1)
        world.elsewhere(phone=True)
        world.run(1)
        world.send(f"cancel *:{both}")
        world.run(10)
