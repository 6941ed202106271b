"""How joblib and dask run the trials of a sweep, where their own ways would not come back from a worker's death.

Imported only for a sweep over a cluster: it needs ``distributed``.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import uuid
from collections.abc import Callable
from typing import Any, Final

from distributed import KilledWorker, WorkerPlugin
from joblib._dask import Batch, DaskDistributedBackend

from qmt_trading.research.sweep_pool import bring, forget
from qmt_trading.research.sweep_trial import Setup


class LostError(Exception):
    """The cluster has forgotten what it was given."""


DEATHS: Final = (KilledWorker, LostError)
"""``KilledWorker``: a task that has ended several workers, by the scheduler's count (``allowed-failures``)."""


class Bringer(WorkerPlugin):
    """Brings to each worker what all trials of a sweep share."""

    def __init__(self, token: str, setup: Setup) -> None:
        self._token = token
        self._setup = setup

    def setup(self, worker: Any) -> None:
        """Called in each worker, before it is given anything to run."""
        bring(self._token, self._setup)

    def teardown(self, worker: Any) -> None:
        """Called in each worker when the sweep is over."""
        forget(self._token)


class _Failed:
    """What stands for the results of a batch that has none."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Backend(DaskDistributedBackend):  # type: ignore[misc]
    """joblib's dask backend, with three of its ways mended (seen with joblib 1.6 and distributed 2026.8).

    A batch that has ended several workers, and one whose result died with its worker, were never told of: the sweep
    waited for ever. And what is for one core joblib runs in the very process of the sweep, which a trial may end: a
    cluster comes down to one core whenever a worker dies.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._running: set[Any] = set()

    def effective_n_jobs(self, n_jobs: int) -> int:
        return max(int(super().effective_n_jobs(n_jobs)), 2)

    def start_call(self) -> None:
        """Nothing is to be collected: each batch tells of itself."""

    def stop_call(self) -> None:
        """As ``start_call``."""

    def submit(self, func: Any, callback: Callable[[Any], None] | None = None) -> concurrent.futures.Future[Any]:
        told: concurrent.futures.Future[Any] = concurrent.futures.Future()

        async def run() -> None:
            batch = Batch(func.items)
            future = self.client.submit(
                batch, tasks=list(func.items), key=f"{batch!r}-{uuid.uuid4().hex}", pure=False, **self.submit_kwargs
            )
            self._running.add(future)
            try:
                out: Any = await future
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - handed on to whoever waits for it
                out = _Failed(error if future.status == "error" else LostError(str(error)))
            finally:
                self._running.discard(future)
            told.set_result(out)
            if callback is not None:
                callback(out)

        self.client.loop.add_callback(run)
        return told

    def retrieve_result_callback(self, out: Any) -> Any:
        if isinstance(out, _Failed):
            raise out.error
        return out

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Take back what runs."""
        if self.client.status == "running":
            self.client.cancel(list(self._running))
