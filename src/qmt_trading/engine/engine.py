"""The engine: one event in, its outputs out, its state folded on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import assert_never

from msgspec.structs import replace

from qmt_trading.engine import (
    acknowledging,
    alerts,
    brakes,
    cancels,
    corporate,
    day_alerts,
    fold,
    fold_day,
    limit_requests,
    observing,
    requests,
    timed,
)
from qmt_trading.engine.findings import Finding, FindingKind
from qmt_trading.engine.reconciliation import alerts as reconciliation_alerts
from qmt_trading.engine.reconciliation import policy, questions
from qmt_trading.engine.signals import decide_signal
from qmt_trading.engine.state import Account, State
from qmt_trading.engine.transitions import LIVE, UNRESOLVED
from qmt_trading.engine.view import Publisher
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model import shadow
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import EVERY_SYMBOL, Symbol
from qmt_trading.model.numbers import Quantity
from qmt_trading.model.order import ClientOrderId, Order
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId, Item
from qmt_trading.model.timed import Timed
from qmt_trading.model.usage import UsageImage
from qmt_trading.model.view import View
from qmt_trading.model.words import LinkState, OrderStatus, SideScope, TradingState


class Engine:
    """Decides. ``handle`` may be called by one thread at a time; time never runs back for it."""

    def __init__(self, state: State | None = None) -> None:
        self._state = state if state is not None else State()
        self._outputs: list[out.Output] = []
        self._cause: fold.Cause | None = None
        self._publisher = Publisher()

    @property
    def state(self) -> State:
        """What is known; for reading by recovery and tests. Only records change it."""
        return self._state

    def fold(self, record: fold.Record) -> None:
        """Change the state by a record that was decided before. Nothing is decided again."""
        if isinstance(record, ev.SignalReceived):
            self._cause = record
        elif isinstance(record, ev.InstructionDue):
            self._cause = self._state.timed.get((record.seq, record.number))
        fold.apply(self._state, record, self._cause)

    def handle(self, event: ev.Event, now_ns: int) -> list[out.Output]:
        """Fold ``event`` and return what follows from it, already folded, too."""
        self._state.now_ns = now_ns
        outputs: list[out.Output] = []
        self._outputs = outputs
        if isinstance(event, ev.SignalReceived):
            self._cause = event
            fold.apply(self._state, event)
            decide_signal(self._state, event, self._emit)
            brakes.amplification(self._state, self._emit)
            return outputs
        if isinstance(event, ev.InstructionDue):
            self._cause = self._state.timed.get((event.seq, event.number))
            fold.apply(self._state, event)
            timed.decide_due(self._state, event, self._emit)
            brakes.amplification(self._state, self._emit)
            return outputs
        if isinstance(event, ev.MorningAccepted):  # Said of what closes the account before it is opened.
            self._emit(day_alerts.accepted(event, self._state.account(event.account).morning.closed))
        findings = fold.apply(self._state, event)
        self._decide(event)
        if findings:
            self._follow(findings)
        if self._state.chasing:
            timed.follow_up(self._state, self._emit)
        return outputs

    def next_due_ns(self) -> int:
        """Return when the engine wants a DeadlineReached, or an InstructionDue; 0: never, as things stand."""
        state = self._state
        order_ns, timed_ns, question_ns = state.next_due_ns(), state.next_timed_ns(), questions.next_due_ns(state)
        due_ns = min(order_ns, timed_ns) if order_ns and timed_ns else order_ns or timed_ns
        return min(due_ns, question_ns) if due_ns and question_ns else due_ns or question_ns

    def take_due(self, now_ns: int) -> Iterator[Timed]:
        """Yield the instructions that are due now and can be decided: each wants an InstructionDue, before the next."""
        self._state.now_ns = now_ns
        return timed.take_due(self._state)

    def symbols_of(self, item: Item) -> list[Symbol]:
        """Return the symbols whose quotes a decision about ``item`` needs."""
        return timed.symbols_of(self._state, item)

    def halts(self, account: AccountId) -> int:
        """Return how often trading was halted or reduced in this process, as far as ``account`` is concerned."""
        return self._state.halts + self._state.account(account).halts

    def may_release(self, order: out.SubmitOrder, now_ns: int, halts: int) -> str:
        """Return why ``order``, on record, may not leave now; empty when it may.

        The last look before the broker call: what has happened since the decision counts, a halt even when it has been
        taken back since. ``halts`` is what ``halts()`` said when the order was decided.
        """
        state = self._state
        row = state.find_order(order.client_order_id)
        if row is None or row.status is not OrderStatus.PENDING_NEW:
            return "link"
        if now_ns > order.deadline_ns:
            return "deadline"
        if state.submits_closed:
            return state.submits_closed
        account = state.account(order.account)
        if row.cancel_seq:
            return "cancel"
        if state.halts + account.halts != halts:
            return "halt"
        return shadow.CAUSE if self.observes else ""

    @property
    def observes(self) -> bool:
        """Nothing may leave but questions: no order, and no cancel."""
        return observing.observes(self._state)

    def view(self, usages: tuple[UsageImage, ...] | None = None) -> View:
        """Return everything a person may ask about, as of now.

        Args:
            usages: of an earlier view, to be shown again: thousands of instants, which who looks often need not copy.
        """
        return self._publisher.view(self._state, usages)

    def _emit(self, output: out.Output) -> None:
        self._outputs.append(output)
        fold.apply(self._state, output, self._cause)

    def _decide(self, event: ev.Event) -> None:
        match event:
            case ev.OrderReported() | ev.FillReported():
                account = self._state.account(event.account)
                if account.to_cancel:
                    cancels.newly_possible(self._state, account, self._emit)
            case ev.SubmitsHandedOver() | ev.CancelRefused() | ev.MalformedReceived():
                pass
            case ev.SignalsDropped():
                self._emit(alerts.signals_dropped(event))
            case ev.DoorComplained():
                self._emit(alerts.door_complained(event))
            case ev.TerminalComplained():
                self._emit(alerts.terminal_complained(event))
            case ev.SubmitRefused():
                self._tell_not_sent(event.client_order_id, event.text)
            case ev.SubmitsWithheld():
                for key in event.client_order_ids if event.cause != shadow.CAUSE else ():
                    self._tell_not_sent(key, event.cause)
            case ev.SubmitUncertain():
                self._uncertain(event)
            case ev.BrokerListed():
                self._listed(event)
            case ev.LinkChanged():
                self._link_changed(event)
            case ev.DeadlineReached():
                self._deadline()
                brakes.cancel_share(self._state, self._emit)
            case ev.PositionsMarked():
                brakes.daily_loss(self._state, self._emit)
            case ev.LimitRequested():
                limit_requests.decide_limit(self._state, event, self._emit)
                brakes.daily_loss(self._state, self._emit)
            case ev.LimitsConfirmed():
                limit_requests.decide_confirmed(self._state, event, self._emit)
                brakes.daily_loss(self._state, self._emit)
            case ev.MorningChecked():
                self._emit(day_alerts.checked(self._state, event))
            case ev.CancelsEnding():
                for alert in list(day_alerts.cancels_ending(self._state, event.at_ns)):
                    self._emit(alert)
            case ev.CancelRequested():
                self._cancel_requested(event)
            case ev.HaltRequested():
                requests.decide_halt(self._state, event, self._emit)
                if event.cancel_open:
                    self._cancel_everything(event.account, EVERY_SYMBOL, SideScope.ALL, event.arrival)
            case ev.ResumeRequested():
                requests.decide_resume(self._state, event, self._emit)
            case ev.ResolveRequested():
                requests.decide_resolved(self._state, event, self._emit)
            case ev.ReconcileRequested():
                self._reconcile_requested(event)
            case ev.IgnoreDifferenceRequested():
                policy.decide_ignored(self._state, event, self._emit)
            case ev.AcknowledgeRequested():
                acknowledging.decide_acknowledged(self._state, event, self._emit)
            case ev.EngineStarted():
                if event.safe:
                    self._emit(alerts.safe_start(event.why))
                self._started()
            case ev.DayBegan():
                self._open_day(event.day, event.settings)
            case ev.CorporateActionsTold():
                for alert in corporate.complaints(self._state, event):
                    self._emit(alert)
            case ev.ClockStepped():
                self._emit(alerts.clock_stepped(event.step_ns))
                self._query(self._connected())
            case ev.JournalFailed():
                self._emit(alerts.journal_failed(event.text))
            case ev.JournalBound() | ev.SignalReceived() | ev.InstructionDue() | ev.MorningAccepted():
                pass
            case _:
                assert_never(event)

    # Reports

    def _uncertain(self, event: ev.SubmitUncertain) -> None:
        order = self._state.find_order(event.client_order_id)
        if order is None or order.answered_ns or order.status is not OrderStatus.PENDING_NEW:
            return
        self._to_unknown([order], event.text or "柜台未确认", event.text or "not confirmed by the counter")
        self._query([order.account])

    def _to_unknown(self, orders: list[Order], chinese: str, english: str) -> None:
        for order in orders:
            self._emit(out.OrderEnded(order.client_order_id, OrderStatus.UNKNOWN, chinese))
            self._emit(alerts.unknown_order(order, chinese, english))

    def _listed(self, event: ev.BrokerListed) -> None:
        account = self._state.account(event.account)
        if event.session != account.session or event.asked_ns < self._state.opened_ns:
            return
        if event.alive and event.complete:
            self._settle(account, event)
            if self._state.timed:
                timed.wake(self._state, event.account)
            if account.differences:
                policy.decide_differences(self._state, account, self._emit)
        cancels.newly_possible(self._state, account, self._emit)
        cancels.missed(self._state, account, self._emit)
        if account.ask_again:
            self._query([event.account])

    def _settle(self, account: Account, listed: ev.BrokerListed) -> None:
        """End the unknown orders that this list, a complete one over a live link, is the last proof against."""
        if listed.is_doubtful or not account.settings.settles_alone:
            return
        settle_ns = self._settings().settle_ns
        for key in list(account.unresolved):
            order = self._state.order(key)
            settled = order.asked >= 2 and listed.asked_ns - order.asked_ns >= settle_ns
            if settled and order.status is OrderStatus.UNKNOWN:
                self._emit(out.OrderEnded(key, OrderStatus.NOT_SENT, "两次完整委托列表中均无此委托"))
                self._emit(alerts.unknown_ended(order))

    def _link_changed(self, event: ev.LinkChanged) -> None:
        account = self._state.account(event.account)
        if event.session != account.session:
            if event.state is LinkState.CONNECTED:
                self._emit(alerts.session_old(event.account, event.session, account.session))
            return
        if event.state is LinkState.CONNECTED:
            for order in [self._state.order(key) for key in account.live]:
                has_turn = order.cancel_paced and order.cancel_next_ns > self._state.now_ns
                waits = has_turn or observing.is_cancel_decided(self._state, order)
                if order.cancel_seq and cancels.has_number(order) and not waits:
                    self._emit(cancels.next_cancel(self._state, account, order))
            self._query([event.account])
            return
        rests = day_alerts.is_night(self._state)
        self._emit((day_alerts.link_rests if rests else alerts.link_down)(event.account, event.text))
        pending = [
            order
            for order in map(self._state.order, account.live if not self.observes else ())
            if order.status is OrderStatus.PENDING_NEW and not order.answered_ns
        ]
        self._to_unknown(pending, "连接断开时柜台尚未答复", "unanswered when the link went down")

    def _tell_not_sent(self, client_order_id: ClientOrderId, text: str) -> None:
        order = self._state.find_order(client_order_id)
        if order is not None and order.status is OrderStatus.NOT_SENT:
            self._emit(alerts.not_sent(order, text))

    def _follow(self, findings: list[Finding]) -> None:
        """Do what the facts just folded ask for."""
        query: dict[AccountId, None] = {}
        foreign = [each.order for each in findings if each.kind is FindingKind.FOREIGN and each.order is not None]
        if foreign:
            policy.decide_foreign(self._state.account(foreign[0].account), foreign, self._emit)
        for finding in findings:
            account, order = finding.account, finding.order
            match finding.kind:
                case FindingKind.INTRUDER:
                    assert order is not None
                    self._halt_account(account, alerts.intruder(order, finding.text))
                case FindingKind.SPENT:
                    assert order is not None
                    self._halt_account(account, alerts.spent(order, finding.text))
                case FindingKind.RISEN:
                    assert order is not None
                    self._halt_account(account, alerts.risen(order))
                case FindingKind.REJECTED:
                    assert order is not None
                    self._emit(alerts.rejected(order, finding.text))
                case FindingKind.OVERSOLD:
                    self._emit(alerts.oversold(account, finding.text))
                    query[account] = None
                case FindingKind.FOREIGN:
                    pass
                case FindingKind.AGREED:
                    self._emit(reconciliation_alerts.agreed(account, finding.text))
                case FindingKind.ADJUSTED:
                    assert finding.alert is not None
                    self._emit(finding.alert)
                case FindingKind.DEFERRED | FindingKind.ORPHAN:
                    query[account] = None
                case _:
                    assert_never(finding.kind)
        self._query(list(query))

    def _halt_account(self, account: AccountId, alert: out.Alert) -> None:
        self._emit(alert)
        if self._state.account(account).state is not TradingState.HALTED:
            self._emit(out.TradingStateChanged(account, TradingState.HALTED, brakes.WHO, alert.code))

    # Time

    def _deadline(self) -> None:
        query: dict[AccountId, None] = {}
        for order in self._state.take_due():
            now_ns = self._state.now_ns
            unanswered = order.status is OrderStatus.PENDING_NEW and not order.foreign and not order.answered_ns
            if unanswered and not self.observes and order.created_ns + self._settings().answer_wait_ns <= now_ns:
                self._to_unknown([order], "柜台超时未答", "the counter has not answered in time")
                query[order.account] = None
            elif order.cancel_next_ns and order.cancel_next_ns <= now_ns and order.status in LIVE:
                command = cancels.next_cancel(self._state, self._state.account(order.account), order)
                if command.attempt == self._settings().cancel_attempts_max + 1 and not command.not_before_ns:
                    self._emit(alerts.cancel_unconfirmed(order, order.cancel_attempts))
                    query[order.account] = None
                self._emit(command)
            if order.ask_next_ns and order.ask_next_ns <= now_ns:
                query[order.account] = None
        query |= dict.fromkeys(questions.due_accounts(self._state))
        self._query(list(query))

    # People

    def _cancel_requested(self, event: ev.CancelRequested) -> None:
        if not event.order_id:
            self._cancel_everything(event.account, event.symbol or EVERY_SYMBOL, event.side, event.arrival)
            return
        state = self._state
        found = cancels.named(state, self._accounts(event.account), event.order_id)
        for order in found if len(found) == 1 else ():  # Of several a person must say which.
            account = state.account(order.account)
            self._emit(cancels.first_cancel(state, account, order, signal_seq=cancels.PERSON))
            if self.observes:
                self._emit(alerts.would_cancel(order.account, order.symbol, 1, 0))
        for waiting in list(state.timed.values()):
            if event.order_id == waiting.name:
                for number in waiting.accounts:
                    if event.account in (None, number):
                        self._emit(out.InstructionDropped(waiting.seq, waiting.number, number, 0))

    def _cancel_everything(self, number: AccountId | None, symbol: Symbol, side: SideScope, arrival: int) -> None:
        """Cancel as a signal does: what is known now, and what the list brings to light."""
        state = self._state
        for account in self._accounts(number):
            before = arrival or state.arrival + 1  # Not counted: it came after everything that was decided.
            mark = out.CancelMarked(account.settings.account, symbol, side, 0, state.now_ns, before)
            cancels.cancel_lines(state, mark, self._emit)

    def _accounts(self, number: AccountId | None) -> list[Account]:
        """Return the account with that number, all of them without one, none for an unknown one."""
        accounts = self._state.accounts
        if number is None:
            return list(accounts.values())
        return [accounts[number]] if number in accounts else []

    def _reconcile_requested(self, event: ev.ReconcileRequested) -> None:
        """Ask for lists; what is proven already may be accepted at once."""
        accounts = self._accounts(event.account)
        for account in accounts if event.accept else ():
            policy.accept(self._state, account, event.who, self._emit)
        numbers = {account.settings.account for account in accounts}
        self._query([number for number in self._connected() if number in numbers])

    # Days and starts

    def _started(self) -> None:
        state = self._state
        for account in state.accounts.values():
            for order in map(state.order, list(account.unresolved)):
                if order.status is OrderStatus.UNKNOWN and not order.answered_ns:
                    self._emit(alerts.unknown_order(order, "程序重启前未得到答复", "unanswered before the restart"))
        if state.day is not None and state.day >= day_of(state.now_ns):  # Else a new day is about to begin.
            self._look_at_calendar(state.day)
            limit_requests.tell_held(state, self._emit)

    def _look_at_calendar(self, day: dt.date) -> None:
        settings = self._settings()
        if settings.calendar_until is None or settings.calendar_warns_from is None:
            return
        if day >= settings.calendar_warns_from:
            self._emit(alerts.calendar_ends(settings.calendar_until, over=day > settings.calendar_until))

    def _open_day(self, day: dt.date, settings: EngineSettings | None) -> None:
        state = self._state
        assert state.bound is not None
        assert state.settings is not None
        assert state.day is None or state.day < day, (state.day, day)
        marks, uncancelled = cancels.overnight(state)
        unresolved = [
            replace(order, status=OrderStatus.EXPIRED_UNRESOLVED, ask_next_ns=0, cancel_next_ns=0)
            for order in state.orders
            if order.status in UNRESOLVED
            or (order.status is OrderStatus.PENDING_NEW and not order.answered_ns and not self.observes)
        ]
        positions = [
            replace(
                held,
                sellable_quantity=held.quantity,
                frozen_quantity=Quantity(0),
                realised=type(held.realised)(0),
            )
            for account in state.accounts.values()
            for held in account.positions.values()
            if held.quantity
        ]
        self._emit(
            out.DayOpened(
                day=day,
                bound=state.bound,
                version=state.version,
                settings=settings or state.settings,
                trading_state=state.trading_state,
                account_states=tuple((number, each.state) for number, each in state.accounts.items()),
                cash=tuple((number, each.cash) for number, each in state.accounts.items()),
                sessions=tuple((number, each.session, each.link) for number, each in state.accounts.items()),
                positions=tuple(positions),
                unresolved=tuple(unresolved),
                signal_seq=state.signal_seq,
                order_seq=state.order_seq,
                arrival=state.arrival,
                told=state.told if state.day is None else fold_day.of_yesterday(state.trading_state, state.now_ns),
                timed=tuple(state.timed.values()),
                holdings=tuple((*key, held) for key, held in state.holdings.items() if held),
                marks=tuple(marks),
                day_before=state.day,
                links_told=tuple((number, each.link_told) for number, each in state.accounts.items()),
                alert_seq=state.alert_seq,
                alerts=acknowledging.carried(state),
            )
        )
        self._look_at_calendar(day)
        for order in unresolved:
            self._emit(alerts.expired_unresolved(order))
        for order in uncancelled:
            self._emit(alerts.uncancelled_overnight(order))
        self._query(self._connected())

    # Small things

    def _settings(self) -> EngineSettings:
        assert self._state.settings is not None
        return self._state.settings

    def _connected(self) -> list[AccountId]:
        def connected(account: Account) -> bool:
            return account.link is LinkState.CONNECTED

        return [number for number, account in self._state.accounts.items() if connected(account)]

    def _query(self, accounts: list[AccountId]) -> None:
        for account in accounts:
            self._emit(cancels.query(self._state, self._state.account(account)))
