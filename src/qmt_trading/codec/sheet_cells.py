"""Texts in the cells of a CSV file: a spreadsheet shows them and computes none."""

from __future__ import annotations

import re
from typing import Final

_UNSEEN: Final = r"\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff"
"""What a spreadsheet may pass over, or drop, before it looks for a formula."""
_FORMULA: Final = re.compile(rf"[\t\r\n]|[{_UNSEEN}]*(?![+-]\d+(\.\d+)?\Z)[=+\-@＝＋－﹣−＠]")
"""A full-width sign begins a formula too."""


def harmless(text: str) -> str:
    """Return ``text`` with a quote before it where a spreadsheet would compute it; a plain signed figure is none."""
    return f"'{text}" if _FORMULA.match(text) else text
