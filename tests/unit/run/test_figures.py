"""The engine's own figures: queues, clock, restarts since the day began, disk."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from tests.engine_bench import DAY
from tests.loop_bench import HandClock

from qmt_trading.model import events as ev
from qmt_trading.model.numbers import MILLISECOND_NS
from qmt_trading.run.figures import Figures
from qmt_trading.run.inbox import Inbox


@pytest.fixture
def inbox() -> Inbox:
    return Inbox(HandClock(), bare={})


def test_queues_tell_what_waits_in_each_lane(tmp_path: Path, inbox: Inbox) -> None:
    figures = Figures(tmp_path, inbox)
    assert figures.row()["queues"] == {"control": 0, "reports": 0, "signals": 0}
    inbox.message("door", b"buy 600000.SH 100@10.50:1#x/1", 1, None)
    inbox.report(ev.DoorComplained("door", "x", "x"))
    inbox.report(ev.DoorComplained("door", "y", "y"))
    inbox.ask(ev.ResumeRequested("me", "w"))
    assert figures.row()["queues"] == {"control": 1, "reports": 2, "signals": 1}


def test_without_a_client_neither_clock_nor_restarts_are_known(tmp_path: Path, inbox: Inbox) -> None:
    row = Figures(tmp_path, inbox).row()
    assert (row["clock_offset_ms"], row["clock_offset_source"], row["host_restarts"]) == (None, None, None)


def test_the_clock_is_told_with_what_it_is_known_by(tmp_path: Path, inbox: Inbox) -> None:
    row = Figures(tmp_path, inbox, clock_ahead_ns=lambda: -1500 * MILLISECOND_NS).row()
    assert (row["clock_offset_ms"], row["clock_offset_source"]) == (-1500, "quotes")


def test_restarts_are_those_since_the_day_began(tmp_path: Path, inbox: Inbox) -> None:
    connections = [0, 0]
    figures = Figures(tmp_path, inbox, connections=lambda: connections)
    assert figures.row()["host_restarts"] == 0
    figures.look(DAY)
    connections[:] = [1, 1]  # Their first start is none.
    assert figures.row()["host_restarts"] == 0
    connections[:] = [3, 1]
    figures.look(DAY)
    assert figures.row()["host_restarts"] == 2
    figures.look(DAY + dt.timedelta(days=1))
    assert figures.row()["host_restarts"] == 0
    connections[:] = [3, 2]
    assert figures.row()["host_restarts"] == 1


def test_the_disk_is_looked_at_when_somebody_asks(tmp_path: Path, inbox: Inbox) -> None:
    figures = Figures(tmp_path / "data", inbox)
    row = figures.row()
    assert (row["journal_bytes"], row["disk_free_bytes"]) == (0, None)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "journal.sqlite").write_bytes(b"x" * 7)
    (tmp_path / "data" / "journal.sqlite-wal").write_bytes(b"x" * 5)
    row = figures.row()
    assert row["journal_bytes"] == 12
    assert isinstance(row["disk_free_bytes"], int)
    assert row["disk_free_bytes"] > 0
