"""The control door over a named pipe, with genuine Windows Python."""

from __future__ import annotations

import threading
import time

from tests.windows.pipes import name

from qmt_trading.intake.pipe_server import PipeLineServer
from qmt_trading.link.dial import dial
from qmt_trading.run.control_door import ControlDoor


def test_the_control_door_answers_over_its_pipe() -> None:
    address = name()
    door = ControlDoor(address, lambda line: b"answer to " + line + b" " + b"z" * 200_000 + b"\n")
    door.open()
    with dial(address) as line:
        for number in range(3):
            line.send(b"request %d\n" % number)
            answer = line.receive_line(10)
            assert answer.startswith(b"answer to request %d " % number)
            assert len(answer) > 200_000
    door.close()


def test_the_control_door_takes_long_requests_and_always_has_room_for_a_person() -> None:
    address = name()
    door = ControlDoor(address, lambda line: b"%d bytes\n" % len(line))
    door.open()
    idle = [dial(address) for _ in range(PipeLineServer.INSTANCES_MAX - 1)]
    for number, line in enumerate(idle):
        line.send(b"x" * (1000 * number) + b"\n")
        assert line.receive_line(10) == b"%d bytes" % (1000 * number)
    persons = [dial(address, timeout_s=5) for _ in range(3)]
    for person in persons:
        person.send(b"y" * 1_000_000 + b"\n")
        assert person.receive_line(10) == b"1000000 bytes"
    idle[-1].send(b"still here\n")
    assert idle[-1].receive_line(10) == b"10 bytes"
    for line in [*idle, *persons]:
        line.close()
    door.close()


def test_an_answer_under_way_is_written_before_the_door_closes() -> None:
    closing: list[threading.Thread] = []

    def answer(line: bytes) -> bytes:
        closing.append(threading.Thread(target=door.close))
        closing[0].start()
        time.sleep(0.3)  # Long enough for the door to be told.
        return b"stopping " + b"z" * 300_000 + b"\n"

    address = name()
    door = ControlDoor(address, answer)
    door.open()
    with dial(address) as line:
        line.send(b"stop\n")
        assert line.receive_line(10).startswith(b"stopping z")
    closing[0].join(10)


def test_clients_that_all_fell_silent_at_once_lock_nobody_out() -> None:
    """The last of them to come looks for one that has become idle, as no newcomer can."""
    address = name()
    door = ControlDoor(address, lambda line: b"answer to " + line + b"\n")
    door.open()
    lines = [dial(address, timeout_s=5) for _ in range(PipeLineServer.INSTANCES_MAX)]
    with dial(address, timeout_s=5) as person:
        person.send(b"halt\n")
        assert person.receive_line(5) == b"answer to halt"
    for line in lines:
        line.close()
    door.close()
