"""The judge's own counter: what one account truly holds, and what a list of it says, with the lag of a real one.

Its instants are those of a steady clock; what it stamps on rows and lists is the wall clock, which may step.
"""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Final, NamedTuple

from msgspec.structs import replace

from qmt_trading.model import events as ev
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import TERMINAL, OrderStatus, Side

SYMBOLS: Final = (Symbol("600000.SH"), Symbol("600036.SH"))
LAG_MAX_NS: Final = 6 * SECOND_NS
FEE: Final = 50_000
"""What a fill costs here, more or less: five yuan."""


class Deal:
    """One order at the counter."""

    __slots__ = ("fills", "name", "row")

    def __init__(self, name: str, row: ev.OrderRow) -> None:
        self.name = name
        """The name it was sent under; empty: somebody else's."""
        self.row = row
        self.fills: list[ev.FillRow] = []

    @property
    def is_over(self) -> bool:
        return self.row.status in TERMINAL


class Figures(NamedTuple):
    """What an account held from an instant on."""

    at_ns: int
    cash: int
    held: dict[Symbol, tuple[int, int]]
    """Quantity and what of it may be sold."""


class Counter:
    """One account, told apart from everything the engine believes of it."""

    def __init__(self, rng: Random, account: AccountId, day: dt.date, now_ns: int) -> None:
        self.rng = rng
        self.account = account
        self.day = day
        self.deals: dict[str, Deal] = {}
        """By the number that names it: the counter's, or a phone order's contract number."""
        self.number = 0
        held = {symbol: (quantity, quantity) for symbol in SYMBOLS if (quantity := rng.choice((0, 1000, 5000)))}
        self.history = [Figures(now_ns - LAG_MAX_NS, rng.choice((200_000, 2_000_000)) * 10_000, held)]
        self.traded: list[tuple[int, Symbol]] = []
        """When what was traded."""

    @property
    def figures(self) -> Figures:
        """What is true now."""
        return self.history[-1]

    def _change(self, now_ns: int, cash: int, held: dict[Symbol, tuple[int, int]] | None = None) -> None:
        before = self.figures
        self.history.append(Figures(now_ns, before.cash + cash, before.held if held is None else held))

    def place(self, name: str, row: ev.OrderRow, *, phone: bool = False) -> Deal:
        """Take an order in: ``row`` without numbers and state."""
        self.number += 1
        number = "" if phone else str(self.number)
        made = Deal(
            name,
            replace(row, broker_order_id=number, venue_order_id=f"H{self.number}", status=OrderStatus.NEW),
        )
        self.deals[number or made.row.venue_order_id] = made
        return made

    def fill(self, deal: Deal, quantity: int, now_ns: int, wall_ns: int) -> ev.FillRow:
        """Trade a part of an order; the fee is the counter's, and only sometimes told."""
        row, rng = deal.row, self.rng
        fee = FEE + rng.randrange(-30_000, 30_000)
        fill = ev.FillRow(
            fill_id=f"F{len(deal.fills)}",  # Every order counts its own from nought.
            client_order_id=row.client_order_id,
            broker_order_id=row.broker_order_id,
            venue_order_id=row.venue_order_id,
            symbol=row.symbol,
            side=row.side,
            price=row.price,
            quantity=Quantity(quantity),
            day=self.day,
            filled_ns=wall_ns,
            fee=Money(fee) if rng.random() < 0.5 else None,
        )
        deal.fills.append(fill)
        self.traded.append((now_ns, row.symbol))
        filled = row.filled_quantity + quantity
        status = OrderStatus.FILLED if filled == row.quantity else OrderStatus.PARTIALLY_FILLED
        deal.row = replace(row, filled_quantity=Quantity(filled), status=status)
        sign = 1 if row.side is Side.BUY else -1
        held, sellable = self.figures.held.get(row.symbol, (0, 0))
        after = held + sign * quantity, sellable if sign > 0 else sellable - quantity
        self._change(now_ns, -sign * quantity * row.price - fee, {**self.figures.held, row.symbol: after})
        return fill

    def end(self, deal: Deal, status: OrderStatus) -> None:
        deal.row = replace(deal.row, status=status)

    def free(self, symbol: Symbol) -> int:
        """Return what may be sold now."""
        offered = sum(
            deal.row.quantity - deal.row.filled_quantity
            for deal in self.deals.values()
            if deal.row.symbol == symbol and deal.row.side is Side.SELL and not deal.is_over
        )
        return self.figures.held.get(symbol, (0, 0))[1] - offered

    def transfer(self, now_ns: int, money: int) -> None:
        """Let money come from the bank, or go there: no order tells of it."""
        self._change(now_ns, money)

    def credit(self, now_ns: int, symbol: Symbol, quantity: int) -> None:
        """Let shares come or go without an order: an allotment, a transfer, a mistake."""
        held, sellable = self.figures.held.get(symbol, (0, 0))
        self._change(now_ns, 0, {**self.figures.held, symbol: (held + quantity, sellable + quantity)})

    def true_figures(self, symbol: Symbol | None, now_ns: int) -> set[tuple[int, int]]:
        """Return what a list of ``now_ns`` may rightly say of ``symbol``: shares and sellable; None: cash, and nothing.

        What no order tells of may lag; what a fill has moved may not be given out as it was before.
        """
        fills = (at_ns for at_ns, traded in self.traded if at_ns <= now_ns and symbol in (None, traded))
        since_ns = max([now_ns - LAG_MAX_NS, *fills])
        until = [each for each in self.history if each.at_ns <= now_ns]
        first = max(index for index, each in enumerate(until) if each.at_ns <= since_ns)
        return {(each.cash, 0) if symbol is None else each.held.get(symbol, (0, 0)) for each in until[first:]}

    def listing(
        self, session: int, now_ns: int, wall_ns: int, *, lag_ns: int = 0, complete: bool = True, alive: bool = True
    ) -> ev.BrokerListed:
        """Return the list of now; positions and cash are those of ``lag_ns`` ago, as counters have them."""
        seen = next(each for each in reversed(self.history) if each.at_ns <= now_ns - lag_ns)
        rows = [deal.row for deal in self.deals.values()]
        fills = [fill for deal in self.deals.values() for fill in deal.fills]
        positions = [
            Position(account=self.account, symbol=symbol, quantity=Quantity(held), sellable_quantity=Quantity(sellable))
            for symbol, (held, sellable) in seen.held.items()
            if held or self.rng.random() < 0.5  # What was sold out may stay in the list.
        ]
        self.rng.shuffle(rows)
        if not complete:
            rows = rows[: self.rng.randint(0, len(rows))]
            fills = fills[: self.rng.randint(0, len(fills))]
            positions = positions[: self.rng.randint(0, len(positions))]
        cash = Money(seen.cash if complete else self.rng.choice((0, seen.cash)))
        return ev.BrokerListed(
            self.account, session, wall_ns, complete, alive, cash, tuple(positions), tuple(rows), tuple(fills)
        )


def a_row(remark: str, symbol: Symbol, side: Side, quantity: int, price: int, ordered_ns: int) -> ev.OrderRow:
    """Return what was asked for, as the counter would tell it once it has given it a number."""
    return ev.OrderRow(
        client_order_id=remark,
        broker_order_id="",
        venue_order_id="",
        symbol=symbol,
        side=side,
        quantity=Quantity(quantity),
        price=Price(price),
        filled_quantity=Quantity(0),
        status=OrderStatus.PENDING_NEW,
        ordered_ns=ordered_ns,
    )
