"""One life of the real engine, with everything that it decides about orders held against the judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

from msgspec.structs import replace

from qmt_trading.codec import state_snapshot
from qmt_trading.codec.journal_record import Record, decode_turn, encode_turn
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.snapshot import capture, restore
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import EVERY_SYMBOL, Quote, Symbol
from qmt_trading.model.reasons import Reason
from qmt_trading.model.receipt import OrderLine
from qmt_trading.model.settings import DoorSettings
from qmt_trading.model.signal import AccountId, Item, Signal, Size, SizeKind
from qmt_trading.model.words import BareAction, Mode, SideScope, SignalForm, TradingState, Verb
from tests.gate.facts import Facts, Placed, Queued, Taken
from tests.gate.generator import DAY, Premises
from tests.gate.losses import steps_due
from tests.gate.model import Answer, Asked, judge
from tests.gate.telling import tell_event, tell_outputs

MEANINGS = {BareAction.BUY: Verb.BUY, BareAction.SELL: Verb.SELL, BareAction.CANCEL: Verb.CANCEL}
NO_LIMIT = {
    Reason.NOTHING_TO_CANCEL,
    Reason.CANCEL_PACED,
    Reason.WAITING_DROPPED,
    Reason.DOOR_ACCOUNT_FORBIDDEN,
    Reason.DOOR_FORBIDS,
}
"""What may stand beside a cancel: none of it is a limit."""


class DifferenceError(AssertionError):
    """The engine and the judge do not say the same."""


class World:
    """An engine, its journal, and the facts as the judge has them."""

    def __init__(self, seed: int) -> None:
        self.premises = Premises(seed)
        self.now_ns = self.premises.start_ns
        self.settings = self.premises.settings
        self.facts = Facts(self.settings, DAY)
        self.engine = Engine()
        self.records: list[Record] = []
        self.sessions: dict[AccountId, int] = {}
        self.arrival = 0
        self.number = 0
        self.fills: list[tuple[AccountId, ev.FillRow]] = []
        """Those that the broker has told so far."""
        self.counts: Counter[str] = Counter()
        accounts = self.premises.accounts
        for event in (ev.JournalBound(1, Mode.PAPER, "GATES", accounts), ev.EngineStarted("test", self.settings)):
            self.feed(event)
        self.feed(ev.DayBegan(DAY))

    # Events

    def feed(self, event: ev.Event, *, recorded: bool = True) -> list[out.Output]:
        """Let the engine handle what decides no order, and check what follows all the same."""
        tell_event(self.facts, event)
        if isinstance(event, ev.FillReported):
            self.fills.append((event.account, event.row))
        looks = isinstance(event, ev.PositionsMarked | ev.LimitRequested | ev.LimitsConfirmed)
        expected = steps_due(self.facts) if looks else {}
        outputs = self._handle(event, recorded=recorded)
        changes = {each.account: each.state for each in outputs if isinstance(each, out.TradingStateChanged)}
        if looks:
            self._same("states after the day's loss", changes, expected)
            self.counts.update(f"DAILY_LOSS {state.value}" for state in changes.values())
        tell_outputs(self.facts, outputs, self.now_ns)
        self._check_queue()
        return outputs

    def restart(self, rng: Random, *, from_records: bool = False) -> None:
        """Begin a new process: the state is folded from the records, or from a snapshot of it."""
        if from_records or rng.random() < 0.5:
            self.engine = Engine()
            for record in decode_turn(encode_turn(self.records)):
                self.engine.fold(record)
        else:
            payload = b"\n".join(state_snapshot.encode_parts(capture(self.engine.state)))
            self.engine = Engine(restore(state_snapshot.decode(payload)))
        self.feed(ev.EngineStarted("test", self.settings))

    def arrives(self) -> int:
        self.arrival += 1
        return self.arrival

    def _handle(self, event: ev.Event, *, recorded: bool = True) -> list[out.Output]:
        outputs = self.engine.handle(event, self.now_ns)
        if recorded:
            self.records += [ev.At(self.now_ns), event, *outputs]
        return outputs

    # Messages

    def signal(self, door: str, items: tuple[Item, ...], quotes: tuple[Quote, ...], late_ns: int, arrival: int) -> None:
        """Send one message in, and hold each line of its receipt against the judge."""
        seq, received_ns = self.engine.state.signal_seq + 1, self.now_ns - late_ns
        has_id = bool(seq % 3)
        signal = Signal(SignalForm.TEXT, items, id=f"gate/{seq}" if has_id else "", content=str(seq))
        event = ev.SignalReceived(seq, door, received_ns, "…", signal, quotes, None, arrival)
        tell_event(self.facts, event)
        outputs = self._handle(event)
        receipt = next(each.receipt for each in outputs if isinstance(each, out.SignalAnswered))
        lines = list(receipt.orders)
        settings = next(each for each in self.settings.doors if each.name == door)
        by_symbol = {quote.symbol: quote for quote in quotes}
        for item in items:
            for account in self._accounts(item):
                asked = self.asked(settings, item, account, by_symbol.get(item.symbol), seq, received_ns, arrival)
                self._compare(asked, lines, outputs)
        self._same("lines left over", lines, [])
        denials = [line.denial.reason for line in receipt.orders if line.denial is not None]
        self.facts.wanted += [self.now_ns] * denials.count(Reason.ORDER_RATE_EXCEEDED)
        self._check_brake(outputs)
        self.counts["messages"] += 1

    def asked(
        self,
        door: DoorSettings,
        item: Item,
        account: AccountId,
        quote: Quote | None,
        seq: int,
        received_ns: int,
        arrival: int,
    ) -> Asked:
        """Return what one item of message ``seq`` asks of one account."""
        verb = MEANINGS[door.bare] if item.verb is Verb.BARE else item.verb
        ttl_ns = door.ttl_ns if item.ttl_ns is None else item.ttl_ns
        deadline_ns = received_ns + ttl_ns
        return Asked(
            self.now_ns, item, verb, account, door, quote, seq, arrival, deadline_ns, ttl_ns, has_id=bool(seq % 3)
        )

    def cancel(self, door: str, item: Item) -> None:
        """Send a cancel in: no limit may stand in its way."""
        seq, arrival = self.engine.state.signal_seq + 1, self.arrives()
        signal = Signal(SignalForm.TEXT, (item,), content=str(seq))
        outputs = self.feed(ev.SignalReceived(seq, door, self.now_ns, "…", signal, (), None, arrival))
        receipt = next(each.receipt for each in outputs if isinstance(each, out.SignalAnswered))
        reasons = {line.denial.reason for line in receipt.cancels if line.denial is not None}
        self._same("reasons that hold a cancel back", reasons - NO_LIMIT, set())
        self.counts["cancels"] += 1

    def due(self, rng: Random) -> None:
        """Let the engine do what it is time for, orders whose turn has come included."""
        for _ in range(50):
            due_ns = self.engine.next_due_ns()
            if not due_ns or due_ns > self.now_ns:
                break
            self.feed(ev.DeadlineReached())
            for waiting in self.engine.take_due(self.now_ns):
                quote = self.premises.a_quote(rng, waiting.item.symbol, self.now_ns)
                event = ev.InstructionDue(waiting.seq, waiting.number, (quote,), waiting.accounts)
                tell_event(self.facts, event)
                outputs = self._handle(event)
                lines = [line for each in outputs if isinstance(each, out.InstructionDone) for line in each.orders]
                for account in waiting.accounts:
                    self._come_out(waiting.seq, waiting.number, account, quote, lines, outputs)
                self._same("lines left over", lines, [])
                self._check_brake(outputs)

    def _come_out(
        self,
        seq: int,
        number: int,
        account: AccountId,
        quote: Quote,
        lines: list[OrderLine],
        outputs: Sequence[out.Output],
    ) -> None:
        name = seq, number, account
        mine = [each for each in self.facts.queue if each.name == name]
        if not mine:
            raise DifferenceError(f"{seq}.{number} of {account} was decided, and does not wait")
        (queued,) = mine
        self.facts.queue.remove(queued)
        assert isinstance(queued.asked, Asked)
        if self.now_ns < queued.place.at_ns:
            raise DifferenceError(f"{seq}.{number} left {queued.place.at_ns - self.now_ns} ns before its turn")
        place = queued.place if queued.paced else None
        asked = queued.asked._replace(now_ns=self.now_ns, quote=quote, place=place, waited=True)
        self._compare(asked, lines, outputs)
        self.counts["came out of the queue"] += 1

    def _accounts(self, item: Item) -> list[AccountId]:
        everybody = [each.account for each in self.settings.accounts]
        found: dict[AccountId, None] = {}
        for word in item.accounts:
            for number in everybody if word in ("*", "@all") else [AccountId(word)]:
                found[number] = None
        return list(found)

    # What the two say

    def _compare(self, asked: Asked, lines: list[OrderLine], outputs: Sequence[out.Output]) -> None:
        answer = judge(self.facts, asked)
        self.counts["order lines"] += 1
        if not lines:
            raise DifferenceError(f"no line is left for {asked}")
        line = lines.pop(0)
        self._same("account and symbol", (line.account, line.symbol), (asked.account, asked.item.symbol))
        if answer.denials:
            self._refused(answer, line)
            return
        for reason in {each.reason for each in answer.refusals}:
            self.counts[f"at the edge: {reason.value}"] += 1
        if answer.turn is not None and answer.turn.at_ns > self.now_ns:
            self._queued(asked, answer, line, outputs)
        else:
            self._passed(asked, answer, [line, *(lines.pop(0) for _ in answer.parts[1:] if lines)], outputs)

    def _refused(self, answer: Answer, line: OrderLine) -> None:
        first = answer.denials[0]
        said = (line.denial.reason, line.denial.figures) if line.denial is not None else None
        self.counts[f"refused: {first.reason.value}"] += 1
        equals = [each for each in answer.denials if each.any_of and each.any_of == first.any_of] or [first]
        if said not in [(each.reason, each.figures) for each in equals]:
            every = [(each.reason.value, each.figures) for each in answer.denials]
            raise DifferenceError(f"the engine says {said or 'yes'}, the judge {every}")

    def _queued(self, asked: Asked, answer: Answer, line: OrderLine, outputs: Sequence[out.Output]) -> None:
        assert answer.turn is not None
        assert answer.side is not None
        held = answer.turn.at_ns == answer.held_until_ns
        self._same("reason", line.denial and line.denial.reason, Reason.WAITS if held else Reason.PACED)
        known = {(each.place.seq, each.number) for each in self.facts.queue}
        waiting = [
            each.timed
            for each in outputs
            if isinstance(each, out.InstructionQueued)
            and asked.account in each.timed.accounts
            and each.timed.item.symbol == asked.item.symbol
            and (each.timed.seq, each.timed.number) not in known
        ]
        self._same("how many wait", len(waiting), 1)
        self._same("its turn", waiting[0].due_ns, answer.turn.at_ns)
        place = Taken(answer.turn.at_ns, asked.account, asked.door.name, asked.item.strategy, asked.seq)
        if asked.place is None and not held:
            self.facts.wanted += [self.now_ns] * len(answer.parts)
        symbol = asked.item.symbol
        of_shares = asked.verb in (Verb.BUY, Verb.SELL)
        if of_shares:
            asked = asked._replace(item=replace(asked.item, size=Size(SizeKind.SHARES, answer.quantity)))
        self.facts.claimed += [place] * len(answer.parts)
        if answer.key:
            self.facts.repeats.append((answer.key, answer.deadline_ns))
        self.facts.queue.append(
            Queued(
                place,
                waiting[0].number,
                symbol,
                answer.side,
                answer.quantity,
                asked.arrival,
                asked._replace(deadline_ns=answer.deadline_ns, has_id=True),
                len(answer.parts),
                of_shares,
                not held,
            )
        )
        self.counts["queued"] += 1

    def _passed(self, asked: Asked, answer: Answer, lines: list[OrderLine], outputs: Sequence[out.Output]) -> None:
        said = [(each.denial, each.side, each.quantity, each.price) for each in lines]
        expected = [(None, answer.side, part, answer.price) for part in answer.parts]
        if said != expected:
            raise DifferenceError(f"the engine says {said}, the judge {expected}")
        by_name = {each.client_order_id: each for each in outputs if isinstance(each, out.SubmitOrder)}
        submits = [by_name[each.client_order_id] for each in lines]  # type: ignore[index]
        self._same("cash that is frozen", sum(each.reserved for each in submits), answer.needed)
        for each in submits:
            self.facts.orders.append(
                Placed(
                    each.client_order_id,
                    asked.account,
                    each.symbol,
                    each.side,
                    each.quantity,
                    each.price,
                    self.now_ns,
                    asked.door.name,
                    asked.item.strategy,
                    asked.seq,
                    bare=asked.item.verb is Verb.BARE,
                    repeat_key=answer.key,
                    deadline_ns=asked.deadline_ns,
                )
            )
            left = Taken(self.now_ns, asked.account, asked.door.name, asked.item.strategy, asked.seq)
            self.facts.left.append(left)
            self.facts.taken.append(left)
            if asked.place is None:
                self.facts.wanted.append(self.now_ns)
        self.counts["passed"] += 1

    def _check_brake(self, outputs: Sequence[out.Output]) -> None:
        """A loop upstream halts everything."""
        minute_ns = 60_000_000_000
        wanted = sum(each // minute_ns == self.now_ns // minute_ns for each in self.facts.wanted)
        brakes = wanted >= self.settings.submits_per_minute_max and self.facts.state(None) is not TradingState.HALTED
        changes = [each.state for each in outputs if isinstance(each, out.TradingStateChanged) and not each.account]
        self._same("the brake against loops", changes, [TradingState.HALTED] * brakes)
        self.counts["brakes against loops"] += brakes
        tell_outputs(self.facts, outputs, self.now_ns)

    def _check_queue(self) -> None:
        """A cancel has dropped what came before it and waits."""
        for each in self.facts.queue:
            for mark in self.facts.marks:
                covers = mark.symbol in (each.symbol, EVERY_SYMBOL) and mark.side in (
                    SideScope.ALL,
                    SideScope(each.side.value),
                )
                if mark.account == each.place.account and covers and mark.arrival > each.arrival:
                    raise DifferenceError(f"{each} waits although {mark} came after it")

    def _same(self, what: str, said: object, expected: object) -> None:
        if said != expected:
            raise DifferenceError(f"{what}: the engine says {said}, the judge {expected}")


def quotes_for(world: World, rng: Random, items: Sequence[Item]) -> tuple[Quote, ...]:
    """Return the market of what is traded; now and then a symbol is not known."""
    symbols: dict[Symbol, None] = dict.fromkeys(item.symbol for item in items)
    return tuple(world.premises.a_quote(rng, each, world.now_ns) for each in symbols if rng.random() > 0.01)
