"""Results of backtests made by hand for tests, and a small ledger that makes consistent ones by luck."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from qmt_trading.research.result import DataSource, Entries, Fills, Hashed, Orders, Result

YUAN = 10_000
OPEN_NS = (9 * 60 + 30 - 8 * 60) * 60 * 1_000_000_000
DAY_NS = 24 * 3600 * 1_000_000_000


class Fill(NamedTuple):
    """Price and fee in ten-thousandths of a yuan."""

    day: int
    symbol: int
    side: int
    quantity: int
    price: int
    fee: int = 0
    order: int = -1
    """Below 0: an order of its own."""


class Entry(NamedTuple):
    day: int
    symbol: int
    quantity: int
    cash: int


def weekdays(count: int, first: str = "2024-01-02") -> Any:
    """Return so many days, weekends left out."""
    return np.busday_offset(first, np.arange(count), roll="forward").astype("datetime64[D]")


def column(values: Sequence[int], kind: type[np.generic] = np.int64) -> Any:
    return np.asarray(values, kind)


def fills_of(fills: Sequence[Fill], days: Any) -> Fills:
    """Return ``fills`` as columns, a minute apart within a day."""
    orders = [fill.order if fill.order >= 0 else 1_000_000 + place for place, fill in enumerate(fills)]
    starts = days.astype(np.int64) * DAY_NS + OPEN_NS
    zeros = column([0] * len(fills))
    return Fills(
        at_ns=column([int(starts[fill.day]) + place * 60_000_000_000 for place, fill in enumerate(fills)]),
        symbol=column([fill.symbol for fill in fills], np.int32),
        side=column([fill.side for fill in fills], np.int8),
        quantity=column([fill.quantity for fill in fills]),
        price=column([fill.price for fill in fills]),
        fee=column([fill.fee for fill in fills]),
        commission=column([fill.fee for fill in fills]),
        stamp_tax=zeros,
        transfer_fee=zeros,
        order=column(orders),
        profit=zeros,
        day=column([fill.day for fill in fills], np.int32),
    )


def entries_of(entries: Sequence[Entry]) -> Entries:
    return Entries(
        day=column([each.day for each in entries], np.int32),
        symbol=column([each.symbol for each in entries], np.int32),
        quantity=column([each.quantity for each in entries]),
        cash=column([each.cash for each in entries]),
    )


def no_orders() -> Orders:
    none = column([])
    return Orders(**dict.fromkeys(Orders.__struct_fields__, none))


def result(
    equity: Sequence[int],
    *,
    start: int = 100 * YUAN,
    market_value: Sequence[int] | None = None,
    fills: Sequence[Fill] = (),
    entries: Sequence[Entry] | None = None,
    days: Any = None,
    **others: Any,
) -> Result:
    """Return a result with that equity, in ten-thousandths of a yuan."""
    found = weekdays(len(equity)) if days is None else days
    value = column([0] * len(equity) if market_value is None else market_value)
    fields: dict[str, Any] = {
        "mode": "bars",
        "strategy": "ByHand",
        "parameters": {},
        "symbols": ("600000.SH", "000001.SZ", "510300.SH"),
        "orders": no_orders(),
        "blocked": {},
        "costs": "佣金 / commission 0.03%",
        "fill_model": "下一根 K 线开盘价 / the next bar's open",
        "data": DataSource(
            source="synthetic",
            frequency="1d",
            first="",
            last="",
            rows=0,
            adjusted="none",
            hashed=Hashed(known="0" * 64),
        ),
    }
    return Result(
        **(
            fields
            | {
                "days": found,
                "equity": column(equity),
                "cash": column(equity) - value,
                "market_value": value,
                "fills": fills_of(fills, found),
                "entries": None if entries is None else entries_of(entries),
                "initial_cash": start,
            }
            | others
        )
    )


def by_luck(seed: int, *, days: int = 60, symbols: int = 3, with_actions: bool = True) -> Result:
    """Return a run of random trades whose equity follows from its fills, entries and closes, to the unit."""
    rng = random.Random(seed)
    luck = np.random.default_rng(seed)
    walk = luck.uniform(5, 50, symbols) * np.cumprod(1 + luck.normal(0, 0.02, (days, symbols)), axis=0)
    closes = np.maximum(np.rint(walk * 100), 1).astype(np.int64) * 100
    held, cash = [0] * symbols, 1_000_000 * YUAN
    fills: list[Fill] = []
    entries: list[Entry] = []
    equity, value = [], []
    for day in range(days):
        for symbol in range(symbols if with_actions else 0):
            if held[symbol] and rng.random() < 0.04:
                entry = Entry(
                    day, symbol, held[symbol] * rng.choice((0, 1, 3)) // 10, held[symbol] * rng.randrange(5_000)
                )
                entries.append(entry)
                held[symbol] += entry.quantity
                cash += entry.cash
        for _ in range(rng.randrange(3)):
            symbol = rng.randrange(symbols)
            price = int(closes[day, symbol])
            sells = held[symbol] and rng.random() < 0.5
            quantity = rng.randrange(1, held[symbol] + 1) if sells else rng.randrange(1, 20) * 100
            fill = Fill(day, symbol, -1 if sells else 1, quantity, price, rng.randrange(50_000, 500_000))
            cash -= fill.side * quantity * price + fill.fee
            held[symbol] += fill.side * quantity
            fills.append(fill)
        value.append(sum(count * int(close) for count, close in zip(held, closes[day], strict=True)))
        equity.append(cash + value[-1])
    return result(
        equity,
        start=1_000_000 * YUAN,
        market_value=value,
        fills=fills,
        entries=entries,
        last_prices=closes[-1],
        benchmark=column([round(1000 * YUAN * (1 + rng.gauss(0.0, 0.01))) for _ in range(days)]),
        benchmark_name="000300.SH",
    )
