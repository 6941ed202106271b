"""A signal becomes orders, cancels or denials, account by account."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from qmt_trading.engine import cancels, timed
from qmt_trading.engine.fold import signal_key
from qmt_trading.engine.observing import observes
from qmt_trading.engine.orders import SIDES, Orders
from qmt_trading.engine.risk.door_permission import check_door_account, check_door_verb
from qmt_trading.engine.risk.staleness import check_future
from qmt_trading.engine.source import Source
from qmt_trading.engine.state import State, due_text
from qmt_trading.model.events import SignalReceived
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import Price, Quantity
from qmt_trading.model.outputs import CancelMarked, InstructionQueued, Output, SignalAnswered
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.receipt import CancelLine, OrderLine, Receipt
from qmt_trading.model.settings import DoorSettings, EngineSettings
from qmt_trading.model.signal import AccountId, Item
from qmt_trading.model.timed import Timed, without_time
from qmt_trading.model.words import BareAction, SignalStatus, Verb

ORDERS_MAX = 1000
"""Lines of one message after its accounts have been written out."""

_BARE = {BareAction.BUY: Verb.BUY, BareAction.SELL: Verb.SELL, BareAction.CANCEL: Verb.CANCEL}
_BUYS_AND_SELLS = (Verb.BUY, Verb.SELL)

Emit = Callable[[Output], None]


def decide_signal(state: State, event: SignalReceived, emit: Emit) -> None:
    """Emit what follows from one message, its receipt last."""
    receipt = _first_receipt(state, event) or _Decision(state, event, emit).receipt()
    if observes(state):
        receipt = replace(receipt, observed=True)
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
        quotes: dict[Symbol, Quote] = {quote.symbol: quote for quote in event.quotes}
        sent_ns = event.signal.sent_ns
        begin_ns = event.received_ns if sent_ns is None else min(sent_ns, event.received_ns)
        self._source = Source(
            event.seq, self._door, event.arrival, begin_ns, bool(event.signal.id), quotes, 0, event.received_ns
        )
        self._orders = Orders(state, self._source, emit)
        self._cancels: list[CancelLine] = []
        self._accepted = 0

    def receipt(self) -> Receipt:
        whole = self._whole()
        if whole is not None:
            status = SignalStatus.DENIED
            if whole.reason in (Reason.MIXED_VERBS, Reason.SAME_TWICE, Reason.TOO_MANY_ORDERS):
                status = SignalStatus.MALFORMED
            return Receipt(seq=self._event.seq, id=self._event.signal.id, status=status, denial=whole)
        for item in self._event.signal.items:
            verb = self._verb(item)
            if item.at_ns is not None or item.not_before_ns is not None:
                self._wait(item, verb)
            elif verb is Verb.CANCEL:
                self._cancel(item)
            else:
                self._order(item, verb)
        accepted = self._accepted + self._orders.accepted + self._orders.reached + self._orders.waiting
        return Receipt(
            seq=self._event.seq,
            id=self._event.signal.id,
            status=SignalStatus.ACCEPTED if accepted else SignalStatus.DENIED,
            orders=tuple(self._orders.lines),
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
        side = item.side or self._door.cancel_side
        for number in self._accounts(item):
            denial = self._cancel_denial(item, number)
            if denial is not None:
                self._cancels.append(CancelLine(account=number, symbol=item.symbol, denial=denial))
                continue
            self._accepted += 1
            event = self._event
            mark = CancelMarked(AccountId(number), item.symbol, side, event.seq, event.received_ns, event.arrival)
            self._cancels += cancels.cancel_lines(self._state, mark, self._emit)

    def _cancel_denial(self, item: Item, number: str) -> Denial | None:
        """Return why nothing of one account is cancelled."""
        forbidden = self._form_denial(item)
        if forbidden is not None:
            return forbidden
        if AccountId(number) not in self._state.accounts or AccountId(number) not in self._state.names:
            return Denial(Reason.ACCOUNT_UNKNOWN, (number,))
        return check_door_account(self._door, AccountId(number))

    def _form_denial(self, item: Item) -> Denial | None:
        """Return why a cancel, perhaps a bare item that means one at this door, is refused for every account."""
        forbidden = check_door_verb(self._door, Verb.CANCEL)
        if item.price is not None:
            forbidden = forbidden or Denial(Reason.CANCEL_PRICED)
        if item.cancel_after_ns is not None:
            forbidden = forbidden or Denial(Reason.CANCEL_OPTION)
        return forbidden

    # Orders: one by one, each seeing what the one before it has claimed.

    def _order(self, item: Item, verb: Verb | None) -> None:
        denial = self._item_denial(verb)
        accounts = self._accounts(item)
        if denial is not None or verb is None:
            self._orders.deny(
                item, SIDES.get(verb) if verb is not None else None, accounts, denial or _unset(self._door)
            )
        else:
            self._orders.make(item, verb, accounts)

    def _item_denial(self, verb: Verb | None) -> Denial | None:
        """Return why an item is refused for every account, whatever it trades."""
        if verb is None:
            return _unset(self._door)
        event = self._event
        if event.signal.sent_ns is None:
            return None
        tolerance_ns = self._settings.future_tolerance_ns
        return check_future(event.signal.sent_ns, received_ns=event.received_ns, tolerance_ns=tolerance_ns)

    # What waits for its time

    def _wait(self, item: Item, verb: Verb | None) -> None:
        """Put ``item`` on record until its time; what can be known to be refused is refused now."""
        denial = self._wait_denial(item, verb)
        due_ns = timed.due_ns(self._state, item, self._event.next_day)
        if isinstance(due_ns, Denial):
            denial = denial or due_ns
        elif verb is not Verb.CANCEL and self._source.deadline_ns(item, due_ns) < self._state.now_ns:
            late_ns = self._state.now_ns - self._source.deadline_ns(item, due_ns)
            denial = denial or Denial(Reason.SIGNAL_STALE, (f"{late_ns / 1e9:.1f}",))
        good: list[AccountId] = []
        for number in self._accounts(item):
            own = denial
            if AccountId(number) not in self._state.accounts or AccountId(number) not in self._state.names:
                own = own or Denial(Reason.ACCOUNT_UNKNOWN, (number,))
            own = own or check_door_account(self._door, AccountId(number))
            if own is None and verb is not None:
                account = self._state.accounts[AccountId(number)]
                mark = cancels.overtaken_by(account, item, verb, self._event.arrival)
                own = Denial(Reason.CANCELED_BY_LATER, (str(mark.seq),)) if mark is not None else None
            if own is None and verb is not Verb.CANCEL:
                own = self._orders.claim(item, AccountId(number))
            if own is None and isinstance(due_ns, int):
                good.append(AccountId(number))
                own = Denial(Reason.WAITS, (due_text(self._state, due_ns),))
            self._waiting_line(item, verb, number, own)
        if not good or isinstance(due_ns, Denial) or verb is None:
            return
        self._accepted += len(good)
        event = self._event
        self._emit(
            InstructionQueued(
                Timed(
                    seq=event.seq,
                    number=self._state.timed_numbers.get(event.seq, 0) + 1,
                    door=event.door,
                    verb=verb,
                    item=without_time(item),
                    accounts=tuple(good),
                    due_ns=due_ns,
                    deadline_ns=self._source.deadline_ns(item, due_ns),
                    arrival=event.arrival,
                    received_ns=event.received_ns,
                    has_id=bool(event.signal.id),
                )
            )
        )

    def _wait_denial(self, item: Item, verb: Verb | None) -> Denial | None:
        if verb is Verb.CANCEL:
            return self._form_denial(item)
        denial = self._item_denial(verb)
        if denial is None and verb is not None:
            needed = {Verb.BUY: (Verb.BUY,), Verb.SELL: (Verb.SELL,), Verb.CLEAR: (Verb.SELL,)}.get(
                verb, _BUYS_AND_SELLS
            )
            if not any(each in self._door.allow for each in needed):
                denial = check_door_verb(self._door, needed[0])
        return denial

    def _waiting_line(self, item: Item, verb: Verb | None, number: str, denial: Denial | None) -> None:
        if verb is Verb.CANCEL:
            self._cancels.append(CancelLine(account=number, symbol=item.symbol, denial=denial))
        else:
            side = SIDES.get(verb) if verb is not None else None
            self._orders.lines.append(OrderLine(number, item.symbol, side, Quantity(0), Price(0), "", denial))


def _unset(door: DoorSettings) -> Denial:
    """Return why a bare item means nothing at ``door``."""
    unset = door.bare is BareAction.UNSET
    return Denial(Reason.BARE_UNSET if unset else Reason.BARE_DENIED, (door.name,))
