"""Real history through import, checks, adjustment and reading; the recorded files stand outside of the checkout."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.history_files import needs_polars
from tests.market_data import shared

needs_polars()

import numpy as np
import polars as pl

from qmt_trading.feeds.checks import check_table
from qmt_trading.feeds.columns import read, read_across
from qmt_trading.feeds.findings import Finding, Severity
from qmt_trading.feeds.importing import import_files
from qmt_trading.feeds.options import Options
from qmt_trading.feeds.store import Store
from qmt_trading.market.calendar import SHIPPED

DAILY: Final = ("data", "daily", "a_share_daily_2010_2025.parquet")
READ_MAX_S: Final = 2.0
"""CPU seconds for 207 symbols over 15 years."""


@pytest.fixture(scope="module")
def stocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = shared(*DAILY)
    folder = tmp_path_factory.mktemp("stocks")
    told = import_files(Store(folder), [source], Options(vendor="baostock"), lambda told: None)[0]
    assert (told.faults, told.rows, told.symbols) == ((), 574_392, 207)
    return folder


def brought(folder: Path, *parts: str, **options: Any) -> list[Finding]:
    """Import one recorded file and return what its checks find."""
    told = import_files(Store(folder), [shared("data", *parts)], Options(**options), lambda told: None)[0]
    assert told.faults == ()
    store = Store(folder)
    return [finding for entry in store.entries() for finding in check_table(store.table(entry), SHIPPED)]


def test_fifteen_years_of_207_symbols_are_read_within_the_budget(stocks: Path) -> None:
    begun = time.process_time()
    bars = read(stocks)
    spent = time.process_time() - begun
    assert (len(bars), sum(map(len, bars.values()))) == (207, 574_392)
    assert spent < READ_MAX_S, spent


def test_what_is_read_is_what_was_recorded(stocks: Path) -> None:
    recorded = pl.read_parquet(shared(*DAILY)).filter(pl.col("symbol") == "600519.SH")
    bars = read(stocks, ["600519.SH"])["600519.SH"]
    assert bars.days.tolist() == recorded["date"].to_list()
    for name, column in (("open", bars.open), ("high", bars.high), ("low", bars.low), ("close", bars.close)):
        assert column.tolist() == [round(price * 10_000) for price in recorded[name]]
    assert bars.quantity.tolist() == recorded["volume"].to_list()
    assert bars.suspended is not None
    assert bars.suspended.tolist() == [status == 0 for status in recorded["trade_status"]]


def test_the_checks_find_what_is_known_of_the_recording_and_no_error(stocks: Path) -> None:
    store = Store(stocks)
    found = [each for entry in store.entries() for each in check_table(store.table(entry), SHIPPED)]
    assert [each for each in found if each.severity is Severity.ERROR] == []
    beyond = [(each.symbol, each.time) for each in found if each.code == "BEYOND_LIMITS"]
    # Its first day after a restructuring has the open as its reference, which the recorded close before is not.
    assert beyond == [("600732.SH", "2017-06-06")]
    assert {each.code for each in found} <= {"GAP", "NO_QUANTITY", "BEYOND_LIMITS"}


def test_adjustment_is_that_of_the_derived_factors(stocks: Path) -> None:
    factors = pl.read_parquet(shared("data", "daily", "ex_right_days_derived_2010_2025.parquet"))
    plain, backward = read(stocks, ["600000.SH"]), read(stocks, ["600000.SH"], adjust="backward")
    bars, adjusted = plain["600000.SH"], backward["600000.SH"]
    own = factors.filter(pl.col("symbol") == "600000.SH")
    assert len(own) > 10
    for day, factor in own.select("date", "cum_factor").iter_rows():
        place = int(np.searchsorted(bars.days, np.datetime64(day)))
        assert adjusted.close[place] == pytest.approx(int(bars.close[place]) * factor, rel=1e-5)
    forward = read(stocks, ["600000.SH"], adjust="forward")["600000.SH"]
    assert forward.close[-1] == bars.close[-1]
    assert (np.abs(np.diff(np.log(forward.close))) < np.log(1.12)).all(), "an ex-day is no jump any more"


def test_a_cross_section_holds_every_bar(stocks: Path) -> None:
    across = read_across(stocks, start=dt.date(2020, 1, 1), end=dt.date(2020, 12, 31))
    recorded = pl.read_parquet(shared(*DAILY)).filter(pl.col("date").dt.year() == 2020)
    assert across.close.shape == (243, recorded["symbol"].n_unique())
    assert int(across.present.sum()) == int(((recorded["volume"] > 0) & (recorded["trade_status"] == 1)).sum())


def test_splits_of_funds_are_told_as_jumps(tmp_path: Path) -> None:
    found = brought(tmp_path, "daily", "etf_daily.parquet", quantity_unit="股", turnover_unit="元")
    jumps = [(each.symbol, each.time) for each in found if each.code == "JUMP"]
    assert jumps == [("159941.SZ", "2022-07-05"), ("512010.SH", "2021-06-28")]


def test_real_minutes_lack_only_the_closing_auction(tmp_path: Path) -> None:
    found = brought(tmp_path, "minute", "600009.SH_1m_20200102_20200410.parquet", frequency="1m", quantity_unit="股")
    assert [(each.code, each.time) for each in found] == [("MINUTES", "2020-04-10 09:31")]  # The recording ends there.
    minutes = read(tmp_path, frequency="1m", start=dt.date(2020, 4, 1))["600009.SH"]
    assert minutes.first == dt.date(2020, 4, 1)


def test_snapshots_of_a_day_become_ticks_with_five_levels(tmp_path: Path) -> None:
    units = {"quantity_unit": "股", "turnover_unit": "元"}
    found = brought(tmp_path, "l2", "SZ3_20220601_snapshots.parquet", frequency="tick", **units)
    assert [each for each in found if each.severity is Severity.ERROR] == []
    ticks = read(tmp_path, ["300274.SZ"], frequency="tick")["300274.SZ"]
    assert int(ticks.quantity.sum()) == 28_408_275
    assert ticks.bids is not None
    assert ticks.bids.shape == (len(ticks), 5)
    assert ticks.limit_up is not None
    assert int(ticks.limit_up[0]) == 959_500


def test_lots_and_thousands_of_yuan_are_read_from_the_headings(tmp_path: Path) -> None:
    source = shared("data", "daily", "hikyuu_daily_1990_2011.parquet")
    told = import_files(Store(tmp_path), [source], Options(), lambda told: None)[0]
    assert told.faults == ()
    assert told.units == "价格：元（未说明，按元），成交量：手（按列名），成交额：千元（按列名）"
