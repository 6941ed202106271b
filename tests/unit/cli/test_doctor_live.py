"""What the doctor finds at a client and at a machine without touching either: real folders, a real interpreter."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qmt_trading.cli import doctor_live
from qmt_trading.cli.check import Check
from qmt_trading.cli.main import app as cli
from qmt_trading.run.config import load
from tests.unit.run.config_parts import GOOD, QMT_GOOD, written

TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"


def client(folder: Path) -> Path:
    """Make what a logged-in client in minimal mode leaves behind."""
    place = folder / "userdata_mini"
    place.mkdir(parents=True)
    (place / doctor_live.QUEUE).write_bytes(b"")
    return place


def package(folder: Path, tag: str = TAG) -> Path:
    """Make a package that must not be imported."""
    place = folder / "site-packages" / "xtquant"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text("raise SystemExit('imported')\n", encoding="utf-8")
    (place / "xttrader.py").write_text("raise SystemExit('imported')\n", encoding="utf-8")
    (place / f"xtpythonclient.{tag}-win_amd64.pyd").write_bytes(b"")
    return place.parent


def found(folder: Path, path: Path, extra: str = "") -> dict[str, Check]:
    text = QMT_GOOD.replace("D:\\国金QMT\\userdata_mini", str(path))
    assert str(path) in text
    text = text.replace("[[terminals.accounts]]", f"{extra}[[terminals.accounts]]", 1)
    return {check.name: check for check in doctor_live.of_terminals(load(written(folder, text)))}


def test_a_client_that_is_ready_is_good_in_every_line_and_nothing_is_imported(tmp_path: Path) -> None:
    checks = found(tmp_path, client(tmp_path / "qmt"), f"xtquant = '{package(tmp_path)}'\n")
    assert [check.name for check in checks.values() if not check.good] == []
    assert "没有导入" in checks["终端 国金 xtquant"].text
    assert "64 位" in checks["终端 国金 Python"].text
    assert list((tmp_path / "qmt" / "userdata_mini").iterdir()) == [
        tmp_path / "qmt" / "userdata_mini" / "up_queue_xtquant"
    ]


def test_a_folder_that_is_not_there_says_where_it_should_be(tmp_path: Path) -> None:
    (check,) = found(tmp_path, tmp_path / "none").values()
    assert not check.good
    assert "userdata_mini" in check.text


def test_another_folder_of_the_client_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bin.x64").mkdir()
    checks = found(tmp_path, tmp_path / "bin.x64")
    assert not checks["终端 国金"].good
    assert not checks["终端 国金 极简模式"].good
    assert "未开通 miniQMT 权限" in checks["终端 国金 极简模式"].text


def test_a_package_for_another_python_and_one_that_is_missing_are_red(tmp_path: Path) -> None:
    place = client(tmp_path / "qmt")
    other = found(tmp_path, place, f"xtquant = '{package(tmp_path, 'cp36')}'\n")["终端 国金 xtquant"]
    assert not other.good
    assert "有：cp36" in other.text
    (tmp_path / "empty").mkdir()
    missing = found(tmp_path, place, f"xtquant = '{tmp_path / 'empty'}'\n")["终端 国金 xtquant"]
    assert not missing.good
    assert "没有找到 xtquant" in missing.text


@pytest.mark.parametrize("written_as", ["no-such-python", "file"])
def test_an_interpreter_that_does_not_run_is_red(tmp_path: Path, written_as: str) -> None:
    python = tmp_path / "python.exe"
    if written_as == "file":
        python.write_bytes(b"nothing")
    checks = found(tmp_path, client(tmp_path / "qmt"), f"python = '{python}'\n")
    assert not checks["终端 国金 Python"].good
    assert "终端 国金 xtquant" not in checks


def test_a_python_of_32_bits_or_too_old_is_red() -> None:
    assert not doctor_live._of_version("t", "p", (3, 11, 9), 32).good
    assert not doctor_live._of_version("t", "p", (3, 7, 9), 64).good
    assert doctor_live._of_version("t", "p", (3, 8, 0), 64).good


def test_two_terminals_over_one_folder_are_red(tmp_path: Path) -> None:
    place = client(tmp_path / "qmt")
    text = QMT_GOOD.replace("D:\\国金QMT\\userdata_mini", str(place))
    begin = text.index("[[terminals]]")
    second = text[begin:].replace('"国金"', '"另一个"').replace("11031122", "11031123").replace('"一号"', '"二号"')
    checks = list(doctor_live.of_terminals(load(written(tmp_path, text + second))))
    assert any(not check.good and "同一个文件夹" in check.text for check in checks)


def test_a_folder_of_chinese_letters_is_told_and_stops_nothing(tmp_path: Path) -> None:
    check = found(tmp_path, client(tmp_path / "国金"))["终端 国金 路径"]
    assert check.good
    assert check.warns


def test_without_a_client_that_is_said(tmp_path: Path) -> None:
    (check,) = doctor_live.of_terminals(load(written(tmp_path, GOOD)))
    assert check.good
    assert "模拟交易所" in check.text


@pytest.mark.parametrize(
    ("said", "words", "warns"),
    [
        (b"Index: 0x00000708\r\nmax: 0xffffffff\r\nAC: 0x00000000\r\nDC: 0x00000384\r\n", "从不睡眠", False),
        ("电源: 0x00000708\r\n电池: 0x00000384\r\n".encode("gbk"), "30 分钟后睡眠", True),
        (b"", "读不到", True),
    ],
)
def test_the_hours_of_sleep_are_read_in_any_language(said: bytes, words: str, warns: bool) -> None:
    check = doctor_live.of_sleep(said)
    assert check.good
    assert check.warns is warns
    assert words in check.text


def test_the_doctor_looks_at_clients_and_machine_only_when_asked(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    told = [
        {
            check["name"]
            for check in json.loads(CliRunner().invoke(cli, ["doctor", "--json", "-c", str(path), *more]).output)
        }
        for more in ((), ("--live",))
    ]
    assert told[1] - told[0] >= {"QMT 终端", "电源"}


def test_the_machine_is_looked_at() -> None:
    names = [check.name for check in doctor_live.of_machine()]
    assert names == (["电源", "对时"] if sys.platform == "win32" else ["电源"])
