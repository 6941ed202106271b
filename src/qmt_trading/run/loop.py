"""The loop: one batch from the inbox to the engine, the journal and the brokers. Start reading here.

Whoever decides holds ``_deciding``. The loop's thread decides batches and commits them with the lock released, so that
the control thread can decide a halt or a cancel while a slow disk holds a commit up; its records go with the next one.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from qmt_trading.codec.journal_record import Record, encode_turn, seal
from qmt_trading.codec.receipt_json import encode as encode_receipt
from qmt_trading.codec.receipt_json import encode_malformed
from qmt_trading.codec.written_id import written_id
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.fold import signal_key
from qmt_trading.engine.snapshot import capture
from qmt_trading.engine.state import State
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.errors import JournalError
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS
from qmt_trading.model.receipt import Receipt
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId, Malformed
from qmt_trading.model.snapshot import Snapshot
from qmt_trading.model.view import View
from qmt_trading.ports import Broker, Clock, Closing, Journal, MarketFeed, Reply, StoredTurn
from qmt_trading.run.batch import Batch, Decided, closing_of
from qmt_trading.run.clock import StepWatch
from qmt_trading.run.hand_over import HandOver
from qmt_trading.run.inbox import Arrival, Ask, Inbox, as_malformed_event
from qmt_trading.run.marks import Marks, quotes_for
from qmt_trading.run.receipts import undurable

EVENTS_MAX: Final = 256
OUTPUTS_MAX: Final = 1000
COMMIT_OVERDUE_NS: Final = 2 * SECOND_NS
LAZY_WAIT_NS: Final = 50 * MILLISECOND_NS
PUBLISH_EVERY_NS: Final = 20 * MILLISECOND_NS
REPORTS_WAIT_NS: Final = 5 * MILLISECOND_NS
"""How long what brokers told may wait for the commit of a signal's turn, to share its sync: a crash within that time
costs a question to the broker. Whatever somebody waits for is committed at once."""
DECIDING_MAX_NS: Final = 20 * MILLISECOND_NS
"""A batch ends after so long: a halt waits for no more than that and one event, be it a list of ten thousand orders."""


class Loop:
    """Carries events through the engine. ``turn`` is for one thread, ``control_turn`` for one other.

    ``decide_control`` is for any.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        inbox: Inbox,
        journal: Journal,
        broker_of: Callable[[AccountId], Broker | None],
        feed: MarketFeed,
        clock: Clock,
        trading_day: Callable[[int], dt.date],
        day_after: Callable[[int], dt.date | None] = lambda now_ns: None,
        actions_told: Callable[[State], ev.CorporateActionsTold | None] = lambda state: None,
        settings_of: Callable[[dt.date], EngineSettings | None] = lambda day: None,
        head: tuple[int, bytes],
        observe: Callable[[Sequence[Record]], None],
        heed: Callable[[ev.Request, bool], None] = lambda request, on_disk: None,
    ) -> None:
        """Take the parts; ``day_after`` gives the next trading day once this one's trading is over, else None.

        ``settings_of`` gives what is to hold from a day on, None where nothing has changed.
        ``actions_told`` gives what is known of the ex-days up to the state's day, None where it is no news.
        ``observe`` is told the records of each turn, ``heed`` each person's request after its turn
        and whether it is on disk.
        """
        self._engine = engine
        self._inbox = inbox
        self._journal = journal
        self._broker_of = broker_of
        self._feed = feed
        self._marks = Marks(feed)
        self._clock = clock
        self._trading_day = trading_day
        self._day_after = day_after
        self._actions_told = actions_told
        self._settings_of = settings_of
        self._number, self._seal = head
        self._observe = observe
        self._heed = heed
        self._hand_over = HandOver(engine, inbox, clock, broker_of)
        self._deciding = threading.Lock()
        self._pending = Batch([], [], [], [], [], [])
        self._at_ns = 0
        self._steps = StepWatch()
        self._unindexed: dict[str, ev.KnownSignal] = {}
        """First receipts of a day that was closed, until the turn that closed it is on disk."""
        self._closed = ""
        self._commit_began_ns = 0
        self._in_hand = False
        """What was decided is on its way to disk: the state is ahead of ``_number`` and ``_seal``."""
        self._committed_ns = 0
        self._durable_seq = engine.state.signal_seq
        self._pending_since_ns = 0
        self._published_ns = 0
        self._unpublished = True
        self._view: View = engine.view()
        self.deciding_on: ev.Event | None = None
        """The event in the engine's hands: what it died of, if it dies."""

    def begin(self, bound: ev.JournalBound, version: str, settings: EngineSettings, *, safe: str = "") -> None:
        """Take the start of this process on record; the first turn commits it. A fresh journal is bound by it.

        Args:
            safe: why this start is for cancelling only; empty: it is not.
        """
        with self._deciding:
            now_ns = self._now_ns()
            self._steps.step_ns(wall_ns=now_ns, steady_ns=self._clock.steady_ns())  # From here on no step is missed.
            if self._engine.state.bound is None:
                self._handle(bound, now_ns)
            self._handle(ev.EngineStarted(version, settings, bool(safe), safe), now_ns)
            if not self._advance_day(now_ns, now_ns):
                self._tell_actions(now_ns)  # The file may know more than when the day was opened.
            self._view = self._engine.view()  # The recovered one shows links that died with the last process.

    # What others may ask

    @property
    def view(self) -> View:
        """The newest published view."""
        return self._view

    @property
    def head(self) -> tuple[int, bytes]:
        """The number and seal of the last committed turn."""
        return self._number, self._seal

    @property
    def closed(self) -> str:
        """Why the journal takes nothing more in this process; empty while it does."""
        return self._closed

    def idle_wait_ns(self) -> int:
        """Return how long the loop may sleep when nothing arrives, at most a second."""
        now_ns = self._clock.now_ns()
        with self._deciding:
            due_ns = self._engine.next_due_ns()
        wait_ns = SECOND_NS
        if due_ns:
            wait_ns = min(wait_ns, due_ns - now_ns)
        if self._inbox.lazy or self._unpublished:
            wait_ns = min(wait_ns, LAZY_WAIT_NS)
        if self._pending.records:
            wait_ns = min(wait_ns, REPORTS_WAIT_NS - (self._clock.steady_ns() - self._pending_since_ns))
        return max(wait_ns, 0)

    def has_work(self) -> bool:
        """Tell whether a turn would find something that has arrived, or that somebody waits for."""
        return bool(self._inbox.reports or self._inbox.signals or self._pending.is_awaited())

    def has_pending(self) -> bool:
        """Tell whether something decided is not on disk yet."""
        return bool(self._pending.records)

    def capture(self) -> tuple[int, bytes, Snapshot] | None:
        """Return the committed state for a snapshot, or None while something undurable is in it."""
        with self._deciding:
            if self._pending.records or self._in_hand or self._closed:
                return None
            return self._number, self._seal, capture(self._engine.state)

    # One turn

    def turn(self, *, last: bool = False) -> bool:
        """Carry one batch from the inbox to the broker; return whether there was one.

        Args:
            last: nothing will come to share a commit with: what waits for company goes to disk now.
        """
        with self._deciding:
            self._decide_batch()
            batch = self._take_pending(last=last)
            self._in_hand = batch is not None
        if batch is None:
            self._publish(due=not self._pending.records)
            return False
        on_disk = self._commit(batch)
        with self._deciding:
            self._in_hand = False
            self._release(batch.submits, on_disk=on_disk)
        self._tell_requests(batch, on_disk=on_disk)
        self._answer(batch, on_disk=on_disk)
        self._publish(due=self._inbox.is_idle())
        self._observe(batch.records)
        return True

    def control_turn(self) -> bool:
        """Decide what is on the control lane; return whether there was anything.

        When a commit is overdue it also closes the journal and takes the loop's place for everything but the disk.
        """
        found = self.decide_control()
        if self._commit_is_overdue():
            self._close("提交超过 2 秒未完成 / a commit took longer than 2 s")
        if self._closed and self._commit_began_ns:
            found = self._turn_without_disk() or found
        return found

    def decide_control(self) -> bool:
        """Decide what is on the control lane at once, commit or no commit; return whether there was anything.

        For any thread: whoever brings a cancel or a halt decides it, so that it waits for no other thread to wake.
        """
        lane = self._inbox.control
        if not lane:
            return False  # Without the lock: whoever looks for the flag file must not wait for a batch first.
        with self._deciding:
            found = bool(lane)
            now_ns = self._now_ns()
            self._look_at_clocks(now_ns)
            for _ in range(min(len(lane), EVENTS_MAX)):
                item = lane.popleft()
                if isinstance(item, Arrival):
                    self._handle_arrival(item, now_ns)
                else:
                    self._handle_ask(item, now_ns)
        if found:
            self._inbox.loop_wake.set()
        return found

    def _turn_without_disk(self) -> bool:
        with self._deciding:
            self._decide_batch()
            batch = self._take_pending(last=True)
            if batch is not None:
                self._release(batch.submits, on_disk=False)
        if batch is not None:
            self._tell_requests(batch, on_disk=False)
            self._answer(batch, on_disk=False)
            self._observe(batch.records)
        self._publish(due=True)
        return batch is not None

    # Deciding; the lock is held

    def _decide_batch(self) -> None:
        now_ns = self._now_ns()
        self._look_at_clocks(now_ns)
        due_ns = self._engine.next_due_ns()
        if due_ns and due_ns <= now_ns:
            self._handle(ev.DeadlineReached(), now_ns)
            for waiting in self._engine.take_due(now_ns):
                quotes = quotes_for([waiting.item], self._engine, self._feed, now_ns)
                self._handle(ev.InstructionDue(waiting.seq, waiting.number, quotes, waiting.accounts), now_ns)
        marked = self._marks.take(self._engine.state, self._clock.steady_ns(), now_ns)
        if marked is not None:
            self._handle(marked, now_ns)
        inbox, count = self._inbox, 0
        if inbox.lazy and (inbox.reports or inbox.signals or now_ns - inbox.lazy_since_ns > LAZY_WAIT_NS):
            while inbox.lazy:
                self._handle(inbox.lazy.popleft(), now_ns)
        outputs_before = len(self._pending.records)
        until_ns = self._clock.steady_ns() + DECIDING_MAX_NS
        while inbox.reports and count < EVENTS_MAX:
            report = inbox.reports.popleft()
            self._handle(report, now_ns)
            count += 1
            if isinstance(report, ev.BrokerListed) and self._clock.steady_ns() > until_ns:
                return
        while inbox.signals and count < EVENTS_MAX:
            self._handle_arrival(inbox.signals.popleft(), now_ns)
            count += 1
            if len(self._pending.records) - outputs_before > OUTPUTS_MAX or self._clock.steady_ns() > until_ns:
                break

    def _look_at_clocks(self, now_ns: int) -> None:
        """Take a step of the wall clock for what it is; a day that only a step has brought opens a minute later."""
        steady_ns = self._clock.steady_ns()
        step_ns = self._steps.step_ns(wall_ns=now_ns, steady_ns=steady_ns)
        if step_ns:
            self._handle(ev.ClockStepped(step_ns), now_ns)
        self._advance_day(now_ns, self._steps.believed_ns(wall_ns=now_ns, steady_ns=steady_ns))

    def _advance_day(self, now_ns: int, believed_ns: int) -> bool:
        """Open the trading day of ``believed_ns`` before anything of it is decided; return whether there is one."""
        day = self._trading_day(believed_ns)
        closing = self._engine.state.day
        if closing is not None and day <= closing:
            return False
        earlier = self._pending.closing
        made = earlier or Closing((), "")
        if closing is not None:
            made = closing_of(self._engine.state.signals, closing, day, earlier)
        self._handle(ev.DayBegan(day, self._settings_of(day)), now_ns)
        self._pending = self._pending._replace(closing=made)
        for key, _, signal in made.known:
            self._unindexed.setdefault(key, signal)
        self._tell_actions(now_ns)
        return True

    def _tell_actions(self, now_ns: int) -> None:
        told = self._actions_told(self._engine.state)
        if told is not None:
            self._handle(told, now_ns)

    def _handle_ask(self, ask: Ask, now_ns: int) -> None:
        request = ask.request
        if isinstance(request, ev.CancelRequested | ev.HaltRequested):
            request = replace(request, arrival=ask.arrival)
        outputs = self._handle(request, now_ns)
        self._pending.requests.append(request)
        if ask.answer is not None:
            self._pending.answers.append((ask.answer, outputs))

    def _handle_arrival(self, arrival: Arrival, now_ns: int) -> None:
        parsed = arrival.parsed
        if isinstance(parsed, Malformed):
            if arrival.recorded:
                self._handle(as_malformed_event(arrival), now_ns)
            if arrival.reply is not None:
                self._pending.replies.append((arrival.reply, encode_malformed(parsed, written_id(arrival.text))))
            return
        event = ev.SignalReceived(
            self._engine.state.signal_seq + 1,
            arrival.door,
            arrival.received_ns,
            arrival.text,
            parsed,
            quotes_for(parsed.items, self._engine, self._feed, now_ns),
            None,
            arrival.number,
            self._day_after(now_ns) if any(item.at_ns is not None for item in parsed.items) else None,
        )
        key = signal_key(event)
        if key and key not in self._engine.state.ids:
            known = self._known_signal(key, now_ns)
            if known is not None:
                event = replace(event, known=known)
        outputs = self._handle(event, now_ns)
        self._pending.signals.append(event.seq)
        if arrival.reply is not None:
            for output in reversed(outputs):
                if isinstance(output, out.SignalAnswered):
                    self._pending.replies.append((arrival.reply, output.receipt))
                    break

    def _known_signal(self, key: str, now_ns: int) -> ev.KnownSignal | None:
        """Look an id of earlier days up; where that fails nothing more is sent, as it might be a repeat."""
        try:
            # In this order: the index takes over from what is not indexed yet, never the other way round.
            return self._unindexed.get(key) or self._journal.known_signal(key)
        except JournalError as error:
            self._close_held(str(error), now_ns)
            return None

    def _handle(self, event: ev.Event, now_ns: int) -> list[out.Output]:
        """Decide one event, put it and what follows on record, and let cancels and questions go at once."""
        self.deciding_on = event
        state = self._engine.state
        halts_before = state.halts
        outputs = self._engine.handle(event, now_ns)
        self.deciding_on = None
        self._unpublished = True
        records = self._pending.records
        if outputs or not isinstance(event, ev.DeadlineReached):
            if now_ns != self._at_ns or not records:
                if not records:
                    self._pending_since_ns = self._clock.steady_ns()
                records.append(ev.At(now_ns))
                self._at_ns = now_ns
            records.append(event)
            records.extend(outputs)
        for output in outputs:
            if isinstance(output, out.SubmitOrder):
                # A halt that this very event led to concerns its own orders as well.
                halts = self._engine.halts(output.account) - (state.halts - halts_before)
                self._pending.submits.append((output, halts))
            elif isinstance(output, out.CancelOrder):
                # A cancel needs no journal: doubling one is harmless, losing ten milliseconds at 9:19:59 is not.
                broker = self._broker_of(output.account)
                leaves = output.attempt and not output.not_before_ns and not self._engine.observes
                if leaves and broker is not None:
                    broker.cancel(output)
            elif isinstance(output, out.QueryBroker):
                broker = self._broker_of(output.account)
                if broker is not None and not output.later:
                    broker.query(output)
        return outputs

    def _take_pending(self, *, last: bool) -> Batch | None:
        batch = self._pending
        if not batch.is_awaited():
            if not batch.records:
                return None
            waited_ns = self._clock.steady_ns() - self._pending_since_ns
            due = waited_ns >= REPORTS_WAIT_NS or len(batch.records) >= OUTPUTS_MAX
            if not (due or last or self._closed):
                return None
        self._pending = Batch([], [], [], [], [], [])
        return batch._replace(signal_seq=self._engine.state.signal_seq)

    def _now_ns(self) -> int:
        now_ns = self._clock.now_ns()
        if self._at_ns - SECOND_NS < now_ns < self._at_ns:
            return self._at_ns  # Small corrections of the wall clock are waited out; larger ones are an event.
        return now_ns

    # The disk

    def _commit(self, batch: Batch) -> bool:
        """Put the batch on disk; False: closed for submits from now on."""
        if self._closed:
            return False
        if not batch.records:
            return True
        payload = encode_turn(batch.records)
        number = self._number + 1
        turn = StoredTurn(number, payload, seal(self._seal, number, payload))
        self._commit_began_ns = self._clock.steady_ns()
        try:
            self._journal.append(turn, closing=batch.closing)
        except JournalError as error:
            self._close(str(error))
        finally:
            self._commit_began_ns = 0
        if self.closed:
            return False
        self._number, self._seal = number, turn.seal
        if batch.closing is not None:
            self._forget_indexed(batch.closing)
        self._durable_seq = batch.signal_seq
        self._committed_ns = self._clock.now_ns()
        return True

    def _forget_indexed(self, closing: Closing) -> None:
        for key, _, _ in closing.known:
            self._unindexed.pop(key, None)

    def _commit_is_overdue(self) -> bool:
        began_ns = self._commit_began_ns
        return bool(began_ns and not self._closed and self._clock.steady_ns() - began_ns > COMMIT_OVERDUE_NS)

    def _close(self, text: str) -> None:
        with self._deciding:
            self._close_held(text, self._now_ns())

    def _close_held(self, text: str, now_ns: int) -> None:
        if not self._closed:
            self._closed = text
            self._handle(ev.JournalFailed(text), now_ns)

    # After the disk

    def _release(self, submits: list[Decided], *, on_disk: bool) -> None:
        """Hand over what may still leave; the lock is held, so that no halt comes between the look and the call."""
        if submits:
            for withheld in self._hand_over.release(submits, on_disk=on_disk, committed_ns=self._committed_ns):
                self._handle(withheld, self._now_ns())

    def _answer(self, batch: Batch, *, on_disk: bool) -> None:
        told_ways: dict[int, Reply] = {}
        for reply, receipt in batch.replies:
            told_ways[id(reply)] = reply
            if isinstance(receipt, Receipt):
                durable = on_disk or 0 < receipt.seq <= self._durable_seq
                reply(encode_receipt(receipt if durable else undurable(receipt)))
            else:
                reply(receipt)
        for reply in told_ways.values():
            reply.flush()
        for answer, outputs in batch.answers:
            answer(outputs, on_disk)

    def _tell_requests(self, batch: Batch, *, on_disk: bool) -> None:
        for request in batch.requests:
            self._heed(request, on_disk)

    def _publish(self, *, due: bool) -> None:
        if not self._unpublished:
            return
        now_ns = self._clock.steady_ns()
        if not due and now_ns - self._published_ns < PUBLISH_EVERY_NS:
            return
        with self._deciding:
            self._unpublished = False
            self._view = self._engine.view()
        self._published_ns = now_ns
