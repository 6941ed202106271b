"""Help and complaints are in Chinese first, and fit eighty columns."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from qmt_trading.cli import exit_codes
from qmt_trading.cli.main import app
from qmt_trading.cli.words import TRACE, run, unexpected

COMMANDS = [
    *("init", "run", "panel", "demo", "rehearse", "ladder", "acceptance", "doctor", "send"),
    *("status", "accounts", "positions", "orders", "fills", "signals", "timed", "alerts", "timeline"),
    *(
        "morning",
        "report",
        "actions",
        "rules",
        "cancel",
        "halt",
        "panic",
        "resume",
        "resolve",
        "reconcile",
        "stop",
        "backtest",
        "sweep",
    ),
    *("journal", "calendar", "compliance", "risk", "data", "history", "shadow", "fullqmt", "notify", "strategy"),
]


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")


def test_each_command_has_one_line_in_the_overview(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["-h"]) == 0
    lines = capsys.readouterr().out.splitlines()
    begin = next(index for index, line in enumerate(lines) if "命令 commands" in line)
    told = lines[begin + 1 : begin + 1 + len(COMMANDS)]
    assert [line.strip("│ ").split()[0] for line in told] == COMMANDS
    assert all(cell_len(line) <= 80 for line in lines)


@pytest.mark.parametrize(
    "command",
    [
        *COMMANDS,
        "journal verify",
        "journal export",
        "compliance report",
        "risk show",
        "risk set",
        "risk confirm",
        "history download",
        "data import",
        "data check",
        "data show",
        "data synthetic",
        "data download",
    ],
)
def test_no_help_speaks_the_librarys_english(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, [*command.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert "Show this message" not in text
    assert "显示本说明" in text
    assert "Options" not in text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("timeline", "缺少参数 seq"),
        ("timeline x", "参数 seq 的值不对"),
        ("ordrs", "没有这个命令"),
        ("orders --jsn", "没有选项 --jsn"),
        ("status now", "参数太多"),
        ("orders --limit", "用法不对"),
    ],
)
def test_a_wrong_command_line_is_explained(line: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, line.split()) == exit_codes.USAGE
    told = capsys.readouterr().err
    assert expected in told
    assert "-h" in told


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["--version"]) == 0
    assert capsys.readouterr().out.count(".") == 2


def test_a_fault_of_the_program_is_one_line_and_has_its_own_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert unexpected(ValueError("half \ud800")) == exit_codes.FAILED
    told = capsys.readouterr().err
    assert told.startswith("✗ 程序出错：ValueError: half")
    assert told.count("\n") == 1
    monkeypatch.setenv(TRACE, "1")
    unexpected(ValueError("x"))
    assert capsys.readouterr().err.startswith("ValueError: x")
