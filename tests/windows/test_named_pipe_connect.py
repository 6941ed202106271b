"""Somebody else's pipe, with genuine Windows Python: read whole, and dialled again whatever happens to it."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from typing import Any

import pytest
import win32con
import win32file
import win32pipe
import win32security
from tests.windows.pipes import FLAGSHIP, Sink, has_taken, name, until

from qmt_trading.intake import windows_pipe
from qmt_trading.intake.named_pipe_connect import NamedPipeConnectDoor


def upstream(address: str, kind: int = win32pipe.PIPE_TYPE_MESSAGE) -> Any:
    """Make a pipe as the monitors do: outbound only, message mode, one instance, small buffers, default security."""
    default = win32security.SECURITY_ATTRIBUTES()
    return win32pipe.CreateNamedPipe(address, win32pipe.PIPE_ACCESS_OUTBOUND, kind, 1, 1024, 1024, 0, default)


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
        until(partial(has_taken, sink, 2 * (life + 1)))
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
    now = [time.monotonic_ns()]
    door = NamedPipeConnectDoor(
        "upstream", address, now_ns=time.time_ns, heartbeat_ns=1_000_000_000, steady_ns=lambda: now[0]
    )
    door.open(sink)
    handle = upstream(address)
    win32pipe.ConnectNamedPipe(handle, None)
    win32file.WriteFile(handle, b"<HeartBeat>")
    until(lambda: sink.heartbeats == 1)
    now[0] += 5_000_000_000
    assert "没有心跳" in door.condition()[0]
    win32file.CloseHandle(handle)
    door.close()


def test_a_dead_upstream_is_an_alert_whether_its_pipe_is_there_or_not() -> None:
    address, sink = name(), Sink()
    now = [time.monotonic_ns()]
    door = NamedPipeConnectDoor(
        "upstream", address, now_ns=time.time_ns, heartbeat_ns=1_000_000_000, steady_ns=lambda: now[0]
    )
    door.open(sink)
    now[0] += 3_000_000_000
    assert door.condition()[0].startswith("等待上游创建管道")
    now[0] += 1
    assert door.condition()[0].startswith("⚠ 上游 3 秒没有心跳：等待上游创建管道")
    assert door.condition()[1].startswith("⚠ no heartbeat")
    handle = upstream(address)
    win32pipe.ConnectNamedPipe(handle, None)
    assert door.condition()[0].startswith("⚠")  # An open pipe is no sign of life.
    win32file.WriteFile(handle, FLAGSHIP)
    until(lambda: sink.messages == [FLAGSHIP])
    until(lambda: door.condition()[0].startswith("已连接"))
    now[0] += 2_000_000_000
    assert door.silent_ns == 2_000_000_000
    win32file.CloseHandle(handle)
    until(lambda: door.condition()[0].startswith("等待上游创建管道"))
    now[0] += 1_500_000_000
    assert door.condition()[0].startswith("⚠ 上游 3 秒没有心跳：等待上游创建管道，已等 1 秒")
    door.close()


def test_whatever_falls_out_of_dialling_is_told_and_the_door_dials_on(monkeypatch: pytest.MonkeyPatch) -> None:
    address, sink = name(), Sink()
    dial = windows_pipe.dial
    faults = iter([RuntimeError("boom")])

    def faulty(where: str) -> Any:
        for fault in faults:
            raise fault
        return dial(where)

    monkeypatch.setattr(windows_pipe, "dial", faulty)
    door = NamedPipeConnectDoor("upstream", address, now_ns=time.time_ns)
    door.open(sink)
    handle = upstream(address)
    win32pipe.ConnectNamedPipe(handle, None)
    win32file.WriteFile(handle, FLAGSHIP)
    until(lambda: sink.messages == [FLAGSHIP])
    assert door.condition()[0].startswith("⚠")
    assert "boom" in door.condition()[1]
    win32file.CloseHandle(handle)
    door.close()


UPSTREAM = """
import sys, time, win32file, win32pipe, win32security
address, life = sys.argv[1], sys.argv[2]
default = win32security.SECURITY_ATTRIBUTES()
handle = win32pipe.CreateNamedPipe(address, 2, 4, 1, 1024, 1024, 0, default)
win32pipe.ConnectNamedPipe(handle, None)
for number in range(50):
    win32file.WriteFile(handle, f"<000001.SZ#{life},{number}>".encode())
win32file.WriteFile(handle, b"")
win32file.FlushFileBuffers(handle)
if life != "0":
    time.sleep(30)
"""


def test_an_upstream_process_that_ends_or_is_killed_is_dialled_again() -> None:
    address, sink = name(), Sink()
    door = NamedPipeConnectDoor("upstream", address, now_ns=time.time_ns)
    door.open(sink)
    for life in range(3):
        with subprocess.Popen([sys.executable, "-c", UPSTREAM, address, str(life)]) as process:
            until(partial(has_taken, sink, 50 * (life + 1)), 20)
            if life:
                process.kill()
        until(lambda: door.condition()[0].startswith("等待上游"))
    assert sink.messages == [b"<000001.SZ#%d,%d>" % (life, number) for life in range(3) for number in range(50)]
    assert sink.heartbeats == 3
    door.close()


def test_an_upstream_that_is_taken_or_of_bytes_is_told_or_framed() -> None:
    address, sink = name(), Sink()
    handle = upstream(address, win32pipe.PIPE_TYPE_BYTE)
    held: Any = win32file.CreateFile(address, win32con.GENERIC_READ, 0, None, win32con.OPEN_EXISTING, 0, None)
    door = NamedPipeConnectDoor("upstream", address, now_ns=time.time_ns)
    door.open(sink)
    until(lambda: "被别的程序占着" in door.condition()[0])
    win32file.CloseHandle(held)
    win32pipe.DisconnectNamedPipe(handle)
    until(lambda: connected(handle))
    win32file.WriteFile(handle, b"<000001.SZ#1><000002.SZ#2>" + FLAGSHIP[:20])
    win32file.WriteFile(handle, FLAGSHIP[20:] + b"\r\nhalf a mess")
    until(lambda: len(sink.messages) == 3)
    assert sink.messages == [b"<000001.SZ#1>", b"<000002.SZ#2>", FLAGSHIP]
    win32file.CloseHandle(handle)
    until(lambda: sink.cut == [b"half a mess"])
    door.close()


def connected(handle: Any) -> bool:
    win32pipe.ConnectNamedPipe(handle, None)
    return True
