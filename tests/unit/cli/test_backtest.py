"""``qmt backtest``: the example of the documents over made-up history, and each mistake by its name."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.conftest import ROOT
from tests.history_files import GOOD, HEAD, needs_polars, written

needs_polars()

from qmt_trading.cli.main import app  # noqa: E402
from qmt_trading.research import conditions, indicators  # noqa: E402
from qmt_trading.research.columns import BEST, FIELDS  # noqa: E402
from qmt_trading.research.dates import Rows  # noqa: E402
from qmt_trading.research.report.texts import percent  # noqa: E402
from qmt_trading.research.strategy import Strategy  # noqa: E402

PATIENCE_S = 120
ORDERS = r"(\d+) 笔，有成交 (\d+) 笔，没有成交 (\d+) 笔，到最后还在场 (\d+) 笔"
EXAMPLE = ROOT / "docs" / "strategies" / "dual_moving_average.py"
BOARD = EXAMPLE.with_name("limit_up_board.py")
ROTATION = EXAMPLE.with_name("etf_rotation.py")
BROKEN = """\
from qmt_trading.research.strategy import Strategy

class Broken(Strategy):
    def on_bar(self, bar):
        raise ValueError("mine")
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history") / "store"
    made = CliRunner().invoke(app, ["data", "synthetic", str(folder), "--end", "2023-06-30", "--minute-days", "0"])
    assert made.exit_code == 0, made.output
    return folder


def backtest(store: Path, into: Path, *words: str) -> tuple[int, str]:
    told = CliRunner().invoke(app, ["backtest", "--data", str(store), "--into", str(into), *words])
    return told.exit_code, told.output + (told.stderr or "")


def test_the_example_runs_and_leaves_a_report_that_the_panel_lists(store: Path, tmp_path: Path) -> None:
    words = (
        str(EXAMPLE),
        "-s",
        "600000.SH,000001.SZ",
        "--set",
        "fast=5",
        "--set",
        "slow=20",
        "--benchmark",
        "600000.SH",
    )
    code, told = backtest(store, tmp_path, *words)
    assert code == 0, told
    folder = tmp_path / "DualMovingAverage"
    assert "2 只" in told
    metrics = json.loads((folder / "report.json").read_text(encoding="utf-8"))["metrics"]
    excess = percent(metrics["relative"]["excess_return"], signed=True)
    assert f"{percent(metrics['relative']['benchmark_return'], signed=True)}，超额 {excess}" in told
    assert "只有" not in told
    assert "上次同名的换掉了" not in told
    assert {"report.html", "report.json", "result.json", "fills.csv"} <= {path.name for path in folder.iterdir()}
    head = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert head["parameters"] == {"fast": 5, "slow": 20, "quantity": 1000}
    code, told = backtest(store, tmp_path, *words, "--json", "--name", "again", "--cash", "1,000,000")
    assert code == 0, told
    assert (tmp_path / "again" / "fills.csv").read_bytes() == (folder / "fills.csv").read_bytes()


def test_the_page_shows_the_example_as_it_is() -> None:
    page = (ROOT / "docs" / "backtest.md").read_text(encoding="utf-8")
    assert EXAMPLE.read_text(encoding="utf-8") in page


def test_the_page_names_all_that_a_strategy_writes_and_calls() -> None:
    page = (ROOT / "docs" / "backtest.md").read_text(encoding="utf-8")
    written = [name for name in vars(Strategy) if not name.startswith("_")]
    inside = {"join", "name"}  # What runs a strategy calls these.
    tools = [
        name
        for module in (indicators, conditions)
        for name, each in vars(module).items()
        if getattr(each, "__module__", "") == module.__name__ and not name.startswith("_")
    ]
    abstract = {"Condition", "Indicator"}
    across = [name for name in vars(Rows) if not name.startswith("_")]
    wanted = [*FIELDS, *BEST, *(set(written) - inside), *(set(tools) - abstract), *across, "present"]
    assert [name for name in wanted if not re.search(rf"`[^`\n]*\b{name}\b[^`\n]*`", page)] == []


@pytest.mark.slow
def test_the_program_of_the_page_on_reports_runs_as_it_stands(store: Path, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "backtest-report.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    shutil.copytree(store, tmp_path / "history")
    shutil.copy(EXAMPLE, tmp_path)
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "mine.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "reports" / "双均线" / "report.html").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nothing.py",), f"没有策略文件 nothing.py（现在的文件夹是 {Path.cwd()}"),
        ((str(EXAMPLE) + ":Other",), "里没有策略 Other（Strategy 的子类）"),
        ((str(EXAMPLE), "--set", "fsat=5"), "DualMovingAverage 没有参数 fsat，是不是 fast？"),
        ((str(EXAMPLE), "-s", "600000"), "是不是 600000.SH？"),
        ((str(EXAMPLE), "--benchmark", "000300"), "代码无法识别：000300"),
        ((str(BOARD), "-s", "002415.SZ", "-f", "1d"), "LimitUpBoard 要用 1m 的数据，给的是 1d：加 -f 1m"),
        ((str(EXAMPLE), "--set", "fats=5"), "no parameter 'fats'; it has: fast, slow, quantity"),
        ((str(EXAMPLE), "--set", "fast=many"), "fast"),
        ((str(EXAMPLE), "--set", "fast"), "名=值"),
        ((str(EXAMPLE), "--cash", "many"), "100万"),
        ((str(EXAMPLE), "--cash", "-1"), "100万"),
        ((str(EXAMPLE), "--at", "high"), "open close vwap"),
        ((str(EXAMPLE), "-s", "600999.SH"), "没有这个代码的历史数据"),
        ((str(EXAMPLE), "--start", "tomorrow"), "--start"),
        ((str(EXAMPLE), "--set", "fast=-1"), "DualMovingAverage.declare fast=-1: Sma('close', -1)：count 要写不小于 1"),
        ((str(ROTATION), "--set", "every=0"), "Schedule(every_days=0, first=20)：every_days 要写不小于 1 的整数"),
        ((str(EXAMPLE), "--start", "2025-01-01"), "1d 是 2023-01-03 到 2023-06-30"),
        ((str(EXAMPLE), "--start", "2025-01-01", "--benchmark", "600000.SH"), "1d 是 2023-01-03 到 2023-06-30"),
        ((str(EXAMPLE), "--start", "2023/5/1", "--end", "2023-04-01"), "--end 2023-04-01 早于 --start 2023-05-01"),
        ((str(EXAMPLE), "-s", "000001.SZ", "-f", "1m"), "000001.SZ：没有分钟线，只有日线（-f 1d）；换 -f"),
        ((str(EXAMPLE), "--name", "../../evil"), "--name 是一个文件夹的名字，不能是 ../../evil"),
        ((str(EXAMPLE), "--name", "nul.txt"), "不能是 nul.txt"),
        ((str(EXAMPLE), "--name", "..\\evil"), "--name 是一个文件夹的名字"),
        ((str(EXAMPLE), "-f", "1m"), "没有分钟线，只有日线（-f 1d）"),
    ],
)
def test_each_mistake_is_told_by_its_name(store: Path, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    code, text = backtest(store, tmp_path / "reports", *words)
    assert code != 0
    assert told in text.replace("\n", "")
    assert "程序出错" not in text
    assert not (tmp_path / "reports").exists()


def test_a_strategy_that_raises_is_told_with_its_own_lines(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text(BROKEN, encoding="utf-8")
    code, text = backtest(store, tmp_path / "reports", str(file), "-s", "600000.SH")
    assert code != 0
    assert "Broken.on_bar at 2023-01-03" in text
    assert "mine" in text
    for text, said in (
        ("a = 1\n1 / 0\n", "broken.py 第 2 行运行出错：ZeroDivisionError"),
        ("import numpyy\n", "broken.py 第 1 行要用 numpyy，没有装：pip install numpyy"),
        ("import os\nclass Mine(\n", "broken.py 第 2 行写错了（'(' was never closed）：class Mine("),
    ):
        file.write_text(text, encoding="utf-8")
        assert said in backtest(store, tmp_path / "reports", str(file))[1].replace("\n", "")


def own(folder: Path, *lines: str) -> str:
    """Write a strategy whose class body is ``lines``; return where."""
    body = "".join(f"    {line}\n" for line in lines)
    head = "from qmt_trading.research.strategy import Strategy\nfrom qmt_trading.research.indicators import Sma\n"
    file = folder / "own.py"
    file.write_text(f"{head}class Own(Strategy):\n{body}", encoding="utf-8")
    return str(file)


NOTHING = "def on_bar(self, bar): pass"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (('wake = "14:50"', NOTHING), "Own.wake 是 '14:50'：要写条件"),
        (('timers = "14:50"', NOTHING), "Own.timers 是 '14:50'：要写成 timers = (\"14:50\",)"),
        (('timers = ("25:00",)', NOTHING), "Own.timers 是 ('25:00',)"),
        (("def on_tick(self, tick): pass",), "没有分笔，只有日线（-f 1d）"),
        (('fields = ("clos",)', NOTHING), "Own.fields 里没有 clos，是不是 close？有：at_ns、open"),
        (('fields = "close"', NOTHING), 'Own.fields 要写成 ("close",)'),
        (('indicators = {"mean": Sma("clos", 3)}', NOTHING), "指标用了 clos，没有这个字段，是不是 close？"),
        (('indicators = {"close": Sma("open", 3)}', NOTHING), "指标不能叫 close"),
        (("def declare(self): self.indicators = {'a': Sma(5)}", NOTHING), "Own.declare: TypeError"),
        (("def on_bar(self, bar): bar.mean",), "没有声明 mean：写进 fields 或 indicators（已声明：open、high"),
        (('fields = ("close",)', "def on_bar(self, bar): self.data['close'][-1]"), "close[-1]：只有 0（现在）到 0"),
    ],
)
def test_what_a_strategy_cannot_declare_or_ask_is_told(
    store: Path, tmp_path: Path, lines: tuple[str, ...], told: str
) -> None:
    code, text = backtest(store, tmp_path / "reports", own(tmp_path, *lines), "-s", "600000.SH")
    assert code == 1
    assert told in text.replace("\n", "")
    assert "程序出错" not in text
    assert "site-packages" not in text


def test_the_lines_that_are_told_end_with_the_strategys_own(store: Path, tmp_path: Path) -> None:
    file = own(tmp_path, "def on_bar(self, bar): self.buy(0)")
    code, text = backtest(store, tmp_path / "reports", file, "-s", "600000.SH")
    assert code == 1
    assert "self.buy(0)" in Path(file).read_text(encoding="utf-8")
    assert f'{file}", line 4, in on_bar' in text.replace("\n", "")
    assert "desk.py" not in text
    assert "strategy.py" not in text


def test_a_symbol_without_history_in_the_span_is_told(tmp_path: Path) -> None:
    lines = [HEAD, *GOOD, GOOD[0].replace("600000", "600036")]
    imported = CliRunner().invoke(
        app, ["data", "import", str(written(tmp_path, *lines)), "--into", str(tmp_path / "s")]
    )
    assert imported.exit_code == 0, imported.output
    file = own(tmp_path, NOTHING)
    code, told = backtest(tmp_path / "s", tmp_path, file, "-s", "600000.SH,600036.SH", "--start", "2025-01-03")
    assert code == 0, told
    assert "没有算在内：1 只（600036.SH）" in told
    assert "没有算在内" not in backtest(tmp_path / "s", tmp_path, file, "-s", "600000.SH,600036.SH")[1]


def test_what_is_wrong_with_the_data_is_said_on_the_screen_and_in_the_report(store: Path, tmp_path: Path) -> None:
    code, told = backtest(store, tmp_path, str(EXAMPLE), "-s", "600000.SH")
    assert code == 0, told
    head = json.loads((tmp_path / "DualMovingAverage" / "report.json").read_text(encoding="utf-8"))
    words = [chinese for chinese, _ in head["warnings"]]
    assert ["编的" in words[0], "除权除息（600000.SH 2023-" in words[1]] == [True, True]
    page = (tmp_path / "DualMovingAverage" / "report.html").read_text(encoding="utf-8")
    assert all(each in page and each in told.replace("\n", "") for each in words)
    code, told = backtest(store, tmp_path, str(EXAMPLE), "-s", "600000.SH", "--actions", str(store / "actions.csv"))
    assert code == 0
    assert "除权除息" not in told


def test_a_run_over_few_days_without_an_order_says_so_on_the_screen(store: Path, tmp_path: Path) -> None:
    words = (str(EXAMPLE), "-s", "600000.SH", "--start", "2023-06-01")
    code, told = backtest(store, tmp_path, *words)
    assert code == 0, told
    assert "个交易日：年化、夏普等说明不了什么" in told
    assert "一笔委托也没有" in told
    assert "0.00%" in told
    assert "-0.00%" not in told
    assert "上次同名的换掉了" in backtest(store, tmp_path, *words)[1].replace("\n", "")


def test_every_order_is_accounted_for_also_one_of_the_last_bar(store: Path, tmp_path: Path) -> None:
    code, told = backtest(store, tmp_path, own(tmp_path, "def on_bar(self, bar): self.buy(100)"), "-s", "600000.SH")
    assert code == 0, told
    found = re.search(ORDERS, told.replace("\n", ""))
    assert found is not None, told
    made, filled, unfilled, standing = map(int, found.groups())
    assert (standing, made) == (1, filled + unfilled + standing)


def test_what_blocked_an_order_is_told_in_words_beside_its_code(store: Path, tmp_path: Path) -> None:
    code, told = backtest(store, tmp_path, str(EXAMPLE), "--cash", "2万")
    assert code == 0
    assert "资金不足（CASH）" in told.replace("\n", "")


def test_a_folder_without_history_is_named_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, told = backtest(Path("history"), tmp_path / "reports", str(EXAMPLE), "-s", "600000.SH")
    assert code != 0
    assert str(tmp_path / "history") in told.replace("\n", "")
    assert "--data" in told
