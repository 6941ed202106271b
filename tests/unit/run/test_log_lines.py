"""The log read again: newest first, over files, without what a kill cut."""

from __future__ import annotations

from pathlib import Path

from qmt_trading.run.log_lines import malformed, newest


def write(folder: Path, day: str, *lines: str, end: str = "\n") -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"qmt-{day}.jsonl").write_text("\n".join(lines) + end, encoding="utf-8", newline="")


def line(number: int, event: str = "malformed") -> str:
    return f'{{"at":"t","event":"{event}","text":"{number}"}}'


def test_the_newest_lines_of_an_event_come_first_and_no_more_than_were_asked_for(tmp_path: Path) -> None:
    write(tmp_path, "2026-01-05", line(1), line(2), line(3, "signal"))
    write(tmp_path, "2026-01-06", line(4, "fill"), line(5))
    assert [row["text"] for row in newest(tmp_path, "malformed", 9)] == ["5", "2", "1"]
    assert [row["text"] for row in newest(tmp_path, "malformed", 2)] == ["5", "2"]
    assert newest(tmp_path, "malformed", 0) == []


def test_a_cut_line_and_one_that_only_quotes_the_event_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, "2026-01-05", line(1), '{"event":"x","y":{"event":"malformed"}}', '"event":"malformed"')
    write(tmp_path, "2026-01-06", line(2), line(3), end="")
    assert [row["text"] for row in newest(tmp_path, "malformed", 9)] == ["2", "1"]


def test_a_folder_without_a_log_holds_nothing(tmp_path: Path) -> None:
    assert malformed(tmp_path, 9) == []


def test_a_line_of_an_earlier_version_is_told_as_it_stands(tmp_path: Path) -> None:
    write(tmp_path / "logs", "2026-01-05", line(1))
    (row,) = malformed(tmp_path, 9)
    assert (row["received_at"], row["text"], row["excerpt"]) == ("t", "1", None)
