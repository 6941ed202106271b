"""What the columns of other programs' files mean."""

from __future__ import annotations

import pytest

from qmt_trading.feeds.file_symbols import NoSymbolError, symbol_in, symbol_of
from qmt_trading.feeds.headings import Heading, choose, meaning
from qmt_trading.feeds.units import convention

BAR = ["open", "high", "low", "close"]


@pytest.mark.parametrize(
    ("headings", "fields"),
    [
        ("日期 开盘 最高 最低 收盘 成交量 成交额", ["date", *BAR, "quantity", "turnover"]),
        ("日期 股票代码 开盘 收盘 最高 最低 成交量 成交额 振幅 涨跌幅 换手率",
         ["date", "symbol", *BAR, "quantity", "turnover"]),
        ("ts_code trade_date open high low close pre_close change pct_chg vol amount",
         ["symbol", "date", *BAR, "previous_close", "quantity", "turnover"]),
        ("date open close high low volume money paused high_limit low_limit pre_close factor",
         ["date", *BAR, "quantity", "turnover", "suspended", "limit_up", "limit_down", "previous_close", "factor"]),
        ("order_book_id datetime open high low close volume total_turnover limit_up limit_down",
         ["symbol", "instant", *BAR, "quantity", "turnover", "limit_up", "limit_down"]),
        ("date code open high low close preclose volume amount adjustflag turn tradestatus pctChg isST",
         ["date", "symbol", *BAR, "previous_close", "quantity", "turnover", "traded", "risk_warning"]),
        ("time open high low close volume amount settelementPrice openInterest preClose suspendFlag",
         ["time", *BAR, "quantity", "turnover", "previous_close", "suspended"]),
        ("symbol eob bob open close high low amount volume pre_close",
         ["symbol", "instant", *BAR, "turnover", "quantity", "previous_close"]),
    ],
    ids=["通达信", "akshare", "tushare", "聚宽", "rqdata", "baostock", "qmt", "掘金"],
)  # fmt: skip
def test_the_columns_of_every_vendor_are_known(headings: str, fields: list[str]) -> None:
    assert sorted(choose(headings.split(), {}).columns) == sorted(fields)


@pytest.mark.parametrize(
    ("heading", "found"),
    [
        ("成交量(手)", Heading("quantity", "手")),
        ("成交额（千元）", Heading("turnover", "千元")),
        ("volume_lots", Heading("quantity", "手")),
        ("amount_kyuan", Heading("turnover", "千元")),
        ("买一价", Heading("bid1")),
        ("卖五量", Heading("ask_quantity5")),
        ("BidPrice2", Heading("bid2")),
        ("a1_v", Heading("ask_quantity1")),
        ("b3_p", Heading("bid3")),
        ("SellOrderQty4", Heading("ask_quantity4")),
        ("ask_price_5", Heading("ask5")),
        ("涨跌幅", Heading("")),
    ],
)
def test_a_heading_tells_its_field_and_its_unit(heading: str, found: Heading) -> None:
    assert meaning(heading) == found


def test_a_book_that_counts_from_zero_is_counted_from_one() -> None:
    chosen = choose([f"BidPrice{level}" for level in range(10)], {})
    assert chosen.columns == {f"bid{level + 1}": f"BidPrice{level}" for level in range(5)}


def test_what_a_person_says_goes_before_names_and_a_rate_is_no_money() -> None:
    assert choose(["开盘", "open"], {"open": "开盘"}).columns == {"open": "开盘"}
    assert choose(["amount", "turnover"], {}).columns == {"turnover": "amount"}
    assert choose(["turnover", "amount"], {}).columns == {"turnover": "amount"}
    assert choose(["开盘", "open"], {}).doubled == (("open", "开盘", "open"),)


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("600000.SH", "600000.SH"),
        ("sh600000", "600000.SH"),
        ("SH600000", "600000.SH"),
        ("600000.XSHG", "600000.SH"),
        ("SH#600000", "600000.SH"),
        ("600000", "600000.SH"),
        ("000001.XSHE_1d_2020", "000001.SZ"),
        ("sz.000001", "000001.SZ"),
        ("600519.SH_20230201_snapshot", "600519.SH"),
        ("bj830799", "830799.BJ"),
    ],
)
def test_a_file_name_tells_its_symbol(name: str, symbol: str) -> None:
    assert symbol_in(name) == symbol


def test_what_is_not_certain_is_no_symbol() -> None:
    for name in ("20250102", "600000 and 600036", "bars"):
        with pytest.raises(NoSymbolError):
            symbol_in(name)
    with pytest.raises(NoSymbolError, match=r"000001\.SZ"):
        symbol_of("000001")


def test_a_vendor_tells_its_units() -> None:
    daily, minute = convention("tushare", "1d"), convention("tushare", "1m")
    assert daily is not None
    assert minute is not None
    assert (daily.quantity, daily.turnover, minute.quantity) == ("手", "千元", "股")
    assert convention("nobody", "1d") is None
