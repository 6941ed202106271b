"""History through the real host before a stand-in terminal, into a store, and only what is missing."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest
from tests.history_files import needs_polars
from tests.terminal.counter import Counter
from tests.terminal.package import make_package, make_terminal
from tests.terminal_ticks import PUFA, at

needs_polars()

from qmt_trading.feeds.columns import read
from qmt_trading.feeds.history import HistoryError
from qmt_trading.feeds.store import Store
from qmt_trading.model.instrument import Symbol
from qmt_trading.run.clock import SystemClock
from qmt_trading.run.download import Downloaded, download
from qmt_trading.run.history import HistoryFetch, HistoryProgress
from qmt_trading.run.terminals import HOST_FILE

BEGIN, END = dt.date(2026, 11, 26), dt.date(2026, 11, 27)
LATER: Final = at(16, day=dt.date(2026, 12, 1))
ANOTHER: Final = Symbol("000001.SZ")


class Dying(HistoryFetch):
    """The real thing, cut off behind one symbol where a test says so."""

    def __init__(self, command: list[str], clock: SystemClock, dies_after: Symbol | None) -> None:
        super().__init__(command, clock)
        self._dies_after = dies_after

    def each(
        self,
        symbols: Sequence[Symbol],
        period: str,
        begin: dt.date,
        end: dt.date,
        told: Callable[[HistoryProgress], None],
    ) -> Generator[tuple[Symbol, list[object]], None, None]:
        for symbol, rows in super().each(symbols, period, begin, end, told):
            yield symbol, rows
            if symbol == self._dies_after:
                raise HistoryError("断电 the power has gone")


class Terminal:
    """A stand-in terminal, and what was asked of it."""

    def __init__(self, tmp_path: Path, counter: Counter) -> None:
        self.counter = counter
        self.store = tmp_path / "store"
        package, terminal = make_package(tmp_path / "package"), make_terminal(tmp_path)
        self._command = [sys.executable, str(HOST_FILE), "--terminal", str(terminal), "--xtquant", str(package)]
        self.hosts = 0
        self.told: list[HistoryProgress] = []
        self.dies_after: Symbol | None = None

    def fetcher(self) -> HistoryFetch:
        self.hosts += 1
        return Dying(self._command, SystemClock(), self.dies_after)

    def download(self, begin: dt.date = BEGIN, end: dt.date = END, now_ns: int = LATER) -> Downloaded:
        symbols = [PUFA, ANOTHER]
        store = Store(self.store)
        return download(store, self.fetcher, symbols, "1m", begin, end, self.told.append, now_ns=now_ns)


def bar(time_ns: int) -> dict[str, object]:
    prices = {"open": 10.4, "high": 10.6, "low": 10.3, "close": 10.5, "preClose": 10.0}
    return {"time": time_ns // 1_000_000, **prices, "volume": 100, "amount": 104_000.0, "suspendFlag": 0}


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    pytest.importorskip("pandas", reason="needs pandas, which comes with the extra 'test'")
    with Counter() as counter:
        monkeypatch.setenv("QMT_TEST_COUNTER", counter.address)
        counter.bars = [bar(at(9, 31)), bar(at(9, 32))]
        yield Terminal(tmp_path, counter)


def test_a_download_that_died_goes_on_and_only_what_is_missing_is_asked_for(terminal: Terminal) -> None:
    terminal.dies_after = PUFA
    with pytest.raises(HistoryError, match="断电"):
        terminal.download(end=BEGIN)
    terminal.dies_after = None
    outcome = terminal.download(end=BEGIN)
    assert (outcome.rows, outcome.had, outcome.empty) == (2, (PUFA,), ())
    assert outcome.units == "手（成交额和价格相符）"
    assert terminal.told[-1] == (2, 2, ANOTHER)
    bars = read(terminal.store, frequency="1m")
    assert {symbol: each.quantity.tolist() for symbol, each in bars.items()} == {
        ANOTHER: [10_000, 10_000],
        PUFA: [10_000, 10_000],
    }
    assert Store(terminal.store).entries()[0].asked == (BEGIN, BEGIN)
    hosts = terminal.hosts
    again = terminal.download(end=BEGIN)
    assert (again.rows, again.had, terminal.hosts) == (0, (PUFA, ANOTHER), hosts)

    terminal.counter.bars = [bar(at(9, 31, day=END))]
    assert terminal.download().rows == 2
    assert Store(terminal.store).entries()[0].asked == (BEGIN, END)
    assert read(terminal.store, frequency="1m")[PUFA].last == END


def test_a_day_that_is_not_over_is_asked_for_again_and_a_terminal_that_is_down_changes_nothing(
    terminal: Terminal,
) -> None:
    terminal.download(end=BEGIN, now_ns=at(10))
    assert Store(terminal.store).entries()[0].asked is None
    terminal.counter.quotes_up = False
    with pytest.raises(HistoryError):
        terminal.download(end=BEGIN)
    assert len(read(terminal.store, frequency="1m")[PUFA]) == 2
    terminal.counter.quotes_up = True
    terminal.counter.bars = [bar(at(9, 31)), bar(at(9, 32)), bar(at(9, 33))]
    assert terminal.download(end=BEGIN).rows == 2
    assert len(read(terminal.store, frequency="1m")[PUFA]) == 3
