"""The file that only looks, in the stand-in terminal, and what its report becomes."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qmt_trading.cli import exit_codes
from qmt_trading.cli.fullqmt import PROBE_TEXT
from qmt_trading.cli.main import app as cli
from qmt_trading.run import fullqmt_card
from qmt_trading.run.fullqmt_card import Mark, Report
from tests.fullqmt import python36
from tests.fullqmt.py36.probed import probed
from tests.fullqmt.stand import ROOT

ACCOUNT = "11031122"
TEXT = PROBE_TEXT.read_text(encoding="ascii")
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


def configured(folder: Path, *, mode: str = "shadow", address: str = "tcp:127.0.0.1:58651", more: str = "") -> Path:
    path = folder / "qmt.toml"
    path.write_text(CONFIG.format(mode=mode, address=address) + more, encoding="utf-8")
    return path


def reported(folder: Path, account: str = ACCOUNT, **dials: object) -> Report:
    terminal = probed(TEXT, str(folder), account, 120.0, **dials)
    assert terminal.escaped == []
    assert {name for name in terminal.calls if not name.startswith("get ")} == set()
    return fullqmt_card.parse((folder / "probe-report.json").read_bytes())


def marked(report: Report) -> dict[str, Mark]:
    return {line.name: line.mark for line in fullqmt_card.lines(report)}


def test_it_does_not_name_the_function_that_places_orders_and_calls_none_but_what_it_says() -> None:
    assert "passorder" not in TEXT
    raw = PROBE_TEXT.read_bytes()
    assert raw.startswith(b"#coding:gbk\n")
    assert raw.isascii()
    attributes = {node.attr for node in ast.walk(ast.parse(TEXT)) if isinstance(node, ast.Attribute)}
    assert not attributes & {"cancel", "order", "buy", "sell", "system", "popen", "eval"}
    names = {node.id for node in ast.walk(ast.parse(TEXT)) if isinstance(node, ast.Name)}
    assert not names & {"eval", "exec", "compile", "open", "getattr_static", "cancel"}


def test_a_terminal_as_it_should_be_has_a_card_without_a_fault(tmp_path: Path) -> None:
    report = reported(tmp_path)
    found = marked(report)
    assert Mark.BAD not in found.values()
    good = {name for name, mark in found.items() if mark is Mark.GOOD}
    assert {"运行", "函数", "账号", "资金的字段", "回调", "线程", "定时器", "链路", "登记簿", "Python"} <= good
    assert {name for name, mark in found.items() if mark is Mark.UNSEEN} == {
        "委托的字段",
        "成交的字段",
        "持仓的字段",
        "收盘后",
    }
    assert report.timers["100"].ticks > 1000
    assert 90 < report.timers["100"].middle_ms < 160
    assert "passorder" in report.injected


def test_its_report_holds_neither_the_account_nor_money(tmp_path: Path) -> None:
    reported(tmp_path)
    text = (tmp_path / "probe-report.json").read_text(encoding="ascii")
    assert ACCOUNT not in text
    assert "100000000" not in text


@pytest.mark.parametrize(
    ("account", "dials", "name"),
    [
        ("", {}, "运行"),
        (ACCOUNT, {"broker_type": 3}, "账号"),
        (ACCOUNT, {"hollow": True}, "账号"),
        (ACCOUNT, {"empty": True}, "账号"),
    ],
)
def test_what_is_wrong_is_a_fault_in_its_line(
    tmp_path: Path, account: str, dials: dict[str, object], name: str
) -> None:
    assert marked(reported(tmp_path, account, **dials))[name] is Mark.BAD


def test_without_a_callback_there_is_a_doubt(tmp_path: Path) -> None:
    assert marked(reported(tmp_path, simulated_signals=True))["回调"] is Mark.DOUBT


def test_where_no_file_can_be_written_the_panel_shows_it_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "taken"
    taken.write_bytes(b"")
    terminal = probed(TEXT, str(taken / "folder"), ACCOUNT, seconds=300.0)
    assert terminal.escaped == []
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith("QMTPROBE ")]
    assert len(shown) == 1
    report = fullqmt_card.parse(("[2026-11-26] 输出\n" + shown[0] + "\n其他\n").encode())
    assert (report.file, marked(report)["登记簿"]) == (False, Mark.DOUBT)


@python36.needs_python36
def test_it_runs_under_the_real_3_6(tmp_path: Path) -> None:
    command = [python36.found(), "-m", "tests.fullqmt.py36.probed", str(PROBE_TEXT), str(tmp_path), ACCOUNT]
    environment = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}
    told = subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8", env=environment)
    assert told.stdout.splitlines()[-1] == "[] []", told.stdout + told.stderr
    report = fullqmt_card.parse((tmp_path / "probe-report.json").read_bytes())
    assert report.python.startswith("3.6.")
    assert Mark.BAD not in marked(report).values()


def test_the_commands_write_the_probe_and_keep_its_report(tmp_path: Path) -> None:
    config = configured(tmp_path)
    run = CliRunner()
    told = run.invoke(cli, ["fullqmt", "probe", "-c", str(config)])
    assert told.exit_code == exit_codes.OK, told.output
    assert (tmp_path / "data-shadow" / "fullqmt-probe.py").read_bytes() == PROBE_TEXT.read_bytes()
    missing = run.invoke(cli, ["fullqmt", "card", "-c", str(config)])
    assert missing.exit_code == exit_codes.REFUSED
    reported(tmp_path)
    report = str(tmp_path / "probe-report.json")
    kept = run.invoke(cli, ["fullqmt", "card", report, "-c", str(config), "--json"])
    assert kept.exit_code == exit_codes.OK, kept.output
    shown = run.invoke(cli, ["fullqmt", "card", "-c", str(config), "--json"])
    assert shown.output == kept.output
    assert {row["mark"] for row in json.loads(kept.output)} <= {"good", "unseen", "doubt"}
    (tmp_path / "other.json").write_text('{"version": 9, "told": "2026-11-26"}', encoding="ascii")
    for name in ("other.json", "qmt.toml"):
        refused = run.invoke(cli, ["fullqmt", "card", str(tmp_path / name), "-c", str(config)])
        assert refused.exit_code == exit_codes.USAGE, name
    reported(tmp_path, "")
    bad = run.invoke(cli, ["fullqmt", "card", report, "-c", str(config)])
    assert bad.exit_code == exit_codes.REFUSED
    assert "✗ 运行" in bad.output
