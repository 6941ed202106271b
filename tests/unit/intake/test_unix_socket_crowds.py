"""The Unix socket door under floods, crowds and faults: one sender's manners are no other sender's business."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qmt_trading.codec.receipt_json import encode_malformed
from qmt_trading.codec.truncated import truncated
from qmt_trading.intake.conduct import IN_FLIGHT_MAX, MALFORMED_PER_SECOND_MAX, MESSAGES_AT_ONCE
from qmt_trading.intake.unix_socket import UnixSocketDoor
from qmt_trading.ports import Reply
from tests.contract.senders import FLAGSHIP, SILENCE_NS, Rig, Sink, Taken, read_lines, until

if sys.platform == "win32":
    pytest.skip("needs POSIX", allow_module_level=True)

REFUSAL = encode_malformed(truncated(1))
CROWD = 4


class HeldSink(Sink):
    """Holds the door's thread within its first message until told."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def message(self, door: str, payload: bytes, received_ns: int, reply: Reply | None) -> None:
        self.messages.append(Taken(payload, received_ns, reply))
        self.go.wait(10)


@pytest.fixture
def unix(tmp_path: Path) -> Iterator[Rig]:
    yield from opened(tmp_path, Sink())


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Rig]:
    yield from opened(tmp_path, HeldSink())


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[Rig]:
    yield from opened(tmp_path, Sink(), connections_max=CROWD)


def opened(folder: Path, sink: Sink, *, connections_max: int = 256) -> Iterator[Rig]:
    path = folder / "door"
    door = UnixSocketDoor("unix", path, now_ns=time.time_ns, silence_ns=SILENCE_NS, connections_max=connections_max)
    door.open(sink)
    yield Rig(door, sink, path, is_duplex=True)
    door.close()


def dial(rig: Rig) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.connect(os.fspath(rig.path))
    return made


def connected(rig: Rig, count: int) -> bool:
    return f"{count} 个连接" in rig.door.condition()[0]


def test_a_flood_keeps_another_sender_waiting_for_one_turn_only(held: Rig) -> None:
    sink = held.sink
    assert isinstance(sink, HeldSink)
    with dial(held) as flood, dial(held) as other:
        flood.sendall(b"x\n" * 2000)
        until(lambda: len(sink.messages) == 1)
        other.sendall(FLAGSHIP + b"\n")
        sink.go.set()
        until(lambda: len(sink.messages) == 2001)
    assert sink.payloads().index(FLAGSHIP) <= 2 * MESSAGES_AT_ONCE


def test_a_burst_of_one_turn_is_handed_over_in_one_go(held: Rig) -> None:
    sink = held.sink
    assert isinstance(sink, HeldSink)
    with dial(held) as burst, dial(held) as other:
        burst.sendall(b"".join(b"%d\n" % number for number in range(MESSAGES_AT_ONCE)))
        until(lambda: len(sink.messages) == 1)
        other.sendall(FLAGSHIP + b"\n")
        sink.go.set()
        until(lambda: len(sink.messages) == MESSAGES_AT_ONCE + 1)
    assert sink.payloads() == [*(b"%d" % number for number in range(MESSAGES_AT_ONCE)), FLAGSHIP]


def test_a_sender_of_nonsense_waits_and_the_others_do_not(unix: Rig) -> None:
    sink = unix.sink
    sink.answer = lambda payload: b"ok\n" if payload == FLAGSHIP else REFUSAL
    count = MALFORMED_PER_SECOND_MAX + 1000
    with dial(unix) as flood, dial(unix) as other:
        reading = threading.Thread(target=read_lines, args=(flood, count), daemon=True)
        reading.start()
        began = time.monotonic()
        flood.sendall(b"x\n" * count)
        until(lambda: len(sink.messages) > MALFORMED_PER_SECOND_MAX)
        other.sendall(FLAGSHIP + b"\n")
        assert read_lines(other, 1) == [b"ok"]
        assert len(sink.messages) <= MALFORMED_PER_SECOND_MAX + 2 * MESSAGES_AT_ONCE
        until(lambda: len(sink.messages) == count + 1)  # Nothing is lost; it is late.
        assert time.monotonic() - began > 0.9
        reading.join(10)


def test_a_sender_that_is_owed_much_is_slowed_down_and_loses_nothing(unix: Rig) -> None:
    count = IN_FLIGHT_MAX + 10 * MESSAGES_AT_ONCE
    with dial(unix) as flood:
        began = time.monotonic()
        flood.sendall(b"".join(b"%d\n" % number for number in range(count)) + b"half")
        until(lambda: len(unix.sink.messages) == count)
        assert time.monotonic() - began > 0.04
        until(lambda: [each.payload for each in unix.sink.cut] == [b"half"])
    assert unix.sink.payloads() == [b"%d" % number for number in range(count)]


def test_all_that_a_sender_wrote_before_it_left_is_taken_though_its_receipts_go_nowhere(unix: Rig) -> None:
    unix.sink.answer = lambda payload: b"receipt\n"
    for _ in range(5):
        unix.sink.messages.clear()
        with dial(unix) as line:
            line.sendall(b"".join(b"%d\n" % number for number in range(20_000)))
        until(lambda: len(unix.sink.messages) == 20_000)
        until(lambda: connected(unix, 0))


def test_a_half_closed_sender_gets_a_receipt_for_each_of_glued_angle_messages(unix: Rig) -> None:
    glued = "＜000001.SZ＃1＞＜000002.SZ＃2＞＜000003.SZ＃3＞\n".encode()
    with dial(unix) as line:
        line.sendall(glued)
        line.shutdown(socket.SHUT_WR)
        until(lambda: len(unix.sink.messages) == 1)
        reply = unix.sink.messages[0].reply
        assert reply is not None
        for number in range(3):
            time.sleep(0.3)  # Longer than the door waits between looks at senders that have ended.
            reply(b"receipt %d\n" % number)
            reply.flush()
        assert read_lines(line, 3) == [b"receipt 0", b"receipt 1", b"receipt 2"]
        assert line.recv(1) == b""


def test_a_half_closed_sender_of_heartbeats_is_let_go_at_once(unix: Rig) -> None:
    with dial(unix) as line:
        line.sendall(b"<HeartBeat><HeartBeat>")
        line.shutdown(socket.SHUT_WR)
        line.settimeout(3)
        assert line.recv(1) == b""


def test_when_all_places_are_taken_the_longest_idle_makes_room(crowded: Rig) -> None:
    crowded.sink.answer = lambda payload: b"ok\n"
    ends = [dial(crowded) for _ in range(CROWD)]
    for end in (*ends[1:], ends[0]):  # The second has been idle longest in the end.
        end.sendall(FLAGSHIP + b"\n")
        assert read_lines(end, 1) == [b"ok"]
    assert not crowded.door.condition()[0].startswith("⚠")
    with dial(crowded) as late:
        late.sendall(FLAGSHIP + b"\n")
        assert read_lines(late, 1) == [b"ok"]
        ends[1].settimeout(5)
        assert ends[1].recv(1) == b""
        chinese, english = crowded.door.condition()
        assert chinese.startswith("⚠")
        assert "断开了闲置最久的 1 个" in chinese
        assert english.startswith("⚠")
        for end in (ends[0], *ends[2:]):
            end.sendall(FLAGSHIP + b"\n")
            assert read_lines(end, 1) == [b"ok"]
    for end in ends:
        end.close()


def test_silent_connections_never_lock_anybody_out(crowded: Rig) -> None:
    crowded.sink.answer = lambda payload: b"ok\n"
    silent = [dial(crowded) for _ in range(3 * CROWD)]
    with dial(crowded) as line:
        line.sendall(FLAGSHIP + b"\n")
        assert read_lines(line, 1) == [b"ok"]
    for end in silent:
        end.close()


def test_a_sender_that_is_owed_an_answer_is_not_the_one_to_go(crowded: Rig) -> None:
    owed = [dial(crowded) for _ in range(CROWD - 1)]
    for end in owed:
        end.sendall(FLAGSHIP + b"\n")
    until(lambda: len(crowded.sink.messages) == CROWD - 1)
    idle = dial(crowded)
    until(lambda: connected(crowded, CROWD))
    with dial(crowded) as late:
        late.sendall(FLAGSHIP + b"\n")
        until(lambda: len(crowded.sink.messages) == CROWD)
        idle.settimeout(5)
        assert idle.recv(1) == b""
        with dial(crowded) as refused:  # All are owed something now.
            refused.settimeout(5)
            assert refused.recv(1) == b""
        assert "拒绝了 1 个" in crowded.door.condition()[0]
        for each in crowded.sink.messages:
            assert each.reply is not None
            each.reply(b"receipt\n")
            each.reply.flush()
        assert [read_lines(end, 1) for end in (*owed, late)] == [[b"receipt"]] * CROWD
    for end in (*owed, idle):
        end.close()


def test_a_fault_in_the_doors_own_work_is_told_and_the_door_goes_on(unix: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    unix.sink.answer = lambda payload: b"ok\n"
    faults = iter([RuntimeError("boom")])
    expire = UnixSocketDoor._expire

    def faulty(door: UnixSocketDoor, listener: socket.socket) -> None:
        for fault in faults:
            raise fault
        expire(door, listener)

    monkeypatch.setattr(UnixSocketDoor, "_expire", faulty)
    with dial(unix) as hurt:
        hurt.settimeout(5)
        assert hurt.recv(1) == b""
    with dial(unix) as line:
        line.sendall(FLAGSHIP + b"\n")
        assert read_lines(line, 1) == [b"ok"]
    assert unix.door.condition()[0].startswith("⚠")
    assert "boom" in unix.door.condition()[0]


def test_a_door_whose_thread_died_says_so(unix: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(door: UnixSocketDoor, *arguments: object) -> None:
        raise OSError("boom")

    monkeypatch.setattr(UnixSocketDoor, "_expire", dead)
    monkeypatch.setattr(UnixSocketDoor, "_begin", dead)
    dial(unix).close()
    until(lambda: "已停止收信" in unix.door.condition()[0])
    assert unix.door.condition()[0].startswith("⚠")
    assert "boom" in unix.door.condition()[1]
