"""What is printed: terminal codes, forged lines and turned writing are shown, not carried out."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from qmt_trading.codec.printable import in_line, in_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("买入 600000.SH\x1b]0;x\x07", r"买入 600000.SH\u001b]0;x\u0007"),
        ("好\n2026-11-26 ‼ 假的", r"好\n2026-11-26 ‼ 假的"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\x9b2J\x7f\x85", r"\u009b2J\u007f\u0085"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("\u202e600000\u202c\u2066\u2069\u200f", r"\u202e600000\u202c\u2066\u2069\u200f"),
        ("浦发银行 C:\\qmt ✓ ‼ 😀 é", "浦发银行 C:\\qmt ✓ ‼ 😀 é"),
    ],
)
def test_it_is_shown_within_its_line(text: str, shown: str) -> None:
    assert in_line(text) == shown
    assert in_line(shown) == shown


def test_no_control_character_and_no_turn_of_writing_is_left() -> None:
    turns = {"RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI"}
    for number in range(sys.maxunicode + 1):
        letter = chr(number)
        commands = unicodedata.category(letter) in {"Cc", "Zl", "Zp"} or unicodedata.bidirectional(letter) in turns
        assert not commands or in_line(letter) != letter, hex(number)
        assert not commands or letter in "\t\n" or in_lines(letter) != letter, hex(number)


def test_lines_of_its_own_stay() -> None:
    assert in_lines("a\n\tb\x1b[2J\rc") == "a\n\tb\\u001b[2J\\rc"
