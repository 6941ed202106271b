"""A CSV file to rows of cells: separated by commas, semicolons or tabs, as Excel saves it."""

from __future__ import annotations

import csv
from typing import Final

from qmt_trading.intake.cells import Cell, Row
from qmt_trading.intake.file_text import decode, whole_lines
from qmt_trading.intake.instructions import UnreadableError

SEPARATORS: Final = (",", ";", "\t")
ROWS_MAX: Final = 2000
CELLS_MAX: Final = 64
"""In one row."""
CELL_CHARACTERS_MAX: Final = 4096


def read_csv(data: bytes, *, rows_max: int = ROWS_MAX) -> list[Row]:
    """Return the rows; one that is blank stands as an empty row, so that rows count as Excel counts them.

    Raises:
        UnreadableError: no text, no whole last line, unbalanced quotation marks, or too much of it.
    """
    lines = whole_lines(decode(data))
    if len(lines) > rows_max:
        raise UnreadableError(f"共 {len(lines)} 行，最多 {rows_max} 行", f"{len(lines)} rows, at most {rows_max}")
    rows: list[Row] = []
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=_separator(lines), strict=True)
    try:
        for fields in reader:
            if len(fields) > CELLS_MAX or max(map(len, fields), default=0) > CELL_CHARACTERS_MAX:
                raise UnreadableError("这一行太长", "this row is too long", row=len(rows) + 1)
            rows.append([Cell(field.strip(" ")) for field in fields])
    except csv.Error as error:
        raise UnreadableError(
            "引号不成对或位置不对：请用 Excel 重新保存", f"quotation marks do not match: {error}", row=len(rows) + 1
        ) from error
    return rows


def _separator(lines: list[str]) -> str:
    """Return what separates the cells of the first line that is not blank."""
    first = next((line for line in lines if line.strip()), "")
    return max(SEPARATORS, key=first.count)
