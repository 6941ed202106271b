"""The emergency stop as a file."""

from __future__ import annotations

from pathlib import Path

from qmt_trading.run.halt_flag import HaltFlag


def has_risen(flag: HaltFlag) -> bool:
    """Return whether the flag tells of a file now."""
    told: list[None] = []
    flag.tell_risen(lambda: told.append(None))
    return bool(told)


def test_a_file_in_the_folder_is_told_once_until_it_goes_and_comes_again(tmp_path: Path) -> None:
    flag = HaltFlag(tmp_path)
    assert [flag.is_up(), has_risen(flag)] == [False, False]
    (tmp_path / "HALT").touch()
    assert [flag.is_up(), has_risen(flag), has_risen(flag)] == [True, True, False]
    (tmp_path / "HALT").unlink()
    assert not has_risen(flag)
    (tmp_path / "HALT").touch()
    assert has_risen(flag)


def test_a_flag_that_the_engine_puts_up_is_no_news_to_it_and_stops_the_next_start(tmp_path: Path) -> None:
    flag = HaltFlag(tmp_path)
    flag.put_up("me: full disk")
    assert not has_risen(flag)
    assert has_risen(HaltFlag(tmp_path))
    flag.offer()
    flag.take_down()
    flag.take_down()
    assert not HaltFlag(tmp_path).is_up()


def test_a_file_made_right_after_a_resume_is_news(tmp_path: Path) -> None:
    flag = HaltFlag(tmp_path)
    (tmp_path / "HALT").touch()
    assert has_risen(flag)
    flag.offer()
    flag.take_down()
    (tmp_path / "HALT").touch()
    assert has_risen(flag), "although nobody has looked while it was down"


def test_a_file_made_while_a_resume_is_under_way_stays_and_halts(tmp_path: Path) -> None:
    flag = HaltFlag(tmp_path)
    flag.offer()
    (tmp_path / "HALT").touch()
    flag.take_down()
    assert flag.is_up()
    assert has_risen(flag)
    flag.offer()
    (tmp_path / "HALT").unlink()
    (tmp_path / "other").touch()
    (tmp_path / "HALT").write_text("again", encoding="utf-8")
    assert has_risen(flag)
    flag.take_down()
    assert flag.is_up(), "another file of that name"
    assert has_risen(flag), "and it is told of again, as the resume has let trading go on"


def test_a_file_that_nobody_was_told_of_when_a_resume_came_in_stays_and_halts(tmp_path: Path) -> None:
    flag = HaltFlag(tmp_path)
    (tmp_path / "HALT").touch()
    assert has_risen(flag)
    (tmp_path / "HALT").unlink()
    (tmp_path / "other").touch()
    (tmp_path / "HALT").write_text("newer than the resume, for all anybody knows", encoding="utf-8")
    flag.offer()
    flag.take_down()
    assert flag.is_up()
    assert has_risen(flag)


def test_a_folder_that_cannot_be_written_raises_nothing(tmp_path: Path) -> None:
    flag = HaltFlag(tmp_path / "missing")
    flag.put_up("x")
    assert not flag.is_up()


def test_a_resume_that_comes_in_before_the_halt_does_not_take_its_file(tmp_path: Path) -> None:
    flag = HaltFlag(tmp_path)
    (tmp_path / "HALT").write_text("stop", encoding="utf-8")

    def resume_first() -> None:
        flag.offer()
        flag.take_down()

    flag.tell_risen(resume_first)
    assert flag.is_up()
    flag.offer()
    flag.take_down()
    assert not flag.is_up(), "it was told of, and the next person's word takes it back"
