"""What the records of one trading day say of the orders, cancels and fills of its accounts, whoever placed them.

Records are taken one by one; what stays is a few figures for each order and each fill of the day.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, assert_never

from msgspec import Struct

from qmt_trading.codec.journal_record import Record
from qmt_trading.engine.ids import in_our_form
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import SECOND_NS, Price, Quantity
from qmt_trading.model.settings import AccountSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Mode, OrderStatus, Side

QUOTE_KEPT_NS: Final = 300 * SECOND_NS
"""How long a quote's traded value of five minutes says something about a fill."""


class OrderFacts(Struct, kw_only=True, gc=False):
    """One order of the day."""

    name: str = ""
    """Our id; empty: foreign."""
    symbol: Symbol
    side: Side
    quantity: Quantity
    price: Price
    placed_ns: int
    """When it was decided, or placed by somebody else."""
    called_ns: int = 0
    """When it was handed over; 0: that is on no record."""
    last: Price = Price(0)
    """The last price that it was decided by; 0: none was known."""
    unsent: bool = False
    """It was held back, refused before it left, or settled as never sent."""
    seen: bool = False
    """The broker has told of it."""
    numbered: bool = False
    """It has the terminal's number."""
    counted: bool = True
    """False: of an earlier day, or another name of an order of ours."""
    doubtful: bool = False
    """Told without a name, while an order of ours that looks alike had no number yet."""
    cancel_ns: int = 0
    """When our first cancel was handed over; 0: none was."""
    canceled_ns: int = 0
    """When it was first told to be cancelled; 0: it was not."""

    @property
    def sent(self) -> bool:
        """An order of ours without a word of its hand-over counts unless it certainly did not leave."""
        return bool(self.called_ns) or self.seen or not self.unsent

    @property
    def out_ns(self) -> int:
        """When it left, as near as the records tell."""
        return self.called_ns or self.placed_ns


class FillFacts(Struct, frozen=True, gc=False):
    """One execution of the day, counted once."""

    symbol: Symbol
    side: Side
    price: Price
    value: int
    filled_ns: int
    recent_value: int
    """What the market traded in five minutes by the newest quote on record; -1: unknown."""
    last: Price
    """The last price that its order was decided by; 0: unknown."""


class AccountFacts:
    """One account of the day."""

    def __init__(self, account: AccountId) -> None:
        self.account = account
        self.settings: AccountSettings | None = None
        self.orders: dict[str, OrderFacts] = {}
        """Ours, by id."""
        self.foreign: list[OrderFacts] = []
        self.cancels: list[int] = []
        """When each cancel of ours was handed over."""
        self.fills: list[FillFacts] = []
        self._numbers: dict[str, OrderFacts] = {}
        self._nameless: dict[str, OrderFacts] = {}
        """Ours without any number."""
        self._fill_names: set[str] = set()

    def submitted(self, order: OrderFacts) -> None:
        self.orders[order.name] = order
        self._nameless[order.name] = order

    def not_sent(self, name: str) -> None:
        self.orders[name].unsent = True
        self._nameless.pop(name, None)

    def canceling(self, record: out.CancelOrder, now_ns: int) -> None:
        """Take a cancel of ours; one that is only registered names the order and nothing else."""
        order = self.orders.get(record.client_order_id) or self._by_number(
            record.broker_order_id, record.venue_order_id
        )
        if order is not None:
            self._bind(order, record.broker_order_id, record.venue_order_id)
        if not record.attempt or record.not_before_ns:
            return
        self.cancels.append(now_ns)
        if order is not None and not order.cancel_ns:
            order.cancel_ns = now_ns

    def told(self, row: ev.OrderRow, *, tag: str, day: dt.date, now_ns: int) -> None:
        """Take the broker's row of an order."""
        order = self._order_of(row, tag, day, now_ns)
        order.seen = True
        if row.status is OrderStatus.CANCELED and not order.canceled_ns:
            order.canceled_ns = now_ns

    def filled(self, row: ev.FillRow, *, recent_value: int, now_ns: int) -> None:
        """Take the broker's row of a fill, unless it was told before."""
        order = self._by_number(row.broker_order_id, row.venue_order_id)
        if order is None:
            named = self.orders.get(row.client_order_id)
            alike = named is not None and named.symbol == row.symbol and named.side is row.side
            if named is not None and alike and not (named.numbered and row.broker_order_id):
                order = named
                self._bind(named, row.broker_order_id, row.venue_order_id)
        names = [order.name] if order is not None and order.name else []
        names += _numbers(row.broker_order_id, row.venue_order_id) or [""]
        keys = [f"{row.symbol}|{row.side}|{row.fill_id}|{name}" for name in names]
        if not self._fill_names.isdisjoint(keys):
            return
        self._fill_names.add(keys[0])
        self.fills.append(
            FillFacts(
                row.symbol,
                row.side,
                row.price,
                row.price * row.quantity,
                row.filled_ns or now_ns,
                recent_value,
                order.last if order is not None else Price(0),
            )
        )

    def settle_doubts(self) -> None:
        """Decide at the end whose the rows without a name are: each of our orders without a number takes one."""
        for row in self.foreign:
            if row.doubtful:
                own = next((order for order in self._nameless.values() if _alike(order, row)), None)
                if own is not None:
                    self._nameless.pop(own.name)
                    self._absorb(own, row)

    def _order_of(self, row: ev.OrderRow, tag: str, day: dt.date, now_ns: int) -> OrderFacts:
        remark = row.client_order_id
        known = self._by_number(row.broker_order_id, row.venue_order_id)
        if not row.broker_order_id and not row.venue_order_id:
            known = self._numbers.get(_looks(row))
        own = self.orders.get(remark)
        if own is not None and not _same(own, row):
            own = None
        if known is not None and (own is None or not known.doubtful):
            self._bind(known, row.broker_order_id, row.venue_order_id)
            return known
        if own is not None and not (own.numbered and row.broker_order_id):
            self._bind(own, row.broker_order_id, row.venue_order_id)
            return own
        made = OrderFacts(
            symbol=row.symbol,
            side=row.side,
            quantity=row.quantity,
            price=row.price,
            placed_ns=row.ordered_ns or now_ns,
            counted=not row.ordered_ns or day_of(row.ordered_ns) >= day,
        )
        if remark not in self.orders and in_our_form(remark) and remark.startswith(tag):
            made.counted = False  # Ours, of an earlier day.
        elif not in_our_form(remark):
            made.doubtful = any(_alike(order, made) for order in self._nameless.values())
        self.foreign.append(made)
        self._bind(made, row.broker_order_id, row.venue_order_id)
        if not row.broker_order_id and not row.venue_order_id:
            self._numbers[_looks(row)] = made
        return made

    def _by_number(self, broker_order_id: str, venue_order_id: str) -> OrderFacts | None:
        return next(filter(None, map(self._numbers.get, _numbers(broker_order_id, venue_order_id))), None)

    def _bind(self, order: OrderFacts, broker_order_id: str, venue_order_id: str) -> None:
        """Let ``order`` be known by its numbers; a nameless row that had them was this order."""
        numbers = _numbers(broker_order_id, venue_order_id)
        for number in numbers:
            other = self._numbers.setdefault(number, order)
            if other is not order and other.doubtful and order.name:
                self._absorb(order, other)
                self._numbers[number] = order
        if numbers and order.name:
            self._nameless.pop(order.name, None)
        order.numbered = order.numbered or bool(broker_order_id)

    @staticmethod
    def _absorb(own: OrderFacts, row: OrderFacts) -> None:
        row.counted = row.doubtful = False
        own.seen = True
        own.canceled_ns = own.canceled_ns or row.canceled_ns


class DayFacts:
    """The facts of one trading day, account by account, while its records are taken."""

    def __init__(self, day: dt.date, began_ns: int) -> None:
        self.day = day
        self.until_ns = began_ns
        """The clock of the newest record."""
        self._tag = ""
        self._observes = False
        """The journal is of shadow mode: nothing of ours left, and the cancels are others'."""
        self._accounts: dict[AccountId, AccountFacts] = {}
        self._account_of: dict[str, AccountId] = {}
        """Of our orders whose hand-over may still come on record: they were decided in this process."""
        self._last: dict[Symbol, Price] = {}
        self._recent: dict[Symbol, tuple[int, int]] = {}

    @property
    def accounts(self) -> tuple[AccountFacts, ...]:
        return tuple(self._accounts.values())

    @property
    def awaits(self) -> bool:
        """Tell whether the hand-over of an order may still come on record."""
        return bool(self._account_of)

    def close(self) -> None:
        for facts in self._accounts.values():
            facts.settle_doubts()

    def take_late(self, record: Record) -> None:
        """Take what a record of the next day says of the hand-over of this one's orders, and nothing else."""
        if isinstance(record, ev.EngineStarted):
            self._account_of.clear()
        elif isinstance(record, ev.SubmitsHandedOver | ev.SubmitRefused | ev.SubmitsWithheld):
            self.take(record)

    def take(self, record: Record) -> None:
        match record:
            case ev.At():
                self.until_ns = record.now_ns
            case ev.SignalReceived() | ev.InstructionDue():
                self._take_quotes(record.quotes)
            case out.SubmitOrder():
                self._submitted(record)
                if self._observes:
                    self._not_sent(record.client_order_id)
            case ev.SubmitsHandedOver():
                for name, called_ns in record.calls:
                    self._called(name, called_ns)
            case ev.SubmitRefused():
                self._not_sent(record.client_order_id)
            case ev.SubmitsWithheld():
                for name in record.client_order_ids:
                    self._not_sent(name)
            case out.OrderEnded():
                if record.status is OrderStatus.NOT_SENT:
                    self._not_sent(record.client_order_id)
            case out.CancelOrder():
                if not self._observes:
                    self._of(record.account).canceling(record, self.until_ns)
            case ev.OrderReported():
                self._told(record.account, record.row)
            case ev.FillReported():
                self._filled(record.account, record.row)
            case ev.BrokerListed():
                for row in record.rows:
                    self._told(record.account, row)
                for fill in record.fills:
                    self._filled(record.account, fill)
            case ev.EngineStarted():
                self._account_of.clear()  # The process that could have told of them is gone.
                self._configure(record.settings.accounts)
            case out.DayOpened():
                self._tag = record.bound.tag
                self._observes = record.bound.mode is Mode.SHADOW
                self._configure(record.settings.accounts)
            case (
                ev.JournalBound()
                | ev.DayBegan()
                | ev.CorporateActionsTold()
                | ev.MalformedReceived()
                | ev.SubmitUncertain()
                | ev.CancelRefused()
                | ev.LinkChanged()
                | ev.CancelRequested()
                | ev.HaltRequested()
                | ev.ResumeRequested()
                | ev.ResolveRequested()
                | ev.ReconcileRequested()
                | ev.LimitRequested()
                | ev.LimitsConfirmed()
                | ev.AcknowledgeRequested()
                | ev.IgnoreDifferenceRequested()
                | ev.MorningChecked()
                | ev.MorningAccepted()
                | ev.CancelsEnding()
                | ev.PositionsMarked()
                | ev.SignalsDropped()
                | ev.DoorComplained()
                | ev.TerminalComplained()
                | ev.DeadlineReached()
                | ev.ClockStepped()
                | ev.JournalFailed()
                | out.CancelMarked()
                | out.QueryBroker()
                | out.DifferenceAbsorbed()
                | out.DifferenceIgnored()
                | out.DifferencesTold()
                | out.InstructionQueued()
                | out.InstructionDropped()
                | out.InstructionDone()
                | out.ChaseEnded()
                | out.SignalAnswered()
                | out.TradingStateChanged()
                | out.LimitSet()
                | out.BrakeTripped()
                | out.Alert()
                | out.AlertsAcknowledged()
            ):
                pass
            case _:
                assert_never(record)

    def _of(self, account: AccountId) -> AccountFacts:
        found = self._accounts.get(account)
        if found is None:
            found = self._accounts[account] = AccountFacts(account)
        return found

    def _configure(self, accounts: tuple[AccountSettings, ...]) -> None:
        for settings in accounts:
            self._of(settings.account).settings = settings

    def _take_quotes(self, quotes: tuple[Quote, ...]) -> None:
        self._last = {quote.symbol: quote.last for quote in quotes}
        for quote in quotes:
            if quote.recent_value >= 0:
                self._recent[quote.symbol] = self.until_ns, quote.recent_value

    def _submitted(self, record: out.SubmitOrder) -> None:
        self._account_of[record.client_order_id] = record.account
        self._of(record.account).submitted(
            OrderFacts(
                name=record.client_order_id,
                symbol=record.symbol,
                side=record.side,
                quantity=record.quantity,
                price=record.price,
                placed_ns=self.until_ns,
                last=self._last.get(record.symbol, Price(0)),
            )
        )

    def _called(self, name: str, called_ns: int) -> None:
        account = self._account_of.pop(name, None)
        if account is not None:
            self._accounts[account].orders[name].called_ns = called_ns

    def _not_sent(self, name: str) -> None:
        self._account_of.pop(name, None)
        for facts in self._accounts.values():
            if name in facts.orders:
                facts.not_sent(name)

    def _told(self, account: AccountId, row: ev.OrderRow) -> None:
        self._of(account).told(row, tag=self._tag, day=self.day, now_ns=self.until_ns)

    def _filled(self, account: AccountId, row: ev.FillRow) -> None:
        if row.day != self.day:
            return
        seen_ns, value = self._recent.get(row.symbol, (0, -1))
        fresh = self.until_ns - seen_ns <= QUOTE_KEPT_NS
        self._of(account).filled(row, recent_value=value if fresh else -1, now_ns=self.until_ns)


def _numbers(broker_order_id: str, venue_order_id: str) -> list[str]:
    found = [f"b{broker_order_id}"] if broker_order_id else []
    return [*found, f"v{venue_order_id}"] if venue_order_id else found


def _looks(row: ev.OrderRow) -> str:
    """Return what stands for the number of a row that has none."""
    return f"?{row.symbol}|{row.side}|{row.quantity}|{row.price}|{row.ordered_ns}"


def _same(order: OrderFacts, row: ev.OrderRow) -> bool:
    return order.symbol == row.symbol and order.side is row.side and order.quantity == row.quantity


def _alike(order: OrderFacts, row: OrderFacts) -> bool:
    return (
        order.symbol == row.symbol
        and order.side is row.side
        and order.quantity == row.quantity
        and order.price == row.price
        and not order.unsent
    )
