"""The dialect ``fullqmt``: the full terminal's rows, with what users have reported of them."""

from __future__ import annotations

import datetime as dt

import pytest

from qmt_trading.brokers.linked.translate import Translate
from qmt_trading.brokers.qmt.fields import RowError
from qmt_trading.brokers.qmt.native_dialect import FullQmtTranslate
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import OrderStatus, Side

FULL: Translate = FullQmtTranslate()
ACCOUNT = AccountId("11031122")
Row = dict[str, object]


def order(**more: object) -> Row:
    row: Row = {
        "m_strAccountID": ACCOUNT,
        "m_strInstrumentID": "600000",
        "m_strExchangeID": "SH",
        "m_strOrderSysID": "12050001",
        "m_strOrderRef": "1000000000000000007",
        "m_strRemark": "A1",
        "m_nOpType": 23,
        "m_nOffsetFlag": 48,
        "m_nDirection": 48,
        "m_nOrderStatus": 50,
        "m_nVolumeTotalOriginal": 300,
        "m_nVolumeTraded": 100,
        "m_nVolumeTotal": 200,
        "m_dLimitPrice": 7.01,
        "m_strInsertDate": "20261126",
        "m_strInsertTime": "93005",
        "m_strCancelInfo": "",
        "m_nErrorID": None,
    }
    return {**row, **more}


def fill(**more: object) -> Row:
    row: Row = {
        "m_strAccountID": ACCOUNT,
        "m_strInstrumentID": "000001",
        "m_strExchangeID": "SZ",
        "m_strTradeID": "0000000700001",
        "m_strOrderSysID": "12050001",
        "m_strRemark": "",
        "m_nOffsetFlag": 49,
        "m_nDirection": 48,
        "m_dPrice": 10.01,
        "m_nVolume": 100,
        "m_dTradeAmount": 1001.0,
        "m_strTradeDate": "20261126",
        "m_strTradeTime": "145959",
        "m_dComssion": 5.0,
    }
    return {**row, **more}


def test_an_order_has_its_counters_number_and_the_market_as_its_number() -> None:
    row = FULL.order_row(order())
    assert row is not None
    assert (row.client_order_id, row.broker_order_id, row.venue_order_id) == ("A1", "12050001.SH", "12050001")
    assert (row.symbol, row.side, row.quantity, row.filled_quantity) == ("600000.SH", Side.BUY, 300, 100)
    assert (row.price, row.status) == (Price(70_100), OrderStatus.NEW)
    assert row.ordered_ns == int(dt.datetime(2026, 11, 26, 1, 30, 5, tzinfo=dt.UTC).timestamp()) * 10**9
    same = FULL.order_row(order(m_strInstrumentID="000001", m_strExchangeID="SZ"))
    assert same is not None
    assert same.broker_order_id == "12050001.SZ"


@pytest.mark.parametrize("number", ["", "0", "-1", None])
def test_an_order_without_a_number_has_none(number: object) -> None:
    row = FULL.order_row(order(m_strOrderSysID=number))
    assert row is not None
    assert (row.broker_order_id, row.venue_order_id) == ("", "")


@pytest.mark.parametrize(
    ("operation", "offset", "side"),
    [(23, 49, Side.BUY), (24, 48, Side.SELL), (34, 48, Side.SELL), (None, 49, Side.SELL), (0, 48, Side.BUY)],
)
def test_the_side_is_never_read_from_the_direction(operation: object, offset: object, side: Side) -> None:
    row = FULL.order_row(order(m_nOpType=operation, m_nOffsetFlag=offset))
    assert row is not None
    assert row.side is side


def test_a_row_without_any_side_is_an_error_that_names_what_the_terminal_wrote() -> None:
    with pytest.raises(RowError, match="m_nOffsetFlag"):
        FULL.order_row(order(m_nOpType=None, m_nOffsetFlag=None))
    with pytest.raises(RowError, match="缺少 m_nVolumeTotalOriginal"):
        FULL.order_row(order(m_nVolumeTotalOriginal=None))
    with pytest.raises(RowError, match="m_strInstrumentID"):
        FULL.order_row(order(m_strInstrumentID=""))


@pytest.mark.parametrize("operation", [27, 40, 60, 75, 999])
def test_other_business_is_left_out(operation: int) -> None:
    assert FULL.order_row(order(m_nOpType=operation)) is None
    assert FULL.doubt(order(m_nOpType=operation, m_nOrderStatus=99)) is None


def test_the_reason_of_a_rejection_is_taken_from_where_it_stands() -> None:
    row = FULL.order_row(order(m_nOrderStatus=57, m_strCancelInfo="", m_strErrorMsg="[251005] 资金不足"))
    assert row is not None
    assert (row.status, row.text) == (OrderStatus.REJECTED, "[251005] 资金不足")


def test_a_state_that_is_not_listed_is_a_doubt() -> None:
    doubt = FULL.doubt(order(m_nOrderStatus=86))
    assert doubt is not None
    assert "86" in doubt[0]
    assert FULL.doubt(order()) is None


def test_a_fill_has_its_side_from_the_offset_and_its_time_with_the_zero_it_lost() -> None:
    row = FULL.fill_row(fill(m_strTradeTime="93006"))
    assert row is not None
    assert (row.fill_id, row.side, row.quantity, row.price) == (
        "0000000700001",
        Side.SELL,
        Quantity(100),
        Price(100_100),
    )
    assert (row.day, row.venue_order_id) == (dt.date(2026, 11, 26), "12050001")
    assert row.filled_ns == int(dt.datetime(2026, 11, 26, 1, 30, 6, tzinfo=dt.UTC).timestamp()) * 10**9


@pytest.mark.parametrize("written", ["", None, "996099", "x"])
def test_a_fill_without_a_time_is_an_error(written: object) -> None:
    with pytest.raises(RowError, match="m_strTradeDate m_strTradeTime"):
        FULL.fill_row(fill(m_strTradeTime=written))


def test_holdings_and_money_are_read() -> None:
    row: Row = {
        "m_strAccountID": ACCOUNT,
        "m_strInstrumentID": "600000",
        "m_strExchangeID": "SH",
        "m_nVolume": 1000,
        "m_nCanUseVolume": 600,
        "m_nFrozenVolume": 0,
        "m_nYesterdayVolume": 600,
        "m_dOpenPrice": 7.0,
    }
    (held,) = FULL.positions([row, {**row, "m_strInstrumentID": "600001", "m_nVolume": 0}], ACCOUNT, [])
    assert (held.symbol, held.quantity, held.sellable_quantity, held.cost) == ("600000.SH", 1000, 600, 70_000_000)
    assert FULL.has_traded_today(row)
    funds: Row = {"m_strAccountID": ACCOUNT, "m_dAvailable": 70000.01, "m_dFrozenCash": 5250.0, "m_dBalance": 85750.01}
    assert FULL.asset(funds, ACCOUNT) == (Money(700_000_100), Money(52_500_000), Money(857_500_100))
    with pytest.raises(RowError, match="缺少 m_dAvailable"):
        FULL.asset({**funds, "m_dAvailable": None}, ACCOUNT)


def test_an_error_names_its_order_where_the_terminal_does() -> None:
    said = FULL.complaint({"accountID": ACCOUNT, "strategyName": "qmt_&&&_A1", "errMsg": "资金不足"})
    assert (said.client_order_id, said.broker_order_id, said.text) == ("A1", "", "资金不足")
    assert FULL.complaint({"strategyName": "qmt", "errMsg": "资金不足"}).client_order_id == ""
