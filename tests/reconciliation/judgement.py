"""The verdict at the quiet end: our books against the counter's, figure by figure."""

from __future__ import annotations

from qmt_trading.engine.state import State
from qmt_trading.model.order import Order
from qmt_trading.model.reconciliation import CASH, OnDifference, OnForeign
from qmt_trading.model.words import OrderStatus, TradingState
from tests.reconciliation.counter import FEE, SYMBOLS
from tests.reconciliation.world import ACCOUNT, World, folded, image
from tests.simulation.invariants import check_state

BASE_TOLERANCE = 10_000


def judge(world: World) -> None:
    """Assert that ours is the counter's, that nothing was invented, and that the policy was kept."""
    state = world.engine.state
    check_state(state)
    _judge_orders(world, state)
    _judge_fills(world, state)
    _judge_figures(world, state)
    _judge_foreign(world, state)
    assert image(folded(world.records)) == image(world.engine), "folding what was recorded gives another state"


def _number(order: Order) -> str:
    return order.broker_order_id or order.venue_order_id


def _judge_orders(world: World, state: State) -> None:
    deals = world.counter.deals
    numbers = [_number(order) for order in state.orders if _number(order)]
    assert len(numbers) == len(set(numbers)), "two orders of ours are one of the counter's"
    for order in state.orders:
        assert order.foreign or order.client_order_id in world.sent, f"nobody sent this: {order}"
        number = _number(order)
        assert not number or number in deals, f"the counter does not know this: {order}"
        assert number or not order.foreign, f"somebody else's, and nobody numbered it: {order}"
        if number:
            row = deals[number].row
            assert order.status is row.status, (order, row)
            assert order.filled_quantity == row.filled_quantity, (order, row)
    account = state.account(ACCOUNT)
    if world.cuts and (account.unresolved or account.listed.unmatched):
        world.judged["beyond telling apart"] += 1
        return  # A person has been called.
    assert set(numbers) == set(deals), "an order at the counter is not in our table"
    for order in state.orders:
        if not _number(order):
            assert order.status is OrderStatus.NOT_SENT, f"without an end: {order}"
    if not world.cuts:
        for number, deal in deals.items():
            (order,) = (order for order in state.orders if _number(order) == number)
            assert order.client_order_id == deal.name or (order.foreign and not deal.name), (order, deal.row)
    world.judged["orders"] += len(deals)


def _judge_fills(world: World, state: State) -> None:
    ours = sorted(
        (fill.broker_order_id or fill.venue_order_id, fill.fill_id, fill.symbol, fill.price, fill.quantity)
        for fill in state.fills
    )
    theirs = sorted(
        (fill.broker_order_id or fill.venue_order_id, fill.fill_id, fill.symbol, fill.price, fill.quantity)
        for deal in world.counter.deals.values()
        for fill in deal.fills
    )
    assert ours == theirs, (ours, theirs)
    world.judged["fills"] += len(theirs)


def _judge_figures(world: World, state: State) -> None:
    account, true = state.account(ACCOUNT), world.counter.figures
    expected: dict[str, tuple[int, int]] = {}
    for symbol in SYMBOLS:
        held = account.positions.get(symbol)
        quantity, sellable = (held.quantity, held.sellable_quantity) if held is not None else (0, 0)
        theirs = true.held.get(symbol, (0, 0))
        if quantity != theirs[0]:
            expected[symbol] = quantity, theirs[0]
        elif quantity and sellable != theirs[1]:
            expected[symbol] = sellable, theirs[1]
    if abs(account.cash - true.cash) > FEE * len(state.fills) + BASE_TOLERANCE:
        expected[CASH] = account.cash, true.cash
    if account.orphans or account.live:
        assert world.cuts, account.live
        return  # Nobody can tell whose they are: what may move is not settled.
    found = {symbol: (each.ours, each.theirs) for symbol, each in account.differences.items()}
    assert found == expected, f"differences {found}, in truth {expected}"
    if world.policy is OnDifference.ABSORB:
        assert not expected, f"not taken: {expected}"
        return
    unproven = [each for each in account.differences.values() if not each.is_proven]
    assert not unproven, f"never proven: {unproven}"
    assert all(each.told_ns for each in account.differences.values()), "nobody was told"
    world.judged["differences kept"] += len(expected)
    if expected and world.policy is OnDifference.PAUSE:
        assert "DIFFERENCE" in world.paused or account.state is not TradingState.ACTIVE, "not paused"
        world.judged["paused"] += 1
    if world.policy is OnDifference.IGNORE:
        assert "DIFFERENCE" not in world.paused


def _judge_foreign(world: World, state: State) -> None:
    foreign = sum(order.foreign for order in state.orders) - world.taken_for_ours
    if world.foreign_policy is OnForeign.IGNORE:
        assert not world.foreign_told
    else:
        assert world.foreign_told == foreign, f"told of {world.foreign_told} foreign orders of {foreign}"
    if world.foreign_policy is OnForeign.PAUSE and foreign:
        halted = state.account(ACCOUNT).state is TradingState.HALTED
        assert "FOREIGN_ORDER" in world.paused or halted, "not halted"
    world.judged["foreign"] += foreign
