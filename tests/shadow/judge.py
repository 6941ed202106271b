"""What must hold of shadow mode whatever happens."""

from __future__ import annotations

from collections import Counter

from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.order import Order
from qmt_trading.model.words import Mode, OrderStatus, Side
from qmt_trading.run.recovery import check_decisions, recover
from tests.engine_bench import OTHER
from tests.engine_life import image
from tests.shadow.world import World

NEVER_SAID = ("成功", "已发出", "已发")
NEVER_ALARMED = {"ORDER_UNKNOWN", "EXPIRED_UNRESOLVED", "CANCEL_UNCONFIRMED", "ORDER_ROSE"}
"""Alarms about what was sent."""
OWN_CAUSES = ("deadline", "halt", "cancel", "link", "journal")


def check_calls(world: World) -> None:
    """Check that the terminal was asked questions, and nothing else."""
    wrongs = world.terminal.wrongs()
    assert not wrongs, f"left: {wrongs[0]}"


def check_rest(world: World) -> None:
    """Check a world in which nothing is under way any more."""
    state = world.engine.state
    own = [order for order in state.orders if not order.foreign]
    for order in own:
        assert order.status is OrderStatus.NOT_SENT, f"{order.client_order_id} is {order.status}"
        assert (order.reserved, order.reserved_quantity) == (0, 0), f"{order.client_order_id} still freezes something"
        assert order.observed or order.text in OWN_CAUSES, order.text
        assert not order.handed_over_ns, order.client_order_id
    assert not state.unresolved, "an order is unknown"
    alarmed = NEVER_ALARMED & {row.alert.code for row in state.alerts}
    assert not alarmed, f"people were alarmed: {alarmed}"
    assert not state.chasing, "an order is chased that was not sent"
    live = [key for account in state.accounts.values() for key in account.live]
    assert all(state.order(key).foreign for key in live)
    for number, account in state.accounts.items():
        reserved = sum(order.reserved for order in state.orders if order.account == number)
        assert account.reserved == reserved, f"{number}: {account.reserved} frozen, {reserved} accounted for"
    usage = state.gauges.of_account(OTHER)
    bought = sum(order.price * order.quantity for order in own if _counts(order))
    assert usage.bought == bought, f"{bought} would have been bought, {usage.bought} is counted"
    assert usage.orders == sum(order.account == OTHER for order in state.orders)


def _counts(order: Order) -> bool:
    return order.account == OTHER and order.side is Side.BUY and order.observed


def check_answers(world: World) -> None:
    """Check what senders were told: that it is shadow mode, and never that something was done."""
    for way in world.ways:
        for receipt in way.receipts:
            if receipt["status"] in ("malformed", "busy"):
                continue
            assert receipt.get("mode") == Mode.SHADOW.value, receipt
            assert not any(word in str(receipt) for word in NEVER_SAID), receipt
            world.counts[f"answered {receipt['status']}"] += 1
    world.ways.clear()


def check_journal(world: World) -> None:
    """Check the whole record: each cancel decided once, no order out of a chase, and the same again when folded."""
    chased = False
    for records in world.bench.turns():
        for record in records:
            assert not isinstance(record, ev.SubmitsHandedOver | ev.SubmitRefused | ev.SubmitUncertain), record
            if isinstance(record, out.CancelOrder):
                assert record.attempt <= 1, f"a cancel is repeated: {record}"
                world.counts["cancels decided"] += record.attempt == 1 and not record.not_before_ns
                world.counts["cancels registered"] += bool(record.not_before_ns)
            assert not (chased and isinstance(record, out.InstructionQueued)), "a chase goes on"
            chased = isinstance(record, out.ChaseEnded)
            _count(world.counts, record)
    differences = check_decisions(world.journal, version="test")
    assert not differences, differences[0]
    assert image(recover(world.journal).engine) == image(world.engine), "folding the record leads to another state"


def _count(counts: Counter[str], record: object) -> None:
    match record:
        case ev.SubmitsWithheld():
            counts[f"withheld for {record.cause}"] += len(record.client_order_ids)
        case out.InstructionDone():
            counts["instructions at their time"] += 1
        case out.ChaseEnded():
            counts["chases ended"] += 1
        case out.Alert() if record.code == "SHADOW_CANCEL":
            counts["cancels told"] += 1
        case ev.HaltRequested() if record.cancel_open:
            counts["halts that cancel"] += 1
        case ev.DayBegan():
            counts["days"] += 1
        case _:
            pass
