"""CSV: a spreadsheet opens it as it is, and nothing in it computes."""

from __future__ import annotations

import csv
import io

from qmt_trading.codec.view_json import Plain
from qmt_trading.panel import csv_rows


def test_it_begins_with_the_mark_and_chinese_headings() -> None:
    (head,) = csv_rows.lines(csv_rows.FILLS, [], dict)
    assert head.startswith("\ufeff成交时间,账号,代码".encode())


def test_nothing_in_it_is_a_formula() -> None:
    rows: list[Plain] = [
        {"text": text} for text in ("=1+1", "+x", "-cmd", "@a", "＝1", "\n=1", "-5.00", 'a"b,c\nd', "部成")
    ]
    _head, body = csv_rows.lines({"text": "柜台"}, rows, lambda row: row)
    cells = [row[0] for row in csv.reader(io.StringIO(body.decode("utf-8"), newline=""))]
    assert cells == ["'=1+1", "'+x", "'-cmd", "'@a", "'＝1", "'\n=1", "-5.00", 'a"b,c\nd', "部成"]


def test_many_rows_come_in_pieces() -> None:
    rows: list[Plain] = [{"n": number} for number in range(csv_rows.CHUNK + 1)]
    pieces = list(csv_rows.lines({"n": "n"}, rows, lambda row: row))
    assert len(pieces) == 3
    assert b"".join(pieces).count(b"\r\n") == csv_rows.CHUNK + 2
