"""Ids in what is no signal: found where they are certain, and nothing is guessed."""

from __future__ import annotations

import pytest

from qmt_trading.codec.written_id import written_id


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("buy 600000 #x/1", "x/1"),
        ("buy 600000＃x/1\r\n", "x/1"),
        ('{"id": "x/1", "action": "by"}', "x/1"),
        ('\ufeff[{"id": "x/1"}, {"id": "x/1"}, {}, 3]', "x/1"),
        ("buy 600000", ""),
        ("buy 600000 #", ""),
        ("buy 600000 #x/1 now", ""),
        ("buy 600000 #甲", ""),
        ("<600000#11031122>", ""),
        ('{"id": "x/1"', ""),
        ('{"id": 7}', ""),
        ('{"id": "a b"}', ""),
        ('[{"id": "x/1"}, {"id": "x/2"}]', ""),
        ("[" * 10_000, ""),
        ("3", ""),
        ("", ""),
    ],
)
def test_only_a_certain_id_is_found(text: str, found: str) -> None:
    assert written_id(text) == found
