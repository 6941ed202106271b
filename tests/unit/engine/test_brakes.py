"""What stops or slows trading by itself, and what only tells: each at most once a day and step."""

from __future__ import annotations

import datetime as dt

from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.limits import NO_LIMITS, TOTAL, Limits, Scope, ScopeKind
from qmt_trading.model.numbers import SECOND_NS, Money, Price
from qmt_trading.model.reasons import Reason
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import OrderStatus, TradingState
from tests.engine_bench import ACCOUNT, DAY, OTHER, STOCK, Bench
from tests.unit.engine.limited import limited, reasons

ACTIVE, REDUCING, HALTED = TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED
LOSSES = Limits(loss_reducing=30_000, loss_halting=50_000)
CLOSE = 100_000
MINE = Scope(ScopeKind.ACCOUNT, ACCOUNT)


class Falling(Bench):
    """A bench whose accounts were worth 20,000 yuan in the morning, all of it 2,000 shares at 10.00."""

    def __init__(self, account: Limits = LOSSES, *, total: Limits = NO_LIMITS) -> None:
        super().__init__()
        limited(self, account, total=total)
        for each in self.engine.state.accounts.values():
            each.morning_assets = Money(2000 * CLOSE)
        self.fall(0)

    def fall(self, per_cent: float) -> list[out.Output]:
        """Let the price stand so far below the previous close; both accounts lose that much of their assets."""
        last = Price(CLOSE - round(per_cent * CLOSE / 100))
        return self.feed(ev.PositionsMarked((ev.Mark(STOCK, last, Price(CLOSE)),)))

    def states(self) -> list[TradingState]:
        state = self.engine.state
        return [state.trading_state, state.accounts[ACCOUNT].state, state.accounts[OTHER].state]

    def resume(self, account: AccountId | None = ACCOUNT) -> None:
        self.feed(ev.ResumeRequested("me", "seen", account))


def test_a_loss_of_three_per_cent_leaves_selling_and_one_of_five_leaves_nothing() -> None:
    bench = Falling()
    assert bench.fall(2.99) == []
    bench.fall(3)
    assert bench.states() == [ACTIVE, REDUCING, REDUCING]
    assert reasons(bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #a/1")) == [Reason.REDUCING_ONLY]
    assert reasons(bench.signal(f"sell {STOCK} 100@10.50:{ACCOUNT} #a/2")) == [None]
    assert bench.fall(4.99) == []
    bench.fall(5)
    assert bench.states() == [ACTIVE, HALTED, HALTED]
    assert reasons(bench.signal(f"sell {STOCK} 100@10.50:{ACCOUNT} #a/3")) == [Reason.TRADING_HALTED]
    bench.report(bench.row("", number="500"))
    cancels = bench.signal(f"cancel {STOCK}:{ACCOUNT}").cancels
    assert [line.denial for line in cancels] == [None, None], "the sell, and what was typed by hand"


def test_each_step_is_told_and_taken_once_a_day_and_a_person_is_not_overruled() -> None:
    bench = Falling()
    bench.fall(3)
    bench.resume()
    for per_cent in (3, 0, 4, 2, 3.5):
        bench.fall(per_cent)
    assert bench.states()[1] is ACTIVE
    assert bench.alerts().count("DAILY_LOSS") == 2, "once for each account"
    bench.fall(5)
    assert bench.states()[1:] == [HALTED, HALTED], "the second step is another"
    bench.resume()
    bench.fall(20)
    assert bench.states()[1] is ACTIVE
    assert bench.alerts().count("DAILY_LOSS") == 4


def test_a_fall_through_both_limits_at_once_halts_and_the_first_step_does_not_follow() -> None:
    bench = Falling()
    bench.fall(6)
    assert bench.states()[1] is HALTED
    bench.resume()
    bench.fall(4)
    assert bench.states()[1] is ACTIVE
    assert [each.step for each in bench.made(out.BrakeTripped) if each.scope == MINE] == [2]


def test_a_loss_never_loosens_what_a_person_has_closed() -> None:
    bench = Falling()
    bench.feed(ev.HaltRequested("me", "x", ACCOUNT))
    bench.fall(3)
    assert bench.states() == [ACTIVE, HALTED, REDUCING]


def test_one_accounts_loss_is_no_others() -> None:
    bench = Falling()
    bench.engine.state.accounts[OTHER].morning_assets = Money(10 * 2000 * CLOSE)
    bench.fall(5)
    assert bench.states() == [ACTIVE, HALTED, ACTIVE]


def test_in_total_the_accounts_are_added_and_everything_is_stopped() -> None:
    bench = Falling(NO_LIMITS, total=LOSSES)
    bench.engine.state.accounts[OTHER].morning_assets = Money(3 * 2000 * CLOSE)
    bench.fall(5.9)
    assert bench.states() == [ACTIVE, ACTIVE, ACTIVE], "5.9 % of 40,000 in 80,000 is 2.95 %"
    bench.fall(6)
    assert bench.states() == [REDUCING, ACTIVE, ACTIVE]
    bench.fall(10)
    assert bench.states() == [HALTED, ACTIVE, ACTIVE]
    assert [each.scope for each in bench.made(out.BrakeTripped)] == [TOTAL, TOTAL]


def test_the_next_day_every_step_may_be_taken_again() -> None:
    bench = Falling()
    bench.fall(3)
    bench.resume()
    bench.now_ns += 24 * 3600 * SECOND_NS
    bench.feed(ev.DayBegan(DAY + dt.timedelta(days=1)))
    bench.session += 1
    bench.connect()
    bench.engine.state.accounts[ACCOUNT].morning_assets = Money(2000 * CLOSE)
    bench.fall(3)
    assert bench.states()[1] is REDUCING


def test_a_restart_knows_which_steps_were_taken() -> None:
    bench = Falling()
    bench.fall(3)
    bench.resume()
    bench.feed(ev.EngineStarted("test", bench.settings))
    bench.session += 1
    bench.connect()
    bench.fall(3.5)
    assert bench.states()[1] is ACTIVE
    bench.fall(5)
    assert bench.states()[1] is HALTED


class Cancelling(Bench):
    """A bench that counts what an account cancels."""

    def __init__(self) -> None:
        super().__init__()
        limited(self, Limits(cancel_share_warn=500_000))
        self.count = 0

    def one(self, *, cancel: bool) -> None:
        self.count += 1
        name = self.buy(name=f"c/{self.count}")
        self.report(self.row(name, number=f"n{self.count}"))
        if cancel:
            self.signal(f"cancel {STOCK}:{ACCOUNT}")
        self.report(self.row(name, OrderStatus.CANCELED, number=f"n{self.count}"))
        self.later(0)


def test_a_share_of_cancels_is_told_from_fifty_orders_on_and_stops_nothing() -> None:
    bench = Cancelling()
    for number in range(49):
        bench.one(cancel=number < 25)
    assert "CANCEL_SHARE" not in bench.alerts()
    bench.one(cancel=False)
    assert bench.alerts().count("CANCEL_SHARE") == 1, "25 of 50"
    assert [each.brake for each in bench.made(out.BrakeTripped)] == ["cancel_share"]
    assert not bench.made(out.TradingStateChanged)
    for _ in range(20):
        bench.one(cancel=True)
    assert bench.alerts().count("CANCEL_SHARE") == 1, "once a day"


def test_a_share_just_below_is_not_told() -> None:
    bench = Cancelling()
    for number in range(60):
        bench.one(cancel=number < 24)
    assert "CANCEL_SHARE" not in bench.alerts()


def test_the_minute_counts_what_left_what_waits_and_what_came_too_fast() -> None:
    bench = Bench(per_minute=23)
    limited(bench, Limits(orders_per_second_max=2))
    told = [reasons(bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #m/{number}"))[0] for number in range(24)]
    assert told[:2] == [None, None]
    assert told[2:22] == [Reason.PACED] * 20
    assert told[22:] == [Reason.ORDER_RATE_EXCEEDED, Reason.TRADING_HALTED]
    assert bench.engine.state.trading_state is HALTED
    assert bench.alerts().count("AMPLIFICATION") == 1


def test_what_waited_is_not_counted_again_when_its_turn_has_come() -> None:
    bench = Bench(per_minute=4)
    limited(bench, Limits(orders_per_second_max=1))
    for number in range(3):
        bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #m/{number}")
    for _ in range(2):
        bench.later(1)
        for waiting in bench.engine.take_due(bench.now_ns):
            bench.feed(ev.InstructionDue(waiting.seq, waiting.number, (bench.quote(),), waiting.accounts))
    assert len(bench.made(out.SubmitOrder)) == 3
    assert bench.engine.state.trading_state is ACTIVE
