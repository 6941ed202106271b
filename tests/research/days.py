"""Small histories for tests, written as yuan."""

from __future__ import annotations

from typing import Any

import numpy as np

from qmt_trading.model.numbers import UNIT
from qmt_trading.research.columns import Bars, instants_of, to_units

CASH = 1_000_000 * UNIT
PLENTY = 10_000_000
"""Shares traded, so that no cap binds."""


def daily(
    rows: list[tuple[float, float, float, float]],
    *,
    symbol: str = "600000.SH",
    quantity: int | list[int] = PLENTY,
    first: str = "2024-01-02",
    **others: Any,
) -> Bars:
    """Return daily bars of (open, high, low, close), on business days from ``first`` on."""
    days = np.busday_offset(first, np.arange(len(rows)), roll="forward").astype("datetime64[D]")
    table = to_units(np.asarray(rows, np.float64))
    traded = np.full(len(rows), quantity) if isinstance(quantity, int) else np.asarray(quantity)
    return Bars.of(
        symbol,
        at_ns=instants_of(days),
        open=table[:, 0].copy(),
        high=table[:, 1].copy(),
        low=table[:, 2].copy(),
        close=table[:, 3].copy(),
        quantity=traded.astype(np.int64),
        **others,
    )


def flat(price: float, count: int) -> list[tuple[float, float, float, float]]:
    return [(price, price + 0.05, price - 0.05, price)] * count
