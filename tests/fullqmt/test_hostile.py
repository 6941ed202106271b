"""What somebody who wishes us ill does to the pasted file and its engine: nothing goes twice, late, or after a halt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qmt_trading.brokers.linked.condition import Listeners
from qmt_trading.link.messages import Trouble
from qmt_trading.model import events as ev
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.words import Mode
from qmt_trading.run.clock import SystemClock
from qmt_trading.run.dialled_talk import DialledTalk
from qmt_trading.run.host_talk import HostGoneError
from qmt_trading.run.terminals import listener_of
from tests.fullqmt import python36
from tests.fullqmt.begun import ACCOUNT, Linked
from tests.fullqmt.test_engine import Bench, is_up
from tests.unit.brokers.linked.told_side import ToldSide, wait

SECRET = b"0123456789abcdef"
HOURS_NS = 3600 * 10**9


class SetBack(SystemClock):
    """A clock that a person has set back by two hours."""

    def now_ns(self) -> int:
        return super().now_ns() - 2 * HOURS_NS


@pytest.fixture
def linked(tmp_path: Path) -> Linked:
    return Linked(tmp_path / "claims")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_text_run_anew_while_an_order_is_handed_over_hands_over_nothing_more(linked: Linked, when: str) -> None:
    terminal, first = linked.terminal, linked.terminal.space
    place = first["passorder"]

    def load() -> None:
        terminal.load(linked.text, ACCOUNT)
        terminal.space.update(LINKS=(), now_us=first["now_us"], other_us=first["other_us"])

    def run_anew(*arguments: object) -> Any:
        if when == "before":
            load()
        answer = place(*arguments)
        if when == "after":
            load()
        return answer

    first["passorder"] = run_anew
    for coid in ("A1", "A2", "A3"):
        linked.submit(coid)
    linked.run(1.0)
    assert terminal.counter.executed == {"A1": 1}
    assert terminal.space is not first
    terminal.space["LINKS"] = first["LINKS"]
    linked.connect()
    for coid in ("A1", "A2"):
        linked.submit(coid)
        linked.run(1.0)
    assert linked.stages("A1") == [("unknown", "no_return")]
    assert terminal.counter.executed == {"A1": 1, "A2": 1}
    assert terminal.escaped == []


@pytest.mark.parametrize("end", [{"t": "bye", "why": "stop"}, {"t": "halt", "why": "a person"}, {"t": "?"}])
def test_what_ends_or_halts_ends_what_came_with_it(linked: Linked, end: dict[str, object]) -> None:
    linked.submit("A1")
    linked.wire.tell(**end)
    linked.submit("A2")
    linked.run(2.0)
    expected = {} if end["t"] != "?" else {"A1": 1, "A2": 1}
    assert linked.terminal.counter.executed == expected


def test_a_line_in_two_files_of_which_the_second_never_comes_is_no_order(linked: Linked) -> None:
    linked.submit("A1")
    whole = linked.wire.read()
    linked.wire._coming = whole[:-20]
    linked.run(3.0)
    assert linked.terminal.counter.executed == {}
    linked.wire.tell(t="arm", level="trade")  # In the middle of an order.
    linked.run(1.0)
    assert linked.wires[0].all("bye")[0]["why"] == "bad_frame"
    assert linked.terminal.counter.executed == {}


def test_in_one_folder_listens_one_engine(tmp_path: Path) -> None:
    side = ToldSide()
    first = listener_of(f"files:{tmp_path}", SECRET, "one")
    first.open(side, observe=False)
    try:
        mine = tmp_path / "host-1"
        mine.mkdir()
        wait(lambda: side.connections)
        with pytest.raises(ConfigurationError, match="已被另一个引擎占用"):
            listener_of(f"files:{tmp_path}", SECRET, "two")
        (mine / "h0000000001").write_bytes(b"still here\n")
        wait(lambda: side.data == b"still here\n")
    finally:
        first.close()
    listener_of(f"files:{tmp_path}", SECRET, "two").close()


@python36.needs_python36
def test_a_clock_that_is_set_back_makes_no_engine_older(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Mode.LIVE, "tcp")
    try:
        up = bench.next(ev.LinkChanged, is_up)
        assert isinstance(up, ev.LinkChanged)
        bench.restart(SetBack(), {up.account: up.session})
        again = bench.next(ev.LinkChanged, is_up)
        assert isinstance(again, ev.LinkChanged)
        assert again.session > up.session
        troubles: list[Trouble] = []
        bench.restart(SetBack(), {}, Listeners(trouble=troubles.append))  # With another journal it is an older one.
        wait(lambda: [trouble for trouble in troubles if trouble.code == "old_engine"], patience_s=30.0)
        bench.broker.stop()
        talk = DialledTalk(bench.address, bench.secret, "one", str(up.account), keep=lambda said: None)
        talk._epoch = 1
        talk.start()
        try:
            with pytest.raises(HostGoneError, match="更晚启动的引擎"):
                talk.listen(30.0, lambda: False)
        finally:
            talk.stop()
    finally:
        bench.close()
