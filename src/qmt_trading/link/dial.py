r"""Dialling a door or the control door: a Unix socket by its path, a pipe by ``\\.\pipe\name``."""

from __future__ import annotations

import os
import socket
import sys
import time
from types import TracebackType
from typing import Final, Protocol

PIPE_PREFIX: Final = "\\\\.\\pipe\\"
RECEIVE_BYTES: Final = 65_536
_BUSY_WAIT_S: Final = 0.02
_ERROR_PIPE_BUSY: Final = 231


class DialError(OSError):
    """Nobody can be reached there, or the line broke; the text says which."""


def dial(address: str, *, timeout_s: float = 2.0) -> Connection:
    """Open a line to ``address``.

    Raises:
        DialError: nobody listens there within ``timeout_s``.
    """
    return Connection(_Pipe(address, timeout_s) if address.startswith(PIPE_PREFIX) else _Socket(address, timeout_s))


class _Line(Protocol):
    def send(self, payload: bytes) -> None: ...

    def receive(self, timeout_s: float) -> bytes: ...

    def close(self) -> None: ...


class Connection:
    """An open line that cuts what it receives into lines."""

    def __init__(self, line: _Line) -> None:
        self._line = line
        self._rest = b""

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, payload: bytes) -> None:
        """Send all of ``payload``; a DialError says that the line broke."""
        self._line.send(payload)

    def receive_line(self, timeout_s: float) -> bytes:
        """Return the next line without its end; a DialError says that none came."""
        until = time.monotonic() + timeout_s
        pieces = [self._rest]
        while b"\n" not in pieces[-1]:
            left_s = until - time.monotonic()
            if left_s <= 0:
                self._rest = b"".join(pieces)
                raise DialError("没有等到回执 / no answer in time")
            piece = self._line.receive(left_s)
            if not piece:
                raise DialError("对方已断开 / the other side has gone")
            pieces.append(piece)
        line, _, self._rest = b"".join(pieces).partition(b"\n")
        return line.rstrip(b"\r")

    def close(self) -> None:
        """Hang up. Repeating it is harmless."""
        self._line.close()


if sys.platform == "win32":

    class _Socket:
        """Tells that this system has none."""

        def __init__(self, address: str, timeout_s: float) -> None:
            raise DialError(f"这台机器没有 Unix 套接字 / no Unix sockets here: {address}")

        def send(self, payload: bytes) -> None: ...

        def receive(self, timeout_s: float) -> bytes:
            return b""

        def close(self) -> None: ...

else:

    class _Socket:
        def __init__(self, address: str, timeout_s: float) -> None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.settimeout(timeout_s)
            try:
                self._socket.connect(address)
            except OSError as error:
                self._socket.close()
                raise DialError(f"连不上 / cannot reach {address}: {error}") from error

        def send(self, payload: bytes) -> None:
            try:
                self._socket.sendall(payload)
            except OSError as error:
                raise DialError(f"发送失败 / sending failed: {error}") from error

        def receive(self, timeout_s: float) -> bytes:
            self._socket.settimeout(max(timeout_s, 0.001))
            try:
                return self._socket.recv(RECEIVE_BYTES)
            except TimeoutError as error:
                raise DialError("没有等到回执 / no answer in time") from error
            except OSError as error:
                raise DialError(f"连接断开 / the line broke: {error}") from error

        def close(self) -> None:
            self._socket.close()


class _Pipe:
    """A named pipe by plain file calls; reading waits in the system, so the timeout only bounds opening."""

    def __init__(self, address: str, timeout_s: float) -> None:
        until = time.monotonic() + timeout_s
        while True:
            try:
                self._descriptor = os.open(address, os.O_RDWR | getattr(os, "O_BINARY", 0))
                return
            except OSError as error:
                busy = getattr(error, "winerror", None) == _ERROR_PIPE_BUSY or error.errno == 22
                if not busy or time.monotonic() > until:
                    raise DialError(f"连不上 / cannot reach {address}: {error}") from error
                time.sleep(_BUSY_WAIT_S)

    def send(self, payload: bytes) -> None:
        try:
            os.write(self._descriptor, payload)
        except OSError as error:
            raise DialError(f"发送失败 / sending failed: {error}") from error

    def receive(self, timeout_s: float) -> bytes:
        try:
            return os.read(self._descriptor, RECEIVE_BYTES)
        except OSError as error:
            raise DialError(f"连接断开 / the line broke: {error}") from error

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def send_line_to_fifo(path: str, line: bytes) -> None:
    """Write one line into a FIFO that somebody reads.

    Raises:
        DialError: nobody reads it, or the line is longer than one write carries whole (4,096 bytes).
    """
    if sys.platform == "win32":
        raise DialError("这台机器没有 FIFO / no FIFOs here")
    if len(line) > 4096:
        raise DialError("一行最多 4096 字节 / a line has at most 4,096 bytes")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        raise DialError(f"没有程序在读 / nobody reads {path}: {error}") from error
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)
