"""``qmt panic`` with the genuine native modules, where no terminal runs: it says so, and claims nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmt_trading.cli import exit_codes, panicking, words
from qmt_trading.cli.main import app
from qmt_trading.run import panic
from qmt_trading.run.acceptance.native_timeout import _Probe
from qmt_trading.run.config_terminals import QmtTerminal

ACCOUNT = "11031122"


@pytest.fixture
def terminal(tmp_path: Path) -> Path:
    """Make a folder that looks like a terminal's; nothing runs behind it."""
    folder = tmp_path / "QMT" / "userdata_mini"
    folder.mkdir(parents=True)
    (folder / "up_queue_xtquant").write_bytes(b"")
    return folder


def test_a_client_that_does_not_run_is_told_of_and_nothing_is_claimed(
    terminal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(panicking, "PACE", panic.Pace(ready=12.0, listing=5.0, effort=5.0))
    monkeypatch.chdir(tmp_path)
    code = words.run(app, ["panic", "--account", ACCOUNT, "--terminal", str(terminal), "--yes"])
    told = capsys.readouterr().out
    assert code == exit_codes.REFUSED
    assert "连不上 QMT" in told
    assert "不能说已全部撤掉" in told
    assert list((tmp_path / "panic").glob("*.jsonl"))


def test_the_probe_says_that_it_cannot_connect(terminal: Path) -> None:
    qmt = QmtTerminal(path=terminal, python="", xtquant="", sessions=(100, 119), simulation=False)
    with _Probe(qmt, ACCOUNT, 120, 5.0) as probe:
        told = probe.next(60.0)
    assert told["t"] == "refused", told
    assert "connect" in str(told["text"])
