"""Logs: lines for people on the console, JSON lines on disk by day. Nobody on the order path waits for either."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, TextIO

import msgspec

from qmt_trading.codec.printable import in_line
from qmt_trading.model.instant import day_of, to_clock_text, to_iso_text

QUEUE_MAX: Final = 10_000
_STOP_S: Final = 3.0
FILES: Final = "qmt-*.jsonl"
"""The names of its files, which sort by day."""
_FLAGS: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)

Render = Callable[[object], list["Line"]]
_encode = msgspec.json.Encoder(enc_hook=str).encode


class Line(msgspec.Struct, gc=False):
    """One line: for people (``text``) and for programs (``fields``)."""

    at_ns: int
    level: str
    """``info``, ``warning`` or ``critical``."""
    event: str
    text: str
    fields: dict[str, object] = {}
    for_console: bool = True
    """False: for the file alone."""


class Log:
    """A bounded queue with one thread that renders and writes, and one more that alone touches the console.

    ``put`` never waits: what does not fit is dropped and counted; what cannot be rendered is counted. A console that
    does not take its lines (a Windows window with a selection) stops the console's thread and nothing else.
    """

    def __init__(
        self,
        folder: Path,
        *,
        days: int,
        bytes_max: int,
        render: Render,
        now_ns: Callable[[], int],
        console: TextIO | None = None,
    ) -> None:
        self._folder = folder
        self._days = days
        self._bytes_max = bytes_max
        self._render = render
        self._now_ns = now_ns
        self._console = console
        self._queue: queue.Queue[object] = queue.Queue(QUEUE_MAX)
        self._lines: queue.Queue[Line | None] = queue.Queue(QUEUE_MAX)
        self._file: TextIO | None = None
        self._day: dt.date | None = None
        self.dropped = 0
        self.console_dropped = 0
        self.failed = 0
        """Items that could not be rendered or encoded: our own mistake, told in the log itself."""
        self._writer = threading.Thread(target=self._write, name="log-writer", daemon=True)
        self._speaker = threading.Thread(target=self._speak, name="log-console", daemon=True)
        self._writer.start()
        self._speaker.start()

    def put(self, item: object) -> None:
        """Take something to be rendered; never waits."""
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Write what is queued, as far as that takes no longer than a few seconds."""
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=_STOP_S)
        self._writer.join(_STOP_S)
        self._speaker.join(1.0)

    def _write(self) -> None:
        while True:
            item = self._queue.get()
            if item is None:
                break
            try:
                self._tell(self._render(item))
            except Exception as error:  # noqa: BLE001 - The top of the thread: one item costs no other.
                self.failed += 1
                # Not the error's words: they may quote what people should not see.
                text = f"有 {self.failed} 条日志写不出来，最近一次：{type(error).__name__}"
                self._tell([Line(self._now_ns(), "warning", "log_fault", text)])
            self._flush()
        if self._file is not None:
            self._file.close()
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(None)

    def _tell(self, lines: list[Line]) -> None:
        for line in lines:
            self._keep(line)
            if self._console is not None and line.for_console:
                try:
                    self._lines.put_nowait(line)
                except queue.Full:
                    self.console_dropped += 1

    def _flush(self) -> None:
        """Let the file have what was written as soon as nothing more waits."""
        if self._file is not None and self._queue.empty():
            with contextlib.suppress(OSError):
                self._file.flush()

    def _keep(self, line: Line) -> None:
        """Append to the day's file; a disk that takes no log stops no order."""
        try:
            day = day_of(line.at_ns)
            if day != self._day or self._file is None:
                self._open(day)
            assert self._file is not None
            head = {"at": to_iso_text(line.at_ns), "level": line.level, "event": line.event, "text": line.text}
            self._file.write(_encode({**head, **line.fields}).decode("utf-8") + "\n")
        except OSError:
            self.dropped += 1

    def _open(self, day: dt.date) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"qmt-{day.isoformat()}.jsonl"
        descriptor = os.open(path, _FLAGS, 0o600)
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                os.fchmod(descriptor, 0o600)  # One that was there already.
        self._file = os.fdopen(descriptor, "a", encoding="utf-8", newline="\n")
        self._day = day
        self.sweep(day)

    def sweep(self, today: dt.date) -> None:
        """Delete files older than the days to be kept, and the oldest while the total is too large; never today's."""
        current = f"qmt-{today.isoformat()}.jsonl"
        oldest = f"qmt-{(today - dt.timedelta(days=self._days - 1)).isoformat()}.jsonl"
        files = sorted(path for path in self._folder.glob(FILES) if path.name != current)
        sizes = {path: path.stat().st_size for path in files}
        for path in files:
            if path.name < oldest or sum(sizes.values()) > self._bytes_max:
                with contextlib.suppress(OSError):
                    path.unlink()
                    del sizes[path]

    def _speak(self) -> None:
        marks = {"warning": "!", "critical": "‼"}
        while True:
            line = self._lines.get()
            if line is None or self._console is None:
                return
            text = f"{to_clock_text(line.at_ns)} {marks.get(line.level, ' ')} {in_line(line.text)}\n"
            try:
                _say(self._console, text)
            except (OSError, ValueError):
                return  # The console is gone.


def _say(console: TextIO, text: str) -> None:
    try:
        console.write(text)
    except UnicodeEncodeError:
        encoding = console.encoding or "ascii"
        console.write(text.encode(encoding, "replace").decode(encoding))
    console.flush()
