"""Dialling: whole lines, waits that end in time, and errors that say what is wrong."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qmt_trading.link.dial import Connection, DialError, dial, send_line_to_fifo

if sys.platform == "win32":
    pytest.skip("needs POSIX", allow_module_level=True)


def fill(path: str) -> None:
    for _ in range(1000):
        send_line_to_fifo(path, b"x" * 4095)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Connection, socket.socket]]:
    path = os.fspath(tmp_path / "door")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(path)
        listening.listen(1)
        with dial(path) as line:
            far, _ = listening.accept()
            with far:
                yield line, far


def test_lines_come_whole_however_they_were_cut(pair: tuple[Connection, socket.socket]) -> None:
    line, far = pair
    far.sendall(b"one\r\ntwo\nthr")
    assert line.receive_line(5) == b"one"
    assert line.receive_line(5) == b"two"
    threading.Timer(0.05, far.sendall, args=(b"ee\n",)).start()
    assert line.receive_line(5) == b"three"


def test_a_wait_ends_in_time_and_what_came_by_then_is_kept(pair: tuple[Connection, socket.socket]) -> None:
    line, far = pair
    far.sendall(b"first half, ")
    began = time.monotonic()
    with pytest.raises(DialError, match="没有等到回执"):
        line.receive_line(0.1)
    assert 0.05 < time.monotonic() - began < 2
    far.sendall(b"second half\n")
    assert line.receive_line(5) == b"first half, second half"


def test_a_far_side_that_leaves_is_told(pair: tuple[Connection, socket.socket]) -> None:
    line, far = pair
    far.close()
    with pytest.raises(DialError, match="对方已断开"):
        line.receive_line(5)
    with pytest.raises(DialError, match="发送失败"):
        line.send(b"x" * 1_000_000)


def test_nobody_there_is_told_at_once(tmp_path: Path) -> None:
    for address in (os.fspath(tmp_path / "nothing"), r"\\.\pipe\nothing"):
        with pytest.raises(DialError, match=r"连不上|没有命名管道"):
            dial(address)


def test_a_line_goes_into_a_fifo_that_is_read(tmp_path: Path) -> None:
    path = os.fspath(tmp_path / "fifo")
    os.mkfifo(path)
    with pytest.raises(DialError, match="没有程序在读"):
        send_line_to_fifo(path, b"line")
    end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    send_line_to_fifo(path, b"one")
    send_line_to_fifo(path, b"two\n")
    assert os.read(end, 100) == b"one\ntwo\n"
    with pytest.raises(DialError, match="4096"):
        send_line_to_fifo(path, b"x" * 4096)
    with pytest.raises(DialError, match="已满"):
        fill(path)
    os.close(end)


def test_a_plain_file_is_never_written_to(tmp_path: Path) -> None:
    path = tmp_path / "plain"
    path.write_bytes(b"")
    with pytest.raises(DialError, match="不是管道"):
        send_line_to_fifo(os.fspath(path), b"line")
    assert path.read_bytes() == b""
