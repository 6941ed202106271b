"""The loop: what is on disk before what leaves, and what goes on when the disk does not."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from tests.engine_bench import ACCOUNT, DAY, STOCK
from tests.loop_bench import LoopBench

from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.errors import NotSentError, OutcomeUnknownError
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS
from qmt_trading.model.words import OrderStatus, TradingState
from qmt_trading.ports import SubmitError
from qmt_trading.run.loop import COMMIT_OVERDUE_NS, EVENTS_MAX, OUTPUTS_MAX, REPORTS_WAIT_NS

BUY = f"buy {STOCK} 100@10.50:{ACCOUNT}"


def status_of(bench: LoopBench) -> list[OrderStatus]:
    return [order.status for order in bench.engine.state.orders]


def test_a_fresh_journal_is_bound_started_and_opened_in_its_first_turn() -> None:
    bench = LoopBench()
    (turn,) = bench.turns()
    kinds = [type(record).__name__ for record in turn]
    assert kinds == ["At", "JournalBound", "EngineStarted", "DayBegan", "DayOpened"]
    assert bench.journal.last_day_opened() == 1
    assert bench.loop.head == (1, next(bench.journal.turns()).seal)


def test_an_order_leaves_after_its_turn_is_on_disk_and_before_its_receipt() -> None:
    bench = LoopBench().connect()
    way = bench.send(f"{BUY} #x/1")
    seen: list[tuple[bool, int]] = []

    def look() -> None:
        on_disk = any(isinstance(record, out.SubmitOrder) for record in bench.turns()[-1])
        seen.append((on_disk, len(way.receipts)))

    bench.broker.at_submit = look
    bench.loop.turn()
    assert seen == [(True, 0)]
    assert way.receipts[0]["status"] == "accepted"
    assert "durable" not in way.receipts[0]
    assert way.flushed == 1


def test_one_turn_is_one_record_however_many_messages_it_holds() -> None:
    bench = LoopBench().connect()
    before = len(bench.turns())
    ways = [bench.send(f"{BUY} #x/{number}") for number in range(10)]
    bench.loop.turn()
    assert len(bench.turns()) == before + 1
    assert [len(way.receipts) for way in ways] == [1] * 10
    assert len(bench.broker.submits) == 10


def test_a_turn_takes_so_many_events_and_leaves_the_rest() -> None:
    bench = LoopBench().connect()
    for number in range(EVENTS_MAX + 5):
        bench.send(f"buy {STOCK} 150@10.50:{ACCOUNT} #y/{number}")
    bench.loop.turn()
    assert len(bench.inbox.signals) == 5
    bench.rest()
    assert bench.engine.state.signal_seq == EVENTS_MAX + 5


def test_a_turn_ends_early_when_it_has_put_out_so_much() -> None:
    bench = LoopBench().connect()
    for number in range(EVENTS_MAX):
        bench.send(f"buy {STOCK} 100@10.50:* #y/{number}")
    bench.loop.turn()
    assert 0 < len(bench.inbox.signals) < EVENTS_MAX - 100
    assert OUTPUTS_MAX < len(bench.turns()[-1]) < OUTPUTS_MAX + 10


def test_an_idle_turn_writes_nothing() -> None:
    bench = LoopBench().connect()
    bench.rest()
    before = len(bench.turns())
    for _ in range(5):
        bench.clock.steady += MILLISECOND_NS
        assert bench.loop.turn() is False
    assert len(bench.turns()) == before


def test_reports_are_decided_before_signals() -> None:
    bench = LoopBench()
    way = bench.send(f"{BUY} #x/1")
    bench.connect()
    assert way.receipts[0]["status"] == "accepted"


def test_a_cancel_leaves_with_the_control_turn_before_anything_is_on_disk() -> None:
    bench = LoopBench().connect()
    bench.send(f"{BUY} #x/1")
    bench.rest()
    bench.inbox.report(bench.row(bench.broker.submits[0], "77"))
    bench.rest()
    before = len(bench.turns())
    way = bench.send(f"cancel {STOCK}:{ACCOUNT} #x/2")
    assert bench.loop.control_turn()
    assert [cancel.broker_order_id for cancel in bench.broker.cancels] == ["77"]
    assert (len(bench.turns()), way.receipts) == (before, [])
    bench.loop.turn()
    assert (len(bench.turns()), len(way.receipts)) == (before + 1, 1)


def test_a_halt_during_the_commit_withholds_what_the_commit_holds() -> None:
    bench = LoopBench().connect()

    def halt() -> None:
        bench.journal.during = lambda: None
        bench.inbox.ask(ev.HaltRequested("me", "now"))
        bench.loop.control_turn()

    bench.journal.during = halt
    way = bench.send(f"{BUY} #x/1")
    bench.rest()
    assert bench.broker.submits == []
    assert status_of(bench) == [OrderStatus.NOT_SENT]
    assert way.receipts[0]["status"] == "accepted"
    again = bench.again()
    assert status_of(again) == [OrderStatus.NOT_SENT]
    assert again.engine.state.trading_state is TradingState.HALTED


def test_a_cancel_during_the_commit_withholds_what_the_commit_holds() -> None:
    bench = LoopBench().connect()

    def cancel() -> None:
        bench.journal.during = lambda: None
        bench.send(f"cancel {STOCK}:{ACCOUNT}")
        bench.loop.control_turn()

    bench.journal.during = cancel
    bench.send(f"{BUY} #x/1")
    bench.rest()
    assert bench.broker.submits == []
    assert status_of(bench) == [OrderStatus.NOT_SENT]


@pytest.mark.parametrize(("late_ns", "leaves"), [(0, True), (1, False)])
def test_an_order_past_its_deadline_after_the_sync_is_not_sent(late_ns: int, leaves: bool) -> None:
    bench = LoopBench().connect()

    def dawdle() -> None:
        bench.journal.during = lambda: None
        bench.clock.steady += 10 * SECOND_NS + late_ns

    bench.journal.during = dawdle
    bench.send(f"{BUY} #x/1")
    bench.loop.turn()
    assert len(bench.broker.submits) == leaves
    assert (status_of(bench) == [OrderStatus.NOT_SENT]) is not leaves


@pytest.mark.parametrize(
    ("refusal", "status"),
    [(NotSentError("没有发出"), OrderStatus.NOT_SENT), (OutcomeUnknownError("-1"), OrderStatus.UNKNOWN)],
)
def test_what_the_broker_call_says_decides_the_orders_state(refusal: SubmitError, status: OrderStatus) -> None:
    bench = LoopBench().connect()
    bench.broker.refusal = refusal
    bench.send(f"{BUY} #x/1")
    bench.rest()
    bench.broker.refusal = None
    bench.clock.steady += 100 * SECOND_NS
    bench.rest()
    assert status_of(bench) == [status]
    assert bench.broker.submits == []  # Never a second time.


def test_a_repeated_id_gets_its_first_receipt_within_the_day_and_on_a_later_day() -> None:
    bench = LoopBench().connect()
    first = bench.send(f"{BUY} #x/1")
    bench.rest()
    twice = bench.send(f"{BUY} #x/1")
    bench.rest()
    bench.clock.steady += 24 * 3600 * SECOND_NS
    bench.rest()
    assert bench.engine.state.day == DAY + dt.timedelta(days=1)
    later = bench.send(f"{BUY} #x/1")
    bench.rest()
    for way in (twice, later):
        assert way.receipts[0]["status"] == "duplicate"
        assert way.receipts[0]["orders"] == first.receipts[0]["orders"]
    changed = bench.send(f"buy {STOCK} 200@10.50:{ACCOUNT} #x/1")
    bench.rest()
    assert changed.receipts[0]["status"] == "denied"
    assert changed.receipts[0]["reason"] == "ID_REUSED"
    assert len(bench.broker.submits) == 1


def test_malformed_bytes_are_answered_and_noted_and_lead_to_nothing() -> None:
    bench = LoopBench().connect()
    way = bench.send("???")
    bench.rest()
    assert way.receipts[0]["status"] == "malformed"
    assert bench.loop.view.malformed == 1
    assert any(isinstance(record, ev.MalformedReceived) for record in bench.turns()[-1])


def test_a_failed_commit_closes_for_submits_for_good() -> None:
    bench = LoopBench().connect()
    bench.journal.fail("磁盘已满")
    way = bench.send(f"{BUY} #x/1")
    bench.rest()
    bench.journal._failed = ""  # Room again: this process does not try any more.
    turns = len(bench.turns())
    later = bench.send(f"{BUY} #x/2")
    bench.rest()
    for receipt in (way.receipts[0], later.receipts[0]):
        assert (receipt["status"], receipt["durable"]) == ("denied", False)
    assert bench.broker.submits == []
    assert bench.loop.closed == "磁盘已满"
    assert bench.loop.view.submits_closed == "journal"
    assert bench.loop.capture() is None
    assert len(bench.turns()) == turns
    again = bench.again().connect()
    assert again.send(f"{BUY} #x/1").receipts == []
    again.rest()
    assert len(again.broker.submits) == 1


class Hanging:
    """A disk that hangs in the middle of a commit until it is let go."""

    def __init__(self, bench: LoopBench) -> None:
        self.bench = bench
        self.entered = threading.Event()
        self.let_go = threading.Event()
        bench.journal.during = self._hang
        self._thread = threading.Thread(target=bench.loop.turn)

    def _hang(self) -> None:
        self.bench.journal.during = lambda: None
        self.entered.set()
        assert self.let_go.wait(20)

    def __enter__(self) -> Hanging:
        self._thread.start()
        assert self.entered.wait(20)
        return self

    def __exit__(self, *error: object) -> None:
        self.let_go.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


def test_a_commit_that_hangs_holds_up_neither_halts_nor_cancels() -> None:
    bench = LoopBench().connect()
    bench.send(f"{BUY} #x/1")
    bench.rest()
    bench.inbox.report(bench.row(bench.broker.submits[0], "77"))
    bench.rest()
    bench.send(f"{BUY} #x/2")
    with Hanging(bench):
        bench.send(f"cancel {STOCK}:{ACCOUNT} #c/1")
        bench.inbox.ask(ev.HaltRequested("me", "now"))
        bench.loop.control_turn()
        assert [cancel.broker_order_id for cancel in bench.broker.cancels] == ["77"]
        assert bench.engine.state.trading_state is TradingState.HALTED
        assert bench.loop.closed == ""
    bench.rest()
    assert [order.client_order_id for order in bench.broker.submits] == ["BENCH00000001"]
    assert bench.loop.closed == ""


def test_an_overdue_commit_closes_for_submits_and_everything_else_goes_on_beside_it() -> None:
    bench = LoopBench().connect()
    held_up = bench.send(f"{BUY} #x/1")
    with Hanging(bench):
        bench.clock.steady += COMMIT_OVERDUE_NS
        bench.loop.control_turn()
        assert bench.loop.closed == ""  # Exactly the limit is still in time.
        bench.clock.steady += 1
        bench.loop.control_turn()
        assert "2 秒" in bench.loop.closed
        beside = bench.send(f"{BUY} #x/2")
        bench.loop.control_turn()
        assert (beside.receipts[0]["status"], beside.receipts[0]["durable"]) == ("denied", False)
        assert bench.loop.view.submits_closed == "journal"
        assert held_up.receipts == []
    bench.rest()
    assert (held_up.receipts[0]["status"], held_up.receipts[0]["durable"]) == ("denied", False)
    assert bench.broker.submits == []
    again = bench.again().connect()  # The turn that hung is on disk after all: its order is asked about, not sent.
    assert status_of(again) == [OrderStatus.UNKNOWN]
    again.rest()
    assert again.broker.submits == []
    assert again.broker.queries != []


def test_a_halts_answer_tells_what_followed_and_that_it_is_on_disk() -> None:
    bench = LoopBench().connect()
    answers: list[tuple[list[out.Output], bool]] = []
    bench.inbox.ask(ev.HaltRequested("me", "now"), lambda outputs, durable: answers.append((outputs, durable)))
    bench.loop.control_turn()
    assert answers == []
    bench.loop.turn()
    ((outputs, durable),) = answers
    assert durable
    assert out.TradingStateChanged(None, TradingState.HALTED, "me", "now") in outputs


def test_a_step_of_the_wall_clock_is_an_event_and_a_small_one_is_waited_out() -> None:
    bench = LoopBench().connect()
    bench.clock.step_ns = -SECOND_NS // 2
    bench.send(f"{BUY} #x/1")
    bench.rest()
    assert len(bench.broker.submits) == 1
    stamps = [record.now_ns for turn in bench.turns() for record in turn if isinstance(record, ev.At)]
    assert stamps == sorted(stamps)
    bench.clock.step_ns += 5 * SECOND_NS
    way = bench.send(f"{BUY} #x/2")
    bench.rest()
    assert any(isinstance(record, ev.ClockStepped) for record in bench.observed)
    orders = way.receipts[0]["orders"]
    assert isinstance(orders, list)
    assert orders[0]["reason"] == "CLOCK_UNSETTLED"


def test_the_loop_sleeps_until_the_next_thing_is_due_and_no_longer_than_a_second() -> None:
    bench = LoopBench().connect()
    bench.clock.steady += SECOND_NS
    bench.rest()
    assert bench.loop.idle_wait_ns() == SECOND_NS
    bench.send(f"{BUY} #x/1")
    bench.loop.turn()
    bench.clock.steady += 2_500 * MILLISECOND_NS
    bench.loop.turn(last=True)
    assert bench.loop.idle_wait_ns() == 500 * MILLISECOND_NS
    bench.clock.steady += 500 * MILLISECOND_NS
    assert bench.loop.idle_wait_ns() == 0
    bench.loop.turn()
    assert status_of(bench) == [OrderStatus.UNKNOWN]


def test_what_is_not_on_disk_is_in_no_snapshot() -> None:
    bench = LoopBench().connect()
    taken = bench.loop.capture()
    assert taken is not None
    assert taken[:2] == bench.loop.head
    bench.inbox.ask(ev.HaltRequested("me", "now"))
    bench.loop.control_turn()
    assert bench.loop.capture() is None
    bench.loop.turn()
    assert bench.loop.capture() is not None


def test_a_halt_that_was_taken_back_during_the_commit_still_holds_what_was_decided_before_it() -> None:
    bench = LoopBench().connect()

    def during() -> None:
        bench.journal.during = lambda: None
        bench.inbox.ask(ev.HaltRequested("me", "test"))
        bench.loop.control_turn()
        bench.inbox.ask(ev.ResumeRequested("me", "test"))
        bench.loop.control_turn()

    bench.send(f"{BUY} #x/1")
    bench.journal.during = during
    bench.rest()
    assert bench.broker.submits == []
    assert status_of(bench) == [OrderStatus.NOT_SENT]
    bench.send(f"{BUY} #x/2")
    bench.rest()
    assert len(bench.broker.submits) == 1


def test_the_control_thread_rests_while_a_commit_hangs() -> None:
    bench = LoopBench().connect()

    def during() -> None:
        bench.journal.during = lambda: None
        bench.clock.steady += COMMIT_OVERDUE_NS + 1
        bench.loop.control_turn()
        assert [bench.loop.control_turn() for _ in range(5)] == [False] * 5

    bench.send(f"{BUY} #x/1")
    bench.journal.during = during
    bench.rest()
    assert bench.broker.submits == []


def test_two_messages_of_one_write_keep_their_order_although_cancels_overtake() -> None:
    bench = LoopBench().connect()
    cancel = f"cancel {STOCK}:{ACCOUNT}"
    bench.send(f"{cancel} #r/1")
    bench.send(f"{BUY} #r/2")
    bench.loop.turn()  # The buy is decided first.
    bench.rest()
    assert status_of(bench) == [OrderStatus.PENDING_NEW]
    assert bench.broker.cancels == []
    bench.send(f"{BUY} #r/3")
    bench.send(f"{cancel} #r/4")
    bench.loop.control_turn()  # The cancel is decided first, and reaches what came before it.
    bench.rest()
    assert len(bench.broker.submits) == 1


def test_ids_of_a_day_are_known_only_when_the_turn_that_closed_it_is_on_disk() -> None:
    bench = LoopBench()
    bench.clock.steady = at_time(DAY, 24 * 3600 * SECOND_NS) - SECOND_NS
    bench.connect()
    bench.send(f"{BUY} #x/1")
    bench.rest()

    def during() -> None:
        bench.journal.during = lambda: None
        bench.clock.steady += SECOND_NS
        bench.loop.control_turn()
        assert bench.journal.known_signal("x/2") is None

    bench.send(f"{BUY} #x/2")
    bench.journal.during = during
    assert bench.loop.turn()
    repeated = bench.send(f"{BUY} #x/2")
    bench.rest()
    assert repeated.receipts[0]["status"] == "duplicate"
    assert bench.journal.known_signal("x/2") is not None


def test_what_a_broker_tells_shares_the_next_commit_and_waits_five_milliseconds_for_it_at_most() -> None:
    bench = LoopBench().connect()
    bench.send(f"{BUY} #x/1")
    bench.rest()
    before = bench.loop.head[0]
    bench.inbox.report(bench.row(bench.broker.submits[0], "77"))
    assert not bench.loop.turn()
    assert status_of(bench) == [OrderStatus.NEW]  # Known at once.
    assert bench.loop.head[0] == before
    assert bench.loop.capture() is None
    assert 0 < bench.loop.idle_wait_ns() <= REPORTS_WAIT_NS
    bench.clock.steady += REPORTS_WAIT_NS
    assert bench.loop.turn()
    assert bench.loop.head[0] == before + 1
    bench.inbox.report(bench.row(bench.broker.submits[0], "77"))
    bench.loop.turn()
    bench.send(f"{BUY} #x/2")
    assert bench.loop.turn()
    assert bench.loop.head[0] == before + 2  # Both in one.


def test_a_person_waits_for_no_company() -> None:
    bench = LoopBench().connect()
    before = bench.loop.head[0]
    bench.inbox.ask(ev.HaltRequested("me", "now"))
    bench.loop.control_turn()
    assert bench.loop.has_work()
    assert bench.loop.turn()
    assert bench.loop.head[0] == before + 1


def test_the_last_turn_leaves_nothing_behind() -> None:
    bench = LoopBench().connect()
    bench.send(f"{BUY} #x/1")
    bench.rest()
    bench.inbox.report(bench.row(bench.broker.submits[0], "77"))
    assert bench.loop.turn(last=True)
    assert not bench.loop.has_pending()


def test_a_batch_of_slow_decisions_ends_in_time_for_a_halt(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = LoopBench().connect()
    for number in range(50):
        bench.send(f"buy {STOCK} 100@10.50:{ACCOUNT} #slow/{number}")
    quote = bench.quote

    def slow(symbol: Symbol, now_ns: int) -> Quote | None:
        bench.clock.steady += 3 * MILLISECOND_NS
        return quote(symbol, now_ns)

    monkeypatch.setattr(bench, "quote", slow)
    bench.loop.turn()
    assert len(bench.inbox.signals) == 50 - 7, "20 ms and one decision"


def test_who_has_nothing_to_decide_waits_for_no_batch() -> None:
    """The control thread looks for the flag file as well: in a burst it would come to that too late."""
    bench = LoopBench().connect()
    looking = threading.Thread(target=bench.loop.control_turn)
    with bench.loop._deciding:
        looking.start()
        looking.join(5)
        assert not looking.is_alive()
