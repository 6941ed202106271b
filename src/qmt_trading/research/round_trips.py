"""Joins buys and sells to round trips, first in, first out: order by order and exact to the unit."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from qmt_trading.research.columns import instants_of
from qmt_trading.research.result import Entries, Fills, Result

Array = npt.NDArray[Any]


class RoundTrips(Struct, frozen=True, kw_only=True, eq=False):
    """One row for each buy order and sell order that shares went between, in the order they were closed.

    Money in ten-thousandths of a yuan. An order that filled in pieces is one; a buy that two orders sold is two trips.
    """

    symbol: Array
    quantity: Array
    """Shares sold: after a split these are more than were bought."""
    opened_ns: Array
    closed_ns: Array
    opened_day: Array
    closed_day: Array
    cost: Array
    """What the shares were bought for, before fees."""
    buy_fee: Array
    proceeds: Array
    sell_fee: Array
    income: Array
    """What corporate actions paid on them meanwhile, less the tax on it."""

    def __len__(self) -> int:
        return len(self.symbol)

    @property
    def profit(self) -> Array:
        return self.proceeds - self.sell_fee - self.cost - self.buy_fee + self.income

    @property
    def returns(self) -> Array:
        """Profit over what was paid, fees included; 0 where nothing was paid."""
        paid = (self.cost + self.buy_fee).astype(np.float64)
        return np.divide(self.profit, paid, out=np.zeros(len(self)), where=paid > 0)

    @property
    def held_days(self) -> Array:
        """Trading days from the buy to the sale: 0 within a day."""
        return self.closed_day - self.opened_day


class OpenLot(Struct, frozen=True, kw_only=True):
    """What of a buy order is still held at the end."""

    symbol: int
    quantity: int
    opened_ns: int
    opened_day: int
    cost: int
    fee: int
    income: int


class Book(Struct, frozen=True, kw_only=True, eq=False):
    """All that a run's fills come to."""

    trips: RoundTrips
    open: tuple[OpenLot, ...]
    stray_income: dict[int, int]
    """By symbol: what corporate actions paid when no share was held any more."""
    unmatched: int
    """Shares that were sold and that nothing says where they came from: counted as bought for nothing."""


class _Lot:
    __slots__ = ("at_ns", "cost", "day", "fee", "income", "order", "quantity")

    def __init__(self, order: int, at_ns: int, day: int) -> None:
        self.order, self.at_ns, self.day = order, at_ns, day
        self.quantity = self.cost = self.fee = self.income = 0

    def take(self, quantity: int) -> tuple[int, int, int]:
        """Take shares out; return the cost, fee and income that go with them. The last share takes what is left."""
        cost = self.cost * quantity // self.quantity
        fee = self.fee * quantity // self.quantity
        income = self.income * quantity // self.quantity
        self.quantity -= quantity
        self.cost -= cost
        self.fee -= fee
        self.income -= income
        return cost, fee, income


Lots = deque[_Lot]
_COLUMNS = RoundTrips.__struct_fields__
_FROM_NOWHERE: Final = -1
_FROM_BEFORE: Final = -2
"""In place of an order's number."""


def book_of(result: Result) -> Book:
    """Join the fills of ``result``, which stand in order of time."""
    return join(result.fills, result.entries, result.days)


def join(fills: Fills, entries: Entries | None, days: Array) -> Book:
    """Join ``fills``; ``entries`` are what nothing filled, each before the fills of its day."""
    held: dict[int, Lots] = {}
    trips: dict[tuple[int, int, int], list[int]] = {}
    stray: dict[int, int] = {}
    taxes: dict[int, int] = {}
    coming = _in_order(entries, days)
    entry = next(coming, None)
    unmatched = 0
    for day, at_ns, symbol, side, quantity, price, fee, order in zip(
        fills.day.tolist(),
        fills.at_ns.tolist(),
        fills.symbol.tolist(),
        fills.side.tolist(),
        fills.quantity.tolist(),
        fills.price.tolist(),
        fills.fee.tolist(),
        fills.order.tolist(),
        strict=True,
    ):
        while entry is not None and entry[0] <= day:
            _act(held, stray, taxes, entry)
            entry = next(coming, None)
        lots = held.get(symbol)
        if lots is None:
            lots = held[symbol] = deque()
        if side > 0:
            if not lots or lots[-1].order != order:
                lots.append(_Lot(order, at_ns, day))
            lot = lots[-1]
            lot.quantity += quantity
            lot.cost += quantity * price
            lot.fee += fee
            continue
        done = 0
        while done < quantity:
            if not lots:
                lot = _Lot(_FROM_NOWHERE, at_ns, day)
                lot.quantity = quantity - done
                unmatched += lot.quantity
                lots.append(lot)
            lot = lots[0]
            taken = min(lot.quantity, quantity - done)
            cost, buy_fee, income = lot.take(taken)
            sell_fee = fee * (done + taken) // quantity - fee * done // quantity
            row = trips.get((symbol, lot.order, order))
            if row is None:
                row = trips[symbol, lot.order, order] = [symbol, 0, lot.at_ns, at_ns, lot.day, day, 0, 0, 0, 0, 0]
            row[1] += taken
            row[3], row[5] = at_ns, day
            row[6] += cost
            row[7] += buy_fee
            row[8] += taken * price
            row[9] += sell_fee
            row[10] += income + taxes.pop(symbol, 0)
            done += taken
            if not lot.quantity:
                lots.popleft()
    while entry is not None:
        _act(held, stray, taxes, entry)
        entry = next(coming, None)
    for symbol, tax in taxes.items():
        stray[symbol] = stray.get(symbol, 0) + tax
    table = np.asarray(list(trips.values()), np.int64).reshape(len(trips), len(_COLUMNS))
    table = table[np.argsort(table[:, 3], kind="stable")]
    return Book(
        trips=RoundTrips(**{name: table[:, place] for place, name in enumerate(_COLUMNS)}),
        open=tuple(
            OpenLot(
                symbol=symbol,
                quantity=lot.quantity,
                opened_ns=lot.at_ns,
                opened_day=lot.day,
                cost=lot.cost,
                fee=lot.fee,
                income=lot.income,
            )
            for symbol, lots in held.items()
            for lot in lots
        ),
        stray_income=stray,
        unmatched=unmatched,
    )


def standing(result: Result, book: Book) -> RoundTrips:
    """Return what is held at the end as if it were sold then, a row a symbol; none where last prices are not known."""
    rows: dict[int, list[int]] = {}
    if result.last_prices is not None and len(result.days):
        last = len(result.days) - 1
        end_ns = int(instants_of(result.days[-1:])[0])
        for lot in book.open:
            row = rows.setdefault(
                lot.symbol, [lot.symbol, 0, lot.opened_ns, end_ns, lot.opened_day, last, 0, 0, 0, 0, 0]
            )
            row[1] += lot.quantity
            row[6] += lot.cost
            row[7] += lot.fee
            row[8] += lot.quantity * int(result.last_prices[lot.symbol])
            row[10] += lot.income
    table = np.asarray(list(rows.values()), np.int64).reshape(len(rows), len(_COLUMNS))
    return RoundTrips(**{name: table[:, place] for place, name in enumerate(_COLUMNS)})


Entry = tuple[int, int, int, int, int, int]
"""Day, symbol, shares, cash, cost, and when the day began."""


def _in_order(entries: Entries | None, days: Array) -> Iterator[Entry]:
    if entries is None:
        return iter(())
    starts = instants_of(days[entries.day], 0)
    columns = (entries.day, entries.symbol, entries.quantity, entries.cash, entries.cost, starts)
    return iter(sorted(zip(*(column.tolist() for column in columns), strict=True), key=lambda row: row[0]))


def _act(held: dict[int, Lots], stray: dict[int, int], taxes: dict[int, int], entry: Entry) -> None:
    """Take in what the account began with, or share what an action brought among the lots by their shares.

    The last lot takes what no share of it is left over for, to the unit. Tax belongs to the sale that made it due: the
    next one of its symbol.
    """
    day, symbol, quantity, cash, cost, begins_ns = entry
    lots = held.setdefault(symbol, deque())
    if cash < 0:
        taxes[symbol] = taxes.get(symbol, 0) + cash
        return
    if cost:
        lot = _Lot(_FROM_BEFORE, begins_ns, day)
        lot.quantity, lot.cost = quantity, cost
        lots.append(lot)
        return
    whole = sum(lot.quantity for lot in lots)
    if not whole:
        stray[symbol] = stray.get(symbol, 0) + cash
        return
    counted = 0
    for lot in lots:
        before, counted = counted, counted + lot.quantity
        lot.income += cash * counted // whole - cash * before // whole
        lot.quantity += quantity * counted // whole - quantity * before // whole
    _drop_empty(lots)


def _drop_empty(lots: Lots) -> None:
    """Give what lots without a share left cost to the lot behind them, the last one's to the one before it."""
    kept = [lot for lot in lots if lot.quantity > 0]
    if not kept or len(kept) == len(lots):
        return
    for lot in lots:
        if lot.quantity <= 0:
            heir = next((other for other in kept if other.at_ns >= lot.at_ns), kept[-1])
            heir.cost += lot.cost
            heir.fee += lot.fee
            heir.income += lot.income
    lots.clear()
    lots.extend(kept)
