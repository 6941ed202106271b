"""The terminal's instrument details, by what a real terminal showed in July 2025."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmt_trading.brokers.qmt.details import detail
from qmt_trading.brokers.qmt.fields import RowError
from qmt_trading.market.detail import compare, is_fresh, merge
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.words import InstrumentKind
from tests.market_data import columns
from tests.unit.brokers.qmt.test_translate import VALUES

PUFA = Symbol("600000.SH")
DAY = dt.date(2025, 7, 23)


def told(**changed: object) -> dict[str, object]:
    return {
        "ExchangeID": "SH",
        "InstrumentID": "600000",
        "InstrumentName": "浦发银行",
        "OpenDate": "19991110",
        "TradingDay": "20250723",
        "PreClose": 13.66,
        "UpStopPrice": 15.03,
        "DownStopPrice": 12.290000000000001,
        "PriceTick": 0.01,
        "InstrumentStatus": 0,
        "IsTrading": False,
        "MaxLimitOrderVolume": 1_000_000,
        "MinLimitOrderVolume": 100,
        "MaxMarketOrderVolume": 1_000_000,
        "MinMarketOrderVolume": 100,
        **changed,
    }


def test_a_detail_is_read() -> None:
    got = detail(PUFA, told())
    assert (got.name, got.tick, got.limit_up, got.limit_down) == ("浦发银行", 100, 150_300, 122_900)
    assert (got.previous_close, got.trading_day, got.listed) == (136_600, DAY, dt.date(1999, 11, 10))
    assert (got.quantity_max, got.quantity_min, got.suspended_days, got.unlimited) == (1_000_000, 100, 0, False)
    assert is_fresh(got, DAY)


def test_dates_come_as_text_or_number_and_a_zero_is_none() -> None:
    assert detail(PUFA, told(TradingDay=20250723)).trading_day == DAY
    for nothing in (0, "0", "", "19700101", "20250231", None, 2025.5):
        got = detail(PUFA, told(TradingDay=nothing, OpenDate=nothing))
        assert (got.trading_day, got.listed) == (None, None)


@pytest.mark.parametrize(("up", "down"), [(100_000.0, 0.0), (999_999.0, 0.01)])
def test_a_price_that_nothing_costs_means_no_limit(up: float, down: float) -> None:
    got = detail(PUFA, told(UpStopPrice=up, DownStopPrice=down))
    assert (got.unlimited, got.limit_up, got.limit_down) == (True, 0, 0)


@pytest.mark.parametrize("nothing", [0.0, math.nan, math.inf, 1.7976931348623157e308, None, "15.03", -1.0])
def test_what_is_no_price_is_not_told_and_never_no_limit(nothing: object) -> None:
    got = detail(PUFA, told(UpStopPrice=nothing, DownStopPrice=nothing, PriceTick=nothing, PreClose=nothing))
    assert (got.unlimited, got.limit_up, got.limit_down, got.tick, got.previous_close) == (False, 0, 0, 0, 0)
    assert not is_fresh(got, DAY)


def test_a_detail_of_another_instrument_is_refused() -> None:
    with pytest.raises(RowError, match="是 600000 的资料"):
        detail(Symbol("600001.SH"), told())


@given(st.data())
def test_no_detail_raises_anything_but_the_named_error(data: st.DataObject) -> None:
    row = told()
    for name in data.draw(st.lists(st.sampled_from(sorted(row)), max_size=5, unique=True)):
        row[name] = data.draw(VALUES)
    try:
        got = detail(PUFA, row)
    except RowError:
        return
    compare(got, STANDARD, DAY)


def test_a_real_terminals_limits_hold_for_every_instrument_and_all_it_disagrees_on_is_known() -> None:
    found = columns("data", "instruments", "xt_instrument_detail_2025.parquet")
    differing: Counter[tuple[str, InstrumentKind]] = Counter()
    suspended = limited = 0
    for index, code in enumerate(found["symbol"]):
        row = {name: values[index] for name, values in found.items()}
        got = detail(Symbol(code), {**row, "TradingDay": "20250723"})
        merged = merge(got, STANDARD, DAY, got.previous_close)
        assert merged is not None, code
        suspended += got.suspended_days > 0
        if is_fresh(got, DAY):
            limited += 1
            assert (merged.facts.limit_up, merged.facts.limit_down) == (got.limit_up, got.limit_down), code
        differing.update((each.what, merged.facts.rule.kind) for each in merged.differences)
    assert (limited, suspended) == (6_261, 16)
    # Funds that are not traded yet, and one share on its listing day whose OpenDate is 0: all without a limit.
    assert differing == {
        ("limit_up", InstrumentKind.FUND): 275,
        ("tick", InstrumentKind.FUND): 65,
        ("limit_up", InstrumentKind.STOCK): 1,
        ("tick", InstrumentKind.STOCK): 1,
    }
