"""An office gives each channel what it wants, and ends within seconds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from qmt_trading.model.words import Importance
from qmt_trading.notify.channel import Channel
from qmt_trading.notify.message import Kind
from qmt_trading.notify.office import Office
from qmt_trading.notify.outbox import Outbox, Position
from tests.engine_bench import ACCOUNT, OTHER
from tests.notify_bench import NotingSender, message, wait_for


def test_each_channel_gets_its_own(tmp_path: Path) -> None:
    channels = (
        Channel(name="all", importance=Importance.INFORMATION),
        Channel(name="grave", importance=Importance.CRITICAL),
        Channel(name="one", accounts=(ACCOUNT,), language="en"),
    )
    senders = [NotingSender() for _ in channels]
    office = Office(Outbox(tmp_path), list(zip(channels, senders, strict=True)), lambda text, _: None)
    office.start()
    now_ns = time.time_ns()
    office.take_in(
        [
            message(1, at_ns=now_ns, importance=Importance.INFORMATION),
            message(2, at_ns=now_ns, importance=Importance.CRITICAL, account=OTHER),
            message(3, at_ns=now_ns, account=ACCOUNT),
        ],
        Position(5, b"s"),
    )
    office.take_for(channels[2], message(4, at_ns=now_ns, kind=Kind.NOON))
    wait_for(lambda: [len(each.sent) for each in senders] == [3, 1, 2])
    assert "alert number 3" in "".join(senders[2].texts)
    assert (office.outbox.position(), office.failure) == (Position(5, b"s"), "")
    office.stop()


def test_a_sender_that_hangs_does_not_keep_it_from_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sender, channel = NotingSender(), Channel(name="c")
    sender.may_end.clear()
    office = Office(Outbox(tmp_path), [(channel, sender)], lambda text, _: None)
    office.start()
    office.take_in([message(1, at_ns=time.time_ns())])
    time.sleep(0.2)
    began = time.monotonic()
    office.stop()
    assert time.monotonic() - began < 20
    sender.may_end.set()
