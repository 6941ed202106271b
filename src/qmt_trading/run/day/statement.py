"""A broker's statement (交割单) as rows: a CSV export in GBK or UTF-8, its columns found by their Chinese headings."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, NamedTuple

from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.symbols import normalise
from qmt_trading.intake.cells import Row
from qmt_trading.intake.csv_table import read_csv
from qmt_trading.intake.file_text import decode
from qmt_trading.intake.instructions import UnreadableError
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import MILLION, UNIT, Money, Price, ratio_half_up
from qmt_trading.model.words import Side

ROWS_MAX: Final = 20_000
HEADING_ROWS_MAX: Final = 20
"""Rows that may stand before the headings: a title, the account, the span of days."""
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "day": ("成交日期", "交割日期", "发生日期", "交易日期", "日期"),
    "symbol": ("证券代码", "股票代码", "代码"),
    "name": ("证券名称", "股票名称", "名称"),
    "side": ("操作", "买卖标志", "买卖方向", "业务名称", "委托方向", "交易类别", "业务类型", "摘要", "方向"),
    "quantity": ("成交数量", "成交股数", "发生数量", "数量"),
    "price": ("成交价格", "成交均价", "成交价", "价格"),
    "value": ("成交金额", "成交额", "清算金额"),
    "venue": ("交易市场", "市场", "交易所"),
    "account": ("资金账号", "资金帐号", "资金账户", "客户号"),
    "order": ("合同编号", "委托编号"),
}
FEES: Final = (
    "手续费",
    "佣金",
    "净佣金",
    "印花税",
    "过户费",
    "规费",
    "交易规费",
    "经手费",
    "证管费",
    "其他费",
    "其他费用",
    "其他杂费",
    "结算费",
    "附加费",
)
"""Parts of the costs, added up; of those that mean the same or lie within each other only the wider counts."""
_INSIDE: Final = {"佣金": ("手续费",), "净佣金": ("手续费", "佣金"), "规费": ("手续费",), "交易规费": ("手续费",)}
_VENUES: Final = {"上海": "SH", "沪": "SH", "SH": "SH", "深圳": "SZ", "深": "SZ", "SZ": "SZ", "北京": "BJ", "BJ": "BJ"}
_DAY: Final = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")


class Trade(NamedTuple):
    """One line that bought or sold."""

    row: int
    """In the file, the first is 1."""
    day: dt.date
    symbol: Symbol
    side: Side
    quantity: int
    price: Price
    """As far as the statement gives it; averages are rounded."""
    value: Money
    fees: Money
    """All parts together."""
    account: str


class Statement(NamedTuple):
    """What a file holds."""

    trades: tuple[Trade, ...]
    left_out: tuple[tuple[int, str], ...]
    """Rows that are neither a buy nor a sell, with what they are: dividends, transfers, subscriptions."""
    fee_columns: tuple[str, ...]


def read(path: Path) -> Statement:
    """Return what the statement at ``path`` holds.

    Raises:
        ConfigurationError: it cannot be read, lacks a column, or a row makes no sense; with the row.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} 无法读取 / cannot be read: {error.strerror or error}") from error
    if not content.endswith((b"\n", b"\r", b"\n\0")):
        content += b"\n"  # Brokers' programs leave the last line without an end.
    try:
        rows = read_csv(_without_title(decode(content)).encode("utf-8"), rows_max=ROWS_MAX)
    except UnreadableError as error:
        fault = error.fault
        raise ConfigurationError(f"{path.name} 第 {fault.row} 行：{fault.chinese} / {fault.english}") from error
    return _Reader(path, rows).statement()


def _without_title(text: str) -> str:
    """Return ``text`` with what stands above the headings blanked, so that they alone tell what separates cells."""
    lines = text.split("\n")
    for index, line in enumerate(lines[:HEADING_ROWS_MAX]):
        if any(heading in line for heading in COLUMNS["symbol"]):
            return "\n" * index + "\n".join(lines[index:])
    return text


class _Reader:
    """One file on its way to a statement."""

    def __init__(self, path: Path, rows: Sequence[Row]) -> None:
        self._path = path
        self._rows = [[_plain(cell.text) for cell in row] for row in rows]
        self._number = 0
        self._columns: dict[str, int] = {}
        self._fees: dict[str, int] = {}

    def statement(self) -> Statement:
        first = self._find_headings()
        trades: list[Trade] = []
        left_out: list[tuple[int, str]] = []
        for number, row in enumerate(self._rows[first:], first + 1):
            self._number = number
            if not any(row) or row[0] in ("合计", "总计", "小计"):
                continue
            side = _side_of(self._cell(row, "side"))
            if side is None or not self._cell(row, "quantity") or not self._figure(row, "quantity"):
                left_out.append((number, self._cell(row, "side") or "没有数量"))
                continue
            trades.append(self._trade(row, side))
        return Statement(tuple(trades), tuple(left_out), tuple(self._fees))

    def _find_headings(self) -> int:
        """Find the row of headings; return the index of the first row behind it."""
        for index, row in enumerate(self._rows[:HEADING_ROWS_MAX]):
            columns = {
                key: row.index(heading)
                for key, headings in COLUMNS.items()
                if (heading := next((each for each in headings if each in row), None)) is not None
            }
            if {"symbol", "quantity"} <= columns.keys():
                self._number = index + 1
                for key in ("day", "side"):
                    if key not in columns:
                        raise self._wrong(f"没有「{COLUMNS[key][0]}」这一列", f"no column {key}")
                if not {"price", "value"} & columns.keys():
                    raise self._wrong("没有「成交价格」或「成交金额」这一列", "neither a price nor a value")
                self._columns = columns
                fees = [name for name in FEES if name in row]
                self._fees = {
                    name: row.index(name) for name in fees if not any(whole in fees for whole in _INSIDE.get(name, ()))
                }
                return index + 1
        self._number = 1
        raise self._wrong("没有找到表头（证券代码、成交数量 …）", "no row with headings such as 证券代码 and 成交数量")

    def _trade(self, row: Sequence[str], side: Side) -> Trade:
        quantity = abs(self._figure(row, "quantity"))
        if quantity % UNIT:
            raise self._wrong("成交数量不是整数", "the quantity is no whole number")
        shares = quantity // UNIT
        price = self._figure(row, "price") if "price" in self._columns else 0
        value = abs(self._figure(row, "value")) if "value" in self._columns else 0
        return Trade(
            row=self._number,
            day=self._day(self._cell(row, "day")),
            symbol=self._symbol(row),
            side=side,
            quantity=shares,
            price=Price(price or ratio_half_up(value, shares)),
            value=Money(value or price * shares),
            fees=Money(sum(abs(self._number_of(row[place])) for place in self._fees.values() if place < len(row))),
            account=self._cell(row, "account"),
        )

    def _cell(self, row: Sequence[str], key: str) -> str:
        place = self._columns.get(key, len(row))
        return row[place] if place < len(row) else ""

    def _figure(self, row: Sequence[str], key: str) -> int:
        return self._number_of(self._cell(row, key))

    def _number_of(self, text: str) -> int:
        """Return a figure in ten-thousandths; of more decimals the nearest. An empty cell is 0."""
        written = text.replace(",", "").strip()
        if written in ("", "-", "--"):
            return 0
        try:
            value = Decimal(written)
        except InvalidOperation as error:
            raise self._wrong(f"「{text[:40]}」不是数字", f"{text[:40]!r} is no number") from error
        if not value.is_finite() or abs(value) > 10**12:
            raise self._wrong(f"「{text[:40]}」不是数字", f"{text[:40]!r} is no number")
        return ratio_half_up(int(value * UNIT * MILLION), MILLION)

    def _day(self, text: str) -> dt.date:
        found = _DAY.match(text)
        try:
            if found is not None:
                return dt.date(*(int(part) for part in found.groups()))
        except ValueError:
            pass
        raise self._wrong(f"「{text[:40]}」不是日期", f"{text[:40]!r} is no day")

    def _symbol(self, row: Sequence[str]) -> Symbol:
        code = self._cell(row, "symbol")
        if code.isdigit() and len(code) < 6:
            code = code.zfill(6)  # Excel has taken the zeros.
        venue = next((end for word, end in _VENUES.items() if word in self._cell(row, "venue").upper()), "")
        if not venue and code.startswith("000"):
            venue = "SZ"  # Shanghai has indices there, which nobody trades.
        try:
            return normalise(f"{code}.{venue}" if venue and "." not in code else code, infer_market=True)
        except MalformedError as error:
            raise self._wrong(f"「{code[:20]}」不是证券代码", f"{code[:20]!r} is no code") from error

    def _wrong(self, chinese: str, english: str) -> ConfigurationError:
        return ConfigurationError(f"{self._path.name} 第 {self._number} 行：{chinese} / row {self._number}: {english}")


def _plain(text: str) -> str:
    """Return a cell as it was meant: ``="000001"`` keeps the zeros in Excel and is 000001."""
    text = text.strip().strip("\t")
    return text[2:-1].strip() if text.startswith('="') and text.endswith('"') else text


def _side_of(text: str) -> Side | None:
    """Return which way a line traded; None for what is no trade: 红利, 配售中签, 利息, 银证转账 …"""
    if any(word in text for word in ("红利", "股息", "利息", "中签", "缴款", "申购", "转账", "转存", "转取", "撤单")):
        return None
    buys, sells = ("买" in text) or text in ("B", "b"), ("卖" in text) or text in ("S", "s")
    if buys is sells:
        return None
    return Side.BUY if buys else Side.SELL


def days_of(trades: Sequence[Trade]) -> Iterator[dt.date]:
    """Yield the days of ``trades``, each once, in order."""
    yield from sorted({each.day for each in trades})
