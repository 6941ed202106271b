"""Everything the engine knows: mutable, private to the engine, changed by folding records and by nothing else."""

from __future__ import annotations

import datetime as dt
from heapq import heappop, heappush
from typing import Final

from msgspec.structs import replace

from qmt_trading.engine.cancel_mark import CancelMark
from qmt_trading.engine.gauges import Gauges
from qmt_trading.engine.morning import unchecked
from qmt_trading.engine.tables import Table
from qmt_trading.engine.transitions import LIVE, TERMINAL, UNRESOLVED
from qmt_trading.engine.usage import exposure
from qmt_trading.market.rulebook import STANDARD, book_of
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.events import JournalBound, SubmitsHandedOver
from qmt_trading.model.instant import day_of, to_clock_text
from qmt_trading.model.instrument import Symbol, TradingRule
from qmt_trading.model.listing import Charges
from qmt_trading.model.morning import LinkTold
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.order import ClientOrderId, Fill, Order, Position
from qmt_trading.model.reconciliation import Difference, Listed
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.timed import Chase, Timed, TimedDone
from qmt_trading.model.told import StateTold
from qmt_trading.model.view import AlertRow, SignalRow
from qmt_trading.model.words import NOT_PRICED, InstrumentKind, LinkState, OrderStatus, Side, SideScope, TradingState

TIMED_AT_ONCE: Final = 128
"""Instructions that are looked at within one turn: a halt waits for no more than that."""


class Account:
    """One account as known now."""

    __slots__ = (
        "ask_again",
        "asking_ns",
        "cancels_free_ns",
        "cash",
        "day_flows",
        "differences",
        "gaps",
        "halts",
        "link",
        "link_told",
        "listed",
        "listed_session",
        "live",
        "marks",
        "morning",
        "morning_assets",
        "moved",
        "open_buys",
        "orphans",
        "positions",
        "questioned_ns",
        "ready",
        "reserved",
        "session",
        "settings",
        "state",
        "to_cancel",
        "told",
        "unresolved",
    )

    def __init__(self, settings: AccountSettings) -> None:
        self.settings = settings
        self.state = TradingState.ACTIVE
        self.told = StateTold()
        self.link = LinkState.DOWN
        self.link_told = LinkTold()
        self.morning = unchecked(settings)
        self.session = 0
        self.listed_session = 0
        """The session of the last complete list."""
        self.ready = False
        """The broker told cash and positions today."""
        self.cash = Money(0)
        """Available plus frozen."""
        self.reserved = Money(0)
        """Sum of ``Order.reserved``."""
        self.positions: dict[Symbol, Position] = {}
        self.live: dict[ClientOrderId, None] = {}
        """Orders that may still fill, in the order they came."""
        self.marks: dict[tuple[Symbol, SideScope], CancelMark] = {}
        """The latest of each reach."""
        self.halts = 0
        """Halts and reductions so far in this process: an order decided before one of them is not released after it."""
        self.asking_ns = 0
        """When the list that is under way was asked for; 0: none is."""
        self.ask_again = False
        """Somebody wanted a list that is younger than the one under way."""
        self.cancels_free_ns = 0
        """When the last turn for a cancel that was given away would have come, had there been no burst."""
        self.unresolved: dict[ClientOrderId, None] = {}
        """Orders whose outcome nobody knows: they close their pair."""
        self.to_cancel: dict[ClientOrderId, None] = {}
        """Orders to be cancelled as soon as they have a number to name them by."""
        self.gaps: dict[ClientOrderId, None] = {}
        """Finished orders whose traded volume no fill has shown yet."""
        self.orphans: list[int] = []
        """Rows of the fill table booked before their order was known."""
        self.differences: dict[Symbol, Difference] = {}
        """What was last found to differ from the broker's figures, by symbol; ``CASH`` for the money."""
        self.listed = Listed()
        """Of the broker's newest complete list today."""
        self.moved: dict[Symbol, int] = {}
        """When a fill of each symbol was last counted today, or an order of it given up."""
        self.questioned_ns = 0
        """When the broker was last asked for its lists."""
        self.morning_assets = Money(0)
        """Cash and positions as of the day's first complete list, for the whole day; 0: not known yet."""
        self.open_buys: dict[Symbol, int] = {}
        """What open buys freeze, by symbol: the parts of ``reserved``."""
        self.day_flows: dict[Symbol, tuple[int, int]] = {}
        """By today's fills: shares bought less sold, and money received less paid, with fees."""


class State:
    """The whole of it. Derived indexes are kept in step by ``put_order`` and rebuilt by nothing else."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.bound: JournalBound | None = None
        self.version = ""
        self.settings: EngineSettings | None = None
        self.rules = STANDARD
        """The exchange's rule book, with the settings' own rows."""
        self._kinds: dict[Symbol, InstrumentKind] = {}
        self._charges: dict[Symbol, Charges] = {}
        """What the book says of today, as far as it was asked."""
        self.day: dt.date | None = None
        self.day_before: dt.date | None = None
        """The trading day that was opened before this one."""
        self.actions: dict[tuple[dt.date, Symbol], CorporateAction] = {}
        """By ex-day and symbol, the corporate actions that this day's opening figures have been adjusted by."""
        self.day_begins_ns = 0
        """The first instant of its date in Shanghai."""
        self.opened_ns = 0
        """When the day was opened: lists asked for before are of another day."""
        self.trading_state = TradingState.ACTIVE
        self.told = StateTold()
        self.submits_closed = ""
        self.clock_unsettled: set[AccountId] = set()
        self.accounts: dict[AccountId, Account] = {}
        self.doors: dict[str, DoorSettings] = {}
        self.names: dict[str, tuple[AccountId, ...]] = {}
        """Every word a message may use for accounts: ids, names, ``@group``."""
        self.orders: Table[Order] = Table()
        self.order_index: dict[ClientOrderId, int] = {}
        self.current: dict[ClientOrderId, Order] = {}
        """The rows of ``orders`` by their name: looked up several times an order, where one step less tells."""
        self.by_broker: dict[tuple[AccountId, str], ClientOrderId] = {}
        self.by_venue: dict[tuple[AccountId, Symbol, str], ClientOrderId] = {}
        self.fills: Table[Fill] = Table()
        self.fill_keys: set[tuple[AccountId, Symbol, str, str]] = set()
        self.signals: Table[SignalRow] = Table()
        self.signal_index: dict[int, int] = {}
        self.ids: dict[str, int] = {}
        """``sender/number`` → the seq that first used it today."""
        self.recent: dict[str, int] = {}
        """Instruction without id → until when a repeat is suspected."""
        self.bare_counts: dict[tuple[AccountId, Symbol], int] = {}
        self.prices: dict[Symbol, Price] = {}
        self.references: dict[Symbol, Price] = {}
        """Previous closes, as far as quotes told them today."""
        self.open_buys: dict[tuple[str, Symbol], int] = {}
        """What the open buys of each strategy freeze, in all accounts."""
        self.unresolved = 0
        """Orders whose outcome nobody knows, of all accounts."""
        self.buying: dict[Symbol, dict[ClientOrderId, None]] = {}
        """Buys that may still fill, of all accounts, by symbol."""
        self.selling: dict[Symbol, dict[ClientOrderId, None]] = {}
        self.gauges = Gauges()
        self.timed: dict[tuple[int, int], Timed] = {}
        """Instructions that wait, by signal and number."""
        self.timed_numbers: dict[int, int] = {}
        """The last number that was given to one of a signal's instructions that wait or have waited."""
        self.timed_done: list[TimedDone] = []
        """What became of those of today."""
        self.timed_due: list[tuple[int, tuple[int, int]]] = []
        """A heap of (instant, instruction); entries that no longer hold are skipped."""
        self.chasing: dict[ClientOrderId, Chase] = {}
        """How orders that have not ended are followed up."""
        self.holdings: dict[tuple[AccountId, str, Symbol], int] = {}
        """What each strategy holds, by its own fills."""
        self.alerts: list[AlertRow] = []
        """The newest last."""
        self.alert_seq = 0
        """The number of the last one."""
        self.signal_seq = 0
        self.order_seq = 0
        self.arrival = 0
        """The greatest arrival that was decided."""
        self.halts = 0
        """As in an account, of all accounts."""
        self.minute = 0
        self.wanted_in_minute = 0
        """Orders that were to be sent in ``minute``: that left, that wait for their turn, and that came too fast."""
        self.malformed = 0
        self.due: list[tuple[int, ClientOrderId]] = []
        """A heap of (instant, order); entries that no longer hold are skipped."""

    def rules_day(self) -> dt.date:
        """Return the day whose rules hold: the trading day, before the first one the date."""
        return self.day or day_of(self.now_ns)

    def rule(self, symbol: Symbol) -> TradingRule | None:
        """Return today's rule of ``symbol`` as far as its code and the rule book tell it."""
        return self.rules.rule(symbol, self.rules_day())

    def kind(self, symbol: Symbol) -> InstrumentKind:
        """Return what ``symbol`` is; UNKNOWN for a code that the rule book does not have."""
        kind = self._kinds.get(symbol)
        if kind is None:
            rule = self.rule(symbol)
            kind = InstrumentKind.UNKNOWN if rule is None else rule.kind
            if self.day is not None:
                self._kinds[symbol] = kind
        return kind

    def charges(self, symbol: Symbol) -> Charges:
        """Return what is taken of today's trades of ``symbol`` besides the commission."""
        charges = self._charges.get(symbol)
        if charges is None:
            charges = self.rules.fees(symbol, self.rules_day())
            if self.day is not None:
                self._charges[symbol] = charges
        return charges

    def account(self, account: AccountId) -> Account:
        """Return the account, making one for a number that only old orders know."""
        found = self.accounts.get(account)
        if found is None:
            found = self.accounts[account] = Account(AccountSettings(account=account))
        return found

    def order(self, client_order_id: ClientOrderId) -> Order:
        return self.current[client_order_id]

    def find_order(self, client_order_id: str) -> Order | None:
        return self.current.get(ClientOrderId(client_order_id))

    def add_order(self, order: Order) -> None:
        """Insert a new order of ours, PENDING_NEW: what ``put_order`` does, without looking for what cannot be."""
        key = order.client_order_id
        assert key not in self.current, key
        account = self.accounts[order.account]
        self.order_index[key] = self.orders.append(order)
        self.current[key] = order
        account.live[key] = None
        is_buy = order.side is Side.BUY
        (self.buying if is_buy else self.selling).setdefault(order.symbol, {})[key] = None
        worth = 0 if self.kind(order.symbol) in NOT_PRICED else order.price * order.quantity
        bought, sold = (worth, 0) if is_buy else (0, worth)
        usages = self.gauges.counted(order.account, order.door, order.strategy)
        for usage in usages:
            usage.add_order(order.created_ns, bought, sold)
        usages[1].add_message(order.created_ns)  # Of the account.
        if order.reserved:
            self._reserve(account, order, order.reserved)
        if order.reserved_quantity:
            self._freeze(account, order.symbol, order.reserved_quantity)
        if account.link is LinkState.CONNECTED:
            assert self.settings is not None
            due_ns = order.created_ns + self.settings.answer_wait_ns
            heappush(self.due, (min(due_ns, order.cancel_next_ns or due_ns), key))

    def note_calls(self, record: SubmitsHandedOver) -> None:
        """Write the instants of commits and broker calls into the rows; nothing else depends on them."""
        current, index, committed_ns = self.current, self.order_index, record.committed_ns
        for key, called_ns in record.calls:
            order = current.get(key)
            if order is not None and not order.handed_over_ns:
                current[key] = changed = replace(order, handed_over_ns=called_ns, committed_ns=committed_ns)
                self.orders.replace(index[key], changed)

    def put_order(self, order: Order) -> None:
        """Insert or replace one order, keeping reservations, indexes and deadlines in step."""
        key, status = order.client_order_id, order.status
        account = self.account(order.account)
        before = self.current.get(key)
        self.current[key] = order
        reserved_before, frozen_before = 0, 0
        if before is None:
            self.order_index[key] = self.orders.append(order)
        else:
            reserved_before, frozen_before = before.reserved, before.reserved_quantity
            self.orders.replace(self.order_index[key], order)
        if order.reserved != reserved_before:
            self._reserve(account, order, order.reserved - reserved_before)
        if order.reserved_quantity != frozen_before:
            self._freeze(account, order.symbol, order.reserved_quantity - frozen_before)
        # A terminal that was restarted may count anew: what has ended takes its number from nobody.
        number = order.account, order.broker_order_id
        if order.broker_order_id and (status not in TERMINAL or number not in self.by_broker):
            self.by_broker[number] = key
        if order.venue_order_id:
            self.by_venue[order.account, order.symbol, order.venue_order_id] = key
        if status in UNRESOLVED:
            self.unresolved += key not in account.unresolved
            account.unresolved[key] = None
        elif key in account.unresolved:
            del account.unresolved[key]
            self.unresolved -= 1
        is_live = status in LIVE
        if before is None or _has_moved(before, order):
            self._count(before, order, is_live=is_live)
        if is_live:
            account.live[key] = None
        else:
            account.live.pop(key, None)
            if order.ask_next_ns:
                account.gaps[key] = None
            elif account.gaps:
                account.gaps.pop(key, None)
        if order.cancel_seq and not order.cancel_attempts and is_live:
            account.to_cancel[key] = None
        elif account.to_cancel:
            account.to_cancel.pop(key, None)
        due_ns = self.due_of(order, account)
        if due_ns:
            heappush(self.due, (due_ns, key))

    def _count(self, before: Order | None, order: Order, *, is_live: bool) -> None:
        """Keep the counters of the order's scopes in step with what it has traded and may still trade."""
        is_buy = order.side is Side.BUY
        working = self.buying if is_buy else self.selling
        was_live = before is not None and order.client_order_id in working.get(order.symbol, ())
        change = exposure(order) - (exposure(before) if before is not None else 0)
        if change and self.kind(order.symbol) in NOT_PRICED:
            change = 0
        flip = is_live - was_live
        if flip > 0:
            working.setdefault(order.symbol, {})[order.client_order_id] = None
        elif flip < 0:
            del working[order.symbol][order.client_order_id]
            if not working[order.symbol]:
                del working[order.symbol]
        if not (flip or change or before is None):
            return
        for usage in self.gauges.counted(order.account, order.door, order.strategy):
            usage.working += flip
            usage.orders += before is None
            if is_buy:
                usage.bought = Money(usage.bought + change)
            else:
                usage.sold = Money(usage.sold + change)
            usage.touched()

    def _reserve(self, account: Account, order: Order, change: int) -> None:
        """Freeze more or less cash for ``order``, in its account and for its strategy."""
        account.reserved = Money(account.reserved + change)
        symbol = order.symbol
        account.open_buys[symbol] = account.open_buys.get(symbol, 0) + change
        if order.strategy:
            key = order.strategy, symbol
            self.open_buys[key] = self.open_buys.get(key, 0) + change

    def _freeze(self, account: Account, symbol: Symbol, change: int) -> None:
        held = account.positions.get(symbol)
        if held is None:
            held = Position(
                account=account.settings.account, symbol=symbol, quantity=Quantity(0), sellable_quantity=Quantity(0)
            )
        account.positions[symbol] = Position(
            account=held.account,
            symbol=symbol,
            quantity=held.quantity,
            sellable_quantity=held.sellable_quantity,
            frozen_quantity=Quantity(held.frozen_quantity + change),
            cost=held.cost,
            realised=held.realised,
        )

    def due_of(self, order: Order, account: Account) -> int:
        """Return when ``order`` next needs attention, 0 for never (its account's link must be up to act at all).

        ``add_order`` knows what this says of a new order of ours.
        """
        if account.link is not LinkState.CONNECTED:
            return 0
        due_ns = 0
        if order.status is OrderStatus.PENDING_NEW and not order.answered_ns:
            assert self.settings is not None
            due_ns = order.created_ns + self.settings.answer_wait_ns
        if order.ask_next_ns and (not due_ns or order.ask_next_ns < due_ns):
            due_ns = order.ask_next_ns
        if order.cancel_next_ns and order.status not in TERMINAL and (not due_ns or order.cancel_next_ns < due_ns):
            due_ns = order.cancel_next_ns
        return due_ns

    def add_timed(self, waiting: Timed) -> None:
        self.timed[waiting.seq, waiting.number] = waiting
        self.timed_numbers[waiting.seq] = max(self.timed_numbers.get(waiting.seq, 0), waiting.number)
        self.remind(waiting, waiting.due_ns)

    def remind(self, waiting: Timed, at_ns: int) -> None:
        """Have ``waiting`` looked at from ``at_ns`` on."""
        heappush(self.timed_due, (at_ns, (waiting.seq, waiting.number)))

    def take_timed(self) -> list[tuple[int, int]]:
        """Return, earliest first, the names of instructions to be looked at by now, each once, not too many."""
        taken: dict[tuple[int, int], None] = {}
        heap = self.timed_due
        while heap and heap[0][0] <= self.now_ns and len(taken) < TIMED_AT_ONCE:
            key = heappop(heap)[1]
            waiting = self.timed.get(key)
            if waiting is not None and waiting.due_ns <= self.now_ns:
                taken[key] = None
        return list(taken)

    def next_timed_ns(self) -> int:
        """Return when the next instruction is to be looked at; 0: none waits."""
        heap = self.timed_due
        while heap and heap[0][1] not in self.timed:
            heappop(heap)
        return heap[0][0] if heap else 0

    def next_due_ns(self) -> int:
        """Return the next instant at which some order needs attention; 0: none does."""
        heap = self.due
        while heap:
            due_ns, key = heap[0]
            order = self.current.get(key)
            if order is not None and self.due_of(order, self.account(order.account)) == due_ns:
                return due_ns
            heappop(heap)
        return 0

    def take_due(self) -> list[Order]:
        """Return, earliest first, the orders that need attention by now, each once."""
        taken: dict[ClientOrderId, Order] = {}
        heap = self.due
        while heap and heap[0][0] <= self.now_ns:
            due_ns, key = heappop(heap)
            order = self.find_order(key)
            if order is not None and self.due_of(order, self.account(order.account)) == due_ns:
                taken.setdefault(key, order)
        return list(taken.values())

    def configure(self, settings: EngineSettings) -> None:
        """Take new settings; accounts that left the configuration keep what they hold."""
        self.settings = settings
        self.gauges.configure(settings)
        self.rules = book_of(settings.rules)
        self._kinds, self._charges = {}, {}
        self.doors = {door.name: door for door in settings.doors}
        names: dict[str, list[AccountId]] = {}
        for each in settings.accounts:
            known = self.accounts.get(each.account)
            if known is None:
                self.accounts[each.account] = Account(each)
            else:
                known.settings = each
            names.setdefault(each.account, []).append(each.account)
            if each.name:
                names.setdefault(each.name, []).append(each.account)
            for group in each.groups:
                names.setdefault("@" + group, []).append(each.account)
        names["*"] = [each.account for each in settings.accounts]
        self.names = {word: tuple(dict.fromkeys(found)) for word, found in names.items()}


def _has_moved(before: Order, order: Order) -> bool:
    return (
        order.status is not before.status
        or order.filled_quantity != before.filled_quantity
        or order.reported_quantity != before.reported_quantity
    )


def due_text(state: State, instant_ns: int) -> str:
    """Return an instant as people read it: the time, with the date where it is another day."""
    day = day_of(instant_ns)
    time = to_clock_text(instant_ns).removesuffix(".000")
    return time if day == day_of(state.now_ns) else f"{day.isoformat()} {time}"
