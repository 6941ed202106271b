"""A sweep: many trials of one strategy, each finished one on disk, none lost with a worker that dies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from qmt_trading.research.sweep_pool import Pool, WorkerDiedError
from qmt_trading.research.sweep_space import Parameters
from qmt_trading.research.sweep_store import ResultsFile
from qmt_trading.research.sweep_trial import Outcome, Trial, failed
from qmt_trading.research.walk_forward import Split, picks_of, test_trials, train_trials

CHUNK_S: Final = 0.25
"""About so long a worker is busy with what it is handed at once: short trials travel together."""
CHUNK_MAX: Final = 64
DEATHS_MAX: Final = 2
"""A trial that, run all alone, ends so many workers is given up."""
Told = Callable[[int, int], None]
"""Called with how many are finished and how many there are."""


def run_trials(trials: Sequence[Trial], results: ResultsFile, pool: Pool, told: Told) -> list[Outcome]:
    """Run what of ``trials`` is not finished yet; return the outcomes of all, in the order of ``trials``.

    What a dead worker held is run once more with all the others of its like, and what was in the hands of a dead
    worker then too, all alone: so the trial that kills is known from those beside it.

    Raises:
        SweepError: nothing runs trials any more. What is finished is on disk.
    """
    run = _Run(trials, results, pool, told)
    suspects = run.together(run.left(), CHUNK_MAX)
    suspects = run.together(suspects, 1)
    for trial in suspects:
        run.alone(trial)
    return [results.finished[trial.number] for trial in trials]


def run_walk(
    splits: Sequence[Split],
    tried: Sequence[Parameters],
    metric: str,
    results: ResultsFile,
    pool: Pool,
    told: Told,
) -> tuple[list[Outcome], list[Outcome | None], list[Outcome]]:
    """Run every combination on each train window, then each window's best over the days after it.

    Returns:
        The outcomes of the train windows, the pick of each window, and the outcomes of the picks.
    """
    trained = run_trials(train_trials(splits, tried), results, pool, told)
    picked = picks_of(splits, trained, metric)
    judged = run_trials(test_trials(splits, picked, len(trained)), results, pool, told)
    return trained, picked, judged


class _Run:
    def __init__(self, trials: Sequence[Trial], results: ResultsFile, pool: Pool, told: Told) -> None:
        self._trials = trials
        self._results = results
        self._pool = pool
        self._told = told
        self._begun_s = time.monotonic()
        self._count = 0
        """Finished by this run."""
        self._before = len(trials) - len(self.left())
        self._tell()

    def left(self) -> list[Trial]:
        """Return the trials that are not finished."""
        return [trial for trial in self._trials if trial.number not in self._results.finished]

    def together(self, trials: Sequence[Trial], chunk_max: int) -> list[Trial]:
        """Run ``trials``, as many at once as the pool can; return those that a worker may have died of."""
        suspects: dict[int, Trial] = {}
        while left := [
            each for each in trials if each.number not in self._results.finished and each.number not in suspects
        ]:
            handed: list[Trial] = []
            try:
                for outcomes in self._pool.run(self._chunks(left, handed, chunk_max)):
                    self._add(outcomes)
            except WorkerDiedError:
                suspects |= {each.number: each for each in handed if each.number not in self._results.finished}
        return list(suspects.values())

    def alone(self, trial: Trial) -> None:
        """Run ``trial`` with nothing beside it; what ends its worker again and again has failed."""
        said = ""
        for _ in range(DEATHS_MAX):
            try:
                for outcomes in self._pool.run([[trial]], one_by_one=True):
                    self._add(outcomes)
                return
            except WorkerDiedError as error:
                said = str(error)
        reason = f"单独运行 {DEATHS_MAX} 次，每次都使工作进程退出：{said} / it ends every worker that runs it"
        self._add([failed(trial, reason)])

    def _chunks(self, left: list[Trial], handed: list[Trial], chunk_max: int) -> Iterator[list[Trial]]:
        """Yield ``left`` in pieces, small where trials take long and towards the end, so that no worker idles."""
        begin = 0
        while begin < len(left):
            fair = (len(left) - begin) // (2 * self._pool.jobs)
            spent_s = (time.monotonic() - self._begun_s) * self._pool.jobs
            fitting = int(CHUNK_S * self._count / spent_s) if self._count and spent_s > 0 else 1
            chunk = left[begin : begin + max(1, min(fair, fitting, chunk_max))]
            begin += len(chunk)
            handed.extend(chunk)
            yield chunk

    def _add(self, outcomes: list[Outcome]) -> None:
        self._results.add(outcomes)
        self._count += len(outcomes)
        self._tell()

    def _tell(self) -> None:
        self._told(self._before + self._count, len(self._trials))
