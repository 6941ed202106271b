"""One run: a busy time in which anything may go wrong, then a quiet one, then the verdict."""

from __future__ import annotations

import json
from collections import Counter as Sums
from collections.abc import Callable
from typing import Final, NamedTuple

from qmt_trading.model.instant import to_clock_text
from qmt_trading.model.numbers import SECOND_NS
from tests.faults.counter import ACCOUNTS, PROBE, SYMBOLS
from tests.faults.judge import NotYetError, judge_books, judge_calls, judge_journal, judge_open, resolve_alone
from tests.faults.machine import Mend
from tests.faults.terminal import Call, Fault
from tests.faults.world import World

QUIET_S: Final = 12
"""Of healthy link and nothing under way before the books are looked at."""
SETTLE_S: Final = 33
"""In which lists end the unknown orders that they may end."""
MENDED_S: Final = 120
"""After so much more they must be right."""


class Verdict(NamedTuple):
    """What a run showed, when nothing was wrong."""

    counts: Sums[str]
    seen: Sums[tuple[Call, Fault]]
    switches: int


def run_one(seed: int, *, mend: Mend = lambda module: None) -> Verdict:
    """Run one seeded world and judge it.

    Raises:
        AssertionError: a promise was broken; the text says which.
    """
    world = World(seed, mend=mend)
    try:
        busy(world)
        return settle(world)
    finally:
        bury(world)


def busy(world: World) -> None:
    """Let anything happen for a while."""
    rng, terminal = world.rng, world.terminal
    terminal.chance = rng.choice((0.0, 0.0, 0.02, 0.1))
    terminal.poison = rng.random() < 0.5
    if rng.random() < 0.3:
        plan(world)
    world.begin()
    if rng.random() < 0.8:
        world.run(1.5)
    actions: tuple[Callable[[World], object], ...] = (
        *[trade] * 10,
        *[cancel] * 4,
        *[lambda world: world.fill(rng.random())] * 8,
        *[plan] * 8,
        lambda world: world.elsewhere(phone=False),
        lambda world: world.elsewhere(phone=True),
        World.kill_host,
        World.cut_link,
        World.cut_link,
        World.crash_engine,
        *[light] * 3,
        *[hasty] * 3,
        World.restart_terminal,
        World.freeze,
        World.resume_all,
    )
    for _ in range(rng.randint(20, 45)):
        rng.choice(actions)(world)
        world.run(rng.choice((0.0, 0.0, 0.01, 0.3, 1.0, 3.0)))
        _keep_alive(world)


def trade(world: World) -> None:
    """Send a buy or a sell, for now, for later, or ending by itself."""
    rng = world.rng
    verb, price = rng.choice((("buy", "10.50"), ("sell", "10.40")))
    what = f"{verb} {rng.choice(SYMBOLS[:-1])} {rng.choice((100, 300, 500))}@{price}:{_accounts(world)}"
    chance = rng.random()
    if chance < 0.1:
        what += f" at={to_clock_text(world.clockwork.now_ns + rng.choice((1, 4, 12)) * SECOND_NS)}"
    elif chance < 0.25:
        what += f" cancel_after={rng.choice((1, 3))}s"
    world.counts["messages"] += bool(world.send(what))


def hasty(world: World) -> None:
    """Let something happen just before, while or just after an order is handed over."""
    rng = world.rng
    what = rng.choice((World.kill_host, World.cut_link, World.crash_engine, World.restart_terminal, World.freeze))
    if rng.random() < 0.5:
        world.terminal.planned.setdefault(Call.ORDER, []).append(rng.choice(list(Fault)))
    if what is World.freeze:
        what(world)
    trade(world)
    world.run(rng.choice((0.001, 0.002, 0.003, 0.005, 0.5, 2)))
    if what is not World.freeze:
        what(world)


def cancel(world: World) -> None:
    """Send a cancel, of a symbol or of everything."""
    rng = world.rng
    world.send(f"cancel {rng.choice((*SYMBOLS[:-1], '*'))}:{_accounts(world)}")


def plan(world: World) -> None:
    """Let one of the next calls go wrong."""
    call, fault = world.rng.choice(list(Call)), world.rng.choice(list(Fault))
    world.terminal.planned.setdefault(call, []).append(fault)


def light(world: World) -> None:
    """Let the engine's process die at one of its next steps."""
    if world.loop is not None and not world.fuse.burns:
        world.fuse.light(world.rng.randint(0, 8))


def _accounts(world: World) -> str:
    return world.rng.choice((ACCOUNTS[0], ACCOUNTS[1], ",".join(ACCOUNTS)))


def _keep_alive(world: World) -> None:
    if world.loop is None:
        world.restart_engine()


def settle(world: World) -> Verdict:
    """End the faults, wait until all that was under way has come, and judge.

    Raises:
        AssertionError: a promise was broken.
    """
    terminal = world.terminal
    terminal.planned.clear()
    terminal.chance = 0.0
    terminal.poison = False
    world.fuse.put_out()
    _keep_alive(world)
    world.run(1)
    while world.clockwork.now_ns < terminal.until_ns:
        world.run(5)
    judge_calls(world)
    world.run(QUIET_S)
    until_right(world, judge_open, MENDED_S)
    close_market(world)
    if world.rng.random() < 0.7:
        world.cut_link()  # A later session, on which lists may end what is unknown.
    world.run(QUIET_S)
    if world.engine is not None and any(each.unresolved for each in world.engine.state.accounts.values()):
        world.run(SETTLE_S)
        resolve_alone(world)
    world.counts["seconds to be mended"] += until_right(world, judge_books, MENDED_S)
    probe(world)
    judge_calls(world)
    until_right(world, judge_books, 2 * QUIET_S)
    judge_journal(world)
    world.counts["orders at the counter"] = len(terminal.counter.orders)
    world.counts["orders that reached the terminal"] = len(terminal.reached)
    world.counts["cancels on record"] = len(world.cancels)
    for code, count in world.alerts.items():
        world.counts[f"told {code}"] = count
    return Verdict(world.counts, terminal.seen, world.clockwork.switches)


def until_right(world: World, judge: Callable[[World], None], seconds_max: int) -> int:
    """Go on until our books are as ``judge`` wants them; return how many seconds that took.

    Raises:
        NotYetError: after ``seconds_max`` they are not.
    """
    begun_ns = world.clockwork.now_ns
    while True:
        world.run(2)
        passed_s = (world.clockwork.now_ns - begun_ns) // SECOND_NS
        try:
            judge(world)
        except NotYetError:
            if passed_s >= seconds_max:
                raise
        else:
            return passed_s


def close_market(world: World) -> None:
    """End what still works: a figure that differs is proven only where nothing moves."""
    for row in world.terminal.counter.working():
        if world.rng.random() < 0.5:
            world.terminal.counter.fill(row, row.order_volume - row.traded_volume)
        else:
            world.terminal.counter.cancel(row)


def probe(world: World) -> None:
    """Show that everything goes again: an order of each account reaches the counter, and can be cancelled."""
    world.resume_all()
    world.run(0.5)
    counter = world.terminal.counter
    before = len(counter.orders)
    world.send(f"buy {PROBE} 100@10.50:{','.join(ACCOUNTS)}")
    world.run(2)
    placed = counter.orders[before:]
    assert len(placed) == len(ACCOUNTS), f"nothing goes any more: {placed} {_why(world)}"
    world.send(f"cancel {PROBE}:{','.join(ACCOUNTS)}")
    world.run(3)
    assert all(row.order_status == 54 for row in placed), f"no cancel goes any more: {placed}"


def _why(world: World) -> str:
    broker = world.broker
    return "" if broker is None else json.dumps(broker.condition()._asdict(), default=str)


def bury(world: World) -> None:
    """End what still runs."""
    if world.machine is not None and not world.machine.dead:
        world.machine.kill()
