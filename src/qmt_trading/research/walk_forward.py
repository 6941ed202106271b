"""A walk forward: on each train window the best parameters are picked, on the days after it they are judged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.research import returns as of
from qmt_trading.research.columns import Days
from qmt_trading.research.conventions import STANDARD, Conventions
from qmt_trading.research.drawdowns import drawdowns
from qmt_trading.research.sweep_figures import Figures
from qmt_trading.research.sweep_ranking import has, ranked
from qmt_trading.research.sweep_space import Parameters
from qmt_trading.research.sweep_trial import Outcome, Trial
from qmt_trading.research.sweep_windows import Window


class Split(Struct, frozen=True, kw_only=True):
    """One step: the test days begin on the trading day after the train days end."""

    train: Window
    test: Window
    """Sees the train days as well, so that indicators are there on its first own day; only its own days count."""


class Lengths(Struct, frozen=True, kw_only=True):
    """In trading days."""

    train: int
    test: int

    def words(self) -> str:
        """Return it as it is written: ``244/61``."""
        return f"{self.train}/{self.test}"


class Step(Struct, frozen=True, kw_only=True):
    """What one step came to."""

    split: Split
    tried: int
    """Trials on the train days."""
    picked: Outcome | None
    """The best on the train days; None: none could be ranked, and the account stayed in cash."""
    judged: Outcome | None


class WalkForward(Struct, frozen=True, kw_only=True):
    """All steps, and the test days joined: each begins anew with the same cash, and their returns are chained."""

    steps: tuple[Step, ...]
    days: tuple[str, ...]
    curve: tuple[float, ...]
    """From 1 before the first test day."""
    figures: Figures
    """Of the joined test days: ``total_return``, ``annual_return``, ``sharpe``, ``max_drawdown``, ``days``."""


def lengths_of(written: str) -> Lengths:
    """Return what ``244/61`` says: trading days of a train window, and of the test window after it.

    Raises:
        ConfigurationError: it says nothing of the kind.
    """
    parts = written.split("/")
    if len(parts) != 2 or not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise ConfigurationError(
            f"滚动检验写成 训练交易日数/检验交易日数，例如 244/61，不是 {written} / train days/test days"
        )
    return Lengths(train=int(parts[0]), test=int(parts[1]))


def splits_of(days: Days, lengths: Lengths) -> list[Split]:
    """Return the steps over ``days``, each one test window later than the one before; the last test may be shorter.

    Raises:
        ConfigurationError: there is no day left to judge.
    """
    if len(days) <= lengths.train:
        raise ConfigurationError(
            f"数据只有 {len(days)} 个交易日，训练就要 {lengths.train} 个，没有剩下检验的 / no day is left to judge"
        )
    dates: list[dt.date] = days.astype("datetime64[D]").tolist()
    made = []
    for begin in range(0, len(dates) - lengths.train, lengths.test):
        middle = begin + lengths.train
        end = min(middle + lengths.test, len(dates))
        train = Window(first=dates[begin], last=dates[middle - 1], live=dates[begin])
        test = Window(first=dates[begin], last=dates[end - 1], live=dates[middle])
        assert train.last < test.live
        made.append(Split(train=train, test=test))
    return made


def train_trials(splits: Sequence[Split], tried: Sequence[Parameters]) -> list[Trial]:
    """Return every combination on every train window."""
    return [
        Trial(number=place * len(tried) + number, parameters=parameters, window=split.train)
        for place, split in enumerate(splits)
        for number, parameters in enumerate(tried)
    ]


def picks_of(splits: Sequence[Split], outcomes: Sequence[Outcome], metric: str) -> list[Outcome | None]:
    """Return the best of each train window; ``outcomes`` as ``train_trials`` made their trials."""
    each = len(outcomes) // len(splits)
    picked: list[Outcome | None] = []
    for place in range(len(splits)):
        best = ranked(outcomes[place * each : (place + 1) * each], metric)[0]
        picked.append(best if has(best, metric) else None)
    return picked


def test_trials(splits: Sequence[Split], picked: Sequence[Outcome | None], first: int) -> list[Trial]:
    """Return the run of each pick over the days after its train window, numbered from ``first``."""
    return [
        Trial(number=first + place, parameters=pick.parameters, window=split.test, keeps_equity=True)
        for place, (split, pick) in enumerate(zip(splits, picked, strict=True))
        if pick is not None
    ]


def walked(
    splits: Sequence[Split],
    tried: int,
    picked: Sequence[Outcome | None],
    judged: Sequence[Outcome],
    days: Days,
    cash: int,
    conventions: Conventions = STANDARD,
) -> WalkForward:
    """Return all steps and the joined test days.

    Args:
        tried: combinations on each train window.
        judged: the outcomes of ``test_trials``; one that failed left the account in cash.
        days: all trading days of the history.
        cash: what each test window begins with, in ten-thousandths of a yuan.
    """
    left = iter(judged)
    steps, names, parts = [], [], []
    for split, pick in zip(splits, picked, strict=True):
        judge = next(left) if pick is not None else None
        steps.append(Step(split=split, tried=tried, picked=pick, judged=judge))
        own = days[(days >= np.datetime64(split.test.live)) & (days <= np.datetime64(split.test.last))]
        moved = np.zeros(len(own))
        if judge is not None and judge.status == "ok":
            moved = of.daily(np.asarray(judge.equity, np.int64), float(cash))
        assert len(moved) == len(own)
        names += [str(day) for day in own]
        parts.append(moved)
    joined = np.concatenate(parts)
    curve = np.cumprod(1.0 + joined)
    falls = drawdowns(curve, 1.0)
    return WalkForward(
        steps=tuple(steps),
        days=tuple(names),
        curve=tuple(curve.tolist()),
        figures={
            "total_return": of.total(joined),
            "annual_return": of.annual(joined, conventions),
            "sharpe": of.sharpe(joined, conventions),
            "max_drawdown": falls[0].depth if falls else 0.0,
            "days": float(len(joined)),
        },
    )
