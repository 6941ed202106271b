"""Journals of programme trading: written by hand turn by turn, or drawn at random from a seed."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Final

from qmt_trading.codec.journal_record import GENESIS, Record, encode_turn, seal
from qmt_trading.engine.ids import client_order_id
from qmt_trading.journal.memory import MemoryJournal
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS, Money, Price, Quantity
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.settings import AccountSettings, Compliance, DoorSettings, EngineSettings
from qmt_trading.model.signal import AccountId, PriceKind, PriceSpec, Signal
from qmt_trading.model.words import Mode, OrderStatus, Side, SignalForm, TradingState
from qmt_trading.ports import Closing, Journal, StoredTurn
from qmt_trading.run.compliance import DEFAULTS, Figures, Measures, report
from tests.engine_bench import ACCOUNT, DAY, OTHER, START_NS, STOCK

OTHER_STOCK: Final = Symbol("000001.SZ")
TAG: Final = "BENCH"
BOUND: Final = ev.JournalBound(1, Mode.PAPER, TAG, (ACCOUNT, OTHER))
REPORTED: Final = Compliance(
    registered=dt.date(2026, 5, 20), software="自编软件 1.0", strategy="=打板", per_second_max=10, per_day_max=2000
)
SETTINGS: Final = EngineSettings(
    mode=Mode.PAPER,
    accounts=(
        AccountSettings(account=ACCOUNT, name="一号", compliance=REPORTED),
        AccountSettings(account=OTHER),
    ),
    doors=(DoorSettings(name="door"),),
    default_price=PriceSpec(PriceKind.LATEST, text="latest"),
)
DAY_NS: Final = 24 * 3600 * SECOND_NS


class Book:
    """A journal that is written one turn at a time, with a clock that is set by hand."""

    def __init__(self, journal: Journal | None = None) -> None:
        self.journal: Journal = journal if journal is not None else MemoryJournal()
        self.now_ns = START_NS
        self.day = DAY
        self.turns: list[list[Record]] = []
        self.sequence = 0
        self._head = GENESIS
        self.turn(BOUND, ev.EngineStarted("test", SETTINGS), ev.DayBegan(DAY), self.opened())

    def turn(self, *records: Record) -> None:
        """Put one turn of now on record."""
        whole: list[Record] = [ev.At(self.now_ns), *records]
        self.turns.append(whole)
        payload = encode_turn(whole)
        number = len(self.turns)
        turn = StoredTurn(number, payload, seal(self._head, number, payload))
        opens = any(isinstance(record, ev.DayBegan) for record in records)
        self.journal.append(turn, closing=Closing((), "") if opens else None)
        self._head = turn.seal

    def later(self, span_ns: int) -> None:
        self.now_ns += span_ns

    def opened(self) -> out.DayOpened:
        return out.DayOpened(
            self.day, BOUND, "test", SETTINGS, TradingState.ACTIVE, (), (), (), (), (), 0, self.sequence
        )

    def next_day(self) -> None:
        self.day += dt.timedelta(days=1)
        self.now_ns += DAY_NS
        self.turn(ev.DayBegan(self.day), self.opened())

    def order(
        self,
        *,
        account: AccountId = ACCOUNT,
        symbol: Symbol = STOCK,
        side: Side = Side.BUY,
        quantity: int = 100,
        price: int = 105_000,
    ) -> out.SubmitOrder:
        """Return a new order that nothing is on record of yet."""
        self.sequence += 1
        name = client_order_id(TAG, self.sequence)
        deadline_ns = self.now_ns + 10 * SECOND_NS
        return out.SubmitOrder(
            name, account, symbol, side, Quantity(quantity), Price(price), 1, deadline_ns, Money(10**9)
        )

    def signal(self, *quotes: Quote) -> ev.SignalReceived:
        return ev.SignalReceived(1, "door", self.now_ns, "x", Signal(SignalForm.TEXT, ()), quotes)

    def sent(self, *orders: out.SubmitOrder, last: int = 105_000, recent: int = -1) -> None:
        """Put orders on record with the quote they were decided by, and their hand-over at once."""
        quotes = [self.quote(symbol, last, recent) for symbol in dict.fromkeys(order.symbol for order in orders)]
        self.turn(self.signal(*quotes), *orders)
        self.turn(self.handed(*orders))

    def handed(self, *orders: out.SubmitOrder, at_ns: int = 0) -> ev.SubmitsHandedOver:
        calls = tuple((order.client_order_id, at_ns or self.now_ns) for order in orders)
        return ev.SubmitsHandedOver(self.now_ns, calls)

    def quote(self, symbol: Symbol, last: int, recent: int = -1) -> Quote:
        prices = (Price(last), Price(0), Price(0), Price(0))
        return Quote(symbol, *prices, (), (), self.now_ns, None, recent_value=Money(recent))


def row_of(
    order: out.SubmitOrder,
    status: OrderStatus = OrderStatus.NEW,
    *,
    remark: str | None = None,
    number: str | None = None,
) -> ev.OrderReported:
    """Return the broker's row of an order of ours."""
    name = order.client_order_id if remark is None else remark
    broker = f"b{order.client_order_id}" if number is None else number
    figures = order.symbol, order.side, order.quantity, order.price
    return ev.OrderReported(order.account, 1, ev.OrderRow(name, broker, "", *figures, Quantity(0), status))


def foreign_row(
    number: str,
    status: OrderStatus = OrderStatus.NEW,
    *,
    account: AccountId = ACCOUNT,
    ordered_ns: int = 0,
    quantity: int = 300,
) -> ev.OrderReported:
    """Return the row of an order that somebody else placed."""
    figures = Side.BUY, Quantity(quantity), Price(105_000), Quantity(0)
    return ev.OrderReported(account, 1, ev.OrderRow("", number, "", STOCK, *figures, status, "", ordered_ns))


def cancel_of(order: out.SubmitOrder, *, attempt: int = 1, not_before_ns: int = 0) -> out.CancelOrder:
    """Return a cancel of an order of ours."""
    number = f"b{order.client_order_id}"
    names = order.client_order_id, number, ""
    return out.CancelOrder(order.account, *names, order.symbol, attempt, -1, not_before_ns)


def fill_of(
    order: out.SubmitOrder,
    day: dt.date,
    filled_ns: int,
    *,
    fill_id: str = "f",
    quantity: int = 100,
    price: int = 105_000,
) -> ev.FillReported:
    names = fill_id, order.client_order_id, f"b{order.client_order_id}", ""
    figures = order.symbol, order.side, Price(price), Quantity(quantity)
    return ev.FillReported(order.account, 1, ev.FillRow(*names, *figures, day, filled_ns))


def figures(book: Book, day: dt.date = DAY, *, account: str = ACCOUNT, measures: Measures = DEFAULTS) -> Figures:
    """Return what is reported of one account."""
    return next(each for each in report(book.journal, day, measures).accounts if each.account == account)


class RandomBook(Book):
    """Two accounts, people and a broker who act at random, in time steps at the edges of what is measured."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = Random(seed)
        self.orders: list[out.SubmitOrder] = []
        """Of today."""
        self.numbered: set[ClientOrderId] = set()
        self.waiting: list[out.SubmitOrder] = []
        """On record; nothing is yet on record of their hand-over."""
        self.told: list[ev.OrderReported | ev.FillReported] = []
        """What may be told again, on this day or the next."""
        self.foreign = 0

    def step(self) -> None:
        rng = self.rng
        steps = (0, 0, 1, MILLISECOND_NS, SECOND_NS // 2, SECOND_NS - 1, SECOND_NS, SECOND_NS + 1, 5 * SECOND_NS)
        self.later(rng.choice((*steps, *steps, 30 * SECOND_NS, 60 * SECOND_NS, 300 * SECOND_NS)))
        acts = (
            *[self.act_submit] * 5,
            *[self.act_handed] * 4,
            *[self.act_row] * 4,
            *[self.act_cancel] * 4,
            *[self.act_fill] * 4,
            *[self.act_foreign] * 2,
            self.act_again,
            self.act_listed,
            self.act_trouble,
        )
        rng.choice(acts)()
        if rng.random() < 0.02:
            self.act_start()
        if rng.random() < 0.01:
            self.act_day()

    def act_submit(self) -> None:
        rng = self.rng
        symbol, account = rng.choice((STOCK, OTHER_STOCK)), rng.choice((ACCOUNT, ACCOUNT, OTHER))
        side = rng.choice((Side.BUY, Side.SELL))
        made = [
            self.order(
                account=account, symbol=symbol, side=side, price=rng.choice((103_950, 104_000, 105_000, 106_050))
            )
            for _ in range(rng.randint(1, 4))
        ]
        quotes = [self.quote(symbol, rng.choice((0, 105_000)), rng.choice((-1, 0, 10**7, 10**9)))]
        self.turn(self.signal(*quotes[: rng.randint(0, 1)]), *made)
        self.orders += made
        self.waiting += made

    def act_handed(self) -> None:
        if self.waiting:
            count = self.rng.randint(1, len(self.waiting))
            calls, self.waiting = self.waiting[:count], self.waiting[count:]
            self.turn(self.handed(*calls, at_ns=self.now_ns - self.rng.choice((0, 0, 1, MILLISECOND_NS))))

    def act_trouble(self) -> None:
        if self.orders:
            order = self.rng.choice(self.waiting or self.orders)
            name = order.client_order_id
            self.waiting = [each for each in self.waiting if each is not order]
            records: tuple[Record, ...] = (
                ev.SubmitRefused(order.account, name, "拒"),
                ev.SubmitsWithheld((name,), "halt"),
                ev.SubmitUncertain(order.account, name, "?"),
                out.OrderEnded(name, self.rng.choice((OrderStatus.NOT_SENT, OrderStatus.UNKNOWN)), "x"),
            )
            self.turn(self.rng.choice(records))

    def act_row(self) -> None:
        if self.orders:
            order = self.rng.choice(self.orders)
            remark = "" if order.client_order_id in self.numbered and self.rng.random() < 0.5 else None
            self.numbered.add(order.client_order_id)
            self.tell(row_of(order, self.rng.choice((OrderStatus.NEW, OrderStatus.CANCELED)), remark=remark))

    def act_cancel(self) -> None:
        if self.orders:
            order = self.rng.choice(self.orders[-6:])
            self.numbered.add(order.client_order_id)
            attempt, put_off = self.rng.choice(((1, 0), (1, 0), (0, 0), (2, 0), (1, self.now_ns + 1)))
            self.turn(cancel_of(order, attempt=attempt, not_before_ns=put_off))

    def act_fill(self) -> None:
        if self.orders:
            rng = self.rng
            order = rng.choice(self.orders[-6:])
            self.numbered.add(order.client_order_id)
            at_ns = rng.choice((0, self.now_ns, self.now_ns - MILLISECOND_NS))
            price = rng.choice((103_949, 103_950, 105_000, 106_049, 106_050))
            self.tell(fill_of(order, self.day, at_ns, fill_id=str(rng.randint(1, 3)), price=price))

    def act_foreign(self) -> None:
        rng = self.rng
        self.foreign += rng.random() < 0.6
        number, status = f"x{rng.randint(0, self.foreign)}", rng.choice((OrderStatus.NEW, OrderStatus.CANCELED))
        # A broker's number belongs to one account and has one time.
        account, ordered_ns = Random(number).choice((ACCOUNT, OTHER)), 0
        self.tell(foreign_row(f"{self.day}{number}", status, account=account, ordered_ns=ordered_ns))

    def act_again(self) -> None:
        if self.told:
            self.turn(self.rng.choice(self.told))

    def act_listed(self) -> None:
        told = [each for each in self.told[-20:] if each.account == ACCOUNT]
        rows = tuple(each.row for each in told if isinstance(each, ev.OrderReported))
        fills = tuple(each.row for each in told if isinstance(each, ev.FillReported))
        self.turn(ev.BrokerListed(ACCOUNT, 1, self.now_ns, True, True, Money(0), (), rows, fills))

    def act_start(self) -> None:
        self.waiting.clear()
        self.turn(ev.EngineStarted("test", SETTINGS))

    def act_day(self) -> None:
        self.orders.clear()
        self.numbered.clear()
        # What the old day told comes again on the new one only where it bears its date.
        self.told = [each for each in self.told if isinstance(each, ev.FillReported)]
        self.next_day()

    def tell(self, report: ev.OrderReported | ev.FillReported) -> None:
        self.told.append(report)
        self.turn(report)
