"""``qmt acceptance`` as a person types it: the confirmation, the report, the card, the ladder."""

from __future__ import annotations

import datetime as dt
import functools
import io
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from qmt_trading.cli import accepting, exit_codes, words
from qmt_trading.cli.main import app
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.words import Mode
from qmt_trading.run import capabilities, ladder
from qmt_trading.run.acceptance.checks import CHECKS
from qmt_trading.run.acceptance.conduct import new_report
from qmt_trading.run.acceptance.report import FILE, PAGE, SEEN, Result, read, write
from qmt_trading.run.acceptance.visit import Visit
from qmt_trading.run.config import DEFAULT_FOLDERS, load
from qmt_trading.run.config_terminals import QmtTerminal
from qmt_trading.run.find_terminal import find
from qmt_trading.run.locks import folder_lock
from tests.acceptance.hands import QUICK, working
from tests.acceptance.test_panic_command import configured
from tests.terminal.counter import ACCOUNT, Counter, Lies
from tests.unit.run.config_parts import QMT_GOOD, written


@pytest.fixture(autouse=True)
def at_any_hour(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an acceptance be quick, and order at whatever hour the tests run."""
    counter.lies = Lies()
    counter.requests.clear()
    monkeypatch.setattr(accepting, "Visit", functools.partial(Visit, patience=QUICK))
    monkeypatch.setattr(accepting, "_hours", lambda configuration, symbol: lambda: "")


def qmt(*arguments: str, typed: str = "", patch: pytest.MonkeyPatch | None = None) -> int:
    if patch is not None:
        patch.setattr(sys, "stdin", io.StringIO(typed))
    return words.run(app, ["acceptance", *arguments])


def test_what_was_seen_goes_into_report_and_card_and_can_be_gone_on_with(
    counter: Counter,
    terminal: QmtTerminal,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = configured(tmp_path, terminal)
    words_ = ["-a", ACCOUNT, "-c", str(config)]
    assert qmt(*words_, "--only", "4", "--only", "12", typed="1122\n\ns\n", patch=monkeypatch) == exit_codes.OK
    folder = load(config).folder
    (made,) = (folder / "acceptance").iterdir()
    report = read(made)
    assert [(each.number, each.outcome) for each in report.results] == [(4, "seen"), (12, "skipped")]
    assert (made / PAGE).exists()
    assert ACCOUNT not in (made / FILE).read_text(encoding="utf-8")
    card = capabilities.read(folder, "国金")
    assert card is not None
    assert (card.remark_bytes.value, card.frozen_queue.value, card.simulation) == ("22", "", True)
    capsys.readouterr()
    assert qmt("--show", "-c", str(config)) == exit_codes.OK
    told = capsys.readouterr().out
    assert "备注返回字节：22" in told
    assert "冻结后的委托：未见" in told
    # What was seen is not asked for again.
    assert qmt(*words_, "--from", str(made), typed="1122\nq\n", patch=monkeypatch) == exit_codes.OK
    assert "【4】" not in capsys.readouterr().out
    assert working(counter) == []


def test_a_report_of_an_older_client_is_not_gone_on_with_and_not_written_over(
    terminal: QmtTerminal, tmp_path: Path
) -> None:
    config = configured(tmp_path, terminal)
    found, configuration = find(config, ACCOUNT), load(config)
    begun, folder = accepting._report(found, configuration, None)
    write(folder, replace(begun, client="an older one"))
    other, beside = accepting._report(found, configuration, None)
    assert (other.client, beside) == (begun.client, folder.with_name(f"{folder.name}~2"))
    with pytest.raises(ConfigurationError, match="客户端已更新"):
        accepting._report(found, configuration, folder)
    write(folder, replace(begun, account="…9999"))
    with pytest.raises(ConfigurationError, match="不是这个账户的"):
        accepting._report(found, configuration, folder / FILE)


def test_without_the_last_four_digits_nothing_is_started(
    counter: Counter, terminal: QmtTerminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configured(tmp_path, terminal)
    sessions = len(counter.sessions)
    for typed in ("1123\n", ""):
        assert qmt("-a", ACCOUNT, "-c", str(config), typed=typed, patch=monkeypatch) == exit_codes.USAGE
    assert len(counter.sessions) == sessions


def test_a_terminal_that_is_only_watched_is_no_place_for_orders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = written(tmp_path, QMT_GOOD)
    assert qmt("-a", ACCOUNT, "-c", str(config)) == exit_codes.USAGE
    assert 'mode = "live"' in capsys.readouterr().err


def test_an_engine_that_runs_is_to_be_stopped_first(
    terminal: QmtTerminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configured(tmp_path, terminal)
    taken = folder_lock(tmp_path / DEFAULT_FOLDERS[Mode.SHADOW])
    try:
        assert qmt("-a", ACCOUNT, "-c", str(config)) == exit_codes.LOCKED
    finally:
        taken.release()
    assert "qmt stop" in capsys.readouterr().err


def test_the_list_tells_every_check_with_its_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert qmt("--list") == exit_codes.OK
    told = capsys.readouterr().out
    assert all(f"{check.number} {check.name}" in told for check in CHECKS)
    assert qmt("-a", "1", "--only", "15") == exit_codes.USAGE


@pytest.mark.parametrize("missing", [0, 1])
def test_a_complete_report_passes_the_fifth_rung_and_no_other(
    terminal: QmtTerminal, tmp_path: Path, missing: int
) -> None:
    config = configured(tmp_path, terminal)
    report = new_report(terminal="国金", account=ACCOUNT, simulation=True, client="c", now_ns=0)
    for check in CHECKS[missing:]:
        report = report.with_result(
            Result(number=check.number, name=check.name, outcome=SEEN, told="看到", began="", ended="")
        )
    accepting._end(report, tmp_path / "r", load(config))
    steps = [(step.rung, step.outcome) for step in ladder.read(load(config).folder)]
    assert steps == ([] if missing else [(5, ladder.PASSED)])


@pytest.mark.parametrize(("hour", "may"), [(10, True), (12, False), (9, False), (15, False), (22, False)])
def test_orders_are_sent_in_continuous_trading_alone(
    terminal: QmtTerminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hour: int, may: bool
) -> None:
    monkeypatch.undo()
    now_ns = at_time(dt.date(2026, 11, 26), hour * 3_600_000_000_000)
    monkeypatch.setattr(time, "time_ns", lambda: now_ns)
    may_order = accepting._hours(load(configured(tmp_path, terminal)), Symbol("601988.SH"))
    assert (may_order() == "") is may
