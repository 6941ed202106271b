"""``qmt sweep``: the example of the documents over made-up history, going on, and each mistake by its name."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.conftest import ROOT
from tests.history_files import needs_polars

needs_polars()

from qmt_trading.cli.main import app  # noqa: E402
from qmt_trading.cli.sweep_progress import EVERY_S, following  # noqa: E402

EXAMPLE = ROOT / "docs" / "strategies" / "dual_moving_average.py"
BOARD = EXAMPLE.with_name("limit_up_board.py")
PAGE = ROOT / "docs" / "sweeps.md"
COMMAND = re.compile(r"^ *qmt sweep (docs/strategies/\S+\.py -s .+?)(?: {2,}.*)?$", re.MULTILINE)
PATIENCE_S = 120
GRID = ("--set", "fast=5:15:5", "--set", "slow=20,30", "-s", "600000.SH", "--jobs", "2")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history") / "store"
    made = CliRunner().invoke(app, ["data", "synthetic", str(folder), "--end", "2023-06-30", "--minute-days", "0"])
    assert made.exit_code == 0, made.output
    return folder


def refused(store: Path, into: Path, *words: str) -> tuple[int, str]:
    """Run a command that ends before a trial is run."""
    told = CliRunner().invoke(app, ["sweep", "--data", str(store), "--into", str(into), *words])
    return told.exit_code, (told.output + (told.stderr or "")).replace("\n", "")


def swept(store: Path, into: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, as a person does."""
    command = [sys.executable, "-m", "qmt_trading.cli.main", "sweep", "--data", str(store), "--into", str(into), *words]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE_S, env=environment, check=False
    )


@pytest.mark.slow
def test_the_example_of_the_page_runs_and_goes_on_where_it_stopped(store: Path, tmp_path: Path) -> None:
    done = swept(store, tmp_path, str(EXAMPLE), *GRID)
    assert done.returncode == 0, done.stderr
    assert "6 组" in done.stdout
    folder = tmp_path / "DualMovingAverage-sweep"
    names = {path.name for path in folder.iterdir()}
    assert names == {"sweep.html", "sweep.json", "trials.csv", "trials.jsonl"}
    told = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
    assert told["trials"] == 6
    assert "行情是编的" in done.stdout.replace("\n", "")
    assert "行情是编的" in (folder / "sweep.html").read_text(encoding="utf-8")
    best = told["best"]["parameters"]
    assert f"--set fast={best['fast']} --set slow={best['slow']}" in done.stdout
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    again = swept(store, tmp_path, str(EXAMPLE), *GRID)
    assert again.returncode == 1
    assert "--resume" in again.stderr
    lines = (folder / "trials.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "trials.jsonl").write_bytes(b"".join(lines[:4]) + lines[4][:20])
    resumed = swept(store, tmp_path, str(EXAMPLE), *GRID, "--resume", "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert "已有 3 组" in resumed.stderr
    assert "丢掉没写完的最后一行（20 字节）" in resumed.stderr
    assert json.loads(resumed.stdout) == told
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(after.pop("trials.jsonl").splitlines()) == sorted(before.pop("trials.jsonl").splitlines())
    assert after == before
    other = swept(store, tmp_path, str(EXAMPLE), *GRID, "--resume", "--slippage", "2")
    assert other.returncode == 1
    assert "成交模型变了" in other.stderr


@pytest.fixture(scope="module")
def two_years(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history") / "store"
    made = CliRunner().invoke(app, ["data", "synthetic", str(folder), "--minute-days", "0"])
    assert made.exit_code == 0, made.output
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMAND.findall(PAGE.read_text(encoding="utf-8")))
def test_each_command_of_the_page_runs_and_has_a_best_that_trades(
    two_years: Path, tmp_path: Path, command: str
) -> None:
    strategy, *words = command.split()
    done = swept(two_years, tmp_path, str(ROOT / strategy), *words)
    assert done.returncode == 0, done.stderr
    (folder,) = tmp_path.iterdir()
    told = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
    best = told["best"] or told["walk_forward"]["steps"][0]["picked"]
    assert best["figures"]["turnover_annual"] > 0


def test_the_page_has_a_command_of_each_kind() -> None:
    text = " ".join(COMMAND.findall(PAGE.read_text(encoding="utf-8")))
    assert all(word in text for word in ("--set fast=5:30:5", "--random", "--walk-forward"))


def test_a_strategy_is_swept_at_the_frequency_that_it_declares(store: Path, tmp_path: Path) -> None:
    """This store has no minutes, and it is minutes that are missed."""
    board = ROOT / "docs" / "strategies" / "limit_up_board.py"
    code, told = refused(store, tmp_path, str(board), "-s", "002415.SZ", "--set", "eaten=3,5")
    assert code == 1
    assert "没有分钟线，只有日线" in told


def test_the_commands_of_the_page_write_into_folders_of_their_own() -> None:
    commands = COMMAND.findall(PAGE.read_text(encoding="utf-8"))
    names = [found[1] if (found := re.search(r"--name (\S+)", each)) else "" for each in commands]
    assert len(commands) >= 3
    assert len(set(names)) == len(names)


@pytest.mark.slow
def test_the_best_of_a_sweep_is_the_backtest_of_its_parameters(store: Path, tmp_path: Path) -> None:
    done = swept(store, tmp_path, str(EXAMPLE), *GRID, "--random", "4", "--seed", "3", "--metric", "total_return")
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "DualMovingAverage-sweep" / "sweep.json").read_text(encoding="utf-8"))
    assert told["trials"] == 4
    assert "行情是编的" in done.stdout
    best = told["best"]
    given = [word for name, value in best["parameters"].items() for word in ("--set", f"{name}={value}")]
    words = ["backtest", str(EXAMPLE), "-d", str(store), "-s", "600000.SH", "--into", str(tmp_path), *given]
    (shown,) = [line.strip() for line in done.stdout.splitlines() if line.strip().startswith("qmt backtest ")]
    assert shlex.split(shown)[2:8] == [str(EXAMPLE), "-d", str(store), "-s", "600000.SH", "--set"]
    typed = CliRunner().invoke(app, [*shlex.split(shown)[1:], "--into", str(tmp_path), "--name", "typed"])
    assert typed.exit_code == 0, typed.output
    alone = CliRunner().invoke(app, [*words, "--name", "best"])
    fills = [(tmp_path / each / "fills.csv").read_bytes() for each in ("typed", "best")]
    assert fills[0] == fills[1]
    assert alone.exit_code == 0, alone.output
    report = json.loads((tmp_path / "best" / "report.json").read_text(encoding="utf-8"))
    assert best["figures"]["total_return"] == report["metrics"]["performance"]["total_return"]
    assert best["figures"]["sharpe"] == report["metrics"]["performance"]["sharpe"]


@pytest.mark.slow
def test_a_walk_forward_of_the_example_judges_on_days_it_did_not_choose_on(store: Path, tmp_path: Path) -> None:
    done = swept(store, tmp_path, str(EXAMPLE), *GRID, "--walk-forward", "60/20", "--metric", "total_return")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "DualMovingAverage-sweep"
    told = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
    steps = told["walk_forward"]["steps"]
    assert len(steps) == 3
    assert told["trials"] == 18
    for step in steps:
        assert step["train"][1] < step["test"][0]
        assert step["judged"]["parameters"] == step["picked"]["parameters"]
    with (folder / "walk_forward.csv").open(encoding="utf-8-sig", newline="") as file:
        days = [row["day"] for row in csv.DictReader(file)]
    assert days[0] == steps[0]["test"][0]
    assert days[-1] == steps[-1]["test"][1] == told["last"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nothing.py", "--set", "fast=5"), "没有策略文件 nothing.py"),
        ((str(EXAMPLE),), "没有要扫描的参数；DualMovingAverage 有：fast、slow、quantity"),
        ((str(EXAMPLE), "--set", "fats=5:9:1"), "没有参数 fats，是不是 fast？它有"),
        ((str(EXAMPLE), "--set", "fast=many"), "参数 fast 要 int"),
        ((str(EXAMPLE), "--set", "fast=9:5:1"), "参数 fast 的范围是空的"),
        ((str(EXAMPLE), "--set", "fast=5", "--metric", "luck"), "--metric 只有 sharpe"),
        ((str(EXAMPLE), "--set", "fast=5,6", "--random", "3"), "一共只有 2 种组合"),
        ((str(EXAMPLE), "--set", "fast=5,6", "--jobs", "2", "--cluster", "tcp://127.0.0.1:1"), "只写一个"),
        ((str(EXAMPLE), "--set", "fast=5,6", "--walk-forward", "60"), "例如 244/61"),
        ((str(EXAMPLE), "--set", "fast=5,6", "--walk-forward", "60/20", "--adjust", "forward"), "不能用前复权"),
        ((str(EXAMPLE), "--set", "fast=5,6", "--walk-forward", "500/20"), "没有剩下检验的"),
        ((str(EXAMPLE), "--set", "fast=5,6", "-s", "600999.SH"), "没有这个代码的历史数据"),
        ((str(EXAMPLE), "--set", "fast=5,6", "--name", "a/b"), "--name 是一个文件夹的名字"),
        ((str(BOARD), "--set", "eaten=3,5", "-f", "1d"), "LimitUpBoard 要用 1m 的数据，给的是 1d：加 -f 1m"),
        ((str(EXAMPLE), "--set", "fast=5,6", "--cash", "many"), "100万"),
        ((str(EXAMPLE), "--set", "fast=5,6", "--at", "high"), "open close vwap"),
    ],
)
def test_each_mistake_is_told_by_its_name(store: Path, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    code, text = refused(store, tmp_path / "reports", *words)
    assert code != 0
    assert told in text
    assert "程序出错" not in text
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(("package", "words"), [("joblib", ()), ("distributed", ("--cluster", "tcp://127.0.0.1:1"))])
def test_a_package_that_is_missing_is_told_before_anything_is_written(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, words: tuple[str, ...]
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    code, text = refused(store, tmp_path / "reports", str(EXAMPLE), "--set", "fast=5,6", *words)
    assert code != 0
    assert "pip install" in text
    assert not (tmp_path / "reports").exists()


def test_a_folder_that_another_sweep_writes_into_is_left_alone(store: Path, tmp_path: Path) -> None:
    from qmt_trading.run.locks import Lock

    lock = Lock(tmp_path / "busy" / "sweep.lock", "busy")
    try:
        code, text = refused(store, tmp_path, str(EXAMPLE), *GRID, "--name", "busy")
    finally:
        lock.release()
    assert code == 6
    assert "另一个 qmt sweep 正在写" in text
    assert not (tmp_path / "busy" / "trials.jsonl").exists()


@pytest.mark.slow
def test_a_sweep_in_which_nothing_can_be_run_says_why(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    source = EXAMPLE.read_text(encoding="utf-8").replace("self.buy(self.p.quantity)", "raise ValueError('mine')")
    file.write_text(source, encoding="utf-8")
    done = swept(store, tmp_path, str(file), *GRID)
    assert done.returncode == 1
    assert "没有一组算成" in done.stderr
    assert "mine" in done.stderr
    page = (tmp_path / "DualMovingAverage-sweep" / "sweep.html").read_text(encoding="utf-8")
    assert "6 组全都没有算成" in page
    assert "最好一组" not in page


def test_progress_is_a_line_now_and_then_where_no_terminal_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_s = 0.0
    monkeypatch.setattr("qmt_trading.cli.sweep_progress.time.monotonic", lambda: at_s)
    with following() as told:
        told(10, 110)
        at_s = EVERY_S - 1.0
        told(20, 110)
        assert capsys.readouterr().err == ""
        at_s = EVERY_S + 10.0
        told(30, 110)
        assert capsys.readouterr().err == "30/110，还要 1 分 20 秒 / 80 s left\n"
        told(110, 110)
    assert capsys.readouterr().err == ""
