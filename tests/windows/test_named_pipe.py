"""The pipe that we make, with genuine Windows Python: nothing lost, nothing glued, nobody in who may not."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from functools import partial
from typing import Any

import pytest
import pywintypes
import win32file
import win32pipe
from tests.windows.pipes import FLAGSHIP, Sink, a_door, client, has_kept, name, until

from qmt_trading.intake import windows_pipe
from qmt_trading.intake.named_pipe_connect import NamedPipeConnectDoor
from qmt_trading.intake.named_pipe_listen import NamedPipeListenDoor
from qmt_trading.link.dial import DialError, dial
from qmt_trading.model.errors import DoorError


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
    assert [len(cut) for cut in sink.cut] == [65_536]
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
    address, door = a_door(sink, instances=8)

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
    assert windows_pipe.allowed_sids(door.server.instances[-1].handle) == {windows_pipe.user_sid(), "S-1-5-18"}
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
        flags.append(arguments[1])
        assert arguments[2] & win32pipe.PIPE_REJECT_REMOTE_CLIENTS
        return made(*arguments)

    monkeypatch.setattr(win32pipe, "CreateNamedPipe", watch)
    _, door = a_door(Sink(), instances=3)
    door.close()
    assert [bool(flag & win32pipe.FILE_FLAG_FIRST_PIPE_INSTANCE) for flag in flags] == [True, False, False]

    def refuse(*arguments: object) -> object:
        raise pywintypes.error(5, "CreateNamedPipe", "Access is denied.")

    monkeypatch.setattr(win32pipe, "CreateNamedPipe", refuse)
    with pytest.raises(DoorError, match="管道"):
        a_door(Sink())


def test_listening_at_a_name_that_exists_says_what_to_change() -> None:
    address, door = a_door(Sink())
    with pytest.raises(DoorError, match='请把 mode 改为 "connect"'):
        NamedPipeListenDoor("other", address, now_ns=time.time_ns).open(Sink())
    door.close()


def test_closing_ends_every_wait_promptly() -> None:
    _, listening = a_door(Sink(), instances=8)
    connecting = NamedPipeConnectDoor("upstream", name(), now_ns=time.time_ns)
    connecting.open(Sink())
    began = time.monotonic()
    listening.close()
    connecting.close()
    assert time.monotonic() - began < 3


def test_more_clients_than_instances_may_stay_connected() -> None:
    sink = Sink(answer=lambda payload: payload + b"\n")
    address, door = a_door(sink, instances=2)
    lines = [dial(address) for _ in range(20)]
    for number, line in enumerate(lines):
        line.send(b"from %d" % number)
    assert [line.receive_line(10) for line in lines] == [b"from %d" % number for number in range(20)]
    assert "20 个连接" in door.condition()[0]
    for line in lines:
        line.close()
    until(lambda: "0 个连接" in door.condition()[0])
    door.close()


def test_a_reply_to_a_client_that_has_gone_never_reaches_the_next_one() -> None:
    sink = Sink()
    replies = sink.replies
    address, door = a_door(sink, instances=1)

    for number in range(12):
        with dial(address) as line:
            line.send(b"%d" % number)
            until(partial(has_kept, replies, number + 1))
            for late in replies[:-1]:
                late(b"for somebody else\n")
                late.flush()
            replies[-1](b"for %d\n" % number)
            replies[-1].flush()
            assert line.receive_line(5) == b"for %d" % number
    door.close()


def test_a_client_that_leaves_too_much_unread_is_dropped() -> None:
    sink = Sink()
    replies = sink.replies
    address, door = a_door(sink)

    deaf = client(address)
    win32file.WriteFile(deaf, b"hello")
    until(lambda: len(replies) == 1)
    slowest_s = 0.0
    for _ in range(400):
        began = time.perf_counter()
        replies[0](b"r" * 9999 + b"\n")
        replies[0].flush()
        slowest_s = max(slowest_s, time.perf_counter() - began)
    assert slowest_s < 0.5
    until(lambda: "0 个连接" in door.condition()[0])
    win32file.CloseHandle(deaf)
    door.close()


def test_a_slow_reader_gets_every_receipt() -> None:
    sink = Sink(answer=lambda payload: payload + b"r" * 9990 + b"\n")
    address, door = a_door(sink)
    with dial(address) as line:
        for number in range(60):
            line.send(b"%05d" % number)
        until(lambda: len(sink.messages) == 60)
        time.sleep(0.1)
        assert [line.receive_line(10)[:5] for _ in range(60)] == [b"%05d" % number for number in range(60)]
    door.close()


KILLED = (
    WRITER
    + """
print("done", flush=True)
number = 0
while True:
    win32file.WriteFile(handle, (f"{who}+{number} " + "p" * 3000 + " end").encode())
    number += 1
"""
)


def test_clients_killed_in_mid_write_leave_whole_messages_only() -> None:
    sink = Sink()
    address, door = a_door(sink, instances=8)
    writers = [
        subprocess.Popen([sys.executable, "-c", KILLED, address, str(who), "10"], stdout=subprocess.PIPE)
        for who in range(4)
    ]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    time.sleep(0.1)
    for writer in writers:
        with writer:
            writer.kill()
    until(lambda: "0 个连接" in door.condition()[0])
    plain = [message for message in sink.messages if b"+" not in message]
    long = [message for message in sink.messages if b"+" in message]
    assert sorted(plain) == sorted(f"{who}-{number}".encode() for who in range(4) for number in range(10))
    assert all(message.endswith(b" end") and len(message) > 3000 for message in long)
    for who in range(4):
        own = [message.split(b" ")[0] for message in long if message.startswith(b"%d+" % who)]
        assert own == [b"%d+%d" % (who, number) for number in range(len(own))]
    assert long
    door.close()


def test_blank_messages_are_skipped() -> None:
    sink = Sink()
    address, door = a_door(sink)
    with dial(address) as line:
        for payload in (b"\r\n", b"\0", FLAGSHIP):
            line.send(payload)
        until(lambda: sink.messages == [FLAGSHIP])
    door.close()


def test_a_fault_at_one_client_is_told_and_the_next_is_served() -> None:
    def answer(payload: bytes) -> bytes:
        if payload == b"poison":
            raise RuntimeError("boom")
        return b"ok\n"

    address, door = a_door(Sink(answer=answer), instances=1)
    with dial(address) as bad:
        bad.send(b"poison")
        with pytest.raises(DialError):
            bad.receive_line(5)
    with dial(address) as good:
        good.send(b"fine")
        assert good.receive_line(5) == b"ok"
    assert "boom" in door.condition()[1]
    door.close()


def test_a_wait_for_a_receipt_ends_in_time() -> None:
    address, door = a_door(Sink())
    with dial(address) as line:
        line.send(FLAGSHIP)
        began = time.monotonic()
        with pytest.raises(DialError, match="没有等到回执"):
            line.receive_line(0.2)
        assert time.monotonic() - began < 2
    door.close()
    with pytest.raises(DialError, match="连不上"):
        dial(address, timeout_s=0.2)
