"""The judge's own exchange: written apart from the product's, small, and strict about what it has seen."""

from __future__ import annotations

import datetime as dt
from random import Random

from qmt_trading.market.fees import fee
from qmt_trading.model import events as ev
from qmt_trading.model.numbers import Money, Price, Quantity, notional
from qmt_trading.model.order import Position
from qmt_trading.model.outputs import CancelOrder, QueryBroker, SubmitOrder
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.model.words import InstrumentKind, LinkState, OrderStatus, Side

ENDS = (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED)
FEES = FeeSchedule()


class VenueOrder:
    """One order at the venue."""

    __slots__ = ("account", "broker_order_id", "fills", "ordered_ns", "remark", "row", "venue_order_id")

    def __init__(self, account: str, row: ev.OrderRow) -> None:
        self.account = account
        self.row = row
        self.fills: list[ev.FillRow] = []


class Venue:
    """Accounts, orders and fills that outlive every engine, and the link with what is under way on it."""

    def __init__(self, rng: Random, accounts: tuple[str, ...], *, lies: frozenset[str], day: dt.date) -> None:
        self._rng = rng
        self.lies = lies
        self.day = day
        self.now_ns = 0
        self.session = 0
        self.connected = False
        self.cash: dict[str, int] = dict.fromkeys(accounts, 10_000_000 * 10_000)
        self.held: dict[tuple[str, str], int] = {}
        self.sellable: dict[tuple[str, str], int] = {}
        for account in accounts:
            for symbol in ("600000.SH", "600036.SH"):
                self.held[account, symbol] = self.sellable[account, symbol] = 5000
        self.orders: dict[str, VenueOrder] = {}
        self.commands: list[tuple[int, SubmitOrder | CancelOrder | QueryBroker, int]] = []
        """Under way to the venue: session, command, instant of the call."""
        self.reports: list[ev.Report] = []
        """Under way to the engine."""
        self.seen: dict[str, int] = {}
        """Remark → how often it was executed as an order: more than once is what must never be."""
        self.stale: list[ev.Report] = []
        self.past: list[VenueOrder] = []
        self._number = 0

    # The link

    def connect(self) -> None:
        self.session += 1
        self.connected = True
        for account in self.cash:
            self.reports.append(ev.LinkChanged(account, self.session, LinkState.CONNECTED))  # type: ignore[arg-type]
        self.reports += self.stale  # The dead session's last words (A16).
        self.stale = []

    def disconnect(self, *, told: bool) -> None:
        """Lose what is under way: all reports, and commands from some point on; what came before arrives late."""
        if not self.connected:
            return
        self.connected = False
        if "stale" in self.lies:
            self.stale = [each for each in self.reports if not isinstance(each, ev.LinkChanged)]
            self.stale += [ev.LinkChanged(account, self.session, LinkState.DOWN, "old") for account in self.cash]  # type: ignore[arg-type]
        self.reports.clear()
        kept = self._rng.randint(0, len(self.commands))
        del self.commands[kept:]
        self.commands = [each for each in self.commands if not isinstance(each[1], QueryBroker)]
        if told:
            for account in self.cash:
                self.reports.append(ev.LinkChanged(account, self.session, LinkState.DOWN, "test"))  # type: ignore[arg-type]

    def open_day(self, day: dt.date) -> None:
        """Begin another trading day: what worked expires, what was bought may be sold."""
        self.disconnect(told=False)
        self.commands.clear()
        self.stale.clear()
        self.past += self.orders.values()
        self.orders = {}
        self.sellable = dict(self.held)
        self.day = day

    def step(self) -> None:
        """Let one command arrive."""
        if self.commands:
            session, command, called_ns = self.commands.pop(0)
            if isinstance(command, SubmitOrder):
                self._submit(command)
            elif isinstance(command, CancelOrder):
                self._cancel(command)
            elif session == self.session and self.connected:
                self._list(command, called_ns)

    def take_report(self) -> ev.Report | None:
        """Return the next report to arrive, as the lies would have it."""
        if not self.reports:
            return None
        index = 0
        if "reordered" in self.lies and not isinstance(self.reports[0], ev.LinkChanged):
            index = self._rng.randrange(min(3, len(self.reports)))
            if isinstance(self.reports[index], ev.LinkChanged):
                index = 0
        report = self.reports.pop(index)
        if not isinstance(report, ev.LinkChanged | ev.BrokerListed):
            if "doubled" in self.lies and self._rng.random() < 0.2:
                self.reports.insert(0, report)
            if "lost" in self.lies and self._rng.random() < 0.15:
                return self.take_report()
        return report

    # The exchange

    def _submit(self, command: SubmitOrder) -> None:
        name = command.client_order_id
        if self.now_ns > command.deadline_ns:
            self._tell(ev.SubmitRefused(command.account, name, "过期"))
            return
        self.seen[name] = self.seen.get(name, 0) + 1
        self._number += 1
        remark = name
        if "cut" in self.lies and self._rng.random() < 0.3:
            remark = name[: self._rng.choice((0, 8))]  # type: ignore[assignment]
        status, text = OrderStatus.NEW, ""
        if self._rng.random() < 0.1:
            status, text = OrderStatus.REJECTED, "废单"
        row = ev.OrderRow(
            client_order_id=remark,
            broker_order_id=str(1000 + self._number),
            venue_order_id=f"H{self._number}",
            symbol=command.symbol,
            side=command.side,
            quantity=command.quantity,
            price=command.price,
            filled_quantity=Quantity(0),
            status=status,
            text=text,
            ordered_ns=self.now_ns,
        )
        order = VenueOrder(command.account, row)
        self.orders[row.broker_order_id] = order
        self._tell(ev.OrderReported(order.account, self.session, row))  # type: ignore[arg-type]
        if "minus_one" in self.lies and self._rng.random() < 0.2:
            self._tell(ev.SubmitUncertain(command.account, name, "-1"))

    def foreign(self, account: str) -> None:
        """Type an order by hand."""
        self._number += 1
        row = ev.OrderRow(
            client_order_id=self._rng.choice(("", "手工")),
            broker_order_id=str(1000 + self._number),
            venue_order_id=f"H{self._number}",
            symbol="600000.SH",  # type: ignore[arg-type]
            side=Side.BUY,
            quantity=Quantity(77700),
            price=Price(100_000),
            filled_quantity=Quantity(0),
            status=OrderStatus.NEW,
            ordered_ns=self.now_ns,
        )
        self.orders[row.broker_order_id] = VenueOrder(account, row)
        self._tell(ev.OrderReported(account, self.session, row))  # type: ignore[arg-type]

    def fill_something(self) -> None:
        working = [order for order in self.orders.values() if order.row.status not in ENDS]
        if not working:
            return
        order = self._rng.choice(working)
        row = order.row
        left = row.quantity - row.filled_quantity
        quantity = left if left <= 100 or self._rng.random() < 0.5 else left // 200 * 100 or left
        worth = notional(row.price, Quantity(quantity))
        cost = fee(InstrumentKind.STOCK, row.side, worth, FEES)
        fill = ev.FillRow(
            fill_id=f"F{len(order.fills)}",
            client_order_id=row.client_order_id,
            broker_order_id=row.broker_order_id,
            venue_order_id=row.venue_order_id,
            symbol=row.symbol,
            side=row.side,
            price=row.price,
            quantity=Quantity(quantity),
            day=self.day,
            filled_ns=self.now_ns,
            fee=cost,
        )
        order.fills.append(fill)
        key = order.account, row.symbol
        if row.side is Side.BUY:
            self.cash[order.account] -= worth + cost
            self.held[key] = self.held.get(key, 0) + quantity
        else:
            self.cash[order.account] += worth - cost
            self.held[key] -= quantity
            self.sellable[key] -= quantity
        filled = row.filled_quantity + quantity
        status = OrderStatus.FILLED if filled == row.quantity else OrderStatus.PARTIALLY_FILLED
        if row.status is OrderStatus.PENDING_CANCEL and status is OrderStatus.PARTIALLY_FILLED:
            status = OrderStatus.PENDING_CANCEL
        self._change(order, status, filled)
        self._tell(ev.FillReported(order.account, self.session, fill))  # type: ignore[arg-type]

    def _cancel(self, command: CancelOrder) -> None:
        order = self.orders.get(command.broker_order_id)
        assert order is not None, "a cancel named an order that does not exist"
        assert order.account == command.account
        if order.row.status in ENDS:
            self._tell(ev.CancelRefused(command.account, command.client_order_id, "已完成"))
            return
        if "false_cancel" in self.lies and self._rng.random() < 0.4:
            return  # Accepted, and nothing happens.
        self._change(order, OrderStatus.CANCELED, order.row.filled_quantity)
        if "false_cancel" in self.lies and self._rng.random() < 0.4:
            self._tell(ev.CancelRefused(command.account, command.client_order_id, "撤单失败"))

    def _change(self, order: VenueOrder, status: OrderStatus, filled: int) -> None:
        row = order.row
        order.row = ev.OrderRow(
            client_order_id=row.client_order_id,
            broker_order_id=row.broker_order_id,
            venue_order_id=row.venue_order_id,
            symbol=row.symbol,
            side=row.side,
            quantity=row.quantity,
            price=row.price,
            filled_quantity=Quantity(filled),
            status=status,
            text=row.text,
            ordered_ns=row.ordered_ns,
        )
        self._tell(ev.OrderReported(order.account, self.session, order.row))  # type: ignore[arg-type]

    def _list(self, command: QueryBroker, asked_ns: int) -> None:
        account = command.account
        lie = "empty_list" in self.lies and self._rng.random() < 0.5
        mine = [] if lie else [order for order in self.orders.values() if order.account == account]
        self._tell(
            ev.BrokerListed(
                account=account,
                session=self.session,
                asked_ns=asked_ns,
                complete=True,
                alive=not lie,
                cash=Money(self.cash[account]),
                positions=tuple(
                    Position(
                        account=account,
                        symbol=symbol,  # type: ignore[arg-type]
                        quantity=Quantity(quantity),
                        sellable_quantity=Quantity(self.sellable.get((owner, symbol), 0)),
                    )
                    for (owner, symbol), quantity in self.held.items()
                    if owner == account
                ),
                rows=tuple(order.row for order in mine),
                fills=tuple(fill for order in mine for fill in order.fills),
            )
        )

    def _tell(self, report: ev.Report) -> None:
        if self.connected:
            self.reports.append(report)
