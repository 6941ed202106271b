"""One engine and one counter that hear of each other by chance: orders, fills, lists, and what no order tells of."""

from __future__ import annotations

import datetime as dt
from collections import Counter as Counts
from random import Random
from typing import Final

from qmt_trading.codec import state_snapshot
from qmt_trading.codec.signal import parse
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.snapshot import capture
from qmt_trading.market.instruments import rule_for
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import Quote
from qmt_trading.model.numbers import SECOND_NS, Price
from qmt_trading.model.reconciliation import CASH, OnDifference, OnForeign
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings
from qmt_trading.model.signal import AccountId, PriceKind, PriceSpec, Signal
from qmt_trading.model.words import LinkState, Mode, OrderStatus, Side, TradingState
from tests.reconciliation.counter import LAG_MAX_NS, SYMBOLS, Counter, Deal, a_row

ACCOUNT: Final = AccountId("11031122")
DAY: Final = dt.date(2026, 11, 24)
START_NS: Final = 1_795_485_600 * SECOND_NS
"""2026-11-24 10:00 in Shanghai."""
BASE: Final = 105_000
_RULES: Final = {symbol: rule_for(symbol) for symbol in SYMBOLS}


def image(engine: Engine) -> bytes:
    """Return the engine's whole state as bytes."""
    return b"\n".join(state_snapshot.encode_parts(capture(engine.state)))


class World:
    """The life of one account; every list that is delivered is judged at once."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = Random(seed)
        self.steady_ns = START_NS
        self.offset_ns = 0
        """By which the wall clock has stepped."""
        self.asked_at: dict[int, int] = {}
        """By the instant that a list bears: when it was made, by the steady clock."""
        self.session = 1
        self.arrival = 0
        self.judged: Counts[str] = Counts()
        self.policy = rng.choice((*[OnDifference.ABSORB] * 3, OnDifference.IGNORE, OnDifference.PAUSE))
        self.foreign_policy = rng.choice((*[OnForeign.ABSORB] * 4, OnForeign.IGNORE, OnForeign.PAUSE))
        self.cuts = rng.random() < 0.25
        """Remarks may come back cut: some orders cannot be told apart then."""
        self.jumpy = rng.random() < 0.1
        """The wall clock steps rather than goes."""
        self.counter = Counter(rng, ACCOUNT, DAY, START_NS)
        self.engine = Engine()
        self.records: list[ev.At | ev.Event | out.Output] = []
        self.sent: dict[str, out.SubmitOrder] = {}
        self.asked = False
        """A question of the engine waits for its answer."""
        self.deciding: ev.Event | None = None
        self.foreign_told = 0
        self.taken_for_ours = 0
        """Orders of ours that came to light after their name had been given to a row that looked like them: the account
        is halted, and the one without a name stands beside it."""
        self.paused: set[str] = set()
        """Why the engine has stopped the account."""
        self.later: list[ev.BrokerListed] = []
        """Lists under way."""
        self.moved_by_hand = False
        """Figures were changed by no order."""
        settings = EngineSettings(
            mode=Mode.PAPER,
            accounts=(
                AccountSettings(
                    account=ACCOUNT,
                    on_difference=self.policy,
                    foreign=self.foreign_policy,
                    reconcile_every_ns=rng.choice((0, 60)) * SECOND_NS,
                ),
            ),
            doors=(DoorSettings(name="door"),),
            default_price=PriceSpec(PriceKind.LATEST, text="latest"),
        )
        self.settings = settings
        for event in (
            ev.JournalBound(1, Mode.PAPER, "WORLD", (ACCOUNT,)),
            ev.EngineStarted("test", settings),
            ev.DayBegan(DAY),
        ):
            self.feed(event)
        self.connect()
        if rng.random() < 0.8:
            self.deliver(self.listing())

    @property
    def now_ns(self) -> int:
        return self.steady_ns + self.offset_ns

    # Feeding

    def feed(self, event: ev.Event) -> list[out.Output]:
        """Handle one event, keep it on record, and carry out what follows."""
        self.deciding = event
        made = self.engine.handle(event, self.now_ns)
        self.records += [ev.At(self.now_ns), event, *made]
        for output in made:
            match output:
                case out.SubmitOrder():
                    assert isinstance(event, ev.SignalReceived), f"an order that nobody asked for: {output}"
                    self.sent[output.client_order_id] = output
                case out.QueryBroker() if not output.later:
                    self.asked = True
                case out.CancelOrder() if output.attempt:
                    self._cancel(output)
                case out.Alert() if output.code == "FOREIGN_ORDER":
                    many = output.chinese.partition("已接入 ")[2].partition(" 笔")[0]
                    self.foreign_told += int(many) if many.isdigit() else 1
                case out.Alert() if output.code == "REMARK_TWICE":
                    assert self.cuts, "every remark came back whole"
                    self.taken_for_ours += 1
                case out.TradingStateChanged() if output.who == "engine":
                    self.paused.add(output.why)
                case out.DifferenceAbsorbed():
                    self._judge_absorbed(output)
                case out.OrderEnded() if output.status is OrderStatus.NOT_SENT:
                    self._judge_not_sent(output.client_order_id)
                case _:
                    pass
        return made

    def deliver(self, listed: ev.BrokerListed) -> None:
        """Let a list arrive; once it has, the same again means nothing."""
        outputs = self.feed(listed)
        self.judged["lists"] += 1
        asks = any(isinstance(output, out.QueryBroker) for output in outputs)
        if asks or self.rng.random() > 0.3:  # It would be the answer to that question.
            return
        before = image(self.engine)
        again = self.engine.handle(listed, self.now_ns)
        self.records += [ev.At(self.now_ns), listed, *again]
        assert again == [], f"the same list again: {again}, at first {outputs}"
        assert image(self.engine) == before, "the same list again has changed something"
        self.judged["lists again"] += 1

    def _judge_absorbed(self, output: out.DifferenceAbsorbed) -> None:
        """Assert that what is taken is true now, that nothing of it moves, and that the policy wants it."""
        taken = output.difference
        assert taken.is_open or output.who != "engine", f"taken against a person's judgement: {output}"
        assert self.policy is OnDifference.ABSORB or output.who != "engine", f"taken against the policy: {output}"
        symbol = None if taken.symbol == CASH else taken.symbol
        assert taken.agreed_ns in self.asked_at, f"taken, and no list has proven it: {output}"
        true = self.counter.true_figures(symbol, self.asked_at[taken.agreed_ns])
        held = taken.position
        told = (taken.theirs, 0) if symbol is None else (held.quantity, held.sellable_quantity) if held else (0, 0)
        assert told in true, f"a lag was taken for the truth: {output}, true {true}"
        working = [deal.row.symbol for deal in self.counter.deals.values() if not deal.is_over and self._knows(deal)]
        assert symbol not in working, f"taken while it moves: {output}"
        assert symbol is not None or not working, f"cash was taken while orders work: {output}"
        self.judged["absorbed"] += 1
        self.judged["absorbed cash"] += symbol is None

    def _knows(self, deal: Deal) -> bool:
        row, state = deal.row, self.engine.state
        return (ACCOUNT, row.broker_order_id) in state.by_broker or (
            ACCOUNT,
            row.symbol,
            row.venue_order_id,
        ) in state.by_venue

    def _judge_not_sent(self, name: str) -> None:
        reached = [deal for deal in self.counter.deals.values() if deal.name == name]
        assert not reached, f"ended as never sent, and the counter has it: {name}"
        self.judged["unknowns ended"] += 1

    # What happens

    def connect(self) -> None:
        self.feed(ev.LinkChanged(ACCOUNT, self.session, LinkState.CONNECTED))

    def reconnect(self) -> None:
        """Lose the link, and what is under way on it, and have another session."""
        self.feed(ev.LinkChanged(ACCOUNT, self.session, LinkState.DOWN, "test"))
        self.later.clear()
        self.session += 1
        self.connect()

    def listing(self, *, complete: bool = True, alive: bool = True, lagging: bool = True) -> ev.BrokerListed:
        lag_ns = self.rng.choice((0, self.rng.randrange(LAG_MAX_NS))) if lagging else 0
        self.asked_at[self.now_ns] = self.steady_ns
        return self.counter.listing(
            self.session, self.steady_ns, self.now_ns, lag_ns=lag_ns, complete=complete, alive=alive
        )

    def act(self) -> None:
        """Let one thing happen."""
        self.rng.choice(ACTS)(self)
        self.judge_some()

    def judge_some(self) -> None:
        """Let a person look at what is proven, now and then."""
        found = self.engine.state.account(ACCOUNT).differences.values()
        if any(each.is_proven and each.is_open for each in found) and self.rng.random() < 0.3:
            self.ignore()

    def order(self) -> None:
        """Send a signal; its order reaches the counter or not, and what becomes of it is told or not."""
        rng = self.rng
        symbol, side = rng.choice(SYMBOLS), rng.choice(("buy", "buy", "sell"))
        quantity, price = rng.choice((100, 200, 300)), rng.choice(("10.50", "10.40"))
        text = f"{side} {symbol} {quantity}@{price}:{ACCOUNT} #{self.arrival}"
        (parsed,) = parse(text.encode())
        assert isinstance(parsed, Signal)
        self.arrival += 1
        quote = Quote(
            symbol=symbol,
            last=Price(BASE),
            previous_close=Price(104_000),
            limit_up=Price(114_400),
            limit_down=Price(93_600),
            bids=(Price(104_900),),
            asks=(Price(105_000),),
            quoted_ns=self.now_ns,
            rule=_RULES[symbol],
        )
        seq = self.engine.state.signal_seq + 1
        made = self.feed(ev.SignalReceived(seq, "door", self.now_ns, text, parsed, (quote,), None, self.arrival))
        for command in made:
            if isinstance(command, out.SubmitOrder):
                self._leave(command)

    def _leave(self, command: out.SubmitOrder) -> None:
        rng, name = self.rng, command.client_order_id
        chance = rng.random() if not self.cuts else rng.uniform(0.1, 0.6)
        if chance < 0.1:
            self.feed(ev.SubmitRefused(ACCOUNT, name, "拒"))
            return
        if chance < 0.25:  # It never arrives, and nobody knows.
            if rng.random() < 0.5:
                self.feed(ev.SubmitUncertain(ACCOUNT, name, "-1"))
            return
        remark = rng.choice(("", name[:8])) if self.cuts and rng.random() < 0.7 else name
        row = a_row(remark, command.symbol, command.side, command.quantity, command.price, self.now_ns)
        deal = self.counter.place(name, row)
        if rng.random() < 0.1:
            self.counter.end(deal, OrderStatus.REJECTED)
        self.tell(deal)

    def foreign(self) -> None:
        """Order by hand, in the same terminal or on the phone."""
        rng = self.rng
        symbol, quantity = rng.choice(SYMBOLS), rng.choice((100, 200))
        side = Side.SELL if self.counter.free(symbol) >= quantity and rng.random() < 0.4 else Side.BUY
        price = rng.choice((99_000, BASE)) if self.cuts else 99_000
        row = a_row(rng.choice(("", "手工")), symbol, side, quantity, price, self.now_ns)
        self.tell(self.counter.place("", row, phone=rng.random() < 0.4))

    def tell(self, deal: Deal, chance: float = 0.6) -> None:
        """Report an order's row, or lose it."""
        if self.rng.random() < chance:
            self.feed(ev.OrderReported(ACCOUNT, self.session, deal.row))

    def trade(self) -> None:
        """Let an order fill, in part or whole, or end."""
        rng = self.rng
        working = [deal for deal in self.counter.deals.values() if not deal.is_over]
        if not working:
            return
        deal = rng.choice(working)
        if rng.random() < 0.3:
            self.counter.end(deal, OrderStatus.CANCELED)
            self.tell(deal)
            return
        left = deal.row.quantity - deal.row.filled_quantity
        if deal.row.side is Side.SELL and self.counter.figures.held.get(deal.row.symbol, (0, 0))[1] < left:
            return
        fill = self.counter.fill(deal, rng.choice((left, 100)), self.steady_ns, self.now_ns)
        told: list[ev.Event] = [
            ev.FillReported(ACCOUNT, self.session, fill),
            ev.OrderReported(ACCOUNT, self.session, deal.row),
        ]
        rng.shuffle(told)
        for each in told:
            if rng.random() < 0.6:
                self.feed(each)

    def _cancel(self, command: out.CancelOrder) -> None:
        deal = self.counter.deals.get(command.broker_order_id or command.venue_order_id)
        assert deal is not None, f"a cancel of an order that does not exist: {command}"
        if not deal.is_over and self.rng.random() < 0.6:
            self.counter.end(deal, OrderStatus.CANCELED)

    def cancel(self) -> None:
        """Have a person cancel what works."""
        self.arrival += 1
        self.feed(ev.CancelRequested("me", "test", ACCOUNT, arrival=self.arrival))

    def money(self) -> None:
        self.moved_by_hand = True
        self.counter.transfer(self.steady_ns, self.rng.choice((-1, 1)) * self.rng.choice((50_000, 1_000_000, 10**8)))

    def shares(self) -> None:
        self.moved_by_hand = True
        symbol, quantity = self.rng.choice(SYMBOLS), self.rng.choice((100, 500))
        free = self.counter.free(symbol)
        if free >= quantity and self.rng.random() < 0.5:
            quantity = -self.rng.choice((quantity, free))
        self.counter.credit(self.steady_ns, symbol, quantity)

    def answer(self) -> None:
        """Let a list be made: now, or on its way for a while; some are dead, or not whole."""
        rng = self.rng
        self.asked = False
        listed = self.listing(complete=rng.random() < 0.8, alive=rng.random() < 0.85)
        if rng.random() < 0.3:
            self.later.append(listed)
        else:
            self.deliver(listed)

    def arrive(self) -> None:
        """Let a list that was under way arrive."""
        if self.later:
            self.deliver(self.later.pop(0))

    def pass_time(self) -> None:
        if self.jumpy and self.rng.random() < 0.5:
            self.stumble()
            return
        self.steady_ns += int(self.rng.choice((0.2, 1, 3, 5, 6, 8, 20)) * SECOND_NS)
        due_ns = self.engine.next_due_ns()
        if due_ns and due_ns <= self.now_ns:
            self.feed(ev.DeadlineReached())

    def restart(self) -> None:
        """Let the process die; what it had recorded is folded, and another begins."""
        before = image(self.engine)
        self.engine = folded(self.records)
        assert image(self.engine) == before, "folding what was recorded gives another state"
        self.feed(ev.EngineStarted("test", self.settings))
        self.later.clear()
        self.session += 1
        self.connect()

    def clock(self) -> None:
        """Let the wall clock step, forward or back."""
        step_ns = self.rng.choice((-3, 5, 70)) * SECOND_NS
        self.offset_ns += step_ns
        self.feed(ev.ClockStepped(step_ns))

    def stumble(self) -> None:
        """Let the wall clock step between a fill and the lists that may not know of it yet."""
        self.trade()
        for _ in range(2):
            self.clock()
            self.answer()

    def accept(self) -> None:
        self.feed(ev.ReconcileRequested("me", "test", None, self.rng.random() < 0.3))

    def ignore(self) -> None:
        """Let a person judge some difference: nothing of the books may change by it."""
        account = self.engine.state.account(ACCOUNT)
        keys = [each.key for each in account.differences.values()]
        books = dict(account.positions), account.cash, list(self.engine.state.orders)
        made = self.feed(ev.IgnoreDifferenceRequested("me", "test", ACCOUNT, self.rng.choice(keys or ["none"])))
        assert books == (account.positions, account.cash, list(self.engine.state.orders)), "ignoring moved the books"
        for output in made:
            if isinstance(output, out.DifferenceIgnored):
                symbol = output.difference.symbol
                unknown = [self.engine.state.order(key).symbol for key in account.unresolved]
                assert symbol not in unknown, f"an unknown order may explain it: {output}"
                assert symbol != CASH or not unknown, f"an unknown order may explain it: {output}"
                self.judged["ignored"] += 1

    def resume(self) -> None:
        if self.engine.state.account(ACCOUNT).state is not TradingState.ACTIVE:
            self.feed(ev.ResumeRequested("me", "test", ACCOUNT))

    # The end

    def settle(self) -> None:
        """End every order, connect anew, and answer what the engine asks until it asks no more."""
        for deal in self.counter.deals.values():
            if not deal.is_over:
                self.counter.end(deal, self.rng.choice((OrderStatus.CANCELED, OrderStatus.EXPIRED)))
        self.steady_ns += SECOND_NS
        self.reconnect()
        has_looked = False
        for round_ in range(ROUNDS_MAX):
            if self.asked:
                self.asked = False
                self.steady_ns += SECOND_NS // 2
                self.deliver(self.listing(lagging=round_ < 2))
                self.judge_some()
                continue
            account = self.engine.state.account(ACCOUNT)
            unproven = any(not each.is_proven for each in account.differences.values())
            due_ns = self.engine.next_due_ns()
            if not due_ns or (round_ > 4 and not unproven and not account.unresolved and not account.live):
                if has_looked:
                    break
                has_looked = True  # What no order tells of is seen when somebody looks.
                self.steady_ns += LAG_MAX_NS
                self.feed(ev.ReconcileRequested("me", "test"))
                continue
            self.steady_ns += max(0, due_ns - self.now_ns)
            self.feed(ev.DeadlineReached())


ROUNDS_MAX: Final = 40
ACTS: Final = (
    *[World.order] * 6,
    *[World.foreign] * 3,
    *[World.trade] * 7,
    *[World.answer] * 7,
    *[World.arrive] * 2,
    *[World.pass_time] * 6,
    World.cancel,
    World.money,
    World.shares,
    World.reconnect,
    World.restart,
    World.clock,
    World.accept,
    World.ignore,
    World.resume,
)


def folded(records: list[ev.At | ev.Event | out.Output]) -> Engine:
    """Return an engine that has folded ``records`` and decided nothing."""
    engine = Engine()
    for record in records:
        engine.fold(record)
    return engine
