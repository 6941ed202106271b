"""History through the real host before a stand-in terminal, into a store, and only what is missing."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
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


class Terminal:
    """A stand-in terminal, and what was asked of it."""

    def __init__(self, tmp_path: Path, counter: Counter) -> None:
        self.counter = counter
        self.store = tmp_path / "store"
        package, terminal = make_package(tmp_path / "package"), make_terminal(tmp_path)
        self._command = [sys.executable, str(HOST_FILE), "--terminal", str(terminal), "--xtquant", str(package)]
        self.hosts = 0
        self.told: list[HistoryProgress] = []

    def fetcher(self) -> HistoryFetch:
        self.hosts += 1
        return HistoryFetch(self._command, SystemClock())

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


def test_what_is_there_is_not_asked_for_again(terminal: Terminal) -> None:
    outcome = terminal.download()
    assert (outcome.rows, outcome.had, outcome.empty) == (4, (), ())
    assert outcome.units == "手（成交额和价格相符）"
    assert terminal.told[-1] == (2, 2, ANOTHER)
    bars = read(terminal.store, frequency="1m")
    assert {symbol: each.quantity.tolist() for symbol, each in bars.items()} == {
        ANOTHER: [10_000, 10_000],
        PUFA: [10_000, 10_000],
    }
    assert Store(terminal.store).entries()[0].asked == (BEGIN, END)
    again = terminal.download()
    assert (again.rows, again.had, terminal.hosts) == (0, (PUFA, ANOTHER), 1)


def test_only_the_days_that_are_missing_are_asked_for(terminal: Terminal) -> None:
    terminal.download(end=BEGIN)
    next_day = at(9, 31, day=END)
    terminal.counter.bars = [bar(next_day)]
    assert terminal.download().rows == 2
    assert Store(terminal.store).entries()[0].asked == (BEGIN, END)
    assert terminal.hosts == 2
    assert read(terminal.store, frequency="1m")[PUFA].last == END


def test_a_day_that_is_not_over_is_asked_for_again(terminal: Terminal) -> None:
    terminal.download(end=BEGIN, now_ns=at(10))
    assert Store(terminal.store).entries()[0].asked is None
    terminal.counter.bars = [bar(at(9, 31)), bar(at(9, 32)), bar(at(9, 33))]
    assert terminal.download(end=BEGIN).rows == 2
    assert len(read(terminal.store, frequency="1m")[PUFA]) == 3


def test_a_terminal_that_is_down_is_told_and_what_came_before_stays(terminal: Terminal) -> None:
    terminal.download(end=BEGIN)
    terminal.counter.quotes_up = False
    with pytest.raises(HistoryError):
        terminal.download()
    assert len(read(terminal.store, frequency="1m")) == 2
