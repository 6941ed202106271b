"""``qmt shadow``: what it prints, its exit code, and the days that it puts on the ladder."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from qmt_trading.cli.main import app
from qmt_trading.cli.shadow import window_of
from qmt_trading.cli.words import run
from qmt_trading.journal.sqlite import SqliteJournal
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import OrderStatus
from qmt_trading.ports import Closing
from qmt_trading.run import ladder
from qmt_trading.run.config import load
from qmt_trading.run.reading import journal_path
from tests.engine_bench import DAY
from tests.shadow_days import ShadowBench, a_good_day, end
from tests.unit.run.config_parts import GOOD, QMT_GOOD, written


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration of shadow mode."""
    return written(tmp_path, QMT_GOOD)


def keep(config: Path, bench: ShadowBench) -> None:
    """Put the journal of ``bench`` where the configuration has it."""
    folder = load(config).folder
    folder.mkdir(exist_ok=True)
    for old in folder.glob("journal.sqlite*"):
        old.unlink()
    journal = SqliteJournal(journal_path(folder))
    for turn in bench.bench.journal.turns():
        journal.append(turn, closing=Closing((), "") if b'["day","' in turn.payload else None)
    journal.close()


def qmt(config: Path, *words: str) -> int:
    return run(app, [*words, "--config", str(config)])


def test_a_day_without_a_difference_ends_with_0_and_counts(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(config, end(a_good_day(ShadowBench())))
    assert qmt(config, "shadow", "diff") == 0
    said = capsys.readouterr().out
    assert "差异 0" in said
    assert said.count("对上") >= 4
    assert "已记入阶梯第 4 级：1/2 天（2026-11-24）" in said
    assert qmt(config, "shadow", "diff") == 0
    assert qmt(config, "ladder") == 0
    assert "观察模式两天 qmt shadow diff" in (said := capsys.readouterr().out)
    assert "（1/2 天：2026-11-24）" in said


def test_two_days_pass_the_rung(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench = end(a_good_day(ShadowBench()))
    later = ShadowBench(DAY + dt.timedelta(1), bench=bench.bench)
    end(a_good_day(later.jump("9:00:00")))
    keep(config, later)
    assert qmt(config, "shadow", "diff", "--date", DAY.isoformat()) == 0
    assert qmt(config, "shadow", "diff") == 0
    assert "✓ 通过阶梯第 4 级：2/2 天（2026-11-24、2026-11-25）" in capsys.readouterr().out
    (step,) = ladder.read(load(config).folder)
    assert (step.rung, step.outcome) == (4, ladder.PASSED)


def test_a_difference_ends_with_1_and_says_which(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench = a_good_day(ShadowBench())
    bench.jump("10:07:00").other("74")
    keep(config, end(bench))
    assert qmt(config, "shadow", "diff") == 1
    said = capsys.readouterr().out
    assert "差异 1" in said
    assert "只有对方 1" in said
    assert not (load(config).folder / ladder.FILE).exists()
    assert qmt(config, "shadow", "diff", "--only", "cancel") == 0
    assert "只比撤单" in capsys.readouterr().out


def test_the_window_decides_what_is_the_same(config: Path) -> None:
    bench = a_good_day(ShadowBench())
    bench.jump("10:06:50").other("73", OrderStatus.FILLED)
    keep(config, bench)
    assert qmt(config, "shadow", "diff", "--window", "1s") == 0
    assert [window_of(text) // SECOND_NS for text in ("1", "30s", "2m", "5秒", "1分钟")] == [1, 30, 120, 5, 60]
    for wrong in ("0s", "x", "1h", ""):
        assert qmt(config, "shadow", "diff", "--window", wrong) == 2


def test_rows_as_json(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(config, end(a_good_day(ShadowBench())))
    assert qmt(config, "shadow", "diff", "--json") == 0
    summary, *rows = json.loads(capsys.readouterr().out)
    assert (summary["differences"], summary["matched"], summary["day"], summary["closed"]) == (0, 4, "2026-11-24", True)
    assert [row["outcome"] for row in rows] == ["matched"] * 4
    assert (rows[3]["what"], rows[3]["ours_quantity"], rows[3]["theirs_price"]) == ("order", 500, "10.50")
    assert qmt(config, "shadow", "show", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["what"] for row in told] == ["cancel"] * 3 + ["order"]


def test_what_would_have_been_done_stands_line_by_line(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(config, a_good_day(ShadowBench()))
    assert qmt(config, "shadow", "show") == 0
    said = capsys.readouterr().out
    assert "没有发出任何委托和撤单" in said
    assert "11031122 600000.SH 本应撤单，委托 70（500 股 @ 10.50，信号 1）" in said
    assert "11031122 600000.SH 本应买入 500 股 @ 10.50（信号 2）" in said


def test_no_day_no_journal_and_another_mode(config: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert qmt(config, "shadow", "diff") == 5
    assert "先 qmt run" in capsys.readouterr().err
    keep(config, a_good_day(ShadowBench()))
    assert qmt(config, "shadow", "diff", "--date", "2020-01-02") == 1
    assert "最近的：2026-11-24" in capsys.readouterr().err
    other = tmp_path / "other.toml"
    other.write_text(GOOD, encoding="utf-8")  # On paper now: the shadow journal beside it is still the one meant.
    assert qmt(other, "shadow", "show") == 0


def test_the_ladder_goes_through_the_folders_of_all_modes(tmp_path: Path) -> None:
    now = dt.datetime(2026, 11, 26, 9, 0, tzinfo=dt.UTC)

    def take(folder: str, rung: int) -> None:
        ladder.record(tmp_path / folder, rung, outcome=ladder.PASSED, who="me", why="seen", config="a", now=now)

    take("data", 1)
    take("data-shadow", 3)
    assert [step.rung for step in ladder.read(tmp_path / "data-live")] == [1, 3]
    assert [step.rung for step in ladder.read(tmp_path / "data")] == [1, 3]
    assert ladder.read(tmp_path / "elsewhere") == []
    (tmp_path / "data-shadow" / ladder.FILE).write_text("{", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="阶梯"):
        ladder.days(tmp_path / "data", 4)
