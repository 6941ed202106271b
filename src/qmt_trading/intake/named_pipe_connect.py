"""Somebody else's Windows named pipe: dialled, read, and dialled again for ever."""

from __future__ import annotations

import sys

assert sys.platform == "win32", "named pipes of this kind exist on Windows only"

import contextlib
import threading
from collections.abc import Callable
from typing import Any, Final

import pywintypes
import win32con
import win32event
import win32file
import win32pipe
import winerror

from qmt_trading.intake.windows_pipe import MESSAGE_BYTES_MAX, READ_BYTES, goes_on, read_count
from qmt_trading.ports import SignalSink

BACK_OFF_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0)
HEARTBEATS_MISSED_MAX: Final = 3
_STOP_S: Final = 5.0
FILE_WRITE_ATTRIBUTES: Final = 0x100
_HEARTBEAT: Final = b"<heartbeat>"


class NamedPipeConnectDoor:
    """The SignalSource port over an upstream's outbound pipe: one way, no receipts, heartbeat watched."""

    def __init__(self, name: str, address: str, *, now_ns: Callable[[], int], heartbeat_ns: int = 0) -> None:
        self._name = name
        self._address = address
        self._now_ns = now_ns
        self._heartbeat_ns = heartbeat_ns
        self._stop: Any = win32event.CreateEvent(None, True, False, None)
        self._thread: threading.Thread | None = None
        self._connected = False
        self._since_ns = now_ns()
        self._heard_ns = 0

    @property
    def name(self) -> str:
        return self._name

    def open(self, sink: SignalSink) -> None:
        self._since_ns = self._now_ns()
        self._thread = threading.Thread(target=self._work, args=(sink,), name=f"door-{self._name}", daemon=True)
        self._thread.start()

    def condition(self) -> tuple[str, str]:
        now_ns = self._now_ns()
        if not self._connected:
            waited = (now_ns - self._since_ns) // 1_000_000_000
            return f"等待上游创建管道，已等 {waited} 秒", f"waiting for the upstream's pipe, {waited} s so far"
        silent_ns = now_ns - self._heard_ns
        if self._heartbeat_ns and silent_ns > HEARTBEATS_MISSED_MAX * self._heartbeat_ns:
            silent = silent_ns // 1_000_000_000
            return f"⚠ 上游 {silent} 秒没有心跳", f"⚠ no heartbeat from upstream for {silent} s"
        return f"已连接 {self._address}", f"connected to {self._address}"

    def close(self) -> None:
        win32event.SetEvent(self._stop)
        if self._thread is not None:
            self._thread.join(_STOP_S)
            self._thread = None

    def _work(self, sink: SignalSink) -> None:
        tries = 0
        while not self._stopped(0):
            handle = self._dial()
            if handle is None:
                wait_s = BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)]
                tries += 1
                if self._stopped(wait_s):
                    return
                continue
            tries = 0
            self._connected, self._heard_ns = True, self._now_ns()
            try:
                self._read_all(handle, sink)
            finally:
                self._connected, self._since_ns = False, self._now_ns()
                with contextlib.suppress(pywintypes.error):
                    win32file.CloseHandle(handle)

    def _dial(self) -> Any:
        """Return an open handle in message mode, None when nobody is there or all instances are taken.

        Without FILE_WRITE_ATTRIBUTES the read mode could not be set, and messages would come glued together.
        """
        access = win32con.GENERIC_READ | FILE_WRITE_ATTRIBUTES
        handle: Any
        try:
            handle = win32file.CreateFile(
                self._address, access, 0, None, win32con.OPEN_EXISTING, win32file.FILE_FLAG_OVERLAPPED, None
            )
        except pywintypes.error:
            return None
        try:
            win32pipe.SetNamedPipeHandleState(handle, win32pipe.PIPE_READMODE_MESSAGE, None, None)
        except pywintypes.error:
            win32file.CloseHandle(handle)
            return None
        return handle

    def _read_all(self, handle: Any, sink: SignalSink) -> None:
        buffer = win32file.AllocateReadBuffer(READ_BYTES)
        message = b""
        while True:
            overlapped = pywintypes.OVERLAPPED()
            overlapped.hEvent = win32event.CreateEvent(None, True, False, None)
            try:
                result, _ = win32file.ReadFile(handle, buffer, overlapped)
                if result == winerror.ERROR_IO_PENDING:
                    events = [overlapped.hEvent, self._stop]
                    if (
                        win32event.WaitForMultipleObjects(events, False, win32event.INFINITE)
                        != win32event.WAIT_OBJECT_0
                    ):
                        win32file.CancelIo(handle)
                        return
                message = (message + bytes(buffer[: read_count(handle, overlapped)]))[:READ_BYTES]
            except pywintypes.error:
                return
            if not goes_on(overlapped):
                self._deliver(message, sink)
                message = b""

    def _deliver(self, message: bytes, sink: SignalSink) -> None:
        now_ns = self._heard_ns = self._now_ns()
        if not message or message.strip(b"\x00\r\n ").lower() == _HEARTBEAT:
            sink.heartbeat(self._name, now_ns)
        elif len(message) > MESSAGE_BYTES_MAX:
            sink.truncated(self._name, message, now_ns, None)
        else:
            sink.message(self._name, message, now_ns, None)

    def _stopped(self, wait_s: float) -> bool:
        return bool(win32event.WaitForSingleObject(self._stop, int(wait_s * 1000)) == win32event.WAIT_OBJECT_0)
