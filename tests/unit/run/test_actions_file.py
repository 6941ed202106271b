"""Tests the file of corporate actions: what it may say, and that whatever is not certain is refused with its place."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from tests.actions import action
from tests.unit.run.config_parts import GOOD, refusal, written

from qmt_trading.model.corporate_action import BASIS
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run import actions_file
from qmt_trading.run.actions_file import ROWS_MAX, ActionsFile, read_actions
from qmt_trading.run.config import load

CHINESE = """\
代码,名称,除权除息日,股权登记日,派息日,每10股送股,每10股转增,每10股派息（税前，元）,每10股配股,配股价,折算比例,备注
600000.SH,浦发银行,2026-07-03,2026-07-02,2026-07-03,1,2,1.74,,,,
000001.SZ,平安银行,2026/7/6,,,,,,3,8.85,,
512690.SH,酒ETF,20260707,,,,,,,,2,拆分
"""
JULY_2, JULY_3, JULY_6, JULY_7 = (dt.date(2026, 7, day) for day in (2, 3, 6, 7))


def save(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "actions.csv"
    path.write_bytes(text.encode(encoding))
    return path


def refused(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        read_actions(save(folder, text))
    told = str(error.value)
    assert told.startswith("actions.csv"), told
    assert " / " in told, told
    assert told.isprintable(), told
    return told


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_it_is_read_in_the_encodings_of_excel(tmp_path: Path, encoding: str) -> None:
    first, second, third = read_actions(save(tmp_path, CHINESE, encoding))
    plain = action("600000.SH", JULY_3, bonus="1", transfer="2", cash="1.74", record_day=JULY_2)
    assert (first.symbol, first.ex_day, first.record_day, first.pay_day) == ("600000.SH", JULY_3, JULY_2, JULY_3)
    assert (first.bonus_shares, first.transfer_shares, first.cash) == (
        plain.bonus_shares,
        plain.transfer_shares,
        plain.cash,
    )
    assert second == action("000001.SZ", JULY_6, rights="3", rights_price="8.85")
    assert (third.symbol, third.ex_day, third.split_shares, third.note) == ("512690.SH", JULY_7, 2 * BASIS, "拆分")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_english_headings_in_any_order_and_any_separator(tmp_path: Path, separator: str) -> None:
    text = "cash_per10,source,ex_day,symbol\n\n0.12345678,SSE,2026-07-03,sh600000\n".replace(",", separator)
    (found,) = read_actions(save(tmp_path, text))
    assert (found.symbol, found.cash, found.source) == ("600000.SH", 123_456_780_000, "SSE")


def test_a_figure_is_kept_exactly(tmp_path: Path) -> None:
    text = "代码,除权除息日,转增,折算比例\n600000.SH,2026-07-03,3.97999912,\n510300.SH,2026-07-03,,0.304598031\n"
    first, second = read_actions(save(tmp_path, text))
    assert first.transfer_shares == 397_999_912
    assert second.split_shares == 304_598_031


def test_a_file_with_headings_alone_knows_nothing(tmp_path: Path) -> None:
    assert read_actions(save(tmp_path, "代码,除权除息日,派息\n")) == ()


HEAD = "代码,除权除息日,股权登记日,派息日,送股,派息,配股,配股价,折算比例\n"


# fmt: off
ROWS = [
    ("600000,2026-07-03,,,1,,,,", "第 2 行「代码」：代码不存在或缺市场：600000 → 600000.SH"),
    ("1.SZ,2026-07-03,,,1,,,,", "第 2 行「代码」"),
    ("000300.SH,2026-07-03,,,1,,,,", "000300.SH 不是股票或基金"),
    (",2026-07-03,,,1,,,,", "第 2 行「代码」"),
    ("600000.SH,,,,1,,,,", "「除权除息日」：不能空着"),
    ("600000.SH,3/7/2026,,,1,,,,", "日期写作 2026-07-03，不是 3/7/2026"),
    ("600000.SH,2026-02-30,,,1,,,,", "没有这一天：2026-02-30"),
    ("600000.SH,2026-07-03,2026-07-03,,1,,,,", "「股权登记日」：应早于除权除息日"),
    ("600000.SH,2026-07-03,2026-07-02,2026-07-01,,1,,,", "「派息日」：早于股权登记日"),
    ("600000.SH,2026-07-03,,2026-01-01,,1,,,", "「派息日」：早于股权登记日"),
    ("600000.SH,2026-07-03,,,-1,,,,", "「送股」：应是数字，至多 8 位小数，不是 -1"),
    ("600000.SH,2026-07-03,,,10送3,,,,", "「送股」：应是数字，至多 8 位小数，不是 10送3"),
    ("600000.SH,2026-07-03,,,1.123456789,,,,", "「送股」：应是数字，至多 8 位小数"),
    ("600000.SH,2026-07-03,,,1000.1,,,,", "「送股」：1000.1 太大：最多 1000"),
    ("600000.SH,2026-07-03,,,,1e3,,,", "「派息」：应是数字"),
    ("600000.SH,2026-07-03,,,,,3,,", "「配股」：配股和配股价要一起写"),
    ("600000.SH,2026-07-03,,,,,,8.85,", "「配股」：配股和配股价要一起写"),
    ("600000.SH,2026-07-03,,,,,3,8.85001,", "「配股价」：应是价格，至多 4 位小数"),
    ("600000.SH,2026-07-03,,,,,,,10001", "「折算比例」：10001 太大"),
    ("600000.SH,2026-07-03,,,,,,,1", "送、转、派、配、折算都是空的"),
    ("600000.SH,2026-07-03,,,0,0,,,", "送、转、派、配、折算都是空的"),
    ("600000.SH,2026-07-03,,,1,,,,,9", "比第一行多出了列"),
]
FILES = [
    ("", "是空的"),
    ("代码,派息\n", "第 1 行：缺少「除权除息日」这一列"),
    ("除权除息日,派息\n", "缺少「代码」这一列"),
    ("代码,除权除息日,备注\n", "至少要有其中一列：送股、转增、派息、配股、折算比例"),
    ("代码,除权除息日,每股派息\n", "第 1 行「每股派息」：没有这一列，是不是「派息」"),
    ("代码,除权除息日,送转\n", "没有这一列"),
    ("代码,除权除息日,派息,分红\n", "第 1 行「分红」：和「派息」是同一列"),
    ("代码,除权除息日,派息\n600000.SH,2026-07-03,1", "第 2 行：最后一行没有换行"),
    ("代码,除权除息日,派息\n600000.SH,2026-07-03,1\n\nsh600000,2026/7/3,2\n", "第 4 行：600000.SH 2026-07-03 在"),
    ("代码,除权除息日,派息\n\"600000.SH,2026-07-03,1\n", "引号不成对"),
    ("代码,除权除息日,派息\n" + "\n" * ROWS_MAX, f"最多 {ROWS_MAX} 行"),
]
# fmt: on


@pytest.mark.parametrize(("row", "expected"), ROWS)
def test_a_row_that_is_not_certain_is_refused_with_its_place(tmp_path: Path, row: str, expected: str) -> None:
    assert expected in refused(tmp_path, f"{HEAD}{row}\n")


@pytest.mark.parametrize(("text", "expected"), FILES)
def test_a_file_that_is_not_certain_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in refused(tmp_path, text)


def test_a_source_is_read_again_when_it_has_changed_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, row = "代码,除权除息日,派息\n", "600000.SH,2026-07-03,1\n"
    source = ActionsFile(save(tmp_path, head + row))
    first = source()
    monkeypatch.setattr(actions_file, "read_actions", lambda path: pytest.fail("it was read again"))
    assert source() is first
    monkeypatch.undo()
    save(tmp_path, head + row + "000001.SZ,2026-07-03,1\n")
    assert len(source()) == 2
    save(tmp_path, head + row + "000001.SZ,2026-07-03,x, \n")
    with pytest.raises(ConfigurationError):
        source()
    (tmp_path / "actions.csv").unlink()
    with pytest.raises(ConfigurationError, match="无法读取"):
        source()


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="无法读取"):
        read_actions(tmp_path / "none.csv")


# The configuration

MARKET = '[market]\ncorporate_actions = "actions.csv"\n'


def test_the_configuration_names_the_file(tmp_path: Path) -> None:
    path = save(tmp_path, CHINESE)
    assert load(written(tmp_path, GOOD + MARKET)).corporate_actions == path.resolve()
    assert load(written(tmp_path, GOOD)).corporate_actions is None


def test_a_file_that_is_not_there_or_a_slip_in_the_table_stops_the_start(tmp_path: Path) -> None:
    assert "market.corporate_actions：没有这个文件" in refusal(tmp_path, GOOD + MARKET)
    assert "是不是 corporate_actions" in refusal(tmp_path, GOOD + MARKET.replace("actions =", "action ="))


def test_a_mistake_in_the_file_stops_the_start(tmp_path: Path) -> None:
    save(tmp_path, "代码,除权除息日,派息\n600000.SH,2026-07-03,x\n")
    with pytest.raises(ConfigurationError, match=r"actions\.csv 第 2 行「派息」"):
        load(written(tmp_path, GOOD + MARKET))


def test_the_page_shows_a_file_that_is_right(tmp_path: Path) -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "corporate-actions.md"
    example = page.read_text(encoding="utf-8").partition("```csv\n")[2].partition("```")[0]
    assert [found.symbol for found in read_actions(save(tmp_path, example))] == ["600000.SH", "000001.SZ", "512690.SH"]
