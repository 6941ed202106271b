"""Files of other programs into a store: every error names its row, nothing is guessed, a killed run goes on."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from tests.history_files import GOOD, HEAD, needs_polars, written

needs_polars()

import numpy as np
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qmt_trading.feeds import moments
from qmt_trading.feeds.columns import read
from qmt_trading.feeds.findings import UnusableError
from qmt_trading.feeds.importing import FileTold, import_files, read_file
from qmt_trading.feeds.options import Options
from qmt_trading.feeds.settling import settled
from qmt_trading.feeds.source_files import sources_in
from qmt_trading.feeds.store import MANIFEST, Store
from qmt_trading.feeds.table import time_text
from qmt_trading.model.errors import ConfigurationError


def imported(tmp_path: Path, path: Path, *, replace: bool = False, **options: Any) -> FileTold:
    store = Store(tmp_path / "store")
    return import_files(store, [path], Options(**options), lambda told: None, replace=replace)[0]


def refusal(tmp_path: Path, path: Path, **options: Any) -> tuple[str, int, str]:
    told = imported(tmp_path, path, **options)
    assert told.faults
    return told.faults[0].code, told.faults[0].row, told.faults[0].text()


def test_a_file_becomes_integers_in_the_store_with_a_manifest(tmp_path: Path) -> None:
    told = imported(tmp_path, written(tmp_path, HEAD, *GOOD))
    assert (told.faults, told.rows, told.added, told.encoding) == ((), 3, 3, "UTF-8")
    assert told.units == "价格：元（未说明，按元），成交量：股（按列名），成交额：元（按列名）"
    frame = pl.read_parquet(tmp_path / "store" / "1d" / "600000.SH.parquet")
    assert set(frame.dtypes) == {pl.Int64}
    assert frame["close"].to_list() == [101_000, 102_000, 103_000]
    assert frame["quantity"].to_list() == [100_000, 200_000, 300_000]
    assert frame["turnover"][0] == 10_050_000_000
    entry = json.loads((tmp_path / "store" / MANIFEST).read_bytes())["entries"]["1d/600000.SH.parquet"]
    assert (entry["first"], entry["last"], entry["source"]) == ("2025-01-02", "2025-01-06", "bars.csv")
    assert len(entry["sha256"]) == 64
    assert list((tmp_path / "store").rglob("*.part")) == []


@pytest.mark.parametrize(
    ("number", "line", "code", "words"),
    [
        (1, GOOD[1].replace("10.30", "1O.30"), "NO_FIGURE", "「最高」不是合理的数字：'1O.30'"),
        (1, GOOD[1].replace("10.30", "-10.30"), "NO_FIGURE", "「最高」"),
        (1, GOOD[1].replace("10.30", "1e15"), "NO_FIGURE", "「最高」大得不合理"),
        (1, GOOD[1].replace("200000", "1e400"), "NO_FIGURE", "「成交量(股)」"),
        (1, GOOD[1].replace("2025-01-03", "2025-02-30"), "NO_TIME", "「日期」无法识别：'2025-02-30'"),
        (1, GOOD[1].replace("600000.SH", "60000X"), "NO_SYMBOL", "60000X"),
        (1, GOOD[1].replace("600000.SH", "000001"), "NO_SYMBOL", "000001.SZ"),
        (1, GOOD[1] + ",7,8", "NO_TABLE", "列数和表头不一样"),
        (1, GOOD[1].replace("10.30,10.00,10.20", ",,"), "NO_PRICE", "有成交却缺"),
        (1, GOOD[0].replace("10.10,100000", "10.11,100000"), "DUPLICATE", "和第 2 行是同一时间"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_row(
    tmp_path: Path, number: int, line: str, code: str, words: str
) -> None:
    lines = list(GOOD)
    lines[number] = line
    found, row, text = refusal(tmp_path, written(tmp_path, HEAD, *lines))
    assert (found, row) == (code, number + 2)
    assert "bars.csv 第 3 行" in text
    assert words in text
    assert not (tmp_path / "store" / "1d" / "600000.SH.parquet").exists()


def test_units_that_nobody_tells_are_asked_for_and_never_guessed(tmp_path: Path) -> None:
    bare = HEAD.replace("(股)", "").replace("(元)", "")
    path = written(tmp_path, bare, *GOOD)
    code, _, text = refusal(tmp_path, path)
    assert code == "UNIT_UNKNOWN"
    assert "像是 股 和 元" in text
    assert imported(tmp_path, path, vendor="聚宽").faults == ()


def test_units_that_the_figures_contradict_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD.replace("(股)", "(手)"), *GOOD)
    code, _, text = refusal(tmp_path, path)
    assert code == "UNIT_WRONG"
    assert "0.01 倍" in text
    assert refusal(tmp_path, written(tmp_path, HEAD, *GOOD), price_unit="分")[0] == "UNIT_WRONG"
    with pytest.raises(ConfigurationError, match="单位 斤 不认识"):
        imported(tmp_path, path, quantity_unit="斤")


def test_a_unit_in_a_heading_that_nobody_knows_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD.replace("(元)", "(吨)"), *GOOD)
    code, _, text = refusal(tmp_path, path)
    assert code == "UNIT_UNKNOWN"
    assert "「吨」不认识" in text
    assert imported(tmp_path, path, turnover_unit="元").faults == ()


def test_two_columns_of_one_name_are_not_chosen_from(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD.replace("昨收", "收盘"), *GOOD)
    code, _, text = refusal(tmp_path, path)
    assert code == "TWO_COLUMNS"
    assert "有两列都叫「收盘」" in text
    assert imported(tmp_path, path, columns={"close": "收盘"}).faults == ()
    similar = written(tmp_path, HEAD.replace("昨收", "close"), *GOOD, name="c.csv")
    assert "--map close=收盘" in refusal(tmp_path, similar)[2]


def test_headings_without_rows_are_told(tmp_path: Path) -> None:
    assert refusal(tmp_path, written(tmp_path, HEAD))[0] == "EMPTY"
    assert refusal(tmp_path, written(tmp_path, "", name="b.csv"))[0] == "EMPTY"


def test_lots_are_as_many_shares_as_the_symbol_has(tmp_path: Path) -> None:
    head = "代码,日期,开盘,最高,最低,收盘,成交量(手)"
    lines = ["600000.SH,20250102,10,10,10,10,7", "113050.SH,20250102,110,110,110,110,7"]
    assert imported(tmp_path, written(tmp_path, head, *lines)).faults == ()
    found = read(tmp_path / "store")
    assert {symbol: int(bars.quantity[0]) for symbol, bars in found.items()} == {"600000.SH": 700, "113050.SH": 70}


def test_the_text_that_tongdaxin_exports_is_read(tmp_path: Path) -> None:
    lines = (
        "600000 浦发银行 日线 不复权",
        "      日期\t    开盘\t    最高\t    最低\t    收盘\t    成交量\t    成交额",
        "2025/01/02\t10.00\t10.20\t9.90\t10.10\t100000\t1005000.00",
        "2025/01/03\t10.10\t10.30\t10.00\t10.20\t200000\t2030000.00",
        "数据来源:通达信",
    )
    path = written(tmp_path, *lines, name="SH#600000.txt", encoding="gbk")
    told = imported(tmp_path, path, vendor="通达信")
    assert (told.faults, told.encoding, told.rows) == ((), "GBK", 2)
    wrong = written(
        tmp_path, lines[0], *lines[1:3], lines[3].replace("10.30", "x"), name="SH600000.txt", encoding="gbk"
    )
    assert refusal(tmp_path, wrong, vendor="通达信")[:2] == ("NO_FIGURE", 4)
    adjusted = written(tmp_path, lines[0].replace("不复权", "前复权"), *lines[1:], name="SH600000.txt")
    assert refusal(tmp_path, adjusted)[0] == "ADJUSTED"


def test_an_encoding_that_does_not_fit_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD, *GOOD, encoding="gbk")
    assert refusal(tmp_path, path, encoding="utf-8")[:2] == ("ENCODING", 1)
    assert imported(tmp_path, path).encoding == "GBK"
    with pytest.raises(ConfigurationError, match="latin-1"):
        imported(tmp_path, written(tmp_path, HEAD, *GOOD, "", name="b.csv"), encoding="latin-1")


def minutes(*times: str) -> list[str]:
    return ["time,open,high,low,close,volume", *[f"{time},10,10,10,10,100" for time in times]]


@pytest.mark.parametrize(
    ("times", "options", "first"),
    [
        (("2025-01-02 09:31", "2025-01-02 15:00"), {}, "2025-01-02 09:31"),
        (("2025-01-02 09:30:00", "2025-01-02 13:00:00"), {}, "2025-01-02 09:31"),
        (("20250102093100", "20250102150000"), {}, "2025-01-02 09:31"),
        (("202501020931", "202501021500"), {}, "2025-01-02 09:31"),
        (("1735781460000", "1735801200000"), {}, "2025-01-02 09:31"),
        (("2025-01-02T01:31:00Z", "2025-01-02T07:00:00Z"), {}, "2025-01-02 09:31"),
        (("2025-01-02 09:31:00+08:00", "2025-01-02 15:00:00+08:00"), {}, "2025-01-02 09:31"),
        (("2025-01-02 01:31", "2025-01-02 07:00"), {"zone": "UTC"}, "2025-01-02 09:31"),
        (("2025/1/2 9:41", "2025/1/2 9:42"), {"stamp": "start"}, "2025-01-02 09:42"),
    ],
)
def test_times_are_read_in_every_form(
    tmp_path: Path, times: tuple[str, ...], options: dict[str, Any], first: str
) -> None:
    path = written(tmp_path, *minutes(*times), name="600000.csv")
    told = imported(tmp_path, path, frequency="1m", quantity_unit="股", **options)
    assert told.faults == ()
    bars = read(tmp_path / "store", frequency="1m")["600000.SH"]
    assert time_text(int(bars.at_ns[0]), "1m") == first


@pytest.mark.parametrize(
    ("times", "options", "code", "words"),
    [
        (("2025-01-02 01:31", "2025-01-02 07:00"), {}, "ZONE", "--zone UTC"),
        (("2025-01-02 09:41", "2025-01-02 09:42"), {}, "STAMP", "--stamp end 或 --stamp start"),
        (("2025-01-02 09:31", "2025-01-02 15:00"), {"stamp": "start"}, "STAMP", "写 --stamp end"),
        (("2025-01-02", "2025-01-03"), {}, "NO_TIME", "只有日期"),
    ],
)
def test_times_that_are_not_certain_are_refused(
    tmp_path: Path, times: tuple[str, ...], options: dict[str, Any], code: str, words: str
) -> None:
    path = written(tmp_path, *minutes(*times), name="600000.csv")
    found, _, text = refusal(tmp_path, path, frequency="1m", quantity_unit="股", **options)
    assert found == code
    assert words in text


def test_a_clock_of_its_own_column_is_read_in_every_form() -> None:
    for clocks in (
        ["931", "1500"],
        ["0931", "1500"],
        ["9:31", "15:00"],
        ["093100", "150000"],
        ["93100000", "150000000"],
    ):
        found = moments.read_clock(pl.Series(clocks)) // 60_000_000_000
        assert found.tolist() == [571, 900], clocks


def test_columns_by_hand_and_without_any_are_told(tmp_path: Path) -> None:
    path = written(tmp_path, "d,v,w,x,y", "2025-01-02,1,2,1,2", name="600000.csv")
    code, _, text = refusal(tmp_path, path)
    assert code == "NO_COLUMN"
    assert "date、open、high、low、close" in text
    store = Store(tmp_path / "store")
    columns = {"date": "d", "open": "v", "high": "w", "low": "x", "close": "y"}
    told = import_files(store, [path], Options(columns=columns), lambda told: None)[0]
    assert told.faults == ()
    assert any("没有成交量" in note for note in told.notes)


def test_days_without_trading_keep_the_price_before_them(tmp_path: Path) -> None:
    still = "600000.SH,2025-01-03,,,,,0,0,"
    assert imported(tmp_path, written(tmp_path, HEAD, GOOD[0], still, GOOD[2])).faults == ()
    bars = read(tmp_path / "store")["600000.SH"]
    assert bars.close.tolist() == [101_000, 101_000, 103_000]
    assert bars.suspended is not None
    assert bars.suspended.tolist() == [False, True, False]


def test_what_was_imported_is_not_imported_again_and_other_rows_are_added(tmp_path: Path) -> None:
    first = written(tmp_path, HEAD, *GOOD[:2])
    assert imported(tmp_path, first).added == 2
    assert imported(tmp_path, first).skipped
    second = imported(tmp_path, written(tmp_path, HEAD, *GOOD[1:], name="more.csv"))
    assert (second.added, second.faults) == (1, ())
    entry = Store(tmp_path / "store").entries()[0]
    assert (entry.rows, entry.source) == (3, "bars.csv + more.csv")


def test_other_figures_of_the_same_day_are_refused_unless_they_are_to_replace(tmp_path: Path) -> None:
    imported(tmp_path, written(tmp_path, HEAD, *GOOD))
    other = written(tmp_path, HEAD, GOOD[1].replace("10.20,200000", "10.25,200000"), name="other.csv")
    code, row, text = refusal(tmp_path, other)
    assert (code, row) == ("DUPLICATE", 2)
    assert "和已有的数据是同一时间" in text
    assert read(tmp_path / "store")["600000.SH"].close[1] == 102_000
    assert imported(tmp_path, other, replace=True).faults == ()
    assert read(tmp_path / "store")["600000.SH"].close.tolist() == [101_000, 102_500, 103_000]


def test_a_run_that_died_goes_on_where_it_stood(tmp_path: Path) -> None:
    paths = [written(tmp_path, HEAD, line, name=f"{number}.csv") for number, line in enumerate(GOOD)]

    def dies(told: FileTold) -> None:
        if told.path.name == "1.csv":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_files(Store(tmp_path / "store"), paths, Options(), dies)
    outcomes = import_files(Store(tmp_path / "store"), paths, Options(), lambda told: None)
    assert [each.skipped for each in outcomes] == [True, True, False]
    assert len(read(tmp_path / "store")["600000.SH"]) == 3


def test_a_disk_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported(tmp_path, written(tmp_path, HEAD, *GOOD[:2]))
    before = (tmp_path / "store" / "1d" / "600000.SH.parquet").read_bytes()

    def fails(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("qmt_trading.feeds.store.os.replace", fails)
    with pytest.raises(OSError, match="No space"):
        imported(tmp_path, written(tmp_path, HEAD, *GOOD[1:], name="more.csv"))
    monkeypatch.undo()
    assert (tmp_path / "store" / "1d" / "600000.SH.parquet").read_bytes() == before
    assert len(read(tmp_path / "store")["600000.SH"]) == 2
    assert list((tmp_path / "store" / "1d").glob("*.part")) == []


def test_a_file_that_was_changed_and_a_broken_manifest_are_found(tmp_path: Path) -> None:
    imported(tmp_path, written(tmp_path, HEAD, *GOOD))
    store = Store(tmp_path / "store")
    assert list(store.verify()) == []
    path = tmp_path / "store" / "1d" / "600000.SH.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    assert [entry.path for entry in store.verify()] == ["1d/600000.SH.parquet"]
    with pytest.raises(UnusableError, match="文件缺失或损坏"):
        read(tmp_path / "store")
    (tmp_path / "store" / MANIFEST).write_text("{", encoding="utf-8")
    with pytest.raises(UnusableError, match="清单读不出"):
        Store(tmp_path / "store")


def test_ticks_are_stored_a_day_a_file_and_totals_become_what_was_traded(tmp_path: Path) -> None:
    head = "symbol,datetime,last,volume(股),bid1,ask1,bid1_v,ask1_v"
    lines = [
        f"600000.SH,2025-01-0{day} 09:3{number // 6}:{number % 6}0,{10 + number / 100:.2f},{number * 100},10,10.01,5,6"
        for day in (2, 3)
        for number in range(24)
    ]
    told = imported(tmp_path, written(tmp_path, head, *lines), frequency="tick")
    assert told.faults == ()
    assert any("累计" in note for note in told.notes)
    names = sorted(path.name for path in (tmp_path / "store" / "tick" / "600000.SH").iterdir())
    assert names == ["2025-01-02.parquet", "2025-01-03.parquet"]
    bars = read(tmp_path / "store", frequency="tick")["600000.SH"]
    assert bars.quantity.tolist() == [0, *[100] * 23] * 2
    assert bars.day_start.tolist() == [0, 24]
    one = read(tmp_path / "store", frequency="tick", start=dt.date(2025, 1, 3))["600000.SH"]
    assert (len(one), one.first) == (24, dt.date(2025, 1, 3))


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="没有这个文件"):
        sources_in([tmp_path / "nowhere"])
    with pytest.raises(UnusableError, match="没有 CSV"):
        sources_in([tmp_path])


def test_bars_of_the_store_are_sorted_and_each_instant_is_there_once(tmp_path: Path) -> None:
    told = imported(tmp_path, written(tmp_path, HEAD, GOOD[2], GOOD[0], GOOD[1], GOOD[1]))
    assert told.faults == ()
    assert sum("排序" in note or "重复" in note for note in told.notes) == 2
    assert (np.diff(read(tmp_path / "store")["600000.SH"].at_ns) > 0).all()


CELLS = [
    "",
    "-",
    "nan",
    "1e400",
    "浦",
    "2025-01-02",
    "10",
    "-1",
    '"',
    "600000.SH",
    "0x1",
    "1e15",
    "10,10",
    "\t",
    "\n",
    "\x00",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8), st.sampled_from(CELLS)), max_size=4),
    encoding=st.sampled_from(["utf-8", "gb18030", "utf-16"]),
)
def test_no_file_ends_in_anything_but_a_finding(
    tmp_path: Path, changes: list[tuple[int, int, str]], encoding: str
) -> None:
    rows = [line.split(",") for line in GOOD]
    for row, cell, text in changes:
        rows[row][cell] = text
    path = written(tmp_path, HEAD, *map(",".join, rows), encoding=encoding)
    tables, told = read_file(path, Options())
    assert bool(tables) != bool(told.faults)
    for table in tables:
        settled(table)
