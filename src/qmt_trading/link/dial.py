r"""Dialling a door or the control door: a Unix socket by its path, a pipe by ``\\.\pipe\name``."""

from __future__ import annotations

import os
import socket
import stat
import sys
import time
from types import TracebackType
from typing import Final, Protocol

PIPE_PREFIX: Final = "\\\\.\\pipe\\"
RECEIVE_BYTES: Final = 65_536
FIFO_LINE_BYTES_MAX: Final = 4096


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
            try:
                piece = self._line.receive(left_s)
            except DialError:
                self._rest = b"".join(pieces)  # A late answer is still read whole.
                raise
            if not piece:
                raise DialError("对方已断开 / the other side has gone")
            pieces.append(piece)
        line, _, self._rest = b"".join(pieces).partition(b"\n")
        return line.rstrip(b"\r")

    def close(self) -> None:
        """Hang up. Repeating it is harmless."""
        self._line.close()


class _Socket:
    def __init__(self, address: str, timeout_s: float) -> None:
        self._socket = _connect(address, timeout_s)

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


def _connect(address: str, timeout_s: float) -> socket.socket:
    if sys.platform == "win32":
        raise DialError(f"这台机器没有 Unix 套接字 / no Unix sockets here: {address}")
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(timeout_s)
    try:
        made.connect(address)
    except OSError as error:
        made.close()
        raise DialError(f"连不上 / cannot reach {address}: {error}") from error
    return made


class _Pipe:
    """A named pipe in message mode; one ``send`` is one message."""

    def __init__(self, address: str, timeout_s: float) -> None:
        # Client opens the pipe, sets its read mode and overlaps its reads, so that a wait can end in time.
        from multiprocessing.connection import Client

        _wait_for_pipe(address, timeout_s)
        try:
            self._end = Client(address, family="AF_PIPE")
        except OSError as error:
            raise DialError(f"连不上 / cannot reach {address}: {error}") from error

    def send(self, payload: bytes) -> None:
        try:
            self._end.send_bytes(payload)
        except OSError as error:
            raise DialError(f"发送失败 / sending failed: {error}") from error

    def receive(self, timeout_s: float) -> bytes:
        until = time.monotonic() + timeout_s
        try:
            while self._end.poll(max(until - time.monotonic(), 0)):
                if received := self._end.recv_bytes():
                    return received
        except EOFError:
            return b""
        except OSError as error:
            raise DialError(f"连接断开 / the line broke: {error}") from error
        raise DialError("没有等到回执 / no answer in time")

    def close(self) -> None:
        self._end.close()


def _wait_for_pipe(address: str, timeout_s: float) -> None:
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        if not kernel.WaitNamedPipeW(ctypes.c_wchar_p(address), ctypes.c_uint32(max(1, int(timeout_s * 1000)))):
            error = ctypes.WinError(ctypes.get_last_error())
            raise DialError(f"连不上 / cannot reach {address}: {error}") from error
    else:
        raise DialError(f"这台机器没有命名管道 / no named pipes here: {address}")


def send_line_to_fifo(path: str, line: bytes) -> None:
    """Write one line into a FIFO that somebody reads; a missing newline is added.

    Raises:
        DialError: nobody reads it, it is full, it is no FIFO, or the line is longer than one write carries whole
            (4,096 bytes with its newline).
    """
    if sys.platform == "win32":
        raise DialError(f"这台机器没有 FIFO / no FIFOs here: {path}")
    if not line.endswith(b"\n"):
        line += b"\n"
    if len(line) > FIFO_LINE_BYTES_MAX:
        raise DialError(f"一行最多 {FIFO_LINE_BYTES_MAX} 字节 / a line has at most {FIFO_LINE_BYTES_MAX} bytes")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        raise DialError(f"没有程序在读 / nobody reads {path}: {error}") from error
    try:
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            raise DialError(f"{path} 不是管道（FIFO）/ is no FIFO")
        os.write(descriptor, line)
    except BlockingIOError as error:
        raise DialError(f"{path} 已满，没有程序在读 / is full: nobody reads it") from error
    finally:
        os.close(descriptor)
