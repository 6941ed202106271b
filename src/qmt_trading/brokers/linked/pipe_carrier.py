"""Hosts that dial a named pipe of Windows, for terminals whose Python has no sockets; this user's and no other's."""

from __future__ import annotations

import contextlib
import ctypes
import sys
import threading
from typing import Any, Final

import pywintypes
import win32api
import win32con
import win32event
import win32file
import win32pipe
import win32security
import winerror

from qmt_trading.brokers.linked.carrier import Sent, Side
from qmt_trading.model.errors import ConfigurationError

PREFIX: Final = "\\\\.\\pipe\\"
INSTANCES: Final = 4
"""A strategy that was run anew may leave the end of before open, which nobody then closes but the terminal's end."""
_BUFFER_BYTES: Final = 65_536
_LAST_WORDS_MS: Final = 500
"""How long a host may take to read what we said last: parting throws away what it has not read."""
_AGAIN_S: Final = 0.2
_STOP_S: Final = 5.0
_CONNECTED: Final = (winerror.ERROR_PIPE_CONNECTED, winerror.ERROR_NO_DATA)


class PipeCarrier:
    """Listens at ``pipe:NAME``; which connection counts is the broker's to say."""

    def __init__(self, address: str, secret: bytes, *, name: str = "host") -> None:
        """Make the pipe, so that nobody else can.

        Raises:
            ConfigurationError: the name is taken, or the pipe cannot be made.
        """
        self._path = PREFIX + address.removeprefix("pipe:")
        self._secret = secret
        self._name = name
        self._stop: Any = win32event.CreateEvent(None, True, False, None)
        self._threads: list[threading.Thread] = []
        self._handles = [self._make(first=number == 0) for number in range(INSTANCES)]

    def open(self, side: Side, *, observe: bool) -> None:
        """Begin to accept. Whether a host was started to observe is its own to say."""
        assert not self._threads
        for handle in self._handles:
            thread = threading.Thread(target=self._serve, args=(side, handle), name=f"{self._name}-pipe", daemon=True)
            self._threads.append(thread)
            thread.start()

    def came_up(self) -> None:
        """Do nothing: a host dials when it wants to."""

    def close(self) -> None:
        win32event.SetEvent(self._stop)
        for thread in self._threads:
            thread.join(_STOP_S)
        if not self._threads:
            for handle in self._handles:
                win32file.CloseHandle(handle)

    def _make(self, *, first: bool) -> Any:
        mode = win32pipe.PIPE_ACCESS_DUPLEX | win32file.FILE_FLAG_OVERLAPPED
        if first:
            mode |= win32pipe.FILE_FLAG_FIRST_PIPE_INSTANCE
        kind = win32pipe.PIPE_TYPE_BYTE | win32pipe.PIPE_READMODE_BYTE | win32pipe.PIPE_REJECT_REMOTE_CLIENTS
        try:
            return win32pipe.CreateNamedPipe(
                self._path, mode, kind, INSTANCES, _BUFFER_BYTES, _BUFFER_BYTES, 0, _for_this_user()
            )
        except pywintypes.error as error:
            raise ConfigurationError(
                f"管道 {self._path} 无法使用：{error.strerror} / the pipe cannot be used: is its name taken?"
            ) from error

    def _serve(self, side: Side, handle: Any) -> None:
        try:
            while win32event.WaitForSingleObject(self._stop, 0) != win32event.WAIT_OBJECT_0:
                try:
                    if self._accept(handle):
                        PipeConnection(handle, self._secret, self._stop).serve(side)
                except pywintypes.error as error:
                    told = error.strerror
                    side.complained("link_listen", f"未能接受柜台宿主连接：{told}", f"accepting has failed: {told}")
                    win32event.WaitForSingleObject(self._stop, int(_AGAIN_S * 1000))
                with contextlib.suppress(pywintypes.error):
                    win32pipe.DisconnectNamedPipe(handle)
        finally:
            win32file.CloseHandle(handle)

    def _accept(self, handle: Any) -> bool:
        """Wait for a host; False: stopped."""
        overlapped = _overlapped()
        try:
            result = win32pipe.ConnectNamedPipe(handle, overlapped)
        except pywintypes.error as error:
            if error.winerror not in _CONNECTED:
                raise
            return True
        if result != winerror.ERROR_IO_PENDING:
            return True
        signalled = win32event.WaitForMultipleObjects([overlapped.hEvent, self._stop], False, win32event.INFINITE)
        if signalled == win32event.WAIT_OBJECT_0:
            return True
        _end(handle, overlapped)
        return False


class PipeConnection:
    """One host at one instance; a Connection."""

    def __init__(self, handle: Any, secret: bytes, stop: Any) -> None:
        self.secret: bytes | None = secret
        self._handle = handle
        self._stop = stop
        self._lock = threading.Lock()
        """Held by whoever writes or ends: the handle is the next host's a moment later."""
        self._ended = False
        self._why = ""
        self._closing: Any = win32event.CreateEvent(None, True, False, None)
        self._writing = _overlapped()
        self._in_flight = b""
        """What the system is writing: it must not be freed before that ends."""

    def send(self, line: bytes) -> Sent:
        with self._lock:
            if self._ended or self._why:
                return Sent.NOTHING
            if self._in_flight:
                if win32event.WaitForSingleObject(self._writing.hEvent, 0) != win32event.WAIT_OBJECT_0:
                    return Sent.NOTHING
                self._in_flight = b""
            try:
                result, _ = win32file.WriteFile(self._handle, line, self._writing)
            except pywintypes.error:
                return Sent.NOTHING  # The host has gone; who reads notices.
            if result == winerror.ERROR_IO_PENDING:
                self._in_flight = line
            return Sent.WHOLE

    def flush(self) -> None:
        """Do nothing: no line is ever taken in part."""

    def close(self, why: str) -> None:
        self._why = self._why or why
        win32event.SetEvent(self._closing)

    def serve(self, side: Side) -> None:
        """Pass on what comes until the end, and tell it."""
        why = "柜台宿主断开 / the host has gone"
        try:
            side.opened(self)
            while data := self._read(win32event.INFINITE, [self._closing, self._stop]):
                side.received(self, data)
            while self._why and self._read(_LAST_WORDS_MS, [self._stop]):
                continue  # What it still says is of no account; it has not gone yet.
        except pywintypes.error as error:
            why = f"连接中断：{error.strerror} / the connection broke"
        finally:
            with self._lock:
                self._ended = True
                if self._in_flight:
                    _end(self._handle, self._writing)
            side.closed(self, self._why or why, ())

    def _read(self, wait_ms: int, ends: list[Any]) -> bytes:
        """Return what has come next; empty: an end came before, or the host has gone."""
        reading, buffer = _overlapped(), win32file.AllocateReadBuffer(_BUFFER_BYTES)
        try:
            win32file.ReadFile(self._handle, buffer, reading)
            if win32event.WaitForMultipleObjects([reading.hEvent, *ends], False, wait_ms) != win32event.WAIT_OBJECT_0:
                _end(self._handle, reading)
                return b""
            return bytes(buffer[: win32file.GetOverlappedResult(self._handle, reading, True)])
        except pywintypes.error as error:
            if error.winerror in (winerror.ERROR_BROKEN_PIPE, winerror.ERROR_PIPE_NOT_CONNECTED):
                return b""
            raise


def _overlapped() -> Any:
    made = pywintypes.OVERLAPPED()
    made.hEvent = win32event.CreateEvent(None, True, False, None)
    return made


def _end(handle: Any, overlapped: Any) -> None:
    """Cancel what the system is doing, and wait until it has let go of our memory."""
    if sys.platform == "win32":  # pywin32 can only cancel what the calling thread has begun.
        ctypes.WinDLL("kernel32").CancelIoEx(ctypes.c_void_p(int(handle)), None)
    with contextlib.suppress(pywintypes.error):
        win32file.GetOverlappedResult(handle, overlapped, True)


def _for_this_user() -> Any:
    """Return an access list for the user that runs this process and SYSTEM, and for nobody else."""
    token = win32security.OpenProcessToken(win32api.GetCurrentProcess(), win32con.TOKEN_QUERY)
    user = win32security.ConvertSidToStringSid(win32security.GetTokenInformation(token, win32security.TokenUser)[0])
    made = win32security.SECURITY_ATTRIBUTES()
    made.SECURITY_DESCRIPTOR = win32security.ConvertStringSecurityDescriptorToSecurityDescriptor(
        f"D:P(A;;GA;;;{user})(A;;GA;;;SY)", 1
    )
    return made
