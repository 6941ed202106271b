"""The page that teaches people to write signals: every line of it can be sent."""

from __future__ import annotations

import re

import pytest

from qmt_trading.codec.signal import parse
from qmt_trading.model.signal import Signal
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "signals.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```signal\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("line", LINES)
def test_every_line_that_is_shown_is_a_signal(line: str) -> None:
    assert all(isinstance(parsed, Signal) for parsed in parse(line.encode())), parse(line.encode())


def test_the_page_shows_every_form() -> None:
    assert len(LINES) > 15
    assert {line[0] for line in LINES} >= {"6", "<", "{", "[", "b", "撤"}
