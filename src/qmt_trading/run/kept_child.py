"""Children of ``qmt run``, the panel and the notifier: started, watched, started again, ended in good order."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from qmt_trading.run.panel_seat import LAST_WORD

PAUSES_S: Final = (1.0, 5.0, 30.0, 60.0, 300.0)
"""Before each further start."""
STARTS_MAX: Final = 5
"""In one hour: a child that cannot live is told of, and left alone."""
HOUR_S: Final = 3600.0
GOOD_S: Final = 600.0
"""One that has lived so long begins anew with the shortest pause."""
STOP_S: Final = 5.0
_BELOW_NORMAL: Final = 0x0000_4000
"""BELOW_NORMAL_PRIORITY_CLASS: an order goes before a picture and a message."""

Say = Callable[[str, str], None]
"""Takes what happened, in Chinese and English."""


class Called(NamedTuple):
    """What people call a child, and the command that starts it alone."""

    chinese: str
    english: str
    command: str
    started_as: tuple[str, ...]
    """The module that is run, and its words."""


PANEL: Final = Called("面板", "the panel", "panel", ("qmt_trading.cli.panelling",))
"""Started without all the other commands, which would take 10 MB of its memory."""
NOTIFIER: Final = Called("通知", "the notifier", "notify", ("qmt_trading.cli.main", "notify"))


def command_of(called: Called, config: Path) -> list[str]:
    """Return what is run: the child over the folder of ``config``, which ends at the last word on its standard input.

    One that nobody said a last word to, since the engine was killed, decides itself what to do.
    """
    return [sys.executable, "-P", "-m", *called.started_as, "--leashed", "--config", str(config)]


class KeptChild:
    """Keeps one child running; nothing that happens to it reaches the engine."""

    def __init__(self, called: Called, command: list[str], say: Say, *, pauses_s: tuple[float, ...] = PAUSES_S) -> None:
        self.called = called
        self._command = command
        self._say = say
        self._pauses_s = pauses_s
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._ending = threading.Lock()
        """Held by the one who says the last word, which is said once."""
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name=f"{called.command}-keeper", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    @property
    def pid(self) -> int:
        """The process that runs now; 0: none does."""
        with self._lock:
            return self._process.pid if self._process is not None else 0

    def stop(self) -> None:
        """End it, within seconds whatever it does; from any thread, and again at any time."""
        self._stopping.set()
        with self._lock:
            process = self._process
        if process is not None:
            self._end(process)
        self._thread.join(STOP_S)

    def _keep(self) -> None:
        called = self.called
        starts: deque[float] = deque(maxlen=STARTS_MAX)
        tries = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            if len(starts) == STARTS_MAX and began - starts[0] < HOUR_S:
                self._say(
                    f"{called.chinese}一小时内退出 {STARTS_MAX} 次，不再重启（不影响交易）；"
                    f"要看原因请另开窗口运行 qmt {called.command}",
                    f"{called.english} ended too often and is not started again; trading is not touched: "
                    f"try `qmt {called.command}`",
                )
                return
            starts.append(began)
            why = self._run()
            if self._stopping.is_set():
                return
            tries = 0 if time.monotonic() - began > GOOD_S else tries
            pause_s = self._pauses_s[min(tries, len(self._pauses_s) - 1)]
            tries += 1
            self._say(
                f"{called.chinese}退出（代码 {why}），{pause_s:g} 秒后重启；不影响交易",
                f"{called.english} has ended (code {why}) and is started again; trading is not touched",
            )
            self._stopping.wait(pause_s)

    def _run(self) -> str:
        """Run it once to its end, and return how it ended."""
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                creationflags=_BELOW_NORMAL if sys.platform == "win32" else 0,
                start_new_session=sys.platform != "win32",  # Ctrl-C is for the engine, which then ends the child.
            )
        except OSError as error:
            return str(error)
        with self._lock:
            self._process = process
        if self._stopping.is_set():
            self._end(process)
        code = process.wait()
        with self._lock:
            self._process = None
        with self._ending:
            if process.stdin is not None:
                with contextlib.suppress(OSError):  # A last word that could not leave any more.
                    process.stdin.close()
        return str(code)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with self._ending:
            if process.stdin is not None and not process.stdin.closed:
                with contextlib.suppress(OSError):  # It has ended by itself meanwhile.
                    process.stdin.write(LAST_WORD)
                    process.stdin.close()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
