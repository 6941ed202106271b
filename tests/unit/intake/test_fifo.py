"""The FIFO door: what a shell writes arrives, and only its own user may write."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qmt_trading.intake.conduct import LINES_PER_SECOND_FREE, MESSAGES_AT_ONCE
from qmt_trading.intake.fifo import FifoDoor
from qmt_trading.model.errors import DoorError
from qmt_trading.ports import Reply
from tests.contract.senders import FLAGSHIP, Sink, until

if sys.platform == "win32":
    pytest.skip("needs POSIX", allow_module_level=True)


def test_a_fifo_that_anybody_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    path.chmod(0o622)
    with pytest.raises(DoorError, match="chmod 600"):
        FifoDoor("fifo", path, now_ns=time.time_ns).open(Sink())


def test_shell_redirection_into_the_fifo_works(tmp_path: Path) -> None:
    sink = Sink()
    path = tmp_path / "signals.fifo"
    door = FifoDoor("fifo", path, now_ns=time.time_ns)
    door.open(sink)
    for _ in range(3):
        subprocess.run(["sh", "-c", f'echo "{FLAGSHIP.decode()}" > "{path}"'], check=True, timeout=10)
    until(lambda: sink.payloads() == [FLAGSHIP] * 3)
    door.close()
    assert path.exists()


class FaultySink(Sink):
    """Raises at the word poison."""

    def message(self, door: str, payload: bytes, received_ns: int, reply: Reply | None) -> None:
        if payload == b"poison":
            raise RuntimeError("boom")
        super().message(door, payload, received_ns, reply)


def test_a_fault_with_one_line_costs_no_other_and_is_told(tmp_path: Path) -> None:
    sink = FaultySink()
    path = tmp_path / "fifo"
    door = FifoDoor("fifo", path, now_ns=time.time_ns)
    door.open(sink)
    assert door.condition()[0].startswith("监听")
    path.write_bytes(b"one\npoison\ntwo\n")
    until(lambda: sink.payloads() == [b"one", b"two"])
    path.write_bytes(b"three\n")
    until(lambda: sink.payloads() == [b"one", b"two", b"three"])
    assert door.condition()[0].startswith("⚠ 监听")
    assert "boom" in door.condition()[1]
    door.close()


def test_a_fault_in_the_doors_own_work_is_told_and_the_door_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = Sink()
    path = tmp_path / "fifo"
    door = FifoDoor("fifo", path, now_ns=time.time_ns)
    read = FifoDoor._read
    faults = iter([OSError("boom")])

    def faulty(self: FifoDoor) -> bytes:
        for fault in faults:
            raise fault
        return read(self)

    monkeypatch.setattr(FifoDoor, "_read", faulty)
    door.open(sink)
    path.write_bytes(b"one\n")
    until(lambda: sink.payloads() == [b"one"])
    assert door.condition()[0].startswith("⚠")
    door.close()


def test_a_door_whose_thread_died_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(self: FifoDoor, sink: Sink) -> None:
        return

    monkeypatch.setattr(FifoDoor, "_run", dead)
    door = FifoDoor("fifo", tmp_path / "fifo", now_ns=time.time_ns)
    door.open(Sink())
    until(lambda: "已停止收信" in door.condition()[0])
    assert door.condition()[0].startswith("⚠")
    door.close()
    os.close(door._end)
    os.close(door._wake_out)


def test_a_flood_of_lines_is_read_slowly_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    sink = Sink()
    path = tmp_path / "fifo"
    door = FifoDoor("fifo", path, now_ns=time.time_ns)
    door.open(sink)
    count = LINES_PER_SECOND_FREE + 20 * MESSAGES_AT_ONCE
    began = time.monotonic()
    path.write_bytes(b"".join(b"%d\n" % number for number in range(count)))
    until(lambda: len(sink.messages) == count)
    assert time.monotonic() - began > 0.09
    assert sink.payloads() == [b"%d" % number for number in range(count)]
    door.close()
