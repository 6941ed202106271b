"""``qmt panic`` as a person types it: with a configuration, with a broken one, with none, and beside an engine."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from qmt_trading.cli import exit_codes, words
from qmt_trading.cli.main import app
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.words import Mode
from qmt_trading.run.config import DEFAULT_FOLDERS
from qmt_trading.run.config_terminals import QmtTerminal
from qmt_trading.run.find_terminal import find
from qmt_trading.run.locks import account_lock, folder_lock
from tests.terminal.counter import ACCOUNT, Counter, Lies
from tests.unit.run.config_parts import GOOD, QMT_GOOD, written


@pytest.fixture(autouse=True)
def honest(counter: Counter) -> None:
    """Begin each test at an honest counter with an empty day."""
    counter.lies = Lies()
    for seen in (counter.orders, counter.fills, counter.requests, counter.sessions):
        seen.clear()


FOLDER = DEFAULT_FOLDERS[Mode.SHADOW]


def configured(folder: Path, terminal: QmtTerminal, more: str = "") -> Path:
    """Write a configuration whose one client is the stand-in terminal."""
    lines = f"path = '{terminal.path}'\nxtquant = '{terminal.xtquant}'\nsimulation = true\n"
    text = QMT_GOOD.replace("path = 'D:\\国金QMT\\userdata_mini'\n", lines)
    return written(folder, more + text)


def qmt(*arguments: str) -> int:
    return words.run(app, [*arguments])


def test_yes_cancels_everything_prints_each_order_and_keeps_the_conversation(
    counter: Counter, terminal: QmtTerminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counter.place_elsewhere(phone=True)
    counter.place_elsewhere(phone=False)
    config = configured(tmp_path, terminal)
    assert qmt("panic", "--account", ACCOUNT, "--config", str(config), "--yes") == exit_codes.OK
    told = capsys.readouterr().out
    assert told.count("✓ 已撤 000001.SZ") == 2
    assert "没有还活着的委托" in told
    (kept,) = (tmp_path / FOLDER / "panic").glob("*.jsonl")
    lines = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    assert [line["t"] for line in lines if line["by"] == "us" and line["t"] != "list"][:3] == [
        "welcome",
        "arm",
        "cancel",
    ]


def test_it_asks_once_shows_the_orders_and_a_no_sends_nothing(
    counter: Counter,
    terminal: QmtTerminal,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counter.place_elsewhere(phone=True)
    config = configured(tmp_path, terminal)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert qmt("panic", "-a", ACCOUNT, "-c", str(config)) == exit_codes.REFUSED
    told = capsys.readouterr().out
    assert "000001.SZ" in told
    assert "手机或别处" in told
    assert counter.asked("cancelOrderStock") == []


def test_without_a_readable_configuration_the_folder_and_the_number_are_enough(
    counter: Counter, terminal: QmtTerminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.place_elsewhere(phone=False)
    monkeypatch.chdir(tmp_path)
    words_ = ["--terminal", str(terminal.path), "--xtquant", terminal.xtquant, "--yes", "--json"]
    assert qmt("panic", "-a", ACCOUNT, *words_) == exit_codes.OK
    assert len(counter.asked("cancelOrderStock")) == 1
    assert all(session >= 120 for session in counter.sessions), "not a number that the engine's host may use"


def test_beside_an_engine_it_points_to_cancel_and_halt_unless_told_otherwise(
    counter: Counter, terminal: QmtTerminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configured(tmp_path, terminal)
    for taken in (folder_lock(tmp_path / FOLDER), account_lock(find(config, ACCOUNT).lock_scope, ACCOUNT)):
        try:
            assert qmt("panic", "-a", ACCOUNT, "-c", str(config), "--yes") == exit_codes.LOCKED
            assert "--beside" in capsys.readouterr().err
            assert counter.sessions == []
        finally:
            taken.release()
    taken = folder_lock(tmp_path / FOLDER)
    try:
        assert qmt("panic", "-a", ACCOUNT, "-c", str(config), "--yes", "--beside") == exit_codes.OK
    finally:
        taken.release()


def test_a_file_that_is_no_configuration_still_tells_the_terminal(terminal: QmtTerminal, tmp_path: Path) -> None:
    config = configured(tmp_path, terminal, more="nonsense = 1\n")
    found = find(config, ACCOUNT)
    assert found.configuration is None
    assert "nonsense" in found.trouble
    assert (found.terminal.path, found.terminal.xtquant) == (terminal.path, terminal.xtquant)
    assert found.folder == (tmp_path / FOLDER).resolve()


def test_what_cannot_be_found_says_what_to_write(terminal: QmtTerminal, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--terminal"):
        find(tmp_path / "qmt.toml", ACCOUNT)
    config = configured(tmp_path, terminal)
    with pytest.raises(ConfigurationError, match=f"没有账户 1234；有：{ACCOUNT}"):
        find(config, "1234")
    written(tmp_path, GOOD)
    with pytest.raises(ConfigurationError, match="qmt cancel"):
        find(config, "一号")
