"""A sweep: every trial once, none lost with a worker, and the same outcomes on one core and on two."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qmt_trading.research.sweep import run_trials
from qmt_trading.research.sweep_store import FILE
from qmt_trading.research.sweep_trial import Bench, SweepError, Trial
from tests.research.sweeps import InPlace, ignore, results_in, setup_of, trials_of, written

TRIALS = trials_of(range(2, 8), range(5, 12))
"""42; where fast is not below slow the strategy refuses."""
PATIENCE_S = 60

DRIVER = """\
import contextlib
import sys
from pathlib import Path

from qmt_trading.research.strategy_file import strategy_file
from qmt_trading.research.sweep import run_trials
from qmt_trading.research.sweep_pool import local_pool
from tests.research.sweeps import ignore, results_in, setup_of
from tests.research.test_sweep import TRIALS


def main():
    file, folder, jobs, resume = sys.argv[1:]
    setup = setup_of(strategy_file(file))
    results = results_in(Path(folder), setup, TRIALS, resume=resume == "resume")
    with contextlib.closing(results), local_pool(setup, int(jobs), Path(folder)) as pool:
        run_trials(TRIALS, results, pool, ignore)


if __name__ == "__main__":
    main()
"""


def started(folder: Path, before: str = "pass", *, jobs: int = 2, resume: bool = False) -> subprocess.Popen[bytes]:
    """Begin a sweep in a process of its own, results in ``folder``."""
    folder.mkdir(exist_ok=True)
    file = written(folder, before)
    driver = folder / "driver.py"
    driver.write_text(DRIVER, encoding="utf-8")
    words = [str(driver), file.path, str(folder), str(jobs), "resume" if resume else "new"]
    with (folder / "errors.txt").open("wb") as errors:  # No pipe: orphaned workers would hold it open.
        return subprocess.Popen([sys.executable, *words], stderr=errors)


def finished(folder: Path, before: str = "pass", *, jobs: int = 2, resume: bool = False) -> list[str]:
    """Run a sweep to its end; return the lines of its trials in their order."""
    process = started(folder, before, jobs=jobs, resume=resume)
    assert process.wait(3 * PATIENCE_S) == 0, (folder / "errors.txt").read_text(encoding="utf-8", errors="replace")
    return lines_of(folder)


def lines_of(folder: Path) -> list[str]:
    lines = (folder / FILE).read_text(encoding="utf-8").splitlines()[1:]
    return sorted(lines, key=lambda line: int(json.loads(line)["number"]))


def statuses(lines: list[str]) -> dict[int, str]:
    return {each["number"]: each.get("reason", "") for each in map(json.loads, lines)}


def test_every_trial_is_run_once_and_its_outcome_is_in_the_order_of_the_trials(tmp_path: Path) -> None:
    setup = setup_of(written(tmp_path))
    pool = InPlace(setup)
    told: list[tuple[int, int]] = []
    with contextlib.closing(results_in(tmp_path, setup, TRIALS)) as results:
        outcomes = run_trials(TRIALS, results, pool, lambda *given: told.append(given))
    assert pool.run_of == [trial.number for trial in TRIALS]
    assert [each.number for each in outcomes] == pool.run_of
    assert [each.parameters for each in outcomes] == [trial.parameters for trial in TRIALS]
    assert told[0] == (0, 42)
    assert told[-1] == (42, 42)


def test_what_a_strategy_refuses_or_does_not_survive_is_a_failed_trial(tmp_path: Path) -> None:
    bench = Bench(setup_of(written(tmp_path, "1 / (self.p.fast - 3)")))
    refused = bench.outcome(Trial(number=1, parameters={"fast": 5, "slow": 5}))
    assert refused.status == "failed"
    assert "fast must be below slow" in refused.reason
    raised = bench.outcome(Trial(number=2, parameters={"fast": 3, "slow": 5}))
    assert raised.status == "failed"
    assert "Cross.on_start" in raised.reason
    assert "ZeroDivisionError" in raised.reason
    unmade = bench.outcome(Trial(number=3, parameters={"fast": 0, "slow": 5}))
    assert unmade.status == "failed"
    assert "at least 1" in unmade.reason
    assert bench.outcome(Trial(number=4, parameters={"fast": 4, "slow": 5})).status == "ok"


def test_a_fault_of_ours_ends_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(setup_of(written(tmp_path)))
    monkeypatch.setattr("qmt_trading.research.sweep_trial.run", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bench.outcome(TRIALS[0])


def test_a_worker_of_another_release_is_refused(tmp_path: Path) -> None:
    from msgspec.structs import replace

    with pytest.raises(SweepError, match="请装成一样的"):
        Bench(replace(setup_of(written(tmp_path)), program="0.0.0"))


def test_workers_map_the_history_and_nobody_can_write_into_it(tmp_path: Path) -> None:
    import joblib
    import numpy as np

    from qmt_trading.research.sweep_pool import _mapped

    setup = setup_of(written(tmp_path), count=700, symbols=("600000.SH", "000001.SZ"))
    joblib.dump(setup, tmp_path / "setup")
    found = _mapped(str(tmp_path / "setup"))
    assert found.data_sha256 == setup.data_sha256
    for bars in found.bars.values():
        for name in ("at_ns", "close", "days", "previous_close"):
            column = getattr(bars, name)
            assert type(column) is np.ndarray
            assert isinstance(column.base, np.memmap)
            assert not column.flags.writeable
    trial = Trial(number=0, parameters={"fast": 3, "slow": 9}, keeps_equity=True)
    assert Bench(found).outcome(trial) == Bench(setup).outcome(trial)


def test_what_a_dead_worker_held_is_run_again_and_the_one_that_kills_is_known_from_the_others(tmp_path: Path) -> None:
    setup = setup_of(written(tmp_path))
    whole = InPlace(setup)
    with contextlib.closing(results_in(tmp_path / "whole", setup, TRIALS)) as results:
        expected = run_trials(TRIALS, results, whole, ignore)
    pool = InPlace(setup, deaths={7: 1, 20: 2, 30: 99})
    with contextlib.closing(results_in(tmp_path / "dying", setup, TRIALS)) as results:
        outcomes = run_trials(TRIALS, results, pool, ignore)
    assert [each.number for each in outcomes if each != expected[each.number]] == [30]
    assert outcomes[30].status == "failed"
    assert "单独运行 2 次，每次都使工作进程退出：EXIT(3)" in outcomes[30].reason
    assert pool.run_of.count(30) == 4


def test_a_resumed_sweep_runs_only_what_is_not_finished(tmp_path: Path) -> None:
    setup = setup_of(written(tmp_path))
    with contextlib.closing(results_in(tmp_path, setup, TRIALS)) as results:
        run_trials(TRIALS[:15], results, InPlace(setup), ignore)
    pool = InPlace(setup)
    told: list[tuple[int, int]] = []
    with contextlib.closing(results_in(tmp_path, setup, TRIALS, resume=True)) as results:
        run_trials(TRIALS, results, pool, lambda *given: told.append(given))
    assert pool.run_of == list(range(15, 42))
    assert told[0] == (15, 42)
    assert told[-1] == (42, 42)


@pytest.mark.slow
def test_one_core_and_two_come_to_the_same_bytes(tmp_path: Path) -> None:
    one, two = finished(tmp_path / "one", jobs=1), finished(tmp_path / "two", jobs=2)
    assert len(one) == len(TRIALS)
    assert one == two
    bench = Bench(setup_of(written(tmp_path)))
    assert sum(bench.outcome(trial).status == "ok" for trial in TRIALS) == sum(
        not why for why in statuses(one).values()
    )
    assert not list(tmp_path.rglob("work-*"))


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_worker_that_dies_once_costs_nothing_and_one_that_always_dies_costs_its_trial(
    tmp_path: Path, jobs: int
) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    dying = (
        "if self.p.fast == 4 and self.p.slow == 9: os._exit(3)\n"
        "        if self.p.fast == 3 and self.p.slow == 8:\n"
        f"            mark = Path({str(marks)!r}) / 'died'\n"
        "            if not mark.exists():\n"
        "                mark.touch()\n"
        "                os._exit(4)"
    )
    lines = finished(tmp_path / "dying", dying, jobs=jobs)
    assert (marks / "died").exists()
    reasons = statuses(lines)
    ours = [trial.number for trial in TRIALS if trial.parameters == {"fast": 4, "slow": 9}]
    died = [number for number, reason in reasons.items() if "工作进程退出" in reason]
    assert died == ours
    assert "3" in reasons[ours[0]]
    calm = finished(tmp_path / "calm", jobs=jobs)
    assert [line for number, line in enumerate(lines) if number not in died] == [
        line for number, line in enumerate(calm) if number not in died
    ]


@pytest.mark.slow
@pytest.mark.real_disk
def test_a_killed_sweep_goes_on_and_computes_nothing_twice(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    noting = (
        "import time, uuid\n"
        f"        (Path({str(runs)!r}) / f'{{self.p.fast}}-{{self.p.slow}}-{{uuid.uuid4().hex}}').touch()\n"
        "        time.sleep(0.1)"
    )
    folder = tmp_path / "sweep"
    process = started(folder, noting)
    until = time.monotonic() + PATIENCE_S
    while not (folder / FILE).exists() or len((folder / FILE).read_bytes().splitlines()) < 12:
        assert time.monotonic() < until, "too slow"
        assert process.poll() is None, "it ended by itself"
        time.sleep(0.02)
    process.kill()  # SIGKILL; TerminateProcess on Windows.
    process.wait(PATIENCE_S)
    before = (folder / FILE).read_bytes()
    whole = before[: before.rindex(b"\n") + 1]
    kept = [json.loads(line) for line in whole.splitlines()[1:]]
    assert 10 < len(kept) < len(TRIALS)
    until = time.monotonic() + PATIENCE_S
    while (count := len(os.listdir(runs))) != _settled(runs, count):  # What the orphaned workers held ends.
        assert time.monotonic() < until, "too slow"

    lines = finished(folder, noting, resume=True)
    assert (folder / FILE).read_bytes().startswith(whole)
    assert len(lines) == len(TRIALS)
    begun = [tuple(map(int, name.split("-")[:2])) for name in os.listdir(runs)]
    twice = [pair for pair in set(begun) if begun.count(pair) > 1]
    recomputed = [each["number"] for each in kept if tuple(each["parameters"].values()) in twice]
    assert recomputed == []
    calm = finished(tmp_path / "calm")
    assert lines == calm


def _settled(runs: Path, count: int) -> int:
    """Return how many runs there are after a while in which none should begin."""
    until = time.monotonic() + 1.0
    while time.monotonic() < until:
        found = len(os.listdir(runs))
        if found != count:
            return found
        time.sleep(0.05)
    return count
