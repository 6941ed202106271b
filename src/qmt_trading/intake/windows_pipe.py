"""Windows named pipes, thinly: instances for this user alone, reads and writes that a stop can end."""

from __future__ import annotations

import sys

assert sys.platform == "win32", "named pipes of this kind exist on Windows only"

import contextlib
import threading
from collections.abc import Callable
from typing import Any, Final

import pywintypes
import win32api
import win32con
import win32event
import win32file
import win32pipe
import win32security
import winerror

from qmt_trading.model.errors import DoorError

MESSAGE_BYTES_MAX: Final = 65_536
BUFFER_BYTES: Final = 65_536
WRITES_MAX: Final = 256
"""Replies that a client may leave unread before it is dropped."""
INSTANCES_MAX: Final = 254
READ_BYTES: Final = MESSAGE_BYTES_MAX + 1
_BUFFER_OVERFLOW: Final = 0x80000005
"""STATUS_BUFFER_OVERFLOW: the read was good and the message is longer."""
_WRITE_WAIT_MS: Final = 10_000
_SYSTEM: Final = "SY"


def _event() -> Any:
    return win32event.CreateEvent(None, True, False, None)


def _overlapped() -> Any:
    made = pywintypes.OVERLAPPED()
    made.hEvent = _event()
    return made


def user_sid() -> str:
    """Return the security identifier of the user that runs this process."""
    token = win32security.OpenProcessToken(win32api.GetCurrentProcess(), win32con.TOKEN_QUERY)
    return str(
        win32security.ConvertSidToStringSid(win32security.GetTokenInformation(token, win32security.TokenUser)[0])
    )


def security_attributes() -> Any:
    """Return attributes that let this user and SYSTEM in, and nobody else, network logons included."""
    made = win32security.SECURITY_ATTRIBUTES()
    text = f"D:P(A;;GA;;;{user_sid()})(A;;GA;;;{_SYSTEM})"
    made.SECURITY_DESCRIPTOR = win32security.ConvertStringSecurityDescriptorToSecurityDescriptor(text, 1)
    return made


def access_list(handle: Any) -> str:
    """Return the access list of a pipe as the system holds it, in SDDL."""
    descriptor = win32security.GetSecurityInfo(
        handle, win32security.SE_KERNEL_OBJECT, win32security.DACL_SECURITY_INFORMATION
    )
    return str(
        win32security.ConvertSecurityDescriptorToStringSecurityDescriptor(
            descriptor, 1, win32security.DACL_SECURITY_INFORMATION
        )
    )


def exists(address: str) -> bool:
    """Tell whether somebody has made a pipe of this name."""
    try:
        win32pipe.WaitNamedPipe(address, 1)
    except pywintypes.error as error:
        return bool(error.winerror != winerror.ERROR_FILE_NOT_FOUND)
    return True


def read_count(handle: Any, overlapped: Any) -> int:
    """Return how many bytes a finished read brought; a message that goes on filled the whole buffer."""
    try:
        return int(win32file.GetOverlappedResult(handle, overlapped, True))
    except pywintypes.error as error:
        if error.winerror != winerror.ERROR_MORE_DATA:
            raise
        return READ_BYTES


def goes_on(overlapped: Any) -> bool:
    """Tell whether a finished read left some of its message behind."""
    return bool(overlapped.Internal & 0xFFFFFFFF == _BUFFER_OVERFLOW)


class Instance:
    """One instance of a pipe: one client at a time, served by one thread; replies may come from another."""

    def __init__(self, address: str, stop: Any, *, first: bool) -> None:
        """Make the instance.

        Args:
            stop: an event; when it is set, every wait of this object ends.
            first: insist on being the first of this name.

        Raises:
            DoorError: the name is taken, or the access list is not what was asked for.
        """
        mode = win32pipe.PIPE_ACCESS_DUPLEX | win32file.FILE_FLAG_OVERLAPPED
        if first:
            mode |= win32pipe.FILE_FLAG_FIRST_PIPE_INSTANCE
        kind = (
            win32pipe.PIPE_TYPE_MESSAGE
            | win32pipe.PIPE_READMODE_MESSAGE
            | win32pipe.PIPE_WAIT
            | win32pipe.PIPE_REJECT_REMOTE_CLIENTS
        )
        try:
            self._handle = win32pipe.CreateNamedPipe(
                address,
                mode,
                kind,
                win32pipe.PIPE_UNLIMITED_INSTANCES,
                BUFFER_BYTES,
                BUFFER_BYTES,
                0,
                security_attributes(),
            )
        except pywintypes.error as error:
            raise DoorError(f"管道 {address} 建不了 / the pipe cannot be made: {error.strerror}") from error
        found = access_list(self._handle)
        if not found.startswith("D:P") or found.count("(") != 2:
            win32file.CloseHandle(self._handle)
            raise DoorError(f"管道权限与要求不符 / the pipe's access list is not as asked for: {found}")
        self._stop = stop
        self._buffer = win32file.AllocateReadBuffer(READ_BYTES)
        self._lock = threading.Lock()
        self._writes: list[tuple[Any, bytes]] = []
        self._unsent: list[bytes] = []
        self._client = 0
        self._connected = False

    @property
    def handle(self) -> Any:
        return self._handle

    def wait_for_client(self) -> bool:
        """Wait for the next client; False: stopped.

        A client that wrote and left before this call counts: what it wrote is still there to be read.
        """
        overlapped = _overlapped()
        try:
            result = win32pipe.ConnectNamedPipe(self._handle, overlapped)
        except pywintypes.error as error:
            if error.winerror not in (winerror.ERROR_NO_DATA, winerror.ERROR_PIPE_CONNECTED):
                raise
            result = winerror.ERROR_PIPE_CONNECTED
        if result == winerror.ERROR_IO_PENDING and not self._wait(overlapped):
            return False
        with self._lock:
            self._connected = True
            self._client += 1
        return True

    def read(self) -> bytes | None:
        """Return the next message, None when the client has gone or a stop was asked for.

        A message beyond the bound comes back cut to one byte more than the bound.
        """
        message, more = self._read_part()
        while more:
            _, more = self._read_part()
        return message

    def _read_part(self) -> tuple[bytes | None, bool]:
        """Return what one read brings, None at the end, and whether the message goes on."""
        overlapped = _overlapped()
        try:
            result, _ = win32file.ReadFile(self._handle, self._buffer, overlapped)
            if result == winerror.ERROR_IO_PENDING and not self._wait(overlapped):
                return None, False
            return bytes(self._buffer[: read_count(self._handle, overlapped)]), goes_on(overlapped)
        except pywintypes.error:
            return None, False

    def write(self, payload: bytes) -> bool:
        """Write one message and wait until it is taken over; False: the client has gone, or does not read."""
        overlapped = _overlapped()
        try:
            result, _ = win32file.WriteFile(self._handle, payload, overlapped)
            if result == winerror.ERROR_IO_PENDING:
                waited = win32event.WaitForMultipleObjects([overlapped.hEvent, self._stop], False, _WRITE_WAIT_MS)
                if waited != win32event.WAIT_OBJECT_0:
                    win32file.CancelIo(self._handle)
                    return False
        except pywintypes.error:
            return False
        return True

    def reply(self) -> Reply:
        """Return the way back to the client of the moment."""
        return Reply(self, self._client)

    def add(self, client: int, line: bytes) -> None:
        """Take a line for ``client``; nothing happens when it has gone."""
        with self._lock:
            if self._connected and client == self._client:
                self._unsent.append(line)

    def send(self, client: int) -> None:
        """Hand over what was taken, one message a line, without waiting."""
        with self._lock:
            lines, self._unsent = self._unsent, []
            if not self._connected or client != self._client:
                return
            self._writes = [each for each in self._writes if not _is_set(each[0].hEvent)]
            for line in lines:
                if len(self._writes) >= WRITES_MAX:
                    return  # A client that reads nothing gets nothing more.
                overlapped = _overlapped()
                try:
                    result, _ = win32file.WriteFile(self._handle, line, overlapped)
                except pywintypes.error:
                    return
                if result == winerror.ERROR_IO_PENDING:
                    self._writes.append((overlapped, line))

    def hang_up(self) -> None:
        """Let the client of the moment go; the instance can take the next one."""
        with self._lock:
            self._connected = False
            self._unsent.clear()
            self._writes.clear()
            with contextlib.suppress(pywintypes.error):
                win32pipe.DisconnectNamedPipe(self._handle)

    def close(self) -> None:
        """Destroy the instance."""
        self.hang_up()
        with contextlib.suppress(pywintypes.error):
            win32file.CloseHandle(self._handle)

    def _wait(self, overlapped: Any) -> bool:
        waited = win32event.WaitForMultipleObjects([overlapped.hEvent, self._stop], False, win32event.INFINITE)
        if waited == win32event.WAIT_OBJECT_0:
            return True
        with contextlib.suppress(pywintypes.error):
            win32file.CancelIo(self._handle)
        return False


def _is_set(event: Any) -> bool:
    return bool(win32event.WaitForSingleObject(event, 0) == win32event.WAIT_OBJECT_0)


class Reply:
    """The Reply port towards one client of one instance."""

    __slots__ = ("_client", "_instance")

    def __init__(self, instance: Instance, client: int) -> None:
        self._instance = instance
        self._client = client

    def __call__(self, line: bytes) -> None:
        self._instance.add(self._client, line)

    def flush(self) -> None:
        self._instance.send(self._client)


class PipeServer:
    """Several instances of one pipe, a thread each, made before the first client comes."""

    def __init__(self, address: str, serve: Callable[[Instance], None], *, instances: int, name: str) -> None:
        """Make the instances and begin.

        Args:
            serve: called on an instance's thread for each client; returns when that client has gone.

        Raises:
            DoorError: the name is taken.
        """
        self._serve = serve
        self._stop = _event()
        self._instances: list[Instance] = []
        try:
            for number in range(instances):
                self._instances.append(Instance(address, self._stop, first=number == 0))
        except DoorError:
            self.close()
            raise
        self._threads = [
            threading.Thread(target=self._work, args=(instance,), name=f"{name}-{number}", daemon=True)
            for number, instance in enumerate(self._instances)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def instances(self) -> list[Instance]:
        return self._instances

    def close(self) -> None:
        """Stop and destroy all instances."""
        win32event.SetEvent(self._stop)
        for thread in getattr(self, "_threads", []):
            thread.join(5.0)
        for instance in self._instances:
            instance.close()

    def _work(self, instance: Instance) -> None:
        while not _is_set(self._stop):
            try:
                if not instance.wait_for_client():
                    return
                self._serve(instance)
            except pywintypes.error:
                pass  # This client's line is broken; the instance takes the next one.
            finally:
                instance.hang_up()


class PipeLineServer:
    """Request lines in, answer lines out: the control door's carrier."""

    INSTANCES: Final = 8

    def __init__(self, address: str, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer
        self._server = PipeServer(address, self._serve, instances=self.INSTANCES, name="control")

    def close(self) -> None:
        """Stop serving."""
        self._server.close()

    def _serve(self, instance: Instance) -> None:
        rest = b""
        while True:
            received = instance.read()
            if received is None or len(rest) > MESSAGE_BYTES_MAX:
                return
            rest += received
            while b"\n" in rest:
                line, _, rest = rest.partition(b"\n")
                answer = self._answer(line)
                for begin in range(0, len(answer), BUFFER_BYTES):
                    if not instance.write(answer[begin : begin + BUFFER_BYTES]):
                        return
