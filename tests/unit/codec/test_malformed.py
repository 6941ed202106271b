"""The sentences: complete, in both languages, printable whatever the message held."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import qmt_trading.codec
from qmt_trading.codec import malformed as module
from qmt_trading.codec.malformed import Own, general, malformed, shorten

SOURCES = sorted(Path(qmt_trading.codec.__path__[0]).glob("*.py"))
SENTENCES = module._SENTENCES


def raised() -> list[tuple[str, int]]:
    """Return every code that the codec's sources name where they refuse, with the figures it is given there."""
    found: list[tuple[str, int]] = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("MalformedError", "refused"):
                codes = [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
                found += [(code, len(node.args) - 1) for code in codes if isinstance(code, str) and code in SENTENCES]
                assert not isinstance(node.args[0], ast.Constant) or node.args[0].value in SENTENCES, node.args[0].value
    return found


def test_every_refusal_has_its_sentences_and_every_sentence_its_refusal() -> None:
    assert {code for code, _ in raised()} == set(SENTENCES)


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_every_sentence_gets_all_the_figures_that_it_quotes(code: str) -> None:
    needed = max((int(number) for text in SENTENCES[code] for number in re.findall(r"\{(\d)\}", text)), default=-1) + 1
    assert min(count for other, count in raised() if other == code) >= needed
    answer = malformed(code, ("x",) * needed, position=0)
    assert answer.chinese != answer.english
    assert not re.search(r"\{\d\}", answer.chinese + answer.english)


def test_quoted_text_is_short_and_visible() -> None:
    assert shorten("a" * 40) == "a" * 40
    assert shorten("a" * 41) == "a" * 39 + "…"
    assert shorten("a\x00\u202e\ud800") == "a\\u0000\\u202e\\ud800"
    assert shorten("买入") == "买入"


def test_words_of_ours_are_shown_whole() -> None:
    assert malformed("json", (Own("x" * 41), ""), position=0).chinese.endswith("x" * 41)


def test_a_sentence_whose_figures_are_gone_is_still_a_sentence() -> None:
    assert general("market_missing") == "代码不存在或缺市场：… → …？"
    assert general("of a later version") == "of a later version"
