"""The verdict at the quiet end of a run: what is promised of the whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from qmt_trading.engine.state import State
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState, OrderStatus, TradingState
from qmt_trading.run.recovery import recover
from tests.simulation.invariants import check_state
from tests.simulation.stage import ACCOUNTS
from tests.simulation.venue import ENDS, key_of

if TYPE_CHECKING:
    from tests.simulation.world import World

UNENDED = (OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN)


def judge(world: World) -> None:
    """Assert what is promised of the whole."""
    assert world.engine is not None
    state = world.engine.state
    check_state(state)
    for name, count in world.venue.seen.items():
        assert count == 1, f"order {name} was executed {count} times"
    assert not world.venue.uncovered, world.venue.uncovered
    _judge_orders(world, state)
    _judge_cancels(world, state)
    _judge_receipts(world, state)
    _judge_books(world, state)
    _judge_chases(world, state)
    assert world.journal is not None
    again = recover(world.journal)
    before = world.image()
    world.engine = again.engine
    assert world.image() == before, "folding the journal gives another state"
    expected = state.trading_state
    assert again.engine.state.trading_state is expected or expected is TradingState.HALTED


def _judge_orders(world: World, state: State) -> None:
    venue = world.venue
    for order in state.orders:
        there = venue.orders.get(key_of(order))
        if there is not None:
            assert order.filled_quantity == there.row.filled_quantity, order
            assert (order.status in ENDS) == (there.row.status in ENDS), (order, there.row)
        if order.status is OrderStatus.NOT_SENT:
            assert order.client_order_id not in venue.seen, order
        if "cut" not in world.lies:
            # Where the clock was put back the deadline is ahead again, and nothing may be settled before it.
            assert order.status not in UNENDED or order.deadline_ns > world.now_ns, f"without an end: {order}"
            ended = (OrderStatus.NOT_SENT, OrderStatus.EXPIRED_UNRESOLVED)
            lost = there is None and order.status not in (*ended, *UNENDED)
            assert not lost, f"not at the venue: {order}"
    if "cut" in world.lies:
        return
    named = {key_of(order) for order in state.orders}
    assert set(venue.orders) <= named, "an order at the venue is not in our table"
    for there in venue.orders.values():
        if there.name:
            row = state.find_order(there.name)
            assert row is not None, f"at the venue and not in our table: {there.name}"
            assert row.broker_order_id == there.row.broker_order_id, (row, there.row)


def _judge_cancels(world: World, state: State) -> None:
    ledger = world.ledger
    for number, order in world.venue.orders.items():
        if not ledger.must_be_over(order, world.now_ns):
            continue
        row = state.find_order(order.name) if order.name else None
        if row is not None and row.status is OrderStatus.UNKNOWN:
            assert "cut" in world.lies, row
            continue  # Nobody can tell which of the counter's orders it is: a person has been called.
        assert order.row.status in ENDS, f"cancelled, and it works on: {number} {order.row}"
        ledger.judged["cancelled orders over"] += 1
        ledger.judged["foreign ones among them"] += not order.name


def _judge_chases(world: World, state: State) -> None:
    """Assert that all orders of a message that is chased have filled no more together than it asks for."""
    venue = world.venue
    rows = {order.name: order.row for order in [*venue.past, *venue.orders.values()] if order.name}
    for message, names in world.ledger.chased():
        filled = sum(rows[name].filled_quantity for name in names if name in rows)
        assert filled <= message.quantity, f"filled {filled} of {message.quantity}: {names}"
        world.ledger.judged["chases"] += 1
    assert not state.timed, f"still waiting: {state.timed}"


def _judge_books(world: World, state: State) -> None:
    venue = world.venue
    for account in map(AccountId, ACCOUNTS):
        ours = state.accounts[account]
        assert ours.link is LinkState.CONNECTED, "a link that is up is taken for down"
        books = {
            symbol: (held.quantity, held.sellable_quantity) for symbol, held in ours.positions.items() if held.quantity
        }
        theirs = {
            symbol: (held, venue.sellable.get((owner, symbol), 0))
            for (owner, symbol), held in venue.held.items()
            if owner == account and held
        }
        assert books == theirs, (account, books, theirs)
        assert ours.cash == venue.cash[account], (account, ours.cash, venue.cash[account])


def _judge_receipts(world: World, state: State) -> None:
    opened = min((row.seq for row in state.signals), default=state.signal_seq + 1) - 1
    for file in world.files:
        assert all(message.receipts for message in file), f"a file lies there, and nobody answers: {file[0].body}"
    for message in world.messages:
        firsts: set[str] = set()
        for receipt in message.receipts:
            told = json.dumps(receipt)
            if receipt.get("durable", True) and '"queued"' in told:
                key = int(str(receipt["seq"])), 1
                assert key in world.ledger.ended, f"acknowledged, and never carried out: {receipt}"
                world.ledger.judged["instructions carried out"] += 1
        for receipt in message.receipts:
            if receipt.get("durable", True) is False or receipt["status"] in ("malformed", "busy"):
                continue
            firsts.add(str(receipt["seq"]))
            lines = receipt.get("orders")
            for line in lines if isinstance(lines, list) else []:
                name = line.get("client_order_id")
                if name and int(str(receipt["seq"])) > opened:
                    assert name in state.order_index, f"acknowledged and lost: {name}"
        assert not message.key or len(firsts) <= 1, f"one id, several receipts: {message.key} {message.receipts}"
        world.ledger.judged["repeats answered"] += len(message.receipts) > 1
