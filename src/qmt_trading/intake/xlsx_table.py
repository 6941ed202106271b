"""An XLSX file to rows of cells, with the standard library alone: no package of its own, and nothing but values.

Read are the first sheet, its shared strings, and which formats show a number as something else. Bombs do not go off:
every part has a bound before it is unpacked, every cell has one while it is read, and a document type declaration,
which no Excel writes, ends the reading.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable
from typing import Final
from xml.parsers import expat

from qmt_trading.intake.cells import EMPTY, Cell, Row
from qmt_trading.intake.csv_table import CELL_CHARACTERS_MAX, CELLS_MAX, ROWS_MAX
from qmt_trading.intake.instructions import UnreadableError

PARTS_MAX: Final = 1000
PART_BYTES_MAX: Final = 16_000_000
_CELLS_ALL_MAX: Final = 20_000
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_DATE_FORMATS: Final = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_PERCENT_FORMATS: Final = frozenset((9, 10))
_ODD_FORMATS: Final = frozenset((12, 13))
"""Built in: fractions such as 1/3 of a value that is none."""
_QUOTED: Final = re.compile(r'"[^"]*"|\[[^\]]*\]|[\\_*].')
_PLAIN: Final = re.compile(r"[#0?.,;()+\- @¥￥$]*|general", re.IGNORECASE)
_SCALED: Final = re.compile(r"[#0?],+(?![#0?,])")
"""A comma behind the last digit shows thousands."""
_DIGITS_EXACT: Final = 15
"""What a number of Excel holds; the rest of a longer one was lost when it was typed."""
_BROKEN: Final = "文件损坏或不是 xlsx：请在 Excel 里另存为 xlsx 或「CSV UTF-8」", "broken, or no xlsx: save it again"

_FAULTS: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    expat.ExpatError,
    NotImplementedError,
    RuntimeError,
    LookupError,
    ValueError,
    EOFError,
    OSError,
    StopIteration,
)

Attributes = dict[str, str]


def read_xlsx(data: bytes) -> list[Row]:
    """Return the rows of the first sheet; rows that do not stand in the file stand as empty ones.

    Raises:
        UnreadableError: broken, encrypted, too large, hidden or merged: what a person sees is not what stands there.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _rows(archive)
    except _FAULTS as error:
        raise UnreadableError(*_BROKEN) from error


def _rows(archive: zipfile.ZipFile) -> list[Row]:
    if len(archive.namelist()) > PARTS_MAX:
        raise UnreadableError(f"压缩包里有 {len(archive.namelist())} 个部分", "too many parts in the archive")
    names = set(archive.namelist())
    sheet = _Sheet(
        _shared_strings(archive) if "xl/sharedStrings.xml" in names else [],
        _kinds_of_styles(archive) if "xl/styles.xml" in names else {},
    )
    _walk(archive, _first_sheet(archive), sheet.start, sheet.end, sheet.text)
    return sheet.rows


def _walk(
    archive: zipfile.ZipFile,
    name: str,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None] = lambda _: None,
    text: Callable[[str], None] = lambda _: None,
) -> None:
    """Tell of every element of the part ``name``, without its namespace."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise UnreadableError(
            "文件里有 DTD 声明，不读：请在 Excel 里另存为 xlsx", "a document type declaration: not read"
        )

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = lambda tag, attributes: start(_local(tag), attributes)
    parser.EndElementHandler = lambda tag: end(_local(tag))
    parser.CharacterDataHandler = text
    with archive.open(name) as part:
        read = part.read(PART_BYTES_MAX + 1)  # What the directory says of its size is the sender's word.
    if len(read) > PART_BYTES_MAX:
        raise UnreadableError(f"展开后超过 {PART_BYTES_MAX // 1_000_000} MB：只放要下的单", "too large when unpacked")
    parser.Parse(read, True)


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _first_sheet(archive: zipfile.ZipFile) -> str:
    sheets: list[tuple[str, str]] = []
    targets: dict[str, str] = {}
    shown = 0

    def sheet(tag: str, attributes: Attributes) -> None:
        nonlocal shown
        if tag == "workbookView":
            shown = int(attributes.get("activeTab", "0"))
        elif tag == "sheet":
            relation = next(value for name, value in attributes.items() if name.endswith("relationships id"))
            sheets.append((relation, attributes.get("state", "visible")))

    def relation(tag: str, attributes: Attributes) -> None:
        if tag == "Relationship":
            targets[attributes["Id"]] = attributes["Target"]

    _walk(archive, "xl/workbook.xml", sheet)
    _walk(archive, "xl/_rels/workbook.xml.rels", relation)
    if shown != 0:
        raise UnreadableError(
            f"保存时打开的是第 {shown + 1} 张工作表，只读第一张：请把要下的单放在第一张表再保存",
            f"sheet {shown + 1} was open when it was saved, and only the first is read: put the orders there",
        )
    first, state = sheets[0]
    if state != "visible":
        raise UnreadableError("第一张工作表是隐藏的：请删掉或取消隐藏", "the first sheet is hidden: delete or show it")
    target = targets[first]
    return target[1:] if target.startswith("/") else f"xl/{target}"


def _shared_strings(archive: zipfile.ZipFile) -> list[str]:
    found: list[str] = []
    inside = ""

    def start(tag: str, _: Attributes) -> None:
        nonlocal inside
        if tag == "si":
            found.append("")
        if tag in ("t", "rPh"):
            inside = tag if inside != "rPh" else inside  # Phonetic text is no part of the value.

    def end(tag: str) -> None:
        nonlocal inside
        if tag == inside:
            inside = ""

    def text(piece: str) -> None:
        if inside == "t":
            found[-1] = _longer(found[-1], piece)

    _walk(archive, "xl/sharedStrings.xml", start, end, text)
    return found


def _kinds_of_styles(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return, by the number of a cell style, what a number in such a cell is where it is not plainly shown."""
    kinds: dict[int, str] = dict.fromkeys(_DATE_FORMATS, "date")
    kinds |= dict.fromkeys(_PERCENT_FORMATS, "percent") | dict.fromkeys(_ODD_FORMATS, "odd")
    styles: list[int] = []
    inside = False

    def start(tag: str, attributes: Attributes) -> None:
        nonlocal inside
        if tag == "numFmt":
            kinds[int(attributes["numFmtId"])] = _kind_of_format(attributes["formatCode"])
        elif tag == "cellXfs":
            inside = True
        elif tag == "xf" and inside:
            styles.append(int(attributes.get("numFmtId", "0")))

    def end(tag: str) -> None:
        nonlocal inside
        if tag == "cellXfs":
            inside = False

    _walk(archive, "xl/styles.xml", start, end)
    return {str(style): kinds[number] for style, number in enumerate(styles) if kinds.get(number)}


def _kind_of_format(code: str) -> str:
    """Return what a number of this format is; empty where a person sees the number that is there."""
    bare = _QUOTED.sub("", code)
    if _PLAIN.fullmatch(bare) and not _SCALED.search(bare):
        return ""
    if "%" in bare:
        return "percent"
    return "date" if any(letter in "ymdhs" for letter in bare.lower()) and "general" not in bare.lower() else "odd"


class _Sheet:
    """Takes the elements of a sheet, one by one."""

    def __init__(self, strings: list[str], kinds: dict[str, str]) -> None:
        self.rows: list[Row] = []
        self._strings = strings
        self._kinds = kinds
        self._hidden_columns: list[tuple[int, int]] = []
        self._cell: Attributes = {}
        self._value: str | None = None
        self._has_formula = False
        self._inside = ""
        self._hidden = False
        self._count = 0

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag == "mergeCell":
            where = attributes.get("ref", "?")
            raise UnreadableError(f"有合并的单元格 {where}：请取消合并，每格都填", f"merged cells {where}: split them")
        if tag == "row":
            self._hidden = attributes.get("hidden") in ("1", "true")
        elif tag == "col" and attributes.get("hidden") in ("1", "true"):
            self._hidden_columns.append((int(attributes["min"]), int(attributes["max"])))
        elif tag == "c":
            self._cell, self._value, self._has_formula = attributes, None, False
        elif tag == "f":
            self._has_formula = True
        elif tag in ("v", "t", "rPh"):
            self._inside = tag if self._inside != "rPh" else self._inside
            if self._inside in ("v", "t") and self._value is None:
                self._value = ""

    def text(self, piece: str) -> None:
        if self._inside in ("v", "t"):
            self._value = _longer(self._value or "", piece)

    def end(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""
        elif tag == "c":
            self._put()

    def _put(self) -> None:
        row, column = _place(self._cell.get("r", ""))
        cell = self._decoded()
        self._count += 1
        if cell == EMPTY:
            return
        if self._hidden:
            raise UnreadableError("这一行被隐藏或筛掉了：请删掉或取消隐藏", "a hidden row: delete or show it", row=row)
        if any(first <= column <= last for first, last in self._hidden_columns):
            raise UnreadableError(
                "这一列被隐藏了：请删掉或取消隐藏",
                "a hidden column: delete or show it",
                row=row,
                column=f"{self._cell['r'].rstrip('0123456789')} 列",
            )
        if row > ROWS_MAX or column > CELLS_MAX or self._count > _CELLS_ALL_MAX:
            raise UnreadableError(f"表格太大：最多 {ROWS_MAX} 行", f"too large: at most {ROWS_MAX} rows", row=row)
        while len(self.rows) < row:
            self.rows.append([])
        cells = self.rows[row - 1]
        cells.extend([EMPTY] * (column - len(cells)))
        cells[column - 1] = cell

    def _decoded(self) -> Cell:
        kind, value = self._cell.get("t", "n"), self._value
        if value is None:
            return Cell("", "formula") if self._has_formula else EMPTY
        match kind:
            case "s":
                return Cell(self._strings[int(value)].strip(" "))
            case "str" | "inlineStr":
                return Cell(value.strip(" "))
            case "b":
                return Cell("TRUE" if value == "1" else "FALSE", "boolean")
            case "e":
                return Cell(value, "error")
            case "d":
                return Cell(value, "date")
            case "n":
                if not value:
                    return Cell("", "formula") if self._has_formula else EMPTY
                return Cell(_shortest(value), self._kinds.get(self._cell.get("s", "0"), "number"))
            case _:
                raise UnreadableError(*_BROKEN)


def _longer(text: str, piece: str) -> str:
    if len(text) + len(piece) > CELL_CHARACTERS_MAX:
        raise UnreadableError("有一格文字太长", "a cell holds too much text")
    return text + piece


def _place(reference: str) -> tuple[int, int]:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise UnreadableError(*_BROKEN)
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column


def _shortest(value: str) -> str:
    """Return a number as Excel shows it: 1.1 is stored as 1.1000000000000001, the same binary number."""
    if value.isdecimal() and len(value) <= _DIGITS_EXACT:
        return value
    number = float(value)
    if abs(number) >= 10**_DIGITS_EXACT:
        return f"{number:.{_DIGITS_EXACT - 1}E}"  # Its last digits are gone: that it cannot be read must be seen.
    text = repr(number)
    return text.removesuffix(".0") if "e" not in text else text.upper()
