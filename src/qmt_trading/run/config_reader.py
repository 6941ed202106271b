"""Reading one table of the configuration: every key has a kind, every unknown key is an error."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Final, NoReturn, TypeVar

from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.price_text import parse_price as price_of_text
from qmt_trading.codec.size_text import parse_size as size_of_text
from qmt_trading.model.numbers import SECOND_NS, Money, from_decimal
from qmt_trading.model.signal import PriceSpec, Size
from qmt_trading.run.config_file import ConfigFile, Decimal, Path_

Word = TypeVar("Word")

_SPAN: Final = re.compile(r"([0-9]{1,7})(ms|s|m|h)")
_SPAN_NS: Final = {"ms": 1_000_000, "s": SECOND_NS, "m": 60 * SECOND_NS, "h": 3600 * SECOND_NS}


class Table:
    """One table; keys are taken one by one, and what is left at ``close`` is unknown."""

    def __init__(self, file: ConfigFile, path: Path_, value: object) -> None:
        self._file = file
        self.path = path
        if not isinstance(value, dict):
            raise file.wrong(path, "应是一个表 [...]", "should be a table")
        self._left: dict[str, object] = dict(value)
        self._known: list[str] = []

    def wrong(self, name: str, chinese: str, english: str) -> NoReturn:
        """Refuse the value of ``name``.

        Raises:
            ConfigurationError: always.
        """
        raise self._file.wrong((*self.path, name) if name else self.path, chinese, english)

    def take(self, name: str) -> object | None:
        """Return the raw value of ``name``, None where it is absent."""
        self._known.append(name)
        return self._left.pop(name, None)

    def has(self, name: str) -> bool:
        return name in self._left

    def close(self) -> None:
        """Refuse whatever has not been taken."""
        for name in self._left:
            near = difflib.get_close_matches(name, self._known, 1)
            hint = f"，是不是 {near[0]}？" if near else ""
            english = f"; did you mean {near[0]}?" if near else ""
            self.wrong(name, f"没有这个设置{hint}", f"no such key{english}")

    # Kinds

    def text(self, name: str, default: str | None = None) -> str:
        value = self.take(name)
        if value is None:
            if default is None:
                self.wrong(name, "缺少这个设置", "this key is missing")
            return default
        if not isinstance(value, str) or isinstance(value, Decimal) or not value.strip():
            self.wrong(name, "应是非空的文字（加引号）", "should be a text in quotes, not empty")
        return value

    def number(self, name: str, default: int, *, least: int = 0, most: int = 10**15) -> int:
        value = self.take(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.wrong(name, f"应是 {least} 到 {most} 的整数", f"should be a whole number from {least} to {most}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self.take(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.wrong(name, "应是 true 或 false", "should be true or false")
        return value

    def money(self, name: str, default: int) -> Money:
        """Return yuan in ten-thousandths; not negative."""
        value = self.take(name)
        if value is None:
            return Money(default)
        return Money(self._decimal(name, value, "金额（元）", "an amount in yuan"))

    def percent_millionths(self, name: str, default: int) -> int:
        """Return per cent in millionths: 0.025 is 250."""
        value = self.take(name)
        if value is None:
            return default
        amount = self._decimal(name, value, "百分数", "per cent")
        if amount % 1:
            self.wrong(name, "小数太多", "too many decimals")
        return amount

    def _decimal(self, name: str, value: object, chinese: str, english: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            self.wrong(name, f"应是{chinese}", f"should be {english}")
        try:
            amount = from_decimal(str(value))
        except ValueError:
            self.wrong(name, f"应是{chinese}，至多 4 位小数", f"should be {english} with at most 4 decimals")
        if amount < 0:
            self.wrong(name, "不能小于 0", "cannot be negative")
        return amount

    def span_ns(self, name: str, default: int) -> int:
        """Return a span such as ``3s``, ``500ms``, ``2m`` in nanoseconds; a bare number counts seconds."""
        value = self.take(name)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 86_400:
            return value * SECOND_NS
        found = _SPAN.fullmatch(value) if isinstance(value, str) else None
        if found is None or int(found[1]) == 0:
            self.wrong(name, '应写作 "3s"、"500ms" 或 "2m"', 'is written "3s", "500ms" or "2m"')
        return int(found[1]) * _SPAN_NS[found[2]]

    def word(self, name: str, words: Mapping[str, Word], default: Word | None = None) -> Word:
        value = self.take(name)
        if value is None and default is not None:
            return default
        found = words.get(value) if isinstance(value, str) else None
        if found is None:
            choice = "、".join(words)
            if value is None:
                self.wrong(name, f"缺少这个设置，可选：{choice}", f"this key is missing; one of {choice}")
            self.wrong(name, f"应是其中之一：{choice}", f"should be one of {choice}")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; numbers are taken as their digits, for account ids."""
        value = self.take(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.wrong(name, '应是列表 ["…", "…"]', 'should be a list ["…", "…"]')
        found: list[str] = []
        for each in value:
            if isinstance(each, bool) or not isinstance(each, int | str) or not str(each).strip():
                self.wrong(name, "列表里应是文字", "the list holds texts")
            found.append(str(each))
        if len(set(found)) != len(found):
            self.wrong(name, "列表里有重复", "the list holds something twice")
        return tuple(found)

    def identity(self, name: str) -> str:
        """Return an account number, in quotes or not."""
        value = self.take(name)
        if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).strip():
            self.wrong(name, "应是账号", "should be an account number")
        return str(value)

    def size(self, name: str) -> Size | None:
        value = self.take(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        try:
            parsed = size_of_text(value) if isinstance(value, str) else None
        except MalformedError:
            parsed = None
        if parsed is None:
            self.wrong(name, "应写作 100、1手、5万元 或 10%", "is written 100, 1手, 5万元 or 10%")
        return parsed

    def price(self, name: str) -> PriceSpec | None:
        value = self.take(name)
        if value is None:
            return None
        try:
            parsed = price_of_text(value) if isinstance(value, str) else None
        except MalformedError:
            parsed = None
        if parsed is None:
            self.wrong(name, "应写作 latest、对手、涨停 等", "is written latest, opposite, limit_up, …")
        return parsed

    def tables(self, name: str) -> list[Table]:
        """Return the tables of ``[[name]]``."""
        value = self.take(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong(name, f"应写作 [[{name}]]", f"is written [[{name}]]")
        return [Table(self._file, (*self.path, name, index), each) for index, each in enumerate(value)]

    def table(self, name: str) -> Table:
        """Return the table of ``[name]``, an empty one where it is absent."""
        value = self.take(name)
        return Table(self._file, (*self.path, name), {} if value is None else value)

    def entries(self, name: str) -> dict[str, object]:
        """Return the entries of a small table such as ``positions = {...}``."""
        value = self.take(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.wrong(name, '应写作 { "600000.SH" = 1000 }', 'is written { "600000.SH" = 1000 }')
        return value
