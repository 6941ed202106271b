"""The tail door: acts on lines that another program appends to a file, such as 通达信's alerts."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from qmt_trading.codec.malformed import MalformedError, shorten
from qmt_trading.intake.alert_line import (
    MINUTE_NS,
    decode_line,
    message_of,
    number_of,
    read_alert,
    symbol_of,
    told_of,
    verb_of,
)
from qmt_trading.intake.conduct import Pace
from qmt_trading.intake.instructions import UnreadableError
from qmt_trading.intake.trouble import ALERT, Trouble
from qmt_trading.intake.whole_file import StillOpenError, open_shared
from qmt_trading.model.errors import DoorError
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import Verb
from qmt_trading.ports import SignalSink

LOOK_S: Final = 0.1
JOIN_S: Final = 5.0
READ_BYTES: Final = 262_144
LINE_BYTES_MAX: Final = 4096
ANCHOR_BYTES: Final = 64
"""Of what was read last: where they are not there any more the file is another one."""
REMEMBERED_MAX: Final = 65_536
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


class _Print(NamedTuple):
    size: int
    modified_ns: int
    inode: int


class TailDoor:
    """A one-way door: a line whose condition is configured becomes a message, any other is counted.

    Lines that stood in the file when the door was opened are never acted on, nor are those that were appended while
    no engine ran. A line counts as received at the end of the minute (or second) that it names, so that one that comes
    late is stale. Its id follows from what it says, so that a file that is written anew brings repeats. A line without
    its end waits for it, however long.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        *,
        now_ns: Callable[[], int],
        actions: Mapping[str, str],
        accounts: Sequence[str],
        every_line: bool = False,
        stocks_only: bool = False,
        encoding: str = "auto",
        ttl_ns: int = 10 * SECOND_NS,
        steady_ns: Callable[[], int] = time.monotonic_ns,
        look_s: float = LOOK_S,
    ) -> None:
        self._name = name
        self._path = path
        self._now_ns = now_ns
        self._actions = dict(actions)
        self._cancels = {each for each, action in self._actions.items() if verb_of(action) is Verb.CANCEL}
        self._accounts = tuple(accounts)
        self._every_line = every_line
        self._stocks_only = stocks_only
        self._encoding = encoding
        self._ttl_ns = ttl_ns
        self._steady_ns = steady_ns
        self._look_s = look_s
        self._last: _Print | None = None
        """None: there was no file."""
        self._position = 0
        """Behind the last line that ended."""
        self._anchor = b""
        self._skipping = False
        """Within a line that is too long."""
        self._remembered: dict[str, None] = {}
        self._pace = Pace()
        self._trouble = Trouble(steady_ns)
        self._lines = self._acted = self._others = 0
        self._other = ""
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        return self._name

    def open(self, sink: SignalSink) -> None:
        """Begin to follow the file, at its end; one that is not there yet is waited for.

        Raises:
            DoorError: it cannot be read, or is UTF-16.
        """
        assert self._thread is None, "a door is opened once"
        try:
            self._go_to_end()
        except FileNotFoundError:
            pass
        except (OSError, StillOpenError) as error:
            raise DoorError(f"无法读取 {self._path}：{error} / cannot be read") from error
        self._thread = threading.Thread(target=self._run, args=(sink,), name=f"door-{self._name}", daemon=True)
        self._thread.start()

    def condition(self) -> tuple[str, str]:
        """Return what is followed, how many lines came, and what went wrong last."""
        if self._thread is None or self._stopping.is_set():
            return "未打开", "closed"
        if not self._thread.is_alive():
            return self._trouble.told(f"{ALERT}通道 {self._path} 已停止收信", f"{ALERT}{self._path} takes no messages")
        if self._last is None:
            return self._trouble.told(f"等待文件 {self._path}", f"waiting for the file {self._path}")
        chinese = f"跟随 {self._path}，新增 {self._lines} 行，执行 {self._acted} 行"
        english = f"following {self._path}, {self._lines} new lines, {self._acted} acted on"
        if self._others:
            chinese += f"，条件未配置 {self._others} 行（最近：{self._other}）"
            english += f", {self._others} of other conditions"
        return self._trouble.told(chinese, english)

    def close(self) -> None:
        """Stop following; what is appended from now on is never acted on."""
        if self._thread is None or self._stopping.is_set():
            return
        self._stopping.set()
        self._thread.join(JOIN_S)

    # The file

    def _go_to_end(self) -> None:
        descriptor = open_shared(self._path)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if file.read(2) in _UTF_16:
                raise DoorError(f"{self._path} 是 UTF-16，请改为 GBK 或 UTF-8 / is UTF-16: write GBK or UTF-8")
            begin = max(0, status.st_size - READ_BYTES)
            file.seek(begin)
            tail = file.read(status.st_size - begin)
            self._last = _Print(status.st_size, status.st_mtime_ns, status.st_ino)
        end = tail.rfind(b"\n") + 1
        self._skipping = len(tail) - end > LINE_BYTES_MAX
        if self._skipping:
            end = len(tail)
        self._position = begin + end
        self._anchor = tail[max(0, end - ANCHOR_BYTES) : end]

    def _run(self, sink: SignalSink) -> None:
        while not self._stopping.wait(self._look_s):
            try:
                while self._has_read_more(sink) and not self._stopping.is_set():
                    continue
            except StillOpenError:
                continue  # The writer keeps everybody out for the moment.
            except Exception as error:  # noqa: BLE001 - The top of the thread: it tells, and goes on.
                self._trouble.note_error(error)

    def _has_read_more(self, sink: SignalSink) -> bool:
        """Take what was appended; return whether there may be more at once."""
        try:
            status = os.stat(self._path)
            seen = _Print(status.st_size, status.st_mtime_ns, status.st_ino)
            if seen == self._last:
                return False
            data, begins_anew = self._read()
        except FileNotFoundError:
            self._begin_anew()
            self._last = None
            return False
        if begins_anew:
            self._begin_anew()
        end = data.rfind(b"\n") + 1
        if not end and len(data) > LINE_BYTES_MAX:
            if not self._skipping:
                self._trouble.note("有一行太长，没有读", "a line is too long and was not read")
            self._skipping, end = True, len(data)
            lines: list[bytes] = []
        else:
            lines = data[:end].split(b"\n")[:-1]
            if lines and self._skipping:
                del lines[0]  # The end of the line that is too long.
                self._skipping = False
        self._anchor = (self._anchor + data[:end])[-ANCHOR_BYTES:]
        self._position += end  # Before the lines are acted on: one that fails is not tried again for ever.
        is_full = len(data) == READ_BYTES
        if not is_full:
            self._last = seen
        for line in lines:
            self._guarded(line, sink)
        return is_full

    def _read(self) -> tuple[bytes, bool]:
        """Return what stands behind the last line, and whether that is another file than before."""
        with os.fdopen(open_shared(self._path), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(self._position - len(self._anchor))
            if size >= self._position and file.read(len(self._anchor)) == self._anchor:
                return file.read(READ_BYTES), False
            file.seek(0)
            return file.read(READ_BYTES), True

    def _begin_anew(self) -> None:
        """Read the file from its beginning: it is another one, or was cut off and is written again."""
        self._position, self._anchor, self._skipping = 0, b"", False

    # One line

    def _guarded(self, raw: bytes, sink: SignalSink) -> None:
        pause_ns = self._pace.pause_ns(1, self._steady_ns())
        if pause_ns:
            self._stopping.wait(pause_ns / SECOND_NS)
        try:
            if raw.strip(b" \t\r\0\xef\xbb\xbf"):
                self._lines += 1
                self._take(raw, sink)
        except (UnreadableError, MalformedError) as error:
            told = told_of(error)
            self._trouble.note(f"这一行没有执行：{told.chinese}", f"a line was not acted on: {told.english}")

    def _take(self, raw: bytes, sink: SignalSink) -> None:
        if len(raw) > LINE_BYTES_MAX:
            raise UnreadableError("这一行太长", "a line is too long")
        line = decode_line(raw, self._encoding)
        now_ns = self._now_ns()
        alert = read_alert(line, now_ns)
        action = self._actions.get(alert.condition)
        if action is None:
            self._others += 1
            self._other = shorten(alert.condition)
            return
        symbol = symbol_of(alert.code, stocks_only=self._stocks_only)
        if alert.until_ns > now_ns + 2 * MINUTE_NS:
            raise UnreadableError(f"时间在未来：{shorten(line)}", f"its time lies in the future: {shorten(line)}")
        is_cancel = alert.condition in self._cancels
        number = number_of(alert, symbol, line, every_line=self._every_line or is_cancel)
        if number in self._remembered:
            return  # A repeat, or a file written anew.
        received_ns = min(alert.until_ns, now_ns)
        if now_ns - received_ns > self._ttl_ns:  # The engine says so, too, but not of cancels, nor once for thousands.
            raise UnreadableError(f"来得太晚：{shorten(line)}", f"it comes too late: {shorten(line)}")
        self._remember(number)  # One that is late does not use up the day's one.
        self._acted += 1
        sink.message(self._name, message_of(action, symbol, self._accounts, number).encode("utf-8"), received_ns, None)

    def _remember(self, number: str) -> None:
        self._remembered[number] = None
        while len(self._remembered) > REMEMBERED_MAX:
            del self._remembered[next(iter(self._remembered))]
