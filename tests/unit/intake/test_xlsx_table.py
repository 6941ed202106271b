"""Workbooks: what stands in them is read, and what a person would see differently is refused."""

from __future__ import annotations

import pytest

from qmt_trading.intake.order_file import read_file
from tests.unit.intake.workbooks import GOOD, HEADER, Value, number, workbook


def texts(data: bytes) -> list[str]:
    contents = read_file("x.xlsx", data)
    assert contents.faults == ()
    return [each.text for each in contents.instructions]


def refusal(data: bytes) -> str:
    contents = read_file("x.xlsx", data)
    assert contents.instructions == ()
    assert all(each.chinese and each.english for each in contents.faults)
    return contents.faults[0].told


def with_cell(column: int, value: Value | bytes) -> list[tuple[Value | bytes, ...]]:
    row: list[Value | bytes] = list(GOOD)
    row[column] = value
    return [HEADER, tuple(row)]


def test_a_plain_sheet_is_read() -> None:
    (text,) = texts(workbook([HEADER, GOOD]))
    assert text.startswith("buy 600000.SH 1000@10.5")
    assert text.endswith(":11031122 #k/1")


def test_shared_strings_and_a_number_with_its_binary_tail_are_read() -> None:
    rows = with_cell(3, number("1.1000000000000001").encode())
    rows[1] = (b'<c r="{r}" t="s"><v>0</v></c>', *rows[1][1:])
    (text,) = texts(workbook(rows, shared=["买入"]))
    assert "@1.1" in text


def test_rows_and_columns_count_as_excel_counts_them() -> None:
    told = refusal(workbook([(), HEADER, GOOD, (), ("买入", "600000.SH", "x", None, "a")]))
    assert told.startswith("第 5 行 C 列（数量）：")


@pytest.mark.parametrize(
    ("column", "value", "place", "expected"),
    [
        (1, 1, "B 列（代码）", "前面的 0 被 Excel 丢了"),
        (1, 600000, "B 列（代码）", "600000.SH？"),
        (2, number("45294", 1).encode(), "C 列（数量）", "日期"),
        (2, number("0.1", 2).encode(), "C 列（数量）", "百分比"),
        (2, number("1", 2).encode(), "C 列（数量）", "百分比"),
        (2, number("50000", 3).encode(), "C 列（数量）", "数字格式"),
        (2, number("50000", 4).encode(), "C 列（数量）", "数字格式"),
        (2, 0.5, "C 列（数量）", "整数"),
        (2, "１000", "C 列（数量）", "全角"),
        (2, "'1000", "C 列（数量）", "撇号"),
        (3, b'<c r="{r}" t="e"><v>#N/A</v></c>', "D 列（价格）", "错误值"),
        (3, b'<c r="{r}" t="b"><v>1</v></c>', "D 列（价格）", "逻辑值"),
        (3, b'<c r="{r}"><f>A1*2</f></c>', "D 列（价格）", "公式"),
        (3, b'<c r="{r}"><f>A1*2</f><v></v></c>', "D 列（价格）", "公式"),
        (4, number("1.23456789012346E+15").encode(), "E 列（账号）", "科学计数法"),
        (4, number("1234567890123456").encode(), "E 列（账号）", "科学计数法"),
        (4, 10.5, "E 列（账号）", "像是价格"),
        (5, number("1E-7").encode(), "F 列（编号）", "科学计数法"),
    ],
)
def test_what_excel_made_of_a_cell_is_refused(column: int, value: Value | bytes, place: str, expected: str) -> None:
    formats = ("yyyy/m/d", "0.00%", '0.0,"万"', "# ?/?")
    told = refusal(workbook(with_cell(column, value), formats=formats))
    assert told.startswith(f"第 2 行 {place}：")
    assert expected in told


@pytest.mark.parametrize("code", ["0", "0.00", "#,##0.00", "0_ ", '0"股"', "[Red]#,##0;-#,##0", "¥#,##0.00", "General"])
def test_a_number_that_is_shown_as_it_is_may_have_a_format(code: str) -> None:
    assert texts(workbook(with_cell(2, number("1000", 1).encode()), formats=(code,)))


def test_what_a_person_does_not_see_is_refused() -> None:
    rows: list[tuple[Value, ...]] = [HEADER, GOOD, ("卖出", "600000.SH", 100, 10.5, "11031122", "k/2")]
    assert "第 3 行：这一行被隐藏" in refusal(workbook(rows, row_attributes={3: 'hidden="1"'}))
    assert "C 列：这一列被隐藏" in refusal(workbook(rows, before='<cols><col min="3" max="3" hidden="1"/></cols>'))
    assert "合并的单元格 A2:A3" in refusal(workbook(rows, after='<mergeCells><mergeCell ref="A2:A3"/></mergeCells>'))
    assert "隐藏" in refusal(workbook(rows, state='state="hidden"'))
    views = '<bookViews><workbookView activeTab="1"/></bookViews>'
    assert "第 2 张工作表" in refusal(workbook(rows, views=views))
    assert len(texts(workbook(rows, row_attributes={4: 'hidden="1"'}))) == 2


def test_the_same_table_as_xlsx_and_as_csv_is_one_file() -> None:
    rows: list[tuple[Value, ...]] = [HEADER[:5], ("买入", "600000.SH", 1000, 10.5, "11031122")]
    csv = "".join(",".join(map(str, row)) + "\r\n" for row in rows).encode("gb18030")
    assert read_file("a.xlsx", workbook(rows)) == read_file("b.csv", csv)


def test_what_is_broken_or_a_bomb_is_refused_and_never_raises() -> None:
    good = workbook([HEADER, GOOD])
    for end in range(0, len(good), 7):
        assert read_file("x.xlsx", good[:end]).faults
    for at in range(0, len(good), 11):
        read_file("x.xlsx", good[:at] + bytes([good[at] ^ 0x55]) + good[at + 1 :])
    assert "DTD" in refusal(workbook([HEADER], before="", others={"xl/sharedStrings.xml": "<!DOCTYPE a><sst/>"}))
    assert "MB" in refusal(workbook([HEADER], others={"xl/sharedStrings.xml": " " * 17_000_000}))
    assert "太长" in refusal(workbook([HEADER], shared=["x" * 100_000]))
    assert "损坏" in refusal(workbook([HEADER, (b'<c r="A9999999999"><v>1</v></c>',)]))
    assert "太大" in refusal(workbook([HEADER, (b'<c r="A1000000"><v>1</v></c>',)]))
    assert "旧版 xls" in refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100))
