"""A log outlives what cannot be told, and nobody else reads it."""

from __future__ import annotations

import datetime as dt
import io
import json
import stat
import sys
import threading
import time
from pathlib import Path

import pytest

from qmt_trading.model import instant
from qmt_trading.run.logs import Line, Log

NOON = instant.at_time(dt.date(2026, 11, 24), 12 * 3600 * 1_000_000_000)


def render(item: object) -> list[Line]:
    if item == "poison":
        raise RuntimeError("secret words")
    assert isinstance(item, Line)
    return [item]


def a_log(folder: Path, console: io.StringIO | None = None) -> Log:
    return Log(folder, days=5, bytes_max=10**9, render=render, now_ns=lambda: NOON, console=console)


def lines(folder: Path) -> list[str]:
    text = (folder / "qmt-2026-11-24.jsonl").read_text(encoding="utf-8")
    return [json.loads(line)["text"] for line in text.splitlines()]


def test_one_that_cannot_be_rendered_or_encoded_costs_no_other_and_is_counted(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    for item in (Line(NOON, "info", "test", "one"), "poison", Line(NOON, "info", "test", "\ud800"), "poison"):
        log.put(item)
    log.put(Line(NOON, "info", "test", "two"))
    log.close()
    found = lines(tmp_path)
    assert (found[0], found[-1]) == ("one", "two")
    assert log.failed == 3
    assert [text for text in found if "写不出来" in text and "RuntimeError" in text]
    assert not [text for text in found if "secret" in text]


def test_what_came_before_a_fault_is_on_disk_at_once(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    log.put(Line(NOON, "info", "test", "one"))
    log.put("poison")
    until = time.monotonic() + 5
    while log.failed == 0 or not (tmp_path / "qmt-2026-11-24.jsonl").stat().st_size:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert lines(tmp_path)[0] == "one"
    log.close()


class Gone(io.StringIO):
    """A console that takes no Chinese, and then nothing."""

    encoding = "ascii"

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()

    def write(self, text: str) -> int:
        self.asked.set()
        if text.isascii():
            raise OSError("gone")
        raise UnicodeEncodeError("ascii", text, 0, 1, "no")


def test_a_console_that_goes_while_it_is_written_to_ends_quietly(tmp_path: Path) -> None:
    console = Gone()
    log = a_log(tmp_path, console)
    log.put(Line(NOON, "info", "test", "今天"))
    assert console.asked.wait(5)
    log._speaker.join(5)
    log.close()
    assert lines(tmp_path) == ["今天"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX: file modes")
def test_the_files_are_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "qmt-2026-11-24.jsonl"
    path.write_text("", encoding="utf-8")
    path.chmod(0o644)
    log = a_log(tmp_path)
    log.put(Line(NOON, "info", "test", "one"))
    log.put(Line(NOON + 86_400_000_000_000, "info", "test", "two"))
    log.close()
    assert [stat.S_IMODE(each.stat().st_mode) for each in sorted(tmp_path.iterdir())] == [0o600, 0o600]
