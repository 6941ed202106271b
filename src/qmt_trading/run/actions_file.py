"""Corporate actions from a CSV file: figures per 10 shares, as announcements and data vendors write them."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from pathlib import Path
from typing import Final, NoReturn

from qmt_trading.codec.decoding import narrow
from qmt_trading.codec.malformed import MalformedError, malformed, shorten
from qmt_trading.codec.symbols import normalise
from qmt_trading.intake.cells import Row
from qmt_trading.intake.csv_table import read_csv
from qmt_trading.intake.instructions import UnreadableError
from qmt_trading.market.instruments import kind_of
from qmt_trading.model.corporate_action import BASIS, CorporateAction
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import UNIT, Money, Price, from_decimal
from qmt_trading.model.words import InstrumentKind

ROWS_MAX: Final = 20_000
"""Five years of the whole market; so many are read in under a second."""
BYTES_MAX: Final = 8_000_000
GIVEN_MAX: Final = 1_000
"""Shares or yuan per 10 shares: what is more is a slip of the pen."""
SPLIT_MAX: Final = 10_000

# fmt: off
_COLUMNS: Final = {
    "symbol": ("代码", "证券代码", "股票代码", "symbol"),
    "ex_day": ("除权除息日", "除权日", "除息日", "ex_day", "ex_date"),
    "record_day": ("股权登记日", "登记日", "record_day", "record_date"),
    "pay_day": ("派息日", "红利发放日", "现金红利发放日", "pay_day", "pay_date"),
    "bonus": ("送股", "送红股", "红股", "bonus_per10"),
    "transfer": ("转增", "转增股", "转增股本", "transfer_per10"),
    "cash": ("派息", "派现", "分红", "现金红利", "cash_per10", "cash_per10_pretax"),
    "rights": ("配股", "rights_per10"),
    "rights_price": ("配股价", "配股价格", "rights_price"),
    "split": ("折算比例", "拆分比例", "split"),
    "name": ("名称", "证券名称", "股票名称", "name"),
    "note": ("备注", "说明", "note"),
    "source": ("来源", "source"),
}
# fmt: on
_COLUMN_OF: Final = {heading: column for column, headings in _COLUMNS.items() for heading in headings}
_GIVES: Final = ("bonus", "transfer", "cash", "rights", "split")
_IN_BRACKETS: Final = re.compile(r"\([^()]*\)")
_UNITS: Final = frozenset(
    {
        "",
        "股",
        "元",
        "元税前",
        "税前",
        "税前元",
        "含税",
        "元含税",
        "10股",
        "十股",
        "股/10股",
        "元/10股",
        "人民币",
        "比例",
        "倍",
    }
)
"""What brackets behind a heading may say: every figure is per 10 shares, and of cash before tax."""
_UNITS_OF_PRICE: Final = _UNITS | {"元/股", "股"}
_PUNCTUATION: Final = str.maketrans("", "", ",，、:：;；")
_PER_TEN: Final = re.compile(r"每?(?:10|十)股")
_DAY: Final = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})-([0-9]{1,2})|/([0-9]{1,2})/([0-9]{1,2})|([0-9]{2})([0-9]{2}))")
_FIGURE: Final = re.compile(r"([0-9]{1,7})(?:\.([0-9]{1,9}))?")
_KINDS: Final = (InstrumentKind.STOCK, InstrumentKind.FUND)


class ActionsFile:
    """The file as a source that is asked again and again: it is read when it has changed. Safe from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: tuple[tuple[int, int], tuple[CorporateAction, ...]] = (-1, -1), ()

    def __call__(self) -> tuple[CorporateAction, ...]:
        """Return what ``read_actions`` does."""
        try:
            found = self._path.stat()
            state = found.st_mtime_ns, found.st_size
        except OSError as error:
            raise _unreadable(self._path, error) from error
        last_state, actions = self._last
        if state != last_state:
            actions = read_actions(self._path)
            self._last = state, actions
        return actions


def read_actions(path: Path) -> tuple[CorporateAction, ...]:
    """Return the actions in the file at ``path``, as they stand there.

    The first row names the columns, in Chinese or in English and in any order: 代码 and 除权除息日, and one or more of
    送股, 转增, 派息, 配股 with 配股价 (all per 10 shares, before tax) and 折算比例 (what one unit of a fund becomes).
    UTF-8, GBK, or the UTF-16 of Excel. Empty cells give nothing.

    Raises:
        ConfigurationError: it cannot be read, or something in it is not certain; with row, column and what is right.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(data) > BYTES_MAX:
        raise ConfigurationError(f"{path.name} 超过 {BYTES_MAX:,} 字节 / has more than {BYTES_MAX:,} bytes")
    try:
        rows = read_csv(data, rows_max=ROWS_MAX)
    except UnreadableError as error:
        fault = error.fault
        _refuse(path, fault.row, "", fault.chinese, fault.english)
    first = next((index for index, row in enumerate(rows) if any(cell.text for cell in row)), None)
    if first is None:
        _refuse(path, 1, "", "是空的：第一行写列名", "is empty: the first row names the columns")
    columns = _columns_of(path, first + 1, rows[first])
    actions: dict[tuple[Symbol, dt.date], int] = {}
    found: list[CorporateAction] = []
    for number, row in enumerate(rows[first + 1 :], first + 2):
        if not any(cell.text.strip() for cell in row):
            continue
        action = _Line(path, number, row, columns).action()
        earlier = actions.setdefault((action.symbol, action.ex_day), number)
        if earlier != number:
            _refuse(
                path,
                number,
                "",
                f"{action.symbol} {action.ex_day} 在第 {earlier} 行已经写过：同一天的写成一行",
                f"{action.symbol} {action.ex_day} stands in row {earlier}: write one row for one day",
            )
        found.append(action)
    return tuple(found)


def _unreadable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(f"{path} 无法读取 / cannot be read: {error.strerror or error}")


def _refuse(path: Path, row: int, column: str, chinese: str, english: str) -> NoReturn:
    place = f"{path.name} 第 {row} 行" if row else path.name
    text = f"{place}{f'「{column}」' if column else ''}：{chinese} / row {row}: {english}"
    raise ConfigurationError("".join(letter if letter.isprintable() else "?" for letter in text))


def _columns_of(path: Path, number: int, row: Row) -> dict[str, tuple[int, str]]:
    """Return the place and the heading of each column that is there."""
    columns: dict[str, tuple[int, str]] = {}
    for place, cell in enumerate(row):
        heading = cell.text.strip()
        if not heading:
            continue
        plain = _PER_TEN.sub("", _IN_BRACKETS.sub("", narrow(heading))).replace(" ", "").lower()
        column = _COLUMN_OF.get(plain)
        for bracket in _IN_BRACKETS.findall(narrow(heading)):
            unit = bracket[1:-1].translate(_PUNCTUATION).replace("每", "").replace(" ", "").lower()
            if unit not in (_UNITS_OF_PRICE if column == "rights_price" else _UNITS):
                _refuse(
                    path,
                    number,
                    shorten(heading),
                    f"单位「{bracket[1:-1]}」不认识：送股、转增、派息、配股一律按每 10 股写，括号可以不写",
                    "this unit is not known: every figure is per 10 shares, leave the brackets out",
                )
        if column is None:
            near = difflib.get_close_matches(plain, _COLUMN_OF, 1)
            known = "、".join(headings[0] for headings in _COLUMNS.values())
            hint = f"，是不是「{near[0]}」？" if near else f"；认识的有：{known}"
            english = f"; did you mean {near[0]}?" if near else ""
            _refuse(path, number, shorten(heading), f"没有这一列{hint}", f"no such column{english}")
        if column in columns:
            _refuse(path, number, heading, f"和「{columns[column][1]}」是同一列", f"is {columns[column][1]} again")
        columns[column] = place, heading
    for column in ("symbol", "ex_day"):
        if column not in columns:
            _refuse(path, number, "", f"缺少「{_COLUMNS[column][0]}」这一列", f"column {column} is missing")
    if not any(column in columns for column in _GIVES):
        names = "、".join(_COLUMNS[column][0] for column in _GIVES)
        _refuse(path, number, "", f"至少要有其中一列：{names}", f"needs one of the columns {', '.join(_GIVES)}")
    return columns


class _Line:
    """One row on its way to an action."""

    def __init__(self, path: Path, number: int, row: Row, columns: dict[str, tuple[int, str]]) -> None:
        self._path = path
        self._number = number
        self._columns = columns
        self._texts = [cell.text.strip() for cell in row]

    def action(self) -> CorporateAction:
        places = [place for place, _ in self._columns.values()]
        if any(text for place, text in enumerate(self._texts) if place not in places):
            self._wrong("", "比第一行多出了列：多写了逗号？", "a cell beyond the named columns: a comma too many?")
        ex_day, record_day, pay_day = self._day("ex_day"), self._day("record_day"), self._day("pay_day")
        if ex_day is None:
            self._wrong("ex_day", "不能空着", "cannot be empty")
        if record_day is not None and record_day >= ex_day:
            self._wrong("record_day", "应早于除权除息日", "lies before the ex-day")
        if pay_day is not None and pay_day < (record_day or ex_day - dt.timedelta(days=30)):
            self._wrong("pay_day", "早于股权登记日", "lies before the record day")
        rights, rights_price = self._figure("rights", BASIS // 10), self._price("rights_price")
        if bool(rights) != bool(rights_price):
            chinese, english = "配股和配股价要一起写", "rights and their price stand together"
            self._wrong("rights" if "rights" in self._columns else "rights_price", chinese, english)
        split = self._figure("split", BASIS, most=SPLIT_MAX)
        action = CorporateAction(
            symbol=self._symbol(),
            ex_day=ex_day,
            bonus_shares=self._figure("bonus", BASIS // 10),
            transfer_shares=self._figure("transfer", BASIS // 10),
            rights_shares=rights,
            rights_price=rights_price,
            cash=Money(self._figure("cash", BASIS * UNIT // 10)),
            split_shares=split or BASIS,
            record_day=record_day,
            pay_day=pay_day,
            note=self._text("note"),
            source=self._text("source"),
        )
        if not (action.given_shares or action.cash or rights or action.split_shares != BASIS):
            self._wrong("", "送、转、派、配、折算都是空的：这一行什么也没有", "gives nothing: every figure is empty")
        return action

    def _text(self, column: str) -> str:
        place, _ = self._columns.get(column, (len(self._texts), ""))
        return self._texts[place] if place < len(self._texts) else ""

    def _wrong(self, column: str, chinese: str, english: str) -> NoReturn:
        _, heading = self._columns.get(column, (0, ""))
        _refuse(self._path, self._number, heading, chinese, f"{column}: {english}" if column else english)

    def _read(self, column: str, pattern: re.Pattern[str], chinese: str, english: str) -> re.Match[str] | None:
        text = self._text(column)
        if not text:
            return None
        found = pattern.fullmatch(text)
        if found is None:
            self._wrong(column, f"{chinese}，不是 {shorten(text)}", f"{english}, not {shorten(text)}")
        return found

    def _symbol(self) -> Symbol:
        written = self._text("symbol")
        try:
            symbol = normalise(written)
        except MalformedError as error:
            told = malformed(error.code, error.figures, position=0)
            self._wrong("symbol", told.chinese, told.english)
        if kind_of(symbol) not in _KINDS:
            self._wrong("symbol", f"{symbol} 不是股票或基金", f"{symbol} is neither a stock nor a fund")
        return symbol

    def _day(self, column: str) -> dt.date | None:
        chinese, english = "日期写作 2026-07-03", "a day is written 2026-07-03"
        found = self._read(column, _DAY, chinese, english)
        if found is None:
            return None
        year, month, day = (int(part) for part in found.groups() if part is not None)
        try:
            return dt.date(year, month, day)
        except ValueError:
            self._wrong(column, f"没有这一天：{found[0]}", f"there is no such day: {found[0]}")

    def _figure(self, column: str, one: int, *, most: int = GIVEN_MAX) -> int:
        """Return a decimal as a multiple of ``one``, exactly."""
        decimals = min(len(str(one)) - 1, 9)
        chinese, english = f"应是数字，至多 {decimals} 位小数", f"a figure with at most {decimals} decimals"
        found = self._read(column, _FIGURE, chinese, english)
        if found is None:
            return 0
        digits = found[2] or ""
        if len(digits) > decimals:
            self._wrong(column, f"{chinese}，不是 {found[0]}", f"{english}, not {found[0]}")
        value = int(found[1]) * one + int(digits.ljust(9, "0")) * one // 1_000_000_000
        if value > most * one:
            self._wrong(column, f"{found[0]} 太大：最多 {most}", f"{found[0]} is too much: at most {most}")
        return value

    def _price(self, column: str) -> Price:
        chinese, english = "应是价格，至多 4 位小数", "a price with at most 4 decimals"
        found = self._read(column, _FIGURE, chinese, english)
        if found is None:
            return Price(0)
        if len(found[2] or "") > 4:
            self._wrong(column, f"{chinese}，不是 {found[0]}", f"{english}, not {found[0]}")
        return Price(from_decimal(found[0]))
