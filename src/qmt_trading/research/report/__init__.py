"""Reports of backtests: one page that needs nothing else, its figures for programs, and tables for a spreadsheet."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.numbers import to_text
from qmt_trading.research.conventions import STANDARD, Conventions
from qmt_trading.research.curves import Curves, curves_of
from qmt_trading.research.metrics import Metrics, metrics_of
from qmt_trading.research.report.candles import History
from qmt_trading.research.report.page import page_of
from qmt_trading.research.report.signals import SignalLine, write_lines
from qmt_trading.research.result import Result
from qmt_trading.research.round_trips import Book, book_of

VERSION: Final = 1
"""Of the form of ``report.json``."""
CURVE_POINTS: Final = 120
"""Of the small curve that a list of reports shows."""


def write(
    result: Result,
    folder: Path,
    *,
    bars: History | None = None,
    names: Mapping[str, str] | None = None,
    conventions: Conventions = STANDARD,
    signals: Sequence[SignalLine] | None = None,
) -> tuple[Path, ...]:
    """Write a report into ``folder``; return its files, the page first.

    The page and ``report.json`` come last and each whole, so that whoever lists reports never sees a part of one.

    Args:
        bars: history to show trades on; None: no candles.
        names: what symbols are called.
        signals: of a replay, what became of each.
    """
    curves, book = curves_of(result), book_of(result)
    metrics = metrics_of(result, curves, book, conventions)
    folder.mkdir(parents=True, exist_ok=True)
    tables = (*result.to_csv(folder), _write_trips(result, book, folder / "trades.csv"))
    if signals is not None:
        tables = (*tables, write_lines(signals, folder / "signals.csv"))
    whole = put(folder / "result.json", result.to_json())
    head = put(folder / "report.json", msgspec.json.encode(head_of(result, curves, metrics)))
    page = page_of(result, curves, book, metrics, history=bars, names=names or {}, lines=signals)
    return put(folder / "report.html", page.encode("utf-8")), head, whole, *tables


def head_of(result: Result, curves: Curves, metrics: Metrics) -> dict[str, Any]:
    """Return what a list of reports shows, and every figure; fractions as numbers, money as decimal text."""
    rows = np.unique(np.linspace(0, max(len(curves.equity) - 1, 0), CURVE_POINTS).astype(np.int64))

    def thinned(values: Any) -> list[float | None] | None:
        if values is None or not len(values):
            return None
        return [round(each, 5) if np.isfinite(each) else None for each in values[rows].tolist()]

    return {
        "form": "qmt-backtest-report",
        "version": VERSION,
        "strategy": result.strategy,
        "parameters": result.parameters,
        "mode": result.mode,
        "gate": result.gate,
        "symbols": len(result.symbols),
        "first": str(result.days[0]) if len(result.days) else None,
        "last": str(result.days[-1]) if len(result.days) else None,
        "initial_cash": to_text(result.initial_cash),
        "initial_equity": to_text(result.initial_equity),
        "final_equity": to_text(result.final_equity),
        "benchmark": result.benchmark_name or None,
        "costs": result.costs,
        "fill_model": result.fill_model,
        "data": {name: getattr(result.data, name) for name in _DATA},
        "warnings": [list(each) for each in result.warnings],
        "metrics": _in_yuan(msgspec.to_builtins(metrics)),
        "curve": thinned(curves.equity),
        "benchmark_curve": thinned(curves.benchmark),
    }


_DATA: Final = ("source", "frequency", "first", "last", "rows", "adjusted", "sha256")
_MONEY: Final = frozenset(
    {"profit", "bought", "sold", "fee", "commission", "stamp_tax", "transfer_fee", "best", "worst"}
    | {"average_profit", "average_win", "average_loss"}
)


def _in_yuan(found: Any, name: str = "") -> Any:
    """Return the figures with money as yuan in decimal text."""
    if isinstance(found, dict):
        return {key: _in_yuan(value, key) for key, value in found.items()}
    return to_text(round(found)) if name in _MONEY and found is not None else found


def _write_trips(result: Result, book: Book, path: Path) -> Path:
    """Write the round trips, amounts in yuan, UTF-8 with a mark."""
    trips = book.trips
    money = {name: getattr(trips, name) for name in ("cost", "buy_fee", "proceeds", "sell_fee", "income", "profit")}
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("symbol", "opened", "closed", "held_days", "quantity", *money, "return"))
        writer.writerows(
            zip(
                (result.symbols[each] for each in trips.symbol.tolist()),
                map(to_iso_text, trips.opened_ns.tolist()),
                map(to_iso_text, trips.closed_ns.tolist()),
                trips.held_days.tolist(),
                trips.quantity.tolist(),
                *([to_text(each) for each in column.tolist()] for column in money.values()),
                (f"{each:.6f}" for each in trips.returns.tolist()),
                strict=True,
            )
        )
    return path


def put(path: Path, body: bytes) -> Path:
    """Let the file stand whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(body)
    os.replace(part, path)
    return path
