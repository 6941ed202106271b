"""Where the configuration is looked for, and how a command leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from qmt_trading.cli.options import DEFAULT_CONFIG, config_at, fail
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run.config import load


def test_a_folder_stands_for_the_configuration_in_it(tmp_path: Path) -> None:
    assert config_at(tmp_path) == tmp_path / "qmt.toml"
    assert config_at(tmp_path / "other.toml") == tmp_path / "other.toml"


def test_the_wrong_folder_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=r"当前文件夹里没有它，先 cd .*-c 路径.*qmt init"):
        load(config_at(DEFAULT_CONFIG))


def test_what_is_said_on_leaving_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        fail(1, "✗ 柜台：\x1b[2J\n  第二行")
    assert capsys.readouterr().err == "✗ 柜台：\\u001b[2J\n  第二行\n"
