"""A table of orders to messages: a header, then a row an order, checked cell by cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from qmt_trading.codec.decoding import narrow
from qmt_trading.codec.malformed import MalformedError, shorten
from qmt_trading.codec.names import is_account, is_id, is_name, refused_account
from qmt_trading.codec.price_text import parse_price
from qmt_trading.codec.size_text import parse_size
from qmt_trading.codec.symbols import normalise
from qmt_trading.intake.cells import EMPTY, Row, damage
from qmt_trading.intake.instructions import FAULTS_MAX, Draft, Fault, FaultyError, UnreadableError, fault_of

NOT_READ: Final = ("名称", "备注")
"""Columns for people."""
_HEADINGS: Final = {
    "操作": ("操作", "动作", "方向", "买卖", "买卖方向", "action", "side", "verb"),
    "代码": ("代码", "证券代码", "股票代码", "symbol", "code"),
    "数量": ("数量", "委托数量", "quantity", "size"),
    "价格": ("价格", "委托价格", "price"),
    "账号": ("账号", "账户", "资金账号", "account", "accounts"),
    "编号": ("编号", "id"),
    "策略": ("策略", "strategy"),
    "有效期": ("有效期", "ttl"),
    "时间": ("时间", "at"),
    "名称": ("名称", "证券名称", "股票名称", "name"),
    "备注": ("备注", "note"),
}
_COLUMN_OF: Final = {heading: name for name, headings in _HEADINGS.items() for heading in headings}
_VERBS: Final = {
    "buy": ("buy", "b", "买入", "买"),
    "sell": ("sell", "s", "卖出", "卖"),
    "cancel": ("cancel", "x", "撤单", "撤"),
    "撤买": ("撤买",),
    "撤卖": ("撤卖",),
    "全撤": ("全撤",),
    "target": ("target", "调到"),
    "清仓": ("清仓",),
}
_VERB_OF: Final = {word: verb for verb, words in _VERBS.items() for word in words}
_BETWEEN_ACCOUNTS: Final = re.compile(r" *[,;、|] *| +")
_TIME: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,3})?")
_SPAN: Final = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,3})?s")


class _Column(NamedTuple):
    at: int
    name: str

    @property
    def place(self) -> str:
        return f"{letters(self.at)} 列（{self.name}）"


def letters(index: int) -> str:
    """Return what Excel calls the column ``index``, counted from 0."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def drafts_of(rows: Sequence[Row], *, accounts: Sequence[str], infer_market: bool) -> list[Draft]:
    """Return a message for each row that is not blank; ``accounts`` are for rows that name none.

    Raises:
        UnreadableError: the header cannot be used.
        FaultyError: with all that is wrong in the rows, each at its row and column as Excel counts them.
    """
    first = next((number for number, row in enumerate(rows) if _is_filled(row)), None)
    if first is None:
        return []
    columns = _header(rows[first], first + 1)
    reader = _RowReader(columns, accounts, infer_market=infer_market)
    drafts = [reader.draft(row, number) for number, row in enumerate(rows[first + 1 :], first + 2) if _is_filled(row)]
    if reader.faults:
        raise FaultyError(reader.faults[:FAULTS_MAX])
    return drafts


def _is_filled(row: Row) -> bool:
    return any(cell != EMPTY for cell in row)


def _header(row: Row, number: int) -> list[_Column]:
    columns: list[_Column] = []
    for index, cell in enumerate(row):
        if cell == EMPTY:
            continue
        place = f"{letters(index)} 列"
        name = _COLUMN_OF.get(narrow(cell.text).strip(" ").casefold())
        if name is None:
            known = "、".join(_HEADINGS)
            raise UnreadableError(
                f"没有「{shorten(cell.text)}」这一列：第一行写列名，可用 {known}",
                f"no column is called {shorten(cell.text)}: the first row names the columns (action, symbol, "
                "quantity, price, account, id, strategy, ttl, at, name, note)",
                row=number,
                column=place,
            )
        twin = next((each for each in columns if each.name == name), None)
        if twin is not None:
            raise UnreadableError(
                f"和 {twin.place} 是同一列", f"the same as column {letters(twin.at)}", row=number, column=place
            )
        columns.append(_Column(index, name))
    for name, english in (("操作", "action"), ("代码", "symbol")):
        if all(each.name != name for each in columns):
            raise UnreadableError(f"缺少「{name}」列", f"the column {name} ({english}) is missing", row=number)
    return columns


class _RowReader:
    """Reads row after row, and keeps what is wrong with them."""

    def __init__(self, columns: Sequence[_Column], accounts: Sequence[str], *, infer_market: bool) -> None:
        self.faults: list[Fault] = []
        self._columns = columns
        self._accounts = accounts
        self._infer_market = infer_market
        self._row = 0

    def draft(self, row: Row, number: int) -> Draft:
        """Return the message of ``row``; worth nothing where a fault was found."""
        self._row = number
        texts = self._texts(row)
        if self.faults and self.faults[-1].row == number:
            return Draft(number, "")
        verb = self._read("操作", texts, _verb)
        if verb == "全撤" and texts.get("代码", "*") in ("", "*"):
            symbol = "*"
        else:
            symbol = self._read("代码", texts, self._symbol)
        size = self._read("数量", texts, lambda written: parse_size(written).text) if texts.get("数量") else ""
        price = self._read("价格", texts, lambda written: parse_price(written).text) if texts.get("价格") else ""
        accounts = self._read("账号", texts, self._account_list)
        text = f"{verb} {symbol}{f' {size}' if size else ''}{f'@{price}' if price else ''}:{accounts}"
        if texts.get("时间"):
            text += f" at={self._read('时间', texts, _time)}"
        if texts.get("有效期"):
            text += f" ttl={self._read('有效期', texts, _span)}"
        if texts.get("策略"):
            text += f" strategy={self._read('策略', texts, _strategy)}"
        if texts.get("编号"):
            text += f" #{self._read('编号', texts, _number)}"
        return Draft(number, text, "|".join(texts.get(name, "") for name in NOT_READ))

    def _texts(self, row: Row) -> dict[str, str]:
        """Return the cells by the name of their column; damaged ones are kept as faults."""
        texts: dict[str, str] = {}
        for column in self._columns:
            cell = row[column.at] if column.at < len(row) else EMPTY
            texts[column.name] = cell.text
            told = damage(cell, column.name) if column.name not in NOT_READ else None
            if told is not None:
                self.faults.append(Fault(self._row, column.place, *told))
        known = {column.at for column in self._columns}
        for index, cell in enumerate(row):
            if cell != EMPTY and index not in known:
                self.faults.append(
                    Fault(
                        self._row,
                        f"{letters(index)} 列",
                        f"这一格没有列名：{shorten(cell.text)}；这一行多写了逗号，或数字里有千位分隔符？",
                        f"no column is named here: {shorten(cell.text)}; a comma too many, or one within a number?",
                    )
                )
        return texts

    def _read(self, name: str, texts: dict[str, str], read: Callable[[str], str]) -> str:
        try:
            return read(texts.get(name, ""))
        except MalformedError as error:
            self.faults.append(fault_of(error, self._row, self._place(name)))
        except UnreadableError as error:
            told = error.fault
            self.faults.append(Fault(self._row, self._place(name), told.chinese, told.english))
        return ""

    def _place(self, name: str) -> str:
        column = next((each for each in self._columns if each.name == name), None)
        return column.place if column is not None else f"「{name}」列"

    def _symbol(self, written: str) -> str:
        if not written:
            raise UnreadableError("没有写代码", "no symbol")
        if written == "*":
            return written  # Whether every symbol may be meant is for the grammar to say.
        return normalise(written, infer_market=self._infer_market)

    def _account_list(self, written: str) -> str:
        words = [word for word in _BETWEEN_ACCOUNTS.split(written) if word] or list(self._accounts)
        if not words:
            raise UnreadableError(
                "没有写账号，通道（或 --accounts）也没有给默认账号",
                "no account, and the door (or --accounts) gives none",
            )
        for word in words:
            if not is_account(word):
                raise refused_account(word)
        return ",".join(dict.fromkeys(words))


def _verb(written: str) -> str:
    verb = _VERB_OF.get(written.casefold())
    if verb is None:
        if not written:
            raise UnreadableError("没有写操作：买入、卖出或撤单", "no action: buy, sell or cancel")
        raise MalformedError("verb", written)
    return verb


def _time(written: str) -> str:
    if _TIME.fullmatch(written) is None:
        raise UnreadableError(f"应写作 09:15:00：{shorten(written)}", f"is written 09:15:00, not {shorten(written)}")
    return written


def _span(written: str) -> str:
    if _SPAN.fullmatch(written) is None:
        raise UnreadableError(f"应写作 3s：{shorten(written)}", f"is written 3s, not {shorten(written)}")
    return written


def _strategy(written: str) -> str:
    if not is_name(written):
        raise UnreadableError(
            f"只用字母、数字、. _ - 和汉字：{shorten(written)}",
            f"letters, digits, . _ - and CJK, not {shorten(written)}",
        )
    return written


def _number(written: str) -> str:
    if not is_id(written):
        raise MalformedError("id", written)
    return written
