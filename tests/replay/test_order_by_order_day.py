"""A whole real day as snapshots, 600519 on 2023-02-01, refereed by every single trade of that day."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from tests.history_files import needs_polars
from tests.market_data import shared

needs_polars()

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from qmt_trading.cli.main import app  # noqa: E402
from qmt_trading.feeds.columns import read  # noqa: E402
from qmt_trading.feeds.importing import import_files  # noqa: E402
from qmt_trading.feeds.options import Options  # noqa: E402
from qmt_trading.feeds.store import Store  # noqa: E402
from qmt_trading.model.instant import at_time  # noqa: E402
from qmt_trading.model.numbers import MILLION, SECOND_NS, UNIT, Money  # noqa: E402
from qmt_trading.model.words import BareAction  # noqa: E402
from qmt_trading.research.columns import Bars  # noqa: E402
from qmt_trading.research.costs import FillModel  # noqa: E402
from qmt_trading.run.replay.messages import read_lines  # noqa: E402
from qmt_trading.run.replay.replay import Replayed, replay  # noqa: E402
from qmt_trading.run.replay.setup import Plain, plain_setup  # noqa: E402
from tests.replay.parts import clock_of, instant  # noqa: E402

DAY: Final = dt.date(2023, 2, 1)
OPEN, CLOSE = 18_549_800, 18_449_700
CONTINUOUS: Final = (instant("09:30:00", DAY), instant("14:57:00", DAY))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day")
    recorded = pl.read_parquet(shared("data", "l2", "600519.SH_20230201_snapshot.parquet"))
    dated = recorded.with_columns(pl.lit("20230201").alias("MDDate"), pl.lit("600519.SH").alias("SecurityID"))
    dated.write_parquet(folder / "600519.parquet")
    options = Options(frequency="tick", quantity_unit="股", turnover_unit="元", totals="total")
    told = import_files(Store(folder / "store"), [folder / "600519.parquet"], options, lambda told: None)[0]
    assert (told.faults, told.symbols) == ((), 1)
    return folder / "store"


@pytest.fixture(scope="module")
def ticks(store: Path) -> Bars:
    return read(store, ("600519.SH",), frequency="tick")["600519.SH"]


@pytest.fixture(scope="module")
def trades() -> tuple[Any, Any]:
    """Return the instants and prices of all trades, in order of time."""
    recorded = pl.read_parquet(shared("data", "l2", "600519.SH_20230201_trade.parquet"))
    recorded = recorded.filter(pl.col("DataStatus") == 0).sort("TradTime")
    clocks = recorded["TradTime"].str.split(":").to_list()
    at_ns = [
        at_time(DAY, round((int(hour) * 3600 + int(minute) * 60 + float(second)) * SECOND_NS))
        for hour, minute, second in clocks
    ]
    return np.asarray(at_ns), np.rint(recorded["TradPrice"].to_numpy() * UNIT).astype(np.int64)


def signals(seed: int) -> str:
    rng = Random(seed)
    lines: list[tuple[int, str]] = []
    for number in range(150):
        first, last = rng.choice((("09:16:00", "09:24:50"), ("09:30:00", "14:56:00"), ("14:57:10", "14:59:50")))
        at_ns = rng.randrange(instant(first, DAY), instant(last, DAY), 1_000_000)
        size, account = rng.choice((100, 200, 700, 3000)), rng.choice(("a", "b", "a,b"))
        price = rng.choice(("1860", "1850", "1843", "1835", "1830", "1815", "@最新", "@对手", "@本方", "@最新-20跳"))
        price = price if price.startswith("@") else f"@{price}"
        text = f"buy 600519.SH {size}{price}:{account}"
        if rng.random() < 0.2:
            text = f"600519.SH:{account}"
        elif rng.random() < 0.3:
            text += " cancel_after=30s"
        lines.append((at_ns, f"{DAY} {clock_of(at_ns)} {text} #d/{number}\n"))
    return "".join(line for _, line in sorted(lines))


@pytest.mark.parametrize("seed", range(4))
def test_every_fill_is_one_that_the_market_of_that_instant_had(seed: int, ticks: Bars, trades: tuple[Any, Any]) -> None:
    rich = plain_setup(Plain(("a", "b"), Money(10**13), BareAction.CANCEL, None, full_gate=False), FillModel())
    found = replay(read_lines(signals(seed).encode()).messages, {"600519.SH": ticks}, rich)
    assert ticks.asks is not None
    assert ticks.ask_quantities is not None
    rows = {at_ns: row for row, at_ns in enumerate(ticks.at_ns.tolist())}
    taken: dict[tuple[int, int], int] = defaultdict(int)
    rested: dict[int, int] = defaultdict(int)
    counts = {"auction": 0, "level": 0, "rest": 0}
    for order in found.fates.orders.values():
        for fill in order.fills:
            row = rows[fill.filled_ns]
            assert order.made_ns < fill.filled_ns
            assert fill.price <= order.price
            if not CONTINUOUS[0] <= fill.filled_ns < CONTINUOUS[1]:
                assert fill.price == (OPEN if fill.filled_ns < CONTINUOUS[0] else CLOSE)
                counts["auction"] += 1
                rested[row] += fill.quantity
                continue
            levels = dict(zip(ticks.asks[row].tolist(), ticks.ask_quantities[row].tolist(), strict=True))
            if taken[row, fill.price] + fill.quantity <= levels.get(fill.price, 0):
                taken[row, fill.price] += fill.quantity
                counts["level"] += 1
                continue
            # It rested at its own limit: somebody has traded below it since it came.
            assert fill.price == order.price
            first, last = np.searchsorted(trades[0], (order.made_ns, fill.filled_ns + SECOND_NS))
            assert trades[1][first:last].min() < order.price
            rested[row] += fill.quantity
            counts["rest"] += 1
    assert all(shares * MILLION <= int(ticks.quantity[row]) * 250_000 for row, shares in rested.items())
    assert min(counts.values()) > 0, counts
    assert refused(found) <= {"QUOTE_STALE", "PRICE_CAGE", "PRICE_MISSING", "DUPLICATE_SUSPECTED", "WAITS"}


def refused(found: Replayed) -> set[str]:
    return {line.denial.reason.value for fate in found.fates.messages for line in fate.orders if line.denial}


def test_the_day_goes_from_a_file_of_signals_to_a_report(store: Path, tmp_path: Path) -> None:
    (tmp_path / "day.txt").write_text(signals(1), encoding="utf-8")
    words = ["backtest", "--signals", str(tmp_path / "day.txt"), "--data", str(store), "--bare", "撤单"]
    told = CliRunner().invoke(app, [*words, "-f", "tick", "--cash", "1000万", "--into", str(tmp_path)])
    assert told.exit_code == 0, told.output
    lines = list(csv.DictReader((tmp_path / "day" / "signals.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert {int(line["line"]) for line in lines} == set(range(1, 151))
    assert {line["outcome"] for line in lines} >= {"filled", "partly", "unfilled", "denied", "canceling"}
    page = (tmp_path / "day" / "report.html").read_text(encoding="utf-8")
    assert "信号回放" in page
    assert "快照" in page
