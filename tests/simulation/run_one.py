"""One run from a seed: a busy middle with crashes, then a quiet end, then the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState, OrderStatus, TradingState
from qmt_trading.run.loop import REPORTS_WAIT_NS
from qmt_trading.run.recovery import recover
from tests.simulation.venue import ENDS
from tests.simulation.world import ACCOUNTS, UNENDED, World

ACTIONS: Final = (
    *["act_turn"] * 14,
    *["act_control"] * 4,
    *["act_send"] * 6,
    *["act_venue"] * 9,
    *["act_report"] * 12,
    *["act_fill"] * 3,
    *["act_time"] * 5,
    *["act_light"] * 8,
    *["act_start"] * 4,
    *["act_connect"] * 2,
    "act_break",
    "act_day",
    "act_foreign",
    "act_halt",
    *["act_resume"] * 6,
    "act_snapshot",
    "act_disk",
)


class Verdict(NamedTuple):
    """What a run showed, when nothing was wrong."""

    crashes: dict[str, int]
    turns: int
    orders: int
    signals: int
    honest: bool


def run_one(seed: int, *, honest: bool | None = None, folder: Path | None = None) -> Verdict:
    """Run one world and judge it.

    Raises:
        AssertionError: a promise was broken; the text says which.
    """
    world = World(seed, honest=honest, folder=folder)
    world.start()
    rng = world.rng
    for _ in range(rng.randint(40, 110)):
        world.guarded(rng.choice(ACTIONS))
    settle(world)
    judge(world)
    if world.journal is not None:
        world.journal.close()
    return Verdict(world.crashes, world.turns, len(world.venue.orders), len(world.messages), not world.lies)


def settle(world: World) -> None:
    """Let the lies and accidents stop, and time pass, until everything has its end."""
    world.fuse.put_out()
    world.venue.lies = world.lies & {"cut", "stale"}
    if world.loop is not None and world.loop.closed:
        world.kill()
    if world.loop is None:
        world.start()
    world.fuse.put_out()
    assert world.loop is not None
    assert world.journal is not None
    world.journal.fail_next = False
    world.venue.disconnect(told=True)
    _drain(world)
    world.venue.connect()
    for _ in range(10):
        _drain(world)
        world.now_ns += 21 * SECOND_NS
        _drain(world)


def _drain(world: World) -> None:
    for _ in range(200):
        assert world.loop is not None
        world.venue.now_ns = world.now_ns
        did = world.loop.control_turn()
        did = world.loop.turn() or did
        while world.venue.commands:
            world.venue.step()
            did = True
        while world.venue.reports:
            world.act_report()
            did = True
        if not did:
            if not world.loop.has_pending():
                return
            world.now_ns += REPORTS_WAIT_NS  # What waits for company goes to disk alone.
    raise AssertionError("the system does not come to rest")


def judge(world: World) -> None:
    """Assert what is promised of the whole."""
    engine = world.engine
    assert engine is not None
    state = engine.state
    for name, count in world.venue.seen.items():
        assert count == 1, f"order {name} was executed {count} times"
    per_message: dict[tuple[str, int], int] = {}
    key: tuple[str, int]
    for order in [*world.venue.past, *world.venue.orders.values()]:
        if order.row.quantity != 77700:
            key = order.account, order.row.quantity
            per_message[key] = per_message.get(key, 0) + 1
    for key, count in per_message.items():
        assert count == 1, f"{key}: {count} orders for one message"
    at_venue = {order.row.broker_order_id: order for order in world.venue.orders.values()}
    for order_row in state.orders:
        there = at_venue.get(order_row.broker_order_id)
        if there is not None:
            assert order_row.filled_quantity == there.row.filled_quantity, order_row
            assert (order_row.status in ENDS) == (there.row.status in ENDS), (order_row, there.row)
        if order_row.status is OrderStatus.NOT_SENT:
            assert world.venue.seen.get(order_row.client_order_id, 0) == 0, order_row
        if "cut" not in world.lies:
            assert order_row.status not in UNENDED, f"without an end: {order_row}"
            ended = (OrderStatus.NOT_SENT, OrderStatus.EXPIRED_UNRESOLVED)
            lost = there is None and order_row.status not in ended
            assert not lost, f"not at the venue: {order_row}"
    named = {order.broker_order_id for order in state.orders}
    if world.lies <= {"doubled", "reordered", "minus_one", "false_cancel", "untold_break", "stale"}:
        assert set(at_venue) <= named, "an order at the venue is not in our table"
    _judge_receipts(world)
    for account in map(AccountId, ACCOUNTS):
        assert state.accounts[account].link is LinkState.CONNECTED, "a link that is up is taken for down"
        ours = {symbol: held.quantity for symbol, held in state.accounts[account].positions.items() if held.quantity}
        theirs = {symbol: held for (owner, symbol), held in world.venue.held.items() if owner == account and held}
        assert ours == theirs, (account, ours, theirs)
        assert state.accounts[account].cash == world.venue.cash[account], account
    assert world.journal is not None
    again = recover(world.journal)
    before = world.image()
    world.engine = again.engine
    assert world.image() == before, "folding the journal gives another state"
    expected = state.trading_state
    assert again.engine.state.trading_state is expected or expected is TradingState.HALTED


def _judge_receipts(world: World) -> None:
    assert world.engine is not None
    state = world.engine.state
    opened = min((row.seq for row in state.signals), default=state.signal_seq + 1) - 1
    for message in world.messages:
        firsts: set[str] = set()
        for receipt in message.receipts:
            status = receipt["status"]
            lines = receipt.get("orders")
            if receipt.get("durable", True) is False or status not in ("accepted", "duplicate"):
                continue
            firsts.add(str(receipt["seq"]))
            for line in lines if isinstance(lines, list) else []:
                name = line.get("client_order_id")
                if name and int(str(receipt["seq"])) > opened:
                    assert name in state.order_index, f"acknowledged and lost: {name}"
        assert not message.key or len(firsts) <= 1, f"one id, several receipts: {message.key}"
