"""Words are texts: what is put under one is found under the other."""

from __future__ import annotations

import pytest

from qmt_trading.model import words


@pytest.mark.parametrize("word", [each for kind in (words.Side, words.OrderStatus, words.Mode) for each in kind])
def test_a_word_is_found_under_its_text(word: str) -> None:
    assert {str(word.value): 1}[word] == 1  # type: ignore[attr-defined]
    assert hash(word) == hash(str(word))
