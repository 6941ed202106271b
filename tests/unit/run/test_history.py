"""History through the real host before a stand-in terminal, into a file that can be played."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.terminal.counter import Counter
from tests.terminal.package import make_package, make_terminal
from tests.terminal_ticks import PUFA, SECOND, at

from qmt_trading.feeds.history import HistoryError
from qmt_trading.feeds.recorded import RecordedFeed
from qmt_trading.model.instrument import Symbol
from qmt_trading.run.clock import SystemClock
from qmt_trading.run.history import HistoryFetch, HistoryProgress
from qmt_trading.run.terminals import HOST_FILE

if sys.platform == "win32":
    pytest.skip("needs Linux or macOS: there the native modules of xtquant are stood in for", allow_module_level=True)

BEGIN, END = dt.date(2026, 11, 26), dt.date(2026, 11, 26)
ANOTHER: Final = Symbol("000001.SZ")


def bar(time_ns: int, close: float) -> dict[str, object]:
    return {
        "time": time_ns // 1_000_000,
        "open": 10.4,
        "high": 10.6,
        "low": 10.3,
        "close": close,
        "volume": 100,
        "amount": 104_000.0,
        "preClose": 10.0,
        "suspendFlag": 0,
    }


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    with Counter() as made:
        monkeypatch.setenv("QMT_TEST_COUNTER", made.address)
        yield made


def command(tmp_path: Path) -> list[str]:
    package, terminal = make_package(tmp_path / "package"), make_terminal(tmp_path)
    return [sys.executable, str(HOST_FILE), "--terminal", str(terminal), "--xtquant", str(package)]


def test_minutes_of_two_symbols_become_one_recording(counter: Counter, tmp_path: Path) -> None:
    pytest.importorskip("pandas", reason="needs pandas, which comes with the extra 'test'")
    counter.bars = [bar(at(9, 31), 10.5), bar(at(9, 32), 10.55)]
    path = tmp_path / "out.csv"
    told: list[HistoryProgress] = []
    fetch = HistoryFetch(command(tmp_path), SystemClock())
    outcome = fetch.run([PUFA, ANOTHER], "1m", BEGIN, END, path, told.append)
    assert outcome == (4, (), 0)
    assert told[-1] == (2, 2, ANOTHER)
    assert HistoryProgress(2, 2) in told, "the download's own progress"
    feed = RecordedFeed(path, begin_ns=at(10))
    for symbol in (PUFA, ANOTHER):
        quote = feed.quote(symbol, at(10) + 120 * SECOND)
        assert quote is not None
        assert (quote.last, quote.previous_close) == (105_500, 100_000)
    assert [each.name for each in tmp_path.glob("out.csv*")] == ["out.csv"]


def test_a_terminal_without_quotes_is_told_and_leaves_no_file(counter: Counter, tmp_path: Path) -> None:
    counter.quotes_up = False
    path = tmp_path / "out.csv"
    with pytest.raises(HistoryError):
        HistoryFetch(command(tmp_path), SystemClock()).run([PUFA], "1d", BEGIN, END, path, lambda told: None)
    assert list(tmp_path.glob("out.csv*")) == []


def test_a_terminal_that_hangs_is_given_up(counter: Counter, tmp_path: Path) -> None:
    counter.hang("download")
    fetch = HistoryFetch(command(tmp_path), SystemClock(), quiet_s=2.0)
    with pytest.raises(HistoryError, match="2 秒没有回答"):
        fetch.run([PUFA], "1d", BEGIN, END, tmp_path / "out.csv", lambda told: None)


def test_a_folder_that_is_no_terminal_is_told_in_its_own_words(tmp_path: Path) -> None:
    spoilt = command(tmp_path)
    spoilt[3] = str(tmp_path / "nowhere")
    with pytest.raises(HistoryError, match="nowhere"):
        HistoryFetch(spoilt, SystemClock()).run([PUFA], "1d", BEGIN, END, tmp_path / "out.csv", lambda told: None)
