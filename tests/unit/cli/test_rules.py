"""``qmt rules`` told something wrong, and with a rule file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from qmt_trading.cli import exit_codes
from qmt_trading.cli.main import app
from qmt_trading.cli.words import run
from tests.unit.run.config_parts import KIND, WHERE

CONFIG = f"""
mode = "paper"

[rules]
file = "rules.toml"

[[doors]]
kind = "{KIND}"
{WHERE}

[[terminals]]
name = "paper"
kind = "simulated"

[[terminals.accounts]]
account = "11031122"
"""
RULES = """
[[rows]]
rule = "limit"
symbol = "600000.SH"
percent = 7

[[symbols]]
symbol = "161125.SZ"
fund_class = "cross_border"
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["600000"], exit_codes.USAGE, "600000.SH"),
        (["浦发"], exit_codes.USAGE, "浦发"),
        (["999999.SH"], exit_codes.REFUSED, "不在任何代码段里；SH 的代码段：000、010"),
        (["830799.BJ", "--date", "2026-07-06"], exit_codes.REFUSED, "2021-11-15 至 2025-10-08"),
        (["600000.SH", "--date", "7/6"], exit_codes.USAGE, "--date 写作 2026-07-06"),
        (["600000.SH", "--listed", "today"], exit_codes.USAGE, "--listed 写作 2026-07-06"),
        (["600000.SH", "--reference", "ten"], exit_codes.USAGE, "--reference 应是正的价格"),
        (["600000.SH", "--reference", "-1"], exit_codes.USAGE, "--reference 应是正的价格"),
        (["600000.SH", "--date", "1990-12-18"], exit_codes.REFUSED, "1990-12-19 以前交易所没有开市"),
        (["600000.SH", "-c", "no.toml"], exit_codes.USAGE, "没有配置文件 no.toml"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(
    arguments: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(app, ["rules", *arguments]) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert told in printed.err
    assert "/" in printed.err


def test_the_rows_of_the_configurations_file_are_told_with_what_they_replace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "qmt.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    assert run(app, ["rules", "600000.SH", "--date", "2026-11-24"]) == exit_codes.OK
    printed = capsys.readouterr().out
    assert "涨跌幅        ±7%" in printed
    assert "你的规则：rules.toml 第 2 行〔代码 600000.SH〕；一般为 ±10%" in printed
    assert run(app, ["rules", "161125.SZ", "--date", "2026-11-24", "--json"]) == exit_codes.OK
    (found,) = json.loads(capsys.readouterr().out)
    assert found["traits"] == ["cross_border"]
    (resale,) = [row for row in found["rules"] if row["rule"] == "same_day"]
    assert resale["value"] == {"same_day": True}
    assert resale["otherwise"] == {"chinese": "T+1", "english": "T+1"}


def test_a_name_a_listing_day_and_a_reference_price_are_taken_into_account(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["600001.SH", "--date", "2022-12-22", "--listed", "2022-12-22", "--reference", "7.07", "--json"]
    assert run(app, ["rules", *arguments]) == exit_codes.OK
    (found,) = json.loads(capsys.readouterr().out)
    # 601136 on its listing day: issued at 7.07, opened at 8.48 and rose to 10.18.
    assert found["prices"] == {
        "band_up": "10.18",
        "band_down": "4.52",
        "opening_up": "8.48",
        "opening_down": "5.66",
    }
    assert set(found["traits"]) == {"first_five_days", "listing_day"}
    assert run(app, ["rules", "600001.SH", "--date", "2024-05-06", "--name", "退市海医", "--json"]) == exit_codes.OK
    (found,) = json.loads(capsys.readouterr().out)
    assert found["traits"] == ["delisting"]


def told(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run(app, ["rules", *arguments]) == exit_codes.OK
    return capsys.readouterr().out


def test_on_a_day_without_trading_there_is_no_timetable(capsys: pytest.CaptureFixture[str]) -> None:
    for day, following in (("2026-10-03", "2026-10-08 周四"), ("2026-10-07", "2026-10-08 周四")):
        text = told("600000.SH", "--date", day, capsys=capsys)
        assert f"{day} 休市，不收委托和撤单；下一个交易日 {following}" in text
        assert "9:30" not in text
        (found,) = json.loads(told("600000.SH", "--date", day, "--json", capsys=capsys))
        assert (found["trading_day"], found["orders"], found["phases"]) == (False, True, [])
    text = told("600000.SH", "--date", "2026-10-08", capsys=capsys)
    assert "休市，不收" not in text
    assert "9:30–11:30" in text


@pytest.mark.parametrize(("symbol", "why"), [("000001.SH", "指数不能交易"), ("900901.SH", "B 股以外币交易")])
def test_of_what_is_never_traded_it_says_so_and_nothing_of_orders(
    symbol: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(symbol, "--date", "2026-07-06", capsys=capsys)
    assert f"本系统不下单：{why}" in text
    for word in ("交易单位", "单笔上限", "回转", "印花税", "价格笼子", "委托"):
        assert word not in text
    (found,) = json.loads(told(symbol, "--date", "2026-07-06", "--json", capsys=capsys))
    assert (found["orders"], found["trading_day"]) == (False, True)


def test_a_day_without_a_cage_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    before = told("600000.SH", "--date", "2023-04-07", capsys=capsys)
    assert "价格笼子      无" in before
    assert before.index("涨跌停取整") < before.index("价格笼子") < before.index("回转")
    assert "价格笼子      ±2%" in told("600000.SH", "--date", "2023-04-10", capsys=capsys)
    assert "价格笼子      无" not in told("300750.SZ", "--date", "2020-09-01", capsys=capsys), "orders are parked"


@pytest.mark.parametrize("symbol", ["600000.SH", "300750.SZ", "123153.SZ", "510300.SH", "204001.SH"])
def test_no_line_of_the_timetable_is_wider_than_a_screen(symbol: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(symbol, "--date", "2026-07-06", capsys=capsys).splitlines()
    table = [line for line in lines if "委托 ✓" in line or "委托 ✗" in line]
    assert len(table) > 5
    assert max(map(cell_len, table)) <= 100
