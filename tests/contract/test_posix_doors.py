"""What the doors of POSIX systems promise: whole messages, each once, whoever else misbehaves."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qmt_trading.model.errors import DoorError
from qmt_trading.ports import Reply

if sys.platform == "win32":
    pytest.skip("needs POSIX", allow_module_level=True)
assert sys.platform != "win32"

from qmt_trading.intake.fifo import FifoDoor
from qmt_trading.intake.unix_socket import UnixSocketDoor

FLAGSHIP = b"600000.SH:11031122,11031123;600036.SH:11031124"
FORMATS = (
    FLAGSHIP,
    b"buy 600000.SH 1000@10.50:11031122 #a/1",
    "买入 600000.SH 1手:张三".encode(),
    b'{"action":"buy","symbol":"600000.SH","accounts":["1"],"quantity":100,"note":"{[,]}\\""}',
    b"<000001.SZ#10002000,231312,account3>",
    b"<HeartBeat>",
)


class Sink:
    """Keeps what arrives, and answers each message with its own text."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.cut: list[bytes] = []
        self.lock = threading.Lock()

    def message(self, door: str, payload: bytes, received_ns: int, reply: Reply | None) -> None:
        with self.lock:
            self.messages.append(payload)
        if reply is not None:
            reply(b"got " + payload[:40] + b"\n")
            reply.flush()

    def truncated(self, door: str, payload: bytes, received_ns: int, reply: Reply | None) -> None:
        self.cut.append(payload)

    def heartbeat(self, door: str, received_ns: int) -> None:
        raise AssertionError("no empty writes on streams")


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.002)


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def unix(tmp_path: Path, sink: Sink) -> Iterator[Path]:
    door = UnixSocketDoor("unix", tmp_path / "s.sock", now_ns=time.time_ns)
    door.open(sink)
    yield tmp_path / "s.sock"
    door.close()


@pytest.fixture
def fifo(tmp_path: Path, sink: Sink) -> Iterator[Path]:
    door = FifoDoor("fifo", tmp_path / "s.fifo", now_ns=time.time_ns)
    door.open(sink)
    yield tmp_path / "s.fifo"
    door.close()


def dial(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.connect(os.fspath(path))
    return made


def test_a_stream_may_break_at_every_byte(unix: Path, sink: Sink) -> None:
    stream = b"".join(each + end for each, end in zip(FORMATS, (b"\n", b"\r\n", b"\x00", b"", b"", b"\n"), strict=True))
    for cut in range(1, len(stream)):
        with dial(unix) as line:
            line.sendall(stream[:cut])
            time.sleep(0.0005)
            line.sendall(stream[cut:])
            line.shutdown(socket.SHUT_WR)
            while line.recv(65_536):
                pass
        assert sink.messages == list(FORMATS), cut
        sink.messages.clear()
    assert sink.cut == []


def test_byte_by_byte_is_the_same(unix: Path, sink: Sink) -> None:
    with dial(unix) as line:
        for byte in FLAGSHIP + b"\n":
            line.sendall(bytes([byte]))
    until(lambda: sink.messages == [FLAGSHIP])


def test_no_prefix_of_a_message_is_ever_a_message_when_its_sender_dies(unix: Path, sink: Sink) -> None:
    for length in range(1, len(FLAGSHIP)):
        with dial(unix) as line:
            line.sendall(FLAGSHIP[:length])
    until(lambda: len(sink.cut) == len(FLAGSHIP) - 1)
    assert sink.messages == []
    assert sink.cut == [FLAGSHIP[:length] for length in range(1, len(FLAGSHIP))]


@pytest.mark.slow
def test_two_seconds_of_silence_end_an_unfinished_message(unix: Path, sink: Sink) -> None:
    with dial(unix) as line:
        line.sendall(FLAGSHIP)
        until(lambda: sink.cut == [FLAGSHIP], 4)
        line.sendall(b",11031124\n" + FLAGSHIP + b"\n")  # The tail that comes late is no message either.
        until(lambda: sink.messages == [FLAGSHIP])


def test_receipts_come_back_in_order(unix: Path) -> None:
    with dial(unix) as line:
        line.sendall(b"".join(b"message %d\n" % number for number in range(500)))
        received = b""
        while received.count(b"\n") < 500:
            received += line.recv(65_536)
    assert received.split() == b"".join(b"got message %d\n" % number for number in range(500)).split()


def test_a_sender_that_never_reads_holds_up_nobody(unix: Path, sink: Sink) -> None:
    deaf = dial(unix)
    deaf.settimeout(5)
    shout = threading.Thread(target=lambda: _shout(deaf), daemon=True)
    shout.start()
    for _ in range(20):
        with dial(unix) as line:
            line.sendall(FLAGSHIP + b"\n")
            line.settimeout(5)
            assert line.recv(100).startswith(b"got 600000")
    deaf.close()
    shout.join(10)


def _shout(line: socket.socket) -> None:
    try:
        for _ in range(2000):
            line.sendall(b"x" * 200 + b"\n")
    except OSError:
        return


def test_garbage_and_a_vanished_sender_cost_nothing(unix: Path, sink: Sink) -> None:
    for payload in (os.urandom(3000), b"\n" * 1000, b"{" * 70_000, b"x" * 100_000 + b"\n", b"<" * 5000):
        with dial(unix) as line:
            line.sendall(payload)
    with dial(unix) as line:
        line.sendall(FLAGSHIP + b"\n")
        until(lambda: FLAGSHIP in sink.messages)


WRITER = """
import os, socket, sys, time
path, who, count, kind = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
if kind == "fifo":
    out = os.open(path, os.O_WRONLY)
    send = lambda payload: os.write(out, payload)
else:
    line = socket.socket(socket.AF_UNIX); line.connect(path)
    send = lambda payload: line.sendall(payload)
for number in range(count):
    message = f"600000.SH:{who}x{number}\\n".encode()
    if number == count - 1 and who.startswith("dies"):
        send(message[:-6]); print("mid-write", flush=True); time.sleep(60)
    send(message)
    if number % 7 == 0:
        time.sleep(0.001)
print("done", flush=True)
"""


@pytest.mark.parametrize("kind", ["unix", "fifo"])
def test_eight_processes_at_once_and_three_killed_in_mid_write(
    kind: str, request: pytest.FixtureRequest, sink: Sink
) -> None:
    path = request.getfixturevalue(kind)
    names = [f"lives{number}" for number in range(5)] + [f"dies{number}" for number in range(3)]
    writers = {
        name: subprocess.Popen(
            [sys.executable, "-c", WRITER, os.fspath(path), name, "40", kind], stdout=subprocess.PIPE, encoding="utf-8"
        )
        for name in names
        if kind == "unix" or name.startswith("lives")
    }
    for name, writer in writers.items():
        assert writer.stdout is not None
        assert writer.stdout.readline().strip() == ("mid-write" if name.startswith("dies") else "done")
        writer.kill()
        writer.wait()
        writer.stdout.close()
    expected = sorted(
        f"600000.SH:{name}x{number}".encode()
        for name in writers
        for number in range(39 if name.startswith("dies") else 40)
    )
    until(lambda: len(sink.messages) >= len(expected))
    assert sorted(sink.messages) == expected
    until(lambda: len(sink.cut) == (3 if kind == "unix" else 0))


def test_echo_into_the_fifo_works(fifo: Path, sink: Sink) -> None:
    subprocess.run(["sh", "-c", f"echo '600000.SH:11031122' > '{fifo}'"], check=True)
    until(lambda: sink.messages == [b"600000.SH:11031122"])


def test_the_fifo_refuses_lines_that_could_mix(fifo: Path, sink: Sink) -> None:
    out = os.open(fifo, os.O_WRONLY)
    os.write(out, b"y" * 5000 + b"\n" + FLAGSHIP + b"\n")
    until(lambda: sink.messages == [FLAGSHIP])
    os.close(out)
    assert len(sink.cut) >= 1


def test_doors_are_for_this_user_alone(unix: Path, fifo: Path) -> None:
    assert stat.S_IMODE(unix.stat().st_mode) == 0o600
    assert stat.S_IMODE(fifo.stat().st_mode) == 0o600


def test_a_dead_socket_is_replaced_and_a_live_one_is_not(unix: Path, tmp_path: Path, sink: Sink) -> None:
    with pytest.raises(DoorError, match="已有程序在监听"):
        UnixSocketDoor("second", unix, now_ns=time.time_ns).open(sink)
    dead = tmp_path / "dead.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(os.fspath(dead))
    left.close()
    door = UnixSocketDoor("third", dead, now_ns=time.time_ns)
    door.open(sink)
    door.close()


def test_what_is_no_door_is_left_alone(tmp_path: Path, sink: Sink) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("keep me", encoding="utf-8")
    with pytest.raises(DoorError):
        UnixSocketDoor("unix", path, now_ns=time.time_ns).open(sink)
    with pytest.raises(DoorError):
        FifoDoor("fifo", path, now_ns=time.time_ns).open(sink)
    assert path.read_text(encoding="utf-8") == "keep me"


def test_a_path_that_is_too_long_is_a_clear_error(tmp_path: Path, sink: Sink) -> None:
    with pytest.raises(DoorError, match="太长"):
        UnixSocketDoor("unix", tmp_path / ("x" * 100), now_ns=time.time_ns).open(sink)
