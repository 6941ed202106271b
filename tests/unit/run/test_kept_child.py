"""A child process: its end never reaches the engine, and it never outlives it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qmt_trading.run.kept_child import NOTIFIER, PANEL, KeptChild, command_of

PATIENCE_S = 30.0
GOOD = "import sys; sys.stdin.read()"
DEAF = "import time\nwhile True:\n    time.sleep(1)"


def wait_for(true: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def panel(program: str, told: list[str], pauses_s: tuple[float, ...] = (0.05,)) -> KeptChild:
    made = KeptChild(PANEL, [sys.executable, "-c", program], lambda text, english: told.append(text), pauses_s=pauses_s)
    made.start()
    return made


def test_it_ends_with_whoever_has_started_it() -> None:
    told: list[str] = []
    made = panel(GOOD, told)
    wait_for(lambda: made.pid)
    began = time.monotonic()
    made.stop()
    assert (made.pid, told) == (0, [])
    assert time.monotonic() - began < PATIENCE_S


def test_any_number_may_end_it_at_once() -> None:
    made = panel(GOOD, [])
    wait_for(lambda: made.pid)
    together = threading.Barrier(8)

    def stop() -> None:
        together.wait(PATIENCE_S)
        made.stop()

    with ThreadPoolExecutor(8) as threads:
        stops = [threads.submit(stop) for _ in range(8)]
    assert [each.exception() for each in stops] == [None] * 8
    wait_for(lambda: made.pid == 0)
    made.stop()


def test_one_that_does_not_listen_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qmt_trading.run.kept_child.STOP_S", 0.3)
    made = panel(DEAF, [])
    wait_for(lambda: made.pid)
    made.stop()
    wait_for(lambda: made.pid == 0)


def test_one_that_cannot_live_is_started_again_some_times_and_then_left_alone() -> None:
    told: list[str] = []
    made = panel("import sys; sys.exit(3)", told)
    wait_for(lambda: any("不再重启" in text for text in told))
    assert sum("代码 3" in text for text in told) == 5
    made.stop()


def test_a_program_that_is_not_there_is_told() -> None:
    told: list[str] = []
    made = KeptChild(PANEL, ["no-such-program-at-all"], lambda text, english: told.append(text), pauses_s=(0.01,))
    made.start()
    wait_for(lambda: any("不再重启" in text for text in told))
    made.stop()


def test_what_is_run_is_the_command_that_people_have_too() -> None:
    assert command_of(NOTIFIER, Path("my qmt.toml"))[-4:] == ["notify", "--leashed", "--config", "my qmt.toml"]
    command = command_of(PANEL, Path("my qmt.toml"))
    assert command[-4:] == ["qmt_trading.cli.panelling", "--leashed", "--config", "my qmt.toml"]
    environment = {**os.environ, "PYTHONUTF8": "1"}
    shown = subprocess.run(
        [*command, "--help"], capture_output=True, check=True, encoding="utf-8", timeout=60, env=environment
    )
    assert "--new-link" in shown.stdout


def test_what_is_run_leaves_out_what_only_other_commands_need() -> None:
    program = "import sys, qmt_trading.cli.panelling, qmt_trading.cli.panel_ways; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, encoding="utf-8")
    for name in ("qmt_trading.cli.main", "qmt_trading.run.rehearsal", "rich", "segno", "apprise"):
        assert name not in loaded.stdout.split(), name


def test_it_is_told_by_its_name() -> None:
    told: list[str] = []
    made = KeptChild(NOTIFIER, [sys.executable, "-c", "import sys; sys.exit(3)"], lambda text, _: told.append(text))
    made.start()
    wait_for(lambda: told)
    assert told[0].startswith("通知退出（代码 3）")
    made.stop()
