"""The pipe that we make, under crowds, floods and faults: one client's manners are no other client's business."""

from __future__ import annotations

import time
from typing import Any

import pytest
import pywintypes
import win32file
from tests.windows.pipes import FLAGSHIP, Sink, client, name, until

from qmt_trading.codec.receipt_json import encode_malformed
from qmt_trading.codec.truncated import truncated
from qmt_trading.intake import windows_pipe
from qmt_trading.intake.conduct import MALFORMED_PER_SECOND_MAX
from qmt_trading.intake.named_pipe_listen import NamedPipeListenDoor
from qmt_trading.intake.windows_pipe import Pipe
from qmt_trading.link.dial import DialError, dial

CROWD = 4
REFUSAL = encode_malformed(truncated(1))


def a_small_door(sink: Sink) -> tuple[str, NamedPipeListenDoor]:
    address = name()
    door = NamedPipeListenDoor("pipe", address, now_ns=time.time_ns, instances=2, instances_max=CROWD)
    door.open(sink)
    return address, door


def test_silent_clients_never_lock_anybody_out() -> None:
    address, door = a_small_door(Sink(answer=lambda payload: b"ok\n"))
    silent = [dial(address, timeout_s=10) for _ in range(2 * CROWD)]
    with dial(address, timeout_s=10) as line:
        line.send(FLAGSHIP)
        assert line.receive_line(5) == b"ok"
        chinese, english = door.condition()
        assert chinese.startswith("⚠")
        assert "断开了闲置最久的" in chinese
        assert english.startswith("⚠")
    for each in silent:
        each.close()
    door.close()


def test_the_longest_idle_makes_room_and_one_that_is_owed_an_answer_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    # Patience with who is owed an answer ends one day; on a busy machine this test may take as long.
    monkeypatch.setattr("qmt_trading.intake.named_pipe_listen.PATIENCE_NS", 600 * 10**9)
    sink = Sink()
    address, door = a_small_door(sink)
    owed = dial(address)
    owed.send(b"owed")
    until(lambda: len(sink.replies) == 1)
    idle = [dial(address, timeout_s=10) for _ in range(CROWD - 2)]
    for number, each in enumerate(idle):
        time.sleep(0.05)
        each.send(b"%d" % number)
        until(lambda: len(sink.replies) == number + 2)  # noqa: B023 - asked at once.
        sink.replies[-1](b"ok\n")
        sink.replies[-1].flush()
        assert each.receive_line(5) == b"ok"
    lates = [dial(address, timeout_s=10) for _ in range(2)]
    with pytest.raises(DialError):
        idle[0].receive_line(5)
    sink.replies[0](b"late receipt\n")
    sink.replies[0].flush()
    assert owed.receive_line(5) == b"late receipt"
    for each in (owed, *idle, *lates):
        each.close()
    door.close()


def test_an_access_list_that_cannot_be_read_back_costs_one_instance_and_no_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, door = a_small_door(Sink(answer=lambda payload: payload + b"\n"))

    def refuse(handle: object) -> str:
        raise pywintypes.error(5, "GetSecurityInfo", "Access is denied.")

    monkeypatch.setattr(windows_pipe, "access_list", refuse)
    for number in range(6):  # More often than there are instances.
        with dial(address, timeout_s=5) as line:
            line.send(b"%d" % number)
            assert line.receive_line(5) == b"%d" % number
    until(lambda: "0 个连接" in door.condition()[0])
    assert door.condition()[0].startswith("⚠")
    assert "Access is denied" in door.condition()[1]
    door.close()


def test_an_instance_whose_thread_ends_is_replaced_and_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    accept = Pipe.accept
    faults = iter([RuntimeError("boom")] * 3)

    def faulty(self: Pipe) -> bool:
        for fault in faults:
            raise fault
        return accept(self)

    monkeypatch.setattr(Pipe, "accept", faulty)
    address, door = a_small_door(Sink(answer=lambda payload: b"ok\n"))
    server = door.server
    assert server is not None
    first = server.instances[:2]
    until(lambda: server.trouble.count == 3 and not set(first) & set(server.instances))
    time.sleep(0.5)  # The third one goes, too.
    for _ in range(3):
        with dial(address, timeout_s=5) as line:
            line.send(FLAGSHIP)
            assert line.receive_line(5) == b"ok"
    assert door.condition()[0].startswith("⚠")
    assert "boom" in door.condition()[1]
    until(lambda: "0 个连接" in door.condition()[0])
    door.close()


@pytest.mark.slow
def test_a_client_of_nonsense_waits_and_the_others_do_not() -> None:
    sink = Sink(answer=lambda payload: b"ok\n" if payload == FLAGSHIP else REFUSAL)
    address, door = a_small_door(sink)
    flood: Any = client(address)
    for _ in range(MALFORMED_PER_SECOND_MAX + 1):
        win32file.WriteFile(flood, b"x")
        win32file.ReadFile(flood, 4096)
    until(lambda: len(sink.messages) > MALFORMED_PER_SECOND_MAX, 60)
    with dial(address) as line:
        began = time.monotonic()
        line.send(FLAGSHIP)
        assert line.receive_line(5) == b"ok"
        assert time.monotonic() - began < 0.5
    win32file.CloseHandle(flood)
    door.close()
