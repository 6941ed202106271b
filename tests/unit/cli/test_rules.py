"""``qmt rules`` told something wrong, and with a rule file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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
