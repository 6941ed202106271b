"""Small workbooks, written as Excel writes them, for damaging one thing at a time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
HEADER = ("操作", "代码", "数量", "价格", "账号", "编号")
Value = str | int | float | None
GOOD: tuple[Value, ...] = ("买入", "600000.SH", 1000, 10.5, "11031122", "k/1")


def number(text: str, style: int = 0) -> str:
    """Return the inside of a number cell, for ``raw``; {r} is its reference."""
    return f'<c r="{{r}}" s="{style}"><v>{text}</v></c>'


def cell(reference: str, value: Value | bytes) -> str:
    """Return a cell: text, a number, or (bytes) the raw XML with {r} for its place."""
    if isinstance(value, bytes):
        return value.decode().replace("{r}", reference)
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{reference}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{reference}"><v>{value!r}</v></c>'


def workbook(
    rows: Sequence[Sequence[Value | bytes]],
    *,
    formats: Sequence[str] = (),
    before: str = "",
    after: str = "",
    row_attributes: dict[int, str] | None = None,
    views: str = "",
    shared: Sequence[str] | None = None,
    state: str = "",
    others: dict[str, str] | None = None,
) -> bytes:
    """Return the bytes of an xlsx of one sheet; style n + 1 has the n-th of ``formats``."""
    lines = []
    for at, row in enumerate(rows, 1):
        cells = "".join(cell(f"{chr(65 + column)}{at}", value) for column, value in enumerate(row))
        lines.append(f'<row r="{at}" {(row_attributes or {}).get(at, "")}>{cells}</row>')
    number_formats = "".join(
        f'<numFmt numFmtId="{164 + index}" formatCode="{escape(code, {chr(34): "&quot;"})}"/>'
        for index, code in enumerate(formats)
    )
    styles = "".join(f'<xf numFmtId="{164 + index}"/>' for index in range(len(formats)))
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_RELATIONS}">{views}'
        f'<sheets><sheet name="单" sheetId="1" {state} r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" Type="x" '
        'Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/styles.xml": f"<styleSheet {_MAIN}><numFmts>{number_formats}</numFmts>"
        f'<cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f"<worksheet {_MAIN}>{before}<sheetData>{''.join(lines)}</sheetData>{after}"
        "</worksheet>",
    }
    if shared is not None:
        strings = "".join(f"<si><t>{escape(text)}</t></si>" for text in shared)
        parts["xl/sharedStrings.xml"] = f"<sst {_MAIN}>{strings}</sst>"
    parts |= others or {}
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return data.getvalue()
