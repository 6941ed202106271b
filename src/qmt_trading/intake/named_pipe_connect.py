"""Somebody else's Windows named pipe: dialled, read, and dialled again for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

import pywintypes
import winerror

from qmt_trading.intake import windows_pipe
from qmt_trading.intake.conduct import Pace
from qmt_trading.intake.delivery import deliver, deliver_rest
from qmt_trading.intake.framing import StreamFramer
from qmt_trading.intake.sign_of_life import SignOfLife
from qmt_trading.intake.trouble import ALERT, Trouble
from qmt_trading.intake.windows_pipe import Pipe, PipeGoneError, PipeStoppedError
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.ports import SignalSink

BACK_OFF_S: Final = (0.02, 0.05, 0.1, 0.2, 0.5)
SILENCE_MS: Final = 2000
_STOP_S: Final = 5.0
_HEARTBEAT: Final = b"<heartbeat>"
_BLANK: Final = b" \t\r\n\0"


class NamedPipeConnectDoor:
    """The SignalSource port over an upstream's outbound pipe: one way, no receipts, heartbeat watched.

    A pipe of messages gives one message a write. A pipe of bytes is framed as every byte stream is. An upstream that is
    silent for more than three of its periods is an alert, whether its pipe is open or not.
    """

    def __init__(
        self,
        name: str,
        address: str,
        *,
        now_ns: Callable[[], int],
        heartbeat_ns: int = 0,
        steady_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Args: heartbeat_ns: how often the upstream promises a sign of life; 0: not at all."""
        self._name = name
        self._address = address
        self._now_ns = now_ns
        self._steady_ns = steady_ns
        self._life = SignOfLife(heartbeat_ns, steady_ns)
        self._pace = Pace()
        self._trouble = Trouble(steady_ns)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._pipe: Pipe | None = None
        self._since_ns = steady_ns()
        self._refusal = winerror.ERROR_FILE_NOT_FOUND
        """Why the last dialling failed, in the system's code."""

    @property
    def name(self) -> str:
        return self._name

    @property
    def silent_ns(self) -> int:
        """How long the upstream has given no sign of life; since the door was opened when there was none yet."""
        return self._life.silent_ns

    def open(self, sink: SignalSink) -> None:
        """Begin to dial. That nobody is there yet is a condition, not an error."""
        self._since_ns = self._steady_ns()
        self._life.heard()  # From now on signs are expected.
        self._thread = threading.Thread(target=self._work, args=(sink,), name=f"door-{self._name}", daemon=True)
        self._thread.start()

    def condition(self) -> tuple[str, str]:
        """Return whether the upstream is there, since when it is not and why, or how long its heartbeat is missing."""
        if self._thread is None:
            return "未打开", "closed"
        if not self._thread.is_alive():
            chinese, english = f"{ALERT}通道 {self._address} 已停止收信", f"{ALERT}{self._address} takes no messages"
        elif self._pipe is None:
            chinese, english = self._waiting((self._steady_ns() - self._since_ns) // SECOND_NS)
        else:
            chinese, english = f"已连接 {self._address}", f"connected to {self._address}"
        if self._life.is_overdue and not chinese.startswith(ALERT):
            silent = self.silent_ns // SECOND_NS
            chinese = f"{ALERT}上游 {silent} 秒没有心跳：{chinese}"
            english = f"{ALERT}no heartbeat from upstream for {silent} s: {english}"
        return self._trouble.told(chinese, english)

    def close(self) -> None:
        """Stop reading. Repeating it is harmless."""
        self._stopping.set()
        with self._lock:
            if self._pipe is not None:
                self._pipe.stop()
        if self._thread is not None:
            self._thread.join(_STOP_S)
            self._thread = None

    def _waiting(self, waited_s: int) -> tuple[str, str]:
        match self._refusal:
            case winerror.ERROR_FILE_NOT_FOUND:
                return f"等待上游创建管道，已等 {waited_s} 秒", f"waiting for the upstream's pipe, {waited_s} s so far"
            case winerror.ERROR_PIPE_BUSY:
                return (
                    f"上游的管道被别的程序占着，已等 {waited_s} 秒",
                    f"another program holds the upstream's pipe, {waited_s} s so far",
                )
            case winerror.ERROR_ACCESS_DENIED:
                return (
                    f"没有权限打开上游的管道：请用与上游相同的用户和权限运行，已等 {waited_s} 秒",
                    f"no right to open the upstream's pipe: run as the same user and level, {waited_s} s so far",
                )
            case code:
                return (
                    f"上游的管道打不开（错误 {code}），已等 {waited_s} 秒",
                    f"the upstream's pipe cannot be opened (error {code}), {waited_s} s so far",
                )

    def _work(self, sink: SignalSink) -> None:
        tries = 0
        while not self._stopping.is_set():
            try:
                pipe, keeps_messages = windows_pipe.dial(self._address)
            except pywintypes.error as error:
                self._refusal = error.winerror
                self._stopping.wait(BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)])
                tries += 1
                continue
            except Exception as error:  # noqa: BLE001 - the top of the thread: it tells, and dials again.
                self._trouble.note_error(error)
                self._stopping.wait(BACK_OFF_S[-1])
                continue
            tries = 0
            self._serve(pipe, sink, keeps_messages=keeps_messages)

    def _serve(self, pipe: Pipe, sink: SignalSink, *, keeps_messages: bool) -> None:
        with self._lock:
            self._pipe = pipe
            if self._stopping.is_set():
                pipe.stop()
        try:
            if keeps_messages:
                self._read_messages(pipe, sink)
            else:
                self._read_bytes(pipe, sink)
        except (PipeGoneError, PipeStoppedError):
            pass  # Dialled again, unless the door is closing.
        except Exception as error:  # noqa: BLE001 - the edge of one sender's connection: it is dialled again.
            self._trouble.note_error(error)
        finally:
            with self._lock:
                self._pipe = None
            self._since_ns = self._steady_ns()
            self._refusal = winerror.ERROR_FILE_NOT_FOUND
            pipe.close()

    def _read_messages(self, pipe: Pipe, sink: SignalSink) -> None:
        while True:
            message = pipe.read()
            assert message is not None, "a read without a limit of time returns a message or raises"
            self._life.heard()
            now_ns = self._now_ns()
            words = message.payload.strip(_BLANK)
            if not message.is_whole:
                sink.truncated(self._name, message.payload, now_ns, None)
            elif not message.payload or words.lower() == _HEARTBEAT:
                sink.heartbeat(self._name, now_ns)
            elif words:
                sink.message(self._name, message.payload, now_ns, None)
            self._keep_pace(1)

    def _read_bytes(self, pipe: Pipe, sink: SignalSink) -> None:
        framer = StreamFramer()
        try:
            while not framer.is_lost:
                received = pipe.read(SILENCE_MS if framer.has_rest() else None)
                now_ns = self._now_ns()
                if received is None:
                    deliver_rest(framer, sink, door=self._name, received_ns=now_ns, reply=None)
                    continue
                self._life.heard()
                lines = deliver(framer, received.payload, sink, door=self._name, received_ns=now_ns, reply=None)
                self._keep_pace(lines)
        finally:
            deliver_rest(framer, sink, door=self._name, received_ns=self._now_ns(), reply=None)

    def _keep_pace(self, lines: int) -> None:
        """Read a flood slowly: it must not take the processor from the other doors and the engine."""
        pause_ns = self._pace.pause_ns(lines, self._steady_ns())
        if pause_ns:
            self._stopping.wait(pause_ns / SECOND_NS)
