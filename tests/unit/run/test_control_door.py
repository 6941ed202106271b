"""The control door: every client gets its own answers, none holds up another, a person always gets in."""

from __future__ import annotations

import os
import socket
import stat
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qmt_trading.link.dial import Connection, DialError, dial
from qmt_trading.model.errors import DoorError
from qmt_trading.run.control_door import CONNECTIONS_MAX, REQUEST_BYTES_MAX, ControlDoor, control_address

if sys.platform == "win32":
    pytest.skip("needs POSIX", allow_module_level=True)


def echo(request: bytes) -> bytes:
    if request.startswith(b"long "):
        return b"x" * int(request[5:]) + b"\n"
    if request == b"sleep":
        time.sleep(1)
    return b"answer to " + request + b"\n"


def send_and_receive(line: Connection, request: bytes) -> bytes:
    line.send(request)
    return line.receive_line(5)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    door = ControlDoor(control_address(tmp_path), echo)
    door.open()
    yield door.address
    door.close()


def test_each_request_gets_its_answer_in_order(address: str) -> None:
    with dial(address) as line:
        line.send(b"one\ntwo\nthr")
        assert line.receive_line(5) == b"answer to one"
        assert line.receive_line(5) == b"answer to two"
        line.send(b"ee\n")
        assert line.receive_line(5) == b"answer to three"


def test_a_long_request_and_a_longer_answer_pass(address: str) -> None:
    request = b"r" * (REQUEST_BYTES_MAX - 10)
    with dial(address) as line:
        sending = threading.Thread(target=line.send, args=(request + b"\n",))
        sending.start()
        assert line.receive_line(10) == b"answer to " + request
        sending.join()
        line.send(b"long 5000000\n")
        assert len(line.receive_line(10)) == 5_000_000


def test_a_request_beyond_the_bound_closes_its_own_connection_only(address: str) -> None:
    with dial(address) as good, dial(address) as bad:
        with pytest.raises(DialError):
            send_and_receive(bad, b"r" * 2 * REQUEST_BYTES_MAX)
        good.send(b"still here\n")
        assert good.receive_line(5) == b"answer to still here"


def test_a_slow_answer_to_one_delays_no_other(address: str) -> None:
    with dial(address) as slow, dial(address) as fast:
        slow.send(b"sleep\n")
        began = time.monotonic()
        fast.send(b"quick\n")
        assert fast.receive_line(5) == b"answer to quick"
        assert time.monotonic() - began < 0.5
        assert slow.receive_line(5) == b"answer to sleep"


def test_when_all_places_are_taken_the_longest_idle_makes_room(address: str) -> None:
    idle = [dial(address) for _ in range(CONNECTIONS_MAX)]
    for line in idle:
        line.send(b"x\n")
        line.receive_line(5)
    for line in idle[1:]:
        line.send(b"x\n")
        line.receive_line(5)
    with dial(address) as person:
        person.send(b"halt\n")
        assert person.receive_line(5) == b"answer to halt"
    with pytest.raises(DialError):
        idle[0].receive_line(5)
    idle[1].send(b"again\n")
    assert idle[1].receive_line(5) == b"answer to again"
    for line in idle:
        line.close()


def test_clients_that_leave_at_any_moment_harm_nobody(address: str) -> None:
    for data in (b"", b"half", b"long 5000000\n", b"one\ntwo\n"):
        for _ in range(5):
            line = dial(address)
            line.send(data)
            line.close()
    with dial(address) as line:
        line.send(b"still here\n")
        assert line.receive_line(5) == b"answer to still here"


def test_the_socket_is_for_this_user_alone_and_goes_when_the_door_closes(tmp_path: Path) -> None:
    door = ControlDoor(control_address(tmp_path), echo)
    door.open()
    assert stat.S_IMODE(os.stat(door.address).st_mode) == 0o600
    with dial(door.address) as line:
        door.close()
        with pytest.raises(DialError):
            line.receive_line(5)
    assert not os.path.exists(door.address)
    with pytest.raises(DialError):
        dial(door.address)
    door.close()


def test_a_living_door_is_never_replaced_and_a_dead_one_is(address: str, tmp_path: Path) -> None:
    with pytest.raises(DoorError, match="已有程序在"):
        ControlDoor(address, echo).open()
    dead = tmp_path / "dead.sock"
    left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    left.bind(os.fspath(dead))
    left.close()
    door = ControlDoor(os.fspath(dead), echo)
    door.open()
    with dial(door.address) as line:
        line.send(b"hello\n")
        assert line.receive_line(5) == b"answer to hello"
    door.close()


def test_the_address_follows_from_the_folder_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("d" * 90) / ("e" * 90)
    deep.mkdir(parents=True)
    first = control_address(deep)
    monkeypatch.setenv("TMPDIR", os.fspath(tmp_path))
    assert control_address(deep / ".." / deep.name) == first
    assert len(os.fsencode(first)) <= 100
    assert control_address(tmp_path) == os.fspath(tmp_path / "control.sock")
    door = ControlDoor(first, echo)
    door.open()
    assert stat.S_IMODE(os.stat(os.path.dirname(first)).st_mode) == 0o700
    door.close()
