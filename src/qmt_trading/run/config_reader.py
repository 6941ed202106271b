"""Reading one table of the configuration: every key has a kind, every unknown key is an error."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn, TypeVar

from qmt_trading.codec.malformed import MalformedError, malformed, shorten
from qmt_trading.codec.names import is_name
from qmt_trading.codec.price_text import parse_price as price_of_text
from qmt_trading.codec.signal_checks import check_size
from qmt_trading.codec.size_text import QUANTITY_MAX
from qmt_trading.codec.size_text import parse_size as size_of_text
from qmt_trading.model.numbers import PERCENT_UNIT, SECOND_NS, Money, from_decimal
from qmt_trading.model.signal import PriceSpec, Size
from qmt_trading.model.words import Verb
from qmt_trading.run.config_file import ConfigFile, Decimal, Path_

Word = TypeVar("Word")

_SPAN: Final = re.compile(r"([0-9]{1,7})(ms|s|m|h)")
SPAN_MAX_NS: Final = 86_400 * SECOND_NS
RATE_MAX: Final = 10_000
"""One per cent, in millionths: three times the dearest commission there is."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
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
        self._meant: dict[str, str] = {}

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

    def is_word(self, name: str, word: str) -> bool:
        """Tell whether ``name`` is exactly ``word``, and take it if so."""
        if self._left.get(name) != word:
            return False
        self.take(name)
        return True

    def names_left(self) -> tuple[str, ...]:
        """Return the keys that have not been taken, for a table whose keys are anybody's words."""
        return tuple(self._left)

    def place(self) -> str:
        """Return where this table stands, for people: file and line."""
        return self._file.where(self.path).rpartition(" ")[0]

    def know(self, *names: str) -> None:
        """Have ``close`` think of ``names`` when it meets a key that is not known."""
        self._known += names

    def mean(self, written: str, right: str) -> None:
        """Have ``close`` think of ``right`` when it meets ``written``, which is spelt unlike it."""
        self._meant[written] = right

    def close(self) -> None:
        """Refuse whatever has not been taken."""
        for name in self._left:
            near = [self._meant[name]] if name in self._meant else difflib.get_close_matches(name, self._known, 1)
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
        if _CONTROL.search(value):
            self.wrong(
                name,
                "含有换行等控制字符；Windows 路径请用单引号",
                "holds a control character; put Windows paths in single quotes",
            )
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

    def percent_millionths(self, name: str, default: int | None, *, most: int = RATE_MAX) -> int:
        """Return per cent in millionths: 0.025 is 250. Without a default it must be there."""
        value = self.take(name)
        if value is None:
            if default is None:
                self.wrong(name, "缺少这个设置", "this key is missing")
            return default
        amount = self._decimal(name, value, "百分数", "per cent")
        if amount > most:
            end = most // PERCENT_UNIT
            self.wrong(
                name,
                f"应是 0 到 {end} 的百分数，例如 0.025 即万分之二点五",
                f"should be per cent from 0 to {end}, such as 0.025",
            )
        return amount

    def day(self, name: str) -> dt.date | None:
        """Return a date, None where it is absent."""
        value = self.take(name)
        if value is None:
            return None
        if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
            self.wrong(name, "日期写作 2026-07-06，不加引号", "a date such as 2026-07-06, without quotes")
        return value

    def _decimal(self, name: str, value: object, chinese: str, english: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            self.wrong(name, f"应是{chinese}", f"should be {english}")
        if isinstance(value, int) and value < 0:
            self.wrong(name, f"{chinese}不能小于 0", f"{english} cannot be negative")
        try:
            amount = from_decimal(str(value))
        except ValueError:
            self.wrong(name, f"应是{chinese}，至多 4 位小数", f"should be {english} with at most 4 decimals")
        if amount < 0:
            self.wrong(name, f"{chinese}不能小于 0", f"{english} cannot be negative")
        return amount

    def span_ns(self, name: str, default: int) -> int:
        """Return a span such as ``3s``, ``500ms``, ``2m`` in nanoseconds, at most a day; a number counts seconds."""
        value = self.take(name)
        if value is None:
            return default
        span_ns = 0
        if isinstance(value, int) and not isinstance(value, bool):
            span_ns = value * SECOND_NS
        elif isinstance(value, str) and (found := _SPAN.fullmatch(value)) is not None:
            span_ns = int(found[1]) * _SPAN_NS[found[2]]
        if not 0 < span_ns <= SPAN_MAX_NS:
            self.wrong(
                name, '应写作 "3s"、"500ms" 或 "2m"，不超过一天', 'is written "3s", "500ms" or "2m", and at most a day'
            )
        return span_ns

    def word(
        self, name: str, words: Mapping[str, Word], default: Word | None = None, *, offered: Sequence[str] = ()
    ) -> Word:
        """Return what one of ``words`` stands for; a mistake is told the ``offered`` ones, or all where there are none.

        What is understood and refused later, because it does not exist yet, is not offered.
        """
        value = self.take(name)
        if value is None and default is not None:
            return default
        found = words.get(value) if isinstance(value, str) else None
        if found is None:
            choice = "、".join(offered or words)
            if value is None:
                self.wrong(name, f"缺少这个设置，可选：{choice}", f"this key is missing; one of {choice}")
            self.wrong(name, f"应是其中之一：{choice}", f"should be one of {choice}")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        found: list[str] = []
        for each in self._list(name):
            if not isinstance(each, str) or isinstance(each, Decimal):
                self.wrong(name, "列表里应是文字（加引号）", "the list holds texts in quotes")
            found.append(each)
        return self._distinct(name, found)

    def names(self, name: str) -> tuple[str, ...]:
        """Return a list of words that a message can write; plain digits need no quotes."""
        return self._distinct(name, [self._word_of(name, each) for each in self._list(name)])

    def _list(self, name: str) -> list[object]:
        value = self.take(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong(name, '应是列表 ["…", "…"]', 'should be a list ["…", "…"]')
        return value

    def _distinct(self, name: str, found: list[str]) -> tuple[str, ...]:
        if len(set(found)) != len(found):
            self.wrong(name, "列表里有重复", "the list holds something twice")
        return tuple(found)

    def identity(self, name: str) -> str:
        """Return an account number, in quotes or not."""
        value = self.take(name)
        if value is None:
            self.wrong(name, "缺少账号", "the account number is missing")
        return self._word_of(name, value)

    def name(self, name: str, default: str | None = None) -> str:
        """Return a word that a message can write, taken as it stands."""
        value = self.take(name)
        if value is None:
            if default is None:
                self.wrong(name, "缺少这个设置", "this key is missing")
            return default
        if not isinstance(value, str):
            self.wrong(name, "应是文字（加引号）", "should be a text in quotes")
        return self._word_of(name, value)

    def _word_of(self, name: str, value: object) -> str:
        """Return ``value`` as a message would write it, or refuse what no message can."""
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0 and not self._file.is_odd(value):
            value = str(value)
        if not isinstance(value, str) or isinstance(value, Decimal):
            self.wrong(name, '请加引号，按原样写，例如 "11031122"', 'put it in quotes as it is, such as "11031122"')
        if not is_name(value):
            self.wrong(
                name,
                f"「{shorten(value)}」不能用：只用字母、数字、. _ - 和汉字，1 到 64 个，不带 @ 和空格",
                f"{shorten(value)} cannot be used: 1 to 64 of letters, digits, . _ - and CJK, without @ and blanks",
            )
        return value

    def absolute(self, name: str, base: Path, written: str) -> Path:
        """Return the path that ``name`` gives as an absolute one; what is relative begins at ``base``."""
        if written != written.strip():
            self.wrong(name, "路径前后有空格，请去掉", "a path with blanks at its ends")
        try:
            return (base / written).resolve()
        except (OSError, RuntimeError, ValueError) as error:
            self.wrong(name, f"路径不能用：{error}", "this path cannot be used")

    def size(self, name: str, *, verb: Verb) -> Size | None:
        """Return a size that fits ``verb``."""
        value = self.take(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= QUANTITY_MAX:
            value = str(value)
        if not isinstance(value, str):
            self.wrong(name, "应写作 100、1手、5万元 或 10%", "is written 100, 1手, 5万元 or 10%")
        try:
            size = size_of_text(value)
        except MalformedError as error:
            self.malformed(name, error)
        self.fits(name, size, verb)
        return size

    def fits(self, name: str, size: Size, verb: Verb) -> None:
        """Refuse a size that a message with ``verb`` could not have."""
        try:
            check_size(verb, size)
        except MalformedError as error:
            self.malformed(name, error)

    def malformed(self, name: str, error: MalformedError) -> NoReturn:
        """Refuse the value of ``name`` with the sentence that a message would get."""
        found = malformed(error.code, error.figures, position=0)
        self.wrong(name, found.chinese, found.english)

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
