"""A signal becomes orders, cancels or denials, account by account."""

from __future__ import annotations

from collections.abc import Callable

from qmt_trading.engine import cancels
from qmt_trading.engine.fold import signal_key
from qmt_trading.engine.ids import client_order_id
from qmt_trading.engine.plan import Plan
from qmt_trading.engine.risk import gate
from qmt_trading.engine.risk.door_permission import check_door_account, check_door_verb
from qmt_trading.engine.risk.staleness import check_future
from qmt_trading.engine.risk.tradable_symbol import check_tradable_symbol
from qmt_trading.engine.state import State
from qmt_trading.model.events import SignalReceived
from qmt_trading.model.instant import to_clock_text, to_hour_text
from qmt_trading.model.instrument import Quote
from qmt_trading.model.numbers import Price, Quantity
from qmt_trading.model.order import Order
from qmt_trading.model.outputs import CancelMarked, CancelOrder, Output, SignalAnswered, SubmitOrder
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.receipt import CancelLine, OrderLine, Receipt
from qmt_trading.model.settings import DoorSettings, EngineSettings
from qmt_trading.model.signal import AccountId, Item
from qmt_trading.model.words import BareAction, Side, SignalStatus, Verb

ORDERS_MAX = 1000
"""Lines of one message after its accounts have been written out."""

_BARE = {BareAction.BUY: Verb.BUY, BareAction.SELL: Verb.SELL, BareAction.CANCEL: Verb.CANCEL}
_SIDES = {Verb.BUY: Side.BUY, Verb.SELL: Side.SELL}

Emit = Callable[[Output], None]


def decide_signal(state: State, event: SignalReceived, emit: Emit) -> None:
    """Emit what follows from one message, its receipt last."""
    receipt = _first_receipt(state, event) or _Decision(state, event, emit).receipt()
    emit(SignalAnswered(seq=event.seq, receipt=receipt))


def _first_receipt(state: State, event: SignalReceived) -> Receipt | None:
    """Return the receipt of a repeated id: the first one again, or a denial when the content differs."""
    key = signal_key(event)
    if not key:
        return None
    seq = state.ids.get(key)
    if seq is not None:
        row = state.signals[state.signal_index[seq]]
        content, first = row.content, row.receipt
    elif event.known is not None:
        content, first = event.known.content, event.known.receipt
    else:
        return None
    if content != event.signal.content:
        denial = Denial(Reason.ID_REUSED, (event.signal.id, str(first.seq)))
        return Receipt(seq=event.seq, id=event.signal.id, status=SignalStatus.DENIED, denial=denial)
    return Receipt(
        seq=first.seq,
        id=first.id,
        status=SignalStatus.DUPLICATE,
        orders=first.orders,
        cancels=first.cancels,
        denial=first.denial,
    )


class _Decision:
    """The working memory of one message."""

    def __init__(self, state: State, event: SignalReceived, emit: Emit) -> None:
        assert state.settings is not None
        self._state = state
        self._settings: EngineSettings = state.settings
        self._event = event
        self._emit = emit
        self._door = state.doors.get(event.door) or DoorSettings(name=event.door, allow=())
        self._quotes: dict[str, Quote] = {quote.symbol: quote for quote in event.quotes}
        self._orders: list[OrderLine] = []
        self._cancels: list[CancelLine] = []
        self._accepted = 0
        self._by_account: dict[AccountId, int] = {}

    def receipt(self) -> Receipt:
        whole = self._whole()
        if whole is not None:
            status = SignalStatus.DENIED
            if whole.reason in (Reason.MIXED_VERBS, Reason.SAME_TWICE, Reason.TOO_MANY_ORDERS):
                status = SignalStatus.MALFORMED
            return Receipt(seq=self._event.seq, id=self._event.signal.id, status=status, denial=whole)
        for item in self._event.signal.items:
            verb = self._verb(item)
            if verb is Verb.CANCEL:
                self._cancel(item)
            else:
                self._order(item, verb)
        status = SignalStatus.ACCEPTED if self._accepted else SignalStatus.DENIED
        return Receipt(
            seq=self._event.seq,
            id=self._event.signal.id,
            status=status,
            orders=tuple(self._orders),
            cancels=tuple(self._cancels),
        )

    def _verb(self, item: Item) -> Verb | None:
        """Return what ``item`` means at this door; None for a bare item without a meaning."""
        if item.verb is not Verb.BARE:
            return item.verb
        return _BARE.get(self._door.bare)

    def _whole(self) -> Denial | None:
        """Return why the whole message is refused."""
        items = self._event.signal.items
        if len(items) == 1 and len(items[0].accounts) <= 1 and items[0].accounts[0] != "*":
            return None
        kinds = {self._verb(item) is Verb.CANCEL for item in items}
        if len(kinds) == 2:
            return Denial(Reason.MIXED_VERBS)
        seen: set[tuple[str, str, str]] = set()
        count = 0
        for item in items:
            verb = self._verb(item)
            for account in self._accounts(item):
                count += 1
                meaning = verb.value if verb is not None else ""
                key = (account, item.symbol, f"{meaning}{item.side or ''}")
                if key in seen:
                    return Denial(Reason.SAME_TWICE, (item.symbol, account))
                seen.add(key)
        if count > ORDERS_MAX:
            return Denial(Reason.TOO_MANY_ORDERS, (str(count), str(ORDERS_MAX)))
        return None

    def _accounts(self, item: Item) -> list[str]:
        """Return the numbers of the accounts that ``item`` names, each once; unknown words stay as written."""
        names = self._state.names
        if len(item.accounts) == 1:
            return list(names.get(item.accounts[0], item.accounts))
        found: dict[str, None] = {}
        for word in item.accounts:
            for account in names.get(word, (word,)):
                found[account] = None
        return list(found)

    # Cancels: everything that can be done is done, and no brake holds them back.

    def _cancel(self, item: Item) -> None:
        forbidden = check_door_verb(self._door, Verb.CANCEL) or _unsupported(item)
        if item.price is not None:
            forbidden = forbidden or Denial(Reason.CANCEL_PRICED)  # A bare item that means a cancel at this door.
        side = item.side or self._door.cancel_side
        for number in self._accounts(item):
            account = self._state.accounts.get(AccountId(number))
            denial = forbidden
            if account is None or AccountId(number) not in self._state.names:
                denial = denial or Denial(Reason.ACCOUNT_UNKNOWN, (number,))
            else:
                denial = denial or check_door_account(self._door, AccountId(number))
            if denial is not None or account is None:
                self._cancels.append(CancelLine(account=number, symbol=item.symbol, denial=denial))
                continue
            self._accepted += 1
            event = self._event
            mark = CancelMarked(AccountId(number), item.symbol, side, event.seq, event.received_ns, event.arrival)
            found = cancels.cancel_scope(self._state, account, mark, self._emit)
            for order, command in found:
                self._cancels.append(
                    CancelLine(
                        account=number,
                        symbol=order.symbol,
                        client_order_id=order.client_order_id,
                        broker_order_id=order.broker_order_id,
                        venue_order_id=order.venue_order_id,
                        denial=self._put_off(order, command) if command.not_before_ns else None,
                    )
                )
            if not found:
                nothing = Denial(Reason.NOTHING_TO_CANCEL, (item.symbol, number))
                self._cancels.append(CancelLine(account=number, symbol=item.symbol, denial=nothing))

    def _put_off(self, order: Order, command: CancelOrder) -> Denial:
        """Return why a cancel that is registered has not left yet."""
        phase = cancels.closed_phase(self._state, order)
        if phase is None:
            at = to_clock_text(command.not_before_ns)
            return Denial(Reason.CANCEL_PACED, (str(self._settings.cancels_per_second), at))
        return Denial(Reason.NO_CANCEL_PHASE, (to_hour_text(phase.begins_ns), to_hour_text(phase.ends_ns)))

    # Orders: one by one, each seeing what the one before it has claimed.

    def _order(self, item: Item, verb: Verb | None) -> None:
        denial = self._item_denial(item, verb)
        side = _SIDES.get(verb) if verb is not None else None
        lines = self._orders
        if denial is not None or side is None:
            denial = denial or Denial(Reason.BARE_UNSET)
            for number in self._accounts(item):
                lines.append(OrderLine(number, item.symbol, side, Quantity(0), Price(0), "", denial))
            return
        plan = self._plan(item, side)
        for number in self._accounts(item):
            line = self._order_for(plan, AccountId(number))
            if isinstance(line, Denial):
                line = OrderLine(number, item.symbol, side, Quantity(0), Price(0), "", line)
            lines.append(line)

    def _item_denial(self, item: Item, verb: Verb | None) -> Denial | None:
        """Return why ``item`` is refused for every account."""
        if verb is None:
            unset = self._door.bare is BareAction.UNSET
            return Denial(Reason.BARE_UNSET if unset else Reason.BARE_DENIED, (self._door.name,))
        if verb not in _SIDES:
            return Denial(Reason.NOT_SUPPORTED, (verb.value,))
        return (
            _unsupported(item)
            or check_door_verb(self._door, verb)
            or (self._check_future() if self._event.signal.sent_ns is not None else None)
            or check_tradable_symbol(item.symbol, self._quotes.get(item.symbol))
        )

    def _check_future(self) -> Denial | None:
        event, tolerance_ns = self._event, self._settings.future_tolerance_ns
        return check_future(event.signal.sent_ns, received_ns=event.received_ns, tolerance_ns=tolerance_ns)

    def _deadline_ns(self, item: Item) -> int:
        event = self._event
        sent_ns = event.signal.sent_ns
        begin_ns = event.received_ns if sent_ns is None else min(sent_ns, event.received_ns)
        deadline_ns = begin_ns + (self._door.ttl_ns if item.ttl_ns is None else item.ttl_ns)
        return deadline_ns if item.expires_ns is None else min(deadline_ns, item.expires_ns)

    def _plan(self, item: Item, side: Side) -> Plan:
        quote = self._quotes[item.symbol]
        assert quote.rule is not None
        return Plan(
            item,
            side,
            quote,
            quote.rule,
            size=item.size or self._door.default_size,
            price_spec=item.price or self._door.default_price or self._settings.default_price,
            arrival=self._event.arrival,
            deadline_ns=self._deadline_ns(item),
            has_id=bool(self._event.signal.id),
        )

    def _order_for(self, plan: Plan, number: AccountId) -> OrderLine | Denial:
        state, settings, door = self._state, self._settings, self._door
        account = state.accounts.get(number)
        if account is None or number not in state.names:
            return Denial(Reason.ACCOUNT_UNKNOWN, (number,))
        instruction = plan.common or plan.instruction(number)
        denial = gate.admit(state, settings, door, account, instruction)
        if denial is not None:
            return denial
        candidate = plan.candidate(state, settings, account)
        if isinstance(candidate, Denial):
            return candidate
        made = self._by_account.get(number, 0)
        denial = gate.judge(state, settings, door, account, candidate, signal_count=self._accepted, account_count=made)
        if denial is not None:
            return denial
        assert state.bound is not None
        name = client_order_id(state.bound.tag, state.order_seq + 1)
        item = plan.item
        self._emit(
            SubmitOrder(
                name,
                number,
                item.symbol,
                plan.side,
                candidate.quantity,
                candidate.price,
                self._event.seq,
                instruction.deadline_ns,
                candidate.needed,
                item.strategy,
                instruction.bare,
                instruction.duplicate_key,
            )
        )
        self._accepted += 1
        self._by_account[number] = made + 1
        return OrderLine(number, item.symbol, plan.side, candidate.quantity, candidate.price, name)


def _unsupported(item: Item) -> Denial | None:
    """Return a denial that names what ``item`` asks for and this version cannot do: nothing is ignored in silence."""
    if item.at_ns is not None:
        return Denial(Reason.NOT_SUPPORTED, ("at",))
    if item.not_before_ns is not None:
        return Denial(Reason.NOT_SUPPORTED, ("not_before",))
    if item.cancel_after_ns is not None:
        return Denial(Reason.NOT_SUPPORTED, ("cancel_after",))
    return None
