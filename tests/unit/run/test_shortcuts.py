"""The files to double-click: what stands in the checkout is what the program writes, in plain ASCII with CRLF."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.conftest import ROOT

from qmt_trading.run import shortcuts


@pytest.mark.parametrize("name", shortcuts.NAMES)
def test_the_files_of_the_checkout_are_those_that_init_writes(name: str) -> None:
    content = (ROOT / name).read_bytes()
    assert content.replace(b"\r\n", b"\n").decode("ascii") == shortcuts.shortcut(name)
    assert content.count(b"\r\n") == content.count(b"\n")
    assert not content.startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("name", shortcuts.NAMES)
def test_every_label_that_is_gone_to_is_there(name: str) -> None:
    lines = shortcuts.shortcut(name).splitlines()
    labels = {line[1:] for line in lines if line.startswith(":")}
    wanted = {line.rpartition("goto ")[2] for line in lines if "goto " in line} | {"look"}
    assert wanted <= labels
    assert all(len(line) < 200 for line in lines)


def test_a_file_of_the_users_with_the_same_name_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / shortcuts.NAMES[0]
    mine.write_bytes(b"mine")
    assert shortcuts.write_shortcuts(tmp_path) == [mine]
    assert mine.read_bytes() == b"mine"
    assert shortcuts.write_shortcuts(tmp_path) == [mine]
    for name in shortcuts.NAMES[1:]:
        assert sys.executable in (tmp_path / name).read_bytes().decode("gbk")


@pytest.mark.parametrize("python", ["/opt/100%/python", "/opt/\U0001f40d/python"])
def test_an_interpreter_that_cannot_be_written_down_is_looked_for_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    monkeypatch.setattr(sys, "executable", python)
    shortcuts.write_shortcuts(tmp_path)
    for name in shortcuts.NAMES:
        content = (tmp_path / name).read_bytes().decode("ascii")
        assert content.replace("\r\n", "\n") == shortcuts.shortcut(name)


def test_the_emergency_stop_names_the_way_that_needs_no_engine() -> None:
    assert "qmt panic --account ACCOUNT" in shortcuts.shortcut("紧急停止.bat")
