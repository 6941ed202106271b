"""One JSON object's fields, read strictly: what has the wrong type or value is refused by name."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Final

from qmt_trading.codec.json_positions import JsonPath
from qmt_trading.codec.malformed import MalformedError, Own
from qmt_trading.codec.names import is_account, is_name, refused_account
from qmt_trading.codec.symbols import normalise
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS, from_decimal

_WHOLE: Final = re.compile(r"[0-9]{1,15}")
_DECIMAL: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,4})?")
_EPOCH_MS: Final = re.compile(r"[1-9][0-9]{12}")
_RFC_3339: Final = re.compile(
    r"(20[0-9]{2})-([0-9]{2})-([0-9]{2})[Tt ]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,9}))?"
    r"(?:([Zz])|([-+])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_SHANGHAI_OFFSET_NS: Final = 8 * 3600 * SECOND_NS


class Number(str):
    """A JSON number by its own digits: no float ever stands between sender and price."""

    __slots__ = ()


class Fields:
    """The fields of one object, with the path at which it stands."""

    __slots__ = ("path", "values")

    def __init__(self, values: Mapping[str, object], path: JsonPath) -> None:
        self.values = values
        self.path = path

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def refused(self, code: str, name: str, *figures: str) -> MalformedError:
        """Return a refusal that stands at field ``name``."""
        return MalformedError(code, name, *figures, path=(*self.path, name))

    def wrong_value(self, name: str, written: str, chinese: str, english: str) -> MalformedError:
        """Return the refusal of a value, with what would be right in both languages."""
        return self.refused("field_value", name, written, Own(chinese), Own(english))

    def required(self, name: str) -> object:
        if name not in self.values:
            raise MalformedError("field_missing", name, path=self.path)
        return self.values[name]

    def text(self, name: str) -> str:
        value = self.required(name)
        if type(value) is not str:
            raise self.refused("field_type", name, "字符串（加英文双引号）", "a string, in quotes")
        return value

    def name(self, name: str) -> str:
        """Return a field that holds a strategy's name."""
        value = self.text(name)
        if not is_name(value):
            raise self.wrong_value(
                name,
                value,
                " 1 到 64 个字母、数字、. _ - 和汉字",
                "1 to 64 of letters, digits, . _ - and CJK",
            )
        return value

    def truth(self, name: str) -> bool:
        value = self.required(name)
        if not isinstance(value, bool):
            raise self.refused("field_type", name, " true 或 false", "true or false")
        return value

    def whole(self, name: str, *, minimum: int, maximum: int) -> int:
        """Return a whole number; ``100.0`` and ``1e3`` are refused like every fraction."""
        value = self.required(name)
        if type(value) is not Number:
            raise self.refused("field_type", name, "整数（不加引号）", "a whole number, without quotes")
        if _WHOLE.fullmatch(value) is None or not minimum <= int(value) <= maximum:
            raise self.wrong_value(
                name,
                value,
                f" {minimum} 到 {maximum} 的整数",
                f"a whole number from {minimum} to {maximum}",
            )
        return int(value)

    def decimal(self, name: str) -> int:
        """Return a number or decimal string in ten-thousandths, exactly; it may be 0."""
        value = self.required(name)
        if type(value) is not Number and type(value) is not str:
            raise self.refused("field_type", name, "数字或数字字符串", "a number or a decimal string")
        if _DECIMAL.fullmatch(value) is None:
            raise self.wrong_value(
                name,
                value,
                "不小于 0、最多 4 位小数的数字，不带单位",
                "a number of 0 or more with at most 4 decimals and no unit",
            )
        return from_decimal(value)

    def symbol(self, *, infer_market: bool) -> Symbol:
        """Return the field ``symbol``, which may be written TradingView's way."""
        written = self.text("symbol")
        try:
            return normalise(written, infer_market=infer_market, trading_view=True)
        except MalformedError as error:
            error.path = (*self.path, "symbol")
            raise

    def accounts(self) -> tuple[str, ...]:
        """Return the field ``accounts``, each word once."""
        values = self.list_of("accounts")
        if not values:
            raise self.wrong_value("accounts", "[]", "至少一个账户", "at least one account")
        found: dict[str, None] = {}
        for index, value in enumerate(values):
            path = (*self.path, "accounts", index)
            if type(value) is not str:
                raise MalformedError(
                    "field_type",
                    "accounts",
                    "字符串的列表（每个加英文双引号）",
                    "a list of strings, each in quotes",
                    path=path,
                )
            if not value:
                raise MalformedError("account_missing", path=path)
            if not is_account(value):
                error = refused_account(value)
                error.path = path
                raise error
            found[value] = None
        return tuple(found)

    def list_of(self, name: str) -> list[object]:
        value = self.required(name)
        if not isinstance(value, list):
            raise self.refused("field_type", name, "列表（用 [ ] 括起来）", "a list, in [ ]")
        return value

    def instant_ns(self, name: str) -> int:
        """Return RFC 3339 with an offset, or epoch milliseconds, as nanoseconds since 1970 UTC."""
        value = self.required(name)
        instant_ns: int | None = None
        if type(value) is Number:
            if _EPOCH_MS.fullmatch(value) is not None:
                instant_ns = int(value) * MILLISECOND_NS
        elif type(value) is str:
            instant_ns = _rfc_3339_ns(value)
        else:
            raise self.refused("field_type", name, "时间", "a time")
        if instant_ns is None:
            raise self.wrong_value(
                name,
                str(value),
                "带时区的时间（如 2026-01-05T09:15:00+08:00）或 13 位毫秒数",
                "RFC 3339 with an offset, or 13 digits of epoch milliseconds",
            )
        return instant_ns


def _rfc_3339_ns(written: str) -> int | None:
    match = _RFC_3339.fullmatch(written)
    if match is None:
        return None
    try:
        day = dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    seconds = int(match[4]) * 3600 + int(match[5]) * 60 + int(match[6])
    instant_ns = at_time(day, seconds * SECOND_NS + int((match[7] or "0").ljust(9, "0"))) + _SHANGHAI_OFFSET_NS
    if match[8]:
        return instant_ns
    offset_ns = (int(match[10]) * 3600 + int(match[11]) * 60) * SECOND_NS
    return instant_ns - offset_ns if match[9] == "+" else instant_ns + offset_ns
