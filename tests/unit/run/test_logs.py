"""A log never holds anybody up, keeps its days and its size, and shows accounts as people should see them."""

from __future__ import annotations

import datetime as dt
import io
import json
import threading
import time
from pathlib import Path

from qmt_trading.model import instant
from qmt_trading.run.logs import Line, Log

NOON = instant.at_time(dt.date(2026, 11, 24), 12 * 3600 * 1_000_000_000)


class Frozen(io.StringIO):
    """A console whose window is held by a selection: writing waits."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def write(self, text: str) -> int:
        self.released.wait()
        return super().write(text)


def a_log(folder: Path, console: io.StringIO | None = None, *, days: int = 5, bytes_max: int = 10**9) -> Log:
    def render(item: object) -> list[Line]:
        assert isinstance(item, Line)
        return [item]

    return Log(folder, days=days, bytes_max=bytes_max, render=render, now_ns=time.time_ns, console=console)


def test_a_frozen_console_holds_up_neither_the_caller_nor_the_file(tmp_path: Path) -> None:
    console = Frozen()
    log = a_log(tmp_path, console)
    began = time.monotonic()
    for number in range(15_000):
        log.put(Line(NOON, "info", "test", f"line {number}"))
    assert time.monotonic() - began < 2
    until = time.monotonic() + 10
    while not (tmp_path / "qmt-2026-11-24.jsonl").exists() or log._queue.qsize():
        assert time.monotonic() < until
        time.sleep(0.01)
    console.released.set()
    log.close()
    lines = (tmp_path / "qmt-2026-11-24.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) + log.dropped == 15_000
    assert json.loads(lines[0])["text"] == "line 0"


def test_files_are_by_day_and_old_ones_go(tmp_path: Path) -> None:
    for day in range(1, 24):
        (tmp_path / f"qmt-2026-11-{day:02d}.jsonl").write_text("{}\n", encoding="utf-8")
    log = a_log(tmp_path, days=5)
    log.put(Line(NOON, "info", "test", "今天"))
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"qmt-2026-11-{day}.jsonl" for day in range(20, 25)]


def test_the_oldest_go_when_all_are_too_large_and_todays_never(tmp_path: Path) -> None:
    for day in (21, 22, 23):
        (tmp_path / f"qmt-2026-11-{day}.jsonl").write_text("x" * 1000, encoding="utf-8")
    log = a_log(tmp_path, bytes_max=1500)
    log.put(Line(NOON, "info", "test", "y" * 5000))
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["qmt-2026-11-23.jsonl", "qmt-2026-11-24.jsonl"]


def test_a_text_commands_no_terminal_and_forges_no_line_on_the_console(tmp_path: Path) -> None:
    console, text = io.StringIO(), "看不懂 \x1b]0;x\x07\n12:00:00 ‼ 假的\u2028\u202e"
    log = a_log(tmp_path, console)
    log.put(Line(NOON, "warning", "test", text))
    log.close()
    assert console.getvalue() == r"12:00:00.000 ! 看不懂 \u001b]0;x\u0007\n12:00:00 ‼ 假的\u2028\u202e" + "\n"
    (kept,) = (tmp_path / "qmt-2026-11-24.jsonl").read_bytes().splitlines()
    assert json.loads(kept)["text"] == text
