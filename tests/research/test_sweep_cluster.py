"""A sweep over a real dask cluster: the same bytes as on this machine, deaths of workers included."""

from __future__ import annotations

import contextlib
import gc
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed", reason="needs distributed, of the extra 'test'")

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.research import sweep_pool
from qmt_trading.research.sweep_pool import cluster_pool
from qmt_trading.research.sweep_store import FILE
from tests.research.sweeps import setup_of, written
from tests.research.test_sweep import TRIALS, finished, lines_of, statuses

pytestmark = pytest.mark.slow
PATIENCE_S = 90
DRIVER = """\
import contextlib
import sys
from pathlib import Path

from qmt_trading.research.strategy_file import strategy_file
from qmt_trading.research.sweep import run_trials
from qmt_trading.research import sweep_pool
from qmt_trading.research.sweep_pool import cluster_pool
from tests.research.sweeps import ignore, results_in, setup_of
from tests.research.test_sweep import TRIALS

file, folder, address = sys.argv[1:]
setup = setup_of(strategy_file(file))
with contextlib.closing(results_in(Path(folder), setup, TRIALS)) as results, cluster_pool(setup, address) as pool:
    run_trials(TRIALS, results, pool, ignore)
"""


@contextlib.contextmanager
def process(folder: Path, name: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{name}.log").open("wb") as log:
        begun = subprocess.Popen([sys.executable, "-m", *words], stdout=log, stderr=log, cwd=folder)
    try:
        yield begun
    finally:
        begun.terminate()
        try:
            begun.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            begun.kill()
            begun.wait(PATIENCE_S)


@contextlib.contextmanager
def scheduler(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start a scheduler at a free port and give its address and its process."""
    told = folder / "scheduler.json"
    words = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    with process(folder, "scheduler", *words, "--scheduler-file", str(told)) as begun:
        until = time.monotonic() + PATIENCE_S
        while True:
            assert time.monotonic() < until, "no scheduler"
            assert begun.poll() is None, (folder / "scheduler.log").read_text(encoding="utf-8", errors="replace")
            with contextlib.suppress(FileNotFoundError, ValueError):  # Not there yet, or not whole.
                address = str(json.loads(told.read_text(encoding="utf-8"))["address"])
                break
            time.sleep(0.05)
        yield address, begun


@contextlib.contextmanager
def workers(folder: Path, address: str, count: int) -> Iterator[None]:
    """Start workers of one thread each, and wait until the scheduler knows them."""
    with contextlib.ExitStack() as stack:
        for name in map(str, range(count)):
            words = ("distributed.cli.dask_worker", address, "--nthreads", "1", "--name", name, "--no-dashboard")
            stack.enter_context(process(folder, name, *words, "--local-directory", str(folder / f"worker-{name}")))
        import distributed

        connected: Any = distributed.Client
        with connected(address, timeout=PATIENCE_S, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=PATIENCE_S)
        yield


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a scheduler with two workers."""
    folder = tmp_path_factory.mktemp("cluster")
    with scheduler(folder) as (address, _), workers(folder, address, 2):
        yield address


def begun(folder: Path, address: str, before: str) -> subprocess.Popen[bytes]:
    """Begin the sweep over the cluster in a process of its own."""
    folder.mkdir()
    file = written(folder, before)
    driver = folder / "driver.py"
    driver.write_text(DRIVER, encoding="utf-8")
    with (folder / "errors.txt").open("wb") as errors:
        return subprocess.Popen([sys.executable, str(driver), file.path, str(folder), address], stderr=errors)


def errors_of(folder: Path) -> str:
    return (folder / "errors.txt").read_text(encoding="utf-8", errors="replace")


def swept(folder: Path, address: str, before: str = "pass") -> list[str]:
    """Run the sweep over the cluster; return the lines of its trials."""
    assert begun(folder, address, before).wait(3 * PATIENCE_S) == 0, errors_of(folder)
    return lines_of(folder)


def test_a_cluster_comes_to_the_same_bytes_as_this_machine(cluster: str, tmp_path: Path) -> None:
    assert swept(tmp_path / "cluster", cluster) == finished(tmp_path / "here")


def test_deaths_of_workers_cost_the_trial_that_kills_them_alone(cluster: str, tmp_path: Path) -> None:
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
    lines = swept(tmp_path / "dying", cluster, dying)
    assert (marks / "died").exists()
    died = [number for number, reason in statuses(lines).items() if "工作进程退出" in reason]
    calm = swept(tmp_path / "calm", cluster)
    assert len(died) == 1
    assert '"parameters":{"fast":4,"slow":9}' in lines[died[0]]
    assert [line for number, line in enumerate(lines) if number not in died] == [
        line for number, line in enumerate(calm) if number not in died
    ]


def test_a_scheduler_that_does_not_answer_or_has_no_worker_is_told(tmp_path: Path) -> None:
    setup = setup_of(written(tmp_path))
    with pytest.raises(ConfigurationError, match="连不上集群 nonsense"), cluster_pool(setup, "nonsense"):
        pass
    with (
        scheduler(tmp_path) as (address, _),
        pytest.raises(ConfigurationError, match="没有工作进程"),
        cluster_pool(setup, address),
    ):
        pass


def test_nothing_is_left_of_a_client_that_could_not_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import distributed

    monkeypatch.setattr(sweep_pool, "CONNECT_S", 1)
    setup = setup_of(written(tmp_path))
    before = [each for each in gc.get_objects() if isinstance(each, distributed.Client)]
    kept = []
    for address in ("nonsense", "tcp://127.0.0.1:9"):
        with pytest.raises(ConfigurationError) as told, cluster_pool(setup, address):
            pass
        kept.append(told)  # As whoever shows the error keeps it.
    after = [each for each in gc.get_objects() if isinstance(each, distributed.Client)]
    assert [each for each in after if not any(each is known for known in before)] == []


def test_a_cluster_that_goes_is_told_and_what_is_finished_stays(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    with scheduler(tmp_path) as (address, central), workers(tmp_path, address, 1):
        sweeping = begun(folder, address, "__import__('time').sleep(0.2)")
        until = time.monotonic() + PATIENCE_S
        while not (folder / FILE).exists() or (folder / FILE).read_bytes().count(b"\n") < 4:
            assert time.monotonic() < until, errors_of(folder)
            assert sweeping.poll() is None, errors_of(folder)
            time.sleep(0.05)
        central.kill()
        assert sweeping.wait(PATIENCE_S) != 0
    assert "--resume 接着算" in errors_of(folder).splitlines()[-1]
    assert 3 <= len(lines_of(folder)) < len(TRIALS)
    assert not any("工作进程" in reason for reason in statuses(lines_of(folder)).values())
