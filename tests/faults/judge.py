"""The verdict: the counter's books are the truth, and ours are to be the same."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Final

from qmt_trading.brokers.qmt.codes import ORDER_STATES
from qmt_trading.engine.state import State
from qmt_trading.model import events as ev
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import MILLISECOND_NS
from qmt_trading.model.order import Order
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import TERMINAL, LinkState, OrderStatus
from qmt_trading.run.recovery import recover
from tests.faults.counter import ACCOUNTS, OVER, SYMBOLS
from tests.faults.terminal import Call, Fault
from tests.faults.world import World
from tests.simulation.invariants import check_state

LATE_NS: Final = 20 * MILLISECOND_NS
"""Between the host's last look at the age and the call: threads that wait for their turn, and clocks that run apart."""
SETTLED_BY_HAND: Final = ACCOUNTS[1]
"""Where no list ends an unknown order, see the settings of the world."""
NEVER: Final = ("OTHER_ENGINE", "REMARK_TWICE")


class NotYetError(AssertionError):
    """The books differ: it may be that they are still being mended."""


def judge_calls(world: World) -> None:
    """Assert what must hold at every instant: no order twice, none late, nothing asked for that may not be.

    Raises:
        AssertionError: it does not.
    """
    terminal = world.terminal
    remarks = [row.order_remark for row in terminal.counter.orders if row.order_remark]
    twice = {remark for remark in remarks if remarks.count(remark) > 1}
    assert not twice, f"the counter holds one order twice: {twice}"
    called = [each.remark for each in terminal.reached]
    assert len(called) == len(set(called)), "the terminal was called twice for one order"
    for each in terminal.reached:
        late_ns = each.at_ns - world.ledger.good_until_ns[each.remark]
        assert late_ns <= LATE_NS, f"{each.remark} reached the terminal {late_ns / 1e6:.1f} ms after its deadline"
    assert not terminal.wrongs, terminal.wrongs
    for code in NEVER:
        assert not world.alerts[code], f"{code} was told"
    if not terminal.seen[Call.POSITIONS, Fault.NOTHING]:
        assert not world.emptied, f"taken for nothing, and no terminal has told so: {world.emptied}"
    may_rise = terminal.seen[Call.ORDER, Fault.HANGS] or terminal.seen[Call.ORDERS, Fault.NOTHING]
    for account in world.risen:
        assert account != SETTLED_BY_HAND, f"settled as not sent by nobody, and it was: {account}"
        assert may_rise, f"settled as not sent, and it was: {account}"


def judge_open(world: World) -> None:
    """Assert that nothing which works at the counter is over in our books.

    Raises:
        NotYetError: something is.
    """
    if world.engine is None:
        raise NotYetError("there is no engine")
    for row in world.terminal.counter.working():
        order = _ours(world.engine.state, row)
        _expect(order is not None, f"at work, and not known: {row}")
        assert order is not None
        over = order.status in TERMINAL
        _expect(not over, f"{order.client_order_id} works at the counter, ours says {order.status}")


def judge_books(world: World) -> None:
    """Assert that our books are the counter's.

    Raises:
        NotYetError: they are not.
    """
    if world.engine is None:
        raise NotYetError("there is no engine")
    state = world.engine.state
    check_state(state)
    for name in ACCOUNTS:
        _expect(state.accounts[AccountId(name)].link is LinkState.CONNECTED, f"{name} is not connected")
    known = _judge_rows(world, state)
    for order in state.orders:
        if order.client_order_id not in known:
            _judge_absent(world, order)
    _expect(not state.timed, f"still waiting: {state.timed}")
    _judge_cancels(world, state, known)
    _judge_money(world, state)


def resolve_alone(world: World) -> None:
    """Let a person end what only a person may: an unknown order that the counter does not hold."""
    if world.engine is None or world.inbox is None:
        return
    at_counter = {row.order_remark for row in world.terminal.counter.orders}
    for order in world.engine.state.orders:
        if order.status is OrderStatus.UNKNOWN and order.client_order_id not in at_counter:
            may_stay = (
                order.account == SETTLED_BY_HAND or order.session >= world.engine.state.account(order.account).session
            )
            _expect(may_stay, f"unknown, and no person is needed: {order}")
            world.counts["unknowns that a person ended"] += 1
            world.inbox.ask(ev.ResolveRequested("test", "not there", order.client_order_id, OrderStatus.NOT_SENT))


def judge_journal(world: World) -> None:
    """Assert that what is on disk folds into the state that is in use."""
    assert world.engine is not None
    assert world.journal is not None
    again = recover(world.journal).engine.state
    ours = world.engine.state
    assert [*again.orders] == [*ours.orders], "folding the journal gives other orders"
    assert again.fill_keys == ours.fill_keys, "folding the journal gives other fills"


def _judge_rows(world: World, state: State) -> dict[str, SimpleNamespace]:
    """Hold each order of the counter against ours; return them by our names."""
    known: dict[str, SimpleNamespace] = {}
    for row in world.terminal.counter.orders:
        order = _ours(state, row)
        if order is None and not (row.order_remark or row.order_id or row.order_sysid):
            continue  # Rejected by phone, with no number ever, in the same second as another.
        if order is None:
            raise NotYetError(f"the counter holds what we do not know: {row}")
        known[order.client_order_id] = row
        told = ORDER_STATES[row.order_status].status
        _expect(order.status is told, f"{order.client_order_id} is {told} at the counter, ours says {order.status}")
        _expect(order.filled_quantity == row.traded_volume, f"{row.traded_volume} filled: {order}")
        if row.order_id:
            _expect(order.broker_order_id == str(row.order_id), f"another number than {row.order_id}: {order}")
    return known


def _ours(state: State, row: SimpleNamespace) -> Order | None:
    if row.order_remark:
        return state.find_order(row.order_remark)
    account = AccountId(row.account_id)
    key = state.by_broker.get((account, str(row.order_id))) or state.by_venue.get(
        (account, Symbol(row.stock_code), row.order_sysid)
    )
    if key is None:
        for order in state.orders:  # One that was rejected by phone has no number at all.
            if order.foreign and not (order.broker_order_id or order.venue_order_id or row.order_id or row.order_sysid):
                return order
    return state.find_order(key) if key else None


def _judge_absent(world: World, order: Order) -> None:
    """Judge an order of ours that the counter has never seen."""
    world.counts["orders that the counter never saw"] += 1
    _expect(order.status is OrderStatus.NOT_SENT, f"the counter does not hold {order}")


def _judge_cancels(world: World, state: State, known: dict[str, SimpleNamespace]) -> None:
    for name in world.cancels:
        row = known.get(name)
        if row is None:
            order = state.find_order(name)
            ended = order is not None and order.status is OrderStatus.NOT_SENT
            _expect(ended, f"cancelled, and nowhere: {order}")
        else:
            _expect(row.order_status in OVER, f"cancelled, and it works on: {row}")


def _judge_money(world: World, state: State) -> None:
    counter = world.terminal.counter
    for name in ACCOUNTS:
        ours = state.accounts[AccountId(name)]
        held = {str(symbol): each for symbol, each in ours.positions.items() if each.quantity}
        for symbol in SYMBOLS:
            quantity = held[symbol].quantity if symbol in held else 0
            told = counter.shares[name, symbol]
            _expect(quantity == told, f"{name} holds {told} of {symbol}, ours says {quantity}")
            sellable = held[symbol].sellable_quantity if symbol in held else 0
            told = counter.sellable(name, symbol)
            _expect(sellable == told, f"{name} may sell {told} of {symbol}, ours says {sellable}")
        fills = sum(fill.account_id == name for fill in counter.fills)
        apart = abs(ours.cash / 10_000 - counter.cash[name])
        _expect(apart <= 5 * fills + 1.01, f"{name} has {counter.cash[name]}, ours says {ours.cash / 10_000}")


def _expect(holds: bool, text: str) -> None:
    if not holds:
        raise NotYetError(text)
