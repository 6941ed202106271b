"""The engine's end of a named pipe of Windows, by the built-in module and by nothing of the project's."""

from __future__ import annotations

import importlib
import threading
import uuid
from typing import Any, Final

from tests.link.stand import PATIENCE_S

_BUFFER_BYTES: Final = 65_536
_INSTANCES_MAX: Final = 64
_LOOK_MS: Final = 50
_MODE: Final = 0x3 | 0x40000000
"""PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED."""
_WAIT_TIMEOUT: Final = 258


class PipeListener:
    """Waits for hosts at a pipe of bytes; one instance of it stands ready, as one place in a queue of calls."""

    def __init__(self) -> None:
        """Make the pipe; only on Windows."""
        self._calls: Any = importlib.import_module("_winapi")
        name = f"qmt-test-{uuid.uuid4().hex}"
        self.address = f"pipe:{name}"
        self._path = rf"\\.\pipe\{name}"
        self._wait_for_next()

    def accept(self) -> PipeWay:
        """Return the next connection.

        Raises:
            TimeoutError: nobody has dialled for as long as our patience.
        """
        if self._connecting is not None:
            told = self._calls.WaitForMultipleObjects([self._connecting.event], False, int(PATIENCE_S * 1000))
            if told == _WAIT_TIMEOUT:
                raise TimeoutError("nobody has dialled the pipe")
            self._connecting.GetOverlappedResult(True)
        way = PipeWay(self._calls, self._handle)
        self._wait_for_next()
        return way

    def close(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
        self._calls.CloseHandle(self._handle)

    def _wait_for_next(self) -> None:
        self._handle = self._calls.CreateNamedPipe(
            self._path, _MODE, 0, _INSTANCES_MAX, _BUFFER_BYTES, _BUFFER_BYTES, 0, 0
        )
        self._connecting = self._calls.ConnectNamedPipe(self._handle, overlapped=True)


class PipeWay:
    """One connection; a Way."""

    def __init__(self, calls: Any, handle: Any) -> None:
        self._calls = calls
        self._handle = handle
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._busy = 0
        self._closed = False

    def read(self) -> bytes:
        """Return what came; empty: the end."""
        if not self._enter():
            return b""
        try:
            overlapped, _ = self._calls.ReadFile(self._handle, _BUFFER_BYTES, overlapped=True)
            count = self._ended(overlapped)
            return bytes(overlapped.getbuffer()[:count]) if count else b""
        except OSError:
            return b""  # The host has gone, or we have.
        finally:
            self._leave()

    def write(self, data: bytes) -> None:
        """Write all of it; an OSError says that the host has gone."""
        if not self._enter():
            raise BrokenPipeError("closed")
        try:
            while data:
                overlapped, _ = self._calls.WriteFile(self._handle, data, overlapped=True)
                data = data[self._ended(overlapped) :]
        finally:
            self._leave()

    def close(self) -> None:
        """End what is under way, and let the host read what was written before."""
        self._closing.set()
        with self._lock:
            self._close_if_idle()

    def _ended(self, overlapped: Any) -> int:
        """Wait for the end of a call and return how many bytes it moved; an OSError says that it moved none."""
        while self._calls.WaitForMultipleObjects([overlapped.event], False, _LOOK_MS) == _WAIT_TIMEOUT:
            if self._closing.is_set():
                overlapped.cancel()
                break
        count, error = overlapped.GetOverlappedResult(True)
        if error:
            raise OSError(error, "the call was ended")
        return int(count)

    def _enter(self) -> bool:
        with self._lock:
            if self._closing.is_set():
                return False
            self._busy += 1
            return True

    def _leave(self) -> None:
        with self._lock:
            self._busy -= 1
            self._close_if_idle()

    def _close_if_idle(self) -> None:
        if self._closing.is_set() and not self._busy and not self._closed:
            self._closed = True
            self._calls.CloseHandle(self._handle)
