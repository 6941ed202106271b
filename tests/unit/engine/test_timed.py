"""Instructions that wait: when they fire, what they survive, who drops them, and how orders are followed up."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace

from qmt_trading.engine.engine import Engine
from qmt_trading.engine.snapshot import capture, restore
from qmt_trading.market.calendar import Calendar, Year
from qmt_trading.market.sessions import ALWAYS_OPEN, Session
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instant import at_time, day_of
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS
from qmt_trading.model.reasons import Reason
from qmt_trading.model.receipt import Receipt
from qmt_trading.model.words import BareAction, LinkState, SignalStatus
from tests.engine_bench import ACCOUNT, DAY, OTHER, START_NS, STOCK, Bench
from tests.unit.engine.parts import reason

AT_10_30 = at_time(DAY, (10 * 60 + 30) * 60 * SECOND_NS)
CLOSED_DAY = dt.date(2026, 11, 25)
SESSION = Session(Calendar([Year(2026, (CLOSED_DAY,))]))


class Waits(Bench):
    """A bench that does what the loop does when an instruction is due."""

    def until(self, now_ns: int) -> list[out.Output]:
        """Let time pass up to ``now_ns``, with everything that falls due on the way."""
        made: list[out.Output] = []
        while True:
            due_ns = self.engine.next_due_ns()
            if not due_ns or due_ns > now_ns:
                self.now_ns = max(self.now_ns, now_ns)
                return made
            self.now_ns = max(self.now_ns, due_ns)
            made += self.fire()

    def fire(self) -> list[out.Output]:
        made = self.feed(ev.DeadlineReached())
        for waiting in self.engine.take_due(self.now_ns):
            made += self.feed(ev.InstructionDue(waiting.seq, waiting.number, (self.quote(),), waiting.accounts))
        return made

    def said(self, text: str, *, next_day: dt.date | None = None) -> Receipt:
        """Send a message as the loop does, with the next trading day where this one is over."""
        from qmt_trading.codec.signal import parse
        from qmt_trading.model.signal import Signal

        (parsed,) = parse(text.encode())
        assert isinstance(parsed, Signal), parsed
        seq = self.engine.state.signal_seq + 1
        event = ev.SignalReceived(
            seq, "door", self.now_ns, text, parsed, (self.quote(),), None, self.arrives(), next_day
        )
        made = self.feed(event)
        return [output for output in made if isinstance(output, out.SignalAnswered)][-1].receipt

    def submits(self) -> list[out.SubmitOrder]:
        return self.made(out.SubmitOrder)


def test_it_waits_and_fires_at_its_time_and_not_before() -> None:
    bench = Waits()
    receipt = bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT},{OTHER} at=10:30:00 #t/1")
    assert receipt.status is SignalStatus.ACCEPTED
    assert [reason(line.denial) for line in receipt.orders] == [Reason.WAITS, Reason.WAITS]
    assert bench.engine.next_due_ns() == AT_10_30
    bench.until(AT_10_30 - 1)
    assert bench.submits() == []
    bench.until(AT_10_30)
    assert [(each.account, each.quantity, each.signal_seq) for each in bench.submits()] == [
        (ACCOUNT, 100, receipt.seq),
        (OTHER, 100, receipt.seq),
    ]
    assert bench.engine.state.timed == {}
    bench.until(AT_10_30 + 3600 * SECOND_NS)
    assert len(bench.submits()) == 2


def test_its_ttl_counts_from_its_time() -> None:
    bench = Waits()
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=10:30:00 ttl=5s #t/1")
    bench.until(AT_10_30)
    assert bench.submits()[0].deadline_ns == AT_10_30 + 5 * SECOND_NS


def test_what_has_passed_is_denied_and_after_the_close_it_means_the_next_trading_day() -> None:
    bench = Waits()
    receipt = bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=09:15:00 #t/1")
    assert receipt.status is SignalStatus.DENIED
    assert reason(receipt.orders[0].denial) is Reason.AT_PASSED
    bench.now_ns = at_time(DAY, (15 * 60 + 1) * 60 * SECOND_NS)
    next_day = SESSION.day_after(bench.now_ns)
    assert next_day == dt.date(2026, 11, 26), "the 25th is closed in this test"
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=09:15:00 #t/2", next_day=next_day)
    (waiting,) = bench.engine.state.timed.values()
    assert waiting.due_ns == at_time(next_day, (9 * 60 + 15) * 60 * SECOND_NS)


def test_on_a_closed_day_it_means_the_trading_day_that_comes() -> None:
    now_ns = at_time(CLOSED_DAY, 8 * 3600 * SECOND_NS)
    assert SESSION.day_after(now_ns) is None
    day = SESSION.trading_day(now_ns)
    bench = Waits()
    bench.now_ns = now_ns
    bench.feed(ev.DayBegan(day))
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=09:15:00 #t/1")
    (waiting,) = bench.engine.state.timed.values()
    assert day_of(waiting.due_ns) == day == dt.date(2026, 11, 26)


@pytest.mark.parametrize(
    ("hour", "minute", "expected"), [(14, 59, None), (15, 0, dt.date(2026, 11, 26)), (23, 59, dt.date(2026, 11, 26))]
)
def test_the_day_is_over_at_three(hour: int, minute: int, expected: dt.date | None) -> None:
    now_ns = at_time(DAY, (hour * 60 + minute) * 60 * SECOND_NS)
    assert SESSION.day_after(now_ns) == expected
    assert ALWAYS_OPEN.day_after(now_ns) is None


def test_it_survives_a_restart_and_a_snapshot() -> None:
    bench = Waits()
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=10:30:00 #t/1")
    bench.engine = Engine(restore(capture(bench.engine.state)))
    bench.feed(ev.EngineStarted("test", bench.settings))
    bench.session += 1
    bench.connect()
    bench.until(AT_10_30)
    assert len(bench.submits()) == 1


def test_due_while_nobody_could_trade_it_waits_for_the_account_until_its_deadline() -> None:
    bench = Waits()
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=10:30:00 ttl=5s #t/1")
    bench.feed(ev.LinkChanged(ACCOUNT, 1, LinkState.DOWN))
    bench.until(AT_10_30 + 2 * SECOND_NS)
    assert bench.submits() == []
    bench.session += 1
    bench.connect()
    bench.until(AT_10_30 + 3 * SECOND_NS)
    assert len(bench.submits()) == 1


def test_nobody_could_trade_until_its_deadline_and_it_is_denied_with_an_alert() -> None:
    bench = Waits()
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=10:30:00 ttl=5s #t/1")
    bench.feed(ev.LinkChanged(ACCOUNT, 1, LinkState.DOWN))
    bench.until(AT_10_30 + 60 * SECOND_NS)
    assert bench.submits() == []
    (done,) = bench.engine.state.timed_done
    assert reason(done.orders[0].denial) is Reason.ACCOUNT_NOT_READY
    assert "INSTRUCTION_DENIED" in bench.alerts()


def test_a_process_that_was_dead_at_its_time_does_not_carry_it_out_late() -> None:
    bench = Waits()
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=10:30:00 ttl=5s #t/1")
    bench.now_ns = AT_10_30 + 3600 * SECOND_NS
    bench.feed(ev.EngineStarted("test", bench.settings))
    bench.session += 1
    bench.connect()
    bench.fire()
    assert bench.submits() == []
    assert reason(bench.engine.state.timed_done[0].orders[0].denial) is Reason.SIGNAL_STALE


def test_a_clock_step_forward_beyond_its_ttl_denies_it_and_one_back_lets_it_wait() -> None:
    forward = Waits()
    forward.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=10:30:00 #t/1")
    forward.now_ns = AT_10_30 + 3600 * SECOND_NS
    forward.feed(ev.ClockStepped(3600 * SECOND_NS))
    forward.listed()
    forward.fire()
    assert forward.submits() == []
    back = Waits()
    back.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=10:30:00 #t/1")
    back.until(AT_10_30 - SECOND_NS)
    back.now_ns -= 600 * SECOND_NS
    back.feed(ev.ClockStepped(-600 * SECOND_NS))
    back.listed()
    back.listed(account=OTHER)
    assert back.engine.next_due_ns() == AT_10_30
    back.until(AT_10_30)
    assert len(back.submits()) == 1


def test_a_new_day_carries_what_is_not_due() -> None:
    bench = Waits()
    next_day = dt.date(2026, 11, 26)
    bench.now_ns = at_time(DAY, 16 * 3600 * SECOND_NS)
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=09:15:00 #t/1", next_day=next_day)
    bench.now_ns = at_time(next_day, 8 * 3600 * SECOND_NS)
    bench.feed(ev.DayBegan(next_day))
    for account in (ACCOUNT, OTHER):
        bench.listed(account=account)
    due_ns = at_time(next_day, (9 * 60 + 15) * 60 * SECOND_NS)
    bench.until(due_ns - 1)
    assert bench.submits() == []
    bench.until(due_ns)
    assert len(bench.submits()) == 1


def test_a_cancel_that_came_later_drops_it_for_its_account_and_no_other() -> None:
    bench = Waits(bare=BareAction.CANCEL)
    first = bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT},{OTHER} at=10:30:00 #t/1")
    receipt = bench.said(f"{STOCK}:{ACCOUNT}")
    assert [reason(line.denial) for line in receipt.cancels] == [Reason.WAITING_DROPPED]
    bench.said(f"buy {STOCK} 200@10.50:{ACCOUNT} at=10:31:00 #t/2")
    bench.until(AT_10_30 + 120 * SECOND_NS)
    assert [(each.account, each.quantity) for each in bench.submits()] == [(OTHER, 100), (ACCOUNT, 200)]
    assert bench.engine.state.timed_done[0].dropped_by == receipt.seq
    assert first.seq == 1


@pytest.mark.parametrize(
    ("verb", "cancel", "drops"),
    [
        ("buy {} 100@10.50", "撤买", True),
        ("buy {} 100@10.50", "撤卖", False),
        ("sell {} 100@10.50", "撤卖", True),
        ("sell {} 100@10.50", "撤买", False),
        ("清仓 {}", "撤卖", True),
        ("target {} 500", "撤买", True),
        ("cancel {}", "撤单", False),
    ],
)
def test_a_cancel_of_one_side_drops_that_side(verb: str, cancel: str, drops: bool) -> None:
    bench = Waits()
    bench.said(f"{verb.format(STOCK)}:{ACCOUNT} at=10:30:00 #t/1")
    assert bench.engine.state.timed
    bench.said(f"{cancel} {STOCK}:{ACCOUNT}")
    assert bool(bench.engine.state.timed) is not drops


def test_a_cancel_ten_minutes_and_a_day_later_still_drops() -> None:
    bench = Waits()
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=14:30:00 #t/1")
    bench.until(AT_10_30)
    bench.said(f"全撤 :{ACCOUNT}")
    bench.until(AT_10_30 + 6 * 3600 * SECOND_NS)
    assert bench.submits() == []


def test_a_person_drops_one_by_its_name_and_all_with_a_stop() -> None:
    bench = Waits()
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=10:30:00; sell {STOCK} 100@10.60:{ACCOUNT} at=10:31:00 #t/1")
    bench.feed(ev.CancelRequested("me", "test", order_id="1.2"))
    assert [each.name for each in bench.engine.state.timed.values()] == ["1.1"]
    bench.feed(ev.HaltRequested("me", "test", cancel_open=True))
    assert bench.engine.state.timed == {}


def test_halted_at_its_time_it_is_denied() -> None:
    bench = Waits()
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=10:30:00 #t/1")
    bench.feed(ev.HaltRequested("me", "test"))
    bench.until(AT_10_30)
    assert bench.submits() == []
    assert reason(bench.engine.state.timed_done[0].orders[0].denial) is Reason.TRADING_HALTED


def test_a_timed_cancel_takes_its_scope_when_it_fires() -> None:
    bench = Waits()
    receipt = bench.said(f"cancel {STOCK}:{ACCOUNT} at=10:30:00")
    assert receipt.status is SignalStatus.ACCEPTED
    name = bench.buy(name="later/1")
    bench.report(bench.row(name))
    bench.until(AT_10_30 - 1)
    assert bench.made(out.CancelOrder) == []
    bench.until(AT_10_30)
    assert [each.client_order_id for each in bench.made(out.CancelOrder)] == [name]


def test_a_timed_cancel_fires_although_halted_and_without_a_link() -> None:
    bench = Waits()
    bench.said(f"cancel {STOCK}:{ACCOUNT} at=10:30:00")
    name = bench.buy(name="later/1")
    bench.report(bench.row(name))
    bench.feed(ev.HaltRequested("me", "test"))
    bench.until(AT_10_30)
    assert len(bench.made(out.CancelOrder)) == 1


def test_a_bare_item_keeps_the_meaning_and_the_limit_of_its_door() -> None:
    bench = Waits()
    assert bench.said(f"{STOCK}:{ACCOUNT} at=10:30:00 #t/1").status is SignalStatus.ACCEPTED
    assert bench.said(f"{STOCK}:{ACCOUNT} at=10:31:00 #t/2").status is SignalStatus.ACCEPTED
    bench.until(AT_10_30)
    bench.report(bench.row(bench.submits()[0].client_order_id))
    bench.until(AT_10_30 + 300 * SECOND_NS)
    assert len(bench.submits()) == 1
    assert reason(bench.engine.state.timed_done[1].orders[0].denial) is Reason.BARE_PER_DAY


def test_a_repeat_of_its_id_queues_nothing_more() -> None:
    bench = Waits()
    text = f"buy {STOCK} 100@10.50:{ACCOUNT} at=10:30:00 #t/1"
    bench.said(text)
    assert bench.said(text).status is SignalStatus.DUPLICATE
    bench.until(AT_10_30)
    assert bench.said(text).status is SignalStatus.DUPLICATE
    assert len(bench.submits()) == 1


# What hostile readers found


def test_one_account_that_cannot_trade_holds_up_no_other() -> None:
    bench = Waits()
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT},{OTHER} at=10:30:00 ttl=5s #t/1")
    bench.feed(ev.LinkChanged(OTHER, 1, LinkState.DOWN))
    bench.until(AT_10_30)
    assert [each.account for each in bench.submits()] == [ACCOUNT]
    (waiting,) = bench.engine.state.timed.values()
    assert waiting.accounts == (OTHER,)
    bench.feed(ev.LinkChanged(OTHER, 2, LinkState.CONNECTED))
    bench.listed(account=OTHER, session=2)
    bench.fire()
    assert [each.account for each in bench.submits()] == [ACCOUNT, OTHER]
    assert bench.engine.state.timed == {}


def test_an_account_that_is_configured_no_more_holds_up_nothing() -> None:
    bench = Waits()
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT},{OTHER} at=10:30:00 #t/1")
    bench.settings = replace(bench.settings, accounts=bench.settings.accounts[:1])
    bench.feed(ev.EngineStarted("test", bench.settings))
    bench.session += 1
    bench.feed(ev.LinkChanged(ACCOUNT, bench.session, LinkState.CONNECTED))
    bench.listed()
    bench.until(AT_10_30)
    assert [each.account for each in bench.submits()] == [ACCOUNT]
    assert reason(bench.engine.state.timed_done[0].orders[1].denial) is Reason.ACCOUNT_UNKNOWN


def test_a_message_whose_time_passed_longer_ago_than_its_ttl_is_stale() -> None:
    bench = Waits()
    late_ms, recent_ms = (START_NS // 10**6 - 3_600_000), (START_NS // 10**6 - 1_000)
    order = f'"action":"buy","symbol":"{STOCK}","accounts":["{ACCOUNT}"],"quantity":100,"price":"10.50","ttl_ms":3000'
    late = bench.said(f'{{{order},"not_before":{late_ms},"id":"a/1"}}')
    assert reason(late.orders[0].denial) is Reason.SIGNAL_STALE
    assert bench.engine.state.timed == {}
    bench.said(f'{{{order},"not_before":{recent_ms},"id":"a/2"}}')
    bench.fire()
    assert [each.deadline_ns for each in bench.submits()] == [recent_ms * 10**6 + 3 * SECOND_NS]


def test_a_small_clock_correction_delays_it_and_does_not_deny_it() -> None:
    bench = Waits()
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=10:30:00 ttl=60s #t/1")
    bench.until(AT_10_30 - SECOND_NS)
    bench.now_ns = AT_10_30 + SECOND_NS // 5
    bench.feed(ev.ClockStepped(1_200_000_000))
    bench.fire()
    assert bench.submits() == []
    assert bench.engine.state.timed
    bench.now_ns += 50 * MILLISECOND_NS
    bench.listed()
    bench.fire()
    assert len(bench.submits()) == 1


def test_a_timed_cancel_spares_what_was_put_to_wait_after_it() -> None:
    bench = Waits()
    bench.said(f"buy {STOCK} 300@10.50:{ACCOUNT} at=10:41:00 #t/0")
    bench.said(f"cancel {STOCK}:{ACCOUNT} at=10:30:00")
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=10:40:00 #t/1")
    bench.until(AT_10_30 + 700 * SECOND_NS)
    assert [each.quantity for each in bench.submits()] == [100]


def test_after_the_close_a_later_hour_of_today_is_the_next_trading_days_too() -> None:
    bench = Waits()
    bench.now_ns = at_time(DAY, (15 * 60 + 5) * 60 * SECOND_NS)
    next_day = SESSION.day_after(bench.now_ns)
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=15:30:00 #t/1", next_day=next_day)
    (waiting,) = bench.engine.state.timed.values()
    assert day_of(waiting.due_ns) == next_day


def test_many_at_once_do_not_hold_up_a_halt_for_long() -> None:
    bench = Waits()
    for number in range(300):
        bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT} at=10:30:00 #many/{number}")
    bench.now_ns = AT_10_30
    bench.fire()
    assert len(bench.engine.state.timed_done) == 128
    assert bench.engine.next_due_ns() <= AT_10_30
    bench.until(AT_10_30)
    assert bench.engine.state.timed == {}


def test_a_cancel_that_came_later_and_was_decided_first_keeps_it_from_waiting() -> None:
    bench = Waits(bare=BareAction.CANCEL)
    arrival = bench.arrives()
    bench.said(f"{STOCK}:{ACCOUNT}")
    receipt = bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT},{OTHER} at=10:30:00 #t/1", arrival=arrival)
    assert [reason(line.denial) for line in receipt.orders] == [Reason.CANCELED_BY_LATER, Reason.WAITS]
    bench.until(AT_10_30)
    assert [each.account for each in bench.submits()] == [OTHER]
