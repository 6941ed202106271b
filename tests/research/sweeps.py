"""What tests of sweeps share: a small strategy in a file, a history, a setup, and a results file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from qmt_trading.research.strategy_file import StrategyFile, strategy_file
from qmt_trading.research.sweep_pool import WorkerDiedError
from qmt_trading.research.sweep_store import FILE, Head, ResultsFile
from qmt_trading.research.sweep_trial import Bench, Outcome, Setup, Trial, numbers_of
from tests.research.days import CASH, daily

CROSS = """\
import os
from dataclasses import dataclass
from pathlib import Path

from qmt_trading.research.indicators import Sma
from qmt_trading.research.strategy import Strategy


class Cross(Strategy):
    @dataclass
    class Parameters:
        fast: int = 2
        slow: int = 5
        share: float = 0.5
        note: str = ""
        hold: bool = True

        def __post_init__(self):
            if self.fast >= self.slow:
                raise ValueError("fast must be below slow")

    def declare(self):
        self.fields = ("close",)
        self.indicators = {"fast": Sma("close", self.p.fast), "slow": Sma("close", self.p.slow)}

    def on_start(self):
        BEFORE

    def on_bar(self, bar):
        if bar.fast > bar.slow and not self.position:
            self.buy(10_000)
        elif bar.fast < bar.slow and self.sellable:
            self.sell(self.sellable)
"""


def written(folder: Path, before: str = "pass") -> StrategyFile:
    """Write the strategy, which does ``before`` when a run begins."""
    path = folder / "cross.py"
    path.write_text(CROSS.replace("BEFORE", before), encoding="utf-8")
    return strategy_file(str(path))


def setup_of(file: StrategyFile, count: int = 80, symbols: Sequence[str] = ("600000.SH",)) -> Setup:
    """Return a setup over made-up days, the same every time."""
    bars = {}
    for place, symbol in enumerate(symbols):
        luck = np.random.default_rng(place + 7)
        close = 10 * np.exp(np.cumsum(luck.normal(0.0005, 0.02, count)))
        begun = np.concatenate(([10.0], close[:-1]))
        rows = [
            (round(a, 2), round(max(a, b) + 0.02, 2), round(min(a, b) - 0.02, 2), round(b, 2))
            for a, b in zip(begun.tolist(), close.tolist(), strict=True)
        ]
        bars[symbol] = daily(rows, symbol=symbol)
    return Setup(strategy=file, bars=bars, cash=CASH)


def trials_of(fast: Iterable[int], slow: Iterable[int]) -> list[Trial]:
    """Return the grid of two parameters."""
    slows = list(slow)
    given = [{"fast": each, "slow": other} for each in fast for other in slows]
    return [Trial(number=number, parameters=parameters) for number, parameters in enumerate(given)]


def head_of(setup: Setup, trials: Sequence[Trial], metric: str = "") -> Head:
    """Return the head of a sweep."""
    return Head(
        program=setup.program,
        strategy="Cross",
        source_sha256=setup.strategy.sha256,
        data_sha256=setup.data_sha256,
        cash=setup.cash,
        costs="",
        fill_model="",
        gate=setup.gate,
        conventions="",
        space=("fast", "slow"),
        trials=len(trials),
        trials_sha256=numbers_of(trials),
        metric=metric,
    )


def results_in(folder: Path, setup: Setup, trials: Sequence[Trial], *, resume: bool = False) -> ResultsFile:
    """Open the results file of a sweep in ``folder``."""
    return ResultsFile(folder / FILE, head_of(setup, trials), resume=resume)


class InPlace:
    """A pool that runs trials in this very process, one after the other; those told of end their worker instead."""

    def __init__(self, setup: Setup, jobs: int = 2, deaths: dict[int, int] | None = None) -> None:
        self.jobs = jobs
        self.run_of: list[int] = []
        """The number of each trial that was begun, in its order."""
        self._bench = Bench(setup)
        self._deaths = deaths or {}

    def run(self, chunks: Iterable[list[Trial]], *, one_by_one: bool = False) -> Iterator[list[Outcome]]:
        for chunk in chunks:
            made = []
            for trial in chunk:
                self.run_of.append(trial.number)
                if self._deaths.get(trial.number, 0):
                    self._deaths[trial.number] -= 1
                    raise WorkerDiedError("EXIT(3)")
                made.append(self._bench.outcome(trial))
            yield made


def ignore(finished: int, whole: int) -> None:
    """Take note of nothing."""
