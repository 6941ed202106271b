"""The emergency stop as a file."""

from __future__ import annotations

from pathlib import Path

from qmt_trading.run.halt_flag import HaltFlag


def test_a_file_in_the_folder_is_told_once_until_it_goes_and_comes_again(tmp_path: Path) -> None:
    flag = HaltFlag(tmp_path)
    assert [flag.is_up(), flag.has_risen()] == [False, False]
    (tmp_path / "HALT").touch()
    assert [flag.is_up(), flag.has_risen(), flag.has_risen()] == [True, True, False]
    (tmp_path / "HALT").unlink()
    assert not flag.has_risen()
    (tmp_path / "HALT").touch()
    assert flag.has_risen()


def test_a_flag_that_the_engine_puts_up_is_no_news_to_it_and_stops_the_next_start(tmp_path: Path) -> None:
    flag = HaltFlag(tmp_path)
    flag.put_up("me: full disk")
    assert not flag.has_risen()
    assert HaltFlag(tmp_path).has_risen()
    flag.offer()
    flag.take_down()
    flag.take_down()
    assert not HaltFlag(tmp_path).is_up()


def test_a_file_made_right_after_a_resume_is_news(tmp_path: Path) -> None:
    flag = HaltFlag(tmp_path)
    (tmp_path / "HALT").touch()
    assert flag.has_risen()
    flag.offer()
    flag.take_down()
    (tmp_path / "HALT").touch()
    assert flag.has_risen(), "although nobody has looked while it was down"


def test_a_file_made_while_a_resume_is_under_way_stays_and_halts(tmp_path: Path) -> None:
    flag = HaltFlag(tmp_path)
    flag.offer()
    (tmp_path / "HALT").touch()
    flag.take_down()
    assert flag.is_up()
    assert flag.has_risen()
    flag.offer()
    (tmp_path / "HALT").unlink()
    (tmp_path / "other").touch()
    (tmp_path / "HALT").write_text("again", encoding="utf-8")
    assert flag.has_risen()
    flag.take_down()
    assert flag.is_up(), "another file of that name"
    assert flag.has_risen(), "and it is told of again, as the resume has let trading go on"


def test_a_file_that_nobody_was_told_of_when_a_resume_came_in_stays_and_halts(tmp_path: Path) -> None:
    flag = HaltFlag(tmp_path)
    (tmp_path / "HALT").touch()
    assert flag.has_risen()
    (tmp_path / "HALT").unlink()
    (tmp_path / "other").touch()
    (tmp_path / "HALT").write_text("newer than the resume, for all anybody knows", encoding="utf-8")
    flag.offer()
    flag.take_down()
    assert flag.is_up()
    assert flag.has_risen()


def test_a_folder_that_cannot_be_written_raises_nothing(tmp_path: Path) -> None:
    flag = HaltFlag(tmp_path / "missing")
    flag.put_up("x")
    assert not flag.is_up()
