"""Rows of the full terminal under xtquant's names and numbers, which ``translate`` reads; pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from qmt_trading.brokers.qmt.codes import OTHER_ORDER_TYPES
from qmt_trading.brokers.qmt.fields import OtherBusinessError, Row, RowError, number_text, text
from qmt_trading.model.instant import SHANGHAI

REMARK_MARK: Final = "_&&&_"
"""Some terminals put an order's remark behind this in the strategy's name of an error."""
_SIDES: Final = {23: 23, 24: 24, 33: 23, 34: 24}
"""Buy and sell, plain and of a margin account's collateral."""
_OFFSETS: Final = {48: 23, 49: 24}
"""What a stock's row tells its side by where it has no other number. Its ``m_nDirection`` is 48 for both."""
_NO_OPERATION: Final = (None, 0, -1, 48, 49)
"""What ``m_nOpType`` holds where a terminal does not fill it in."""
_XT_NUMBERS: Final = {
    **{number: number for number in range(27, 33)},
    **{70 + place: 40 + place for place in range(6)},
    60: 134,
    61: 135,
}
"""Of other business: xtquant's number by the terminal's."""
_OTHER_OPERATIONS: Final = {
    **{native: OTHER_ORDER_TYPES[number] for native, number in _XT_NUMBERS.items()},
    80: ("可转债转股", "conversion of a bond"),
    81: ("可转债回售", "put of a bond"),
}
"""Business that this system never does; the terminal's numbers are not xtquant's, whose 40 is a futures basket here."""

_ACCOUNT: Final = {"account_id": "m_strAccountID", "instrument_name": "m_strInstrumentName"}
_ORDER: Final = {
    **_ACCOUNT,
    "order_remark": "m_strRemark",
    "order_volume": "m_nVolumeTotalOriginal",
    "traded_volume": "m_nVolumeTraded",
    "price": "m_dLimitPrice",
    "traded_price": "m_dTradedPrice",
    "order_status": "m_nOrderStatus",
}
_FILL: Final = {
    **_ACCOUNT,
    "order_remark": "m_strRemark",
    "traded_id": "m_strTradeID",
    "traded_volume": "m_nVolume",
    "traded_price": "m_dPrice",
    "traded_amount": "m_dTradeAmount",
}
_POSITION: Final = {
    **_ACCOUNT,
    "volume": "m_nVolume",
    "can_use_volume": "m_nCanUseVolume",
    "frozen_volume": "m_nFrozenVolume",
    "on_road_volume": "m_nOnRoadVolume",
    "yesterday_volume": "m_nYesterdayVolume",
    "avg_price": "m_dAvgPrice",
    "open_price": "m_dOpenPrice",
    "last_price": "m_dLastPrice",
}
_ASSET: Final = {
    "account_id": "m_strAccountID",
    "cash": "m_dAvailable",
    "frozen_cash": "m_dFrozenCash",
    "total_asset": "m_dBalance",
}
_COMPOSED: Final = {
    "stock_code": "m_strInstrumentID.m_strExchangeID",
    "order_id": "m_strOrderSysID",
    "order_sysid": "m_strOrderSysID",
    "order_type": "m_nOpType/m_nOffsetFlag",
    "status_msg": "m_strCancelInfo",
    "order_time": "m_strInsertDate m_strInsertTime",
    "traded_time": "m_strTradeDate m_strTradeTime",
}
_NATIVE_NAMES: Final = {**_POSITION, **_ORDER, **_FILL, **_ASSET, **_COMPOSED}
_XT_NAME: Final = re.compile("|".join(rf"\b{name}\b" for name in sorted(_NATIVE_NAMES, key=len, reverse=True)))
_Made = TypeVar("_Made")


def order(row: Row) -> Row:
    """Return an order's row. Its number is the counter's with the market, since two markets may give the same one.

    Raises:
        OtherBusinessError: it is no plain buy or sell.
    """
    words = text(row, "m_strCancelInfo") or text(row, "m_strErrorMsg")
    told = {"order_type": _side(row), "status_msg": words, **_numbers(row)}
    return {**_renamed(row, _ORDER), **told, "order_time": _seconds(row, "m_strInsertDate", "m_strInsertTime")}


def order_as_far(row: Row) -> Row:
    """Return what can be read of an order's row, of whatever business; what cannot is missing. Never raises."""
    try:
        return order(row)
    except RowError:
        words = text(row, "m_strCancelInfo") or text(row, "m_strErrorMsg")
        return {**_renamed(row, _ORDER), "status_msg": words, **_numbers(row)}


def fill(row: Row) -> Row:
    """Return an execution's row.

    Raises:
        OtherBusinessError: as of ``order``.
    """
    told = {"order_type": _side(row), **_numbers(row)}
    return {**_renamed(row, _FILL), **told, "traded_time": _seconds(row, "m_strTradeDate", "m_strTradeTime")}


def position(row: Row) -> Row:
    """Return a holding's row."""
    return {**_renamed(row, _POSITION), "stock_code": _code(row)}


def asset(row: Row) -> Row:
    """Return the row of an account's money."""
    return _renamed(row, _ASSET)


def order_error(row: Row) -> Row:
    """Return an error, which in this terminal has neither an order's number nor a number of its own."""
    remark = text(row, "strategyName").partition(REMARK_MARK)[2]
    return {"account_id": row.get("accountID"), "order_remark": remark, "error_msg": row.get("errMsg")}


def read(row: Row, rename: Callable[[Row], Row], translate: Callable[[Row], _Made]) -> _Made:
    """Return what ``translate`` makes of ``row``; its errors name and show what the terminal has written.

    Raises:
        RowError: it cannot be read.
    """
    try:
        return translate(rename(row))
    except OtherBusinessError as error:
        raise OtherBusinessError(row, _native(error.chinese), _native(error.english)) from error
    except RowError as error:
        raise RowError(row, _native(error.chinese), _native(error.english)) from error


def _native(words: str) -> str:
    return _XT_NAME.sub(lambda found: _NATIVE_NAMES[found[0]], words)


def _renamed(row: Row, names: Mapping[str, str]) -> dict[str, object]:
    return {name: row.get(native) for name, native in names.items()}


def _code(row: Row) -> str:
    code, market = text(row, "m_strInstrumentID"), text(row, "m_strExchangeID")
    return code if "." in code else f"{code}.{market}"


def _numbers(row: Row) -> dict[str, object]:
    number = number_text(row, "m_strOrderSysID")
    code = _code(row)
    return {
        "stock_code": code,
        "order_sysid": number,
        "order_id": f"{number}.{code.rpartition('.')[2]}" if number else "",
    }


def _side(row: Row) -> int:
    operation = row.get("m_nOpType")
    if operation in _SIDES:
        return _SIDES[operation]
    if operation not in _NO_OPERATION:
        number = operation if isinstance(operation, int) else -1
        chinese, english = _OTHER_OPERATIONS.get(number, (f"委托类型 {operation}", f"order type {operation}"))
        raise OtherBusinessError(row, f"{chinese}不是普通买卖", f"{english} is no plain buy or sell")
    offset = row.get("m_nOffsetFlag")
    if offset not in _OFFSETS:
        raise RowError(row, f"m_nOffsetFlag 的值 {offset!r} 不合理", f"m_nOffsetFlag cannot be {offset!r}")
    return _OFFSETS[offset]


def _seconds(row: Row, date: str, time: str) -> int | None:
    """Return a date and a time of Shanghai in seconds since 1970; None: they are not told, or are none.

    A time has lost its leading zero: 93005 is half past nine.
    """
    day, hour = text(row, date).replace("-", ""), text(row, time).replace(":", "")
    if not re.fullmatch(r"\d{8}", day, re.ASCII) or not re.fullmatch(r"\d{4,6}", hour, re.ASCII):
        return None
    try:
        told = dt.datetime.strptime(day + hour.zfill(6), "%Y%m%d%H%M%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        return None
    return int(told.timestamp())
