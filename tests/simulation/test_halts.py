"""A halt in mid-burst, a thousand times: whatever brings it and wherever it falls, nothing leaves after its turn."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

import pytest
from msgspec.structs import replace

from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instant import at_time
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS, Money, Price
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import OpeningPause, TradingState
from tests.engine_bench import ACCOUNT, DAY, OTHER, START_NS, STOCK
from tests.loop_bench import SETTINGS, LoopBench
from tests.unit.engine.limited import with_limits

TRIES: Final = 1_000
OPENING_NS: Final = at_time(DAY, (9 * 60 + 30) * 60 * SECOND_NS)
HALTED: Final = TradingState.HALTED
ACCOUNTS: Final = (ACCOUNT, OTHER)

PLAIN = with_limits(replace(SETTINGS, submits_per_minute_max=10**6, answer_wait_ns=3600 * SECOND_NS))
PACED = with_limits(PLAIN, Limits(orders_per_second_max=3))
HELD = replace(PLAIN, always_open=False, opening_pause=OpeningPause.HOLD)
AMPLIFIED = replace(PLAIN, submits_per_minute_max=12)
LOSSES = with_limits(PLAIN, Limits(loss_halting=50_000))


class Call(NamedTuple):
    """One call of the broker: how often each account had been halted when it was made, and which were."""

    names: tuple[ClientOrderId, ...]
    halted: frozenset[AccountId]
    halts: dict[AccountId, int]


class Watch:
    """Notes each call of a bench's broker, with the lock held that every decision is made under."""

    def __init__(self, bench: LoopBench) -> None:
        self.bench = bench
        self._calls: list[tuple[int, frozenset[AccountId], dict[AccountId, int]]] = []
        self.during: Callable[[], None] = lambda: None
        bench.broker.at_submit = self._note

    def _note(self) -> None:
        halts = {each: self.bench.engine.halts(each) for each in ACCOUNTS}
        self._calls.append((len(self.bench.broker.submits), self.halted(), halts))
        self.during()

    def halted(self) -> frozenset[AccountId]:
        state = self.bench.engine.state
        if state.trading_state is HALTED:
            return frozenset(ACCOUNTS)
        return frozenset(each for each in ACCOUNTS if state.accounts[each].state is HALTED)

    def calls(self) -> list[Call]:
        """Return every call so far, with the orders that it handed over."""
        submits = self.bench.broker.submits
        found: list[Call] = []
        end = len(submits)
        for begin, halted, halts in reversed(self._calls):
            found.append(Call(tuple(order.client_order_id for order in submits[begin:end]), halted, halts))
            end = begin
        return found[::-1]

    def judge(self) -> None:
        """Hold the broker's calls against the journal.

        Raises:
            AssertionError: an order was decided, or left, while its account was halted, or after a halt that it had
                been decided before.
        """
        decided = self._decided()
        left: set[ClientOrderId] = set()
        for call in self.calls():
            for name in call.names:
                assert name in decided, f"{name} left and is not on record"
                account, halts_before = decided[name]
                assert account not in call.halted, f"{name} left while its account was halted"
                assert call.halts[account] == halts_before, f"{name} left after a halt that came after its decision"
                assert name not in left, f"{name} left twice"
                left.add(name)

    def _decided(self) -> dict[ClientOrderId, tuple[AccountId, int]]:
        """Return, by order, its account and how often that had been halted before it, by the journal."""
        decided: dict[ClientOrderId, tuple[AccountId, int]] = {}
        halted: set[AccountId] = set()
        halts: Counter[AccountId] = Counter()
        for record in (record for turn in self.bench.turns() for record in turn):
            if isinstance(record, out.TradingStateChanged):
                concerned = set(ACCOUNTS) if record.account is None else {record.account}
                if record.state is HALTED:
                    halts.update(concerned)
                halted = halted | concerned if record.state is HALTED else halted - concerned
            elif isinstance(record, out.SubmitOrder):
                assert record.account not in halted, f"{record.client_order_id} was decided while halted"
                decided[record.client_order_id] = record.account, halts[record.account]
        return decided


# What halts


def by_hand(bench: LoopBench, rng: Random) -> None:
    """Let a person halt everything, as the control door does: at once, on the thread that brings it."""
    bench.inbox.ask(ev.HaltRequested("me", "drill", cancel_open=rng.random() < 0.3))
    bench.loop.decide_control()


def one_account(bench: LoopBench, rng: Random) -> None:
    bench.inbox.ask(ev.HaltRequested("me", "drill", ACCOUNT))
    bench.loop.decide_control()


def another_engine(bench: LoopBench, rng: Random) -> None:
    """Let the broker tell an order in our form that our journal does not hold."""
    assert bench.engine.state.bound is not None
    name = ClientOrderId(f"{bench.engine.state.bound.tag}0000ZZZZ")
    like = bench.broker.submits[0]
    bench.inbox.report(bench.row(replace(like, client_order_id=name, account=ACCOUNT), "stranger"))


def amplification(bench: LoopBench, rng: Random) -> None:
    """Send what a loop upstream would: the engine stops by itself."""
    for number in range(15):
        bench.send(f"buy {STOCK} 100@10.50:{ACCOUNT} #loop{rng.random()}/{number}")


def a_loss(bench: LoopBench, rng: Random) -> None:
    """Let the price fall to where what one account has lost is a twentieth of its morning."""
    bench.engine.state.accounts[ACCOUNT].morning_assets = Money(2000 * 104_000)
    bench.last = Price(98_000)
    bench.clock.steady += SECOND_NS


Halt = Callable[[LoopBench, Random], None]
FORMS: Final[tuple[tuple[EngineSettings, int, str, Halt], ...]] = (
    (PLAIN, START_NS, "", by_hand),
    (PACED, START_NS, "", by_hand),
    (HELD, OPENING_NS - 2 * SECOND_NS, "", by_hand),
    (PLAIN, START_NS, " at=10:00:01", by_hand),
    (PACED, START_NS, " at=10:00:01", one_account),
    (PLAIN, START_NS, "", one_account),
    (PLAIN, START_NS, "", another_engine),
    (AMPLIFIED, START_NS, " at=10:00:01", amplification),
    (LOSSES, START_NS, " at=10:00:02", a_loss),
)
"""Settings, when it begins, how every second message is timed, and what halts."""
PLACES: Final = ("before a turn", "during the commit", "during the broker call", "between turns")


class Try:
    """One burst with a halt somewhere in it."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        settings, begins_ns, self.time, self.halt = FORMS[seed % len(FORMS)]
        self.bench = LoopBench(settings=settings, begins_ns=begins_ns).connect()
        self.watch = Watch(self.bench)
        self.number = 0
        self.place = PLACES[seed // len(FORMS) % len(PLACES)]
        self.fired = False

    def send(self, count: int) -> None:
        for _ in range(count):
            self.number += 1
            timed = self.time if self.number % 2 else ""
            who = self.rng.choice((ACCOUNT, OTHER, "*"))
            self.bench.send(f"buy {STOCK} 100@10.50:{who}{timed} #try/{self.number}")

    def fire(self) -> None:
        """Halt, once."""
        if not self.fired:
            self.fired = True
            self.halt(self.bench, self.rng)

    def step(self, *, halt: bool) -> None:
        bench = self.bench
        self.send(self.rng.randint(1, 4))
        if halt and self.place == "before a turn":
            self.fire()
        elif halt and self.place == "during the commit":
            bench.journal.during = self.fire
        elif halt and self.place == "during the broker call":
            self.watch.during = self.ask_only
        bench.loop.turn()
        bench.journal.during = lambda: None
        self.watch.during = lambda: None
        if halt:
            self.fire()  # It found no commit and no call to fall into, or was meant to come here.
            bench.loop.control_turn()
            bench.loop.turn()
        bench.clock.steady += self.rng.randint(0, 400) * MILLISECOND_NS

    def ask_only(self) -> None:
        """Ask for a halt while the broker is called: it is decided when the lock is free."""
        if self.halt in (by_hand, one_account):
            self.fired = True
            account = ACCOUNT if self.halt is one_account else None
            self.bench.inbox.ask(ev.HaltRequested("me", "drill", account))

    def run(self) -> Counter[str]:
        """Run the burst, the halt, what comes after it, and a restart; return what was seen."""
        rng = self.rng
        for _ in range(rng.randint(1, 3)):
            self.step(halt=False)
        if not self.bench.broker.submits and self.halt is another_engine:
            self.step(halt=False)
        self.step(halt=True)
        waiting = len(self.bench.engine.state.timed)
        before = len(self.bench.broker.submits)
        halted = self.watch.halted()
        assert halted, "nothing was halted"
        for _ in range(3):
            self.step(halt=False)
        self.pass_time(self.bench)
        self.watch.judge()
        after = [order for order in self.bench.broker.submits[before:] if order.account in halted]
        assert after == []
        again = self.bench.again().connect()
        second = Watch(again)
        assert second.halted() == halted, "a halt holds over a restart"
        again.send(f"buy {STOCK} 100@10.50:* #try/again")
        self.pass_time(again)
        assert [order for order in again.broker.submits if order.account in halted] == []
        second.judge()
        withheld = [record for turn in self.bench.turns() for record in turn if isinstance(record, ev.SubmitsWithheld)]
        return Counter(
            {
                "left before": before,
                "waited": waiting,
                "withheld": sum(len(each.client_order_ids) for each in withheld),
                "left for the other account": len(self.bench.broker.submits) - before,
            }
        )

    @staticmethod
    def pass_time(bench: LoopBench) -> None:
        """Let everything that waits become due."""
        for _ in range(8):
            bench.clock.steady += 2 * SECOND_NS
            bench.loop.control_turn()
            bench.loop.turn()
        bench.rest()


@pytest.mark.slow
def test_nothing_leaves_after_the_turn_of_a_halt_wherever_it_falls_and_whatever_waits() -> None:
    seen: Counter[tuple[int, str]] = Counter()
    for seed in range(TRIES):
        found = Try(seed).run()
        seen.update({(seed % len(FORMS), what): count for what, count in found.items()})
    for form, (_, _, timed, halt) in enumerate(FORMS):
        waits = timed or form in (1, 2)
        assert seen[form, "left before"] or form == 2, "held orders leave at the opening, not before"
        assert bool(seen[form, "waited"]) is bool(waits), form
        if halt not in (another_engine, a_loss) and form != 2:  # Those are decided before the signals of a turn.
            assert seen[form, "withheld"], f"{form}: no halt ever fell between a decision and its release"
        if halt in (one_account, another_engine, a_loss):
            assert seen[form, "left for the other account"], form


# With real threads


class Stream:
    """A loop that runs on its own thread while another sends, as fast as both can, until they are stopped."""

    def __init__(self) -> None:
        self.bench = LoopBench(settings=replace(PLAIN, submits_per_minute_max=10**9)).connect()
        for account in self.bench.engine.state.accounts.values():
            account.cash = Money(10**15)
        self.watch = Watch(self.bench)
        self._stopping = threading.Event()
        self._failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._guarded, args=(work,)) for work in (self._loop, self._send)]

    def __enter__(self) -> Stream:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self._threads)
        assert self._failures == []

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread.
            self._failures.append(error)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            if not self.bench.loop.turn():
                time.sleep(0)

    def _send(self) -> None:
        number = 0
        while not self._stopping.is_set():
            number += 1
            self.bench.clock.steady += MILLISECOND_NS
            self.bench.send(f"buy {STOCK} 100@10.50:{ACCOUNTS[number % 2]} #stream/{number}")
            if len(self.bench.inbox.signals) > 20:
                time.sleep(0.0002)

    def decides(self, request: ev.Request) -> None:
        self.bench.inbox.ask(request)
        self.bench.loop.decide_control()


THREADED_TRIES: Final = 300


@pytest.mark.slow
def test_nothing_leaves_after_a_halt_that_another_thread_decides_in_mid_burst() -> None:
    rng = Random(1)
    caught = 0
    with Stream() as stream:
        for _ in range(THREADED_TRIES):
            sent = len(stream.bench.broker.submits)
            until = time.monotonic() + 10
            while len(stream.bench.broker.submits) < sent + 3:
                assert time.monotonic() < until, "nothing leaves any more"
                time.sleep(rng.random() / 4000)
            stream.decides(ev.HaltRequested("me", "drill", cancel_open=False))
            left = len(stream.bench.broker.submits)
            caught += len(stream.bench.inbox.signals) > 0
            time.sleep(0.002)
            assert len(stream.bench.broker.submits) == left, "an order left after the halt had been decided"
            stream.decides(ev.ResumeRequested("me", "drill"))
    stream.bench.rest()
    stream.watch.judge()
    assert caught > THREADED_TRIES // 10, "hardly any halt fell into a burst"
