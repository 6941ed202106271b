"""Judges the parser by the reference grammar: what is accepted, what it means, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qmt_trading.codec.signal import Parsed
from tests.fuzz.meaning import Meant, Reading, meant_by
from tests.fuzz.printed import printed
from tests.fuzz.reference import read

NOTE_MAX = 500


def judge(payload: bytes, results: Sequence[Parsed], parse: Callable[[bytes], Sequence[Parsed]]) -> None:
    """Assert that the parser reads ``payload`` as the grammar does, and what that prints as the same again."""
    expected = read(payload)
    found = tuple(map(meant_by, results))
    assert found == expected, f"read as {_shown(found)}, where the grammar says {_shown(expected)}"
    for meant in expected:
        if isinstance(meant, Meant) and len(meant.note) <= NOTE_MAX:  # The notes of a basket may be longer together.
            again = printed(meant)
            back = tuple(map(meant_by, parse(again)))
            assert back == (meant,), f"printed as {again!r} it is read as {_shown(back)}"


def _shown(readings: tuple[Reading, ...]) -> str:
    return ", ".join(str(reading) if isinstance(reading, Meant) else type(reading).__name__ for reading in readings)
