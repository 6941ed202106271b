"""The control door at its end and under faults: what was asked is answered, and what goes wrong is told."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qmt_trading.link.dial import DialError, dial
from qmt_trading.run import control_door
from qmt_trading.run.control_door import CONNECTIONS_MAX, ControlDoor, control_address

if sys.platform == "win32":
    pytest.skip("needs POSIX: tests/windows has the pipe's own", allow_module_level=True)


class Answers:
    """Answers when it may."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.go = threading.Event()

    def __call__(self, line: bytes) -> bytes:
        self.asked.release()
        self.go.wait(10)
        if line == b"poison":
            raise RuntimeError("boom")
        return b"answer to " + line + b"\n"


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def door(tmp_path: Path, answers: Answers) -> Iterator[ControlDoor]:
    made = ControlDoor(control_address(tmp_path), answers)
    made.open()
    yield made
    answers.go.set()
    made.close()


def test_an_answer_under_way_is_written_before_the_door_closes(door: ControlDoor, answers: Answers) -> None:
    with dial(door.address) as idle, dial(door.address) as line:  # Taken in the order in which they came.
        line.send(b"stop\n")
        assert answers.asked.acquire(timeout=5)
        closing = threading.Thread(target=door.close)
        closing.start()
        time.sleep(0.2)  # Long enough for the door to have hung up on everybody.
        answers.go.set()
        assert line.receive_line(5) == b"answer to stop"
        with pytest.raises(DialError, match="对方已断开"):
            idle.receive_line(5)
        closing.join(5)


def test_an_answer_that_never_comes_does_not_keep_the_door_open(door: ControlDoor, answers: Answers) -> None:
    with dial(door.address) as line:
        line.send(b"slow\n")
        assert answers.asked.acquire(timeout=5)
        began = time.monotonic()
        door.close()
        assert time.monotonic() - began < 4
        with pytest.raises(DialError, match="对方已断开"):
            line.receive_line(5)


def test_a_client_whose_request_is_not_read_yet_is_not_the_one_to_make_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of newcomers once pushed out a person whose request had arrived and was not read yet."""
    started = threading.Thread.start
    held: list[threading.Thread] = []

    def hold(thread: threading.Thread) -> None:
        if thread.name == "control-client" and not held:
            held.append(thread)  # The person's: the system is slow to run it.
        else:
            started(thread)

    made = ControlDoor(control_address(tmp_path), lambda line: b"answer to " + line + b"\n")
    made.open()
    monkeypatch.setattr(threading.Thread, "start", hold)
    with dial(made.address) as person:
        person.send(b"stop\n")
        crowd = [dial(made.address) for _ in range(CONNECTIONS_MAX + 3)]
        crowd[-1].send(b"here\n")
        assert crowd[-1].receive_line(5) == b"answer to here"
        started(held[0])
        assert person.receive_line(5) == b"answer to stop"
    for line in crowd:
        line.close()
    made.close()


def test_a_fault_in_an_answer_closes_that_connection_and_is_told(door: ControlDoor, answers: Answers) -> None:
    answers.go.set()
    assert door.condition()[0].startswith("监听")
    with dial(door.address) as bad:
        bad.send(b"poison\n")
        with pytest.raises(DialError, match="对方已断开"):
            bad.receive_line(5)
    with dial(door.address) as good:
        good.send(b"fine\n")
        assert good.receive_line(5) == b"answer to fine"
    assert door.condition()[0].startswith("⚠")
    assert "boom" in door.condition()[1]


def test_a_fault_while_accepting_is_told_and_the_next_client_is_served(
    door: ControlDoor, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers.go.set()
    faults = iter([RuntimeError("can't start new thread")])
    started = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        for fault in faults:
            raise fault
        started(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    with dial(door.address) as bad, pytest.raises(DialError, match="对方已断开"):
        bad.receive_line(5)
    with dial(door.address) as good:
        good.send(b"fine\n")
        assert good.receive_line(5) == b"answer to fine"
    assert "can't start new thread" in door.condition()[0]


def test_a_door_whose_thread_died_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_door._SocketServer, "_accept", lambda server: None)
    door = ControlDoor(control_address(tmp_path), lambda line: line)
    assert door.condition() == ("未打开", "closed")
    door.open()
    time.sleep(0.05)
    assert door.condition()[0].startswith("⚠ 控制通道已停止应答")
    door.close()
