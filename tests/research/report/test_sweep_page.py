"""The report of a sweep: the map of parameters, the warning of luck, both languages, and tables that agree with it."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from qmt_trading.research.report.sweep_charts import BINS, Scale, cells, heat_map
from qmt_trading.research.report.sweep_page import Swept, warnings_of
from qmt_trading.research.report.sweep_report import write
from qmt_trading.research.sweep_figures import FIGURES, Figures
from qmt_trading.research.sweep_ranking import luck_of, ranked
from qmt_trading.research.sweep_space import Axis, Space
from qmt_trading.research.sweep_store import Head
from qmt_trading.research.sweep_trial import Outcome
from qmt_trading.research.sweep_windows import Window
from qmt_trading.research.walk_forward import Split, Step, WalkForward
from tests.research.report.test_report import Page

FAST, SLOW = Axis(name="fast", values=(5, 10, 15)), Axis(name="slow", values=(20, 60))
ENGLISH = re.compile(r'<span lang="en">(.*?)</span>', re.DOTALL)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def figures(sharpe: float | None) -> Figures:
    return {**dict.fromkeys(FIGURES, None), "sharpe": sharpe, "total_return": 0.1, "trips": 12.0, "days": 100.0}


def trial(number: int, sharpe: float | None, **parameters: Any) -> Outcome:
    return Outcome(number=number, parameters=parameters, status="ok", figures=figures(sharpe))


TRIALS = [
    trial(0, 0.5, fast=5, slow=20),
    trial(1, 0.75, fast=5, slow=60),
    trial(2, 1.25, fast=10, slow=20),
    trial(3, None, fast=10, slow=60),
    trial(4, -0.5, fast=15, slow=20),
    Outcome(number=5, parameters={"fast": 15, "slow": 60}, status="failed", reason="不行 <b> / it does not </b>"),
]


def swept(trials: list[Outcome], *axes: Axis) -> Swept:
    order = ranked(trials, "sharpe")
    return Swept(
        head=Head(
            program="0.1.0",
            strategy="<Cross>",
            source_sha256="a" * 64,
            data_sha256="b" * 64,
            cash=10_000_000_000,
            costs="佣金 / commission 0.025%",
            fill_model="下一根 K 线开盘价 / the next bar's open",
            gate="legal",
            conventions="{}",
            space=tuple(axis.name for axis in axes),
            trials=len(trials),
            trials_sha256="c" * 64,
        ),
        space=Space(axes=axes),
        metric="sharpe",
        ranked=tuple(order),
        luck=luck_of(order, order[0]),
        walk=None,
        symbols=("600000.SH",),
        frequency="1d",
        adjusted="none",
        source="history",
        first=dt.date(2024, 1, 2),
        last=dt.date(2024, 12, 31),
        days=242,
    )


def walk_of() -> Swept:
    first = Window(first=dt.date(2024, 1, 2), last=dt.date(2024, 1, 4), live=dt.date(2024, 1, 2))
    test = Window(first=dt.date(2024, 1, 2), last=dt.date(2024, 1, 8), live=dt.date(2024, 1, 5))
    judged = trial(6, -1.5, fast=5, slow=20)
    step = Step(split=Split(train=first, test=test), tried=6, picked=TRIALS[0], judged=judged)
    later = Split(
        train=Window(first=dt.date(2024, 1, 5), last=dt.date(2024, 1, 8), live=dt.date(2024, 1, 5)),
        test=Window(first=dt.date(2024, 1, 5), last=dt.date(2024, 1, 9), live=dt.date(2024, 1, 9)),
    )
    none = Step(split=later, tried=6, picked=None, judged=None)
    walk = WalkForward(
        steps=(step, none),
        days=("2024-01-05", "2024-01-08", "2024-01-09"),
        curve=(1.01, 0.99, 0.99),
        figures={"total_return": -0.01, "annual_return": -0.2, "sharpe": -1.0, "max_drawdown": -0.02, "days": 3.0},
    )
    found = swept(TRIALS, FAST, SLOW)
    head = replace(found.head, walk_forward="3/2", trials=12)
    return replace(found, walk=walk, luck=None, head=head, ranked=tuple(TRIALS) * 2)


def test_each_cell_of_the_map_is_its_trial_and_the_best_is_framed() -> None:
    drawn = heat_map(TRIALS, "sharpe", FAST, SLOW, TRIALS[2])
    rows = re.findall(r"<tr>(.*?)</tr>", drawn)[1:]
    shown = [re.findall(r'<td class="(.*?)"(?: style="--d:(.*?)")? title="(.*?)">(.*?)</td>', row) for row in rows]
    assert [[each[3] for each in row] for row in shown] == [["0.50", "0.75"], ["1.25", ""], ["−0.50", ""]]
    assert [[each[0] for each in row] for row in shown] == [
        ["cell", "cell"],
        ["cell best", "cell empty"],
        ["cell", "cell empty"],
    ]
    depths = {each[3]: float(each[1]) for row in shown for each in row if each[1]}
    assert depths["−0.50"] < depths["0.50"] < depths["0.75"] < depths["1.25"]
    assert shown[0][1][2] == "fast 5, slow 60: 0.75"


def test_less_of_what_is_bad_is_deeper() -> None:
    trials = [
        Outcome(number=place, parameters={"fast": fast, "slow": 20}, status="ok", figures={"volatility": value})
        for place, (fast, value) in enumerate(((5, 0.1), (10, 0.3), (15, 0.2)))
    ]
    drawn = heat_map(trials, "volatility", FAST, SLOW, None)
    depths = [float(each) for each in re.findall(r"--d:([\d.]+)", drawn)]
    assert depths[0] > depths[2] > depths[1]


def test_a_cell_over_other_parameters_is_their_median() -> None:
    trials = [trial(place, value, fast=5, slow=20, other=place) for place, value in enumerate((1.0, 9.0, 2.0))]
    assert cells(trials, "sharpe", Scale(FAST), Scale(SLOW)) == [[2.0, None], [None, None], [None, None]]


def test_many_values_and_open_ranges_are_gathered_into_pieces() -> None:
    many = Scale(Axis(name="many", values=tuple(range(1, 61))))
    assert len(many.words) == BINS
    assert (many.words[0], many.words[-1]) == ("1–5", "56–60")
    assert [many.place(value) for value in (1, 5, 6, 60)] == [0, 0, 1, BINS - 1]
    wide = Scale(Axis(name="wide", low=0.0, high=1.2))
    assert (wide.words[0], wide.words[-1]) == ("0–0.1", "1.1–1.2")
    assert [wide.place(value) for value in (0.0, 0.05, 0.1, 1.19)] == [0, 0, 1, BINS - 1]
    words = Scale(Axis(name="words", values=("long", "short", True)))
    assert words.words == ["long", "short", "True"]


@pytest.mark.parametrize("made", [swept(TRIALS, FAST, SLOW), swept(TRIALS, FAST), walk_of()])
def test_a_page_is_whole_safe_and_asks_nothing_of_the_outside(made: Swept, tmp_path: Path) -> None:
    text = write(made, tmp_path)[0].read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert page.asked == []
    assert "<Cross>" not in text
    assert "不行 <b>" not in text
    assert text.count('lang="zh-CN"') - 1 == text.count('lang="en"')
    assert [each for each in ENGLISH.findall(text) if CHINESE.search(each) and each != "中文"] == []


def test_the_number_of_trials_stands_beside_the_best_with_what_luck_explains(tmp_path: Path) -> None:
    made = swept(TRIALS, FAST, SLOW)
    text = write(made, tmp_path)[0].read_text(encoding="utf-8")
    assert "最好的一组（6 组里）" in text
    assert "试了 6 组参数" in text
    assert made.luck is not None
    assert f"最好的夏普预计也有 {made.luck.expected_max:.2f}；实际最好的是 1.25" in text
    assert "--walk-forward" in text
    assert "1 组没有算成" in text
    assert "只有" not in text
    few = replace(made, ranked=(replace(made.ranked[0], figures={**made.ranked[0].figures, "trips": 9.0}),))
    assert any("只有 9 个买卖回合" in chinese for chinese, _ in warnings_of(few))
    assert all(CHINESE.search(chinese) and not CHINESE.search(english) for chinese, english in warnings_of(made))


def test_what_is_wrong_with_the_history_is_told_before_all_else() -> None:
    made = swept([trial(0, 1.0, fast=5, slow=20), trial(1, 0.5, fast=10, slow=20)], FAST, SLOW)
    told = ("昨收和前一天的收盘差一跳以上", "off the close before")
    assert warnings_of(replace(made, warnings=(told,)))[0] == told
    assert told not in warnings_of(made)


def test_tables_and_figures_for_programs_agree_with_the_ranking(tmp_path: Path) -> None:
    made = swept(TRIALS, FAST, SLOW)
    write(made, tmp_path)
    told = json.loads((tmp_path / "sweep.json").read_text(encoding="utf-8"))
    assert told["form"] == "qmt-sweep-report"
    assert told["trials"] == 6
    assert told["failed"] == 1
    assert told["cash"] == "1000000.00"
    assert told["best"]["parameters"] == {"fast": 10, "slow": 20}
    assert [each["number"] for each in told["ranked"]] == [2, 1, 0, 4, 3, 5]
    with (tmp_path / "trials.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["rank"], row["number"], row["fast"], row["slow"], row["sharpe"]) for row in rows[:2]] == [
        ("1", "2", "10", "20", "1.25"),
        ("2", "1", "5", "60", "0.75"),
    ]
    assert rows[-1]["status"] == "failed"
    assert rows[-1]["reason"].startswith("不行")


def test_the_same_sweep_makes_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        write(swept(TRIALS, FAST, SLOW), tmp_path / folder)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_walk_forward_tells_its_windows_and_its_joined_test_days(tmp_path: Path) -> None:
    paths = write(walk_of(), tmp_path)
    text = paths[0].read_text(encoding="utf-8")
    assert "2024-01-05 – 2024-01-08" in text
    assert "没有可选的，空仓" in text
    assert "检验期总收益" in text
    with (tmp_path / "walk_forward.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [tuple(row.values()) for row in csv.DictReader(file)]
    assert rows == [("2024-01-05", "1", "1.01"), ("2024-01-08", "1", "0.99"), ("2024-01-09", "2", "0.99")]
    told = json.loads((tmp_path / "sweep.json").read_text(encoding="utf-8"))
    assert told["best"] is None
    assert told["walk_forward"]["steps"][0]["judged"]["figures"]["sharpe"] == -1.5
    assert told["walk_forward"]["steps"][1]["picked"] is None
    with (tmp_path / "trials.csv").open(encoding="utf-8-sig", newline="") as file:
        trained = list(csv.DictReader(file))
    assert [row["train_first"] for row in trained] == ["2024-01-02"] * 6 + ["2024-01-05"] * 6


def test_a_sweep_without_anything_to_rank_says_so(tmp_path: Path) -> None:
    text = write(swept(TRIALS[-1:], FAST, SLOW), tmp_path)[0].read_text(encoding="utf-8")
    assert "没有一组有这个指标" in text
    assert "没有可比的结果" in text
