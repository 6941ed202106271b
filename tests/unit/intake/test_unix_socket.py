"""The Unix socket door: receipts to their own senders, and nobody waits for anybody."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qmt_trading.intake.unix_connection import Connection
from qmt_trading.intake.unix_socket import UnixSocketDoor
from qmt_trading.model.errors import DoorError
from tests.contract.senders import FLAGSHIP, SILENCE_NS, Rig, Sender, Sink, read_lines, until

if sys.platform == "win32":
    pytest.skip("needs POSIX", allow_module_level=True)


@pytest.fixture
def unix(tmp_path: Path) -> Iterator[Rig]:
    sink = Sink()
    path = tmp_path / "door"
    door = UnixSocketDoor("unix", path, now_ns=time.time_ns, silence_ns=SILENCE_NS)
    door.open(sink)
    yield Rig(door, sink, path, is_duplex=True)
    door.close()


def test_a_killed_sender_leaves_a_truncated_prefix_and_never_a_message(unix: Rig) -> None:
    script = (
        "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.argv[2].encode());"
        "print(flush=True); input()"
    )
    for length in (14, 18, len(FLAGSHIP)):
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", script, os.fspath(unix.path), FLAGSHIP[:length].decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with child:
            assert child.stdout is not None
            child.stdout.readline()
            child.kill()
    until(lambda: len(unix.sink.cut) == 3)
    assert [each.payload for each in unix.sink.cut] == [FLAGSHIP[:14], FLAGSHIP[:18], FLAGSHIP]
    assert unix.sink.messages == []


def test_replies_come_back_to_their_own_sender_in_order(unix: Rig) -> None:
    unix.sink.answer = lambda payload: b"got " + payload + b"\n"
    ends = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(3)]
    for number, end in enumerate(ends):
        end.connect(os.fspath(unix.path))
        end.sendall(b"".join(b"%d-%d\n" % (number, index) for index in range(500)))
    for number, end in enumerate(ends):
        lines = read_lines(end, 500)
        assert lines == [b"got %d-%d" % (number, index) for index in range(500)]
        end.close()


def test_lines_taken_before_a_flush_leave_as_one_write(unix: Rig) -> None:
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end.connect(os.fspath(unix.path))
    end.sendall(b"".join(b"m%d\n" % number for number in range(64)))
    until(lambda: len(unix.sink.messages) == 64)
    replies = {id(each.reply): each.reply for each in unix.sink.messages}
    assert len(replies) == 1
    (reply,) = replies.values()
    assert reply is not None
    for number in range(64):
        reply(b"r%d\n" % number)
    end.setblocking(False)
    with pytest.raises(BlockingIOError):
        end.recv(1)
    reply.flush()
    assert end.recv(65_536) == b"".join(b"r%d\n" % number for number in range(64))
    end.close()


def test_a_sender_that_closed_only_its_half_still_gets_its_receipts_and_then_the_end(unix: Rig) -> None:
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end.connect(os.fspath(unix.path))
    end.sendall(FLAGSHIP + b"\n" + FLAGSHIP[:9])
    end.shutdown(socket.SHUT_WR)
    until(lambda: len(unix.sink.messages) == 1 and len(unix.sink.cut) == 1)
    time.sleep(0.05)
    reply = unix.sink.messages[0].reply
    assert reply is not None
    reply(b"late receipt\n")
    reply.flush()
    end.settimeout(5)
    received = b""
    while piece := end.recv(1000):
        received += piece
    assert received == b"truncated\nlate receipt\n"
    end.close()


def test_a_vanished_sender_costs_nobody_anything_while_its_reply_is_pending(unix: Rig) -> None:
    for _ in range(20):
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        end.connect(os.fspath(unix.path))
        end.sendall(FLAGSHIP + b"\n")
        end.close()
    until(lambda: len(unix.sink.messages) == 20)
    for each in unix.sink.messages:
        assert each.reply is not None
        each.reply(b"receipt\n")
        each.reply.flush()
    until(lambda: "0 个连接" in unix.door.condition()[0])
    unix.sink.answer = lambda payload: b"ok\n"
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end.connect(os.fspath(unix.path))
    end.sendall(FLAGSHIP + b"\n")
    assert read_lines(end, 1) == [b"ok"]
    end.close()


def test_senders_that_write_and_leave_do_not_pile_up_even_without_an_answer(unix: Rig) -> None:
    for _ in range(300):
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        end.connect(os.fspath(unix.path))
        end.sendall(FLAGSHIP + b"\n")
        end.close()
    until(lambda: len(unix.sink.messages) == 300)
    until(lambda: "0 个连接" in unix.door.condition()[0])


def test_a_sender_that_never_reads_is_dropped_and_never_blocks_the_answering_thread(unix: Rig) -> None:
    deaf = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    deaf.connect(os.fspath(unix.path))
    deaf.sendall(b"m\n")
    until(lambda: len(unix.sink.messages) == 1)
    reply = unix.sink.messages[0].reply
    assert isinstance(reply, Connection)
    slowest_s = 0.0
    for _ in range(400):
        began = time.perf_counter()
        reply(b"r" * 9999 + b"\n")
        reply.flush()
        slowest_s = max(slowest_s, time.perf_counter() - began)
        assert len(reply._output) <= 1 << 20
    assert slowest_s < 0.5
    until(lambda: "0 个连接" in unix.door.condition()[0])
    unix.sink.answer = lambda payload: b"ok\n"
    other = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    other.connect(os.fspath(unix.path))
    other.sendall(FLAGSHIP + b"\n")
    assert read_lines(other, 1) == [b"ok"]
    other.close()
    deaf.close()


def test_a_slow_reader_gets_everything_in_the_end(unix: Rig) -> None:
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end.connect(os.fspath(unix.path))
    end.sendall(b"m\n")
    until(lambda: len(unix.sink.messages) == 1)
    reply = unix.sink.messages[0].reply
    assert reply is not None
    for number in range(80):
        reply(b"%05d" % number + b"r" * 9994 + b"\n")
        reply.flush()
    time.sleep(0.1)
    assert [line[:5] for line in read_lines(end, 80)] == [b"%05d" % number for number in range(80)]
    end.close()


def test_a_json_value_that_breaks_off_is_told_and_its_connection_closed(unix: Rig) -> None:
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end.connect(os.fspath(unix.path))
    end.sendall(b'[{"action":"buy"},\n')
    assert read_lines(end, 1) == [b"truncated"]
    end.settimeout(5)
    assert end.recv(10) == b""
    end.close()
    assert unix.sink.messages == []


def test_a_fault_at_one_sender_closes_that_one_only(unix: Rig) -> None:
    def faulty(payload: bytes) -> bytes:
        if payload == b"poison":
            raise RuntimeError("boom")
        return b"ok\n"

    unix.sink.answer = faulty
    good, bad = (socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(2))
    good.connect(os.fspath(unix.path))
    bad.connect(os.fspath(unix.path))
    bad.sendall(b"poison\n")
    bad.settimeout(5)
    assert bad.recv(1) == b""
    good.sendall(FLAGSHIP + b"\n")
    assert read_lines(good, 1) == [b"ok"]
    assert "boom" in unix.door.condition()[1]
    good.close()
    bad.close()


def test_the_socket_of_a_dead_process_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "door"
    left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    left.bind(os.fspath(path))
    left.close()
    door = UnixSocketDoor("unix", path, now_ns=time.time_ns)
    door.open(Sink())
    door.close()
    assert not path.exists()


def test_a_living_socket_with_a_full_backlog_is_not_taken_for_dead(tmp_path: Path) -> None:
    path = tmp_path / "door"
    living = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    living.bind(os.fspath(path))
    living.listen(0)
    waiting = []
    for _ in range(2):
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        end.setblocking(False)
        waiting.append(end)
        try:
            end.connect(os.fspath(path))
        except BlockingIOError:
            break
    with pytest.raises(DoorError, match="已有程序在"):
        UnixSocketDoor("unix", path, now_ns=time.time_ns).open(Sink())
    for end in [*waiting, living]:
        end.close()


def test_too_long_a_path_is_refused_with_its_length(tmp_path: Path) -> None:
    path = tmp_path / ("很" * 40)
    with pytest.raises(DoorError, match="路径太长"):
        UnixSocketDoor("unix", path, now_ns=time.time_ns).open(Sink())


def test_a_folder_that_anybody_may_write_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(DoorError, match="chmod o-w"):
        UnixSocketDoor("unix", folder / "door", now_ns=time.time_ns).open(Sink())


def test_closing_is_prompt_and_repeatable_and_tells_what_was_left(unix: Rig) -> None:
    sender = Sender(unix.path)
    sender.send(FLAGSHIP + b"\n" + FLAGSHIP[:10])
    until(lambda: len(unix.sink.messages) == 1)
    began = time.monotonic()
    unix.door.close()
    unix.door.close()
    assert time.monotonic() - began < 1
    assert [each.payload for each in unix.sink.cut] == [FLAGSHIP[:10]]
    reply = unix.sink.messages[0].reply
    assert reply is not None
    reply(b"too late\n")
    reply.flush()
    assert unix.door.condition() == ("未打开", "closed")
    sender.leave()
