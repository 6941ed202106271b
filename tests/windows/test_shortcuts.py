"""Double-clicking, as near as a test comes to it: the command interpreter runs the files beside a real engine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.running import running

from qmt_trading.cli.main import app
from qmt_trading.cli.words import run
from qmt_trading.run.shortcuts import NAMES

START, STATUS, STOP = NAMES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "我的 QMT"
    pipe = f"\\\\.\\pipe\\qmt-test-{time.time_ns()}"
    assert run(app, ["init", str(made), "--profile", "只撤单", "--size", "10万", "--pipe", pipe]) == 0
    assert {each.name for each in made.glob("*.bat")} == set(NAMES)
    return made


def double_click(folder: Path, name: str, **environment: str) -> tuple[int, str]:
    """Run a file of ``folder`` from elsewhere, with a key pressed at the end; return its exit code and its words."""
    done = subprocess.run(
        ["cmd", "/d", "/c", str(folder / name)],
        input=b"\r\n",
        capture_output=True,
        cwd=folder.parent,
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        timeout=60,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", errors="replace")


def test_status_and_emergency_stop_reach_the_engine_of_their_folder(folder: Path) -> None:
    with running(folder / "qmt.toml"):
        code, words = double_click(folder, STATUS)
        assert (code, "正常交易" in words) == (0, True), words
        code, words = double_click(folder, STOP)
        assert code == 0, words
        assert "已停止" in words
        assert "qmt resume" in words
        code, words = double_click(folder, STATUS)
        assert "已停止" in words


def test_an_emergency_stop_that_nobody_answers_puts_up_the_flag(folder: Path) -> None:
    code, words = double_click(folder, STOP)
    assert code != 0
    assert "NOT STOPPED" in words
    for name in ("data", "data-shadow"):
        (folder / name).mkdir()
    code, words = double_click(folder, STOP)
    assert code != 0
    assert "HALT in data data-shadow stops it" in words
    assert {each.parent.name for each in folder.glob("*/HALT")} == {"data", "data-shadow"}
    with running(folder / "qmt.toml"):
        assert "已停止" in double_click(folder, STATUS)[1]


def test_a_start_runs_the_engine_and_the_window_closes_when_it_ends_well(folder: Path) -> None:
    config = ["--config", str(folder / "qmt.toml")]
    command = ["cmd", "/d", "/c", str(folder / START)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, cwd=folder.parent) as window:
        until = time.monotonic() + 30
        while run(app, ["doctor", "--json", *config]) != 0 or run(app, ["stop", *config]) != 0:
            assert time.monotonic() < until, "the engine did not start"
            time.sleep(0.2)
        assert window.wait(30) == 0  # Nobody pressed a key.


def test_a_start_that_fails_says_why_and_with_which_code(folder: Path) -> None:
    (folder / "qmt.toml").write_text('mode = "real"\n', encoding="utf-8")
    code, words = double_click(folder, START)
    assert code == 2
    assert "qmt.toml 第 1 行 mode" in words
    assert "exit code 2" in words


def test_where_the_program_is_not_installed_it_says_so(folder: Path) -> None:
    path = folder / START
    path.write_bytes(path.read_bytes().replace(str(Path(sys.executable)).encode("mbcs"), b"C:\\nowhere.exe"))
    code, words = double_click(folder, START, PATH=os.environ["SYSTEMROOT"] + "\\system32")
    assert code == 2
    assert "not installed" in words
