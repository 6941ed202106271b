"""The log's tail: whole lines, bounded reads, and on from where the last answer stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qmt_trading.panel import logs


def line(number: int, level: str = "info", text: str = "委托已报") -> bytes:
    told = {"at": f"2026-11-24T10:00:{number % 60:02d}.000+08:00", "level": level, "event": "order", "text": text}
    return json.dumps(told | {"n": number}, ensure_ascii=False).encode("utf-8") + b"\n"


def write(folder: Path, *lines: bytes, day: str = "2026-11-24") -> Path:
    path = folder / f"qmt-{day}.jsonl"
    with path.open("ab") as file:
        file.write(b"".join(lines))
    return path


def test_without_a_log_there_are_no_lines(tmp_path: Path) -> None:
    assert logs.newest(tmp_path) == logs.Lines([], "")
    assert logs.newest(tmp_path / "nowhere") == logs.Lines([], "")


def test_the_newest_lines_are_told_and_then_those_that_follow(tmp_path: Path) -> None:
    write(tmp_path, *(line(number) for number in range(10)))
    first = logs.newest(tmp_path, limit=3)
    assert [told["at"] for told in first.lines] == [f"2026-11-24T10:00:0{n}.000+08:00" for n in (7, 8, 9)]
    assert logs.after(tmp_path, first.next).lines == []
    write(tmp_path, line(10, text="新"), line(11)[:-20])
    then = logs.after(tmp_path, first.next)
    assert [told["text"] for told in then.lines] == ["新"], "a line that is still being written waits"
    write(tmp_path, line(11)[-20:])
    assert len(logs.after(tmp_path, then.next).lines) == 1


def test_a_read_that_begins_within_a_character_loses_nothing_but_that_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, *(line(number, text="涨停板" * 5) for number in range(30)))
    for size in range(400, 440):
        monkeypatch.setattr(logs, "READ_BYTES", size)
        found = logs.newest(tmp_path)
        assert found.lines
        assert all(told["text"] == "涨停板" * 5 for told in found.lines)


def test_levels_and_words_let_through_what_is_as_bad_or_worse(tmp_path: Path) -> None:
    write(tmp_path, line(1), line(2, "warning", "慢"), line(3, "critical", "停"), b"not json\n", line(4))
    assert [told["level"] for told in logs.newest(tmp_path, level="warning").lines] == ["warning", "critical"]
    assert [told["text"] for told in logs.newest(tmp_path, q="停").lines] == ["停"]
    assert len(logs.newest(tmp_path).lines) == 4


def test_the_next_day_follows_in_its_own_file(tmp_path: Path) -> None:
    write(tmp_path, line(1))
    place = logs.newest(tmp_path).next
    write(tmp_path, line(2, text="次日"), day="2026-11-25")
    then = logs.after(tmp_path, place)
    assert [told["text"] for told in then.lines] == ["次日"]
    assert then.next.startswith("qmt-2026-11-25.jsonl:")


def test_one_answer_holds_no_more_than_asked_and_the_next_goes_on(tmp_path: Path) -> None:
    write(tmp_path, *(line(number, text=str(number)) for number in range(10)))
    first = logs.after(tmp_path, "qmt-2026-11-24.jsonl:0", limit=4)
    second = logs.after(tmp_path, first.next, limit=4)
    assert [told["text"] for told in first.lines + second.lines] == [str(n) for n in range(8)]


def test_a_line_longer_than_a_read_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "READ_BYTES", 512)
    write(tmp_path, line(1, text="x" * 5_000), line(2, text="after"))
    place, found = "qmt-2026-11-24.jsonl:0", []
    for _ in range(20):
        answer = logs.after(tmp_path, place)
        found += [told["text"] for told in answer.lines]
        place = answer.next
    assert found == ["after"]


@pytest.mark.parametrize("place", ["", "x", "../etc/passwd:0", "qmt-2026-11-24.jsonl:-1", "qmt-2026-11-24.jsonl"])
def test_a_place_that_was_never_told_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(logs.PlaceError):
        logs.after(tmp_path, place)
