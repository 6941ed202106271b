"""Tests ``qmt actions``: which ex-days it lists, and what it says of positions."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from rich.console import Console

from qmt_trading.cli import exit_codes, show, words
from qmt_trading.cli.actions import ACTIONS, effects
from qmt_trading.cli.main import app
from qmt_trading.codec.view_json import rows_of
from tests.actions import action
from tests.engine_bench import ACCOUNT, DAY, OTHER, STOCK, Bench
from tests.running import a_configuration, running

TOMORROW = DAY + dt.timedelta(days=1)
FILE = """\
代码,除权除息日,送股,派息,派息日
600000.SH,2020-07-23,,6,2020-07-23
600000.SH,2099-07-03,3,1.74,2099-07-03
000001.SZ,2099-07-06,,2,
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = a_configuration(tmp_path)
    text = path.read_text(encoding="utf-8").replace("cash = 1000000\n", 'positions = { "600000.SH" = 1445 }\n', 1)
    path.write_text(text + '[market]\ncorporate_actions = "actions.csv"\n', encoding="utf-8")
    (tmp_path / "actions.csv").write_bytes(FILE.encode("gb18030"))
    monkeypatch.chdir(tmp_path)
    return path


def listed(capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, object]]:
    assert words.run(app, ["actions", "--json", *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, list)
    return found


def test_what_is_to_come_says_what_each_account_will_hold() -> None:
    bench = Bench()
    positions = rows_of(bench.engine.view(), "positions", 10)
    rows = effects([action(STOCK, TOMORROW, transfer="3", cash="5")], positions, DAY)
    assert [(row["account"], row["quantity"], row["quantity_after"], row["dividend"]) for row in rows] == [
        (ACCOUNT, 2_000, 2_600, "1000.00"),
        (OTHER, 2_000, 2_600, "1000.00"),
    ]
    assert (rows[0]["cost"], rows[0]["cost_after"], rows[0]["state_text"]) == ("0.00", "-1000.00", "未到")


@pytest.mark.parametrize(("days", "state"), [(0, "今日"), (-1, "已过")])
def test_what_a_day_has_opened_with_is_not_computed_again(days: int, state: str) -> None:
    positions = rows_of(Bench().engine.view(), "positions", 10)
    row = effects([action(STOCK, DAY + dt.timedelta(days=days), transfer="3")], positions, DAY)[0]
    assert (row["state_text"], row["quantity"]) == (state, 2_000)
    assert "quantity_after" not in row


def test_what_nobody_holds_is_listed_without_an_account() -> None:
    (row,) = effects([action("000001.SZ", TOMORROW, cash="2")], rows_of(Bench().engine.view(), "positions", 10), DAY)
    assert "account" not in row
    assert (row["text"], row["text_en"]) == ("10派2元", "cash 2 per 10")


@pytest.mark.parametrize("width", [60, 70, 100])
def test_a_narrow_table_leaves_columns_out_and_cuts_no_figure(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    given = action(STOCK, TOMORROW, bonus="1.23456789", transfer="3", cash="5", rights="3", rights_price="8.85")
    rows = effects([given], rows_of(Bench().engine.view(), "positions", 10), DAY)
    show.print_table(show.table_of(rows, ACTIONS, width=width), to=Console(width=width, force_terminal=True))
    text = capsys.readouterr().out
    for whole in (TOMORROW.isoformat(), STOCK, ACCOUNT, OTHER, str(rows[0]["quantity_after"])):
        assert whole in text
    assert "…" not in text
    assert "窄屏未显示" in text


def test_it_lists_what_is_to_come_or_what_is_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def shown(*options: str) -> list[tuple[object, object]]:
        return [(row["symbol"], row["ex_day"]) for row in listed(capsys, *options)]

    old, new, other = ("600000.SH", "2020-07-23"), ("600000.SH", "2099-07-03"), ("000001.SZ", "2099-07-06")
    assert shown() == [new, other]
    assert shown("sh600000") == [old, new]
    assert shown("--date", "2099-07-06") == [other]
    assert shown("600000.SH", "--date", "2099-07-06") == []


def test_beside_a_running_engine_it_knows_the_positions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(folder):
        (row,) = [each for each in listed(capsys) if each["symbol"] == STOCK]
    assert (row["quantity"], row["quantity_after"], row["dividend"]) == (1_445, 1_878, "251.43")
    assert words.run(app, ["actions"]) == 0
    text = capsys.readouterr().out
    assert "引擎未运行，以下来自日志" in text
    assert "10送3派1.74元" in text
    assert "1878" in text


def test_without_a_file_it_says_how_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_configuration(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert words.run(app, ["actions"]) == exit_codes.REFUSED
    assert '[market] corporate_actions = "actions.csv"' in capsys.readouterr().err


def test_a_slip_on_the_command_line_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert words.run(app, ["actions", "600000"]) == exit_codes.USAGE
    assert "600000.SH" in capsys.readouterr().err
    assert words.run(app, ["actions", "--date", "7/3"]) == exit_codes.USAGE
    assert "应写作 2026-07-03" in capsys.readouterr().err


def test_a_mistake_in_the_file_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder.parent / "actions.csv").write_text("代码,除权除息日\n", encoding="utf-8")
    assert words.run(app, ["actions"]) == exit_codes.USAGE
    assert "actions.csv 第 1 行" in capsys.readouterr().err
