"""History out of a store, as it was traded and adjusted; made-up history."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import pytest

from tests.history_files import HEAD, needs_polars, written

needs_polars()

import numpy as np

from qmt_trading.feeds.checks import check_table
from qmt_trading.feeds.columns import read, read_across, read_each
from qmt_trading.feeds.factors import FactorsError
from qmt_trading.feeds.findings import UnusableError
from qmt_trading.feeds.importing import import_files
from qmt_trading.feeds.made_up import BOARDS, SYMBOLS, make_history
from qmt_trading.feeds.options import Options
from qmt_trading.feeds.store import Store
from qmt_trading.market.calendar import SHIPPED
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.corporate_action import BASIS, CorporateAction
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money
from qmt_trading.research.warned import warnings_of
from qmt_trading.run.actions_file import read_actions

PUFA = "600000.SH"
SPLIT = (
    "600000.SH,2025-01-02,20.00,20.20,19.90,20.00,100,2000,20.00",
    "600000.SH,2025-01-03,20.00,20.20,19.90,20.00,100,2000,20.00",
    "600000.SH,2025-01-06,10.00,10.20,9.90,10.10,100,1000,10.00",
    "600000.SH,2025-01-07,10.10,10.30,10.00,10.20,100,1000,10.10",
    "600000.SH,2025-01-08,5.00,5.20,4.90,5.10,100,500,5.10",
)
"""10 转 10 on the 6th and on the 8th."""


def stored(tmp_path: Path, *lines: str, head: str = HEAD) -> Path:
    import_files(Store(tmp_path / "store"), [written(tmp_path, head, *lines)], Options(), lambda told: None)
    return tmp_path / "store"


def test_columns_are_what_was_traded(tmp_path: Path) -> None:
    bars = read(stored(tmp_path, *SPLIT))[PUFA]
    assert bars.close.dtype == np.int64
    assert bars.close.tolist() == [200_000, 200_000, 101_000, 102_000, 51_000]
    assert bars.previous_close.tolist() == [200_000, 200_000, 100_000, 101_000, 51_000]
    assert (bars.adjusted, bars.first, bars.last) == ("none", dt.date(2025, 1, 2), dt.date(2025, 1, 8))
    assert bars.turnover is not None
    assert bars.sha256 == read(tmp_path / "store")[PUFA].sha256


def test_forward_keeps_the_last_day_and_backward_the_first(tmp_path: Path) -> None:
    place = stored(tmp_path, *SPLIT)
    assert read(place, adjust="forward")[PUFA].close.tolist() == [50_000, 50_000, 50_500, 51_000, 51_000]
    backward = read(place, adjust="backward")[PUFA]
    assert backward.close.tolist() == [200_000, 200_000, 202_000, 204_000, 204_000]
    assert backward.previous_close.tolist() == [200_000, 200_000, 200_000, 202_000, 204_000]
    assert (backward.adjusted, backward.quantity.tolist()) == ("backward", [100] * 5)


def test_no_adjustment_looks_beyond_the_span_that_is_read(tmp_path: Path) -> None:
    place = stored(tmp_path, *SPLIT)
    start, end = dt.date(2025, 1, 3), dt.date(2025, 1, 7)
    assert read(place, start=start, end=end, adjust="forward")[PUFA].close.tolist() == [100_000, 101_000, 102_000]
    assert read(place, start=start, end=end, adjust="backward")[PUFA].close.tolist() == [200_000, 202_000, 204_000]


def test_actions_and_factors_adjust_where_previous_closes_are_not_there(tmp_path: Path) -> None:
    bare = [line.rsplit(",", 1)[0] for line in SPLIT]
    place = stored(tmp_path, *bare, head=HEAD.removesuffix(",昨收"))
    with pytest.raises(FactorsError, match="没有复权的依据"):
        read(place, adjust="forward")
    actions = [
        CorporateAction(symbol=Symbol(PUFA), ex_day=day, transfer_shares=BASIS)
        for day in (dt.date(2025, 1, 6), dt.date(2025, 1, 8))
    ]
    assert read(place, adjust="forward", actions=actions)[PUFA].close.tolist()[:3] == [50_000, 50_000, 50_500]
    cash = CorporateAction(symbol=Symbol(PUFA), ex_day=dt.date(2025, 1, 3), cash=Money(2 * 10_000 * BASIS))
    assert read(place, adjust="forward", actions=[cash])[PUFA].close.tolist()[:2] == [180_000, 200_000]


def test_a_column_of_factors_adjusts(tmp_path: Path) -> None:
    lines = [f"{line.rsplit(',', 1)[0]},{factor}" for line, factor in zip(SPLIT, (1, 1, 2, 2, 4), strict=True)]
    place = stored(tmp_path, *lines, head=HEAD.replace("昨收", "复权因子"))
    assert read(place, adjust="forward")[PUFA].close.tolist() == [50_000, 50_000, 50_500, 51_000, 51_000]


SEALED = (
    "600000.SH,2025-01-02,20.00,20.20,19.90,20.00,100,2000,20.00,0",
    "600000.SH,2025-01-03,19.00,19.00,18.00,18.33,100,1850,20.00,0",
    "600000.SH,2025-01-06,10.08,10.08,10.08,10.08,100,1008,9.16,0",
    "600000.SH,2025-01-07,9.58,9.58,9.58,9.58,100,958,10.08,1",
)
"""10 转 10 on the 6th, which ends at its upper limit: 10.076 is rounded to 10.08. On the 7th it is ST: 5 %."""


@pytest.mark.parametrize("adjust", ["none", "forward", "backward"])
def test_a_sealed_limit_is_sealed_however_prices_are_adjusted_and_st_has_its_own(tmp_path: Path, adjust: str) -> None:
    bars = read(stored(tmp_path, *SEALED, head=f"{HEAD},是否ST"), adjust=adjust)[PUFA]
    assert bars.limit_up is not None
    assert bars.limit_down is not None
    assert bars.low[2] == bars.limit_up[2]
    assert bars.high[3] == bars.limit_down[3]
    assert bars.limit_up[0] > bars.high[0]


def test_limits_of_one_symbol_stay_beside_others_that_the_rule_book_speaks_of(tmp_path: Path) -> None:
    other = tuple(line.replace(PUFA, "600036.SH")[:-1] + "0" for line in SEALED[:2])
    data = read_across(stored(tmp_path, *SEALED, *other, head=f"{HEAD},是否ST"))
    assert data.limit_up is not None
    place = data.symbols.index(Symbol(PUFA))
    assert data.limit_up[2, place] == 100_800
    assert data.limit_up[0, 1 - place] == -1


def test_prices_that_contradict_each_other_are_told_by_their_days_however_they_are_read(tmp_path: Path) -> None:
    wrong = SPLIT[0].replace("20.20", "19.95"), *SPLIT[1:], SPLIT[1].replace(PUFA, "600036.SH")
    place = stored(tmp_path, *wrong)
    for adjust in ("none", "forward"):
        data = read(place, adjust=adjust)
        assert (data[PUFA].broken, data["600036.SH"].broken) == (("2025-01-02",), ())
        for history in (tuple(data.values()), read_across(place, adjust=adjust)):
            chinese, english = next(each for each in warnings_of(history, (), STANDARD) if "自相矛盾" in each[0])
            assert "600000.SH 2025-01-02" in chinese
            assert "600000.SH 2025-01-02" in english


def test_an_index_is_the_same_however_prices_are_adjusted(tmp_path: Path) -> None:
    """It has no ex-days, so nothing has to tell how to adjust it: it serves as a benchmark of adjusted prices."""
    bare = [line.rsplit(",", 1)[0].replace(PUFA, "000300.SH") for line in SPLIT]
    place = stored(tmp_path, *bare, head=HEAD.removesuffix(",昨收"))
    for adjust in ("forward", "backward"):
        assert read(place, adjust=adjust)["000300.SH"].close.tolist() == [200_000, 200_000, 101_000, 102_000, 51_000]


def test_ex_days_have_their_reference_price_where_factors_or_actions_alone_tell_of_them(tmp_path: Path) -> None:
    for name in ("factors", "bare"):
        (tmp_path / name).mkdir()
    lines = [f"{line.rsplit(',', 1)[0]},{factor}" for line, factor in zip(SPLIT, (1, 1, 2, 2, 4), strict=True)]
    place = stored(tmp_path / "factors", *lines, head=HEAD.replace("昨收", "复权因子"))
    told = [200_000, 200_000, 100_000, 101_000, 51_000]
    assert read(place)[PUFA].previous_close.tolist() == told
    forward = read(place, adjust="forward")[PUFA]
    assert forward.previous_close.tolist() == [50_000, 50_000, 50_000, 50_500, 51_000]
    assert forward.limit_down is not None
    assert (forward.low > forward.limit_down).all()
    bare = stored(tmp_path / "bare", *[line.rsplit(",", 1)[0] for line in SPLIT], head=HEAD.removesuffix(",昨收"))
    actions = [
        CorporateAction(symbol=Symbol(PUFA), ex_day=day, transfer_shares=BASIS)
        for day in (dt.date(2025, 1, 6), dt.date(2025, 1, 8))
    ]
    adjusted = read(bare, adjust="forward", actions=actions)[PUFA]
    assert adjusted.previous_close.tolist() == [50_000, 50_000, 50_000, 50_500, 51_000]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    place = stored(tmp_path, *SPLIT)
    with pytest.raises(UnusableError, match=r"600036\.SH"):
        read(place, ["600036.SH"])
    with pytest.raises(UnusableError, match="没有历史数据"):
        read(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="5m"):
        read(place, frequency="5m")
    with pytest.raises(ConfigurationError, match="前复权"):
        read(place, adjust="前复权")
    assert read(place, start=dt.date(2026, 1, 1)) == {}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "store"
    make_history(folder, SHIPPED, first=dt.date(2023, 1, 3), last=dt.date(2024, 6, 28), minute_days=5)
    return folder


def test_made_up_history_passes_its_checks_but_for_the_gap_that_is_meant(made: Path) -> None:
    actions = read_actions(made / "actions.csv")
    assert len(actions) == 9
    store = Store(made)
    found = [each for entry in store.entries() for each in check_table(store.table(entry), SHIPPED, actions)]
    assert [(each.code, each.symbol) for each in found] == [("GAP", "000651.SZ")]


def test_made_up_history_behaves_like_the_market(made: Path) -> None:
    bars = read(made)
    assert list(bars) == sorted(SYMBOLS)
    stocks = [each for symbol, each in bars.items() if not symbol.startswith(("5", "15"))]
    limits = [np.asarray(each.limit_up) for each in stocks]
    assert sum(int((each.close == up).sum()) for each, up in zip(stocks, limits, strict=True)) > 20
    assert sum(int(((each.low == up) & (each.quantity > 0)).sum()) for each, up in zip(stocks, limits, strict=True)) > 5
    assert sum(int(each.suspended.sum()) for each in stocks if each.suspended is not None) >= 4
    minute = read(made, [PUFA], frequency="1m")[PUFA]
    daily = bars[PUFA]
    sums = np.add.reduceat(minute.quantity, minute.day_start)
    assert sums.tolist() == daily.quantity[-5:].tolist()
    assert minute.close[minute.day_ends - 1].tolist() == daily.close[-5:].tolist()
    hours = minute.quantity.reshape(-1, 240).sum(axis=0)
    assert min(hours[:30].sum(), hours[-30:].sum()) > 2 * hours[105:135].sum()


def test_one_stock_closes_at_its_upper_limit_within_the_days_of_its_minutes(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    make_history(folder, SHIPPED, first=dt.date(2024, 1, 2), last=dt.date(2024, 6, 28))
    minute = read(folder, [BOARDS], frequency="1m")[BOARDS]
    assert minute.limit_up is not None
    close = minute.close.reshape(-1, 240)
    sealed = close == minute.limit_up[:, None]
    boards = sealed[sealed[:, -1]]
    assert len(boards) >= 4
    assert boards[:, 161:190].all()
    # One opens and is sealed again, the others stand from then on to the close.
    assert {bool(board[190:196].any()) for board in boards} == {True, False}
    assert boards[:, 196:].all()
    minutes = minute.quantity.reshape(-1, 240)[sealed[:, -1]]
    eaten = minutes[:, 190:196].mean(axis=1) > 5 * minutes[:, 170:190].mean(axis=1)
    assert set(eaten.tolist()) == {True, False}


def test_made_up_history_is_the_same_everywhere(made: Path) -> None:
    assert "编的" in (made / "README.txt").read_text(encoding="utf-8")
    assert {entry.source for entry in Store(made).entries()} == {"synthetic seed 1"}
    hashes = {}
    for symbol, frequency in ((PUFA, "1d"), (PUFA, "1m"), ("300750.SZ", "1d"), ("510300.SH", "1d")):
        bars = read(made, [symbol], frequency=frequency)[symbol]
        figures = np.concatenate([bars.open, bars.high, bars.low, bars.close, bars.quantity])
        hashes[symbol, frequency] = hashlib.sha256(figures.astype("<i8").tobytes()).hexdigest()[:8]
    assert hashes == {
        (PUFA, "1d"): "5b2a9267",
        (PUFA, "1m"): "afa889d2",
        ("300750.SZ", "1d"): "e1c06918",
        ("510300.SH", "1d"): "0729ca71",
    }


def test_minutes_are_adjusted_by_the_days_of_the_same_store(made: Path) -> None:
    daily = read(made, [PUFA], adjust="backward")[PUFA]
    minute = read(made, [PUFA], frequency="1m", adjust="backward")[PUFA]
    assert minute.close[minute.day_ends - 1].tolist() == daily.close[-5:].tolist()
    assert minute.limit_up is not None
    assert (minute.close <= np.repeat(minute.limit_up, 240)).all()


def test_a_cross_section_and_one_symbol_at_a_time_hold_the_same(made: Path) -> None:
    across = read_across(made, list(SYMBOLS))
    for place, (symbol, bars) in enumerate(read_each(made, list(SYMBOLS))):
        assert across.symbols[place] == symbol
        rows = np.searchsorted(across.days, bars.days)
        assert (across.close[rows, place] == bars.close).all()
    assert not across.present.all()
