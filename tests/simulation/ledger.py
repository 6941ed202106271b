"""The judge's books: what came in, was decided, cancelled, halted, handed over and listed, as the world saw it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from qmt_trading.engine.state import State
from qmt_trading.market.no_cancel import phase_of
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import EVERY_SYMBOL
from qmt_trading.model.numbers import notional
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import Signal
from qmt_trading.model.words import OrderStatus, Side, SideScope, SignalStatus, TradingState, Verb
from tests.simulation.invariants import closed_pairs
from tests.simulation.venue import ENDS, Venue, VenueOrder, key_of

if TYPE_CHECKING:
    from tests.simulation.sender import Message

SETTLE_NS: Final = 60_000_000_000
UNANSWERED: Final = (OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN, OrderStatus.EXPIRED_UNRESOLVED)

Pair = tuple[str, str, Side]


class Decision(NamedTuple):
    """An order as it was decided in the process of the moment."""

    order: out.SubmitOrder
    position: int
    message: Message
    halts: int
    waited: bool = False
    """It was put to wait, and a cancel that came first of all may have left it waiting."""


class Cancel:
    """What somebody wanted cancelled: all of a reach that came before it, or one order by its name."""

    __slots__ = (
        "accounts",
        "decided_ns",
        "durable",
        "name",
        "own",
        "position",
        "received_ns",
        "side",
        "steps",
        "symbol",
        "tick",
    )

    def __init__(self, position: int, accounts: frozenset[str], symbol: str, side: SideScope, name: str) -> None:
        self.position = position
        self.own = 0
        """Of a cancel that waited: the place of its message; what was put to wait later is meant for after it."""
        self.accounts = accounts
        self.symbol = symbol
        self.side = side
        self.name = name
        """The one order it is about; empty: all in reach."""
        self.received_ns = 0
        self.decided_ns = 0
        self.steps = 0
        """Clock steps so far: instants before and after one cannot be compared."""
        self.tick = 0
        self.durable = False
        """Whoever asked for it has been told that it is on disk."""

    def reaches(self, account: str, symbol: str, side: Side) -> bool:
        return (
            account in self.accounts
            and self.symbol in (EVERY_SYMBOL, symbol)
            and (self.side is SideScope.ALL or self.side.value == side.value)
        )

    def covers(self, name: str, position: int, account: str, symbol: str, side: Side) -> bool:
        """Tell whether an order of ours that came in at ``position`` is to be cancelled by this."""
        if self.name:
            return name == self.name
        return position < self.position and self.reaches(account, symbol, side)


class Ledger:
    """Outlives every process; ``before`` and ``after`` stand around each event that a process decides."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self.judged: Counter[str] = Counter()
        self.cancels: list[Cancel] = []
        self.handed: dict[str, Decision] = {}
        self.steps = 0
        """Of the wall clock."""
        self.asked: dict[tuple[str, int], int] = {}
        """(account, wall clock of a question) → steady clock of it."""
        self._pairs: dict[tuple[int, str], list[str]] = {}
        """(message, account) → the orders that may have left for it."""
        self.waiting: dict[tuple[int, int], tuple[int, Message]] = {}
        """An instruction that waits → the place and the message that it came with."""
        self.ended: set[tuple[int, int]] = set()
        """Instructions that waited and were decided or dropped."""
        self._position = 0
        self._messages: dict[int, Message] = {}
        self._lists: dict[str, list[tuple[int, int, int]]] = {}
        """By account the session of each good list, and the steady and the wall instant of its question."""
        self._nameless: dict[tuple[str, bytes], out.SubmitOrder] = {}
        """(account, message without an id) → the order that it last led to."""
        self._held: dict[str, int] = {}
        """Account, or "" for all → position of the halt that its asker was told is on disk."""
        self._resumed: dict[str, int] = {}
        self.begin(None)

    # A process

    def begin(self, settings: EngineSettings | None) -> None:
        """Forget what died with the last process."""
        self._limits = {each.account: each.limits.order_value_max for each in settings.accounts} if settings else {}
        self._positions: dict[int, int] = {}
        self._came_ns: dict[int, int] = {}
        self._newest = 0
        self._first = self._position
        """The place of the last thing that came in before this process."""
        self._decided: dict[str, Decision] = {}
        self._halts: Counter[str] = Counter()
        self._unsettled: set[str] = set()
        self._fresh: list[Cancel] = []
        self._now_ns = 0
        self._closed: set[Pair] = set()
        self._open: list[str] = []

    def judge_halts(self, state: State) -> None:
        """Assert that a halt which was confirmed has outlived the process, or the day."""
        for account, position in self._held.items():
            if self._resumed.get(account, 0) > position:
                continue
            holder = state.account(account) if account else state  # type: ignore[arg-type]
            found = holder.state if account else state.trading_state  # type: ignore[union-attr]
            assert found is not TradingState.ACTIVE, f"a halt of {account or 'all'} was forgotten"
            self.judged["halts kept"] += 1

    # What comes in

    def arrive(self, number: int, now_ns: int, message: Message | None = None) -> int:
        """Note that the inbox gave ``number``, which counts, to what came in now; return its place in the run."""
        assert number > self._newest, "the inbox does not count what comes in"
        self._newest = number
        self._position += 1
        self._positions[number] = self._position
        self._came_ns[number] = now_ns
        if message is not None:
            self._messages[self._position] = message
        return self._position

    def confirm(self, position: int) -> None:
        """Note that whoever sent what came in at ``position`` was told that it is on disk and accepted."""
        for cancel in self.cancels:
            if cancel.position == position and not cancel.own:  # One that waited had its receipt long ago.
                cancel.durable = True

    def confirm_halt(self, account: str, position: int) -> None:
        self._held[account] = max(position, self._held.get(account, 0))

    def resume(self, account: str, position: int) -> None:
        self._resumed[account] = position

    # Around each decision

    def before(self, event: ev.Event, now_ns: int, state: State) -> None:
        self._fresh, self._now_ns = [], now_ns
        match event:
            case ev.SignalReceived():
                first = event.signal.items[0]
                if first.verb is Verb.CANCEL and first.at_ns is None:
                    self._expect_signal_cancels(event, event.signal)
                else:
                    self._closed = closed_pairs(state)
            case ev.InstructionDue():
                self._expect_due(event, state)
            case ev.CancelRequested():
                self._expect_request(event, state)
            case ev.HaltRequested():
                self._halts[event.account or ""] += 1
                if event.cancel_open:
                    self._expect(event.arrival, self._reach(event.account, state), EVERY_SYMBOL, SideScope.ALL)
            case ev.DayBegan():
                self._open = [
                    order.client_order_id
                    for order in state.orders
                    if not order.answered_ns and order.status in UNANSWERED and order.client_order_id in self.handed
                ]

    def _note_waiting(self, event: ev.Event, outputs: list[out.Output]) -> None:
        """Note which message an instruction that is queued belongs to; one that follows an order, whose that was."""
        name = ""
        for each in outputs:
            if isinstance(each, out.InstructionDone | out.InstructionDropped):
                self.ended.add((each.seq, each.number))
            if isinstance(each, out.ChaseEnded):
                name = each.client_order_id
            elif isinstance(each, out.InstructionQueued):
                key = each.timed.seq, each.timed.number
                if isinstance(event, ev.SignalReceived):
                    position = self._positions[event.arrival]
                    self.waiting[key] = position, self._messages[position]
                else:
                    decision = self._decision(name)
                    assert decision is not None, f"followed up, and never handed over: {name}"
                    self.waiting[key] = decision.position, decision.message
                    self.judged["orders followed up"] += 1

    def _expect_due(self, event: ev.InstructionDue, state: State) -> None:
        """Take the scope of a cancel whose time has come: what has been decided by now."""
        timed = state.timed[event.seq, event.number]
        assert timed.due_ns <= self._now_ns, f"carried out before its time: {timed}"
        self._closed = closed_pairs(state)
        if timed.verb is Verb.CANCEL:
            known = [place for number, place in self._positions.items() if number <= state.arrival]
            position = max(known, default=self._first) + 1
            side = timed.item.side or SideScope.ALL
            own, _ = self.waiting[event.seq, event.number]
            cancel = Cancel(position, frozenset(timed.accounts), timed.item.symbol, side, "")
            cancel.own = own
            self._venue.tick += 1
            cancel.tick, cancel.steps = self._venue.tick, self.steps
            cancel.received_ns = cancel.decided_ns = self._now_ns
            self.cancels.append(cancel)
            self._fresh.append(cancel)

    def _judge_due(self, event: ev.InstructionDue, outputs: list[out.Output], state: State) -> None:
        if self._fresh:
            self._judge_at_once(outputs, state)
            self.judged["cancels at their time"] += 1
            return
        position, message = self.waiting[event.seq, event.number]
        for order in outputs:
            if isinstance(order, out.SubmitOrder):
                self._judge_decided(order, position, message, state, waited=True)
                decision = Decision(order, position, message, self._halts_of(order.account), waited=True)
                self._decided[order.client_order_id] = decision
                self.judged["orders at their time"] += 1

    def unsettle(self) -> None:
        """Note that the clocks have moved against each other: nothing is sent before a list has come."""
        self._unsettled = set(self._limits)
        self.judged["clock steps"] += 1

    def after(self, event: ev.Event, outputs: list[out.Output], state: State) -> None:
        self._note_waiting(event, outputs)
        match event:
            case ev.SignalReceived():
                self._judge_signal(event, outputs, state)
            case ev.InstructionDue():
                self._judge_due(event, outputs, state)
            case ev.CancelRequested() | ev.HaltRequested():
                self._judge_at_once(outputs, state)
            case ev.BrokerListed():
                self._judge_list(event, outputs, state)
            case ev.DayBegan():
                (opened,) = [each for each in outputs if isinstance(each, out.DayOpened)]
                carried = {order.client_order_id for order in opened.unresolved}
                for name in self._open:
                    assert name in carried, f"handed over, never answered, and forgotten overnight: {name}"
                    self.judged["unanswered overnight"] += 1
                self.judge_halts(state)

    # Cancels

    def _expect(self, arrival: int, accounts: frozenset[str], symbol: str, side: SideScope, name: str = "") -> None:
        cancel = Cancel(self._positions[arrival], accounts, symbol, side, name)
        self._venue.tick += 1
        cancel.tick = self._venue.tick
        cancel.steps = self.steps
        cancel.received_ns, cancel.decided_ns = self._came_ns[arrival], self._now_ns
        self.cancels.append(cancel)
        self._fresh.append(cancel)

    def _expect_signal_cancels(self, event: ev.SignalReceived, signal: Signal) -> None:
        for item in signal.items:
            named = self._limits if "*" in item.accounts else item.accounts
            accounts = frozenset(each for each in named if each in self._limits)
            self._expect(event.arrival, accounts, item.symbol, item.side or SideScope.ALL)

    def _expect_request(self, event: ev.CancelRequested, state: State) -> None:
        if not event.order_id:
            self._expect(event.arrival, self._reach(event.account, state), event.symbol or EVERY_SYMBOL, event.side)
            return
        live = [state.order(name) for account in state.accounts.values() for name in account.live]
        meant = [each for each in live if each.client_order_id == event.order_id]
        meant = meant or [each for each in live if event.order_id in (each.broker_order_id, each.venue_order_id)]
        if len(meant) == 1:
            self._expect(event.arrival, frozenset(), "", SideScope.ALL, meant[0].client_order_id)

    @staticmethod
    def _reach(account: str | None, state: State) -> frozenset[str]:
        known = frozenset(state.accounts)  # Nothing is cancelled in an account that nobody has configured.
        return known if account is None else known & {account}

    def _judge_at_once(self, outputs: list[out.Output], state: State) -> None:
        """Assert that a cancel has left for everything in its reach that can be named, or is registered for later."""
        sent: set[str] = set()
        for each in outputs:
            if isinstance(each, out.CancelOrder) and (each.attempt or each.not_before_ns):
                sent.add(each.client_order_id)
                self.judged["cancels registered for later"] += bool(each.not_before_ns)
        for cancel in self._fresh:
            for account in state.accounts.values():
                for order in map(state.order, account.live):
                    decision = self._decision(order.client_order_id)
                    if decision is None or not (order.broker_order_id or order.venue_order_id):
                        continue
                    if cancel.covers(order.client_order_id, decision.position, order.account, order.symbol, order.side):
                        assert order.client_order_id in sent, f"not cancelled at once: {order}"
                        self.judged["cancels at once"] += 1

    def _decision(self, name: str) -> Decision | None:
        return self.handed.get(name) or self._decided.get(name)

    def cancelling(self, command: out.CancelOrder, settings: EngineSettings, now_ns: int) -> None:
        """Assert that somebody has asked for the cancel that leaves, after its order came in, and that it may."""
        phase = phase_of(settings.no_cancel, command.symbol, day_of(now_ns), now_ns)
        assert phase is None or self.steps, f"a cancel leaves although none is taken: {command}"
        name = command.client_order_id
        own = self.handed.get(name)
        if own is not None and own.order.cancel_at_ns and (own.order.cancel_at_ns <= now_ns or self.steps):
            self.judged["cancels of their own"] += 1
            return
        order = self._venue.orders.get(key_of(command))
        decision = self.handed.get(name)
        for cancel in self.cancels:
            if decision is not None:
                made = decision.order
                if cancel.covers(name, decision.position, made.account, made.symbol, made.side):
                    break
            elif order is not None and (cancel.name == name or self._covers_row(cancel, order)):
                break
        else:
            raise AssertionError(f"cancelled, and nobody had asked for it: {command}")
        self.judged["cancels handed over"] += 1

    def _covers_row(self, cancel: Cancel, order: VenueOrder) -> bool:
        """Tell whether the counter's ``order`` was there when ``cancel`` was decided, or came at that very instant."""
        row = order.row
        there = order.placed_tick < cancel.tick or row.ordered_ns <= cancel.decided_ns or self.steps
        return bool(there) and cancel.reaches(order.account, row.symbol, row.side)

    def must_be_over(self, order: VenueOrder, now_ns: int) -> bool:
        """Tell whether its own time, or a cancel that is on disk, wants ``order``, one of today, to be over."""
        row = order.row
        own_ns = self.handed[order.name].order.cancel_at_ns if order.name else 0
        if own_ns and own_ns < now_ns and not self.steps:
            return True
        for cancel in self.cancels:
            if not cancel.durable:
                continue
            if order.name:
                position = self.handed[order.name].position
                if cancel.covers(order.name, position, order.account, row.symbol, row.side):
                    return True
            elif (
                cancel.received_ns > row.ordered_ns
                and cancel.steps == self.steps == 0
                and not cancel.name
                and self._covers_row(cancel, order)
            ):
                return True
        return False

    # Orders

    def _judge_signal(self, event: ev.SignalReceived, outputs: list[out.Output], state: State) -> None:
        if self._fresh:
            answer = outputs[-1]
            assert isinstance(answer, out.SignalAnswered)
            if answer.receipt.status is SignalStatus.ACCEPTED:
                self._judge_at_once(outputs, state)
            else:
                self.cancels = [each for each in self.cancels if each not in self._fresh]
            return
        position = self._positions[event.arrival]
        for order in outputs:
            if isinstance(order, out.SubmitOrder):
                self._judge_decided(order, position, self._messages[position], state)
                decision = Decision(order, position, self._messages[position], self._halts_of(order.account))
                self._decided[order.client_order_id] = decision

    def _judge_decided(
        self, order: out.SubmitOrder, position: int, message: Message, state: State, *, waited: bool = False
    ) -> None:
        limit = self._limits.get(order.account)
        assert limit is not None, f"an order for an account that is not configured: {order}"
        assert notional(order.price, order.quantity) <= limit, f"beyond the limit of this start: {order}"
        pair = order.account, order.symbol, order.side
        assert pair not in self._closed, f"an order beside an unknown one: {order}"
        assert order.account not in self._unsettled, f"an order before the clock is settled: {order}"
        for trading in (state.trading_state, state.account(order.account).state):
            halted = trading is TradingState.HALTED
            assert not halted, f"an order while halted: {order}"
            assert trading is TradingState.ACTIVE or order.side is Side.SELL, f"a buy while reducing: {order}"
        if message.target is not None:
            self._judge_target(order, message.target, state)
        before = None if message.key else self._nameless.get((order.account, message.payload))
        again = before is not None and state.now_ns <= before.deadline_ns
        assert not again, f"a repeat without an id was carried out: {order}"
        overtaken = self._overtaken(order, position, waited=waited)
        assert not overtaken, f"decided behind a later cancel: {order}"
        self.judged["orders decided"] += 1

    def _judge_target(self, order: out.SubmitOrder, target: int, state: State) -> None:
        """Assert that what is held and worked for, this order included, does not go past the target."""
        account = state.account(order.account)
        held = account.positions.get(order.symbol)
        total = held.quantity if held is not None else 0
        for each in map(state.order, account.live):
            if each.symbol == order.symbol:
                leaves = each.quantity - each.filled_quantity
                total += leaves if each.side is Side.BUY else -leaves
        past = total > target if order.side is Side.BUY else total < target
        assert not past, f"past its target of {target}: {total} with {order}"
        self.judged["targets"] += 1

    def _overtaken(self, order: out.SubmitOrder, position: int, *, waited: bool) -> bool:
        return any(
            each.covers(order.client_order_id, position, order.account, order.symbol, order.side)
            for each in self.cancels
            # One that died with its process before it was told to be on disk may have been lost, and binds nobody.
            if each.position > position and (each.durable or each.position > self._first)
            if not (waited and 0 < each.own < position)
        )

    def _halts_of(self, account: str) -> int:
        return self._halts[""] + self._halts[account]

    def handing(self, order: out.SubmitOrder, now_ns: int) -> None:
        """Assert that ``order`` may leave at this instant, and that it never left before."""
        name = order.client_order_id
        decision = self._decided.get(name)
        assert decision is not None, f"an order left that this process has not decided: {order}"
        assert name not in self.handed, f"an order left twice: {order}"
        assert now_ns <= order.deadline_ns, f"an order left after its deadline: {order}"
        assert decision.halts == self._halts_of(order.account), f"an order left after a halt: {order}"
        assert not self._overtaken(order, decision.position, waited=decision.waited), (
            f"an order left after its cancel: {order}"
        )
        before = self._pairs.get((id(decision.message), order.account), [])
        assert len(before) <= decision.message.chase, f"more orders of one message in one account than it asks: {order}"
        for earlier in before:
            there = next((each for each in self._venue.orders.values() if each.name == earlier), None)
            over = there is not None and there.row.status in ENDS
            assert over, f"followed up, and what it follows may still fill: {earlier}"
        self.judged["orders handed over"] += 1

    def left(self, order: out.SubmitOrder) -> None:
        """Note that ``order`` may have left."""
        decision = self._decided[order.client_order_id]
        self.handed[order.client_order_id] = decision
        self._pairs.setdefault((id(decision.message), order.account), []).append(order.client_order_id)
        if not decision.message.key:
            self._nameless[order.account, decision.message.payload] = order

    def chased(self) -> Iterator[tuple[Message, list[str]]]:
        """Yield each message that may be chased with the orders that have left for it, account by account."""
        messages = {id(decision.message): decision.message for decision in self.handed.values()}
        for (message, _), names in self._pairs.items():
            if messages[message].chase:
                yield messages[message], names

    # Lists

    def _judge_list(self, event: ev.BrokerListed, outputs: list[out.Output], state: State) -> None:
        good = event.alive and event.complete and event.session == state.account(event.account).session
        lists = self._lists.setdefault(event.account, [])
        if good:
            self._unsettled.discard(event.account)
            lists.append((event.session, self.asked[event.account, event.asked_ns], event.asked_ns))
        for ended in outputs:
            if not isinstance(ended, out.OrderEnded) or ended.status is not OrderStatus.NOT_SENT:
                continue
            name = ended.client_order_id
            assert good, f"settled by a list that proves nothing: {name}"
            assert name not in self._venue.seen, f"settled, and the venue has it: {name}"
            order = state.order(name)
            instants = [at for session, at, wall in lists if session > order.session and wall > order.deadline_ns]
            assert len(instants) >= 2, f"settled by fewer than two lists: {name}"
            assert instants[-1] - instants[0] >= SETTLE_NS, f"settled by lists too close together: {name}"
            self.judged["unknowns settled"] += 1
