"""The page of every refusal: whole, in the program's own words, with a cause and advice beside each."""

from __future__ import annotations

import re

import pytest
from tools import reasons

from qmt_trading.codec import sentences
from qmt_trading.model.reasons import Reason

PAGE = reasons.PAGE.read_text(encoding="utf-8")


def test_the_page_is_up_to_date() -> None:
    assert reasons.updated(PAGE) == PAGE, "run `python tools/reasons.py`"


def test_every_reason_has_one_row_with_a_cause_and_advice() -> None:
    assert reasons.shortcomings(PAGE) == []


def test_what_is_missing_twice_or_empty_is_found() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| `SUSPENDED`"))
    assert reasons.shortcomings(PAGE.replace(row, "")) == ["SUSPENDED: 0 rows"]
    assert reasons.shortcomings(PAGE + row + "\n") == ["SUSPENDED: 2 rows"]
    emptied = row.replace(row.split("|")[3], "  ")
    assert reasons.shortcomings(PAGE.replace(row, emptied)) == ["SUSPENDED: an empty cell"]


def test_a_sentence_that_has_changed_makes_the_page_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sentences._SENTENCES, Reason.SUSPENDED, ("停牌：{0}", "suspended: {0}"))
    assert "| `SUSPENDED` | 停牌：600000.SH<br>suspended: 600000.SH |" in reasons.updated(PAGE)
    assert reasons.updated(PAGE) != PAGE


@pytest.mark.parametrize("reason", list(Reason))
def test_the_example_gives_each_figure_that_the_sentence_has(reason: Reason) -> None:
    figures = {int(each) for each in re.findall(r"\{(\d)\}", "".join(sentences._SENTENCES[reason]))}
    assert len(reasons.EXAMPLES.get(reason, ())) == max(figures, default=-1) + 1
