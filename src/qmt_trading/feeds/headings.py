"""What the columns of other programs' files are called, in Chinese and English, and the units that headings name."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

LEVELS: Final = 5
# fmt: off
_NAMES: Final = {
    "symbol": ("代码", "证券代码", "股票代码", "基金代码", "合约代码", "标的", "code", "symbol", "ts_code",
               "order_book_id", "stock_code", "sec_code", "SecurityID", "security_code", "thscode", "wind_code",
               "instrument", "instrument_id", "ticker", "sid", "vt_symbol"),
    "instant": ("日期时间", "时间戳", "datetime", "timestamp", "bar_end", "bar_time", "date_time", "eob", "created_at",
                "trade_datetime", "at"),
    "date": ("日期", "交易日期", "交易日", "date", "trade_date", "trading_date", "trading_day", "day", "MDDate",
             "index"),
    "time": ("时间", "交易时间", "time", "MDTime", "UpdateTime", "trade_time", "tradetime", "minute"),
    "open": ("开盘", "开盘价", "今开", "open", "open_price", "OpenPx", "o"),
    "high": ("最高", "最高价", "high", "high_price", "HighPx", "h"),
    "low": ("最低", "最低价", "low", "low_price", "LowPx", "l"),
    "close": ("收盘", "收盘价", "close", "close_price", "c"),
    "last": ("最新", "最新价", "现价", "成交价", "价格", "last", "last_price", "LastPx", "current", "price"),
    "previous_close": ("昨收", "昨收价", "前收", "前收盘", "前收盘价", "昨收盘", "昨日收盘", "pre_close", "prev_close",
                       "previous_close", "last_close", "PreClosePx", "PreCloPrice", "pre_close_price", "prevclose"),
    "quantity": ("成交量", "成交股数", "volume", "vol", "volumn", "qty", "quantity", "trade_volume"),
    "quantity_total": ("累计成交量", "累积成交量", "总成交量", "TotalVolumeTrade", "TradVolume", "total_volume",
                       "cum_volume", "acc_volume"),
    "turnover": ("成交额", "成交金额", "金额", "amount", "money", "total_turnover", "turnover", "amt",
                 "turnover_value"),
    "turnover_total": ("累计成交额", "累积成交额", "总成交额", "TotalValueTrade", "cum_amount", "acc_amount"),
    "suspended": ("停牌", "是否停牌", "paused", "suspended", "is_suspended", "suspendFlag"),
    "traded": ("交易状态", "trade_status", "tradestatus"),
    "limit_up": ("涨停价", "涨停", "high_limit", "limit_up", "up_limit", "MaxPx", "upper_limit", "UpStopPrice"),
    "limit_down": ("跌停价", "跌停", "low_limit", "limit_down", "down_limit", "MinPx", "lower_limit", "DownStopPrice"),
    "factor": ("复权因子", "后复权因子", "累计复权因子", "factor", "adj_factor", "cum_factor", "ex_cum_factor",
               "back_adjust_factor"),
    "risk_warning": ("是否ST", "is_st", "st", "isST"),
}
# fmt: on
FIELDS: Final = frozenset(_NAMES) | {
    f"{name}{level}" for name in ("bid", "ask", "bid_quantity", "ask_quantity") for level in range(1, LEVELS + 1)
}
_BRACKET: Final = re.compile(r"\(([^()]*)\)")
_SUFFIXES: Final = {
    "lots": "手",
    "shares": "股",
    "kyuan": "千元",
    "yuan": "元",
    "fen": "分",
    "wanyuan": "万元",
}
_BUY: Final = r"(?:b|bid|buy|买)"
_SELL: Final = r"(?:a|ask|sell|offer|卖)"
_LEVEL: Final = r"([0-9]|10|[一二三四五])"
_PRICE_END: Final = r"(?:price|px|p|价)?"
_COUNT: Final = r"(?:volume|vol|qty|quantity|orderqty|v|量)"
_BOOK_FIELD: Final = re.compile(r"((?:bid|ask)(?:_quantity)?)([0-9]+)")
_BOOK: Final = tuple(
    (re.compile(pattern), field)
    for side, buy in (("bid", _BUY), ("ask", _SELL))
    for pattern, field in (
        (rf"{buy}{_PRICE_END}{_LEVEL}", side),
        (rf"{buy}{_LEVEL}{_PRICE_END}", side),
        (rf"{buy}{_COUNT}{_LEVEL}", f"{side}_quantity"),
        (rf"{buy}{_LEVEL}{_COUNT}", f"{side}_quantity"),
    )
)


def _plain(heading: str) -> str:
    text = unicodedata.normalize("NFKC", heading).strip().lower()
    return re.sub(r"[\s_\-]", "", text)


_FIELD_OF: Final = {_plain(name): field for field, names in _NAMES.items() for name in names}
_RATE: Final = "turnover"
"""A rate (换手率) in some vendors' files, money in others': where another column is the money, it is not this one."""


class Heading(NamedTuple):
    """What one heading means."""

    field: str
    """Empty: nothing that is kept."""
    unit: str = ""
    """As the heading says it, such as 手; empty: it says nothing."""


def meaning(heading: str) -> Heading:
    """Return the field that ``heading`` stands for, and its unit if it names one."""
    narrow = unicodedata.normalize("NFKC", heading).strip()
    brackets = _BRACKET.findall(narrow)
    unit = brackets[-1].strip() if brackets else ""
    bare = _BRACKET.sub("", narrow)
    field = _field(_plain(bare))
    if not field and "_" in bare:
        head, _, tail = bare.rpartition("_")
        if tail.lower() in _SUFFIXES:
            field, unit = _field(_plain(head)), _SUFFIXES[tail.lower()]
    return Heading(field, unit if field else "")


def _field(plain: str) -> str:
    known = _FIELD_OF.get(plain)
    if known is not None:
        return known
    for pattern, side in _BOOK:
        found = pattern.fullmatch(plain)
        if found is not None:
            return f"{side}{'一二三四五'.find(found[1]) + 1 or found[1]}"
    return ""


def _level_from_one(heading: Heading, from_zero: bool) -> Heading:
    """Return a level of the book counted from 1; those beyond the fifth are nothing that is kept."""
    found = _BOOK_FIELD.fullmatch(heading.field)
    if found is None:
        return heading
    level = int(found[2]) + from_zero
    return Heading(f"{found[1]}{level}" if 1 <= level <= LEVELS else "", heading.unit)


class Chosen(NamedTuple):
    """Which heading stands for which field."""

    columns: dict[str, str]
    """Field to heading."""
    units: dict[str, str]
    """Field to the unit that its heading names."""
    ignored: tuple[str, ...]
    doubled: tuple[tuple[str, str, str], ...]
    """(field, heading, another heading): a person has to say which."""


def choose(headings: list[str], told: dict[str, str]) -> Chosen:
    """Return which of ``headings`` are which fields; ``told`` (field to heading) goes before what names say."""
    columns = dict(told)
    units = {field: meaning(heading).unit for field, heading in told.items() if meaning(heading).unit}
    ignored: list[str] = []
    doubled: list[tuple[str, str, str]] = []
    from_zero = any(meaning(heading).field in ("bid0", "ask0") for heading in headings)
    for heading in headings:
        if heading in told.values():
            continue
        field, unit = _level_from_one(meaning(heading), from_zero)
        if not field or field in told:
            ignored.append(heading)
            continue
        other = columns.get(field)
        if other is None:
            columns[field] = heading
            if unit:
                units[field] = unit
        elif field == "turnover" and _plain(heading) == _RATE:
            ignored.append(heading)
        elif field == "turnover" and _plain(other) == _RATE:
            columns[field] = heading
            ignored.append(other)
        else:
            doubled.append((field, other, heading))
    if "instant" in columns:
        ignored += [columns.pop(field) for field in ("date", "time") if field in columns and field not in told]
    return Chosen(columns, units, tuple(ignored), tuple(doubled))
