"""The judge's own exchange: written apart from the product's, small, and strict about what it has seen."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from random import Random
from typing import Final

from msgspec.structs import replace

from qmt_trading.market.fees import fee
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model import events as ev
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money, Price, Quantity, notional
from qmt_trading.model.order import Order, Position
from qmt_trading.model.outputs import CancelOrder, QueryBroker, SubmitOrder
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.model.words import LinkState, OrderStatus, Side
from tests.simulation.habits import PLAIN, Habits

ENDS: Final = (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED)
FEES: Final = FeeSchedule()
SYMBOLS: Final = ("600000.SH", "000001.SZ")
FOREIGN_PRICE: Final = Price(100_000)
"""No order of ours costs that, so that nobody can take a foreign one for ours."""


def key_of(one: ev.OrderRow | CancelOrder | Order) -> str:
    """Return what the venue finds an order by: the broker's number, else the contract number in its market."""
    return one.broker_order_id or f"{one.symbol}/{one.venue_order_id}"


class VenueOrder:
    """One order at the venue."""

    __slots__ = ("account", "fills", "name", "placed_tick", "row", "untold")

    def __init__(self, account: str, name: str, row: ev.OrderRow) -> None:
        self.account = account
        self.name = name
        """The client order id it was sent under, whatever the remark says; empty for a foreign order."""
        self.row = row
        self.fills: list[ev.FillRow] = []
        self.untold = False
        """No report tells of it before its first change."""
        self.placed_tick = 0


class Venue:
    """Accounts, orders and fills that outlive every engine, and the link with what is under way on it."""

    def __init__(
        self, rng: Random, accounts: tuple[str, ...], *, lies: frozenset[str], day: dt.date, habits: Habits = PLAIN
    ) -> None:
        self._rng = rng
        self._habits = habits
        self.lies = lies
        self.day = day
        self.now_ns = 0
        self.tick = 0
        """Counts what happens in the world, so that it can be told what came first whatever the clock says."""
        self.session = 0
        self.connected = False
        self.present: tuple[str, ...] = accounts
        """The accounts that the engine of the moment is configured with: it hears of no other."""
        self.cash: dict[str, int] = {}
        self.held: dict[tuple[str, str], int] = {}
        self.sellable: dict[tuple[str, str], int] = {}
        for account in accounts:
            self.cash[account] = habits.cash(rng)
            for symbol in SYMBOLS:
                self.held[account, symbol] = self.sellable[account, symbol] = habits.shares(rng)
        self.orders: dict[str, VenueOrder] = {}
        self._contracts: dict[str, int] = {}
        self.commands: list[tuple[int, SubmitOrder | CancelOrder | QueryBroker, int]] = []
        """Under way to the venue: session, command, instant of the call."""
        self.reports: list[ev.Report] = []
        """Under way to the engine."""
        self.seen: dict[str, int] = {}
        """Name → how often it was executed as an order: more than once is what must never be."""
        self.stale: list[ev.Report] = []
        self.past: list[VenueOrder] = []
        self.no_cancel = False
        """A phase in which the exchange takes no cancels."""
        self.judged: Counter[str] = Counter()
        self.uncovered: list[str] = []
        """Orders of ours that cash or shares did not cover, by no foreign order's fault."""
        self._foreign_cash: Counter[str] = Counter()
        self._foreign_shares: Counter[tuple[str, str]] = Counter()
        self._parts: Counter[str] = Counter()
        self._number = 0

    # The link

    def connect(self) -> None:
        self.session += 1
        self.connected = True
        for account in self.present:
            self.reports.append(ev.LinkChanged(account, self.session, LinkState.CONNECTED))  # type: ignore[arg-type]
        self.reports += self.stale  # The dead session's last words (A16).
        self.stale = []

    def disconnect(self, *, told: bool) -> None:
        """Lose what is under way: all reports, and commands from some point on; what came before arrives late."""
        if not self.connected:
            return
        self.connected = False
        down = [ev.LinkChanged(account, self.session, LinkState.DOWN, "test") for account in self.present]  # type: ignore[arg-type]
        if "stale" in self.lies:
            self.stale = [each for each in self.reports if not isinstance(each, ev.LinkChanged)]
            self.stale += down
        self.reports.clear()
        kept = self._rng.randint(0, len(self.commands))
        del self.commands[kept:]
        self.commands = [each for each in self.commands if not isinstance(each[1], QueryBroker)]
        if told:
            self.reports += down

    def open_day(self, day: dt.date) -> None:
        """Begin another trading day: what worked expires, what was bought may be sold."""
        self.disconnect(told=False)
        self.commands.clear()
        self.stale.clear()
        self.past += self.orders.values()
        self.orders = {}
        self.sellable = dict(self.held)
        self._foreign_cash.clear()
        self._foreign_shares.clear()
        self._parts.clear()
        self.day = day

    def step(self) -> None:
        """Let one command arrive; without one, let an order that was taken in come to the exchange."""
        if not self.commands:
            self._promote()
            return
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
        name, rng = command.client_order_id, self._rng
        if self.now_ns > command.deadline_ns:
            self._tell(ev.SubmitRefused(command.account, name, "过期"))
            return
        self.seen[name] = self.seen.get(name, 0) + 1
        remark: str = name
        if "cut" in self.lies and rng.random() < self._habits.cut_chance:
            remark = name[: rng.choice((0, 8))]
        status, text = OrderStatus.NEW, ""
        if rng.random() < 0.1:
            status, text = OrderStatus.REJECTED, "废单"
        lacking = self._lacking(command)
        if lacking:
            status, text = OrderStatus.REJECTED, lacking
        elif status is OrderStatus.NEW and rng.random() < self._habits.slow_chance:
            status = OrderStatus.PENDING_NEW
        row = self._row(command.symbol, command.side, command.quantity, command.price, remark, status, text)
        order = self._place(VenueOrder(command.account, name, row))
        order.untold = status is not OrderStatus.REJECTED and rng.random() < self._habits.untold_chance
        if not order.untold:
            self._tell(ev.OrderReported(command.account, self.session, row))
        if "minus_one" in self.lies and rng.random() < 0.2:
            self._tell(ev.SubmitUncertain(command.account, name, "-1"))

    def _row(
        self, symbol: str, side: Side, quantity: int, price: Price, remark: str, status: OrderStatus, text: str = ""
    ) -> ev.OrderRow:
        self._number += 1
        return ev.OrderRow(
            client_order_id=remark,
            broker_order_id=str(1000 + self._number),
            venue_order_id="" if status is OrderStatus.PENDING_NEW else self._contract(symbol),
            symbol=symbol,  # type: ignore[arg-type]
            side=side,
            quantity=Quantity(quantity),
            price=price,
            filled_quantity=Quantity(0),
            status=status,
            text=text,
            ordered_ns=self.now_ns,
        )

    def _place(self, order: VenueOrder) -> VenueOrder:
        self.tick += 1
        order.placed_tick = self.tick
        self.orders[key_of(order.row)] = order
        return order

    def _lacking(self, command: SubmitOrder) -> str:
        """Return what the account lacks for ``command``, and note when that is nobody's fault but ours."""
        account, key = command.account, (command.account, command.symbol)
        if command.side is Side.BUY:
            self.judged["buys"] += 1
            short = self._cost(command.symbol, command.price, command.quantity) - self.available(account)
            # Each fill costs the minimum fee, each answer of ours only foresees it for the rest.
            short -= self._parts[account] * FEES.commission_minimum
            excused = short <= self._foreign_cash[account]
        else:
            self.judged["sells"] += 1
            short = command.quantity - self.free(*key)
            excused = short <= self._foreign_shares[key]
        if short <= 0:
            return ""
        if not excused:
            self.uncovered.append(f"{command}: {short} short")
        return "资金不足" if command.side is Side.BUY else "可卖不足"

    def available(self, account: str) -> int:
        """Return the cash that no working buy has claimed."""
        claimed = 0
        for order in self.orders.values():
            row = order.row
            if order.account == account and row.side is Side.BUY and row.status not in ENDS:
                claimed += self._cost(row.symbol, row.price, row.quantity - row.filled_quantity)
        return self.cash[account] - claimed

    def free(self, account: str, symbol: str) -> int:
        """Return the shares that may be sold today and that no working sell has offered."""
        offered = 0
        for order in self.orders.values():
            row = order.row
            if order.account == account and row.symbol == symbol and row.side is Side.SELL and row.status not in ENDS:
                offered += row.quantity - row.filled_quantity
        return self.sellable.get((account, symbol), 0) - offered

    def foreign(self, account: str) -> None:
        """Type an order by hand, or give it by phone: then it has a contract number only."""
        rng = self._rng
        symbol = rng.choice(SYMBOLS)
        side = Side.BUY if rng.random() < 0.7 else Side.SELL
        quantity = rng.choice((100, 200))
        if side is Side.BUY:
            cost = self._cost(symbol, FOREIGN_PRICE, quantity)
            if cost > self.available(account):
                return
            self._foreign_cash[account] += cost + 20 * FEES.commission_minimum
        else:
            if quantity > self.free(account, symbol):
                return
            self._foreign_shares[account, symbol] += quantity
        row = self._row(symbol, side, quantity, FOREIGN_PRICE, rng.choice(("", "手工")), OrderStatus.NEW)
        if rng.random() < self._habits.phone_chance:
            row = replace(row, broker_order_id="")
        order = self._place(VenueOrder(account, "", row))
        order.untold = rng.random() < self._habits.untold_chance
        if not order.untold:
            self._tell(ev.OrderReported(account, self.session, row))  # type: ignore[arg-type]

    def promote_all(self) -> None:
        """Let every order that was taken in come to the exchange."""
        while self._promote():
            pass

    def _promote(self) -> bool:
        for order in self.orders.values():
            if order.row.status is OrderStatus.PENDING_NEW:
                self._change(order, OrderStatus.NEW, order.row.filled_quantity)
                return True
        return False

    def fill_something(self) -> None:
        working = [order for order in self.orders.values() if order.row.status not in ENDS]
        if not working:
            return
        order = self._rng.choice(working)
        if not order.row.venue_order_id:
            self._number_venue(order)
        row = order.row
        left = row.quantity - row.filled_quantity
        quantity = left if left <= 100 or self._rng.random() < 0.5 else left // 200 * 100 or left
        worth = notional(row.price, Quantity(quantity))
        cost = fee(STANDARD.fees(row.symbol, self.day), row.side, worth, Quantity(quantity), FEES)
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
        self._parts[order.account] += 1
        key = order.account, row.symbol
        if row.side is Side.BUY:
            self.cash[order.account] -= worth + cost
            self.held[key] = self.held.get(key, 0) + quantity
        else:
            self.cash[order.account] += worth - cost
            self.held[key] -= quantity
            self.sellable[key] -= quantity
            assert self.sellable[key] >= 0, "the venue sold what could not be sold"
        filled = row.filled_quantity + quantity
        status = OrderStatus.FILLED if filled == row.quantity else OrderStatus.PARTIALLY_FILLED
        if row.status is OrderStatus.PENDING_CANCEL and status is OrderStatus.PARTIALLY_FILLED:
            status = OrderStatus.PENDING_CANCEL
        report = ev.FillReported(order.account, self.session, fill)  # type: ignore[arg-type]
        if self._rng.random() < self._habits.fill_first_chance:
            self._tell(report)
            self._change(order, status, filled)
        else:
            self._change(order, status, filled)
            self._tell(report)

    def _number_venue(self, order: VenueOrder) -> None:
        order.row = replace(order.row, venue_order_id=self._contract(order.row.symbol))

    def _contract(self, symbol: str) -> str:
        """Return the next contract number of the market of ``symbol``: each exchange counts by itself."""
        market = symbol[-2:]
        self._contracts[market] = self._contracts.get(market, 0) + 1
        return f"H{self._contracts[market]}"

    def _cancel(self, command: CancelOrder) -> None:
        order = self.orders.get(key_of(command))
        assert order is not None, "a cancel named an order that does not exist"
        assert order.account == command.account
        if order.row.status in ENDS:
            self._tell(ev.CancelRefused(command.account, command.client_order_id, "已完成"))
            return
        if self.no_cancel or order.row.status is OrderStatus.PENDING_NEW:
            self.judged["cancels put off"] += 1
            self._tell(ev.CancelRefused(command.account, command.client_order_id, "此时不可撤单"))
            return
        if "false_cancel" in self.lies and self._rng.random() < 0.4:
            return  # Accepted, and nothing happens.
        self._change(order, OrderStatus.CANCELED, order.row.filled_quantity)
        if "false_cancel" in self.lies and self._rng.random() < 0.4:
            self._tell(ev.CancelRefused(command.account, command.client_order_id, "撤单失败"))

    def _change(self, order: VenueOrder, status: OrderStatus, filled: int) -> None:
        if not order.row.venue_order_id:
            self._number_venue(order)
        order.row = replace(order.row, filled_quantity=Quantity(filled), status=status)
        order.untold = False
        self._tell(ev.OrderReported(order.account, self.session, order.row))  # type: ignore[arg-type]

    def _list(self, command: QueryBroker, asked_ns: int) -> None:
        account = command.account
        dead = "empty_list" in self.lies and self._rng.random() < 0.5
        mine = [] if dead else [order for order in self.orders.values() if order.account == account]
        complete = True
        if "short_list" in self.lies and not dead and self._rng.random() < 0.35:
            complete = False
            mine = mine[: self._rng.randint(0, len(mine))]
        self._tell(
            ev.BrokerListed(
                account=account,
                session=self.session,
                asked_ns=asked_ns,
                complete=complete,
                alive=not dead,
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

    def _cost(self, symbol: str, price: Price, quantity: int) -> int:
        worth = notional(price, Quantity(quantity))
        charges = STANDARD.fees(Symbol(symbol), self.day)
        return worth + fee(charges, Side.BUY, worth, Quantity(quantity), FEES)

    def _tell(self, report: ev.Report) -> None:
        if self.connected and (isinstance(report, ev.SubmitsHandedOver) or report.account in self.present):
            self.reports.append(report)
