"""Speaks the broker link for one QMT terminal: the only program that imports xtquant; one file, Python 3.8 to 3.13.

docs/link.md is the contract. Threads: the main one reads lines and never calls the terminal; one writes; one watches
(beats, deadlines); one looks after the terminal; one works through its callbacks; and each kind of call has a worker
that is given up and replaced when a call does not come back in time. xtquant may hang anything but the process's end.
"""

from __future__ import annotations

import argparse
import collections
import ctypes
import functools
import hashlib
import hmac
import importlib
import importlib.machinery
import importlib.util
import json
import math
import os
import platform
import queue
import random
import re
import signal
import socket
import sys
import threading
import time
import types
from collections.abc import Callable
from typing import Any, Final, NamedTuple, NoReturn

BUILD: Final = "1"
VERSION: Final = 1
FRAME_IN: Final = 16 * 1024
FRAME_OUT: Final = 64 * 1024
DEPTH_MAX: Final = 6
INTEGER_MAX: Final = 2**53
LINES_WAITING_MAX: Final = 4096
LINES_KEPT: Final = 2000
BYTES_KEPT: Final = 2 * 1024 * 1024
SUBMITS_MAX: Final = 64
ROWS_MAX: Final = 200
REMARK_BYTES: Final = 22
CLOCK_US_MAX: Final = 5_000_000
CLOCK_APART_US: Final = 5_000
"""By so much two clocks may run apart within CLOCK_US_MAX: one in a thousand."""

CALL_S: Final = 4.5
"""Every call's deadline; under the 5 s after which the engine replaces a busy host."""
CANCEL_FIRST_S: Final = 0.05
"""How long an order waits for cancels under way; not for one that hangs."""
BEAT_CALL_S: Final = 3.0
BEAT_EVERY_S: Final = 2.0
BEAT_AGAIN_S: Final = 1.5
"""The deadline of the asset query that follows one which hangs."""
MISSES_MAX: Final = 2
DEAF_MAX: Final = 10
"""Heartbeats without any subscribed account after which a new session is tried."""
HUNG_MAX: Final = 4
LOAD_S: Final = 60.0
HISTORY_S: Final = 60.0
"""How long a download may be without progress."""
STOP_S: Final = 5.0
SESSION_REST_S: Final = 3.2
"""A session id may be used again only more than 3 s after its last connect (vendor's FAQ)."""
BACKOFF_S: Final = (1.0, 2.0, 4.0, 8.0, 10.0)
QUOTES_EVERY_S: Final = 0.2
SILENCE_S: Final = 3.0
SINGLE_SUBSCRIPTIONS_MAX: Final = 50
QUOTE_FIELDS: Final = ("time", "lastPrice", "lastClose", "amount", "openInt", "stockStatus", "bidPrice", "askPrice")
"""All that an engine reads of a tick: whole markets tell two thousand in a second."""

EXIT_STOPPED: Final = 0
EXIT_ARGUMENTS: Final = 2
EXIT_FOLDER: Final = 3
EXIT_XTQUANT: Final = 4
EXIT_HUNG: Final = 70

BUY_SELL: Final = {"buy": 23, "sell": 24}
LIMIT_PRICE: Final = 11
LISTS: Final = ("order", "fill", "position", "asset")
CAPS: Final = ("orders", "cancels", "cancel_by_venue_id", "lists", "quotes", "details", "download")

# fmt: off
ACCOUNT_STATUS: Final = {
    -1: "账号无效 invalid", 0: "正常 ready", 1: "连接中 connecting", 2: "登录中 logging in", 3: "登录失败 login failed",
    4: "初始化中 initialising", 5: "数据校正中 correcting its data", 6: "收盘后 after the close",
    7: "副链路断开 secondary link down", 8: "被系统停用（如密码错误） disabled by the system", 9: "被用户停用 disabled",
}
_COMMON: Final = ("account_type", "account_id")
_IN_ROWS: Final = ("strategy_name", "order_remark", "direction", "offset_flag", "secu_account", "instrument_name")
FIELDS: Final = {
    "order": (*_COMMON, "stock_code", "order_id", "order_sysid", "order_time", "order_type", "order_volume",
              "price_type", "price", "traded_volume", "traded_price", "order_status", "status_msg", *_IN_ROWS),
    "fill": (*_COMMON, "stock_code", "traded_id", "traded_time", "traded_price", "traded_volume", "traded_amount",
             "order_type", "order_id", "order_sysid", "commission", *_IN_ROWS),
    "position": (*_COMMON, "stock_code", "volume", "can_use_volume", "open_price", "market_value", "frozen_volume",
                 "on_road_volume", "yesterday_volume", "avg_price", "direction", "last_price", "profit_rate",
                 "float_profit", "open_date", "position_profit", "secu_account", "instrument_name"),
    "asset": (*_COMMON, "cash", "frozen_cash", "market_value", "total_asset", "fetch_balance", "current_balance"),
    "order_error": (*_COMMON, "order_id", "error_id", "error_msg", "strategy_name", "order_remark", "seq"),
    "cancel_error": (*_COMMON, "order_id", "market", "order_sysid", "error_id", "error_msg"),
    "order_response": ("account_id", "order_id", "strategy_name", "order_remark", "error_msg", "seq"),
    "cancel_response": ("account_id", "cancel_result", "order_id", "order_sysid", "error_msg", "seq"),
    "status": (*_COMMON, "status", "m_strAccountID", "m_nAccountType", "m_nStatus"),
}
"""What is copied of each object of xtquant. An attribute that the terminal's version does not have stays absent."""

TROUBLES: Final = {
    "no_folder": (
        "找不到终端文件夹 {0}，请填 QMT 安装目录下的 userdata_mini（不会自动新建）",
        "the terminal's folder {0} does not exist; give userdata_mini under QMT's own folder (none is made)"),
    "wrong_folder": ("{0} 不是 userdata_mini 文件夹{1}", "{0} is not a userdata_mini folder{2}"),
    "not_writable": (
        "文件夹 {0} 不能写入：{1}。请用同一个 Windows 用户运行，QMT 装在 C 盘时请用管理员身份运行",
        "the folder {0} cannot be written: {1}; run as the same user, as administrator where QMT is on C:"),
    "need_admin": (
        "QMT 装在 C 盘，而本程序没有管理员权限：请用管理员身份运行，或把 QMT 装到别的盘",
        "QMT is on drive C: and this program has no administrator rights: run it as administrator, or move QMT"),
    "code_page": (
        "终端路径 {0} 含中文，而系统区域不是中文（代码页 {1}）：请把 QMT 装到纯英文路径，或把系统区域改为中文",
        "the path {0} is not ASCII and the system's code page is {1}: use an ASCII path or a Chinese locale"),
    "no_permission": (
        "{0} 里没有 up_queue_xtquant：券商未开通 miniQMT 权限，或从未以极简模式登录过（登录一次，仍没有就找券商开通）",
        "{0} holds no up_queue_xtquant: the broker has not enabled miniQMT, or it never logged in in minimal mode"),
    "no_xtquant": ("xtquant 不能加载：{0}", "xtquant cannot be loaded: {1}"),
    "not_started": (
        "连不上 QMT（connect 返回 {0}）：请打开 QMT，勾选“极简模式”登录，并确认填的是它的 userdata_mini：{1}",
        "cannot connect to QMT (connect gave {0}): start it in minimal mode; is this its folder: {1}?"),
    "connect_failed": ("连接 QMT 时出错：{0}", "connecting to QMT failed: {0}"),
    "hung": (
        "终端有 {0} 个调用没有返回，本程序退出重来；若一再出现请重启 QMT",
        "{0} calls of the terminal did not return; this program ends to be started again; restart QMT if it repeats"),
    "no_pandas": (
        "读取 K 线需要 pandas 和 numpy，请在 {0} 里安装",
        "reading bars needs pandas and numpy: install them for {0}"),
    "no_quotes": ("行情连不上：{0}", "the quotes cannot be reached: {0}"),
    "no_secret": ("没有设置环境变量 QMT_LINK_SECRET", "the environment variable QMT_LINK_SECRET is not set"),
}
# fmt: on


class FrameError(Exception):
    """A line that breaks the rules of the link; the connection ends."""


class GivenUpError(Exception):
    """This thread's call came back after its deadline: nobody waits for it any more."""


class OverdueError(Exception):
    """A call did not come back within its deadline."""


def now_us() -> int:
    """Return this process's clock in microseconds; it only grows."""
    return time.perf_counter_ns() // 1000


def decode(raw: bytes) -> dict[str, Any]:
    """Return the object that a line holds.

    Raises:
        FrameError: the line breaks a rule; the text says which.
    """
    if len(raw) > FRAME_IN:
        raise FrameError("too long")
    try:
        line = json.loads(raw.decode("ascii"), object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_float)
    except (ValueError, RecursionError) as error:
        raise FrameError(str(error)) from error
    if not isinstance(line, dict) or not isinstance(line.get("t"), str):
        raise FrameError("not an object with t")
    _check(line, 1)
    return line


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(name + " is no number")


def _float(text: str) -> float:
    if not math.isfinite(float(text)):
        raise ValueError("a number without end")
    return float(text)


def _check(value: Any, depth: int) -> None:
    if isinstance(value, (dict, list)):
        if depth > DEPTH_MAX:
            raise FrameError("too deep")
        for inner in value.values() if isinstance(value, dict) else value:
            _check(inner, depth + 1)
    elif isinstance(value, int) and abs(value) > INTEGER_MAX:
        raise FrameError("an integer too large")


def encode(line: dict[str, Any]) -> bytes:
    """Return ``line`` as the bytes of one line."""
    return json.dumps(line, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"


def plain(value: Any) -> Any:
    """Return ``value`` as JSON can hold it: what is no finite number becomes null, what is too large a text."""
    if value is None or isinstance(value, (bool, str)):
        return value[:500] if isinstance(value, str) else value
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if hasattr(value, "item"):  # A number of numpy.
        value = value.item()
    if isinstance(value, int):
        return value if abs(value) <= INTEGER_MAX else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)[:500]


def copied(source: Any, kind: str) -> dict[str, Any]:
    """Return the attributes of an object of xtquant as a dict; touches nothing but the object."""
    row: dict[str, Any] = {}
    for name in FIELDS[kind]:
        try:
            row[name] = plain(getattr(source, name))
        except (AttributeError, UnicodeDecodeError):  # Not in this version; or a remark cut inside a character.
            continue
    return row


def parts(rows: list[Any], room: int) -> list[list[Any]]:
    """Return ``rows`` in order, in parts of at most ROWS_MAX rows whose JSON fits into ``room`` bytes."""
    made: list[list[Any]] = [[]]
    size = 0
    for row in rows:
        length = len(encode(row))
        if made[-1] and (len(made[-1]) >= ROWS_MAX or size + length > room):
            made.append([])
            size = 0
        made[-1].append(row)
        size += length
    return made


class Outbox:
    """Lines on their way out: a numbered lane that can be sent again, and newest-wins slots for what may be lost."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._write: Callable[[bytes], None] | None = None
        self._opened = False
        self._busy = False
        self._unnumbered: collections.deque[bytes] = collections.deque()
        self._held: dict[int, bytes] = {}
        self._bytes = 0
        self._first = 1
        self._cursor = 1
        self._last = 0
        self._lost_from: int | None = None
        self._slots: dict[str, bytes] = {}
        self._quotes: dict[str, Any] = {}
        self._quotes_due = False
        self.acknowledged = 0

    def attach(self, write: Callable[[bytes], None], hello: dict[str, Any]) -> None:
        """Begin a connection with ``hello``; numbered lines wait until ``open``."""
        with self._changed:
            self._write, self._opened = write, False
            self._unnumbered.clear()
            self._unnumbered.append(encode(hello))
            self._changed.notify_all()

    def open(self, replay_from: int) -> None:
        """Let numbered lines go, from ``replay_from`` on; 0 begins after all that was ever made."""
        with self._changed:
            if replay_from <= 0:
                for number in range(self._first, self._last + 1):
                    self._forget(number)
                self._first = self._cursor = self._last + 1
                self._lost_from = None
            else:
                if replay_from < self._first:
                    self._unnumbered.append(self._gap(replay_from, self._first - 1))
                self._cursor = max(min(replay_from, self._last + 1), self._first)
            self._opened = True
            self._changed.notify_all()

    def detach(self) -> None:
        """End the connection; numbered lines are kept for the next one."""
        with self._changed:
            self._write, self._opened = None, False
            self._changed.notify_all()

    def speak(self, line: dict[str, Any]) -> None:
        """Send a line of the session itself, without a number and before all others."""
        with self._changed:
            if len(self._unnumbered) < LINES_WAITING_MAX:
                self._unnumbered.append(encode(line))
                self._changed.notify_all()

    def put(self, line: dict[str, Any]) -> bool:
        """Queue a numbered line; False: it was lost, because too many wait, and a gap will say so."""
        with self._changed:
            self._last += 1
            if self._lost_from is not None or self._last - self._cursor >= LINES_WAITING_MAX:
                self._lost_from = self._lost_from or self._last
                return False
            raw = encode({**line, "n": self._last})
            self._held[self._last] = raw
            self._bytes += len(raw)
            self._changed.notify_all()
            return True

    def slot(self, name: str, line: dict[str, Any]) -> None:
        """Queue a line that may be lost; a newer one of the same name takes its place."""
        with self._changed:
            if len(self._slots) < 200 or name in self._slots:
                self._slots[name] = encode(line)
                self._changed.notify_all()

    def quotes(self, rows: dict[str, Any]) -> None:
        """Queue quotes; the newest of a symbol wins."""
        with self._changed:
            self._quotes.update(rows)

    def quotes_due(self) -> None:
        """Let the quotes that have gathered go."""
        with self._changed:
            self._quotes_due = bool(self._quotes)
            self._changed.notify_all()

    def acknowledge(self, number: int) -> None:
        """Forget the lines up to ``number``: the engine has them."""
        with self._changed:
            while self._first <= min(number, self._cursor - 1):
                self._forget(self._first)
                self._first += 1
            self.acknowledged = max(self.acknowledged, min(number, self._last))

    @property
    def crowded(self) -> bool:
        """Whether lines are being lost."""
        return self._lost_from is not None

    def flush(self, seconds: float) -> None:
        """Wait until everything has been written, at most ``seconds``."""
        until = time.monotonic() + seconds
        with self._changed:
            while self._write is not None and (self._ready() or self._busy) and time.monotonic() < until:
                self._changed.wait(0.05)

    def run(self) -> None:
        """Write for ever; a connection that breaks is detached."""
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                while not self._ready():
                    self._changed.wait()
                write, batch = self._write, self._take()
                self._busy = True
            try:
                if write is not None:
                    write(batch)
            except OSError:
                with self._changed:
                    if self._write is write:
                        self._write, self._opened = None, False

    def _ready(self) -> bool:
        if self._write is None:
            return False
        waiting = self._cursor <= self._last or bool(self._slots) or self._quotes_due
        return bool(self._unnumbered) or (self._opened and waiting)

    def _take(self) -> bytes:
        pieces = list(self._unnumbered)
        self._unnumbered.clear()
        size = sum(map(len, pieces))
        while self._opened and self._cursor <= self._last and size < FRAME_OUT:
            piece = self._held.get(self._cursor, b"")
            pieces.append(piece)
            size += len(piece)
            self._cursor += 1
        if self._lost_from is not None and self._last - self._cursor < LINES_WAITING_MAX // 2:
            self._held[self._last] = self._gap(self._lost_from, self._last)
            self._bytes += len(self._held[self._last])
            self._cursor = min(self._cursor, self._last)
            self._lost_from = None
        while self._first < self._cursor and (self._cursor - self._first > LINES_KEPT or self._bytes > BYTES_KEPT):
            self._forget(self._first)
            self._first += 1
        if self._opened and self._cursor > self._last:
            pieces += self._slots.values()
            self._slots.clear()
            if self._quotes_due:
                pieces += self._quote_lines()
        return b"".join(pieces)

    def _quote_lines(self) -> list[bytes]:
        gathered = [{symbol: row} for symbol, row in self._quotes.items()]
        self._quotes, self._quotes_due = {}, False
        lines = []
        for part in parts(gathered, FRAME_OUT - 200):
            rows = {symbol: row for one in part for symbol, row in one.items()}
            lines.append(encode({"t": "quotes", "rows": rows, "hm": now_us()}))
        return lines

    def _forget(self, number: int) -> None:
        self._bytes -= len(self._held.pop(number, b""))

    @staticmethod
    def _gap(begin: int, end: int) -> bytes:
        # Numbered as the last line that is missing, so that no hole is left.
        return encode({"t": "gap", "from": begin, "to": end, "n": end})


class Job(NamedTuple):
    """Work for a worker: ``run`` makes its calls through it, ``given_up`` answers when one is overdue."""

    run: Callable[[Worker], None]
    given_up: Callable[[str], None]


class Calls:
    """What all workers share: how many threads hang in a call, and what to do when they are too many."""

    def __init__(self, too_many: Callable[[int], None], report: Callable[[str], None]) -> None:
        self._too_many = too_many
        self.report = report
        self.workers: list[Worker] = []

    @property
    def hung(self) -> int:
        """How many threads have been given up and have not come back."""
        return sum(worker.hung for worker in self.workers)

    @property
    def hung_in_trade(self) -> int:
        """Of those, the ones that have to do with orders: quotes that hang are no reason to stop trading."""
        return sum(worker.hung for worker in self.workers if worker.trades)

    def given_up(self) -> None:
        hung = self.hung_in_trade
        if hung > HUNG_MAX:
            self._too_many(hung)

    def give_up_all(self) -> None:
        """Answer for every call that has to do with orders and is under way: the process ends before they return."""
        for worker in self.workers:
            if worker.trades:
                worker.give_up()

    def longest(self) -> tuple[int, str]:
        """Return how long, in µs, the longest call under way has taken, and its name."""
        begun = [found for worker in self.workers if worker.trades for found in [worker.under_way] if found]
        return max(((now_us() - since, name) for since, name in begun), default=(0, ""))


class Worker:
    """A thread that does one job after another; a call that misses its deadline costs the thread, not the worker."""

    def __init__(self, name: str, calls: Calls, *, trades: bool = True) -> None:
        self.trades = trades
        self.hung = 0
        self.under_way: tuple[int, str] | None = None
        self._name = name
        self._calls = calls
        self._jobs: collections.deque[Job] = collections.deque()
        self._changed = threading.Condition()
        self._life = 0
        self._mine = threading.local()
        self._job: Job | None = None
        self._until = 0.0
        calls.workers.append(self)
        start(self._name, functools.partial(self._work, 0))

    def put(self, job: Job) -> None:
        """Queue ``job``."""
        with self._changed:
            self._jobs.append(job)
            self._changed.notify()

    def ask(self, what: str, seconds: float, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return what ``function`` returns on this worker's thread.

        Raises:
            OverdueError: it did not return within ``seconds`` of its beginning.
        """
        answers: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()

        def run(worker: Worker) -> None:
            try:
                answers.put((worker.call(what, seconds, function, *arguments), None))
            except GivenUpError:
                raise
            except Exception as error:  # noqa: BLE001 - handed to the thread that asked.
                answers.put((None, error))

        self.put(Job(run, lambda call: answers.put((None, OverdueError(call)))))
        result, error = answers.get()
        if error is not None:
            raise error
        return result

    def call(self, what: str, seconds: float, function: Callable[..., Any], *arguments: Any) -> Any:
        """Make one call of the terminal, from this worker's thread.

        Raises:
            GivenUpError: it came back too late; the thread must end without a word.
        """
        with self._changed:
            if self._mine.life != self._life:
                raise GivenUpError(what)
            self.under_way, self._until = (now_us(), what), time.monotonic() + seconds
        try:
            return function(*arguments)
        finally:
            with self._changed:
                if self._mine.life != self._life:
                    self.hung -= 1
                    raise GivenUpError(what)
                self.under_way = None

    def extend(self, seconds: float) -> None:
        """Give the call under way ``seconds`` from now."""
        with self._changed:
            self._until = time.monotonic() + seconds

    def abandon(self) -> None:
        """Wait no longer for the call under way: what it calls is dead."""
        with self._changed:
            self._until = 0.0

    def give_up(self, *, overdue: bool = False) -> str:
        """Wait no longer for the call under way, or only for one that is ``overdue``; return its name.

        The thread is lost with it: only ``look`` starts another.
        """
        with self._changed:
            if self.under_way is None or (overdue and time.monotonic() < self._until):
                return ""
            what, job = self.under_way[1], self._job
            self.under_way, self._job = None, None
            self._life += 1
            self.hung += 1
        if job is not None:
            job.given_up(what)
        return what

    def look(self) -> None:
        """Replace the thread when its call is overdue; only the watch calls this."""
        what = self.give_up(overdue=True)
        if not what:
            return
        self._calls.report(f"{what} 没有返回，已放弃 did not return and is given up")
        self._calls.given_up()
        # Only now: where too many hang the process has ended, and what waited behind this call has not been begun.
        start(self._name, functools.partial(self._work, self._life))

    def _work(self, life: int) -> None:
        self._mine.life = life
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._jobs) or life != self._life)
                if life != self._life:
                    return
                job = self._job = self._jobs.popleft()
            try:
                job.run(self)
            except GivenUpError:
                return
            except Exception as error:  # noqa: BLE001 - the top of a thread; a job answers for itself.
                self._calls.report(f"{self._name}: {error!r}")


def start(name: str, function: Callable[[], None]) -> None:
    """Run ``function`` on a thread of its own that never holds up the end of the process."""
    threading.Thread(target=function, name=name, daemon=True).start()


class TroubleError(Exception):
    """Something a person must do; ``fatal`` is the exit code, or 0 where waiting may help."""

    def __init__(self, code: str, *figures: str, fatal: int = 0) -> None:
        super().__init__(code)
        self.code, self.figures, self.fatal = code, figures, fatal

    def line(self) -> dict[str, Any]:
        text, english = (words.format(*self.figures)[:2000] for words in TROUBLES[self.code])
        return {"t": "trouble", "code": self.code, "text": text, "english": english, "fatal": self.fatal != 0}


def check_folder(folder: str) -> list[TroubleError]:
    """Return what a person must mend before ``folder`` can be used; makes nothing that stays."""
    if not os.path.isdir(folder):
        return [TroubleError("no_folder", folder, fatal=EXIT_FOLDER)]
    if os.path.basename(os.path.normpath(folder)).lower() not in {"userdata_mini", "userdata"}:
        inner = os.path.join(folder, "userdata_mini")
        hint = ("，请填 " + inner, "; give " + inner) if os.path.isdir(inner) else ("", "")
        return [TroubleError("wrong_folder", folder, *hint, fatal=EXIT_FOLDER)]
    found = []
    if not folder.isascii() and code_page() not in {0, 936, 54936}:
        # The native code takes GB18030: it would make a folder of garbled name and wait in it for ever.
        found.append(TroubleError("code_page", folder, str(code_page()), fatal=EXIT_FOLDER))
    if os.path.splitdrive(folder)[0].upper() == "C:" and not is_administrator():
        found.append(TroubleError("need_admin"))
    trial = os.path.join(folder, f"qmt_write_test_{os.getpid()}")
    itself = getattr(os, "O_TEMPORARY", 0)  # Windows removes it on closing, whatever a virus scanner holds.
    try:
        os.close(os.open(trial, os.O_CREAT | os.O_RDWR | itself))
        if not itself:
            os.remove(trial)
    except OSError as error:
        found.append(TroubleError("not_writable", folder, error.strerror or str(error), fatal=EXIT_FOLDER))
    if not os.path.exists(os.path.join(folder, "up_queue_xtquant")):
        found.append(TroubleError("no_permission", folder))
    return found


def code_page() -> int:
    """Return the code page of Windows, in which the native code reads paths; 0 elsewhere."""
    if sys.platform == "win32":
        return int(ctypes.windll.kernel32.GetACP())
    return 0


def is_administrator() -> bool:
    """Tell whether this process has administrator rights; always so where there is no Windows."""
    if sys.platform == "win32":
        return bool(ctypes.windll.shell32.IsUserAnAdmin())
    return True


def find_xtquant(folder: str) -> str:
    """Return the folder of the package xtquant: in ``folder``, or installed where that is empty.

    Raises:
        TroubleError: there is none.
    """
    for place in (os.path.join(folder, "xtquant"), folder) if folder else ():
        if os.path.isfile(os.path.join(place, "xttrader.py")):
            return os.path.abspath(place)
    spec = None if folder else importlib.util.find_spec("xtquant")
    if spec is not None and spec.submodule_search_locations:
        return str(next(iter(spec.submodule_search_locations)))
    where = folder or sys.executable
    raise TroubleError("no_xtquant", f"{where} 里没有", f"it is not in {where}", fatal=EXIT_XTQUANT)


def version_of(package: str) -> str:
    """Return the version that the package's own file states, without running it; empty where it states none."""
    try:
        with open(os.path.join(package, "__init__.py"), encoding="utf-8", errors="replace") as file:
            found = re.search(r"__version__\s*=\s*[\"']([^\"']+)", file.read())
    except OSError:
        return ""
    return found.group(1) if found else ""


def load(package: str, module: str) -> Any:
    """Return a module of xtquant whose package file was never run, since that asks an address on the network.

    Raises:
        TroubleError: it does not load with this Python.
    """
    if "xtquant" not in sys.modules:
        empty = types.ModuleType("xtquant")
        empty.__path__ = [package]
        empty.__spec__ = importlib.machinery.ModuleSpec("xtquant", None, is_package=True)
        empty.__spec__.submodule_search_locations = [package]
        sys.modules["xtquant"] = empty
    try:
        return importlib.import_module("xtquant." + module)
    except Exception as error:
        have = sorted(set(re.findall(r"\.cp(\d+)-", " ".join(os.listdir(package)))))
        here = f"Python {platform.python_version()} {platform.machine()} {sys.platform}"
        why = f"{error!r} ({here}; cp{' cp'.join(have)})"
        raise TroubleError("no_xtquant", why, why, fatal=EXIT_XTQUANT) from error


class Order:
    """One coid of this boot: what was asked and how far it got."""

    def __init__(self, coid: str, content: tuple[Any, ...] | None, line: dict[str, Any]) -> None:
        self.coid, self.content, self.line = coid, content, line
        self.state = "new"
        self.stage: dict[str, Any] = {}
        self.broker_id, self.venue_id, self.seen = "", "", False
        self.trader: Trader | None = None


class Account:
    """One account as the terminal has told it."""

    def __init__(self, name: str, kind: str) -> None:
        self.name, self.kind = name, kind
        self.ready, self.text = False, ""
        self.status: int | None = None
        self.session, self.misses, self.silent_rounds = 0, 0, 0
        self.subscribed = False
        self.held: list[dict[str, Any]] = []
        self._kinds: tuple[int, set[str]] = (0, set())

    def held_today(self) -> set[str]:
        """Return the kinds of rows that the account is known to have today: a list without them has failed."""
        today = time.localtime().tm_yday
        if self._kinds[0] != today:
            self._kinds = (today, set())
        return self._kinds[1]


class Trader:
    """One life of the link to the terminal: its object of xtquant and what belongs to that object alone."""

    def __init__(self, life: int, session_id: int) -> None:
        self.life, self.session_id = life, session_id
        self.native: Any = None
        self.stock_accounts: dict[str, Any] = {}
        self.orders: dict[int, Order] = {}
        self.cancels: dict[int, tuple[str, str]] = {}
        self.early: dict[int, dict[str, Any]] = {}
        self.calling = 0
        self.unclaimed: list[tuple[str, dict[str, Any]]] = []
        self.closed: set[int] = set()
        self.lost = False


class Terminal:
    """Keeps one trader standing, tells each account's state, and hears the callbacks."""

    def __init__(self, host: Host, folder: str, xtquant: str, sessions: list[int]) -> None:
        self._host, self._folder, self._xtquant = host, folder, xtquant
        self.trader: Trader | None = None
        self.accounts: dict[str, Account] = {}
        self.package = ""
        self.alive_us: int | None = None
        self._life, self._session = 0, 0
        self._ids = sessions
        random.shuffle(self._ids)
        self._used: dict[int, float] = {}
        self._wake = threading.Event()
        self._calls = Worker("terminal", host.calls)
        self._loading = Worker("loading", host.calls, trades=False)
        self._events: queue.SimpleQueue[tuple[Trader, str, dict[str, Any]]] = queue.SimpleQueue()
        self._told: set[str] = set()
        self._opened = False

    def open(self, wanted: list[tuple[str, str]]) -> None:
        """Serve these accounts; what stands already is told once more, with sessions that are new."""
        with self._host.lock:
            if [(account.name, account.kind) for account in self.accounts.values()] != wanted:
                self.accounts = {name: Account(name, kind) for name, kind in wanted}
                if self.trader is not None:
                    self.trader.lost = True
            else:
                self._told.clear()
                for account in self.accounts.values():
                    if account.ready:
                        self._tell_ready(account)
                    elif account.text:
                        self._tell_down(account, account.text)
            if not self._opened:
                self._opened = True
                start("accounts", self._run)
                start("callbacks", self._hear)
        self._wake.set()

    def stop(self) -> None:
        """Unsubscribe and stop the trader; returns within STOP_S whatever the terminal does."""
        with self._host.lock:
            trader, self.trader = self.trader, None
        if trader is None or trader.native is None:
            return
        done = threading.Event()
        start("stop", functools.partial(self._stop, trader, done))
        done.wait(STOP_S)

    def _stop(self, trader: Trader, done: threading.Event | None) -> None:
        try:
            if done is not None:
                for account in list(trader.stock_accounts.values()):
                    trader.native.unsubscribe(account)
            trader.native.stop()
            trader.native.loop.close()  # Never run; a night of them would use up all handles.
        except Exception as error:  # noqa: BLE001 - it is thrown away in any case.
            self._host.log(f"stop: {error!r}")
        if done is not None:
            done.set()

    def _run(self) -> None:
        try:
            self._load()
        except TroubleError as trouble:
            self._fail(trouble)
        except (OSError, OverdueError) as error:
            self._fail(TroubleError("no_xtquant", repr(error), repr(error), fatal=EXIT_XTQUANT))
        failures = 0
        while True:
            hung = self._host.calls.hung_in_trade
            try:
                self._connect()
                failures = 0
                why = self._attend()
            except TroubleError as trouble:
                why = trouble.line()["text"]
                self._fail(trouble)
            except OverdueError as error:
                why = f"终端没有应答 no answer: {error}"
                if hung >= MISSES_MAX:  # The session before hung, too: it is the process that is stuck.
                    self._host.give_up(self._host.calls.hung_in_trade)
            except Exception as error:  # noqa: BLE001 - xtquant raises anything; a new trader is built.
                why = f"连接出错 connecting failed: {error!r}"
                self._fail(TroubleError("connect_failed", repr(error)))
            self._drop(why)
            pause = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
            failures += 1
            time.sleep(pause)

    def _load(self) -> None:
        for trouble in check_folder(self._folder):
            self._fail(trouble)
        self.package = find_xtquant(self._xtquant)
        self._loading.ask("load", LOAD_S, load, self.package, "xttrader")
        self._purge()

    def _fail(self, trouble: TroubleError) -> None:
        key = repr((trouble.code, trouble.figures))
        if key not in self._told:
            self._told.add(key)
            self._host.tell(trouble.line())
        if trouble.fatal:
            self._host.end(trouble.fatal, trouble.code)

    def _purge(self) -> None:
        """Remove the queue files that earlier runs left under our session ids; one in use stays and is not used."""
        for name in os.listdir(self._folder):
            found = re.match(r"down_queue_(?:[a-z]+_)?(\d+)(?:[._].*)?$", name)
            path = os.path.join(self._folder, name)
            if found and int(found.group(1)) in self._ids and os.path.isfile(path) and not os.path.islink(path):
                try:
                    os.remove(path)
                except OSError as error:
                    self._host.log(f"{name}: {error}")
                    if len(self._ids) > 1:
                        self._ids.remove(int(found.group(1)))

    def _next_id(self) -> int:
        chosen = min(self._ids, key=lambda number: self._used.get(number, -math.inf))
        wait = self._used.get(chosen, -math.inf) + SESSION_REST_S - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        self._used[chosen] = time.monotonic()
        return chosen

    def _connect(self) -> None:
        for trouble in check_folder(self._folder):
            if trouble.fatal or trouble.code == "no_permission":
                raise trouble
            self._fail(trouble)
        self._life += 1
        trader = Trader(self._life, self._next_id())
        with self._host.lock:
            self.trader = trader
            for account in self.accounts.values():
                account.subscribed, account.misses, account.silent_rounds, account.status = False, 0, 0, None
        self._calls.ask("XtQuantTrader", CALL_S, self._build, trader)
        code = self._calls.ask("connect", CALL_S, trader.native.connect)
        if code != 0:
            raise TroubleError("not_started", str(code), self._folder)
        self._told.clear()
        for account in list(self.accounts.values()):
            self._subscribe(trader, account)
        self._ask_status()

    def _build(self, trader: Trader) -> None:
        # On a worker's thread: on the main one the constructor takes over the asyncio loop.
        module = load(self.package, "xttrader")
        events = self._events

        class Callback(module.XtQuantTraderCallback):  # type: ignore[misc, name-defined]
            """Copies and queues; anything else on this thread can lock the terminal up."""

            def on_disconnected(self) -> None:
                events.put((trader, "disconnected", {}))

            def on_account_status(self, status: Any) -> None:
                events.put((trader, "status", copied(status, "status")))

            def on_stock_order(self, order: Any) -> None:
                events.put((trader, "order", copied(order, "order")))

            def on_stock_trade(self, trade: Any) -> None:
                events.put((trader, "fill", copied(trade, "fill")))

            def on_order_error(self, error: Any) -> None:
                events.put((trader, "order_error", copied(error, "order_error")))

            def on_cancel_error(self, error: Any) -> None:
                events.put((trader, "cancel_error", copied(error, "cancel_error")))

            def on_order_stock_async_response(self, response: Any) -> None:
                events.put((trader, "order_response", copied(response, "order_response")))

            def on_cancel_order_stock_async_response(self, response: Any) -> None:
                events.put((trader, "cancel_response", copied(response, "cancel_response")))

        native = module.XtQuantTrader(self._folder, trader.session_id)
        native.register_callback(Callback())
        native.set_relaxed_response_order_enabled(True)
        native.start()
        trader.native = native

    def _subscribe(self, trader: Trader, account: Account) -> None:
        if account.kind != "STOCK":
            self._down(account, f"只支持普通股票账户，不支持 {account.kind} only STOCK accounts are supported")
            return
        stock_account = load(self.package, "xttype").StockAccount(account.name, "STOCK")
        if isinstance(stock_account, str):
            raise RuntimeError(stock_account)
        answer = self._calls.ask("subscribe", CALL_S, trader.native.subscribe, stock_account)
        if answer != 0:
            self._down(account, f"订阅账号失败（返回 {answer}），账号填对了吗？ subscribing failed")
            return
        with self._host.lock:
            trader.stock_accounts[account.name] = stock_account
            account.subscribed = True

    def _ask_status(self) -> None:
        trader = self.trader
        rows = self._calls.ask("query_account_status", CALL_S, trader.native.query_account_status) if trader else None
        for row in rows or []:
            self._status(copied(row, "status"))

    def _status(self, row: dict[str, Any]) -> None:
        name = row.get("account_id", row.get("m_strAccountID"))
        status = row.get("status", row.get("m_nStatus"))
        kind = row.get("account_type", row.get("m_nAccountType", 2))
        with self._host.lock:
            account = self.accounts.get(str(name))
            if account is None or not account.subscribed or kind != 2 or not isinstance(status, int):
                return
            account.status = status
            if status == 0 and not account.ready:
                self._tell_ready(account)
        if status != 0:
            self._down(account, ACCOUNT_STATUS.get(status, f"状态 {status} unknown status"))

    def _attend(self) -> str:
        """Look after a trader that stands until it must go, and return why."""
        trader, misses, rounds, deaf = self.trader, 0, 0, 0
        assert trader is not None
        calls, wait_s, call_s = self._host.calls, BEAT_EVERY_S, BEAT_CALL_S
        hung_before = calls.hung_in_trade
        while True:
            self._wake.wait(wait_s)
            self._wake.clear()
            if trader.lost:
                return "与终端的连接断开 the terminal dropped the link"
            rounds += 1
            hung = self._calls.hung
            answered, failed = self._probe(trader, call_s)
            # Nothing answers: the session is dead, though the terminal may never say so.
            misses = misses + 1 if failed and not answered else 0
            hangs = self._calls.hung > hung
            if hangs and call_s == BEAT_AGAIN_S:  # A new session of this process would most likely hang, too.
                hung_now = calls.hung_in_trade
                self._drop("终端两次没有应答资产查询 two asset queries were not answered")
                self._host.give_up(hung_now)
            if hangs and calls.hung_in_trade - hung_before > 1:
                return "终端的调用和资产查询都没有返回 neither a call nor the asset query has returned"
            if misses >= MISSES_MAX:
                return "终端两次没有应答资产查询 two asset queries were not answered"
            deaf = 0 if answered or failed else deaf + 1
            if deaf >= DEAF_MAX:
                return "账号一直订阅不上，重新连接 no account can be subscribed; connecting anew"
            wait_s, call_s = (0.0, BEAT_AGAIN_S) if hangs else (BEAT_EVERY_S, BEAT_CALL_S)
            if rounds % 10 == 0 or any(not account.ready for account in self.accounts.values()):
                self._ask_status()

    def _probe(self, trader: Trader, seconds: float) -> tuple[int, int]:
        """Ask for every account's asset, ``seconds`` each; return how many answered and how many did not."""
        answered, failed = 0, 0
        for account in list(self.accounts.values()):
            if account.kind != "STOCK":
                continue
            if not account.subscribed:
                self._subscribe(trader, account)
            if not account.subscribed:
                continue
            try:
                asset = self._calls.ask(
                    "query_stock_asset",
                    seconds,
                    trader.native.query_stock_asset,
                    trader.stock_accounts[account.name],
                )
            except OverdueError:
                return 0, failed + 1
            if asset is None:
                failed += 1
                account.misses += 1
                if account.misses >= MISSES_MAX:
                    self._down(account, "资产查询没有结果 the asset query gave nothing")
                continue
            answered += 1
            account.misses = 0
            self.alive_us = now_us()
            account.silent_rounds += 1
            # Some terminals never tell a status; an asset that answers twice is as good.
            if not account.ready and (account.status == 0 or (account.status is None and account.silent_rounds > 1)):
                with self._host.lock:
                    self._tell_ready(account)
        return answered, failed

    def _drop(self, why: str) -> None:
        with self._host.lock:
            trader, self.trader = self.trader, None
            for account in self.accounts.values():
                account.held.clear()
        for account in list(self.accounts.values()):
            if account.kind == "STOCK":
                self._down(account, why)
        for worker in self._host.calls.workers:
            if worker.trades:
                worker.abandon()  # What waits behind it is for the next trader.
        if trader is not None and trader.native is not None:
            # Calls that wait for an answer which will never come are let go; then stop() may hang on its own.
            waiting = getattr(trader.native, "cbs", {})
            for sequence, callback in list(waiting.items()):
                if getattr(callback, "__name__", "") == "<lambda>" and waiting.pop(sequence, None):
                    callback(None)
            start("stop", functools.partial(self._stop, trader, None))

    def _tell_ready(self, account: Account) -> None:
        self._session += 1
        account.session, account.ready, account.text = self._session, True, ""
        self._tell(account)
        held, account.held = account.held, []
        for line in held:
            self._host.tell({**line, "session": account.session})

    def _down(self, account: Account, text: str) -> None:
        with self._host.lock:
            if account.ready or account.text != text:
                self._tell_down(account, text)

    def _tell_down(self, account: Account, text: str) -> None:
        account.ready, account.text = False, text
        self._tell(account)

    def _tell(self, account: Account) -> None:
        state = "ready" if account.ready else "down"
        line = {"t": "account", "account": account.name, "state": state, "status": account.status}
        self._host.tell({**line, "text": account.text, "session": account.session})

    def _hear(self) -> None:
        while True:
            trader, kind, row = self._events.get()
            try:
                with self._host.lock:
                    if trader is self.trader:  # A dead session has nothing more to say.
                        self._heard(trader, kind, row)
            except Exception as error:  # noqa: BLE001 - a callback's work; the row is told as lost.
                self._host.log(f"{kind}: {error!r}")

    def _heard(self, trader: Trader, kind: str, row: dict[str, Any]) -> None:
        if kind == "disconnected":
            trader.lost = True
            self._wake.set()
        elif kind == "status":
            self._status(row)
        elif kind in {"order_response", "cancel_response"}:
            self._host.book.response(trader, kind, row)
        elif kind != "order_error" or self._host.book.error_is_new(trader, row):
            self.row(trader, kind, row)

    def row(self, trader: Trader, kind: str, row: dict[str, Any]) -> None:
        """Tell a row that the terminal pushed; before its account's first ready it is held."""
        account = self.accounts.get(str(row.get("account_id", "")))
        if account is None:
            return
        account.held_today().add(kind)
        line = {"t": "row", "account": account.name, "session": account.session, "kind": kind, "row": row}
        order = self._host.book.order_of(trader, kind, row)
        if order is None and self._host.book.unclaimed(trader, kind, row):
            return
        line["coid"] = order.coid if order is not None else None
        if account.ready or (account.session and account.subscribed and account.status):
            self._host.tell(line)
        elif len(account.held) < LINES_KEPT:
            account.held.append(line)


class Book:
    """Every coid of this boot: one call for one coid, ever; and what the terminal has said of it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._orders: dict[str, Order] = {}
        self._by_id: dict[tuple[str, int], Order] = {}
        self._submits = Worker("orders", host.calls)
        self._cancels = Worker("cancels", host.calls)
        self.submits_queued, self.cancels_queued = 0, 0
        self._cancels_open = 0
        self._no_cancel = threading.Event()
        self._no_cancel.set()

    # Submits.

    def submit(self, line: dict[str, Any]) -> None:
        """Queue an order, or say why not; a coid that is known is never queued again."""
        host = self._host
        content = tuple(line[key] for key in ("account", "symbol", "side", "kind", "price", "quantity", "remark"))
        with host.lock:
            known = self._orders.get(line["coid"])
            if known is not None:
                if known.content is None or known.content == content:
                    if known.stage:
                        host.tell(known.stage)
                else:
                    host.nak("submit", "conflict: another order has this coid", line["coid"])
                return
            order = self._orders[line["coid"]] = Order(line["coid"], content, line)
            why, text = self._bad(line)
            if why == "":
                why, text = self._clock(line)
            if why == "":
                why, text = self._barred(line, trade=True)
            if why == "" and (self.submits_queued >= SUBMITS_MAX or host.outbox.crowded):
                why = "busy"
            if why:
                self._refuse(order, why, text)
                return
            order.state = "queued"
            self.submits_queued += 1
        self._submits.put(Job(functools.partial(self._place, order), lambda call: self._lost(order, call)))

    def _bad(self, line: dict[str, Any]) -> tuple[str, str]:
        if line["kind"] != "limit":
            return "capability", line["kind"]
        remark = line["remark"]
        if not 1 <= len(remark) <= REMARK_BYTES or not remark.isascii() or not remark.isprintable():
            return "bad", "remark"
        if remark != line["coid"]:
            return "bad", "remark is not coid"
        if line["side"] not in BUY_SELL:
            return "bad", "side"
        if not re.fullmatch(r"\d{6}\.(SH|SZ|BJ)", line["symbol"], re.ASCII):
            return "bad", "symbol"
        price = re.fullmatch(r"\d{1,7}(\.\d{1,4})?", line["price"], re.ASCII)
        if price is None or float(line["price"]) <= 0:
            return "bad", "price"
        if not 0 < line["quantity"] <= 100_000_000:
            return "bad", "quantity"
        return "", ""

    def _clock(self, line: dict[str, Any]) -> tuple[str, str]:
        since = now_us() - line["ref"]
        passed = 0 <= line["el"] <= since + CLOCK_APART_US
        if line["ref"] < self._host.born_us or not passed or not 0 <= since <= CLOCK_US_MAX:
            return "no_clock", f"ref {since} us ago, el {line['el']}"
        return "", ""

    def _barred(self, line: dict[str, Any], *, trade: bool) -> tuple[str, str]:
        host = self._host
        if host.level != "trade" and (trade or host.level != "cancel"):
            return ("halted" if host.halted else "disarmed"), ("observe" if host.observe else host.level)
        account = host.terminal.accounts.get(line["account"])
        if account is None:
            return "no_account", line["account"]
        # A cancel is tried wherever there is a session at all: doubling or losing one is harmless.
        standing = host.terminal.trader is not None and account.subscribed
        if not standing or (trade and not account.ready):
            return "not_ready", account.text
        return "", ""

    def _place(self, order: Order, worker: Worker) -> None:
        host, line = self._host, order.line
        self._no_cancel.wait(CANCEL_FIRST_S)
        with host.lock:
            if order.state != "queued":
                return
            why, text = self._barred(line, trade=True)
            age = now_us() - line["ref"] - line["el"]
            if why == "" and age > line["ttl"]:
                why, text = "expired", f"age {age} us"
            if why:
                self._refuse(order, why, text)
                return
            trader = host.terminal.trader
            assert trader is not None
            order.state = "calling"
            trader.calling += 1
            self.submits_queued -= 1
            order.trader = trader
        begun = now_us()
        sent = _sequences(trader)
        try:
            sequence = worker.call("order_stock_async", CALL_S, self._order_call, trader, order)
        except GivenUpError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the order's fate must be told.
            with host.lock:
                if isinstance(error, (TypeError, AttributeError)) and sent is not None and _sequences(trader) == sent:
                    self._refuse(order, "bad", repr(error))  # It raised while the request was being filled in.
                else:
                    self._stage(order, "unknown", "raised", repr(error), us=now_us() - begun)
                self._called(trader)
            return
        with host.lock:
            early = trader.early.pop(sequence, None)
            if sequence <= 0:
                self._stage(order, "unknown", "minus_one", "", str(sequence), now_us() - begun)
            else:
                self._stage(order, "dispatched", "", "", f"seq {sequence}", now_us() - begun)
            if early is not None:
                self._answered(trader, order, early)
            self._called(trader)

    def _called(self, trader: Trader) -> None:
        """Note that a call is over, and tell the rows that had to wait for it."""
        trader.calling -= 1
        if trader.calling == 0:
            rows, trader.unclaimed = trader.unclaimed, []
            for kind, row in rows if trader is self._host.terminal.trader else ():
                self._host.terminal.row(trader, kind, row)

    def unclaimed(self, trader: Trader, kind: str, row: dict[str, Any]) -> bool:
        """Keep a row whose order's number has come while the call that asks for it has not yet returned."""
        number = row.get("order_id")
        if not trader.calling or not any(answer.get("order_id") == number for answer in trader.early.values()):
            return False
        trader.unclaimed.append((kind, row))
        return True

    def _order_call(self, trader: Trader, order: Order) -> int:
        line = order.line
        sequence = int(
            trader.native.order_stock_async(
                trader.stock_accounts[line["account"]],
                line["symbol"],
                BUY_SELL[line["side"]],
                line["quantity"],
                LIMIT_PRICE,
                float(line["price"]),
                "qmt",
                line["remark"],
            )
        )
        with self._host.lock:  # Known even when this thread was given up meanwhile.
            if sequence > 0:
                trader.orders[sequence] = order
            early = trader.early.pop(sequence, None) if order.state != "calling" else None
            if early is not None:
                self._answered(trader, order, early)
        return sequence

    def _lost(self, order: Order, call: str) -> None:
        with self._host.lock:
            if order.state == "calling":
                self._stage(order, "unknown", "no_return", call)
                if order.trader is not None:
                    self._called(order.trader)

    def _refuse(self, order: Order, why: str, text: str) -> None:
        if order.state == "queued":
            self.submits_queued -= 1
        self._stage(order, "refused", why, text)

    def _stage(self, order: Order, st: str, why: str, text: str, native: str | None = None, us: int = 0) -> None:
        order.state = st
        order.stage = {"t": "stage", "coid": order.coid, "st": st, "why": why, "text": text, "native": native, "us": us}
        self._host.tell(order.stage)

    def withdraw_all(self, why: str) -> None:
        """Refuse every order that has not been handed to the terminal; the lock is held."""
        for order in list(self._orders.values()) if self.submits_queued else ():
            if order.state == "queued":
                self._refuse(order, why, "")

    def after_submits(self, function: Callable[[], None]) -> None:
        """Call ``function`` on the orders' thread once every submit received so far is handed over or refused."""
        self._submits.put(Job(lambda worker: function(), lambda call: None))

    # Cancels.

    def cancel(self, line: dict[str, Any]) -> None:
        """Queue a cancel, or withdraw an order that still waits."""
        host, cid, coid = self._host, line["cid"], line["coid"]
        with host.lock:
            order = self._orders.get(coid) if coid else None
            why, text = self._barred(line, trade=False)
            if why in {"disarmed", "halted"}:
                self._cancel_stage(cid, coid, "refused", "disarmed", text)
                return
            broker_id, venue_id = line["broker_id"], line["venue_id"]
            if not broker_id and not venue_id and order is not None:
                if order.state == "queued":
                    self._refuse(order, "withdrawn", "")
                    self._cancel_stage(cid, coid, "refused", "withdrawn", "")
                    return
                broker_id, venue_id = order.broker_id, order.venue_id
            if broker_id and not re.fullmatch(r"\d{1,18}", broker_id, re.ASCII):
                why, text = "bad", "broker_id"
            elif not int(broker_id or 0) and not venue_id:  # 0 is another client's order, and no id.
                why, text = "no_id", ""
            elif not int(broker_id or 0) and line["symbol"][-3:] not in {".SH", ".SZ", ".BJ"}:
                why, text = "bad", "symbol"
            if why:
                self._cancel_stage(cid, coid, "refused", why, text)
                return
            self.cancels_queued += 1
            self._cancels_open += 1
            self._no_cancel.clear()

        def run(worker: Worker) -> None:
            self._cancel(line, int(broker_id or 0), venue_id, worker)
            self._cancel_over()

        def given_up(call: str) -> None:
            self._cancel_stage(cid, coid, "unknown", "no_return", call)
            self._cancel_over()

        self._cancels.put(Job(run, given_up))

    def _cancel_over(self) -> None:
        with self._host.lock:
            self._cancels_open -= 1
            if self._cancels_open == 0:
                self._no_cancel.set()

    def _cancel(self, line: dict[str, Any], broker_id: int, venue_id: str, worker: Worker) -> None:
        host, cid, coid = self._host, line["cid"], line["coid"]
        with host.lock:
            self.cancels_queued -= 1
            why, text = self._barred(line, trade=False)
            trader = host.terminal.trader
        if why or trader is None:
            self._cancel_stage(cid, coid, "refused", why or "not_ready", text)
            return
        account = trader.stock_accounts[line["account"]]
        arguments: tuple[Any, ...] = (account, broker_id)
        name = "cancel_order_stock_async"
        if not broker_id:
            name, arguments = "cancel_order_stock_sysid_async", (account, line["symbol"][-2:], venue_id)
        try:
            sequence = worker.call(name, CALL_S, getattr(trader.native, name), *arguments)
        except GivenUpError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the cancel's fate must be told.
            self._cancel_stage(cid, coid, "unknown", "raised", repr(error))
            return
        with host.lock:
            self._cancel_stage(cid, coid, "sent" if sequence > 0 else "unknown", "", f"seq {sequence}")
            trader.cancels[sequence] = (cid, coid)
            early = trader.early.pop(sequence, None)
            if early is not None:
                self.response(trader, "cancel_response", early)

    def _cancel_stage(self, cid: str, coid: str, st: str, why: str, text: str) -> None:
        self._host.tell({"t": "cstage", "cid": cid, "coid": coid, "st": st, "why": why, "text": text})

    # What the terminal says. The lock is held.

    def response(self, trader: Trader, kind: str, row: dict[str, Any]) -> None:
        """Take the answer to an asynchronous call."""
        sequence = row.get("seq", 0)
        if kind == "order_response" and sequence in trader.orders:
            self._answered(trader, trader.orders[sequence], row)
        elif kind == "cancel_response" and sequence in trader.cancels:
            cid, coid = trader.cancels.pop(sequence)
            text = "{} {}".format(row.get("cancel_result"), row.get("error_msg") or "")
            st = "sent" if row.get("cancel_result") == 0 else "refused"
            self._cancel_stage(cid, coid, st, "" if st == "sent" else "terminal", text.strip())
        elif len(trader.early) < LINES_KEPT:  # The answer overtook the call's return.
            trader.early[sequence] = row

    def _answered(self, trader: Trader, order: Order, row: dict[str, Any]) -> None:
        broker_id, text = row.get("order_id", 0), row.get("error_msg") or ""
        if isinstance(broker_id, int) and broker_id > 0:
            self._bind(order, broker_id, "")
            if order.state in {"dispatched", "unknown"}:
                self._stage(order, "dispatched", "", text, f"order_id {broker_id}")
        elif text:
            # The client's own refusal has no row of its own.
            account = order.line["account"]
            self._host.terminal.row(trader, "order_error", {"account_id": account, "order_remark": order.coid, **row})
        elif not order.seen:
            self._stage(order, "unknown", "minus_one", "", f"order_id {broker_id}")

    def error_is_new(self, trader: Trader, row: dict[str, Any]) -> bool:
        """Tell whether an order error belongs to the order that it is told for: xttrader tells old ones again."""
        sequence, remark = row.get("seq") or 0, row.get("order_remark") or ""
        order = trader.orders.get(sequence)
        if sequence in trader.closed or (order is not None and remark and not order.coid.startswith(remark)):
            self._host.log(f"an order error of seq {sequence} was told again and is ignored")
            return False
        if sequence:
            trader.closed.add(sequence)
        return True

    def order_of(self, trader: Trader, kind: str, row: dict[str, Any]) -> Order | None:
        """Return the order of this boot that a row is about; None where the host cannot tell."""
        name, remark, number = str(row.get("account_id")), row.get("order_remark"), row.get("order_id") or 0
        if kind == "order_error" and row.get("seq") in trader.orders:
            return trader.orders[row["seq"]]
        order = self._orders.get(remark) if remark else None
        if order is not None and not self._is_of(order, name, row):
            order = None
        if order is None and number > 0:
            order = self._by_id.get((name, number))
        if order is not None and kind in {"order", "fill"}:
            order.seen = True
            self._bind(order, number, row.get("order_sysid") or "")
        return order

    @staticmethod
    def _is_of(order: Order, name: str, row: dict[str, Any]) -> bool:
        return order.line.get("account") == name and row.get("stock_code") in {None, "", order.line.get("symbol")}

    def _bind(self, order: Order, number: int, venue_id: str) -> None:
        if number > 0:
            order.broker_id = str(number)
            self._by_id[(order.line["account"], number)] = order
        order.venue_id = venue_id or order.venue_id

    def outcome(self, line: dict[str, Any]) -> None:
        """Say what became of a coid; with a fence, what was not handed over never will be."""
        q, coid = line["q"], line["coid"]
        with self._host.lock:
            order = self._orders.get(coid)
            if line["fence"] and order is None:
                order = self._orders[coid] = Order(coid, None, {})
                order.state = "refused"
                order.stage = {
                    "t": "stage",
                    "coid": coid,
                    "st": "refused",
                    "why": "fenced",
                    "text": "",
                    "native": None,
                    "us": 0,
                }
            elif line["fence"] and order is not None and order.state == "queued":
                self._refuse(order, "fenced", "")
            st = "unknown" if order is None or order.state in {"queued", "calling"} else order.state
            if order is not None and order.seen:
                st = "seen"
            why = order.stage.get("why", "") if order is not None else "unheard"
            answer = {"t": "outcome", "q": q, "coid": coid, "st": st, "why": why, "basis": "memory"}
            self._host.tell({**answer, "complete": st == "refused"})


def _sequences(trader: Trader) -> set[int] | None:
    waiting = getattr(trader.native, "queuing_order_seq", None)
    return set(waiting) if isinstance(waiting, set) else None


class Lists:
    """Answers what the account holds, kind by kind, and proves that the session which answered is alive."""

    CALLS: Final = {
        "order": "query_stock_orders",
        "fill": "query_stock_trades",
        "position": "query_stock_positions",
        "asset": "query_stock_asset",
    }

    def __init__(self, host: Host) -> None:
        self._host = host
        self._worker = Worker("lists", host.calls)
        self.queued = 0

    def take(self, line: dict[str, Any]) -> None:
        """Queue a list behind every submit received so far."""
        self.queued += 1
        answer = {"t": "listed", "q": line["q"], "account": line["account"], "session": 0, "none": []}
        failed = list(LISTS)
        job = Job(functools.partial(self._list, answer, failed), lambda call: self._end(answer, failed, 0, alive=False))
        self._host.book.after_submits(lambda: self._worker.put(job))

    def _list(self, answer: dict[str, Any], failed: list[str], worker: Worker) -> None:
        host, begun = self._host, now_us()
        with host.lock:
            account, trader = host.terminal.accounts.get(answer["account"]), host.terminal.trader
            session = answer["session"] = account.session if account is not None else 0
        if account is None or trader is None or not account.ready:
            self._end(answer, failed, now_us() - begun, alive=False)
            return
        head = {"t": "rows", "q": answer["q"], "account": account.name, "session": session}
        for kind in LISTS:
            found = self._query(worker, trader, account.name, kind)
            if found is None and not self._may_be_empty(account, kind, answer):
                continue
            failed.remove(kind)
            found = [] if found is None else found
            rows = [copied(row, kind) for row in ([found] if kind == "asset" else found)]
            with host.lock:
                if rows:
                    account.held_today().add(kind)
                for row in rows if kind in {"order", "fill"} else ():
                    host.book.order_of(trader, kind, row)
                for part in parts(rows, FRAME_OUT - 500):
                    host.tell({**head, "kind": kind, "rows": part})
        proof = self._query(worker, trader, account.name, "asset")
        with host.lock:
            same = trader is host.terminal.trader and account.session == session and account.ready
            alive = same and proof is not None
        self._end(answer, failed, now_us() - begun, alive=alive)

    def _may_be_empty(self, account: Account, kind: str, answer: dict[str, Any]) -> bool:
        """Tell whether None may stand for an empty list, which the vendor's manual does not tell from a failure."""
        if kind == "asset" or kind in account.held_today():
            return False
        answer["none"].append(kind)
        return True

    def _query(self, worker: Worker, trader: Trader, account: str, kind: str) -> Any:
        name = self.CALLS[kind]
        try:
            found = worker.call(name, CALL_S, getattr(trader.native, name), trader.stock_accounts[account])
        except GivenUpError:
            raise
        except Exception as error:  # noqa: BLE001 - a query that raises has failed.
            self._host.log(f"{name}: {error!r}")
            return None
        if found is not None:
            self._host.terminal.alive_us = now_us()
        return found

    def _end(self, answer: dict[str, Any], failed: list[str], us: int, *, alive: bool) -> None:
        self.queued -= 1
        self._host.tell({**answer, "complete": not failed, "alive": alive, "failed": failed, "us": us})


class Quotes:
    """Quotes, instrument details and history, which xtquant carries over a line of their own."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._calls = Worker("quotes", host.calls, trades=False)
        self._history = Worker("history", host.calls, trades=False)
        self._lock = threading.Lock()
        self._wanted: tuple[list[str], list[str]] = ([], [])
        self._changed = threading.Event()
        self._running = False
        self._life = 0
        self._heard = 0.0
        self._state = ""
        self._module: Any = None

    def watch(self, line: dict[str, Any]) -> None:
        """Replace the whole wanted set."""
        self._wanted = (line["symbols"], line["markets"])
        self._life += 1
        self._changed.set()
        if not self._running:
            self._running = True
            start("feed", self._run)
            start("flush", self._flush)

    def details(self, line: dict[str, Any]) -> None:
        """Answer with every symbol's detail, or say that it failed."""
        start("details", functools.partial(self._details, line))

    def history(self, line: dict[str, Any]) -> None:
        """Download, or read bars, after what was asked before."""
        work, answer = (self._download, "downloaded") if line["t"] == "download" else (self._bars, "barred")
        symbols = line["symbols"] if line["t"] == "download" else [line["symbol"]]
        end = {"t": answer, "q": line["q"]}

        def run(worker: Worker) -> None:
            failed: list[str] = []
            text = ""
            try:
                if worker.hung:
                    raise OverdueError("上一次还没有返回 the call before has not returned")
                work(line, worker)
            except GivenUpError:
                raise
            except Exception as error:  # noqa: BLE001 - xtquant raises anything; it is told.
                failed, text = symbols, str(error)
            self._host.tell({**end, "failed": failed, "text": text})

        self._history.put(
            Job(run, lambda call: self._host.tell({**end, "failed": symbols, "text": "没有进展 no progress"}))
        )

    def _xtdata(self) -> Any:
        with self._lock:
            if self._module is None:
                package = self._host.terminal.package or find_xtquant(self._host.xtquant)
                module = load(package, "xtdata")
                module.enable_hello = False
                self._module = module
            return self._module

    def _ask(self, name: str, *arguments: Any) -> Any:
        """Return what a function of xtdata returns; while one call hangs no further thread goes the same way."""
        if self._calls.hung:
            raise OverdueError("行情接口没有返回 the quotes do not answer")
        if self._module is None:
            self._calls.ask("xtdata", LOAD_S, self._xtdata)
        return self._calls.ask(name, CALL_S, getattr(self._module, name), *arguments)

    def _run(self) -> None:
        client: Any = None
        numbers: list[int] = []
        life, pause = -1, SILENCE_S
        while True:
            try:
                found = self._ask("get_client")
                silent = any(self._wanted) and time.monotonic() - self._heard > pause
                if found is not client or life != self._life or silent:
                    # A new client has forgotten all subscriptions, and a silent one may have.
                    if found is client and life == self._life:
                        self._tell("silent", f"{pause:.0f} 秒没有行情 no quotes")
                        pause = min(pause * 2, 60.0)
                    same = found is client
                    client, life = found, self._life
                    for number in numbers if same else ():
                        self._ask("unsubscribe_quote", number)
                    numbers = self._subscribe()
                    self._heard = time.monotonic()
                elif self._state == "live":
                    pause = SILENCE_S
            except Exception as error:  # noqa: BLE001 - xtdata raises anything when no client runs.
                client, numbers = None, []
                if self._state != "down":
                    line = (error if isinstance(error, TroubleError) else TroubleError("no_quotes", str(error))).line()
                    self._host.tell({**line, "fatal": False})
                self._tell("down", str(error))
            self._changed.wait(1.0)
            self._changed.clear()

    def _subscribe(self) -> list[int]:
        symbols, markets = self._wanted
        taken = functools.partial(self._take, self._life)
        calls: list[tuple[Any, ...]] = []
        if markets:
            calls.append(("subscribe_whole_quote", markets, taken))
        if len(symbols) > SINGLE_SUBSCRIPTIONS_MAX:
            calls.append(("subscribe_whole_quote", symbols, taken))
        else:
            calls += [("subscribe_quote", symbol, "tick", "", "", 0, taken) for symbol in symbols]
        numbers = [self._ask(*call) for call in calls]
        if any(number is None or number <= 0 for number in numbers):
            raise RuntimeError(f"订阅行情失败 subscribing gave {numbers}")
        return numbers

    def _take(self, life: int, found: dict[str, Any]) -> None:
        # On the native thread: copy and leave. One symbol gives a list of ticks, whole markets give one each.
        if life != self._life:
            return
        rows = {symbol: tick[-1] if isinstance(tick, (list, tuple)) else tick for symbol, tick in found.items() if tick}
        self._host.outbox.quotes(
            {
                symbol: {name: plain(tick[name]) for name in QUOTE_FIELDS if name in tick}
                for symbol, tick in rows.items()
            }
        )
        self._heard = time.monotonic()
        self._tell("live", "")

    def _tell(self, state: str, text: str) -> None:
        if self._state != state:
            self._state = state
            self._host.tell({"t": "feed", "state": state, "text": text})

    def _flush(self) -> None:
        while True:
            time.sleep(QUOTES_EVERY_S)
            self._host.outbox.quotes_due()

    def _details(self, line: dict[str, Any]) -> None:
        rows, failed = [], []
        for symbol in line["symbols"]:
            if self._calls.hung:
                failed.append(symbol)
                continue
            try:
                detail = self._ask("get_instrument_detail", symbol, True)
            except Exception as error:  # noqa: BLE001 - as in _run.
                self._host.log(f"detail of {symbol}: {error!r}")
                detail = None
            if detail:
                rows.append({symbol: plain(detail)})
            else:
                failed.append(symbol)
        for part in parts(rows, FRAME_OUT - 500) if rows else ():
            found = {symbol: row for one in part for symbol, row in one.items()}
            self._host.tell({"t": "detail", "q": line["q"], "rows": found})
        self._host.tell({"t": "detailed", "q": line["q"], "failed": failed})

    def _download(self, line: dict[str, Any], worker: Worker) -> None:
        q, last = line["q"], [0.0]

        def progress(told: dict[str, Any]) -> None:
            worker.extend(HISTORY_S)
            done, total = told.get("finished", 0), told.get("total", 0)
            if done == total or time.monotonic() - last[0] > QUOTES_EVERY_S:
                last[0] = time.monotonic()
                text = str(told.get("message") or "")
                self._host.outbox.slot(
                    "progress" + q, {"t": "progress", "q": q, "done": done, "total": total, "text": text}
                )

        module = worker.call("xtdata", LOAD_S, self._xtdata)
        arguments = (line["symbols"], line["period"], line["begin"], line["end"], progress)
        worker.call("download_history_data2", HISTORY_S, module.download_history_data2, *arguments)

    def _bars(self, line: dict[str, Any], worker: Worker) -> None:
        for name in ("numpy", "pandas"):
            if importlib.util.find_spec(name) is None:
                trouble = TroubleError("no_pandas", sys.executable).line()
                self._host.tell(trouble)
                raise RuntimeError(trouble["text"])
        module = worker.call("xtdata", LOAD_S, self._xtdata)
        symbol = line["symbol"]
        arguments: tuple[Any, ...] = ([], [symbol], line["period"], line["begin"], line["end"])
        tables = worker.call("get_market_data_ex", HISTORY_S, module.get_market_data_ex, *arguments)
        table = tables.get(symbol) if tables else None
        rows = [] if table is None else [plain(row) for row in table.to_dict("records")]
        for part in parts(rows, FRAME_OUT - 500) if rows else ():
            self._host.tell({"t": "bar", "q": line["q"], "symbol": symbol, "rows": part})


COMMANDS: Final[dict[str, dict[str, type]]] = {
    "arm": {"level": str},
    "halt": {"why": str},
    "submit": {
        **dict.fromkeys(("coid", "account", "symbol", "side", "kind", "price", "remark"), str),
        **dict.fromkeys(("quantity", "ttl", "ref", "el"), int),
    },
    "cancel": dict.fromkeys(("cid", "account", "coid", "broker_id", "venue_id", "symbol"), str),
    "list": {"q": str, "account": str},
    "outcome": {"q": str, "coid": str, "fence": bool},
    "watch": {"symbols": list, "markets": list, "every": int},
    "details": {"q": str, "symbols": list},
    "download": {"q": str, "symbols": list, "period": str, "begin": str, "end": str},
    "bars": {"q": str, "symbol": str, "period": str, "begin": str, "end": str},
    "ping": {"x": object},
    "ack": {"k": int},
    "bye": {"why": str},
    "challenge": {"nonce": str, "mac": str},
    "welcome": {"link": int, "sid": str, "ep": int, "replay_from": int, "accounts": list},
}
"""The keys of each line of the engine and what they hold; ``every`` and ``why`` may be missing."""
OPTIONAL: Final = frozenset({"every", "why", "x"})


def objection(line: dict[str, Any]) -> str:
    """Return what is wrong with the shape of a line; empty: nothing."""
    shape = COMMANDS.get(line["t"])
    if shape is None:
        return "unknown t"
    for key, value in line.items():
        kind = {"t": str, "k": int}.get(key) or shape.get(key)
        if kind is None:
            if key.startswith("x_"):
                continue
            return "unknown key " + key[:40]
        if kind is not object and type(value) is not kind and not (value is None and key in OPTIONAL):
            return "wrong type of " + key
        if isinstance(value, list) and key != "accounts" and not all(isinstance(one, str) for one in value):
            return "wrong type in " + key
    missing = sorted(shape.keys() - line.keys() - OPTIONAL)
    return "no " + missing[0] if missing else ""


class Host:
    """The session with the engine: what is allowed, and who does what it asks."""

    def __init__(self, options: argparse.Namespace, sessions: list[int]) -> None:
        self.lock = threading.RLock()
        self.born_us = now_us()
        self.outbox = Outbox()
        self.observe: bool = options.observe
        self.xtquant: str = options.xtquant
        self.level, self.halted = "none", False
        self.calls = Calls(self.give_up, self.log)
        self.terminal = Terminal(self, options.terminal, options.xtquant, sessions)
        self.book = Book(self)
        self.lists = Lists(self)
        self.quotes = Quotes(self)
        self._secret = os.environ.get("QMT_LINK_SECRET", "").encode() if options.link != "stdio" else None
        self._folder: str = options.terminal
        self._boot, self._nonce, self._sid = os.urandom(8).hex(), "", ""
        self._connections, self._epoch = 0, -1
        self.welcomed = self._proved = False
        self._ending = threading.Lock()

    # Speaking.

    def tell(self, line: dict[str, Any]) -> None:
        """Send a numbered line. When too many wait, no further order is taken."""
        if not self.outbox.put(line):
            self.level = "none"

    def nak(self, of: str, why: str, name: str = "") -> None:
        """Say that a line had no effect."""
        self.outbox.speak({"t": "nak", "of": of, "why": why, "x_id": name})

    def log(self, text: str) -> None:
        """Tell the log something that nobody needs to act on."""
        self.outbox.slot(f"log{now_us() % 100}", {"t": "log", "level": "warning", "text": text[:500]})

    def watch(self) -> None:
        """Beat every second and replace threads whose call is overdue, for ever; makes no call."""
        beaten = 0.0
        while True:
            for worker in self.calls.workers:
                worker.look()
            if time.monotonic() - beaten >= 1.0:
                beaten = time.monotonic()
                self.outbox.slot("beat", self._beat())
            time.sleep(0.1)

    def _beat(self) -> dict[str, Any]:
        busy, call = self.calls.longest()
        alive = self.terminal.alive_us
        queued = {"submits": self.book.submits_queued, "cancels": self.book.cancels_queued, "lists": self.lists.queued}
        return {
            "t": "beat",
            "hm": now_us(),
            "busy": busy,
            "call": call,
            "queued": queued,
            "alive": None if alive is None else now_us() - alive,
            "hung": self.calls.hung,
            "armed": self.level,
        }

    # The connection.

    def hello(self, *, resume: bool = True) -> dict[str, Any]:
        """Return the first line of a new connection, in which nothing is allowed yet."""
        self._drop_level()
        self._connections += 1
        self._nonce = os.urandom(16).hex()
        self.welcomed, self._proved = False, self._secret is None
        try:
            version = version_of(find_xtquant(self.xtquant))
        except TroubleError:
            version = ""
        line: dict[str, Any] = {
            "t": "hello",
            "link": [VERSION, VERSION],
            "kind": "xtquant",
            "dialect": "xt",
            "build": BUILD,
        }
        line.update(boot=self._boot, gen=self._connections, hm=now_us(), caps=list(CAPS), journal="memory")
        line.update(
            limits={"frame": FRAME_OUT, "submits": SUBMITS_MAX, "remark": REMARK_BYTES + 2}, observe=self.observe
        )
        line["facts"] = {"python": platform.python_version(), "xtquant": version, "terminal": self._folder}
        got = self.outbox.acknowledged
        line["resume"] = {"sid": self._sid, "got": got} if self._sid else None
        if self._secret is not None:
            line["nonce"] = self._nonce
        return line

    def serve(self, read: Callable[[], bytes], write: Callable[[bytes], None]) -> str:
        """Carry one connection to its end and return why it ended."""
        self.outbox.attach(write, self.hello())
        rest, why = b"", "end of stream"
        bye: dict[str, Any] = {}
        try:
            while True:
                received = read()
                if not received:
                    break
                *lines, rest = (rest + received).split(b"\n")
                for raw in lines:
                    self.take(decode(raw))
                if len(rest) > FRAME_IN:
                    raise FrameError("too long")
        except FrameError as error:
            why = "bad_frame"
            bye = {"t": "bye", "why": why, "x_text": str(error)[:200]}
        except EndError as error:
            why = str(error)
            bye = {"t": "bye", "why": why}
        except OSError as error:
            why = f"broken: {error}"
        self._drop_level()
        self.outbox.flush(0.5)  # The engine hears nothing of what comes after a bye.
        if bye:
            self.outbox.speak(bye)
            self.outbox.flush(0.5)
        self.outbox.detach()
        return why

    def _drop_level(self) -> None:
        with self.lock:
            self.level, self.halted = "none", False
            self.book.withdraw_all("disarmed")

    def take(self, line: dict[str, Any]) -> None:
        """Do what a line of the engine asks.

        Raises:
            EndError: the connection is to end.
        """
        kind, wrong = line["t"], objection(line)
        if type(line.get("k")) is int:
            self.outbox.acknowledge(line["k"])
        if not self.welcomed:
            self._greet(line, wrong)
        elif wrong or kind in {"challenge", "welcome"}:
            self.nak(
                kind[:40], wrong or "already welcome", str(line.get("coid") or line.get("cid") or line.get("q") or "")
            )
        elif kind == "bye":
            raise EndError("bye")
        elif kind == "ping":
            pong = {"t": "pong", "x": line.get("x")}
            self.book.after_submits(lambda: self.tell(pong))
        elif kind != "ack":
            work: dict[str, Callable[[dict[str, Any]], None]] = {
                "arm": self._arm,
                "halt": self._halt,
                "submit": self.book.submit,
                "cancel": self.book.cancel,
                "list": self.lists.take,
                "outcome": self.book.outcome,
                "watch": self.quotes.watch,
                "details": self.quotes.details,
                "download": self.quotes.history,
                "bars": self.quotes.history,
            }
            work[kind](line)

    def _greet(self, line: dict[str, Any], wrong: str) -> None:
        kind = line["t"]
        if kind == "bye":
            raise EndError("bye")
        if wrong or kind != ("welcome" if self._proved else "challenge"):
            raise EndError("handshake: " + (wrong or kind[:40]))
        if kind == "challenge":
            if not hmac.compare_digest(self._mac("E", line["nonce"]), line["mac"]):
                raise EndError("proof")
            self.outbox.speak({"t": "proof", "mac": self._mac("H", line["nonce"])})
            self._proved = True
            return
        if line["link"] != VERSION:
            raise EndError("version")
        if line["ep"] < self._epoch:
            raise EndError("old_engine")
        wanted = [(str(one.get("account")), str(one.get("type"))) for one in line["accounts"] if isinstance(one, dict)]
        self._epoch, self._sid, self.welcomed = line["ep"], line["sid"], True
        with self.lock:
            self.outbox.open(line["replay_from"])
            self.terminal.open(wanted)

    def _mac(self, role: str, nonce: str) -> str:
        text = f"{role}\n{self._nonce}\n{nonce}\n{self._boot}".encode()
        return hmac.new(self._secret or b"", text, hashlib.sha256).hexdigest()

    def _arm(self, line: dict[str, Any]) -> None:
        if line["level"] not in {"none", "cancel", "trade"}:
            self.nak("arm", "unknown level")
            return
        with self.lock:
            self.level = "none" if self.observe else line["level"]
            self.halted = False
            self.tell({"t": "armed", "level": self.level, "why": "observe" if self.observe else ""})

    def _halt(self, line: dict[str, Any]) -> None:
        with self.lock:
            self.level = "none" if self.observe else "cancel"
            self.halted = True
            self.book.withdraw_all("halted")
            self.tell({"t": "armed", "level": self.level, "why": line.get("why") or "halt"})

    # The end.

    def give_up(self, hung: int) -> NoReturn:
        """End the process, to be started again: so many of its calls do not return."""
        with self.lock:
            self.level = "none"
            self.book.withdraw_all("not_ready")  # Said while it can be: what is not said is unknown.
        self.calls.give_up_all()
        self.tell(TroubleError("hung", str(hung), fatal=EXIT_HUNG).line())
        self.end(EXIT_HUNG, "hung", orderly=False)

    def end(self, code: int, why: str, *, orderly: bool = True) -> NoReturn:
        """End the process; what hangs in the terminal cannot hold it up."""
        self._ending.acquire()  # Whoever comes second waits for the end here.
        if orderly:
            with self.lock:
                self.level = "none"
            self.terminal.stop()
        self.outbox.flush(1.0)  # The engine hears nothing of what comes after a bye.
        self.outbox.speak({"t": "bye", "why": why})
        self.outbox.flush(1.0)
        os._exit(code)


class EndError(Exception):
    """The connection ends for this reason."""


def serve_stdio(host: Host) -> NoReturn:
    """Serve the engine over standard input and output until the input ends."""
    # xtquant prints; its prints must not stand between our lines.
    inward, outward = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(inward, os.O_BINARY)
        msvcrt.setmode(outward, os.O_BINARY)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The engine decides when its child ends.

    def write(data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(outward, view[:32768]) :]

    why = host.serve(lambda: os.read(inward, 65536), write)
    host.end(EXIT_STOPPED, why)


def serve_tcp(host: Host, port: int) -> NoReturn:
    """Dial the engine, and dial again whenever the connection ends, by a ``bye`` too."""
    os.dup2(2, 1)  # What xtquant prints goes to the log here, too.
    pause = 0.2
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=5.0)
        except OSError:
            time.sleep(pause)
            pause = min(pause * 2, 2.0)
            continue
        _carry(host, connection)
        pause = 0.2 if host.welcomed else min(pause * 2, 2.0)
        time.sleep(pause)


def _carry(host: Host, connection: socket.socket) -> None:
    with connection:
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        host.serve(lambda: connection.recv(65536), connection.sendall)
        try:
            connection.shutdown(socket.SHUT_RDWR)  # A write that is held up comes back.
        except OSError:
            return  # It was gone already.


def main(arguments: list[str]) -> NoReturn:
    """Serve until told to stop; the exit codes are those of docs/link.md."""
    parser = argparse.ArgumentParser(description="One QMT terminal on the broker link; see docs/link.md.")
    parser.add_argument("--terminal", required=True, metavar="FOLDER", help="userdata_mini of the terminal")
    parser.add_argument(
        "--xtquant", default="", metavar="FOLDER", help="where the package xtquant lies; empty: installed"
    )
    parser.add_argument("--link", default="stdio", metavar="stdio|tcp:127.0.0.1:PORT")
    parser.add_argument("--sessions", default="100-119", metavar="FIRST-LAST", help="session ids to choose from")
    parser.add_argument("--observe", action="store_true", help="refuse every submit and cancel")
    options = parser.parse_args(arguments)
    sessions = re.fullmatch(r"(\d{1,9})-(\d{1,9})", options.sessions, re.ASCII)
    if sessions is None or not 0 < int(sessions.group(1)) <= int(sessions.group(2)) < int(sessions.group(1)) + 1000:
        parser.error("--sessions: 应为起止编号，例如 100-119 / give the first and last number, such as 100-119")
    address = re.fullmatch(r"tcp:127\.0\.0\.1:(\d{1,5})", options.link, re.ASCII)
    if options.link != "stdio" and (address is None or not 0 < int(address.group(1)) < 65536):
        parser.error("--link: 应为 stdio 或 tcp:127.0.0.1:PORT / give stdio or tcp:127.0.0.1:PORT")
    if address is not None and not os.environ.get("QMT_LINK_SECRET"):
        parser.error(" ".join(TROUBLES["no_secret"]))
    options.terminal = os.path.abspath(options.terminal)
    sys.setswitchinterval(0.001)  # A long list being written must not hold up an order.
    host = Host(options, list(range(int(sessions.group(1)), int(sessions.group(2)) + 1)))
    start("writer", host.outbox.run)
    start("watch", host.watch)
    stop = functools.partial(start, "stopping", lambda: host.end(EXIT_STOPPED, "stopped"))
    signal.signal(signal.SIGTERM, lambda number, frame: stop())
    if address is None:
        serve_stdio(host)
    else:
        signal.signal(signal.SIGINT, lambda number, frame: stop())
        serve_tcp(host, int(address.group(1)))


if __name__ == "__main__":
    if hasattr(sys.stderr, "reconfigure"):
        sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    main(sys.argv[1:])
