"""Windows named pipes, thinly: one end of one pipe, whose waits end when asked to and whose writes never block.

Everything is overlapped, because the system lets a write on a blocking handle wait for the read that is going on.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
import threading
import time
from collections import deque
from typing import Any, Final, NamedTuple

import pywintypes
import win32api
import win32con
import win32event
import win32file
import win32pipe
import win32security
import winerror

from qmt_trading.intake.framing import MESSAGE_BYTES_MAX
from qmt_trading.model.errors import DoorError

TAKEN: Final = '管道已被上游程序创建：请把 mode 改为 "connect" / the pipe exists already: set mode = "connect"'
UNREAD_BYTES_MAX: Final = 1 << 20
"""What is kept for a client that does not read, beyond the pipe's own buffer; then it is dropped."""
PIPE_BUFFER_BYTES: Final = 65_536
_READ_BYTES: Final = 16_384
_STOPPED_WRITE_MS: Final = 2000
_FILE_WRITE_ATTRIBUTES: Final = 0x100
_IDENTIFY_ONLY: Final = 0x0011_0000
"""SECURITY_SQOS_PRESENT and SECURITY_IDENTIFICATION."""
_SYSTEM_SID: Final = "S-1-5-18"
_CLIENT_GONE: Final = (winerror.ERROR_NO_DATA, winerror.ERROR_PIPE_CONNECTED)


class PipeGoneError(OSError):
    """The other side left, was dropped or broke."""


class PipeStoppedError(Exception):
    """``stop`` was called; the thread that reads this end closes it."""


class Message(NamedTuple):
    """What one write of the other side brought."""

    payload: bytes
    is_whole: bool
    """False: longer than the bound and cut to it, or its sender died within it."""


class Pipe:
    """One end of a pipe. One thread accepts, reads, writes, releases and closes; the rest is for any thread."""

    def __init__(self, handle: Any, *, message_bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        self.handle = handle
        self.client = 0
        """The number of the client of the moment; 0: none was there yet."""
        self._bound = message_bytes_max
        self._wake: Any = win32event.CreateEvent(None, False, False, None)
        self._reading = _overlapped()
        self._buffer: Any = win32file.AllocateReadBuffer(_READ_BYTES)
        self._is_reading = False
        self._lock = threading.Lock()
        self._taken: list[bytes] = []
        self._queue: deque[bytes] = deque()
        self._unread_bytes = 0
        self._writing = _overlapped()
        self._in_flight = b""
        """What the system is writing: it must not be freed before that ends."""
        self._is_open = False
        self._is_dropped = False
        self._is_stopped = False

    def accept(self) -> bool:
        """Wait for a client; False: stopped.

        A client that wrote and left before this call counts: what it wrote is still there to be read.
        """
        if self._is_stopped:
            return False
        self._is_dropped = False
        try:
            result = win32pipe.ConnectNamedPipe(self.handle, self._reading)
            if result == winerror.ERROR_IO_PENDING:
                self._is_reading = True
                self._await_reading(None)
                self._is_reading = False
                win32file.GetOverlappedResult(self.handle, self._reading, True)
        except PipeStoppedError:
            return False
        except pywintypes.error as error:
            if error.winerror not in _CLIENT_GONE:
                raise
        self.open()
        return True

    def open(self) -> None:
        """Begin with the client, or the server, that is at the other side now."""
        with self._lock:
            self.client += 1
            self._is_open = True
            self._is_dropped = False

    def read(self, timeout_ms: int | None = None) -> Message | None:
        """Return the next message; None when none came within ``timeout_ms``. On a pipe of bytes: what has arrived.

        Raises:
            PipeGoneError: the other side left. PipeStoppedError: ``stop`` was called.
        """
        pieces: list[bytes] = []
        size = 0
        while True:
            try:
                piece, has_more = self._read_piece(None if pieces else timeout_ms)
            except PipeGoneError:
                if not pieces:
                    raise
                return Message(b"".join(pieces)[: self._bound], is_whole=False)
            if piece is None:
                return None
            size += len(piece)
            if not has_more and not pieces and size <= self._bound:
                return Message(piece, is_whole=True)
            if size - len(piece) <= self._bound:  # What lies beyond the bound is read and forgotten.
                pieces.append(piece)
            if not has_more:
                return Message(b"".join(pieces)[: self._bound], is_whole=size <= self._bound)

    def take(self, client: int, line: bytes) -> None:
        """Keep a line for ``client`` until ``flush``; nothing happens when it has gone."""
        with self._lock:
            if not self._is_open or client != self.client:
                return
            self._taken.append(line)
            self._unread_bytes += len(line)
            if self._unread_bytes > UNREAD_BYTES_MAX:
                self._is_open = False
                self.drop()

    def flush(self, client: int) -> None:
        """Write what was taken, one message a line; what there is no room for is written on by the reading thread."""
        with self._lock:
            if not self._is_open or client != self.client:
                return
            self._queue.extend(self._taken)
            self._taken.clear()
            if not self._in_flight:
                self._write_on()
            needs_help = bool(self._in_flight)
        if needs_help:
            win32event.SetEvent(self._wake)

    def write(self, message: bytes, timeout_ms: int) -> bool:
        """Write and wait until the pipe has it; False: not within ``timeout_ms``, or the client is gone.

        For the reading thread, when nothing else writes.
        """
        self.take(self.client, message)
        self.flush(self.client)
        while self._in_flight:
            # What is under way when the end is asked to stop is finished, as far as the client reads.
            wait_ms = min(timeout_ms, _STOPPED_WRITE_MS) if self._is_stopped else timeout_ms
            signalled = win32event.WaitForMultipleObjects([self._writing.hEvent, self._wake], False, wait_ms)
            if signalled == win32event.WAIT_TIMEOUT or self._is_dropped:
                return False
            if signalled == win32event.WAIT_OBJECT_0:
                with self._lock:
                    self._write_ended()
        return self._is_open

    def pause(self, timeout_ms: int) -> None:
        """Read nothing for a while; what the client reads is written on meanwhile.

        Raises:
            PipeGoneError, PipeStoppedError: as ``read``.
        """
        until = time.monotonic() + timeout_ms / 1000
        while (left_ms := int((until - time.monotonic()) * 1000)) > 0:
            events = [self._wake, self._writing.hEvent] if self._in_flight else [self._wake]
            win32event.WaitForMultipleObjects(events, False, left_ms)
            self._check()

    def drop(self) -> None:
        """Make the reading thread see its client as gone."""
        self._is_dropped = True
        win32event.SetEvent(self._wake)

    def stop(self) -> None:
        """End every wait, now and later."""
        self._is_stopped = True
        win32event.SetEvent(self._wake)

    def release(self) -> None:
        """Part from the client, so that the next one can be accepted."""
        self._end_pending()
        with contextlib.suppress(pywintypes.error):
            win32pipe.DisconnectNamedPipe(self.handle)

    def close(self) -> None:
        """Give the end back. What was written and not yet read stays readable to the other side."""
        self._end_pending()
        with contextlib.suppress(pywintypes.error):
            win32file.CloseHandle(self.handle)

    def _read_piece(self, timeout_ms: int | None) -> tuple[bytes | None, bool]:
        """Return a piece and whether its message goes on; (None, False) when none came in time."""
        self._check()
        try:
            if not self._is_reading:
                result, _ = win32file.ReadFile(self.handle, self._buffer, self._reading)
                self._is_reading = result == winerror.ERROR_IO_PENDING
            if self._is_reading:
                if not self._await_reading(timeout_ms):
                    return None, False
                self._is_reading = False
            count = win32file.GetOverlappedResult(self.handle, self._reading, True)
        except pywintypes.error as error:
            self._is_reading = False
            if error.winerror == winerror.ERROR_MORE_DATA:
                return bytes(self._buffer), True
            raise PipeGoneError(error.strerror) from error
        return bytes(self._buffer[:count]), False

    def _await_reading(self, timeout_ms: int | None) -> bool:
        """Wait until the pending read or accept has ended, seeing to pending writes meanwhile."""
        wait_ms = win32event.INFINITE if timeout_ms is None else timeout_ms
        while True:
            events = [self._reading.hEvent, self._wake]
            if self._in_flight:
                events.append(self._writing.hEvent)
            signalled = win32event.WaitForMultipleObjects(events, False, wait_ms)
            if signalled == win32event.WAIT_OBJECT_0:
                return True
            if signalled == win32event.WAIT_TIMEOUT:
                return False
            self._check()

    def _check(self) -> None:
        if self._is_stopped:
            raise PipeStoppedError
        if self._is_dropped:
            raise PipeGoneError("dropped")
        if self._in_flight and _is_set(self._writing.hEvent):
            with self._lock:
                self._write_ended()

    def _write_on(self) -> None:
        """Write what is queued until the pipe has no more room."""
        while self._queue and not self._in_flight:
            message = self._queue.popleft()
            try:
                result, _ = win32file.WriteFile(self.handle, message, self._writing)
            except pywintypes.error:
                self._is_open = False  # The client is gone; the reading thread finds that out for itself.
                self._forget_unread()
                return
            if result == winerror.ERROR_IO_PENDING:
                self._in_flight = message
            else:
                self._unread_bytes -= len(message)

    def _write_ended(self) -> None:
        if not self._in_flight:
            return
        self._unread_bytes -= len(self._in_flight)
        try:
            win32file.GetOverlappedResult(self.handle, self._writing, True)
        except pywintypes.error:
            self._is_open = False
            self._forget_unread()
        self._in_flight = b""
        self._write_on()

    def _forget_unread(self) -> None:
        self._queue.clear()
        self._taken.clear()
        self._unread_bytes = 0

    def _end_pending(self) -> None:
        """Cancel what the system is doing for this end, and wait until it has let go of our memory."""
        with self._lock:
            self._is_open = False
            self._forget_unread()
            if self._is_reading or self._in_flight:
                _cancel(self.handle)
            if self._is_reading:
                self._is_reading = False
                with contextlib.suppress(pywintypes.error):
                    win32file.GetOverlappedResult(self.handle, self._reading, True)
            if self._in_flight:
                with contextlib.suppress(pywintypes.error):
                    win32file.GetOverlappedResult(self.handle, self._writing, True)
                self._in_flight = b""


class Reply:
    """The Reply port towards one client of one end."""

    __slots__ = ("_client", "_pipe")

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._client = pipe.client

    def __call__(self, line: bytes) -> None:
        self._pipe.take(self._client, line)

    def flush(self) -> None:
        self._pipe.flush(self._client)


def exists(address: str) -> bool:
    """Tell whether somebody has made a pipe of this name, without taking an instance of it."""
    try:
        win32pipe.WaitNamedPipe(address, 1)
    except pywintypes.error as error:
        return bool(error.winerror != winerror.ERROR_FILE_NOT_FOUND)
    return True


def make(address: str, *, first: bool, message_bytes_max: int = MESSAGE_BYTES_MAX) -> Pipe:
    """Make one instance of a duplex pipe of messages, for this user and SYSTEM on this machine alone.

    Raises:
        DoorError: the name is taken (``first``), it cannot be made, or its access list is not what was asked for.
    """
    mode = win32pipe.PIPE_ACCESS_DUPLEX | win32file.FILE_FLAG_OVERLAPPED
    if first:
        mode |= win32pipe.FILE_FLAG_FIRST_PIPE_INSTANCE
    kind = win32pipe.PIPE_TYPE_MESSAGE | win32pipe.PIPE_READMODE_MESSAGE | win32pipe.PIPE_REJECT_REMOTE_CLIENTS
    size = PIPE_BUFFER_BYTES
    try:
        handle = win32pipe.CreateNamedPipe(
            address, mode, kind, win32pipe.PIPE_UNLIMITED_INSTANCES, size, size, 0, _for_this_user()
        )
    except pywintypes.error as error:
        if first and error.winerror in (winerror.ERROR_ACCESS_DENIED, winerror.ERROR_PIPE_BUSY):
            raise DoorError(TAKEN) from error
        raise DoorError(f"管道 {address} 建不了 / the pipe cannot be made: {error.strerror}") from error
    try:
        found = access_list(handle)
        is_as_asked = allowed_sids(handle) == {user_sid(), _SYSTEM_SID} and found.startswith("D:P")
    except pywintypes.error as error:
        win32file.CloseHandle(handle)
        raise DoorError(f"管道权限读不出来 / the pipe's access list cannot be read: {error.strerror}") from error
    if not is_as_asked:
        win32file.CloseHandle(handle)
        raise DoorError(f"管道权限与要求不符 / the pipe's access list is not as asked for: {found}")
    return Pipe(handle, message_bytes_max=message_bytes_max)


def dial(address: str) -> tuple[Pipe, bool]:
    """Open somebody else's pipe for reading; return it and whether it keeps messages apart.

    Without FILE_WRITE_ATTRIBUTES the read mode could not be set, and messages would come glued together.

    Raises:
        pywintypes.error: with the system's code: 2 nobody is there, 231 all instances are taken, 5 not for us, ….
    """
    handle: Any = win32file.CreateFile(
        address,
        win32con.GENERIC_READ | _FILE_WRITE_ATTRIBUTES,
        0,
        None,
        win32con.OPEN_EXISTING,
        # Its maker may learn who we are, but not act as us.
        win32file.FILE_FLAG_OVERLAPPED | _IDENTIFY_ONLY,
        None,
    )
    keeps_messages = True
    try:
        win32pipe.SetNamedPipeHandleState(handle, win32pipe.PIPE_READMODE_MESSAGE, None, None)
    except pywintypes.error as error:
        if error.winerror != winerror.ERROR_INVALID_PARAMETER:
            win32file.CloseHandle(handle)
            raise
        keeps_messages = False
    pipe = Pipe(handle)
    pipe.open()
    return pipe, keeps_messages


def user_sid() -> str:
    """Return the security identifier of the user that runs this process."""
    token = win32security.OpenProcessToken(win32api.GetCurrentProcess(), win32con.TOKEN_QUERY)
    return str(
        win32security.ConvertSidToStringSid(win32security.GetTokenInformation(token, win32security.TokenUser)[0])
    )


def access_list(handle: Any) -> str:
    """Return the access list of a pipe as the system holds it, in SDDL."""
    wanted = win32security.DACL_SECURITY_INFORMATION
    found = win32security.GetSecurityInfo(handle, win32security.SE_KERNEL_OBJECT, wanted)
    return str(win32security.ConvertSecurityDescriptorToStringSecurityDescriptor(found, 1, wanted))


def allowed_sids(handle: Any) -> set[str]:
    """Return whom the access list of a pipe lets in, as the system holds it; entries of other kinds under odd names."""
    found = win32security.GetSecurityInfo(
        handle, win32security.SE_KERNEL_OBJECT, win32security.DACL_SECURITY_INFORMATION
    )
    entries: Any = found.GetSecurityDescriptorDacl()
    if entries is None:
        return {"everyone"}
    sids: set[str] = set()
    for index in range(entries.GetAceCount()):
        (kind, _), _, sid = entries.GetAce(index)[:3]
        text = str(win32security.ConvertSidToStringSid(sid))
        sids.add(text if kind == win32con.ACCESS_ALLOWED_ACE_TYPE else f"{kind}:{text}")
    return sids


def _for_this_user() -> Any:
    made = win32security.SECURITY_ATTRIBUTES()
    text = "D:P" + "".join(f"(A;;GA;;;{sid})" for sid in sorted({user_sid(), _SYSTEM_SID}))
    made.SECURITY_DESCRIPTOR = win32security.ConvertStringSecurityDescriptorToSecurityDescriptor(text, 1)
    return made


def _overlapped() -> Any:
    made = pywintypes.OVERLAPPED()
    made.hEvent = win32event.CreateEvent(None, True, False, None)
    return made


def _is_set(event: Any) -> bool:
    return bool(win32event.WaitForSingleObject(event, 0) == win32event.WAIT_OBJECT_0)


def _cancel(handle: Any) -> None:
    """Cancel what any thread has begun on ``handle``; pywin32 knows only the calling thread's way."""
    if sys.platform == "win32":
        ctypes.WinDLL("kernel32").CancelIoEx(ctypes.c_void_p(int(handle)), None)
