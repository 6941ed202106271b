"""``qmt fullqmt file`` and ``qmt doctor --fullqmt``: what is to be pasted, and what was."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qmt_trading.brokers.linked.condition import Condition, Level, LinkPhase
from qmt_trading.cli import doctor_fullqmt, exit_codes
from qmt_trading.cli.check import Check
from qmt_trading.cli.main import app as cli
from qmt_trading.run.config import load
from qmt_trading.run.fullqmt_contact import Contacts, contact_of, path_of, read
from qmt_trading.run.locks import folder_lock
from qmt_trading.run.pasted import build

CONFIG = """\
mode = "{mode}"
[signals.bare]
action = "撤单"
[[doors]]
kind = "folder"
path = "in"
[[terminals]]
name = "国金"
kind = "fullqmt"
address = "{address}"
[[terminals.accounts]]
account = "11031122"
"""
SECOND = """\
[[terminals]]
name = "华泰"
kind = "fullqmt"
address = "tcp:127.0.0.1:58652"
[[terminals.accounts]]
account = "11031123"
"""
COMPLIANCE = "[compliance]\nregistered = 2026-11-02\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def configured(folder: Path, *, mode: str = "shadow", address: str = "", more: str = "") -> Path:
    path = folder / "qmt.toml"
    text = CONFIG.format(mode=mode, address=address or f"tcp:127.0.0.1:{free_port()}")
    path.write_text(text + (COMPLIANCE if mode == "live" else "") + more, encoding="utf-8")
    return path


def run(*arguments: str | Path) -> tuple[int, str]:
    told = CliRunner().invoke(cli, list(map(str, arguments)))
    return told.exit_code, told.output


def condition(**changes: object) -> Condition:
    facts = {"build": build(), "python": "3.6.8", "carrier": "tcp", "journal": "", "missing": ""}
    accounts = (("11031122", True, ""),)
    stands = Condition(
        "国金", LinkPhase.OPEN, Level.NONE, "none", True, accounts, 10, 0, "", 0, 0, 1, "fullqmt", facts, ""
    )
    return stands._replace(**changes)  # type: ignore[arg-type]


def checks(config: Path) -> dict[str, Check]:
    return {check.name.removeprefix("国金 "): check for check in doctor_fullqmt.checks(config)}


def connected(config: Path, **changes: object) -> dict[str, Check]:
    folder = load(config).folder
    folder.mkdir(exist_ok=True)
    Contacts(folder).note(condition(**changes), time.time_ns())
    return checks(config)


def test_the_file_is_written_once_and_its_text_shown_only_when_asked(tmp_path: Path) -> None:
    config = configured(tmp_path)
    code, told = run("fullqmt", "file", "-c", config)
    assert (code, "已写出" in told) == (exit_codes.OK, True)
    path = tmp_path / "data-shadow" / "fullqmt-国金.py"
    secret = (tmp_path / "data-shadow" / "fullqmt-国金.secret").read_text(encoding="ascii").strip()
    assert secret in path.read_text(encoding="ascii")
    assert secret not in told
    code, told = run("fullqmt", "file", "-c", config)
    assert (code, "没有变" in told, secret in told) == (exit_codes.OK, True, False)
    code, told = run("fullqmt", "file", "-c", config, "--print")
    assert (code, told) == (exit_codes.OK, path.read_text(encoding="ascii"))
    assert f"\nBUILD = '{build()}'\n" in told


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX: modes of files")
def test_what_holds_the_secret_is_for_this_users_eyes_whatever_was_left_there(tmp_path: Path) -> None:
    config = configured(tmp_path)
    (tmp_path / "data-shadow").mkdir()
    left = tmp_path / "data-shadow" / "fullqmt-国金.new"
    left.write_bytes(b"")
    left.chmod(0o644)
    run("fullqmt", "file", "-c", config)
    for name in ("fullqmt-国金.py", "fullqmt-国金.secret"):
        assert os.stat(tmp_path / "data-shadow" / name).st_mode & 0o077 == 0


def test_of_two_full_clients_one_must_be_named(tmp_path: Path) -> None:
    config = configured(tmp_path, more=SECOND)
    code, told = run("fullqmt", "file", "-c", config)
    assert code == exit_codes.USAGE
    assert "国金、华泰" in told
    assert run("fullqmt", "file", "-c", config, "--terminal", "华泰")[0] == exit_codes.OK
    assert run("fullqmt", "file", "-c", config, "--terminal", "中信")[0] == exit_codes.USAGE


def test_before_anything_was_done_each_line_says_what_to_do(tmp_path: Path) -> None:
    found = checks(configured(tmp_path))
    assert not (tmp_path / "data-shadow").exists()
    assert {name: (check.good, check.warns) for name, check in found.items()} == {
        "策略文件": (False, False),
        "地址": (True, False),
        "上次连接": (True, True),
        "能力卡": (True, True),
    }
    assert "qmt fullqmt file" in found["策略文件"].text


def test_a_text_of_other_settings_or_another_version_is_stale(tmp_path: Path) -> None:
    config = configured(tmp_path)
    run("fullqmt", "file", "-c", config)
    assert checks(config)["策略文件"].good
    path = tmp_path / "data-shadow" / "fullqmt-国金.py"
    path.write_bytes(path.read_bytes().replace(build().encode(), b"0123456789ab"))
    assert "另一个版本" in checks(config)["策略文件"].text
    run("fullqmt", "file", "-c", config)
    configured(tmp_path, address="tcp:127.0.0.1:1024")
    assert "设置变了" in checks(config)["策略文件"].text
    (tmp_path / "data-shadow" / "fullqmt-国金.secret").write_bytes(b"changed\n")
    assert not checks(config)["策略文件"].good


def test_a_port_that_another_program_has_is_told(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        config = configured(tmp_path, address=f"tcp:127.0.0.1:{other.getsockname()[1]}")
        assert "占用" in checks(config)["地址"].text
        folder = load(config).folder
        folder.mkdir(exist_ok=True)
        lock = folder_lock(folder)
        try:
            assert checks(config)["地址"].good
        finally:
            lock.release()


def test_what_was_connected_last_is_good_where_it_is_what_is_wanted(tmp_path: Path) -> None:
    found = connected(configured(tmp_path))
    assert [found[name].good for name in ("上次连接", "粘贴的版本", "权限")] == [True, True, True]
    assert "Python 3.6.8" in found["上次连接"].text


@pytest.mark.parametrize(
    ("mode", "changes", "name"),
    [
        ("shadow", {"facts": {"build": "1"}}, "粘贴的版本"),
        ("shadow", {"facts": {"build": "", "missing": "passorder"}}, "函数"),
        ("shadow", {"observes": False}, "权限"),
        ("live", {"observes": True}, "权限"),
        ("shadow", {"accounts": (("11031122", False, "没有回调"),)}, "权限"),
    ],
)
def test_what_was_pasted_wrongly_is_told(tmp_path: Path, mode: str, changes: dict[str, object], name: str) -> None:
    found = connected(configured(tmp_path, mode=mode), **changes)
    assert not found[name].good, found[name]


def test_only_what_changes_is_kept_and_only_of_full_clients(tmp_path: Path) -> None:
    contacts = Contacts(tmp_path)
    contacts.note(condition(kind="xtquant"), 1)
    contacts.note(condition(phase=LinkPhase.WAITING), 2)
    assert read(tmp_path, "国金") is None
    contacts.note(condition(), 3)
    contacts.note(condition(beat_age_ms=900), 4)
    assert read(tmp_path, "国金") == contact_of(condition(), 3)
    contacts.note(condition(armed="trade"), 5)
    kept = read(tmp_path, "国金")
    assert kept is not None
    assert (kept.at_ns, kept.armed) == (5, "trade")
    path_of(tmp_path, "国金").write_bytes(b"{")
    (tmp_path / "qmt").mkdir()
    config = configured(tmp_path / "qmt")
    folder = load(config).folder
    folder.mkdir()
    path_of(folder, "国金").write_bytes(b"{")
    assert not checks(config)["上次连接"].good


def test_the_doctor_adds_these_lines_when_asked(tmp_path: Path) -> None:
    config = configured(tmp_path)
    run("fullqmt", "file", "-c", config)
    assert "国金 策略文件" not in run("doctor", "-c", config)[1]
    assert "国金 策略文件" in run("doctor", "-c", config, "--fullqmt")[1]
