"""Every accident that is known has a test by name, or a reason why it is nobody's here."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from tests import market_data
from tests.fullqmt.accident_list import ACCIDENTS, Accident

TESTS = Path(__file__).resolve().parents[1]


@functools.cache
def functions(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("accident", ACCIDENTS, ids=lambda accident: accident.threads)
def test_an_accident_has_tests_or_is_nobodys_here(accident: Accident) -> None:
    assert bool(accident.tests) != bool(accident.outside)
    for name in accident.tests:
        file, _, function = name.partition("::")
        assert function in functions(file), f"no test {name}"


def test_no_accident_of_the_research_is_left_out() -> None:
    page = market_data.shared("qmt", "FULL-QMT.md").read_text(encoding="utf-8")
    section = page.partition("\n## 6. ")[2].partition("\n## 7. ")[0]
    cells = re.findall(r"^\| (.+?) \| .+ \| .+ \|$", section, re.MULTILINE)[1:]
    assert len(cells) > 40
    assert [cell.replace("**", "") for cell in cells] == [accident.threads for accident in ACCIDENTS]
