"""Writers: whole or nothing, and never a wait for whoever does not read."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import IO

import pytest

from qmt_trading.brokers.linked.carrier import Sent
from qmt_trading.brokers.linked.writing import QUEUE_LINES_MAX, DirectWriter, ThreadWriter, pipe_writer

LINE = b"x" * 299 + b"\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, IO[bytes]]]:
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "wb", buffering=0)
    yield reading, stream
    stream.close()
    os.close(reading)


class Narrow:
    """Takes as many bytes as it has room for, as a socket does."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.taken = b""
        self.broken = False

    def close(self) -> None:
        self.broken = True

    def write(self, data: bytes) -> int:
        if self.broken:
            raise BrokenPipeError
        if not self.room:
            raise BlockingIOError
        size = min(self.room, len(data))
        self.taken, self.room = self.taken + data[:size], self.room - size
        return size


def test_a_line_in_part_is_finished_before_another_begins() -> None:
    narrow = Narrow(4)
    writer = DirectWriter(narrow.write, narrow.close)
    assert writer.send(b"abcdef\n") is Sent.PART
    assert writer.send(b"other\n") is Sent.NOTHING
    narrow.room = 5
    assert writer.send(b"xy\n") is Sent.PART
    narrow.room = 99
    writer.flush()
    assert writer.send(b"z\n") is Sent.WHOLE
    assert narrow.taken == b"abcdef\nxy\nz\n"
    writer.shut()
    assert narrow.broken
    assert writer.send(b"late\n") is Sent.NOTHING


def test_nothing_is_taken_where_there_is_no_room_or_nobody() -> None:
    narrow = Narrow(0)
    writer = DirectWriter(narrow.write, narrow.close)
    assert writer.send(LINE) is Sent.NOTHING
    narrow.room = 1000
    assert writer.send(LINE) is Sent.WHOLE
    narrow.broken = True
    assert writer.send(LINE) is Sent.NOTHING
    narrow.broken = False
    assert writer.send(LINE) is Sent.NOTHING  # A broken pipe does not mend.
    assert narrow.taken == LINE


def test_a_full_pipe_takes_a_line_whole_or_not_at_all(pipe: tuple[int, IO[bytes]]) -> None:
    if sys.platform == "win32":
        pytest.skip("needs POSIX: pipes that are not waited for")
    reading, writing = pipe
    writer = pipe_writer(writing)
    sent = [writer.send(LINE) for _ in range(1000)]
    assert set(sent) == {Sent.WHOLE, Sent.NOTHING}
    whole = sent.count(Sent.WHOLE)
    assert sent[:whole] == [Sent.WHOLE] * whole
    os.set_blocking(reading, False)
    received = b""
    while len(received) < whole * len(LINE):
        received += os.read(reading, 65_536)
    assert received == LINE * whole


def test_a_thread_writes_what_a_blocking_pipe_does_not_take_at_once(pipe: tuple[int, IO[bytes]]) -> None:
    reading, writing = pipe
    writer = ThreadWriter(writing, "test")
    began = time.monotonic()
    sent = [writer.send(LINE) for _ in range(1500)]
    assert time.monotonic() - began < 20
    assert Sent.NOTHING in sent  # Not always the last: a late thread takes a line whenever it comes to run.
    assert not writer.settled(0.05)
    whole = sent.count(Sent.WHOLE)
    assert whole >= QUEUE_LINES_MAX
    writer.end()
    left = writer.unsent()
    assert 0 < len(left) <= QUEUE_LINES_MAX
    assert writer.send(LINE) is Sent.NOTHING
    received = b""
    while len(received) < (whole - len(left)) * len(LINE):
        received += os.read(reading, 65_536)
    assert received == LINE * (whole - len(left))
    assert writer.settled(20)
    while not pipe[1].closed:  # By the thread, a moment after it has settled.
        assert time.monotonic() - began < 60
        time.sleep(0.01)


def test_a_thread_that_writes_keeps_the_order_and_settles(pipe: tuple[int, IO[bytes]]) -> None:
    reading, writing = pipe
    writer = ThreadWriter(writing, "test")
    for number in range(100):
        assert writer.send(b"%d\n" % number) is Sent.WHOLE
    assert writer.settled(20)
    assert os.read(reading, 65_536) == b"".join(b"%d\n" % number for number in range(100))
    writer.end()
    until = time.monotonic() + 20
    while any(thread.name == "test-writer" for thread in threading.enumerate()):
        assert time.monotonic() < until
        time.sleep(0.01)
