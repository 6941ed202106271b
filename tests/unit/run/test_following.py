"""Following a journal: every committed turn is folded, whatever happens to the engine that writes it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine_bench import ACCOUNT, OTHER, STOCK
from tests.engine_life import image
from tests.loop_bench import LoopBench

from qmt_trading.codec import state_snapshot
from qmt_trading.journal.sqlite import SqliteJournal
from qmt_trading.model.errors import JournalBrokenError
from qmt_trading.ports import StoredSnapshot, StoredTurn
from qmt_trading.run.equity import EVERY_NS
from qmt_trading.run.following import COUNTED_S, Follower
from qmt_trading.run.reading import journal_path

BUY = f"buy {STOCK} 100@10.50:{ACCOUNT}"


class Running:
    """An engine's loop whose turns are written into a real file, too, when a test says so."""

    def __init__(self, folder: Path) -> None:
        self.bench = LoopBench().connect()
        self.journal = SqliteJournal(journal_path(folder))
        self._written = 0

    def buy(self, number: int) -> None:
        self.bench.send(f"{BUY} #x/{number}")
        self.bench.rest()

    def write(self) -> None:
        for turn in self.bench.journal.turns(self._written + 1):
            self.journal.append(turn)
            self._written = turn.number


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path)
    yield made
    made.journal.close()


class Steady:
    """A steady clock that stands until it is told to go on."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def steady() -> Steady:
    return Steady()


@pytest.fixture
def follower(tmp_path: Path, steady: Steady) -> Iterator[Follower]:
    made = Follower(tmp_path, steady_s=steady)
    yield made
    made.close()


def test_there_may_be_no_journal_yet(tmp_path: Path) -> None:
    follower = Follower(tmp_path)
    assert (follower.advance(), follower.view) == (False, None)
    running = Running(tmp_path)
    assert (follower.advance(), follower.view) == (False, None)
    running.write()
    assert follower.advance()
    assert follower.view is not None
    follower.close()
    running.journal.close()


def test_each_turn_is_folded_once_and_nothing_is_read_where_nothing_is_new(
    running: Running, follower: Follower
) -> None:
    running.write()
    assert follower.advance()
    assert not follower.advance()
    for number in range(3):
        running.buy(number)
        running.write()
        assert follower.advance()
        assert not follower.advance()
        assert follower.view is not None
        assert len(follower.view.orders) == number + 1
    assert image(follower._engine) == image(running.bench.engine)
    assert follower.number == running.bench.loop.head[0]


def test_it_begins_from_the_snapshot_and_recalls_the_curve_of_the_day(running: Running, follower: Follower) -> None:
    for number in range(4):
        running.buy(number)
        running.bench.clock.steady += 2 * EVERY_NS
    taken = running.bench.loop.capture()
    assert taken is not None
    running.write()
    number, seal, snapshot = taken
    running.journal.save_snapshot(StoredSnapshot(number, seal, b"\n".join(state_snapshot.encode_parts(snapshot))))
    running.buy(9)
    running.write()
    assert follower.advance()
    until = time.monotonic() + 20
    while len(follower.equity("")) < 3:
        assert time.monotonic() < until, follower.equity("")
        time.sleep(0.02)
    points = follower.equity("")
    assert [at for at, _ in points] == sorted({at for at, _ in points})
    assert follower.equity("unknown") == []
    assert follower.view is not None
    worth = {row.account: row.available_cash + row.frozen_cash + row.market_value for row in follower.view.accounts}
    assert float(points[-1][1]) == sum(worth.values()) / 10_000
    assert float(follower.equity(ACCOUNT)[-1][1]) == worth[ACCOUNT] / 10_000


def test_new_points_are_told_once(running: Running, follower: Follower) -> None:
    running.write()
    follower.advance()
    follower.take_equity()
    running.bench.clock.steady += 2 * EVERY_NS
    running.buy(1)
    running.write()
    follower.advance()
    assert {account for account, _, _ in follower.take_equity()} == {"", ACCOUNT, OTHER}
    assert follower.take_equity() == []


def test_a_changed_turn_is_told_and_not_folded(running: Running, follower: Follower) -> None:
    running.write()
    follower.advance()
    number = follower.number
    running.buy(1)
    (turn, *_) = running.bench.journal.turns(number + 1)
    running.journal.append(StoredTurn(turn.number, turn.payload, b"x" * 32))
    with pytest.raises(JournalBrokenError):
        follower.advance()
    assert follower.number == number


def test_a_journal_in_the_place_of_another_is_begun_anew(tmp_path: Path, follower: Follower) -> None:
    first = Running(tmp_path)
    first.buy(1)
    first.write()
    assert follower.advance()
    first.journal.close()
    other = tmp_path / "other"
    other.mkdir()
    second = Running(other)
    second.write()
    second.journal.close()
    follower.close()  # A Windows file that is open cannot be replaced: the panel is restarted there.
    for path in tmp_path.glob("journal.sqlite-*"):
        path.unlink()
    os.replace(journal_path(other), journal_path(tmp_path))
    assert follower.advance()
    assert follower.view is not None
    assert len(follower.view.orders) == 0


def test_the_use_of_limits_is_counted_some_times_a_second_and_when_the_journal_rests(
    running: Running, follower: Follower, steady: Steady
) -> None:
    def orders_counted() -> int:
        assert follower.view is not None
        return max(usage.orders for usage in follower.view.usages)

    running.buy(0)
    running.write()
    assert follower.advance()
    assert orders_counted() == 1
    running.buy(1)
    running.write()
    assert follower.advance()
    assert follower.view is not None
    assert (len(follower.view.orders), orders_counted()) == (2, 1)
    assert not follower.advance()
    steady.now_s += 2 * COUNTED_S
    assert follower.advance()
    assert orders_counted() == 2
    assert not follower.advance()
    running.buy(2)
    running.write()
    steady.now_s += 2 * COUNTED_S
    assert follower.advance()
    assert orders_counted() == 3
