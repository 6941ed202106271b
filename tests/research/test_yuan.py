"""A cross-section given in yuan is the one given in ten-thousandths, made when somebody asks."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from qmt_trading.research.backtest import run
from qmt_trading.research.columns import ColumnsError, CrossSection, to_units
from qmt_trading.research.dates import columns_of
from qmt_trading.research.strategy import Strategy
from tests.research.days import CASH

DAYS = np.busday_offset("2024-01-02", np.arange(8), roll="forward").astype("datetime64[D]")
SYMBOLS = ("600000.SH", "000001.SZ", "300001.SZ")
PRICES = np.round(10 + np.random.default_rng(5).random((8, 3)), 2)
VOLUME = np.full((8, 3), 1_000_000.0)


class Rising(Strategy):
    """Holds what stands higher than the day before."""

    def on_bars(self, bars: Any) -> None:
        past = bars.history("close", 2)
        bars.target(np.where(past[-1] > past[0], 1_000, 0))


def given(**others: Any) -> CrossSection:
    columns: dict[str, Any] = {"open": PRICES, "high": PRICES + 0.1, "low": PRICES - 0.1, "close": PRICES}
    return CrossSection.of_yuan(SYMBOLS, DAYS, **{**columns, "quantity": VOLUME, **others})


def counted() -> CrossSection:
    return CrossSection.of(
        SYMBOLS,
        DAYS,
        open=to_units(PRICES),
        high=to_units(PRICES + 0.1),
        low=to_units(PRICES - 0.1),
        close=to_units(PRICES),
        quantity=VOLUME.astype(np.int64),
    )


def test_its_columns_and_its_hash_are_those_of_integers() -> None:
    made, whole = given(), counted()
    for name in ("open", "high", "low", "close", "quantity"):
        column = getattr(made, name)
        assert column.dtype == np.int64
        assert column.tolist() == getattr(whole, name).tolist()
        assert getattr(made, name) is column
    assert given().sha256 == whole.sha256
    copied = pickle.loads(pickle.dumps(given()))
    assert copied.close.tolist() == whole.close.tolist()


def test_some_values_of_a_day_are_told_without_the_whole_column() -> None:
    made, places = given(), np.asarray([2, 0])
    assert made.at("open", 3, places).tolist() == counted().open[3][places].tolist()
    assert "open" not in vars(made)
    assert made.open is not None
    assert made.at("open", 3, places).tolist() == counted().open[3][places].tolist()


def test_a_run_over_it_comes_to_the_same_and_makes_no_column_that_nobody_asks_for() -> None:
    made = given()
    result, other = run(Rising, made, cash=CASH), run(Rising, counted(), cash=CASH)
    assert len(result.fills) > 3
    assert result.fills.price.tolist() == other.fills.price.tolist()
    assert result.equity.tolist() == other.equity.tolist()
    assert "close" in vars(made)
    assert not {"open", "high", "low", "quantity"} & vars(made).keys()


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(AttributeError, match="CrossSection has no 'opened'"):
        _ = given().opened
    with pytest.raises(ColumnsError, match="close 的形状"):
        given(close=PRICES[:-1])
    columns = columns_of(Rising(), given())
    assert {"open", "high", "low", "close", "quantity", "present"} <= set(columns.names())
    assert "turnover" not in columns.names()
