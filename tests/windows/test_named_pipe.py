"""Both kinds of named pipe with genuine Windows Python: nothing lost, nothing glued, nobody uninvited."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import pywintypes
import win32con
import win32file
import win32pipe

from qmt_trading.intake import windows_pipe
from qmt_trading.intake.named_pipe_connect import NamedPipeConnectDoor
from qmt_trading.intake.named_pipe_listen import NamedPipeListenDoor
from qmt_trading.link.dial import dial
from qmt_trading.model.errors import DoorError
from qmt_trading.ports import Reply
from qmt_trading.run.control_door import ControlDoor

FLAGSHIP = b"600000.SH:11031122,11031123;600036.SH:11031124"


class Sink:
    """Keeps what arrives, and answers when asked to."""

    def __init__(self, answer: Callable[[bytes], bytes] | None = None) -> None:
        self.messages: list[bytes] = []
        self.cut: list[bytes] = []
        self.heartbeats = 0
        self._answer = answer
        self._lock = threading.Lock()

    def message(self, door: str, payload: bytes, received_ns: int, reply: Reply | None) -> None:
        with self._lock:
            self.messages.append(payload)
        if self._answer is not None and reply is not None:
            reply(self._answer(payload))
            reply.flush()

    def truncated(self, door: str, payload: bytes, received_ns: int, reply: Reply | None) -> None:
        self.cut.append(payload)

    def heartbeat(self, door: str, received_ns: int) -> None:
        self.heartbeats += 1


def name() -> str:
    return rf"\\.\pipe\qmt-test-{uuid.uuid4().hex[:10]}"


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def client(address: str) -> Any:
    end = time.monotonic() + 10
    while True:
        try:
            return win32file.CreateFile(
                address, win32con.GENERIC_READ | win32con.GENERIC_WRITE, 0, None, win32con.OPEN_EXISTING, 0, None
            )
        except pywintypes.error as error:
            assert error.winerror in (2, 231), error
            assert time.monotonic() < end
            time.sleep(0.005)


def a_door(sink: Sink, *, instances: int = 4) -> tuple[str, NamedPipeListenDoor]:
    address = name()
    door = NamedPipeListenDoor("pipe", address, now_ns=time.time_ns, instances=instances)
    door.open(sink)
    return address, door


def test_one_write_is_one_message_whatever_it_holds() -> None:
    sink = Sink()
    address, door = a_door(sink)
    handle = client(address)
    written = [FLAGSHIP, "买入 600000.SH 1手:张三".encode("gbk"), b'{"no": "newline"}', b"<HeartBeat>", b"x" * 65_536]
    for payload in written:
        win32file.WriteFile(handle, payload)
    until(lambda: len(sink.messages) == len(written))
    assert sink.messages == written
    win32file.CloseHandle(handle)
    door.close()


def test_an_empty_write_is_a_heartbeat_and_a_message_beyond_the_bound_is_never_read() -> None:
    sink = Sink()
    address, door = a_door(sink)
    handle = client(address)
    win32file.WriteFile(handle, b"")
    win32file.WriteFile(handle, b"y" * 200_000)
    win32file.WriteFile(handle, FLAGSHIP)
    until(lambda: sink.messages == [FLAGSHIP])
    assert sink.heartbeats == 1
    assert [len(cut) for cut in sink.cut] == [65_537]
    win32file.CloseHandle(handle)
    door.close()


def test_each_message_gets_its_receipt_on_its_own_line() -> None:
    sink = Sink(answer=lambda payload: b"got " + payload[:20] + b"\n")
    address, door = a_door(sink)
    with dial(address) as line:
        for number in range(50):
            line.send(b"message %d" % number)
        assert [line.receive_line(5) for _ in range(50)] == [b"got message %d" % number for number in range(50)]
    door.close()


def test_a_client_that_never_reads_blocks_nobody() -> None:
    sink = Sink(answer=lambda payload: b"r" * 4000 + b"\n")
    address, door = a_door(sink)
    deaf = client(address)

    def shout() -> None:
        for _ in range(400):
            try:
                win32file.WriteFile(deaf, b"hello")
            except pywintypes.error:
                return

    shouting = threading.Thread(target=shout, daemon=True)
    shouting.start()
    with dial(address) as line:
        line.send(FLAGSHIP)
        assert line.receive_line(10) == b"r" * 4000
    win32file.CloseHandle(deaf)
    shouting.join(10)
    door.close()


WRITER = """
import sys, time, win32file, win32con, pywintypes
address, who, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
end = time.monotonic() + 30
while True:
    try:
        handle = win32file.CreateFile(address, win32con.GENERIC_READ | win32con.GENERIC_WRITE, 0, None, 3, 0, None)
        break
    except pywintypes.error as error:
        assert error.winerror in (2, 231) and time.monotonic() < end, error
        time.sleep(0.005)
for number in range(count):
    win32file.WriteFile(handle, f"{who}-{number}".encode())
"""


def test_eight_processes_at_once_lose_nothing() -> None:
    sink = Sink()
    address, door = a_door(sink, instances=8)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, address, str(who), "25"]) for who in range(8)]
    for writer in writers:
        assert writer.wait(60) == 0
    until(lambda: len(sink.messages) == 200)
    assert sorted(sink.messages) == sorted(f"{who}-{number}".encode() for who in range(8) for number in range(25))
    door.close()


def test_a_burst_of_sixty_clients_that_write_and_leave_loses_none() -> None:
    sink = Sink()
    address, door = a_door(sink, instances=16)

    def write_and_leave(number: int) -> None:
        handle = client(address)
        win32file.WriteFile(handle, b"burst %d" % number)
        win32file.CloseHandle(handle)

    threads = [threading.Thread(target=write_and_leave, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    until(lambda: len(sink.messages) == 60)
    assert sorted(sink.messages) == sorted(b"burst %d" % number for number in range(60))
    door.close()


def test_only_this_user_and_the_system_are_on_the_access_list() -> None:
    """The list is read back; that Windows enforces it cannot be tested under Wine."""
    _, door = a_door(Sink())
    assert door.server is not None
    found = windows_pipe.access_list(door.server.instances[0].handle)
    assert found.startswith("D:P(")
    assert found.count("(A;") == 2
    assert found.count("(") == 2
    assert ";;;SY)" in found
    sid = windows_pipe.user_sid()
    assert sid in found or ";;;LA)" in found
    door.close()


def test_the_first_instance_insists_on_being_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wine lets a second first instance pass, so the flag itself is looked at, and the refusal is played."""
    flags: list[int] = []
    made = win32pipe.CreateNamedPipe

    def watch(*arguments: Any) -> Any:
        flags.append(int(str(arguments[1])))
        assert int(str(arguments[2])) & win32pipe.PIPE_REJECT_REMOTE_CLIENTS
        return made(*arguments)

    monkeypatch.setattr(win32pipe, "CreateNamedPipe", watch)
    _, door = a_door(Sink(), instances=3)
    door.close()
    assert [bool(flag & win32pipe.FILE_FLAG_FIRST_PIPE_INSTANCE) for flag in flags] == [True, False, False]

    def refuse(*arguments: Any) -> Any:
        raise pywintypes.error(5, "CreateNamedPipe", "Access is denied.")

    monkeypatch.setattr(win32pipe, "CreateNamedPipe", refuse)
    with pytest.raises(DoorError, match="管道"):
        a_door(Sink())


def test_listening_at_a_name_that_exists_says_what_to_change() -> None:
    address, door = a_door(Sink())
    with pytest.raises(DoorError, match='请把 mode 改为 "connect"'):
        NamedPipeListenDoor("other", address, now_ns=time.time_ns).open(Sink())
    door.close()


def upstream(address: str) -> Any:
    """Make a pipe as the monitors do: outbound only, message mode, one instance, small buffers."""
    kind = win32pipe.PIPE_TYPE_MESSAGE | win32pipe.PIPE_WAIT
    anyone: Any = None
    return win32pipe.CreateNamedPipe(address, win32pipe.PIPE_ACCESS_OUTBOUND, kind, 1, 1024, 1024, 0, anyone)


def test_the_connecting_door_reads_redials_and_reads_again() -> None:
    address, sink = name(), Sink()
    door = NamedPipeConnectDoor("upstream", address, now_ns=time.time_ns)
    door.open(sink)
    assert door.condition()[0].startswith("等待上游创建管道")
    for life in range(3):
        handle = upstream(address)
        win32pipe.ConnectNamedPipe(handle, None)
        win32file.WriteFile(handle, b"<000001.SZ#10002000,231312,account3>")
        win32file.WriteFile(handle, b"<HeartBeat>")
        win32file.WriteFile(handle, FLAGSHIP + b" %d" % life)
        wanted = 2 * (life + 1)
        until(lambda wanted=wanted: len(sink.messages) == wanted)  # type: ignore[misc]
        assert door.condition()[0].startswith("已连接")
        win32pipe.DisconnectNamedPipe(handle)
        win32file.CloseHandle(handle)
    assert sink.messages == [
        each for life in range(3) for each in (b"<000001.SZ#10002000,231312,account3>", FLAGSHIP + b" %d" % life)
    ]
    assert sink.heartbeats == 3
    door.close()


def test_a_message_longer_than_the_upstreams_buffer_stays_whole() -> None:
    address, sink = name(), Sink()
    door = NamedPipeConnectDoor("upstream", address, now_ns=time.time_ns)
    door.open(sink)
    handle = upstream(address)
    win32pipe.ConnectNamedPipe(handle, None)
    long = b";".join(b"60%04d.SH:11031122" % number for number in range(250))
    win32file.WriteFile(handle, long)
    win32file.WriteFile(handle, FLAGSHIP)
    until(lambda: len(sink.messages) == 2)
    assert sink.messages == [long, FLAGSHIP]
    win32file.CloseHandle(handle)
    door.close()


def test_missing_heartbeats_are_told() -> None:
    address, sink = name(), Sink()
    now = [time.time_ns()]
    door = NamedPipeConnectDoor("upstream", address, now_ns=lambda: now[0], heartbeat_ns=1_000_000_000)
    door.open(sink)
    handle = upstream(address)
    win32pipe.ConnectNamedPipe(handle, None)
    win32file.WriteFile(handle, b"<HeartBeat>")
    until(lambda: sink.heartbeats == 1)
    now[0] += 5_000_000_000
    assert "没有心跳" in door.condition()[0]
    win32file.CloseHandle(handle)
    door.close()


def test_closing_ends_every_wait_promptly() -> None:
    _, listening = a_door(Sink(), instances=8)
    connecting = NamedPipeConnectDoor("upstream", name(), now_ns=time.time_ns)
    connecting.open(Sink())
    began = time.monotonic()
    listening.close()
    connecting.close()
    assert time.monotonic() - began < 3


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
