"""A new folder: answers in either language, a wrong one asked again at once, nothing written that cannot be read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from qmt_trading.cli import exit_codes, init
from qmt_trading.cli.main import app
from qmt_trading.cli.words import run
from qmt_trading.model.words import Mode, Verb
from qmt_trading.run.config import load
from qmt_trading.run.init_template import PIPE_NAME


@pytest.mark.parametrize(
    ("written", "word"),
    [("撤单", "cancel"), ("买入", "buy"), ("卖出", "sell"), ("拒绝", "deny"), (" BUY ", "buy"), ("hold", None)],
)
def test_the_meaning_of_bare_signals_is_taken_in_either_language(written: str, word: str | None) -> None:
    assert init.bare_word(written) == word


@pytest.mark.parametrize(
    ("written", "buys", "sells"),
    [
        ("1手", True, True),
        ("100", True, True),
        ("10%", True, True),
        ("半仓", False, True),
        ("全部", False, True),
        ("0", False, False),
        ("abc", False, False),
        ("5万", False, False),
        ('1"手', False, False),
    ],
)
def test_sizes_are_checked_before_they_are_written(written: str, buys: bool, sells: bool) -> None:
    assert (init.buy_size_word(written) is not None, init.sell_size_word(written) is not None) == (buys, sells)


@pytest.mark.parametrize(("written", "found"), [("1,000", "1000"), ("0", None), ("-1", None), ("一万", None)])
def test_cash_is_a_whole_number_of_yuan(written: str, found: str | None) -> None:
    assert init.cash_word(written) == found


@pytest.mark.parametrize(
    "words",
    [
        "--bare-size abc",
        "--bare hold",
        "--cash much",
        "--bare sell --bare-size 0",
        "--pipe x",
        "--profile 追涨",
        "--size 1手",
        "--accounts a,a",
        "--accounts a;b",
        "--profile 只撤单 --bare buy",
        "--profile 打板 --bare 卖出",
        "--from nowhere.py",
        "--terminal D:\\QMT",
        "--terminal D:\\it's\\userdata_mini",
        "--terminal D:\\QMT\\userdata_mini",
        "--terminal D:\\QMT\\userdata_mini --accounts a --paper",
    ],
)
def test_a_wrong_option_writes_nothing(words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["init", str(tmp_path / "new"), *words.split()]) == exit_codes.USAGE
    assert "✗" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_chinese_answer_is_written_as_the_file_knows_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["init", str(tmp_path / "new"), "--bare", "撤单"]) == 0
    shown = capsys.readouterr().out
    assert "撤单" in shown
    assert shown.count("--config") == 0
    door, *_ = load(tmp_path / "new" / "qmt.toml").engine.doors
    assert door.bare.value == "cancel"


def test_a_wrong_answer_is_asked_for_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["-", "hold", "买入", "a", "2手", "much", "500000", "x", PIPE_NAME])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr("typer.prompt", lambda question, default: next(answers))
    assert run(app, ["init", str(tmp_path / "new")]) == 0
    shown = capsys.readouterr().out
    assert "原版程序收到裸信号是「撤单」" in shown
    assert shown.count("请写") >= 3
    text = (tmp_path / "new" / "qmt.toml").read_text(encoding="utf-8")
    assert 'size = "2手"' in text
    assert "cash = 500000" in text


def test_a_client_is_watched_and_its_doors_only_cancel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--terminal", "D:\\国金QMT\\userdata_mini\\", "--accounts", "11031122,11031123"]
    assert run(app, ["init", str(tmp_path), *words]) == 0
    shown = capsys.readouterr().out
    assert "观察模式，裸信号：撤单" in shown
    assert "qmt shadow diff" in shown
    assert "qmt doctor --live" in shown
    configuration = load(tmp_path / "qmt.toml")
    (terminal,) = configuration.terminals
    assert terminal.qmt is not None
    assert str(terminal.qmt.path).endswith("userdata_mini")
    assert terminal.qmt.sessions == (100, 119)
    assert (configuration.engine.mode, configuration.folder.name) == (Mode.SHADOW, "data-shadow")
    assert not configuration.always_open
    assert [each.account for each in configuration.engine.accounts] == ["11031122", "11031123"]
    assert all(door.allow == (Verb.CANCEL,) for door in configuration.engine.doors[:-1])
    text = (tmp_path / "qmt.toml").read_text(encoding="utf-8")
    assert "path = 'D:\\国金QMT\\userdata_mini'" in text
    assert "cash =" not in text


def test_a_full_client_is_watched_through_the_text_that_is_pasted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(app, ["init", str(tmp_path), "--terminal", "full", "--accounts", "11031122"]) == 0
    shown = capsys.readouterr().out
    assert "观察模式，裸信号：撤单" in shown
    assert "qmt fullqmt probe" in shown
    assert "qmt doctor --fullqmt" in shown
    assert "qmt doctor --live" not in shown
    configuration = load(tmp_path / "qmt.toml")
    (terminal,) = configuration.terminals
    assert terminal.fullqmt is not None
    assert (terminal.name, terminal.fullqmt.address) == ("full", "tcp:127.0.0.1:58651")
    assert (configuration.engine.mode, configuration.always_open) == (Mode.SHADOW, False)


def test_a_person_is_asked_for_the_client_first_and_for_its_accounts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    answers = iter(
        ["D:\\QMT", "D:\\QMT\\userdata_mini", "打板", "", "", *[PIPE_NAME] * (sys.platform == "win32"), "", "a"]
    )

    def prompt(question: str, default: str) -> str:
        asked.append(question.partition("（")[0])
        return next(answers) or default

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr("typer.prompt", prompt)
    assert run(app, ["init", str(tmp_path)]) == 0
    pipe = ["管道名"] * (sys.platform == "win32")
    assert asked == ["客户端路径", "客户端路径", "做法", "每个账户的总资金", "裸信号做什么", *pipe, "账号", "账号"]
    assert [each.account for each in load(tmp_path / "qmt.toml").engine.accounts] == ["a"]


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert run(app, ["init", str(tmp_path / "file" / "new")]) == exit_codes.USAGE
    assert "无法使用" in capsys.readouterr().err
