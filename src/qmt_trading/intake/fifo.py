"""The FIFO door: whole lines from any number of writers, one way."""

from __future__ import annotations

import contextlib
import os
import select
import stat
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from qmt_trading.intake.conduct import MESSAGES_AT_ONCE, Pace
from qmt_trading.intake.delivery import Piece, deliver_rest, hand_over, pieces_of
from qmt_trading.intake.framing import LineFramer
from qmt_trading.intake.trouble import ALERT, Trouble
from qmt_trading.model.errors import DoorError
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.ports import SignalSink

READ_BYTES: Final = 65_536
SILENCE_NS: Final = 2 * SECOND_NS
RESTART_PAUSE_S: Final = 0.2
JOIN_S: Final = 5.0


class FifoDoor:
    """A one-way door: ``echo … > path`` is enough. Its senders get no receipt.

    The FIFO is made with mode 0600 when absent and is left in place at the end, so that a later ``echo >`` does not
    make a plain file of its name. A line left without a newline for the time of silence is truncated. A flood of lines
    is read slowly, so that the other doors and the engine go on; its writers wait.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        *,
        now_ns: Callable[[], int],
        steady_ns: Callable[[], int] = time.monotonic_ns,
        silence_ns: int = SILENCE_NS,
    ) -> None:
        self._name = name
        self._path = path
        self._now_ns = now_ns
        self._steady_ns = steady_ns
        self._silence_ns = silence_ns
        self._framer = LineFramer()
        self._backlog: deque[Piece] = deque()
        """What was read and is not handed over yet."""
        self._received_ns = 0
        self._heard_ns = 0
        self._pace = Pace()
        self._trouble = Trouble(steady_ns)
        self._stopping = False
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        return self._name

    def open(self, sink: SignalSink) -> None:
        """Begin to take lines.

        Raises:
            DoorError: the FIFO cannot be made or opened, is not ours alone, or another program reads it.
        """
        assert self._thread is None, "a door is opened once"
        self._end = _open_fifo(os.fspath(self._path))
        self._wake_out, self._wake_in = os.pipe()
        self._thread = threading.Thread(target=self._run, args=(sink,), name=f"door-{self._name}", daemon=True)
        self._thread.start()

    def condition(self) -> tuple[str, str]:
        """Return whether the door is open, and what went wrong last."""
        if self._thread is None or self._stopping:
            return "未打开", "closed"
        if not self._thread.is_alive():
            return self._trouble.told(f"{ALERT}通道 {self._path} 已停止收信", f"{ALERT}{self._path} takes no messages")
        return self._trouble.told(f"监听 {self._path}", f"listening at {self._path}")

    def close(self) -> None:
        """Stop taking lines; what stands unread in the FIFO is lost, as its writers get no receipt."""
        if self._thread is None or self._stopping:
            return
        self._stopping = True
        os.write(self._wake_in, b"\0")
        self._thread.join(JOIN_S)
        os.close(self._wake_in)

    def _run(self, sink: SignalSink) -> None:
        while not self._stopping:
            try:
                self._round(sink)
            except Exception as error:  # noqa: BLE001 - The top of the thread: it tells, and goes on.
                self._trouble.note_error(error)
                time.sleep(RESTART_PAUSE_S)
        os.close(self._end)
        os.close(self._wake_out)

    def _round(self, sink: SignalSink) -> None:
        ready, _, _ = select.select((self._end, self._wake_out), (), (), self._wait_s())
        if self._stopping:
            return
        if not self._backlog:
            if self._end in ready:
                self._received_ns = self._now_ns()
                self._backlog.extend(pieces_of(self._framer, self._read()))
                self._heard_ns = self._steady_ns()
            elif not ready:
                self._guarded(partial(self._give_up_rest, sink))
        if self._backlog:
            self._take_turn(sink)

    def _wait_s(self) -> float | None:
        if self._backlog:
            return 0.0
        if not self._framer.has_rest():
            return None
        return max(self._heard_ns + self._silence_ns - self._steady_ns(), 0) / SECOND_NS

    def _take_turn(self, sink: SignalSink) -> None:
        """Hand over so many lines at once; each by itself, so that a fault with one costs no other."""
        count = min(len(self._backlog), MESSAGES_AT_ONCE)
        for _ in range(count):
            self._guarded(partial(self._hand_over, sink, self._backlog.popleft()))
        self._heard_ns = self._steady_ns()
        pause_ns = self._pace.pause_ns(count, self._heard_ns)
        if pause_ns:
            select.select((self._wake_out,), (), (), pause_ns / SECOND_NS)

    def _hand_over(self, sink: SignalSink, piece: Piece) -> None:
        hand_over((piece,), sink, door=self._name, received_ns=self._received_ns, reply=None)

    def _give_up_rest(self, sink: SignalSink) -> None:
        deliver_rest(self._framer, sink, door=self._name, received_ns=self._now_ns(), reply=None)

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - The edge of one sender's line: the others are taken.
            self._trouble.note_error(error)

    def _read(self) -> bytes:
        try:
            return os.read(self._end, READ_BYTES)
        except BlockingIOError:
            return b""


def _open_fifo(path: str) -> int:
    if sys.platform == "win32":
        raise DoorError("Windows 上没有 FIFO，请用 named_pipe / no FIFOs on Windows: use named_pipe")
    import fcntl

    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        _check(path, os.lstat(path))
        # Read and write: there is always a reader and a writer, so senders come and go without an end of file.
        end = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise DoorError(f"无法打开管道 {path}：{error.strerror} / cannot open the FIFO: {error}") from error
    try:
        _check(path, os.fstat(end))
        fcntl.flock(end, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(end)
        raise DoorError(
            f"{path} 已有程序在读取，请先停掉它 / another running program reads it: stop it first"
        ) from error
    except DoorError:
        os.close(end)
        raise
    return end


def _check(path: str, found: os.stat_result) -> None:
    if not stat.S_ISFIFO(found.st_mode):
        raise DoorError(f"{path} 已存在，且不是管道（FIFO），请移走 / exists and is no FIFO: move it away")
    if sys.platform != "win32" and found.st_uid != os.geteuid():
        raise DoorError(f"{path} 属于另一个用户，请移走 / belongs to another user: move it away")
    if found.st_mode & stat.S_IWOTH:
        raise DoorError(f"任何人都能写 {path}，请执行 chmod 600 / anybody may write to it: run chmod 600 on it")
