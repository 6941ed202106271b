"""Every door that a page of the docs shows can be copied into a configuration as it stands."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from tests.unit.run.config_parts import DOOR, GOOD, refusal, written

from qmt_trading.run.config import load

ROOT = Path(__file__).resolve().parents[3]
HEAD = re.compile(r"^\[\[doors\]\]", re.MULTILINE)
SHOWN = [
    pytest.param(block, id=f"{page.stem}-{place}")
    for page in (*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*.md")))
    for place, block in enumerate(re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL))
    if HEAD.search(block)
]


def test_the_docs_show_doors() -> None:
    assert len(SHOWN) >= 4


@pytest.mark.parametrize("block", SHOWN)
def test_a_door_of_the_docs_loads(tmp_path: Path, block: str) -> None:
    if sys.platform != "win32" and re.search(r"named_pipe|'[A-Z]:", block):
        pytest.skip("needs Windows: its pipe or its path")
    before = len(load(written(tmp_path, GOOD)).doors)
    assert len(load(written(tmp_path, GOOD + block)).doors) > before


def test_a_door_that_is_given_a_name_is_told_of_its_label(tmp_path: Path) -> None:
    for door in ('[[doors]]\nkind = "http"\nname = "web"\n', "[[doors]]\nkind = 'folder'\npath = 'in'\nname = 'x'\n"):
        text = refusal(tmp_path, GOOD + door)
        assert "doors.name" in text
        assert "是不是 label？" in text
        assert "did you mean label?" in text
    assert "label" not in refusal(tmp_path, GOOD + DOOR + "zzz = 1\n")
