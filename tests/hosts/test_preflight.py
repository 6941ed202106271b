"""What a person is told, in Chinese and English, before the host touches a terminal that cannot be used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hosts.conftest import Start
from tests.terminal.counter import Counter
from tests.terminal.host_end import HOST, HostEnd
from tests.terminal.host_module import module


def codes(folder: Path) -> list[str]:
    return [trouble.code for trouble in module.check_folder(str(folder))]


def test_every_trouble_is_said_in_chinese_and_in_english() -> None:
    for code, (chinese, english) in module.TROUBLES.items():
        line = module.TroubleError(code, "一", "二", "三").line()
        assert not chinese.isascii(), code
        assert english.isascii(), code
        assert line["text"] != ""


def test_a_folder_that_does_not_exist_is_told_and_not_made(start: Start, terminal: Path) -> None:
    shutil.rmtree(terminal)
    host = start()
    host.begin()
    trouble = host.wait("trouble")
    assert (trouble["code"], trouble["fatal"]) == ("no_folder", True)
    assert "找不到终端文件夹" in trouble["text"]
    assert host.exit_code() == 3
    assert not terminal.exists()


def test_a_folder_that_is_no_terminals_is_told_with_the_one_inside(terminal: Path) -> None:
    (trouble,) = module.check_folder(str(terminal.parent))
    assert trouble.code == "wrong_folder"
    assert str(terminal) in trouble.line()["text"]
    assert trouble.fatal == 3


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs Linux or macOS, and no root")
def test_a_folder_that_cannot_be_written_is_told(terminal: Path) -> None:
    terminal.chmod(0o500)
    assert codes(terminal) == ["not_writable"]


def test_a_folder_that_refuses_a_file_is_told(terminal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, flags: int) -> None:
        raise PermissionError(13, "denied", path)

    monkeypatch.setattr(module.os, "open", refuse)
    (trouble,) = module.check_folder(str(terminal))
    assert trouble.code == "not_writable"
    assert "denied" in trouble.line()["text"]


def test_no_trial_file_stays(terminal: Path) -> None:
    assert codes(terminal) == []
    assert [path.name for path in terminal.iterdir()] == ["up_queue_xtquant"]


def test_drive_c_needs_an_administrator(terminal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.os.path, "splitdrive", lambda path: ("c:", path))
    assert codes(terminal) == []
    monkeypatch.setattr(module, "is_administrator", lambda: False)
    assert codes(terminal) == ["need_admin"]


@pytest.mark.parametrize(("page", "expected"), [(936, []), (1252, ["code_page"]), (65001, ["code_page"])])
def test_a_chinese_path_needs_a_chinese_code_page(
    page: int, expected: list[str], terminal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "code_page", lambda: page)
    assert codes(terminal) == expected


def test_a_broker_without_permission_is_told_and_waited_for(start: Start, terminal: Path, counter: Counter) -> None:
    (terminal / "up_queue_xtquant").unlink()
    host = start()
    host.begin()
    trouble = host.wait("trouble")
    assert (trouble["code"], trouble["fatal"]) == ("no_permission", False)
    assert "券商未开通" in trouble["text"]
    assert host.wait("account", state="down")["text"] == trouble["text"]
    assert counter.sessions == []
    (terminal / "up_queue_xtquant").write_bytes(b"")
    host.wait("account", state="ready")
    assert len(host.all("trouble")) == 1


def test_a_terminal_that_is_not_started_is_told_once_and_waited_for(start: Start, counter: Counter) -> None:
    counter.running = False
    host = start()
    host.begin()
    trouble = host.wait("trouble")
    assert trouble["code"] == "not_started"
    assert "极简模式" in trouble["text"]
    counter.wait(lambda: len(counter.sessions) > 3)
    assert len(host.all("trouble")) == len(host.all("account", state="down")) == 1
    counter.restart()
    host.wait("account", state="ready")


def test_xtquant_that_is_not_there_is_told(terminal: Path, tmp_path: Path) -> None:
    with HostEnd(terminal, tmp_path, None) as host:
        host.begin()
        trouble = host.wait("trouble")
        assert trouble["code"] == "no_xtquant"
        assert trouble["text"].endswith("里没有")
        assert trouble["english"].startswith("xtquant cannot be loaded: it is not in ")
        assert trouble["english"].isascii()
        assert host.exit_code() == 4


def test_xtquant_without_native_modules_for_this_python_is_told(terminal: Path, package: Path, tmp_path: Path) -> None:
    shutil.copytree(package, tmp_path / "site")
    (tmp_path / "site" / "xtquant" / "xtpythonclient.py").unlink()
    (tmp_path / "site" / "xtquant" / "xtpythonclient.cp37-win_amd64.pyd").write_bytes(b"")
    with HostEnd(terminal, tmp_path / "site", None) as host:
        host.begin()
        text = host.wait("trouble")["text"]
        assert "cp37" in text
        assert f"Python {sys.version_info.major}.{sys.version_info.minor}" in text
        assert host.exit_code() == 4


def test_the_package_file_that_asks_the_network_is_never_run(start: Start, package: Path) -> None:
    assert "requests" in (package / "xtquant" / "__init__.py").read_text(encoding="utf-8")
    host = start("--observe", waits={"LOAD_S": 59.0})
    host.ready("none")
    # Its print would stand on standard error; what native code prints to standard output comes there, too.
    assert host.complaints() == ["native: started"]
    assert host.all("hello")[0]["facts"]["xtquant"].startswith("xtquant_")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--terminal", "x", "--sessions", "9-3"],
        ["--terminal", "x", "--link", "tcp:10.0.0.1:99"],
        ["--terminal", "x", "--link", "tcp:127.0.0.1:99"],
    ],
)
def test_wrong_arguments_are_code_2(arguments: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "QMT_LINK_SECRET"}
    command = [sys.executable, str(HOST), *arguments]
    assert subprocess.run(command, check=False, capture_output=True, env=environment).returncode == 2


def test_the_package_is_found_again_once_it_is_loaded(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "xtquant", raising=False)
    folder = str(package / "xtquant")
    module.load(folder, "xtconstant")
    assert module.find_xtquant("") == folder
    for name in [name for name in sys.modules if name.startswith("xtquant")]:
        monkeypatch.delitem(sys.modules, name)
