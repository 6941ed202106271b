"""One cell of a table, and the damage that Excel does to what it holds."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from qmt_trading.codec.decoding import narrow
from qmt_trading.codec.malformed import shorten


class Cell(NamedTuple):
    """What stands in one cell; from a CSV it is always text."""

    text: str
    kind: str = "text"
    """text, number, percent (a share of 1, shown as per cent), odd (shown as something else), date, boolean, error, or
    formula (one whose value was not stored)."""


Row = list[Cell]
Told = tuple[str, str]
"""In Chinese and English."""

EMPTY: Final = Cell("")
_TEXT_FORMAT: Final = "请先把这一列设为「文本」格式再输入"
_SCIENTIFIC: Final = re.compile(r"[-+]?[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+")
_TRAILING_ZEROS: Final = re.compile(r"([0-9]+)\.0+")
_DECIMAL: Final = re.compile(r"[0-9]+\.[0-9]+")
_GROUPED: Final = re.compile(r"[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_DATE: Final = re.compile(
    r"[0-9]{4}[-/.年][0-9]{1,2}(?:[-/.月][0-9]{1,2}日?)?(?:[ T].*)?|[0-9]{1,2}[-/][0-9]{1,2}[-/][0-9]{2,4}"
    r"|[0-9]{1,2}月[0-9]{1,2}日?|[0-9]{1,2}-[A-Za-z]{3}|[A-Za-z]{3}-[0-9]{1,2}"
)
_YEAR_AND_MORE: Final = re.compile(r"[0-9]{4}[-/.][0-9]{1,2}")
"""A date by its look, and a good id: ``0105/1``. Excel shows the date that it makes of one in letters."""
_ERROR: Final = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|#+)", re.IGNORECASE)
_FULL_WIDTH: Final = re.compile("[\uff01-\uff5e\u3000]")
_MONEY_SIGN: Final = re.compile("[¥￥$]")


def damage(cell: Cell, name: str) -> Told | None:
    """Return what is wrong with ``cell`` of the column ``name`` and what to do, or None.

    Nothing is repaired here: what Excel made of the figures that were typed cannot be known from what it left.
    """
    text = cell.text
    shown = shorten(text)
    match cell.kind:
        case "formula":
            return (
                "公式没有算出的值：请在 Excel 里打开并保存一次，或粘贴为数值",
                "a formula without a stored value: save it in Excel, or paste values",
            )
        case "boolean":
            return f"这是逻辑值 {shown}", f"a truth value, {shown}"
        case "date":
            return _date(shown, name)
        case "error":
            return _error(shown)
        case "percent":
            return (
                f"被 Excel 存成了小数 {shown}，屏幕上是百分比；{_TEXT_FORMAT}",
                f"Excel keeps {shown} and shows per cent: format the column as text and type it again",
            )
        case "odd":
            return (
                f"存的是 {shown}，屏幕上显示的是别的样子（数字格式）；{_TEXT_FORMAT}",
                f"{shown} is kept, and a number format shows something else: format the column as text",
            )
        case _:
            pass
    if not text:
        return None
    if _ERROR.fullmatch(text):
        return _error(shown)
    if text.startswith("="):
        return f"这是公式，不是值：{shown}；请粘贴为数值", f"a formula, not a value: {shown}; paste values"
    if text[0] in "'’‘`":
        return f"前面多了一个撇号：{shown}；请去掉", f"an apostrophe stands before it: {shown}; take it away"
    if "\n" in text or "\r" in text:
        return "单元格里有换行：一格一个值", "a line break within the cell: one value a cell"
    if not text.isprintable():
        return f"含有看不见的字符：{shown}；请重新输入", f"it holds invisible characters: {shown}; type it again"
    if _FULL_WIDTH.search(text):
        right = shorten(narrow(text))
        return f"是全角字符：{shown}；请写成半角 {right}", f"full-width characters: {shown}; write {right}"
    return _of_column(text, shown, name)


def _of_column(text: str, shown: str, name: str) -> Told | None:
    if name == "操作":
        return None
    if _SCIENTIFIC.fullmatch(text):
        return (
            f"被 Excel 变成了科学计数法：{shown}，原来的数字已丢失；{_TEXT_FORMAT}",
            f"scientific notation by Excel, the figures are lost: {shown}; format the column as text and type it again",
        )
    zeros = _TRAILING_ZEROS.fullmatch(text)
    if zeros is not None and name != "价格":
        return (
            f"被 Excel 当成了数字：{shown}，多了小数；{_TEXT_FORMAT}",
            f"Excel took it for a number and added decimals: {shown}; format the column as text",
        )
    is_figure = name in ("数量", "价格")
    if name == "账号" and _DECIMAL.fullmatch(text):
        return (
            f"账号像是价格：{shown}；这一行多写了逗号，或数字里有千位分隔符？",
            f"an account that looks like a price: {shown}; a comma too many, or one within a number?",
        )
    looks_otherwise = _DECIMAL if is_figure else _YEAR_AND_MORE if name == "编号" else None
    if _DATE.fullmatch(text) and not (looks_otherwise and looks_otherwise.fullmatch(text)):
        return _date(shown, name)
    if _GROUPED.fullmatch(text):
        return f"有千位分隔符：{shown}；请去掉逗号", f"a thousands separator: {shown}; leave the commas out"
    if is_figure and _MONEY_SIGN.search(text):
        return f"有货币符号：{shown}；请去掉", f"a currency sign: {shown}; leave it out"
    if name == "代码" and text.isdecimal() and len(text) < 6:
        return (
            f"代码只有 {len(text)} 位，前面的 0 被 Excel 丢了：{shown}；{_TEXT_FORMAT}，并写明市场，例如 000001.SZ",
            f"Excel dropped the leading zeros: {shown}; format the column as text and write 000001.SZ",
        )
    return None


def _date(shown: str, name: str) -> Told:
    return (
        f"{name}被 Excel 变成了日期：{shown}；{_TEXT_FORMAT}",
        f"Excel made a date of it: {shown}; format the column as text and type it again",
    )


def _error(shown: str) -> Told:
    return f"是错误值或没显示全：{shown}", f"an error value, or a column too narrow: {shown}"
