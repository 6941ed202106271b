"""``qmt backtest --signals``: messages of a file over made-up history, and each mistake by its name."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.history_files import needs_polars

needs_polars()

from qmt_trading.cli.main import app  # noqa: E402

TEXT = """\
# 时间、空格、消息
2023-06-29 09:20:00 buy 600000.SH 1000@涨停:a,b
2023-06-29 10:00:00 sell 600000.SH 500:a
2023-06-30 09:20:00 sell 600000.SH 半仓@跌停:a
2023-06-30 09:21:00 buy 600000.SH 1000
2023-06-30 09:22:00 600000.SH:b
"""
CONFIG = """\
mode = "paper"
[signals.bare]
action = "cancel"
[[doors]]
kind = "folder"
path = "in"
[[terminals]]
name = "paper"
kind = "simulated"
[[terminals.accounts]]
account = "11031122"
name = "a"
groups = ["all"]
cash = 5000
[[terminals.accounts]]
account = "11031123"
name = "b"
groups = ["all"]
cash = 2000000
positions = { "600000.SH" = 3000 }
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history") / "store"
    words = ["data", "synthetic", str(folder), "--begin", "2023-06-01", "--end", "2023-06-30", "--minute-days", "3"]
    made = CliRunner().invoke(app, words)
    assert made.exit_code == 0, made.output
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def backtest(store: Path, into: Path, *words: str) -> tuple[int, str]:
    told = CliRunner().invoke(app, ["backtest", "--data", str(store), "--into", str(into), *words])
    return told.exit_code, (told.output + (told.stderr or "")).replace("\n", "")


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def test_a_file_of_signals_becomes_a_report_for_all_and_one_for_each_account(store: Path, file: Path) -> None:
    into = file.parent / "reports"
    code, told = backtest(store, into, "--signals", str(file), "-f", "1m")
    assert code == 0, told
    assert "第 5 行格式错误" in told
    assert sorted(each.name for each in into.iterdir()) == ["mine", "mine-a", "mine-b"]
    lines = rows(into / "mine" / "signals.csv")
    assert [(line["line"], line["account"], line["outcome"] or line["status"], line["reason"]) for line in lines] == [
        ("2", "a", "filled", ""),
        ("2", "b", "filled", ""),
        ("3", "a", "denied", "SELLABLE_EXCEEDED"),
        ("4", "a", "filled", ""),
        ("5", "", "malformed", ""),
        ("6", "b", "denied", "BARE_UNSET"),
    ]
    page = (into / "mine" / "report.html").read_text(encoding="utf-8")
    assert "信号回放" in page
    assert "行情是编的" in told
    assert "行情是编的" in page
    assert "另有 1000 次日可卖" in page
    head = json.loads((into / "mine" / "report.json").read_text(encoding="utf-8"))
    assert (head["mode"], head["gate"], head["initial_cash"]) == ("signals", "legal", "2000000.00")
    own = [json.loads((into / f"mine-{each}" / "report.json").read_text(encoding="utf-8")) for each in "ab"]
    assert sum(float(each["final_equity"]) for each in own) == pytest.approx(float(head["final_equity"]))
    assert {line["account"] for line in rows(into / "mine-a" / "signals.csv")} == {"", "a"}


def test_a_configuration_gives_accounts_groups_holdings_and_limits(store: Path, file: Path) -> None:
    (file.parent / "qmt.toml").write_text(CONFIG, encoding="utf-8")
    file.write_text("2023-06-30 09:20:00 buy 600000.SH 1000@涨停:@all\n", encoding="utf-8")
    into = file.parent / "reports"
    code, told = backtest(store, into, "--signals", str(file), "-f", "1m", "--config", str(file.parent))
    assert code == 0, told
    lines = rows(into / "mine" / "signals.csv")
    assert [(line["account"], line["outcome"], line["reason"]) for line in lines] == [
        ("11031122", "denied", "CASH_EXCEEDED"),
        ("11031123", "filled", ""),
    ]
    assert json.loads((into / "mine" / "report.json").read_text(encoding="utf-8"))["gate"] == "full"
    result = json.loads((into / "mine-11031123" / "report.json").read_text(encoding="utf-8"))
    assert float(result["initial_equity"]) > float(result["initial_cash"])


def test_an_ex_day_that_nothing_accounts_for_is_told(tmp_path: Path) -> None:
    head = "代码,日期,开盘,最高,最低,收盘,成交量(股),成交额(元),昨收"
    days = [
        f"600000.SH,2025-01-0{day},{price},{price},{price},{price},100000,{price * 100000},{before}"
        for day, price, before in ((2, 20, 20), (3, 20, 20), (6, 10, 10), (7, 10, 10))
    ]
    (tmp_path / "bars.csv").write_text("\n".join([head, *days]), encoding="utf-8")
    made = CliRunner().invoke(app, ["data", "import", str(tmp_path / "bars.csv"), "--into", str(tmp_path / "store")])
    assert made.exit_code == 0, made.output
    file = tmp_path / "mine.txt"
    file.write_text("2025-01-03 09:20:00 buy 600000.SH 1000@20.00:a\n", encoding="utf-8")
    code, told = backtest(tmp_path / "store", tmp_path / "reports", "--signals", str(file))
    assert code == 0, told
    assert "600000.SH 2025-01-06" in told
    assert "--actions" in told


def test_without_a_frequency_the_daily_bars_are_meant(store: Path, file: Path) -> None:
    into = file.parent / "reports"
    code, told = backtest(store, into, "--signals", str(file))
    assert code == 0, told
    head = json.loads((into / "mine" / "report.json").read_text(encoding="utf-8"))
    assert head["data"]["frequency"] == "1d"


def test_bare_messages_do_what_is_said(store: Path, file: Path) -> None:
    file.write_text("2023-06-30 09:20:00 600000.SH:a\n", encoding="utf-8")
    into = file.parent / "reports"
    code, told = backtest(store, into, "--signals", str(file), "-f", "1m", "--bare", "买入", "--size", "2手")
    assert code == 0, told
    (line,) = rows(into / "mine" / "signals.csv")
    assert (line["side"], line["quantity"]) == ("buy", "200")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--set", "fast=5"), "--set：信号没有参数"),
        (("--adjust", "forward"), "--adjust：信号里写的是真价，行情不能复权"),
        (("--at", "vwap"), "只有 --at open"),
        (("--name", "../x"), "--name 是一个文件夹的名字"),
        (("--dividend-tax", "none"), "--dividend-tax：信号回测不算红利税"),
        (("-s", "600000.SH"), "--symbols：回放全部信号"),
        (("--bare", "hold"), "--bare 只有"),
        (("--bare", "buy"), "--size 1手"),
        (("--bare", "buy", "--size", "many"), "--size many"),
        (("--door", "x"), "--door 要和 --config"),
        (("strategy.py",), "写一个"),
        (("--config", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_each_mistake_is_told_by_its_name(store: Path, file: Path, words: tuple[str, ...], told: str) -> None:
    code, text = backtest(store, file.parent / "reports", "--signals", str(file), "-f", "1m", *words)
    assert code != 0
    assert told in text
    assert "程序出错" not in text
    assert not (file.parent / "reports").exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("buy 600000.SH 100:a", "第 1 行"),
        ("2023-06-30 09:20:00 buy 600000.SH 100:*", "--accounts"),
        ("2023-06-30 09:20:00 nothing", "没有写账户"),
        ("2023-06-30 09:20:00 buy 600999.SH 100:a", "没有这个代码的历史数据"),
    ],
)
def test_what_cannot_be_replayed_is_told(store: Path, file: Path, line: str, told: str) -> None:
    file.write_text(line + "\n", encoding="utf-8")
    code, text = backtest(store, file.parent / "reports", "--signals", str(file), "-f", "1m")
    assert code != 0
    assert told in text
    assert "程序出错" not in text


def test_signals_that_all_lie_outside_of_history_leave_no_report(store: Path, file: Path) -> None:
    file.write_text(
        "2023-05-30 09:20:00 buy 600000.SH 100:a\n2023-07-03 10:00:00 sell 600000.SH 100:a\n", encoding="utf-8"
    )
    code, text = backtest(store, file.parent / "reports", "--signals", str(file))
    assert code == 1
    assert "2 条信号（2023-05-30 到 2023-07-03）都不在行情的日子里（2023-06-01 到 2023-06-30）" in text
    assert not (file.parent / "reports").exists()


def test_a_signal_of_a_saturday_is_told_to_have_come_on_a_closed_day(store: Path, file: Path) -> None:
    waiting = "2023-06-03 10:13:00 buy 600000.SH 100:a at=09:30:00"
    file.write_text(f"2023-06-03 10:12:00 buy 600000.SH 100:a\n{waiting}\n", encoding="utf-8")
    into = file.parent / "reports"
    code, text = backtest(store, into, "--signals", str(file))
    assert code == 0, text
    first, *later = rows(into / "mine" / "signals.csv")
    assert (first["outcome"], first["reason"]) == ("denied", "OUT_OF_SESSION")
    assert first["text"].startswith("2023-06-03 休市：请在交易日")
    assert "09:30" in later[0]["text"] or later[0]["outcome"] == "filled"


def test_history_that_is_made_up_is_said_on_the_screen_and_in_the_report(store: Path, file: Path) -> None:
    into = file.parent / "reports"
    code, text = backtest(store, into, "--signals", str(file))
    assert code == 0, text
    head = json.loads((into / "mine" / "report.json").read_text(encoding="utf-8"))
    told = head["warnings"][0][0]
    assert told.startswith("行情是编的")
    assert told in text
    assert told in (into / "mine" / "report.html").read_text(encoding="utf-8")


def test_without_a_strategy_and_without_signals_it_says_what_is_missing(store: Path, tmp_path: Path) -> None:
    code, text = backtest(store, tmp_path)
    assert code != 0
    assert "--signals" in text
    code, text = backtest(store, tmp_path, "x.py", "--bare", "buy")
    assert code != 0
    assert "--bare：只和 --signals 一起写" in text


def test_a_journal_is_replayed_from_its_folder(store: Path, tmp_path: Path) -> None:
    code, text = backtest(store, tmp_path / "reports", "--journal", str(tmp_path))
    assert code != 0
    assert "没有日志" in text
    assert "程序出错" not in text
    code, text = backtest(store, tmp_path / "reports", "--journal", str(tmp_path), "--bare", "buy")
    assert code != 0
    assert "--bare：日志里都有" in text


def test_a_line_may_name_a_plan(store: Path, file: Path) -> None:
    plan = '{"sell": [], "buy": [{"name": "浦发银行", "amount": 50000, "code": "600000.SH"}]}'
    (file.parent / "plan.json").write_text(plan, encoding="utf-8")
    file.write_text("2023-06-30 09:20:00 file=plan.json\n", encoding="utf-8")
    into = file.parent / "reports"
    code, told = backtest(store, into, "--signals", str(file), "-f", "1m", "--accounts", "a，b")
    assert code == 0, told
    assert [(line["account"], line["side"]) for line in rows(into / "mine" / "signals.csv")] == [
        ("a", "buy"),
        ("b", "buy"),
    ]
