"""Fifteen years of 207 real symbols from arrays to a report: ``python -m benchmarks.backtest_report --out DIR``.

Reads the recorded history that tests read (QMT_SHARED), adjusts it backward by its own ex-right prices, trades two
moving averages across the market, writes the report and prints what each step took. Look at ``DIR/report.html``.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from tests.market_data import SHARED

from qmt_trading.model.numbers import UNIT
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import Bars, CrossSection, instants_of, to_units
from qmt_trading.research.report import write
from qmt_trading.research.strategy import Strategy

T = TypeVar("T")
DATA = SHARED / "data"
SOURCE = "a_share_daily_2010_2025.parquet"
CASH = 10_000_000 * UNIT


class DualMovingAverage(Strategy):
    """Holds, in equal parts, what stands highest over its own average; looks once a week."""

    @dataclass
    class Parameters:
        fast: int = 20
        slow: int = 120
        holdings: int = 20
        every: int = 5

    def on_start(self) -> None:
        self.dates = 0

    def on_bars(self, bars: Any) -> None:
        self.dates += 1
        if self.dates < self.p.slow or self.dates % self.p.every:
            return
        closes = bars.history("close", self.p.slow)
        ratio = closes[-self.p.fast :].mean(axis=0) / np.maximum(closes.mean(axis=0), 1)
        score = np.where(bars.present & (closes[0] > 0), ratio, 0.0)
        best = np.argsort(-score, kind="stable")[: self.p.holdings]
        best = best[score[best] > 1]
        wanted = np.zeros(len(score), np.int64)
        wanted[best] = self.equity * 0.95 / self.p.holdings / bars.close[best] // 100 * 100
        bars.target(wanted)


def history() -> CrossSection:
    """Return the recorded days, prices adjusted backward to the fen."""
    table = pq.read_table(DATA / "daily" / SOURCE)
    names = np.asarray(table["symbol"].to_pylist())
    dates = table["date"].to_numpy().astype("datetime64[D]")
    symbols, days = np.unique(names), np.unique(dates)
    place = np.searchsorted(days, dates), np.searchsorted(symbols, names)

    def laid(column: str, scale: int) -> npt.NDArray[np.int64]:
        made = np.zeros((len(days), len(symbols)), np.int64)
        made[place] = np.rint(np.nan_to_num(table[column].to_numpy().astype(np.float64)) * scale).astype(np.int64)
        return made

    prices = {name: laid(name, UNIT) for name in ("open", "high", "low", "close")}
    reference, quantity = laid("pre_close", UNIT), laid("volume", 1)
    factor, last = np.ones((len(days), len(symbols))), np.zeros(len(symbols))
    for row in range(len(days)):
        if row:
            factor[row] = factor[row - 1]
        known = (reference[row] > 0) & (last > 0)
        factor[row, known] *= last[known] / reference[row, known]
        last = np.where(prices["close"][row] > 0, prices["close"][row], last)
    adjusted = {name: (np.rint(each * factor / 100) * 100).astype(np.int64) for name, each in prices.items()}
    rows = np.where(adjusted["close"] > 0, np.arange(len(days))[:, None], 0)
    close = np.take_along_axis(adjusted["close"], np.maximum.accumulate(rows, axis=0), axis=0)
    return CrossSection.of(
        [str(each) for each in symbols],
        days,
        **(adjusted | {"close": close}),
        quantity=quantity,
        present=quantity > 0,
        adjusted="backward",
        source=SOURCE,
    )


def index() -> Bars:
    """Return the days of 000300.SH, which end in 2021."""
    table = pq.read_table(DATA / "daily" / "index_daily_2005_2021.parquet").to_pydict()
    rows = [row for row, symbol in enumerate(table["symbol"]) if symbol == "000300.SH"]
    days = np.asarray([table["date"][row] for row in rows], "datetime64[D]")
    prices: dict[str, Any] = {
        name: to_units([table[name][row] for row in rows]) for name in ("open", "high", "low", "close")
    }
    return Bars.of("000300.SH", at_ns=instants_of(days), quantity=np.ones(len(rows), np.int64), **prices)


def names() -> dict[str, str]:
    """Return what members of the index are called."""
    text = (DATA / "instruments" / "hs300_members_20240819.csv").read_text(encoding="utf-8-sig")
    rows = csv.DictReader(text.splitlines())
    return {f"{row['code'][3:]}.{row['code'][:2].upper()}": row["code_name"] for row in rows}


def timed(words: str, work: Callable[[], T]) -> T:
    """Do ``work`` and print the CPU time it took."""
    begun = time.process_time()
    found = work()
    print(f"{words:<28}{time.process_time() - begun:7.2f} CPU s")
    return found


def main() -> None:
    """Run it all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args().out
    data = timed("read and adjust", history)
    bench = index()
    result = timed("backtest", lambda: run(DualMovingAverage, data, cash=CASH, benchmark=bench))
    called = names()
    paths = timed("report", lambda: write(result, out, bars=data, names=called))
    print(f"{len(result.days):,} days, {len(result.symbols)} symbols, {len(result.fills):,} fills, {result.blocked}")
    for path in paths:
        print(f"{path.name:<28}{path.stat().st_size / 1000:9.0f} kB")


if __name__ == "__main__":
    main()
