"""A walk forward: train days end before test days begin, picks know nothing later, and test days are joined."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.research import backtest
from qmt_trading.research.strategy_file import strategy_file
from qmt_trading.research.sweep import run_walk
from qmt_trading.research.sweep_store import ResultsFile
from qmt_trading.research.sweep_trial import Bench, Outcome, Setup, Trial
from qmt_trading.research.sweep_windows import Window, trading_days, within
from qmt_trading.research.walk_forward import Split, lengths_of, splits_of, walked
from tests.research.days import CASH
from tests.research.sweeps import InPlace, head_of, ignore, setup_of, written

TRIED = [{"fast": fast, "slow": slow} for fast in (2, 3, 4) for slow in (6, 9)]
NOTING = """\
from dataclasses import dataclass

from qmt_trading.research.indicators import Sma
from qmt_trading.research.strategy import Strategy

CALLS = []


class Noting(Strategy):
    @dataclass
    class Parameters:
        days: int = 3

    def declare(self):
        self.fields = ("at_ns", "close")
        self.indicators = {"mean": Sma("close", self.p.days)}

    def on_start(self):
        CALLS.append("start")

    def BODY
"""


def test_lengths_are_two_numbers_of_days() -> None:
    assert lengths_of("244/61").words() == "244/61"
    for wrong in ("244", "244/", "a/b", "244/0", "-1/5", "1/2/3"):
        with pytest.raises(ConfigurationError, match="244/61"):
            lengths_of(wrong)


@pytest.mark.parametrize(("train", "test"), [(20, 10), (30, 7), (79, 1), (1, 1)])
def test_train_days_end_before_test_days_begin_and_every_day_after_the_first_train_is_tested_once(
    tmp_path: Path, train: int, test: int
) -> None:
    days = trading_days(setup_of(written(tmp_path)).bars)
    splits = splits_of(days, lengths_of(f"{train}/{test}"))
    tested: list[dt.date] = []
    for split in splits:
        inside = [day for day in days.tolist() if split.train.first <= day <= split.train.last]
        assert len(inside) == train
        assert split.train.last < split.test.live <= split.test.last
        assert split.test.first == split.train.first
        tested += [day for day in days.tolist() if split.test.live <= day <= split.test.last]
    assert tested == days.tolist()[train:]
    for one, next_ in itertools.pairwise(splits):
        assert next_.test.live > one.test.last


def test_no_day_left_to_judge_is_told(tmp_path: Path) -> None:
    days = trading_days(setup_of(written(tmp_path)).bars)
    with pytest.raises(ConfigurationError, match="数据只有 80 个交易日"):
        splits_of(days, lengths_of("80/10"))


def test_what_is_cut_out_is_what_was_read_between_those_days(tmp_path: Path) -> None:
    setup = setup_of(written(tmp_path), symbols=("600000.SH", "000001.SZ"))
    days = trading_days(setup.bars)
    window = Window(first=days[10].item(), last=days[29].item(), live=days[10].item())
    cut = within(setup.bars, window)
    for symbol, bars in cut.items():
        whole = setup.bars[symbol]
        assert bars.first == window.first
        assert bars.last == window.last
        assert (bars.close == whole.close[10:30]).all()
        assert (bars.previous_close == whole.previous_close[10:30]).all()
        assert bars.day_start.tolist() == list(range(20))
        assert bars.sha256 != whole.sha256
    later = Window(first=dt.date(2030, 1, 1), last=dt.date(2030, 2, 1), live=dt.date(2030, 1, 1))
    assert within(setup.bars, later) == {}


def walk(folder: Path, setup: Setup, splits: list[Split]) -> tuple[list[Outcome], list[Outcome | None], list[Outcome]]:
    trials = [Trial(number=0, parameters={})]
    head = replace(head_of(setup, trials), walk_forward="30/10")
    with contextlib.closing(ResultsFile(folder / "trials.jsonl", head, resume=False)) as results:
        return run_walk(splits, TRIED, "total_return", results, InPlace(setup), ignore)


def test_what_comes_after_a_window_changes_nothing_before_it(tmp_path: Path) -> None:
    """Other prices from a day on leave every pick and every test day before it as they were."""
    setup = setup_of(written(tmp_path))
    days = trading_days(setup.bars)
    splits = splits_of(days, lengths_of("30/10"))
    trained, picked, judged = walk(tmp_path / "one", setup, splits)
    changed = setup_of(written(tmp_path))
    bars = changed.bars["600000.SH"]
    for name in ("open", "high", "low", "close"):
        getattr(bars, name)[50:] *= 3
    bars.previous_close[51:] *= 3
    other_trained, other_picked, other_judged = walk(tmp_path / "two", changed, splits)
    assert days[50].item() == splits[2].test.live
    assert other_picked[:3] == picked[:3]
    assert other_judged[:2] == judged[:2]
    assert other_trained[: 3 * len(TRIED)] == trained[: 3 * len(TRIED)]
    assert other_judged[2] != judged[2]


def test_each_pick_is_the_best_of_its_own_train_window(tmp_path: Path) -> None:
    setup = setup_of(written(tmp_path))
    splits = splits_of(trading_days(setup.bars), lengths_of("30/10"))
    _, picked, judged = walk(tmp_path / "one", setup, splits)
    kind = setup.strategy.load()
    for split, pick, judge in zip(splits, picked, judged, strict=True):
        returns = []
        for parameters in TRIED:
            found = backtest.run(kind(**parameters), within(setup.bars, split.train), cash=CASH)
            returns.append(found.equity[-1] / CASH - 1)
        assert pick is not None
        assert pick.parameters == TRIED[int(np.argmax(returns))]
        assert judge.parameters == pick.parameters
        assert judge.days[0] == str(split.test.live)
        assert judge.days[-1] == str(split.test.last)


def test_test_days_are_joined_by_their_returns_and_a_window_without_a_pick_is_cash(tmp_path: Path) -> None:
    setup = setup_of(written(tmp_path))
    days = trading_days(setup.bars)
    splits = splits_of(days, lengths_of("30/10"))
    _, picked, judged = walk(tmp_path / "one", setup, splits)
    whole = walked(splits, len(TRIED), picked, judged, days, CASH)
    assert whole.days == tuple(map(str, days[30:]))
    expected = np.prod([each.equity[-1] / CASH for each in judged])
    assert whole.curve[-1] == pytest.approx(expected)
    assert whole.figures["total_return"] == pytest.approx(expected - 1)
    assert whole.figures["days"] == 50
    none = walked(splits, len(TRIED), [None, *picked[1:]], judged[1:], days, CASH)
    assert set(none.curve[:10]) == {1.0}
    assert none.curve[-1] == pytest.approx(expected / (judged[0].equity[-1] / CASH))
    assert none.steps[0].judged is None


@pytest.mark.parametrize(
    ("body", "symbols"),
    [
        ("on_bar(self, bar):\n        CALLS.append((bar.at_ns, bar.mean))", ("600000.SH",)),
        ("on_bar(self, bar):\n        CALLS.append((bar.at_ns, bar.mean))", ("600000.SH", "000001.SZ")),
        ("on_bars(self, bars):\n        CALLS.append((bars.index, float(bars.close[0])))", ("600000.SH",)),
    ],
)
def test_a_strategy_is_called_from_its_test_day_on_with_its_indicators_there(
    tmp_path: Path, body: str, symbols: tuple[str, ...]
) -> None:
    path = tmp_path / "noting.py"
    source = NOTING.replace("BODY", body)
    path.write_text(source, encoding="utf-8")
    setup = replace(setup_of(written(tmp_path), symbols=symbols), strategy=strategy_file(str(path)))
    days = trading_days(setup.bars)
    window = Window(first=days[10].item(), last=days[29].item(), live=days[25].item())
    bench = Bench(setup)
    done = bench.outcome(Trial(number=0, parameters={"days": 12}, window=window, keeps_equity=True))
    assert done.status == "ok", done.reason
    assert done.days == tuple(map(str, days[25:30]))
    calls = bench.kind.on_start.__globals__["CALLS"]
    assert calls[0] == "start"
    assert calls.count("start") == 1
    assert len(calls) - 1 == 5 * (1 if "on_bars" in body else len(symbols))
    if "on_bars" in body:
        assert [row for row, _ in calls[1:]] == list(range(15, 20))
    else:
        at = [dt.datetime.fromtimestamp(at_ns / 1e9, dt.UTC).date() for at_ns, _ in calls[1:]]
        assert min(at) == window.live
    assert all(np.isfinite(value) for _, value in calls[1:])


def test_nothing_is_traded_before_the_test_day(tmp_path: Path) -> None:
    path = tmp_path / "eager.py"
    path.write_text(
        "from qmt_trading.research.strategy import Strategy\n\n"
        "class Eager(Strategy):\n"
        "    def on_bar(self, bar):\n"
        "        if not self.position:\n"
        "            self.buy(1000)\n",
        encoding="utf-8",
    )
    setup = replace(setup_of(written(tmp_path)), strategy=strategy_file(str(path)))
    days = trading_days(setup.bars)
    window = Window(first=days[0].item(), last=days[29].item(), live=days[20].item())
    done = Bench(setup).outcome(Trial(number=0, parameters={}, window=window, keeps_equity=True))
    alone = backtest.run(
        setup.strategy.load(),
        within(setup.bars, Window(first=days[20].item(), last=days[29].item(), live=days[20].item())),
        cash=CASH,
    )
    assert done.equity == tuple(alone.equity.tolist())
    assert done.equity[-1] != CASH
