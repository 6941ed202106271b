"""``python main.py`` is ``qmt run``."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT


@pytest.fixture
def file() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "main.py"))


def test_it_runs_the_engine_with_the_words_behind_it(tmp_path: Path) -> None:
    # A copy in a folder of its own: the checkout may hold a person's configuration, and that engine is not to start.
    program = tmp_path / "main.py"
    program.write_bytes((ROOT / "main.py").read_bytes())
    environment = {**os.environ, "PYTHONUTF8": "1"}

    def run(*words: str) -> tuple[int, str]:
        command = [sys.executable, str(program), *words]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
        )
        return done.returncode, done.stdout + done.stderr

    code, told = run("--safe")
    assert code == 2
    assert "没有配置文件 qmt.toml" in told
    (tmp_path / "my-qmt").mkdir()
    (tmp_path / "my-qmt" / "qmt.toml").write_text("# A line above.\nmode = 1\n", encoding="utf-8")
    code, told = run()
    assert code == 2
    assert "qmt.toml 第 2 行 mode" in told
    assert "qmt run" in run("-h")[1]


def test_the_configuration_is_that_of_the_folder_else_that_beside_the_file(
    file: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = file["configuration"]
    program, elsewhere = tmp_path / "program", tmp_path / "elsewhere"
    (program / "my-qmt").mkdir(parents=True)
    elsewhere.mkdir()
    monkeypatch.setitem(find.__globals__, "ROOT", program)
    monkeypatch.chdir(elsewhere)
    assert find([]) is None
    (program / "my-qmt" / "qmt.toml").touch()
    assert find(["--safe"]) == program / "my-qmt" / "qmt.toml"
    (program / "qmt.toml").touch()
    assert find([]) == program / "qmt.toml"
    for words in (["-c", "x"], ["--config=x"]):
        assert find(words) is None
    (elsewhere / "qmt.toml").touch()
    assert find([]) is None


def test_without_the_program_it_says_how_to_install_it(
    file: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("QMT_VENV", str(tmp_path))
    assert file["main"]([]) == 2
    assert "tools/start.py" in capsys.readouterr().err
    python = tmp_path / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    python.parent.mkdir()
    python.touch()
    assert file["python_of_the_program"]() == str(python)
