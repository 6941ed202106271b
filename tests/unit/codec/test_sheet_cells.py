"""Cells: what a spreadsheet would compute is quoted, and nothing else is."""

from __future__ import annotations

import pytest

from qmt_trading.codec.sheet_cells import harmless


@pytest.mark.parametrize("sign", list("=+-@＝＋－﹣−＠"))
@pytest.mark.parametrize("before", ["", " ", "\u3000", "\n", "\r\n", "\t", "\x00", "\ufeff", "\u200b ", "\u2028"])
def test_a_formula_is_quoted_whatever_stands_before_it(before: str, sign: str) -> None:
    text = f'{before}{sign}HYPERLINK("http://a")'
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5.00", "+3", "-0", " -5.00"])
def test_a_plain_figure_is_none(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("text", ["-5.00\n", "-5.00+cmd", "-1.2.3", "-", "=5", "＝5", "－5", "\t5", "\r5", "\n5"])
def test_what_is_nearly_a_figure_is_quoted(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "部成", "a=b", "600000.SH", "a\n=1", "1-2", " 部成", "2026-11-26 10:00"])
def test_all_else_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text
