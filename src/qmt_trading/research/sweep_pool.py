"""Who runs the trials of a sweep: the cores of this machine, or the workers of a cluster, both by joblib."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import logging
import shutil
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from msgspec.structs import replace

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.research.columns import Bars
from qmt_trading.research.sweep_trial import Bench, Outcome, Setup, SweepError, Trial

IDLE_S: Final = 15
"""So long a worker of this machine waits for more before it ends, also one whose sweep was killed."""
CONNECT_S: Final = 15
WORKERS_S: Final = 60
"""So long a cluster may be without any worker: one that died is started anew within seconds."""


class WorkerDiedError(Exception):
    """A worker ended in the midst of its trials; the text says what is known of it."""


class Pool(Protocol):
    """What runs trials."""

    jobs: int
    """How many run at once."""

    def run(self, chunks: Iterable[list[Trial]], *, one_by_one: bool = False) -> Iterator[list[Outcome]]:
        """Yield the outcomes of each chunk as it is finished, in no order.

        Args:
            chunks: taken one after the other, by any thread, as workers become free.
            one_by_one: a chunk is handed out when the one before it has come back.

        Raises:
            WorkerDiedError: a worker died. What it was given, and perhaps more, has not come back.
            SweepError: nothing runs trials any more.
        """
        ...


def cores() -> int:
    """Return how many cores this process may use."""
    return int(needs_joblib().cpu_count())


@contextmanager
def local_pool(setup: Setup, jobs: int, folder: Path) -> Iterator[Pool]:
    """Run trials in processes of this machine.

    The history is written once into ``folder`` and mapped by every worker, so it stands in memory once.

    Args:
        folder: of the sweep; what is written there goes when the pool is closed.
    """
    joblib = needs_joblib()
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("work-*"):
        shutil.rmtree(left, ignore_errors=True)  # Of a killed sweep whose last worker may hold it for a minute.
    with tempfile.TemporaryDirectory(prefix="work-", dir=folder, ignore_cleanup_errors=True) as work:
        path = str(Path(work) / "setup")
        joblib.dump(setup, path)
        try:
            yield _JoblibPool(jobs, path, path, lambda: joblib.parallel_config("loky"), ())
        finally:
            from joblib.externals.loky import get_reusable_executor

            get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)


@contextmanager
def cluster_pool(setup: Setup, address: str) -> Iterator[Pool]:
    """Run trials on the workers of a dask cluster.

    Each worker is sent the strategy's text and the history once, when it joins: also one that is started anew after a
    trial has ended it. The scheduler keeps them meanwhile, so it needs room for the history.

    Raises:
        ConfigurationError: ``distributed`` is missing, nothing answers at ``address``, or no worker is there.
    """
    joblib, distributed = needs_joblib(), needs_distributed()
    from qmt_trading.research.sweep_cluster import DEATHS, Backend, Bringer

    connected: Any = distributed.Client  # It has no types.
    client, trouble = None, ""
    try:
        client = connected(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        trouble = str(error) or type(error).__name__
    if client is None:
        # The half-made client ends here. Were it the collector's to end while another is being made, both would wait
        # for the library's one lock for ever; an exception that names it as its cause would keep it until then.
        gc.collect()
        raise ConfigurationError(
            f"连不上集群 {address}：{trouble}。先启动 dask scheduler，写成 tcp://主机:8786 / no scheduler answers"
        )
    with contextlib.closing(client):
        count = sum(client.ncores().values())
        if not count:
            raise ConfigurationError(
                f"集群 {address} 里没有工作进程：在每台机器上启动 dask worker {address} / the cluster has no worker"
            )
        token = uuid.uuid4().hex

        def configured() -> AbstractContextManager[Any]:
            if client.status != "running":
                raise SweepError(f"与集群 {address} 的连接断了；恢复后加 --resume 接着算 / the scheduler is gone")
            found: AbstractContextManager[Any] = joblib.parallel_config(
                Backend(client=client, wait_for_workers_timeout=WORKERS_S)
            )
            return found

        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # A worker's death is told by what came of it.
        client.register_plugin(Bringer(token, setup), name=token)
        try:
            yield _JoblibPool(count, token, "", configured, DEATHS)
        finally:
            if client.status == "running":
                client.unregister_worker_plugin(token)


class _JoblibPool:
    def __init__(
        self,
        jobs: int,
        token: str,
        path: str,
        configured: Callable[[], AbstractContextManager[Any]],
        deaths: tuple[type[Exception], ...],
    ) -> None:
        """Take what the workers are told.

        Args:
            token: names this sweep to its workers.
            path: where they find what all trials share; empty: it was brought to them.
            deaths: what is raised where a worker died, beside joblib's own.
        """
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        self.jobs = jobs
        self._token = token
        self._path = path
        self._configured = configured
        self._deaths = (TerminatedWorkerError, *deaths)

    def run(self, chunks: Iterable[list[Trial]], *, one_by_one: bool = False) -> Iterator[list[Outcome]]:
        from joblib import Parallel, delayed

        is_one = one_by_one or self.jobs == 1
        given: dict[str, Any] = {"idle_worker_timeout": IDLE_S} if self._path else {}
        try:
            with self._configured():
                # Never one job: joblib would run it in this very process, which a trial may end.
                parallel = Parallel(
                    n_jobs=max(self.jobs, 2),
                    return_as="generator_unordered",
                    pre_dispatch=1 if is_one else "2*n_jobs",
                    batch_size=1,
                    **given,
                )
                yield from parallel(delayed(worked)(self._token, self._path, each) for each in chunks)
        except self._deaths as error:
            raise WorkerDiedError(_told(error)) from error


def _told(error: Exception) -> str:
    """Return of joblib's or dask's paragraphs the line that says most: the exit codes where they are known."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    found = next((line for line in lines if "exit code" in line), lines[0] if lines else type(error).__name__)
    return found.split(". ")[0]


_setups: dict[str, Setup] = {}
_benches: dict[str, Bench] = {}
_lock = threading.Lock()


def bring(token: str, setup: Setup) -> None:
    """Let this worker hold what all trials of a sweep share."""
    _setups[token] = setup


def forget(token: str) -> None:
    """Let this worker drop it again."""
    _setups.pop(token, None)
    _benches.pop(token, None)


def worked(token: str, path: str, trials: list[Trial]) -> list[Outcome]:
    """Run ``trials`` in a worker, which loads what they share when it is given the first of them."""
    with _lock:
        bench = _benches.get(token)
        if bench is None:
            if not path and token not in _setups:
                raise SweepError("工作进程没有收到历史数据；重启 dask worker / a worker was not brought the history")
            bench = _benches[token] = Bench(_mapped(path) if path else _setups[token])
    return [bench.outcome(trial) for trial in trials]


def _mapped(path: str) -> Setup:
    """Return the setup with its columns mapped from the file, as plain arrays: a memmap hands out its own kind."""
    setup: Setup = needs_joblib().load(path, mmap_mode="r")
    return replace(setup, bars={symbol: _plain(each) for symbol, each in setup.bars.items()})


def _plain(bars: Bars) -> Bars:
    columns = {name: np.asarray(column) for name, column in vars(bars).items() if isinstance(column, np.ndarray)}
    return dataclasses.replace(bars, _known={}, **columns)  # type: ignore[arg-type]


def needs_joblib() -> Any:
    """Return joblib, which runs trials in other processes.

    Raises:
        ConfigurationError: it is not installed; the text says how to get it.
    """
    try:
        import joblib
    except ImportError as error:
        raise ConfigurationError("参数扫描需要 joblib：pip install joblib / joblib is not installed") from error
    return joblib


def needs_distributed() -> Any:
    """Return dask's distributed, which reaches the workers of a cluster.

    Raises:
        ConfigurationError: it is not installed; the text says how to get it.
    """
    try:
        import distributed
    except ImportError as error:
        raise ConfigurationError(
            '--cluster 需要 distributed：pip install "qmt-trading-system[cluster]" / distributed is not installed'
        ) from error
    return distributed
