"""``qmt calendar``, the doctor's line and the status line about it."""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path

import pytest

from qmt_trading.cli import doctor, exit_codes, words
from qmt_trading.cli.calendar import month_lines
from qmt_trading.cli.dry_runs import try_out
from qmt_trading.cli.main import app
from qmt_trading.market.calendar import SHIPPED
from qmt_trading.model.instant import at_time
from qmt_trading.run.calendar_file import NAME, read, write
from qmt_trading.run.config import load
from qmt_trading.run.init_template import template
from tests.unit.run.test_calendar_file import CLOSED, NEXT, imported

LIST = "\n".join(str(day) for day in CLOSED)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with the hours of A shares, a list of 2027, and a clock in November 2026."""
    text = template().replace("always_open = true", "always_open = false")
    (tmp_path / "qmt.toml").write_text(text, encoding="utf-8")
    (tmp_path / "2027.txt").write_text(LIST, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    set_today(monkeypatch, dt.date(2026, 11, 26))
    return tmp_path


def set_today(monkeypatch: pytest.MonkeyPatch, day: dt.date) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: at_time(day, 36_000 * 10**9))


def qmt(*arguments: str) -> int:
    return words.run(app, list(arguments))


def test_it_shows_the_month_and_the_end(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert qmt("calendar") == exit_codes.OK
    text = capsys.readouterr().out
    assert "2026 年 11 月" in text
    assert "[26]" in text
    assert "日历到 2026-12-31，2026-11-26 之后还有 25 个交易日" in text


def test_a_month_marks_closed_weekdays_and_today() -> None:
    lines = month_lines(SHIPPED, dt.date(2026, 10, 5))
    assert lines[1].split() == ["1休", "2休", "·", "·"]
    assert lines[2].split() == ["[5休]", "6休", "7休", "8", "9", "·", "·"]
    assert lines[5].split() == ["26", "27", "28", "29", "30", "·"]


def test_a_year_is_imported_after_it_was_shown_and_confirmed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert qmt("calendar", "import", "2027.txt", "--yes") == exit_codes.OK
    text = capsys.readouterr().out
    assert "2027 年：243 个交易日，工作日休市 18 天：01-01、02-05 至 02-12、04-05" in text
    assert "延长到 2027-12-31" in text
    (kept,) = read(folder / "data").imported
    assert (kept.year, kept.closed, kept.file) == (2027, CLOSED, "2027.txt")
    assert kept.who.endswith("(cli)")
    assert kept.at.startswith("2026-11-26T10:00:00")
    assert load(folder / "qmt.toml").engine.calendar_until == dt.date(2027, 12, 31)
    assert qmt("calendar", "check") == exit_codes.OK
    assert "导入 2027 年：2026-11-26T10:00:00" in capsys.readouterr().out


def test_without_a_yes_nothing_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.confirm", lambda text: False)
    assert qmt("calendar", "import", "2027.txt") == exit_codes.REFUSED
    assert not (folder / "data" / NAME).exists()


def test_the_same_year_again_changes_nothing_and_a_correction_is_shown(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder / "data", [imported(NEXT)])
    before = (folder / "data" / NAME).read_bytes()
    assert qmt("calendar", "import", "2027.txt") == exit_codes.OK
    assert "没有改动" in capsys.readouterr().out
    assert (folder / "data" / NAME).read_bytes() == before
    (folder / "2027.txt").write_text(LIST.replace("2027-09-15", "2027-09-16"), encoding="utf-8")
    assert qmt("calendar", "import", "2027.txt", "-y") == exit_codes.OK
    text = capsys.readouterr().out
    assert "改为休市：09-16" in text
    assert "改为交易：09-15" in text
    assert len(read(folder / "data").imported) == 1


def test_what_is_refused_says_why_and_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "half.txt").write_text("2027-01-01\n", encoding="utf-8")
    assert qmt("calendar", "import", "half.txt", "-y") == exit_codes.USAGE
    assert "260 个交易日" in capsys.readouterr().err
    assert qmt("calendar", "import", "nothing.txt", "-y") == exit_codes.USAGE
    assert "nothing.txt" in capsys.readouterr().err
    (folder / "large.txt").write_bytes(b"#" * 1_000_001)
    assert qmt("calendar", "import", "large.txt", "-y") == exit_codes.REFUSED
    assert not (folder / "data" / NAME).exists()


def test_a_damaged_file_is_never_written_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "data").mkdir()
    (folder / "data" / NAME).write_bytes(b"[{")
    assert qmt("calendar", "import", "2027.txt", "-y") == exit_codes.REFUSED
    assert (folder / "data" / NAME).read_bytes() == b"[{"
    assert qmt("calendar", "check") == exit_codes.REFUSED
    assert "移走它" in capsys.readouterr().out


def test_options_before_the_command_are_refused_because_they_would_not_count(folder: Path) -> None:
    assert qmt("calendar", "-c", "other.toml", "import", "2027.txt", "-y") == exit_codes.USAGE
    assert not (folder / "data").exists()


@pytest.mark.parametrize(
    ("days", "code", "soon"),
    [(-1, exit_codes.OK, False), (0, exit_codes.REFUSED, True), (90, exit_codes.REFUSED, True)],
)
def test_the_check_fails_from_twenty_trading_days_before_the_end(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    days: int,
    code: int,
    soon: bool,
) -> None:
    day = SHIPPED.warns_from + dt.timedelta(days=days)
    set_today(monkeypatch, day)
    assert qmt("calendar", "check", "--json") == code
    (row,) = json.loads(capsys.readouterr().out)
    assert row["ends_soon"] is soon
    assert row["until"] == "2026-12-31"
    check = doctor._calendar(load(folder / "qmt.toml"), time.time_ns())
    assert check.good is not soon
    assert ("qmt calendar import" in check.text) is soon


@pytest.mark.parametrize(("day", "denied"), [(dt.date(2026, 11, 26), False), (dt.date(2026, 10, 2), True)])
def test_a_dry_run_without_an_engine_knows_a_holiday(
    folder: Path, monkeypatch: pytest.MonkeyPatch, day: dt.date, denied: bool
) -> None:
    set_today(monkeypatch, day)
    tried = try_out(load(folder / "qmt.toml"), "control", [(0, "buy 600000.SH 100@10.50:11031122")])
    assert not tried.is_engines
    assert [str(row["status"]) == "denied" for row in tried.rows] == [denied], tried.rows


def test_the_doctor_tells_of_a_damaged_file_and_of_what_never_closes(folder: Path) -> None:
    (folder / "qmt.toml").write_text(template(), encoding="utf-8")
    assert doctor._calendar(load(folder / "qmt.toml"), time.time_ns()).good
    (folder / "data").mkdir()
    (folder / "data" / NAME).write_bytes(b"[{")
    check = doctor._calendar(load(folder / "qmt.toml"), time.time_ns())
    assert not check.good
    assert "移走它" in check.text
