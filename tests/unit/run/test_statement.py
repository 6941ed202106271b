"""A broker's statement: what is found in it, what is refused, and how it compares with our own fills."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from tests.engine_bench import ACCOUNT, DAY, OTHER, STOCK

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.order import ClientOrderId, Fill
from qmt_trading.model.words import Side
from qmt_trading.run.day.statement import Statement, read
from qmt_trading.run.day.statement_check import UnplacedError, compare

HEAD = "成交日期,成交时间,证券代码,证券名称,操作,成交数量,成交价格,成交金额,手续费,印花税,过户费,发生金额"
BUY = "20261124,10:00:01,600000,浦发银行,证券买入,200,10.50,2100.00,5.00,0.00,0.02,-2105.02"
SELL = "20261124,10:05:01,000001,平安银行,证券卖出,100,11.00,1100.00,5.00,0.55,0.01,1094.44"


def statement(folder: Path, *lines: str, encoding: str = "gb18030", end: str = "\n") -> Statement:
    path = folder / "交割单.csv"
    path.write_bytes(("\n".join(lines) + end).encode(encoding))
    return read(path)


def refusal(folder: Path, *lines: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        statement(folder, *lines)
    return str(error.value)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
def test_a_statement_is_read_in_each_encoding_with_all_parts_of_the_costs(tmp_path: Path, encoding: str) -> None:
    found = statement(tmp_path, HEAD, BUY, SELL, encoding=encoding)
    buy, sell = found.trades
    assert (buy.day, buy.symbol, buy.side, buy.quantity) == (DAY, STOCK, Side.BUY, 200)
    assert (buy.price, buy.value, buy.fees) == (105_000, 21_000_000, 50_200)
    assert (sell.symbol, sell.side, sell.fees) == ("000001.SZ", Side.SELL, 55_600)
    assert found.fee_columns == ("手续费", "印花税", "过户费")


def test_a_title_above_the_headings_tabs_and_a_last_line_without_an_end_are_usual(tmp_path: Path) -> None:
    found = statement(tmp_path, "交割单查询", "", HEAD.replace(",", "\t"), BUY.replace(",", "\t"), end="")
    assert [trade.symbol for trade in found.trades] == [STOCK]


def test_cells_that_excel_keeps_as_text_are_read_as_meant(tmp_path: Path) -> None:
    found = statement(tmp_path, HEAD, '20261124,10:05,"=""000001""",平安银行,卖出,-100,11,"1,100.00",5,0.55,,')
    (trade,) = found.trades
    assert (trade.symbol, trade.quantity, trade.value, trade.fees) == ("000001.SZ", 100, 11_000_000, 55_500)


def test_zeros_that_excel_took_come_back(tmp_path: Path) -> None:
    found = statement(tmp_path, HEAD, SELL.replace("000001", "1"))
    assert found.trades[0].symbol == "000001.SZ"


@pytest.mark.parametrize("written", ["20261124", "2026-11-24", "2026/11/24", "2026.11.24", "2026年11月24日"])
def test_days_are_read_as_brokers_write_them(tmp_path: Path, written: str) -> None:
    assert statement(tmp_path, HEAD, BUY.replace("20261124", written)).trades[0].day == DAY


def test_what_is_no_trade_is_left_out_and_named(tmp_path: Path) -> None:
    lines = [
        BUY.replace("证券买入", word) for word in ("股息入账", "红利税补缴", "新股中签缴款", "银证转账", "申购配号")
    ]
    found = statement(tmp_path, HEAD, *lines, SELL, "合计,,,,,,,,,,,")
    assert len(found.trades) == 1
    assert [what for _, what in found.left_out][:2] == ["股息入账", "红利税补缴"]
    assert len(found.left_out) == 5


def test_costs_that_lie_within_others_count_once(tmp_path: Path) -> None:
    head = "成交日期,证券代码,买卖标志,成交数量,成交价格,手续费,净佣金,规费,佣金,印花税"
    found = statement(tmp_path, head, "20261124,600000,买入,100,10,5.00,4.80,0.20,5.00,0")
    assert found.fee_columns == ("手续费", "印花税")
    assert found.trades[0].fees == 50_000
    assert found.trades[0].value == 10_000_000


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["a,b", "1,2"], "没有找到表头"),
        ([HEAD.replace("成交日期", "x"), BUY], "第 1 行：没有「成交日期」这一列"),
        ([HEAD.replace("成交价格", "x").replace("成交金额", "y"), BUY], "没有「成交价格」或「成交金额」"),
        ([HEAD, BUY.replace("20261124", "11-24")], "第 2 行：「11-24」不是日期"),
        ([HEAD, BUY.replace("20261124", "20261324")], "不是日期"),
        ([HEAD, BUY.replace("10.50", "abc")], "「abc」不是数字"),
        ([HEAD, BUY.replace("200,10.50", "200.5,10.50")], "不是整数"),
        ([HEAD, BUY.replace("600000", "浦发")], "不是证券代码"),
        ([HEAD, BUY.replace("5.00", "nan")], "不是数字"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_row(tmp_path: Path, lines: list[str], words: str) -> None:
    assert words in refusal(tmp_path, *lines)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        read(tmp_path / "none.csv")


def fill(quantity: int, price: int, fee: int, *, day: dt.date = DAY) -> Fill:
    return Fill(
        account=ACCOUNT,
        day=day,
        fill_id=f"{quantity}",
        venue_order_id="",
        client_order_id=ClientOrderId(""),
        symbol=STOCK,
        side=Side.BUY,
        price=Price(price),
        quantity=Quantity(quantity),
        fee=Money(fee),
        filled_ns=0,
    )


def test_fills_are_added_up_and_the_costs_that_differ_are_told(tmp_path: Path) -> None:
    found = statement(tmp_path, HEAD, BUY)
    (same,) = compare([fill(150, 105_000, 40_000), fill(50, 105_000, 10_000)], found.trades, DAY, {"": ACCOUNT})
    assert same.same_trades
    assert same.fees_more == 200


def test_a_fill_that_one_side_lacks_differs(tmp_path: Path) -> None:
    found = statement(tmp_path, HEAD, BUY, SELL)
    first, second = compare([fill(100, 105_000, 0)], found.trades, DAY, {"": ACCOUNT})
    assert (first.symbol, first.ours.quantity, first.theirs.quantity) == ("000001.SZ", 0, 100)
    assert (second.ours.quantity, second.theirs.quantity) == (100, 200)
    assert not first.same_trades
    assert not second.same_trades


def test_other_days_and_accounts_are_not_compared(tmp_path: Path) -> None:
    found = statement(tmp_path, HEAD, BUY.replace("20261124", "20261123"))
    yesterday = fill(100, 105_000, 0, day=DAY - dt.timedelta(days=1))
    assert compare([yesterday], found.trades, DAY, {"": ACCOUNT}) == []
    assert compare([fill(100, 105_000, 0)], (), DAY, {"": OTHER}) == []


def test_a_row_of_an_account_that_nobody_knows_is_asked_about(tmp_path: Path) -> None:
    found = statement(tmp_path, f"资金账号,{HEAD}", f"7788,{BUY}")
    with pytest.raises(UnplacedError) as error:
        compare([], found.trades, DAY, {ACCOUNT: ACCOUNT, OTHER: OTHER})
    assert error.value.written == "7788"
