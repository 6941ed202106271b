"""One trial of a sweep: a strategy with parameters over a history, wherever a worker runs it."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Final, Literal

import msgspec
import numpy as np
from msgspec import Struct

import qmt_trading
from qmt_trading import __version__
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.errors import QmtError
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.research.backtest import Gate, run
from qmt_trading.research.columns import Bars, ColumnsError, CrossSection, cross_section
from qmt_trading.research.conventions import STANDARD, Conventions
from qmt_trading.research.costs import FillModel
from qmt_trading.research.dividends import DividendTax
from qmt_trading.research.faults import made
from qmt_trading.research.metrics import measure
from qmt_trading.research.result import Result
from qmt_trading.research.strategy import Strategy
from qmt_trading.research.strategy_file import StrategyFile
from qmt_trading.research.sweep_figures import Figures, figures_of
from qmt_trading.research.sweep_space import Parameters
from qmt_trading.research.sweep_windows import Window, since, waiting, within

REASON_MAX: Final = 2000
"""Letters of why a trial failed; a traceback's end says more than its beginning."""
ROOMS: Final = ("model", "market", "engine", "research")
"""Of this package, those that a run goes through."""
WINDOWS_HELD: Final = 8
"""Spans of history that a worker keeps laid out."""


@lru_cache(maxsize=1)
def this_program() -> str:
    """Return the release, and a hash of the text of all that a run goes through: what is copied without a release too.

    The same on every system, whatever its line breaks.
    """
    digest = hashlib.sha256()
    package = Path(qmt_trading.__file__).parent
    for room in ROOMS:
        for path in sorted((package / room).rglob("*.py")):
            digest.update(path.relative_to(package).as_posix().encode())
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return f"{__version__} {digest.hexdigest()[:12]}"


class SweepError(QmtError):
    """A sweep cannot be made, or cannot go on; the text says why and what to do."""


class Setup(Struct, frozen=True, kw_only=True, eq=False):
    """What all trials of a sweep share."""

    strategy: StrategyFile
    bars: dict[str, Bars]
    cash: int
    """In ten-thousandths of a yuan."""
    costs: FeeSchedule = FeeSchedule()
    fills: FillModel = FillModel()
    gate: Gate = "legal"
    actions: tuple[CorporateAction, ...] = ()
    dividend_tax: DividendTax = DividendTax.PERSONAL
    conventions: Conventions = STANDARD
    program: str = msgspec.field(default_factory=this_program)

    @property
    def data_sha256(self) -> str:
        """Hash of every number that a run reads, corporate actions among them."""
        digest = hashlib.sha256()
        for symbol, bars in self.bars.items():
            digest.update(f"{symbol} {bars.frequency} {bars.adjusted}\n".encode())
            for each in dataclasses.fields(bars):
                column = getattr(bars, each.name)
                if isinstance(column, np.ndarray):
                    digest.update(f"{each.name} {column.shape}\n".encode())
                    raw = column.view(np.int64) if column.dtype.kind == "M" else column
                    digest.update(np.ascontiguousarray(raw).data)
        digest.update(msgspec.json.encode(self.actions))
        return digest.hexdigest()


class Trial(Struct, frozen=True, kw_only=True):
    """One run to be made."""

    number: int
    parameters: Parameters
    window: Window | None = None
    """None: the whole history."""
    keeps_equity: bool = False


class Outcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a trial came to."""

    number: int
    parameters: Parameters
    status: Literal["ok", "failed"]
    reason: str = ""
    """Why it failed."""
    figures: Figures = {}
    """Empty where it failed."""
    days: tuple[str, ...] = ()
    """Where the equity is kept: its days."""
    equity: tuple[int, ...] = ()
    """In ten-thousandths of a yuan, at each day's end."""


class Bench:
    """A setup as a worker holds it: the strategy loaded, the history laid out once for all trials."""

    def __init__(self, setup: Setup) -> None:
        """Load the strategy.

        Raises:
            ConfigurationError: its file cannot be run here.
            SweepError: this worker has another release of the program.
        """
        if setup.program != this_program():
            raise SweepError(
                f"这个工作进程的 qmt-trading-system 是 {this_program()}，发起扫描的是 {setup.program}；请装成一样的 / "
                "the worker has another release than the one that sweeps"
            )
        self.setup = setup
        self.kind: type[Strategy] = setup.strategy.load()
        self._held: dict[Window | None, Mapping[str, Bars] | CrossSection] = {}
        self._kinds: dict[Window, type[Strategy]] = {}
        self._lock = threading.Lock()

    def outcome(self, trial: Trial) -> Outcome:
        """Run ``trial``; what goes wrong with the strategy or its data is an outcome like any other."""
        try:
            result = self._run(trial)
        except QmtError as error:
            return failed(trial, str(error))
        except Exception as error:
            if not _is_of(self.setup.strategy.path, error.__traceback__):
                raise  # A fault of ours ends the sweep.
            return failed(trial, f"{self.kind.__name__}: {error!r}")
        kept = trial.keeps_equity
        return Outcome(
            number=trial.number,
            parameters=trial.parameters,
            status="ok",
            figures=figures_of(measure(result, self.setup.conventions)),
            days=tuple(map(str, result.days)) if kept else (),
            equity=tuple(result.equity.tolist()) if kept else (),
        )

    def _run(self, trial: Trial) -> Result:
        setup, window = self.setup, trial.window
        data, kind = self._laid(window)
        result = run(
            made(kind, trial.parameters),
            data,
            cash=setup.cash,
            costs=setup.costs,
            fills=setup.fills,
            gate=setup.gate,
            actions=setup.actions,
            dividend_tax=setup.dividend_tax,
        )
        return result if window is None or window.live == window.first else since(result, window.live)

    def _laid(self, window: Window | None) -> tuple[Mapping[str, Bars] | CrossSection, type[Strategy]]:
        """Return the history of ``window`` as the strategy is run over it, and the class to run."""
        with self._lock:  # A worker of a cluster may have several threads.
            if window not in self._held:
                cut = self.setup.bars if window is None else within(self.setup.bars, window)
                if window is not None and not cut:
                    raise ColumnsError(f"{window.first} – {window.last}: 这段时间里没有数据 / no history within it")
                if window is not None and window.live != window.first:
                    self._kinds[window] = waiting(self.kind, cut, window.live)
                while len(self._held) >= WINDOWS_HELD:
                    gone = next(iter(self._held))
                    del self._held[gone]
                calls_dates = self.kind.on_bars is not Strategy.on_bars
                self._held[window] = cross_section(cut) if calls_dates else cut
            kind = self.kind if window is None else self._kinds.get(window, self.kind)
            return self._held[window], kind


def failed(trial: Trial, reason: str) -> Outcome:
    """Return the outcome of a trial that came to nothing."""
    shown = reason if len(reason) <= REASON_MAX else f"…{reason[-REASON_MAX:]}"
    return Outcome(number=trial.number, parameters=trial.parameters, status="failed", reason=shown)


def _is_of(path: str, found: TracebackType | None) -> bool:
    """Tell whether a line of the strategy's file was at work."""
    while found is not None:
        if found.tb_frame.f_code.co_filename == path:
            return True
        found = found.tb_next
    return False


def numbers_of(trials: Sequence[Trial]) -> str:
    """Return a hash of what is to be tried, in its order."""
    return hashlib.sha256(msgspec.json.encode(trials)).hexdigest()
