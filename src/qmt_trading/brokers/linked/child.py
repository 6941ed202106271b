"""The host as a child process: started, watched, killed and started again."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Final

from qmt_trading.brokers.linked.carrier import Sent, Side
from qmt_trading.brokers.linked.job import Job
from qmt_trading.brokers.linked.writing import ThreadWriter, Writer, pipe_writer

FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 30.0
_STOP_S: Final = 3.0
_REAP_S: Final = 5.0
_LAST_WORDS_S: Final = 1.0
_LOOK_S: Final = 1.0
_READ_BYTES: Final = 65_536
_LOG_BYTES_MAX: Final = 4096
_NO_WINDOW: Final = 0x0800_0000
"""CREATE_NO_WINDOW: no black window beside the trader's terminal."""
EXITS: Final[Mapping[int, str]] = {
    0: "按要求停止 / stopped as asked",
    2: "参数错误 / wrong arguments",
    3: "QMT 目录不能使用 / the terminal's folder cannot be used",
    4: "无法加载 xtquant / xtquant cannot be loaded",
    70: "调用卡死过多，请求重启 / given up on hung calls",
}
"""What a host's exit codes mean. Source: docs/link.md."""


def make_writer(stream: IO[bytes], name: str) -> Writer:
    """Return the writer that suits pipes of this system."""
    return ThreadWriter(stream, name) if sys.platform == "win32" else pipe_writer(stream)


class ChildCarrier:
    """Runs one host at a time, over its standard input and output.

    A host that ends is started again after 1 s, then 2 s, 4 s and so on up to 30 s; once one has come up the waits
    begin anew. It dies with this process: by the end of its input, and on Windows by a job object, too.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        name: str = "host",
        environment: Mapping[str, str] | None = None,
        first_wait_s: float = FIRST_WAIT_S,
        longest_wait_s: float = LONGEST_WAIT_S,
        make_writer: Callable[[IO[bytes], str], Writer] = make_writer,
    ) -> None:
        """Prepare to run ``command``; ``environment`` is all of it, None is ours."""
        self._command = tuple(command)
        self._name = name
        self._environment = environment
        self._first_wait_s = first_wait_s
        self._longest_wait_s = longest_wait_s
        self._make_writer = make_writer
        self._job = Job()
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._has_come_up = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, side: Side, *, observe: bool) -> None:
        assert self._thread is None
        command = (*self._command, "--observe") if observe else self._command
        self._thread = threading.Thread(
            target=self._work, args=(side, command), name=f"{self._name}-keeper", daemon=True
        )
        self._thread.start()

    @property
    def pid(self) -> int:
        """The process of the host that runs now; 0: none does."""
        with self._lock:
            return self._child.pid if self._child is not None else 0

    def came_up(self) -> None:
        self._has_come_up = True

    def close(self) -> None:
        self._stopping.set()
        with self._lock:
            child = self._child
        if child is not None:
            child.finish(_STOP_S)
        if self._thread is not None:
            self._thread.join(_STOP_S + _REAP_S)
        self._job.close()

    def _work(self, side: Side, command: tuple[str, ...]) -> None:
        wait_s = self._first_wait_s
        while not self._stopping.is_set():
            self._has_come_up = False
            try:
                child = Child(command, self._name, self._environment, self._make_writer, self._job)
            except OSError as error:
                side.complained(
                    "host_start", f"柜台宿主程序无法启动：{error}", f"the host program cannot be started: {error}"
                )
            else:
                self._run(side, child)
            wait_s = self._first_wait_s if self._has_come_up else wait_s
            self._stopping.wait(wait_s)
            wait_s = min(wait_s * 2, self._longest_wait_s)

    def _run(self, side: Side, child: Child) -> None:
        with self._lock:
            self._child = child
        if not self._stopping.is_set():
            child.run(side)
        why = child.reap()
        side.closed(child, why, child.writer.unsent())
        if not child.has_ended(0):
            # Two hosts over one folder of a terminal would be two hands on one account.
            side.complained(
                "host_alive",
                f"旧的宿主进程 {child.pid} 无法终止，它结束之前不会启动新的：请在任务管理器里结束它",
                f"the old host, process {child.pid}, cannot be ended: no new one is started before it has; end it",
            )
            while not self._stopping.is_set() and not child.has_ended(_LOOK_S):
                pass
            child.reap()
        with self._lock:
            self._child = None


class Child:
    """One life of a host's process; a Connection."""

    secret: bytes | None = None

    def __init__(
        self,
        command: Sequence[str],
        name: str,
        environment: Mapping[str, str] | None,
        make_writer: Callable[[IO[bytes], str], Writer],
        job: Job,
    ) -> None:
        """Start it.

        Raises:
            OSError: it cannot be started.
        """
        self._name = name
        self._why = ""
        self._ended = threading.Event()
        self._readers: list[threading.Thread] = []
        self._process = subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**(os.environ if environment is None else environment), "PYTHONIOENCODING": "utf-8"},
            creationflags=_NO_WINDOW if sys.platform == "win32" else 0,
            start_new_session=sys.platform != "win32",  # A key pressed in our window stops us alone, and we the host.
        )
        job.add(self._process.pid)
        assert self._process.stdin is not None
        self.writer = make_writer(self._process.stdin, name)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, line: bytes) -> Sent:
        return self.writer.send(line)

    def flush(self) -> None:
        self.writer.flush()

    def close(self, why: str) -> None:
        self._why = self._why or why
        self.writer.end()
        self._process.kill()
        self._ended.set()

    def finish(self, patience_s: float) -> None:
        """Let it stop by the end of its input within ``patience_s``, then kill it."""
        if self.writer.settled(patience_s / 2):
            self.writer.shut()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._ended.set()

    def run(self, side: Side) -> None:
        """Pass on what it says until it ends or is closed, whichever comes first."""
        self._readers = [
            threading.Thread(target=self._read, args=(side,), name=f"{self._name}-reader", daemon=True),
            threading.Thread(target=self._read_log, args=(side,), name=f"{self._name}-log", daemon=True),
        ]
        side.opened(self)
        for reader in self._readers:
            reader.start()
        self._ended.wait()

    def has_ended(self, patience_s: float) -> bool:
        """Tell whether the process is gone, within ``patience_s``; it is killed again while it is not."""
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return False
        return True

    def reap(self) -> str:
        """End it, and return why it ended; ``has_ended`` tells whether it did."""
        self.writer.end()
        self._process.kill()
        try:
            code = self._process.wait(_REAP_S)
        except subprocess.TimeoutExpired:
            return f"{self._why}；进程无法终止 / the process cannot be ended"
        for reader in self._readers:  # What it said last is worth having.
            reader.join(_LAST_WORDS_S)
        if not any(reader.is_alive() for reader in self._readers):  # Somebody else may hold the other end.
            _close(self._process.stdout)
            _close(self._process.stderr)
        self.writer.shut()
        ending = EXITS.get(code, f"宿主进程退出，代码 {code} / the host has ended with code {code}")
        return self._why or ending

    def _read(self, side: Side) -> None:
        assert self._process.stdout is not None
        try:
            while data := self._process.stdout.read(_READ_BYTES):
                side.received(self, data)
        except (OSError, ValueError):
            return  # Closed under our hands: the process was killed.
        finally:
            self._ended.set()

    def _read_log(self, side: Side) -> None:
        assert self._process.stderr is not None
        rest = b""
        try:
            while data := self._process.stderr.read(_LOG_BYTES_MAX):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    side.logged(line.decode("utf-8", "replace").rstrip("\r"))
                if len(rest) > _LOG_BYTES_MAX:
                    side.logged(rest.decode("utf-8", "replace"))
                    rest = b""
        except (OSError, ValueError):
            return
        finally:
            if rest:
                side.logged(rest.decode("utf-8", "replace"))


def _close(stream: IO[bytes] | None) -> None:
    if stream is not None:
        try:
            stream.close()
        except OSError:
            return  # What was not written is lost with its reader.
