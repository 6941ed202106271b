"""``qmt data`` as a person and a script use it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.history_files import GOOD, HEAD, needs_polars, written
from tests.unit.run.config_parts import GOOD as CONFIGURATION

needs_polars()

from qmt_trading.cli import exit_codes, words
from qmt_trading.cli.main import app

Capture = pytest.CaptureFixture[str]


def qmt(*arguments: object) -> int:
    return words.run(app, ["data", *map(str, arguments)])


def test_import_show_and_check_go_together(tmp_path: Path, capsys: Capture) -> None:
    store = tmp_path / "store"
    assert qmt("import", written(tmp_path, HEAD, *GOOD), "--into", store) == exit_codes.OK
    said = capsys.readouterr().out
    assert "1 只，3 行，新增 3；UTF-8；价格：元（未说明，按元），成交量：股（按列名）" in said
    assert qmt("check", store) == exit_codes.OK
    assert "0 个错误，0 个警告" in capsys.readouterr().out
    assert qmt("show", store) == exit_codes.OK
    said = capsys.readouterr().out
    assert "600000.SH" in said
    assert "███ " in said
    assert "100.0%" in said
    assert qmt("show", store, "600000.SH", "--json") == exit_codes.OK
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["symbol"], row["rows"], row["adjust"]) == ("600000.SH", 3, "none")


def test_a_wrong_file_ends_with_one_and_names_its_row(tmp_path: Path, capsys: Capture) -> None:
    bad = written(tmp_path, HEAD, GOOD[0], GOOD[1].replace("10.30,10.00", "9.00,10.00"))
    assert qmt("check", bad) == exit_codes.REFUSED
    said = capsys.readouterr().out
    assert "✗ HIGH_BELOW_LOW bars.csv 第 3 行 600000.SH 2025-01-03" in said
    assert "1 个错误" in said
    assert qmt("check", bad, "--json") == exit_codes.REFUSED
    found = [(each["code"], each["row"]) for each in json.loads(capsys.readouterr().out)]
    assert found == [("HIGH_BELOW_LOW", 3), ("WORTH", 3)]
    assert qmt("import", written(tmp_path, "a,b", "1,2"), "--into", tmp_path / "s") == exit_codes.REFUSED
    assert "找不到这些列" in capsys.readouterr().out


def test_what_is_imported_and_certainly_wrong_is_told_at_once_and_again_in_a_backtest(
    tmp_path: Path, capsys: Capture
) -> None:
    bad = (
        GOOD[0].replace("10.20,9.90", "9.80,9.90"),
        GOOD[1],
        GOOD[2],
        GOOD[1].replace("2025-01-03", "2025-01-04"),
        GOOD[1].replace("2025-01-03", "2099-01-05"),
    )
    store = tmp_path / "store"
    assert qmt("import", written(tmp_path, HEAD, *bad), "--into", store) == exit_codes.OK
    said = capsys.readouterr().out.replace("\n", "")
    assert "! bars.csv：1 只，5 行" in said
    assert "✓ bars.csv" not in said
    assert all(code in said for code in ("HIGH_BELOW_LOW", "SHUT", "FUTURE"))
    assert "有 3 处一定是错的" in said
    assert qmt("check", store, "--json") == exit_codes.REFUSED
    codes = [each["code"] for each in json.loads(capsys.readouterr().out) if each["severity"] == "error"]
    assert sorted(codes) == ["FUTURE", "HIGH_BELOW_LOW", "SHUT"]
    strategy = tmp_path / "mine.py"
    text = (
        "from qmt_trading.research.strategy import Strategy\nclass Mine(Strategy):\n    def on_bar(self, bar): pass\n"
    )
    strategy.write_text(text, encoding="utf-8")
    command = ["backtest", str(strategy), "-d", str(store), "--into", str(tmp_path / "reports")]
    assert words.run(app, command) == exit_codes.OK
    said = capsys.readouterr().out.replace("\n", "")
    assert "价格自相矛盾（600000.SH 2025-01-02）" in said
    assert "交易所休市，却有行情（2025-01-04）" in said
    assert "还没有到，却有行情（2099-01-05）" in said


def test_made_up_history_of_another_seed_takes_the_place_of_the_first(tmp_path: Path, capsys: Capture) -> None:
    from qmt_trading.feeds.columns import read

    def made(folder: str, *more: object) -> str:
        assert qmt("synthetic", tmp_path / folder, "--end", "2023-12-29", *more) == exit_codes.OK
        return capsys.readouterr().out.replace("\n", "")

    first = made("store", "--seed", 1)
    assert "以前编的" not in first
    again = made("store", "--seed", 1)
    assert "已是最新，数字没有变" in again
    assert first.partition("（种子")[0] == again.partition("（种子")[0]
    assert "以前编的全部换掉了" in made("store", "--seed", 2, "--minute-days", 0)
    made("alone", "--seed", 2, "--minute-days", 0)
    one, other = read(tmp_path / "store"), read(tmp_path / "alone")
    assert {symbol: bars.sha256 for symbol, bars in one.items()} == {
        symbol: bars.sha256 for symbol, bars in other.items()
    }
    assert [each.name for each in (tmp_path / "store").rglob("*.parquet") if each.parent.name == "1m"] == []
    assert qmt("check", tmp_path / "store", "--actions", tmp_path / "store" / "actions.csv") == exit_codes.OK


def test_a_file_that_is_not_there_and_an_empty_date_are_told_as_such(tmp_path: Path, capsys: Capture) -> None:
    lines = (HEAD, GOOD[0], GOOD[1].replace("2025-01-03", ""))
    assert qmt("import", written(tmp_path, *lines), "--into", tmp_path / "s", "--vendor", "tushare") == 1
    said = capsys.readouterr().out
    assert "「日期」无法识别：是空的" in said
    assert not said.startswith("\n")
    assert words.run(app, ["backtest", "--signals", str(tmp_path / "none.txt")]) == exit_codes.USAGE
    assert "没有这个文件（参数 signals）" in capsys.readouterr().err


def test_an_import_passes_over_stores_of_history(tmp_path: Path, capsys: Capture) -> None:
    written(tmp_path, HEAD, *GOOD)
    assert qmt("import", tmp_path, "--into", tmp_path / "store") == exit_codes.OK
    assert qmt("import", tmp_path, "--into", tmp_path / "other") == exit_codes.OK
    said = capsys.readouterr().out
    assert "parquet" not in said
    assert qmt("import", tmp_path / "store", "--into", tmp_path / "third") == exit_codes.REFUSED
    assert "已经导入的数据不算" in capsys.readouterr().err


def test_a_check_without_history_says_how_to_come_by_some(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert qmt("check") == exit_codes.REFUSED
    assert "先 qmt data import 或 qmt data synthetic" in capsys.readouterr().err


def test_warnings_alone_end_with_zero(tmp_path: Path, capsys: Capture) -> None:
    assert qmt("check", written(tmp_path, HEAD, GOOD[0], GOOD[2])) == exit_codes.OK
    assert "! GAP bars.csv 第 3 行 600000.SH 2025-01-06：2025-01-03 没有数据" in capsys.readouterr().out


def test_a_store_that_was_changed_behind_its_back_is_an_error(tmp_path: Path, capsys: Capture) -> None:
    store = tmp_path / "store"
    qmt("import", written(tmp_path, HEAD, *GOOD), "--into", store)
    (store / "1d" / "600000.SH.parquet").write_bytes(b"PAR1")
    assert qmt("check", store) == exit_codes.REFUSED
    assert "CHANGED" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("import", "nowhere.csv"), exit_codes.REFUSED, "没有这个文件"),
        (("import", ".", "--frequency", "5m"), exit_codes.USAGE, "--frequency 应为 1d、1m、tick"),
        (("import", ".", "--map", "开盘=open"), exit_codes.USAGE, "--map 写作 open=开盘"),
        (("check", "nowhere"), exit_codes.REFUSED, "没有这个文件"),
        (("show", "nowhere"), exit_codes.REFUSED, "没有历史数据"),
        (("synthetic", "x", "--end", "2023-01-04"), exit_codes.USAGE, "至少比 --begin"),
        (("download", "600000", "--begin", "20250102"), exit_codes.USAGE, "代码无法识别"),
        (("download", "600000.SH", "--begin", "20250102", "-f", "5m"), exit_codes.USAGE, "--frequency 应为"),
        (("download", "600000.SH", "--begin", "20250102", "--end", "20250101"), exit_codes.USAGE, "早于 --begin"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, arguments: tuple[str, ...], code: int, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert qmt(*arguments) == code
    assert told in capsys.readouterr().err


def test_a_newcomer_begins_with_made_up_history(tmp_path: Path, capsys: Capture) -> None:
    store = tmp_path / "store"
    assert (
        qmt("synthetic", store, "--begin", "2024-01-02", "--end", "2024-02-08", "--minute-days", "2") == exit_codes.OK
    )
    assert "数字是编的" in capsys.readouterr().out
    assert qmt("check", store, "--actions", store / "actions.csv") == exit_codes.OK
    capsys.readouterr()
    assert qmt("show", store) == exit_codes.OK
    said = capsys.readouterr().out
    assert "编的" in said
    assert "分钟线 1m：3 只" in said
    qmt("import", written(tmp_path, HEAD, *GOOD), "--into", tmp_path / "real")
    assert qmt("synthetic", tmp_path / "real") == exit_codes.REFUSED
    assert "里有别的数据" in capsys.readouterr().err


def test_real_figures_are_not_laid_beside_made_up_ones(tmp_path: Path, capsys: Capture) -> None:
    store = tmp_path / "history"
    assert qmt("synthetic", store, "--end", "2023-03-31", "--minute-days", "0") == exit_codes.OK
    before = (store / "manifest.json").read_bytes()
    capsys.readouterr()
    file = written(tmp_path, HEAD, *GOOD, name="synthetic.csv")
    assert qmt("import", file, "--into", store) == exit_codes.REFUSED
    told = "".join(capsys.readouterr()).replace("\n", "")
    assert "编的行情" in told
    assert "--into" in told
    assert (store / "manifest.json").read_bytes() == before
    assert qmt("import", file, "--into", tmp_path / "real") == exit_codes.OK
    assert qmt("import", file, "--into", tmp_path / "real") == exit_codes.OK


def test_without_polars_a_person_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    assert qmt("show") == exit_codes.USAGE
    assert "历史数据需要 polars 和 numpy：pip install" in capsys.readouterr().err


def test_a_person_at_the_keyboard_is_asked_for_the_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    bare = written(tmp_path, HEAD.replace("(股)", "").replace("(元)", ""), *GOOD)
    assert qmt("import", bare, "--into", tmp_path / "s") == exit_codes.REFUSED
    assert "写 --volume-unit" in capsys.readouterr().out
    answers = iter(["斤", "股", "元"])
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return next(answers)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("typer.prompt", answer)
    assert qmt("import", bare, "--into", tmp_path / "s") == exit_codes.OK
    said = capsys.readouterr().out
    assert "像是 股 和 元" in said
    assert "成交量：股（按命令），成交额：元（按命令）" in said
    assert len(asked) == 3


def test_a_download_needs_a_client(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "qmt.toml").write_text(CONFIGURATION, encoding="utf-8")
    arguments = ("download", "600000.SH", "--begin", "20250102", "--end", "20250103", "--config", tmp_path / "qmt.toml")
    assert qmt(*arguments) == exit_codes.USAGE
    assert "配置里没有 QMT 终端" in capsys.readouterr().err
