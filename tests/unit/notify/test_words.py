"""Messages are short enough for every robot, begin with QMT, and leave out the least grave first."""

from __future__ import annotations

import pytest

from qmt_trading.model.words import Importance
from qmt_trading.notify import words
from tests.notify_bench import item


def test_one_alert_tells_mode_importance_time_and_text() -> None:
    written = words.single(item(1, importance=Importance.CRITICAL), "zh")
    assert written == ("QMT 模拟 紧急", "11-24 10:00:00\n第 1 条提醒")
    assert words.single(item(1), "en").title == "QMT paper warning"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_many_are_told_the_gravest_first_and_how_many_there_is_no_room_for(language: str) -> None:
    items = [item(number) for number in range(200)] + [item(999, importance=Importance.CRITICAL)]
    for made in (words.gathered(items, language), words.digest(items, language), words.reminder(items, language)):
        assert made.title.startswith("QMT ")
        assert "201" in made.title
        lines = made.text.split("\n")
        assert "第 999 条提醒" in lines[0]
        assert str(201 - (len(lines) - 1)) in lines[-1]
        assert len("".join(made).encode()) <= words.BYTES_MAX


@pytest.mark.parametrize("text", ["涨" * 5_000, "x\n" * 5_000, "\ud800" * 900, ""])
def test_no_text_is_too_long(text: str) -> None:
    for form in (words.single, lambda one, language: words.gathered([one], language)):
        made = form(item(1)._replace(text=text), "zh")
        assert len("".join(made).encode()) <= words.BYTES_MAX
