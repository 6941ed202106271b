"""The line to the engine: it outlives an engine that comes and goes, and tells apart what was not taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qmt_trading.codec import control as wire
from qmt_trading.link.dial import DialError
from qmt_trading.panel import engine_line
from qmt_trading.panel.asking import Asking, EngineDownError, quotes_of
from qmt_trading.panel.engine_line import EngineLine
from qmt_trading.run.control_door import ControlDoor, control_address
from tests.panel_bench import Engine, until


class Door:
    """A control door that tells how often it was asked."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[wire.ControlRequest] = []
        self.door = ControlDoor(control_address(folder), self.answer)

    def answer(self, line: bytes) -> bytes:
        request = wire.decode_request(line)
        self.asked.append(request)
        if isinstance(request, wire.Timeline):
            return b""
        if isinstance(request, wire.Stop):
            return wire.encode_failure("不行 / no")
        return wire.encode_answer([{"n": len(self.asked)}])


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.door.close()


@pytest.fixture
def line(tmp_path: Path) -> Iterator[EngineLine]:
    made = EngineLine(control_address(tmp_path))
    yield made
    made.close()


def test_without_an_engine_nothing_was_taken(line: EngineLine) -> None:
    for request in (wire.Read("status"), wire.Stop(who="x", why="")):
        with pytest.raises(EngineDownError):
            line.ask(request)


def test_reading_goes_on_when_the_engine_has_been_started_again(tmp_path: Path, door: Door, line: EngineLine) -> None:
    door.door.open()
    assert line.ask(wire.Read("status")) == [{"n": 1}]
    assert line.ask(wire.Quotes(("600000.SH",))) == [{"n": 2}]
    door.door.close()
    with pytest.raises(EngineDownError):
        line.ask(wire.Read("status"))
    again = Door(tmp_path)
    again.door.open()
    assert line.ask(wire.Read("status")) == [{"n": 1}]
    again.door.close()


def test_a_deed_is_asked_for_once_and_refused_in_the_engines_words(door: Door, line: EngineLine) -> None:
    door.door.open()
    assert line.ask(wire.Halt(who="x", why="")) == [{"n": 1}]
    with pytest.raises(wire.ControlError, match="不行"):
        line.ask(wire.Stop(who="x", why=""))
    assert len(door.asked) == 2


def test_an_engine_that_does_not_answer_may_have_taken_it(
    door: Door, line: EngineLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_line, "READ_S", 0.2)
    door.door.open()
    with pytest.raises(DialError) as found:
        line.ask(wire.Timeline(1))
    assert not isinstance(found.value, EngineDownError)
    assert line.ask(wire.Read("status"))[0]["n"], "a silent answer does not stand in for the next"


def test_what_the_engine_tells_is_swapped_whole_and_its_silence_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qmt_trading.panel.asking.SILENT_S", 0.2)
    engine = Engine()
    engine.answers[wire.Read] = lambda asked: [{"account": "1", "table": asked.table}]
    engine.runs = True
    asking = Asking(engine)
    asking.symbols = lambda: ["600000.SH"]
    asking.start()
    try:
        until(lambda: asking.told.runs)
        assert asking.told.accounts["1"]["table"] == "accounts"
        until(lambda: engine.of(wire.Quotes))
        engine.runs = False
        until(lambda: not asking.told.runs)
        assert "引擎未运行" in asking.told.trouble
        engine.runs = True
        until(lambda: asking.told.runs and not asking.told.trouble)
    finally:
        asking.stop()


def test_an_answer_without_quotes_is_no_quote() -> None:
    assert quotes_of([{"done": "nothing"}, {"quote": None}]) == {}
