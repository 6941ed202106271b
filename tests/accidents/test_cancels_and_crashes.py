"""Accidents of the field with cancels, crashes, journals and senders."""

from __future__ import annotations

import datetime as dt
import json

from msgspec.structs import replace

from qmt_trading.codec.journal_record import decode_turn
from qmt_trading.engine.ids import client_order_id
from qmt_trading.intake.framing import StreamFramer
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.errors import JournalError
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import Money
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Mode, OrderStatus, SignalStatus, TradingState
from qmt_trading.ports import Closing, StoredTurn
from qmt_trading.run.loop import REPORTS_WAIT_NS
from qmt_trading.run.recovery import recover
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench
from tests.simulation.disk import SimulatedJournal
from tests.simulation.fuse import Crash, Fuse
from tests.simulation.world import SETTINGS, World


def a_world(seed: int = 1) -> World:
    """Return a world whose engine is ready to trade."""
    world = World(seed, honest=True)
    world.meddles = False
    world.start()
    quiet(world)
    return world


def quiet(world: World) -> None:
    """Let everything that is under way arrive."""
    for _ in range(50):
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
            world.now_ns += REPORTS_WAIT_NS


class Way:
    """A Reply that keeps what it is told."""

    def __init__(self) -> None:
        self.receipts: list[dict[str, object]] = []

    def __call__(self, line: bytes) -> None:
        self.receipts.append(json.loads(line))

    def flush(self) -> None: ...


def send(world: World, text: str) -> Way:
    way = Way()
    assert world.inbox is not None
    world.inbox.message("door", text.encode(), world.now_ns, way)
    return way


def test_a7_a_cancels_outcome_is_read_from_the_row_alone() -> None:
    bench = Bench()
    name = bench.buy()
    bench.report(bench.row(name))
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    bench.feed(ev.CancelRefused(ACCOUNT, name, "撤单失败"))
    bench.report(bench.row(name, OrderStatus.CANCELED))
    assert bench.order(name).status is OrderStatus.CANCELED  # Refused, and yet it had cancelled.
    other = bench.buy(200)
    bench.report(bench.row(other, number="78", quantity=200))
    bench.signal(f"cancel {STOCK}:{ACCOUNT} #c/2")
    tries = len(bench.made(out.CancelOrder))
    for _ in range(5):
        bench.later(0.35)
    later = [cancel.attempt for cancel in bench.made(out.CancelOrder)[tries:]]
    assert later[:3] == [2, 3, 4]  # Accepted, and nothing had happened: again, and then an alarm.
    bench.later(6)
    assert "CANCEL_UNCONFIRMED" in bench.alerts()
    bench.report(bench.row(other, OrderStatus.CANCELED, number="78", quantity=200))
    ended = len(bench.made(out.CancelOrder))
    bench.later(30)
    assert len(bench.made(out.CancelOrder)) == ended


def test_a17_numbers_survive_a_restart_so_that_orders_can_be_cancelled() -> None:
    world = a_world()
    way = send(world, "buy 600000.SH 100@9.60:a01 #x/1")
    quiet(world)
    assert way.receipts[0]["status"] == "accepted"
    world.kill()
    world.start()
    way = send(world, "cancel 600000.SH:a01 #x/2")
    quiet(world)
    (order,) = world.venue.orders.values()
    assert order.row.status is OrderStatus.CANCELED
    cancels = way.receipts[0]["cancels"]
    assert isinstance(cancels, list)
    assert cancels[0]["broker_order_id"] == order.row.broker_order_id


def test_a21_the_receipt_comes_after_the_disk_and_tells_only_what_is_on_it() -> None:
    world = a_world()
    told: list[int] = []

    class Watching(Way):
        def __call__(self, line: bytes) -> None:
            super().__call__(line)
            told.append(len(world.disk.turns))

    way = Watching()
    before = len(world.disk.turns)
    assert world.inbox is not None
    world.inbox.message("door", b"buy 600000.SH 100@9.60:a01 #x/1", world.now_ns, way)
    assert told == []
    quiet(world)
    assert told == [before + 1]
    records = decode_turn(world.disk.turns[before].payload)
    assert any(isinstance(record, out.SubmitOrder) for record in records)


def test_a23_a_crash_at_any_step_between_receipt_and_report_doubles_and_loses_nothing() -> None:
    for steps in range(40):
        world = a_world()
        send(world, "buy 600000.SH 100@9.60:a01,a02 #x/1")
        world.fuse.light(steps)
        try:
            quiet(world)
            died = False
        except Crash:
            died = True
            world.kill()
            world.start()
            quiet(world)  # The doors open when the accounts are ready.
        world.fuse.put_out()
        way = send(world, "buy 600000.SH 100@9.60:a01,a02 #x/1")  # The sender does not know, and sends again.
        quiet(world)
        for _ in range(6):
            world.now_ns += 21_000_000_000
            quiet(world)
        assert way.receipts[0]["status"] in ("accepted", "duplicate"), (steps, died)
        assert all(count == 1 for count in world.venue.seen.values()), steps
        assert len(world.venue.orders) <= 2
        assert world.engine is not None
        ends = {order.status for order in world.engine.state.orders}
        assert ends <= {OrderStatus.NEW, OrderStatus.NOT_SENT, OrderStatus.REJECTED}, (steps, ends)


def test_a29_no_part_of_a_message_is_ever_a_message() -> None:
    flagship = b"600000.SH:11031122,11031123;600036.SH:11031124"
    for length in range(1, len(flagship)):
        framer = StreamFramer()
        assert framer.feed(flagship[:length]) == []
        assert framer.rest() == flagship[:length]
        assert framer.feed(flagship[length:] + b"\n") == []


def test_a30_a_changed_configuration_does_not_forget_live_orders() -> None:
    world = a_world()
    send(world, "buy 600000.SH 100@9.60:a01 #x/1")
    quiet(world)
    world.kill()
    recovered = recover(SimulatedJournal(world.disk, Fuse()))
    engine = recovered.engine
    smaller = EngineSettings(
        mode=Mode.PAPER,
        accounts=(replace(SETTINGS.accounts[1], limits=Limits(order_value_max=Money(1))),),
        doors=SETTINGS.doors,
        default_price=SETTINGS.default_price,
    )
    engine.handle(ev.EngineStarted("test", smaller), world.now_ns)
    (order,) = engine.state.orders
    assert order.status is OrderStatus.NEW
    made = engine.handle(ev.CancelRequested("me", "test", AccountId("a01")), world.now_ns)
    assert [output.broker_order_id for output in made if isinstance(output, out.CancelOrder)] == [order.broker_order_id]


def test_a31_an_order_in_our_form_that_we_do_not_know_halts_its_account() -> None:
    bench = Bench()
    bench.listed(bench.row(client_order_id("OTHER".replace("O", "0"), 5), number="900"))
    assert "OTHER_ENGINE" in bench.alerts()
    assert bench.engine.state.accounts[ACCOUNT].state is TradingState.HALTED
    assert bench.engine.state.accounts[OTHER].state is TradingState.ACTIVE
    ours_ahead = client_order_id("BENCH", 999)  # A copy of the journal gave it out.
    bench.listed(bench.row(ours_ahead, number="901"), account=OTHER)
    assert bench.engine.state.accounts[OTHER].state is TradingState.HALTED


class FullDisk(SimulatedJournal):
    """A journal on a disk that is full from some turn on."""

    full = False

    def append(self, turn: StoredTurn, *, closing: Closing | None = None) -> None:
        if self.full:
            raise JournalError("磁盘已满 / no space left")
        super().append(turn, closing=closing)


def test_a32_a_full_disk_stops_orders_and_neither_cancels_nor_halts() -> None:
    world = a_world()
    send(world, "buy 600000.SH 100@9.60:a01 #x/1")
    quiet(world)
    assert world.journal is not None
    world.journal.fail_next = True
    denied = send(world, "buy 600000.SH 200@9.60:a01 #x/2")
    quiet(world)
    assert denied.receipts[0]["status"] == "denied"
    assert denied.receipts[0]["durable"] is False
    assert world.loop is not None
    assert "磁盘已满" in world.loop.closed
    again = send(world, "buy 600000.SH 300@9.60:a01 #x/3")
    cancelled = send(world, "cancel 600000.SH:a01 #x/4")
    quiet(world)
    assert again.receipts[0]["status"] == "denied"
    assert cancelled.receipts[0]["status"] == "accepted"
    assert cancelled.receipts[0]["durable"] is False
    (order,) = world.venue.orders.values()
    assert order.row.status is OrderStatus.CANCELED
    answers: list[bool] = []
    assert world.inbox is not None
    world.inbox.ask(ev.HaltRequested("me", "full"), lambda outputs, durable: answers.append(durable))
    quiet(world)
    assert answers == [False]
    assert world.loop.view.trading_state is TradingState.HALTED


def test_a34_a_cancel_never_reaches_an_order_that_came_after_it() -> None:
    bench = Bench()
    came_first = bench.arrives()
    name = bench.buy()
    bench.report(bench.row(name))
    receipt = bench.signal(f"cancel {STOCK}:{ACCOUNT}", arrival=came_first)
    assert receipt.status is SignalStatus.ACCEPTED
    assert [line.denial is not None for line in receipt.cancels] == [True]  # Nothing to cancel: information.
    bench.later(5)
    assert bench.made(out.CancelOrder) == []


def test_a34_an_order_that_a_later_cancel_overtook_is_dropped() -> None:
    bench = Bench()
    came_first = bench.arrives()
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    receipt = bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #late/1", arrival=came_first)
    assert receipt.status is SignalStatus.DENIED
    assert bench.made(out.SubmitOrder) == []


def test_yesterdays_unknown_closes_its_stock_for_buys_until_a_person_has_spoken() -> None:
    bench = Bench()
    name = bench.buy()
    bench.later(4)
    bench.now_ns += 24 * 3600 * 1_000_000_000
    bench.feed(ev.DayBegan(dt.date(2026, 11, 25)))
    bench.session = 2
    bench.connect()
    assert bench.order(name).status is OrderStatus.EXPIRED_UNRESOLVED
    assert bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #n/1").status is SignalStatus.DENIED
    assert bench.signal(f"sell {STOCK} 100@10.50:{ACCOUNT} #n/2").status is SignalStatus.ACCEPTED
    bench.feed(ev.ResolveRequested("me", "交割单上没有", name, OrderStatus.NOT_SENT))
    assert bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #n/3").status is SignalStatus.ACCEPTED
