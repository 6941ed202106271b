"""What every stream door promises, with real sockets, real FIFOs and real sender processes.

The doors of Windows keep the same promises in ``tests/windows``.
"""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from qmt_trading.intake.fifo import FifoDoor
from qmt_trading.intake.unix_socket import UnixSocketDoor
from qmt_trading.model.errors import DoorError
from qmt_trading.ports import SignalSource
from tests.contract.senders import FLAGSHIP, SILENCE_NS, Rig, Sender, Sink, has_taken, until

if sys.platform == "win32":
    pytest.skip("needs POSIX", allow_module_level=True)


FORMATS = [
    FLAGSHIP,
    b"<000001.SZ#10002000,231312,account3>",
    b"<HeartBeat>",
    b'{"type":"trade_signal","symbol":"600000.SH","accounts":["a"],"signal":"EXECUTE","timestamp":1234567890}',
    '{"备注":"买入 } 一手","list":[{"a":["张三"]}]}'.encode(),
    "买入 600000.SH 1手:张三".encode("gb18030"),
]


@pytest.fixture(params=["unix", "fifo"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    sink = Sink()
    path = tmp_path / "door"
    door: SignalSource
    if request.param == "unix":
        door = UnixSocketDoor("unix", path, now_ns=time.time_ns, silence_ns=SILENCE_NS)
    else:
        door = FifoDoor("fifo", path, now_ns=time.time_ns, silence_ns=SILENCE_NS)
    door.open(sink)
    yield Rig(door, sink, path, request.param == "unix")
    door.close()


def has_done(done: dict[int, int], who: int, count: int) -> bool:
    return done.get(who, 0) > count


def test_every_format_arrives_whole_and_in_order(rig: Rig) -> None:
    before_ns = time.time_ns()
    sender = Sender(rig.path)
    for message in FORMATS:
        sender.send(message + b"\n")
    until(lambda: len(rig.sink.messages) == len(FORMATS))
    assert rig.sink.payloads() == FORMATS
    assert all(before_ns <= each.received_ns <= time.time_ns() for each in rig.sink.messages)
    assert all((each.reply is not None) is rig.is_duplex for each in rig.sink.messages)
    sender.leave()


def test_the_formats_split_at_every_byte_arrive_whole(rig: Rig) -> None:
    data = b"\n".join(FORMATS) + b"\r\n"
    sender = Sender(rig.path)
    for cut in range(1, len(data)):
        sender.send(data[:cut])
        sender.send(data[cut:])
        if cut % 50 == 0:  # What was not yet read would be joined again.
            until(partial(has_taken, rig.sink, cut * len(FORMATS)))
    until(lambda: len(rig.sink.messages) == (len(data) - 1) * len(FORMATS))
    assert rig.sink.payloads() == FORMATS * (len(data) - 1)
    assert rig.sink.cut == []
    sender.leave()


def test_a_message_byte_by_byte_with_pauses_arrives_whole(rig: Rig) -> None:
    sender = Sender(rig.path)
    for index in range(len(FLAGSHIP)):
        sender.send(FLAGSHIP[index : index + 1])
        time.sleep(0.002)
    assert rig.sink.messages == []
    sender.send(b"\n")
    until(lambda: len(rig.sink.messages) == 1)
    assert rig.sink.payloads() == [FLAGSHIP]
    sender.leave()


def test_a_silent_sender_with_half_a_message_is_truncated_and_disturbs_nobody(rig: Rig) -> None:
    half = Sender(rig.path)
    half.send(FLAGSHIP[:20])
    until(lambda: len(rig.sink.cut) == 1)
    assert rig.sink.cut[0].payload == FLAGSHIP[:20]
    other = Sender(rig.path)
    refused = 0 if rig.is_duplex else 1  # The writers of a FIFO share one line: it cannot be told whose its tail is.
    for _ in range(1 + refused):
        other.send(FLAGSHIP + b"\n")
    until(lambda: rig.sink.payloads() == [FLAGSHIP])
    half.leave()
    other.leave()
    time.sleep(0.05)
    assert [each.payload for each in rig.sink.cut[1:]] == [FLAGSHIP] * refused


def test_the_tail_of_a_message_after_a_silence_is_never_a_message(rig: Rig) -> None:
    """``sell `` and, after the silence, ``600010.SH:11031123`` once made a buy."""
    sender = Sender(rig.path)
    sender.send(b"sell ")
    until(lambda: len(rig.sink.cut) == 1)
    sender.send(b"600010.SH:11031123\n" + FLAGSHIP + b"\n")
    until(lambda: rig.sink.payloads() == [FLAGSHIP])
    assert [each.payload for each in rig.sink.cut] == [b"sell ", b"600010.SH:11031123"]
    sender.leave()


def test_silence_without_bytes_left_is_no_fault(rig: Rig) -> None:
    sender = Sender(rig.path)
    sender.send(FLAGSHIP + b"\n\r\n ")
    time.sleep(SILENCE_NS / 1e9 * 1.5)
    sender.send(b"\n" + FLAGSHIP + b"\n")
    until(lambda: len(rig.sink.messages) == 2)
    assert rig.sink.cut == []
    sender.leave()


def test_garbage_and_endless_bytes_are_told_and_the_door_lives_on(rig: Rig) -> None:
    noise = random.Random(7).randbytes(3000).replace(b"\n", b"").replace(b"\0", b"")
    sender = Sender(rig.path)
    sender.send(b"x" + noise + b"\n")
    for _ in range(100):
        sender.send(b"y" * 1000)
    sender.send(b"\n" + FLAGSHIP + b"\n")
    until(lambda: rig.sink.payloads()[-1:] == [FLAGSHIP])
    assert len(rig.sink.cut) == 1
    assert set(rig.sink.cut[0].payload) == {ord("y")}
    sender.leave()


SENDER = """
import os, socket, sys, zlib
path, who, count, kind = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
if kind == "unix":
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM); end.connect(path)
    # Two writes a message, so that a kill can fall into the middle of one.
    write = lambda data: (end.sendall(data[:30]), end.sendall(data[30:]))
else:
    end = os.open(path, os.O_WRONLY); write = lambda data: os.write(end, data)
for number in range(count):
    body = "%s %d %s" % (who, number, "p" * (number * 7 % 90))
    write(("%s %08x\\n" % (body, zlib.crc32(body.encode()))).encode())
    os.write(1, b".")
"""


def test_eight_processes_at_once_some_killed_in_mid_write(rig: Rig) -> None:
    """Each complete message arrives exactly once and whole; of a killed sender at most its last one is cut."""
    kind = "unix" if rig.is_duplex else "fifo"
    senders = [
        subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", SENDER, os.fspath(rig.path), str(who), "3000", kind],
            stdout=subprocess.PIPE,
        )
        for who in range(8)
    ]
    done: dict[int, int] = {}

    def count(who: int) -> None:
        out = senders[who].stdout
        assert out is not None
        done[who] = 0
        while dots := os.read(out.fileno(), 65_536):
            done[who] += len(dots)
        out.close()

    counters = [threading.Thread(target=count, args=(who,)) for who in range(8)]
    for counter in counters:
        counter.start()
    for who in (1, 3, 4, 6):
        until(partial(has_done, done, who, 100 * who))
        senders[who].send_signal(signal.SIGKILL)
    for counter in counters:
        counter.join()
    codes = [sender.wait() for sender in senders]
    assert -signal.SIGKILL in codes
    assert [codes[who] for who in (0, 2, 5, 7)] == [0, 0, 0, 0]
    survivors = (b"0 ", b"2 ", b"5 ", b"7 ")
    until(lambda: sum(payload.startswith(survivors) for payload in rig.sink.payloads()) >= 4 * 3000, 20)
    time.sleep(0.05)

    arrived: dict[int, list[int]] = {who: [] for who in range(8)}
    for payload in rig.sink.payloads():
        body, _, check = payload.rpartition(b" ")
        assert zlib.crc32(body) == int(check, 16), payload
        sender_number, message_number, _ = body.split(b" ", 2)
        arrived[int(sender_number)].append(int(message_number))
    for who in range(8):
        assert arrived[who] == list(range(len(arrived[who])))
        assert len(arrived[who]) == 3000 if codes[who] == 0 else done[who] <= len(arrived[who]) <= done[who] + 1
    assert len(rig.sink.cut) <= 4
    for cut in rig.sink.cut:
        assert codes[int(cut.payload.split(b" ")[0] or b"1")] == -signal.SIGKILL


def test_both_doors_are_for_this_user_alone(rig: Rig) -> None:
    assert stat.S_IMODE(rig.path.stat().st_mode) == 0o600


def test_a_second_door_at_the_same_place_is_refused_and_the_first_lives_on(rig: Rig) -> None:
    second: SignalSource
    if rig.is_duplex:
        second = UnixSocketDoor("second", rig.path, now_ns=time.time_ns)
    else:
        second = FifoDoor("second", rig.path, now_ns=time.time_ns)
    with pytest.raises(DoorError, match="已有程序在"):
        second.open(Sink())
    second.close()
    sender = Sender(rig.path)
    sender.send(FLAGSHIP + b"\n")
    until(lambda: rig.sink.payloads() == [FLAGSHIP])
    sender.leave()


def test_a_plain_file_at_the_place_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "door"
    path.write_bytes(b"precious")
    for door in (UnixSocketDoor("u", path, now_ns=time.time_ns), FifoDoor("f", path, now_ns=time.time_ns)):
        with pytest.raises(DoorError, match="已存在"):
            door.open(Sink())
    assert path.read_bytes() == b"precious"


def test_a_door_whose_senders_have_left_costs_no_processor_time(rig: Rig) -> None:
    sender = Sender(rig.path)
    sender.send(FLAGSHIP + b"\n")
    sender.leave()
    until(partial(has_taken, rig.sink, 1))
    began_ns = time.process_time_ns()
    time.sleep(0.3)
    assert time.process_time_ns() - began_ns < 100_000_000
