#coding:gbk
"""Speaks the broker link from inside the full QMT terminal: a person pastes this one file there as a strategy.

docs/link.md is the contract, docs/full-qmt.md says how to install. CPython 3.6, ASCII, nothing but what every terminal
has. One thread does everything: the terminal's own, by a timer of 100 ms. Nothing here waits, and nothing received is
ever evaluated. An order is written to disk before the one call that places it, and is never placed again.
"""

import collections
import datetime
import hashlib
import hmac
import io
import json
import math
import os
import re
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Deque, Dict, List, NoReturn, Optional, Set, Tuple

# ---- Settings: what a person fills in. -------------------------------------------------------------------------------

LINKS = ("pipe:qmt-trading-system", "tcp:127.0.0.1:58651")
"""Where the engine listens, tried in this order: pipe:NAME, tcp:127.0.0.1:PORT, files:FOLDER."""
SECRET = ""
"""What both ends know: at least 16 ASCII characters, as in the engine's file."""
OBSERVE = False
"""True: neither orders nor cancels ever leave this strategy."""
NEEDS_CALLBACK = True
"""An account counts as ready only after the terminal called back, as it does for strategies that run live; False only
for a broker whose terminal is known not to."""
JOURNAL_FOLDER = ""
"""Where claims of orders are kept; empty: a folder of the Windows user."""

# ---- What follows is not for filling in. -----------------------------------------------------------------------------

BUILD = "1"
VERSION = 1
FRAME_IN = 16 * 1024
FRAME_OUT = 64 * 1024
DEPTH_MAX = 6
INTEGER_MAX = 2**53
READ_MAX = 256 * 1024
"""Bytes read in one look at the link; an order goes only after a look that found the end of what had come."""
WRITE_MAX = 1024 * 1024
LINES_WAITING_MAX = 4096
BYTES_WAITING_MAX = 8 * 1024 * 1024
LINES_KEPT = 2000
BYTES_KEPT = 2 * 1024 * 1024
LIST_WAIT_US = 2000000
"""How long a list waits for the rows of orders handed over before it: the terminal's cache is late by 1 to 6 s."""
LISTS_WAIT_BYTES = 1024 * 1024
"""A list waits while so much is still unwritten."""
SUBMITS_MAX = 64
CANCELS_MAX = 256
LISTS_MAX = 256
PINGS_MAX = 256
CALLBACKS_MAX = 2000
ORDERS_KEPT = 20000
CLAIMS_KEPT = 100000
ROWS_KEPT = 20000
ROWS_MAX = 200
REMARK_BYTES = 22
CLOCK_US_MAX = 5000000
CLOCK_APART_US = 5000
"""By so much two clocks may run apart within CLOCK_US_MAX: one in a thousand."""
TICK_PERIOD = "100nMilliSecond"
TICK_ON_TIME_US = 250000
TICKS_ON_TIME = 3
BUDGET_US = 40000
"""Of a tick of 100 ms; looked at between calls of the terminal, none of which can be cut short."""
STARVED_US = 1000000
DRIFT = 1000
"""By one part in so many this machine's clocks may run apart by themselves."""
BEAT_US = 1000000
DIAL_US = (500000, 1000000, 2000000, 5000000)
DIAL_WAIT_US = 5000000
REFUSED_US = 60000000
"""How long not to dial an engine that takes none of this kind, or another copy of this strategy."""
HANDSHAKE_US = 10000000
ASSET_US = 5000000
ASSET_OPENING_US = 500000
ASSET_MISSES_MAX = 3
HOT_US = 2000000
WARM_US = 60000000
POLL_WARM_US = 1000000
POLL_US = 5000000
POLL_REST = 10
"""A poll rests for so many times as long as it took, up to POLL_REST_US."""
POLL_REST_US = 10000000
WISH_US = 60000000
"""How long a cancel waits for the number of its order."""
GUESS_US = 60000000
QUOTES_US = 1000000
QUOTES_SLICE = 50
QUOTES_TOLD_MAX = 200
"""Of one write: encoding them takes the time in which an order could go."""
SILENCE_US = 3000000
SYMBOLS_MAX = 20000
FRESH_S = 120
"""How long before this life a claim was written for its order to be still on its way."""
FILES_UNREAD_MAX = 200
STRATEGY = "qmt"

OPERATIONS = {"STOCK": {"buy": 23, "sell": 24}, "CREDIT": {"buy": 33, "sell": 34}}
"""opType by kind of account; what is not listed is refused. A margin account trades its collateral."""
BROKER_TYPES = {"STOCK": 2, "CREDIT": 3}
ONE_SYMBOL_IN_SHARES = 1101
LIMIT_PRICE = 11
AT_ONCE = 2
"""quickTrade: without waiting for the end of a bar; the only value under which a timer's order leaves."""
SETTLED = frozenset((53, 54, 56, 57))
KINDS = ("order", "fill", "position", "asset")
NATIVE_KINDS = {"order": "ORDER", "fill": "DEAL", "position": "POSITION", "asset": "ACCOUNT"}
QUOTE_FIELDS = ("time", "lastPrice", "lastClose", "amount", "openInt", "stockStatus", "bidPrice", "askPrice")
NO_VALUES = (2147483647, 9223372036854775807, 1.7976931348623157e308)
SECURITY_OPEN = 0x00100000 | 0x00010000
"""SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION: whoever owns the pipe learns who we are and gains nothing."""

# fmt: off
FIELDS = {
    "order": (
        "m_strAccountID", "m_nBrokerType", "m_strInstrumentID", "m_strExchangeID", "m_strInstrumentName",
        "m_strOrderSysID", "m_strOrderRef", "m_strRemark", "m_strSource", "m_nOpType", "m_nOffsetFlag", "m_nDirection",
        "m_nOrderStatus", "m_nOrderSubmitStatus", "m_nVolumeTotalOriginal", "m_nVolumeTraded", "m_nVolumeTotal",
        "m_dLimitPrice", "m_dTradedPrice", "m_dTradeAmount", "m_dCancelAmount", "m_nOrderPriceType", "m_strInsertDate",
        "m_strInsertTime", "m_strCancelInfo", "m_strErrorMsg", "m_nErrorID", "m_strOptName"),
    "fill": (
        "m_strAccountID", "m_nBrokerType", "m_strInstrumentID", "m_strExchangeID", "m_strInstrumentName",
        "m_strTradeID", "m_strOrderSysID", "m_strOrderRef", "m_strRemark", "m_strSource", "m_nOffsetFlag",
        "m_nDirection", "m_nOpType", "m_dPrice", "m_nVolume", "m_dTradeAmount", "m_strTradeDate", "m_strTradeTime",
        "m_dCommission", "m_dComssion", "m_strOptName"),
    "position": (
        "m_strAccountID", "m_nBrokerType", "m_strInstrumentID", "m_strExchangeID", "m_strInstrumentName", "m_nVolume",
        "m_nCanUseVolume", "m_nFrozenVolume", "m_nOnRoadVolume", "m_nYesterdayVolume", "m_dOpenPrice", "m_dAvgPrice",
        "m_dMarketValue", "m_dInstrumentValue", "m_dLastPrice", "m_dPositionCost", "m_strTradingDay",
        "m_strStockHolder"),
    "asset": (
        "m_strAccountID", "m_nBrokerType", "m_dBalance", "m_dAvailable", "m_dFrozenCash", "m_dInstrumentValue",
        "m_dStockValue", "m_dFetchBalance", "m_strStatus", "m_strTradingDate"),
    "order_error": (
        "accountID", "opType", "orderType", "orderCode", "prType", "modelPrice", "modelVolume", "strategyName"),
}
"""What is copied of each of the terminal's objects; an attribute that its version does not have stays absent."""
ORDER_CHANGES = (
    "m_nOrderStatus", "m_nOrderSubmitStatus", "m_nVolumeTotalOriginal", "m_nVolumeTraded", "m_dLimitPrice",
    "m_dTradedPrice", "m_dCancelAmount", "m_strCancelInfo", "m_strErrorMsg", "m_strOrderSysID", "m_strRemark")
"""What makes an order's row another than the one told before."""
NEEDED = {
    "order": ("m_strInstrumentID", "m_nOrderStatus", "m_nVolumeTotalOriginal"),
    "fill": ("m_strInstrumentID", "m_nVolume", "m_dPrice"),
    "position": ("m_strInstrumentID", "m_nVolume"),
    "asset": ("m_dAvailable",),
    "order_error": ("accountID",),
}
"""A row that has none of these is hollow: the terminal gives such rows, and no error, where a read went wrong."""

TROUBLES = {
    "secret": (
        "\u7b56\u7565\u91cc\u7684 SECRET \u6ca1\u6709\u586b\u597d\uff1a\u7167\u5f15\u64ce\u7ed9\u51fa\u7684\u6574\u884c\u7c98\u8d34\uff0c\u81f3\u5c11 16 \u4e2a\u82f1\u6587\u5b57\u7b26",
        "SECRET in the strategy is not filled in: paste the line that the engine gives, at least 16 ASCII characters"),
    "links": (
        "\u7b56\u7565\u91cc\u7684 LINKS \u6709\u4e00\u9879\u5199\u9519\uff1a{0}",
        "LINKS in the strategy has an entry that cannot be used: {0}"),
    "no_timer": (
        "\u7ec8\u7aef\u6ca1\u6709\u7ed9\u51fa run_time \u5b9a\u65f6\u5668\uff0c\u7b56\u7565\u65e0\u6cd5\u5de5\u4f5c\uff1a\u8bf7\u5728\u300c\u6a21\u578b\u4ea4\u6613\u300d\u91cc\u4ee5\u5b9e\u76d8\u8fd0\u884c\uff0c\u5468\u671f\u9009\u65e5\u7ebf",
        "the terminal gives no run_time timer: run the strategy under model trading, live, on daily bars"),
    "back_test": (
        "\u7b56\u7565\u5728\u56de\u6d4b\u91cc\u8fd0\u884c\uff0c\u4e0d\u4f1a\u8fde\u63a5\u5f15\u64ce\uff1a\u8bf7\u5728\u300c\u6a21\u578b\u4ea4\u6613\u300d\u91cc\u4ee5\u5b9e\u76d8\u8fd0\u884c",
        "the strategy runs in a back-test and does nothing: run it under model trading, live"),
    "no_account": (
        "\u7ec8\u7aef\u6ca1\u6709\u7ed9\u51fa\u8d26\u53f7\uff0c\u7b56\u7565\u4e0d\u4f1a\u8fde\u63a5\u5f15\u64ce\uff1a\u8bf7\u5728\u300c\u6a21\u578b\u4ea4\u6613\u300d\u91cc\u9009\u597d\u8d26\u53f7\u4ee5\u5b9e\u76d8\u8fd0\u884c\uff0c\u4e0d\u8981\u5728\u7f16\u8f91\u5668\u91cc\u76f4\u63a5\u8fd0\u884c",
        "the terminal gives no account and the strategy does nothing: run it under model trading, not in the editor"),
    "no_function": (
        "\u7ec8\u7aef\u6ca1\u6709\u7ed9\u51fa\u51fd\u6570 {0}\uff1a\u8bf7\u5728\u300c\u6a21\u578b\u4ea4\u6613\u300d\u91cc\u65b0\u5efa\u5e76\u9009\u5b9e\u76d8\uff0c\u4e0d\u8981\u52fe\u9009\u72ec\u7acb Python \u8fdb\u7a0b",
        "the terminal gives no function {0}: run it under model trading, live, not as an independent process"),
    "no_callback": (
        "\u8d26\u53f7 {0} \u4e00\u76f4\u6ca1\u6709\u6536\u5230\u7ec8\u7aef\u7684\u56de\u8c03\uff1a\u591a\u534a\u662f\u300c\u6a21\u62df\u4fe1\u53f7\u300d\u6a21\u5f0f\uff08\u9ed8\u8ba4\u5c31\u662f\u5b83\uff09\uff0c\u8bf7\u6539\u4e3a\u300c\u5b9e\u76d8\u300d",
        "no callback for account {0}: the strategy most likely runs as simulated signals (the default); set it live"),
    "two_copies": (
        "\u7ec8\u7aef\u91cc\u8fd8\u6709\u540c\u4e00\u8d26\u53f7\u7684\u53e6\u4e00\u4efd\u672c\u7b56\u7565\u5728\u8fd0\u884c\uff0c\u53ea\u6709\u6700\u540e\u542f\u52a8\u7684\u8fd9\u4efd\u6709\u6548\uff1a\u8bf7\u505c\u6389\u65e7\u7684",
        "another copy of this strategy runs for the same account; only the one started last acts: stop the other"),
    "date_changed": (
        "\u7ec8\u7aef\u7684\u4ea4\u6613\u65e5\u53d8\u4e3a {0}\uff0c\u800c\u7b56\u7565\u6ca1\u6709\u91cd\u65b0\u521d\u59cb\u5316\uff1a\u6301\u4ed3\u53ef\u80fd\u4e0d\u518d\u5237\u65b0\uff0c\u8bf7\u91cd\u65b0\u8fd0\u884c\u7b56\u7565\u6216\u52fe\u9009\u81ea\u52a8\u521d\u59cb\u5316",
        "the trading date became {0} without a new start: positions may be frozen; run the strategy anew"),
    "double": (
        "\u59d4\u6258 {0} \u5728\u67dc\u53f0\u6709\u4e24\u4e2a\u5408\u540c\u7f16\u53f7 {1}\uff1a\u5df2\u505c\u6b62\u4e0b\u5355\uff0c\u8bf7\u7acb\u5373\u6838\u5bf9",
        "order {0} has two numbers at the counter, {1}: no further order is sent; look at once"),
    "journal": (
        "\u59d4\u6258\u767b\u8bb0\u7c3f\u65e0\u6cd5\u5199\u5165\uff1a{0}\u3002\u4e0b\u5355\u9700\u8981\u5b83\uff0c\u8bf7\u68c0\u67e5\u78c1\u76d8\u548c\u6743\u9650",
        "the journal of claims cannot be written: {0}; look at the disk and its permissions"),
    "internal": (
        "\u7b56\u7565\u5185\u90e8\u51fa\u9519\uff0c\u5df2\u505c\u6b62\u4e0b\u5355\u5e76\u65ad\u5f00\uff1a{0}",
        "the strategy failed inside, sends nothing and has hung up: {0}"),
}
# fmt: on


class FrameError(Exception):
    """A line that breaks the rules of the link; the connection ends."""


class EndError(Exception):
    """The connection ends for this reason."""


def now_us() -> int:
    """Return this process's clock in microseconds; it only grows."""
    return int(time.perf_counter() * 1000000)


def other_us() -> int:
    """Return a second clock, which goes on while the machine sleeps."""
    return int(time.monotonic() * 1000000)


def wall_us() -> int:
    """Return the clock on the wall: it alone goes on while a virtual machine is held, and may be set at any time."""
    return int(time.time() * 1000000)


def optional(name: str) -> "Any":
    """Return a module, or None where this terminal does not have it or forbids it."""
    try:
        return __import__(name)
    except Exception:  # noqa: BLE001 - some terminals raise errors of their own.
        return None


optional("encodings.idna")  # Sockets may want it. A first import later, by the timer, has been seen to fail.
if any(str(link).startswith("tcp:") for link in LINKS):
    optional("socket")
if any(str(link).startswith("pipe:") for link in LINKS) and optional("_winapi") is None:
    optional("ctypes")


def decode(raw: bytes) -> "Dict[str, Any]":
    """Return the object that a line holds.

    Raises:
        FrameError: the line breaks a rule; the text says which.
    """
    if len(raw) > FRAME_IN:
        raise FrameError("too long")
    try:
        line = json.loads(raw.decode("ascii"), object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_float)
    except (ValueError, RecursionError) as error:
        raise FrameError(str(error)[:200]) from error
    if not isinstance(line, dict) or not isinstance(line.get("t"), str):
        raise FrameError("not an object with t")
    _check(line, 1)
    return line


def _pairs(pairs: "List[Tuple[str, Any]]") -> "Dict[str, Any]":
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _constant(name: str) -> "NoReturn":
    raise ValueError(name + " is no number")


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("a number without end")
    return value


def _check(value: "Any", depth: int) -> None:
    if isinstance(value, (dict, list)):
        if depth > DEPTH_MAX:
            raise FrameError("too deep")
        for inner in value.values() if isinstance(value, dict) else value:
            _check(inner, depth + 1)
    elif isinstance(value, int) and abs(value) > INTEGER_MAX:
        raise FrameError("an integer too large")


def encode(line: "Dict[str, Any]") -> bytes:
    """Return a line as its bytes."""
    return json.dumps(line, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"


def plain(value: "Any") -> "Any":
    """Return a terminal's value as JSON can hold it: no value, no number and an endless one become null."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value[:500]
    if isinstance(value, bytes):
        return value[:500].decode("gbk", "replace")
    if isinstance(value, int):
        return None if value in NO_VALUES else value if abs(value) <= INTEGER_MAX else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) and abs(value) < 1e300 else None
    if isinstance(value, dict):
        return {str(key)[:100]: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return str(value)[:500]


def copied(source: "Any", kind: str) -> "Dict[str, Any]":
    """Return the attributes of one of the terminal's objects, as they are; makes no call of the terminal."""
    row: "Dict[str, Any]" = {}
    for name in FIELDS[kind]:
        try:
            row[name] = getattr(source, name)
        except AttributeError:
            continue  # Not in this terminal's version.
    return row


def is_hollow(row: "Dict[str, Any]", kind: str) -> bool:
    """Tell whether a row has nothing of what every row has."""
    return all(row.get(name) in (None, "") for name in NEEDED[kind])


def parts(rows: "List[Any]", room: int) -> "List[List[Any]]":
    """Return rows in order, in parts of at most ROWS_MAX whose JSON fits into so many bytes."""
    made: "List[List[Any]]" = [[]]
    size = 0
    for row in rows:
        length = len(encode(row))
        if made[-1] and (len(made[-1]) >= ROWS_MAX or size + length > room):
            made.append([])
            size = 0
        made[-1].append(row)
        size += length
    return made


def milliseconds(timetag: "Any") -> "Optional[int]":
    """Return what a tick's "20261126 14:59:59" of Shanghai is in milliseconds since 1970; None: it is not written so."""
    found = re.match(r"(\d{4})(\d\d)(\d\d) (\d\d):(\d\d):(\d\d)$", str(timetag))
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups())
    try:
        days = datetime.date(year, month, day).toordinal() - datetime.date(1970, 1, 1).toordinal()
    except ValueError:
        return None
    return ((days * 24 + hour - 8) * 3600 + minute * 60 + second) * 1000


class Outbox(object):
    """Lines on their way out: a numbered lane that can be sent again, and newest-wins slots for what may be lost."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self.crowded = False
        self._opened = False
        self._unnumbered: "Deque[bytes]" = collections.deque()
        self._held: "Dict[int, bytes]" = {}
        self._bytes = 0
        self._first = 1
        self._cursor = 1
        self._last = 0
        self._lost_from = 0
        self._waiting_bytes = 0
        self._slots: "collections.OrderedDict[str, bytes]" = collections.OrderedDict()
        self._quotes: "collections.OrderedDict[str, Any]" = collections.OrderedDict()
        self._quotes_left = 0
        self._batch = b""

    def attach(self, hello: "Dict[str, Any]") -> None:
        """Begin a connection with its first line; numbered lines wait until ``open``."""
        self._batch = encode(hello)
        self._unnumbered.clear()
        self._slots.clear()
        self._quotes.clear()
        self._opened = False

    def open(self, replay_from: int) -> None:
        """Let numbered lines go, from ``replay_from`` on; 0 begins after all that was ever made."""
        if replay_from <= 0:
            for number in range(self._first, self._last + 1):
                self._forget(number)
            self._first = self._cursor = self._last + 1
            self._lost_from = 0
            self.crowded = False
        else:
            if replay_from < self._first:
                self._unnumbered.append(self._gap(replay_from, self._first - 1))
            self._cursor = max(min(replay_from, self._last + 1), self._first)
        self._waiting_bytes = sum(len(self._held.get(one, b"")) for one in range(self._cursor, self._last + 1))
        self._opened = True

    def detach(self) -> None:
        """End the connection; numbered lines are kept for the next one."""
        self._opened = False
        self._batch = b""
        self._unnumbered.clear()
        self._slots.clear()

    def speak(self, line: "Dict[str, Any]") -> None:
        """Queue a line of the session itself, without a number."""
        if len(self._unnumbered) < LINES_WAITING_MAX:
            self._unnumbered.append(encode(line))

    def put(self, line: "Dict[str, Any]") -> bool:
        """Queue a numbered line; False: it was lost, because too many wait, and a gap will say so."""
        self._last += 1
        if self._lost_from or self.waiting >= LINES_WAITING_MAX or self._waiting_bytes >= BYTES_WAITING_MAX:
            self._lost_from = self._lost_from or self._last
            self.crowded = True
            return False
        raw = encode(dict(line, n=self._last))
        self._held[self._last] = raw
        self._bytes += len(raw)
        self._waiting_bytes += len(raw)
        return True

    def slot(self, name: str, line: "Dict[str, Any]") -> None:
        """Queue a line that may be lost; a newer one of the same name takes its place."""
        if len(self._slots) < 200 or name in self._slots:
            self._slots[name] = encode(line)

    def quotes(self, rows: "Dict[str, Any]") -> None:
        """Queue quotes; the newest of a symbol wins."""
        self._quotes.update(rows)

    def acknowledge(self, number: int) -> None:
        """Forget the lines up to ``number``: the engine has them."""
        while self._first <= min(number, self._cursor - 1):
            self._forget(self._first)
            self._first += 1
        self.acknowledged = max(self.acknowledged, min(number, self._last))

    @property
    def waiting(self) -> int:
        """How many numbered lines have not been handed to the carrier."""
        return self._last + 1 - self._cursor

    @property
    def backlog(self) -> int:
        """How many bytes have not been taken by the carrier."""
        return self._waiting_bytes + len(self._batch)

    def write(self, way: "Any") -> None:
        """Write what the carrier takes; never waits. An OSError says that the connection is broken."""
        left = WRITE_MAX
        self._quotes_left = QUOTES_TOLD_MAX
        while left > 0:
            if not self._batch:
                self._batch = self._take()
                if not self._batch:
                    return
            taken = way.write(self._batch[:FRAME_OUT])
            if taken <= 0:
                return
            self._batch = self._batch[taken:]
            left -= taken

    def _take(self) -> bytes:
        pieces = list(self._unnumbered)
        self._unnumbered.clear()
        size = sum(len(piece) for piece in pieces)
        while self._opened and self._cursor <= self._last and size < FRAME_OUT:
            piece = self._held.get(self._cursor, b"")
            pieces.append(piece)
            size += len(piece)
            self._waiting_bytes -= len(piece)
            self._cursor += 1
        if self._lost_from and self.waiting < LINES_WAITING_MAX // 2 and self._waiting_bytes < BYTES_WAITING_MAX // 2:
            self._close_gap()
        while self._first < self._cursor and (self._cursor - self._first > LINES_KEPT or self._bytes > BYTES_KEPT):
            self._forget(self._first)
            self._first += 1
        if self._opened and self._cursor > self._last:
            pieces += self._slots.values()
            self._slots.clear()
            pieces += self._quote_lines()
        return b"".join(pieces)

    def _close_gap(self) -> None:
        gap = self._gap(self._lost_from, self._last)
        self._held[self._last] = gap
        self._bytes += len(gap)
        self._cursor = min(self._cursor, self._last)
        self._waiting_bytes += len(gap)
        self._lost_from = 0
        self.crowded = False

    def _quote_lines(self) -> "List[bytes]":
        """Return some of the quotes: a whole market at once would hold up an order for half a second."""
        lines: "List[bytes]" = []
        pieces: "List[bytes]" = []
        size = 0
        while self._quotes and self._quotes_left > 0:
            symbol, row = self._quotes.popitem(last=False)
            self._quotes_left -= 1
            pieces.append(encode({symbol: row})[1:-2])  # As it stands within an object of several.
            size += len(pieces[-1]) + 1
            if size > FRAME_OUT // 2 or not self._quotes or self._quotes_left <= 0:
                head, tail = b'{"t":"quotes","rows":{', '}},"hm":{}}}\n'.format(now_us())
                lines.append(head + b",".join(pieces) + tail.encode("ascii"))
                pieces, size = [], 0
        return lines

    def _forget(self, number: int) -> None:
        self._bytes -= len(self._held.pop(number, b""))

    @staticmethod
    def _gap(begin: int, end: int) -> bytes:
        # Numbered as the last line that is missing, so that no hole is left.
        return encode({"t": "gap", "from": begin, "to": end, "n": end})


class TcpWay(object):
    """A connection to 127.0.0.1."""

    name = "tcp"

    def __init__(self, where: str) -> None:
        """Begin to dial; an OSError says that it cannot be."""
        host, _, port = where.rpartition(":")
        if host != "127.0.0.1" or not port.isdigit():
            raise ValueError("tcp:" + where)
        module = optional("socket")
        if module is None:
            raise OSError("no module socket")
        self._socket = module.socket(module.AF_INET, module.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(module.IPPROTO_TCP, module.TCP_NODELAY, 1)
        self._error = module.SOL_SOCKET, module.SO_ERROR
        self._shut_write = module.SHUT_WR
        self._socket.connect_ex((host, int(port)))

    def ready(self) -> bool:
        """Tell whether the connection stands; an OSError says that it never will."""
        failed = self._socket.getsockopt(*self._error)
        if failed:
            raise OSError(failed, "connect")
        try:
            other = self._socket.getpeername()
        except OSError:
            return False
        if other == self._socket.getsockname():
            raise OSError("connected to itself")  # Where nobody listens at a port of those that dialling takes.
        return True

    def read(self) -> bytes:
        """Return what has come, at most FRAME_OUT bytes; an OSError or EOFError says that nothing more will."""
        try:
            data: bytes = self._socket.recv(FRAME_OUT)
        except BlockingIOError:
            return b""
        if not data:
            raise EOFError("the engine has hung up")
        return data

    def write(self, data: bytes) -> int:
        """Return how many bytes were taken."""
        try:
            return int(self._socket.send(data))
        except BlockingIOError:
            return 0

    def close(self) -> None:
        try:
            self._socket.shutdown(self._shut_write)  # What was written last still arrives.
        except OSError:
            return  # It is broken already.
        finally:
            self._socket.close()


class PipeWay(object):
    """A named pipe, as a client: nothing is left pending, so nothing outlives this strategy."""

    name = "pipe"

    def __init__(self, where: str) -> None:
        """Open the pipe; an OSError says that there is none, or that all its instances are taken."""
        if re.match(r"[A-Za-z0-9._-]{1,200}$", where) is None:
            raise ValueError("pipe:" + where)
        self._calls: "Any" = None
        if optional("_winapi") is not None:
            self._calls = BuiltInPipe(optional("_winapi"))
        elif optional("ctypes") is not None and hasattr(optional("ctypes"), "WinDLL"):
            self._calls = ForeignPipe(optional("ctypes"))
        if self._calls is None:
            raise OSError("no named pipes here")
        self._calls.open("\\\\.\\pipe\\" + where)

    def ready(self) -> bool:
        return True

    def read(self) -> bytes:
        return bytes(self._calls.read(FRAME_OUT))

    def write(self, data: bytes) -> int:
        return int(self._calls.write(data))

    def close(self) -> None:
        self._calls.close()


class BuiltInPipe(object):
    """The pipe through a module that is compiled into the interpreter: it is there where sockets are not."""

    def __init__(self, module: "Any") -> None:
        self._module = module
        self._handle: "Any" = None

    def open(self, path: str) -> None:
        module = self._module
        access = module.GENERIC_READ | module.GENERIC_WRITE
        self._handle = module.CreateFile(path, access, 0, 0, module.OPEN_EXISTING, SECURITY_OPEN, 0)
        try:
            module.SetNamedPipeHandleState(self._handle, 1, None, None)  # PIPE_NOWAIT: a full pipe takes what it can.
        except OSError:
            self.close()
            raise

    def read(self, most: int) -> bytes:
        available = self._module.PeekNamedPipe(self._handle, 0)[0]
        if not available:
            return b""
        return bytes(self._module.ReadFile(self._handle, min(available, most))[0])

    def write(self, data: bytes) -> int:
        return int(self._module.WriteFile(self._handle, data)[0])

    def close(self) -> None:
        if self._handle is not None:
            self._module.CloseHandle(self._handle)
            self._handle = None


class ForeignPipe(object):
    """The same calls through ctypes, for terminals that refuse the built-in module."""

    def __init__(self, module: "Any") -> None:
        self._module = module
        self._kernel = module.WinDLL("kernel32", use_last_error=True)
        self._kernel.CreateFileW.restype = module.c_void_p
        self._handle: "Any" = None

    def open(self, path: str) -> None:
        c = self._module
        found = self._kernel.CreateFileW(c.c_wchar_p(path), c.c_uint32(0xC0000000), 0, None, 3, SECURITY_OPEN, None)
        if found in (None, c.c_void_p(-1).value):
            raise self._failed()
        self._handle = c.c_void_p(found)
        if not self._kernel.SetNamedPipeHandleState(self._handle, c.byref(c.c_uint32(1)), None, None):
            error = self._failed()
            self.close()
            raise error

    def read(self, most: int) -> bytes:
        c = self._module
        available = c.c_uint32(0)
        if not self._kernel.PeekNamedPipe(self._handle, None, 0, None, c.byref(available), None):
            raise self._failed()
        if not available.value:
            return b""
        buffer, count = c.create_string_buffer(min(available.value, most)), c.c_uint32(0)
        if not self._kernel.ReadFile(self._handle, buffer, len(buffer), c.byref(count), None):
            raise self._failed()
        return bytes(buffer.raw[: count.value])

    def write(self, data: bytes) -> int:
        c = self._module
        count = c.c_uint32(0)
        if not self._kernel.WriteFile(self._handle, data, len(data), c.byref(count), None):
            raise self._failed()
        return int(count.value)

    def close(self) -> None:
        if self._handle is not None:
            self._kernel.CloseHandle(self._handle)
            self._handle = None

    def _failed(self) -> OSError:
        error: OSError = self._module.WinError(self._module.get_last_error())
        return error


class FilesWay(object):
    """A folder: each side writes numbered files and deletes those that it has read. A connection has its own folder.

    The engine keeps a file ``engine`` in the folder while it listens there.
    """

    name = "files"

    def __init__(self, where: str) -> None:
        """Begin a connection; an OSError says that no engine listens there."""
        if not os.path.isabs(where):
            raise ValueError("files:" + where)
        if not os.path.isfile(os.path.join(where, "engine")):
            raise OSError("no engine listens at " + where)
        self._folder = os.path.join(where, "host-" + os.urandom(8).hex())
        self._read, self._written = 0, 0
        os.mkdir(self._folder)

    def ready(self) -> bool:
        return True

    def read(self) -> "Optional[bytes]":
        """Return what has come, as other ways do; None: something has come that cannot be read yet."""
        name = os.path.join(self._folder, "e{:010d}".format(self._read + 1))
        try:
            with io.open(name, "rb") as file:
                data = file.read()
        except FileNotFoundError as error:
            ended = not os.path.isdir(self._folder) or os.path.exists(os.path.join(self._folder, "e-end"))
            if ended and not os.path.exists(name):  # It may have come between our two looks.
                raise EOFError("the engine has hung up") from error
            return b""
        except PermissionError:
            return None  # It is just being renamed, or a scanner of viruses holds it.
        self._read += 1
        try:
            os.remove(name)
        except OSError:
            return data  # A scanner of viruses holds it; the number alone says that it is read.
        return data

    def write(self, data: bytes) -> int:
        name = os.path.join(self._folder, "h{:010d}".format(self._written + 1))
        unread = os.path.join(self._folder, "h{:010d}".format(self._written + 1 - FILES_UNREAD_MAX))
        if os.path.exists(unread):
            return 0
        try:
            with io.open(name + ".new", "wb") as file:
                file.write(data)
            os.replace(name + ".new", name)
        except PermissionError:
            return 0
        self._written += 1
        return len(data)

    def close(self) -> None:
        try:
            io.open(os.path.join(self._folder, "h-end"), "wb").close()
            if not self._read:  # An engine that died leaves its file: what nobody reads is not left beside it.
                for name in os.listdir(self._folder):
                    os.remove(os.path.join(self._folder, name))
                os.rmdir(self._folder)
        except OSError:
            return  # The engine has removed the folder, or just reads it.


WAYS: "Dict[str, Any]" = {"pipe": PipeWay, "tcp": TcpWay, "files": FilesWay}


class Journal(object):
    """Which orders were ever handed to the terminal, on disk: one line before each call, kept over all lives."""

    def __init__(self, folder: str, claims: "Dict[str, str]", boot: str, writer: str) -> None:
        """Read what lives before have written; ``claims`` are those of this process.

        ``writer`` has files of its own: two processes that append to one file write over each other on Windows.
        """
        self.claims = claims
        """By coid: ``?`` and its content's digest, or ``!`` and why it certainly never went."""
        self.on_disk = False
        self.whole = True
        """False: something that was written may be missing here, so that no claim proves nothing."""
        self.fresh: "List[str]" = []
        """Orders that were handed over a moment before this life began."""
        self.error = ""
        self._boot = boot
        self._torn = False
        self._read: "Dict[str, int]" = {}
        self._file: "Any" = None
        self._folder = folder
        self._month = time.strftime("%Y%m")
        try:
            if not os.path.isdir(folder):
                os.makedirs(folder)
            self.whole = bool(self._names())  # A folder where nothing was written yet knows nothing of lives before.
            tag = hashlib.sha256(writer.encode("utf-8", "replace")).hexdigest()[:8]
            self._open(os.path.join(folder, "claims-{}-{}.jsonl".format(self._month, tag)))
            self._catch_up()
            self.on_disk = True
        except Exception as error:  # noqa: BLE001 - a terminal that forbids files does so by errors of its own.
            self.error = repr(error)[:300]

    def _open(self, path: str) -> None:
        self._file = io.open(path, "ab")  # noqa: SIM115 - open for as long as this life is.
        if os.path.getsize(path):
            with io.open(path, "rb") as file:
                file.seek(-1, os.SEEK_END)
                self._torn = file.read(1) != b"\n"

    def claim(self, coid: str, digest: str) -> str:
        """Write down that an order is about to be handed over; a text says why it could not be written."""
        return self._append({"c": coid, "h": digest, "boot": self._boot, "at": int(time.time())})

    def never(self, coid: str, why: str) -> None:
        """Write down that an order will never be handed over."""
        line = {"c": coid, "no": why}
        if self._append(line):
            self.whole = False
            self._note(line)  # This process knows it all the same.

    def known(self, coid: str) -> "Optional[str]":
        """Return what is written of an order, by whichever life; None: nothing."""
        if self.on_disk:
            try:
                self._catch_up()
            except OSError as error:
                self.whole, self.error = False, repr(error)[:300]
        return self.claims.get(coid)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _append(self, line: "Dict[str, Any]") -> str:
        if self.on_disk:
            raw = encode(line)
            if self._torn:  # What a crash has cut is ended, and marked as no claim: its order was not handed over.
                raw = b"\n" + encode({"torn": True}) + raw
            try:
                self._file.write(raw)
                self._file.flush()
                os.fsync(self._file.fileno())
            except Exception as error:  # noqa: BLE001 - as in __init__; a closed file raises ValueError.
                self._torn = True
                return repr(error)[:300]
            self._torn = False
        self._note(line)
        return ""

    def _note(self, line: "Dict[str, Any]") -> None:
        coid, why = line["c"], line.get("no")
        self.claims[coid] = "!" + str(why) if why is not None else "?" + str(line.get("h"))
        if len(self.claims) > CLAIMS_KEPT:
            del self.claims[next(iter(self.claims))]
            self.whole = False

    def _names(self) -> "List[str]":
        """Return the files of this life's month, of the last one before it, and of all after: a clock may be wrong."""
        names = sorted(name for name in os.listdir(self._folder) if re.match(r"claims-\d{6}-\w+\.jsonl\Z", name))
        before = [name[7:13] for name in names if name[7:13] < self._month]
        return [name for name in names if name[7:13] >= (before[-1] if before else self._month)]

    def _catch_up(self) -> None:
        """Read what others have written: lives before, and a second copy of this strategy."""
        for name in self._names():
            path = os.path.join(self._folder, name)
            begun = self._read.get(name, 0)
            if os.path.getsize(path) <= begun:
                continue
            with io.open(path, "rb") as file:
                file.seek(begun)
                data = file.read()
            end = data.rfind(b"\n") + 1  # A line without an end is being written, or was cut by a crash.
            self._read[name] = begun + end
            self._load(data[:end].split(b"\n"))

    def _load(self, lines: "List[bytes]") -> None:
        cut = False
        for raw in lines:
            try:
                line = json.loads(raw.decode("ascii")) if raw else None
            except ValueError:
                self.whole, cut = self.whole and not cut, True
                continue
            if isinstance(line, dict) and isinstance(line.get("c"), str):
                self.whole, cut = self.whole and not cut, False
                self._note(line)
                if not self.on_disk and "no" not in line and abs(time.time() - line.get("at", 0)) < FRESH_S:
                    self.fresh.append(line["c"])
            elif isinstance(line, dict) and line.get("torn"):
                cut = False
        self.whole = self.whole and not cut


class Terminal(object):
    """What the terminal offers to this strategy; only its own thread may call it."""

    def __init__(self, context: "Any") -> None:
        self.context = context
        self.alive_us: "Optional[int]" = None
        self.longest: "Tuple[int, str]" = (0, "")
        """Of the calls since the last beat: how long, in us, and which."""

    def function(self, name: str) -> "Any":
        """Return one of the functions that the terminal puts beside ours after this file has been read, or None."""
        found = globals().get(name)
        return found if callable(found) else None

    def method(self, *names: str) -> "Any":
        """Return the first of these methods that the terminal's context has, or None."""
        for name in names:
            found = getattr(self.context, name, None)
            if callable(found):
                return found
        return None

    def call(self, name: str, function: "Any", *arguments: "Any") -> "Any":
        """Make one call and note how long it took; raises what it raises."""
        begun = now_us()
        try:
            return function(*arguments)
        finally:
            self.took(name, now_us() - begun)

    def took(self, name: str, us: int) -> None:
        if us > self.longest[0]:
            self.longest = (us, name)

    def query(self, account: "Account", kind: str) -> "Optional[List[Dict[str, Any]]]":
        """Return the rows of one kind; None: the terminal did not answer, whatever it returned."""
        function = self.function("get_trade_detail_data")
        if function is None:
            return None
        name = "get_trade_detail_data " + NATIVE_KINDS[kind]
        try:
            found = self.call(name, function, account.name, account.kind, NATIVE_KINDS[kind])
            rows = [plain(copied(one, kind)) for one in found]
        except Exception:  # noqa: BLE001 - native code raises anything; the query has failed.
            return None
        for row in rows:
            if is_hollow(row, kind) or row.get("m_strAccountID") not in (None, "", account.name):
                return None
        if kind == "asset" and len(rows) != 1:
            return None
        self.alive_us = now_us()
        return rows

    def missing(self) -> "List[str]":
        """Return the functions that this terminal did not give, of those that trading needs."""
        wanted = ("passorder", "cancel", "get_trade_detail_data")
        return [name for name in wanted if self.function(name) is None]


class Order(object):
    """One coid of this life of the strategy."""

    def __init__(self, coid: str, content: "Optional[Tuple[Any, ...]]", line: "Dict[str, Any]") -> None:
        self.coid = coid
        self.content = content
        self.line = line
        self.serial = 0
        self.state = "new"
        self.stage: "Dict[str, Any]" = {}
        self.seen = False
        """Whether a row of the counter with its remark and a number has come."""
        self.settled = False
        self.handed_us = 0


class Account(object):
    """One account that the engine asked for, and what its rows have said."""

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        self.session = 0
        self.ready = False
        self.text = ""
        self.told = ""
        self.date = ""
        self.opening: "Set[str]" = set()
        """The kinds that must still be read before it can be ready."""
        self.objection = ""
        """What its asset says against it."""
        self.due = {"asset": 0, "order": 0, "fill": 0}
        self.misses = {"asset": 0, "order": 0, "fill": 0}
        self.held: "Set[str]" = set()
        """The kinds of which it had rows today: nothing of them is a failure."""
        self.prints: "collections.OrderedDict[Any, Any]" = collections.OrderedDict()
        """What was told last of each order and fill."""
        self.sysids: "collections.OrderedDict[Tuple[Any, str], str]" = collections.OrderedDict()
        """Remark by market and number."""
        self.numbered: "collections.OrderedDict[str, Tuple[Any, str]]" = collections.OrderedDict()
        """Market and number by remark."""
        self.hot_until = 0
        self.warm_until = 0

    def reopen(self) -> None:
        """Let everything be read anew before it is ready again."""
        self.ready = False
        self.told = ""
        self.opening = {"asset", "order", "fill"}
        self.due = {"asset": 0, "order": 0, "fill": 0}


def bound(table: "Any") -> None:
    """Forget the oldest of a table that has grown too long."""
    while len(table) > ROWS_KEPT:
        table.popitem(last=False)


class Accounts(object):
    """The accounts that the engine asked for: whether they may trade, and their rows as they change."""

    def __init__(self, host: "Host") -> None:
        self._host = host
        self.all: "collections.OrderedDict[str, Account]" = collections.OrderedDict()
        self.called_back = False
        self.own_row_seen = False
        self.asset_is_of_today = False
        self._waiting_since = 0

    def open(self, wanted: "List[Tuple[str, str]]") -> None:
        """Begin to read the accounts that the engine named."""
        before = self.all
        self.all = collections.OrderedDict()
        for name, kind in wanted[:64]:
            account = before.get(name)
            if account is None or account.kind != kind:
                account = Account(name, kind)
            account.reopen()
            self.all[name] = account
        self._waiting_since = now_us()

    def step(self) -> bool:
        """Make one query that is due; False: none is."""
        now = now_us()
        for account in self.all.values():
            for kind in ("asset", "order", "fill"):
                if account.due[kind] <= now:
                    self._poll(account, kind)
                    return True
        return False

    def hurry(self, account: "Account") -> None:
        """Look at the orders and fills of an account at the next occasion."""
        account.due["order"] = account.due["fill"] = 0

    def _poll(self, account: "Account", kind: str) -> None:
        begun = now_us()
        rows = self._host.terminal.query(account, kind)
        now = now_us()
        account.due[kind] = now + max(self._rest(account, kind, now), min(POLL_REST * (now - begun), POLL_REST_US))
        if rows is None or (not rows and kind in account.held):
            account.misses[kind] += 1
            if account.misses[kind] >= ASSET_MISSES_MAX or not account.ready:
                text = "\u7ec8\u7aef\u6ca1\u6709\u7ed9\u51fa\u8d26\u53f7\u6570\u636e\uff0c\u8bf7\u786e\u8ba4\u8d26\u53f7\u5df2\u767b\u5f55 the terminal gives no data of the account: is it logged in?"
                self._down(account, text)
                account.opening.add(kind)
            return
        account.misses[kind] = 0
        if rows:
            account.held.add(kind)
        if kind == "asset":
            self._assess(account, rows[0])
        else:
            for row in rows:
                self.row(account, kind, row)
        account.opening.discard(kind)
        self._settle(account)

    def _rest(self, account: "Account", kind: str, now: int) -> int:
        if kind == "asset":
            return ASSET_US if account.ready else ASSET_OPENING_US
        if account.opening:
            return ASSET_OPENING_US
        if now < account.hot_until:
            return BUDGET_US
        if now < account.warm_until or self._host.book.working(account):
            return POLL_WARM_US
        return POLL_US

    def _assess(self, account: "Account", row: "Dict[str, Any]") -> None:
        wanted, found = BROKER_TYPES.get(account.kind), row.get("m_nBrokerType")
        account.objection = ""
        if wanted is None:
            account.objection = (
                "\u8d26\u53f7\u7c7b\u578b\u4e0d\u652f\u6301 this kind of account is not supported: " + account.kind
            )
        elif found is not None and found != wanted:
            account.objection = (
                "\u8d26\u53f7\u7c7b\u578b\u4e0d\u662f {0}\uff08m_nBrokerType={1}\uff09 the account is no {0}".format(
                    account.kind, found
                )
            )
        date = re.sub(r"\D", "", str(row.get("m_strTradingDate") or ""))[:8]
        self.asset_is_of_today = date == time.strftime("%Y%m%d")
        if date and account.date and date != account.date:
            self._host.trouble("date_changed", date)
            account.held.clear()
            for table in (account.prints, account.sysids, account.numbered):
                table.clear()  # The counter counts anew each day.
            account.reopen()  # The engine is to list everything of the new day.
            account.opening.discard("asset")
        account.date = date or account.date
        status = row.get("m_strStatus")
        account.text = str(status) if status else ""

    def _settle(self, account: "Account") -> None:
        """Tell that an account is ready, or why it is not, when that has changed."""
        if account.opening and not account.objection:
            return
        objection = account.objection or self._host.objection()
        if objection:
            self._down(account, objection)
        elif not account.ready:
            account.ready, account.told = True, ""
            account.session += 1
            self._tell(account, "ready", account.text)

    def look(self) -> None:
        """Note what has changed by itself: a callback that came, or one that has not come for a minute."""
        for account in self.all.values():
            self._settle(account)
            late = now_us() - self._waiting_since > WARM_US
            if late and account.told and self._host.lacks_callback():
                self._host.trouble("no_callback", account.name)

    def _down(self, account: "Account", text: str) -> None:
        if account.ready or account.told != text:
            account.ready, account.told = False, text
            self._tell(account, "down", text)

    def _tell(self, account: "Account", state: str, text: str) -> None:
        line = {"t": "account", "account": account.name, "state": state, "status": None, "text": text[:500]}
        self._host.tell(dict(line, session=account.session))

    # Rows.

    def callback(self, kind: str, row: "Dict[str, Any]") -> None:
        """Take what the terminal called back with."""
        account = self.all.get(str(row.get("m_strAccountID") or row.get("accountID") or ""))
        if account is None:
            if not row.get("m_strAccountID"):
                for each in self.all.values():
                    self.hurry(each)
        elif kind == "order_error":
            self._order_error(account, row)
        elif kind in ("asset", "position"):
            account.due["asset"] = min(account.due["asset"], now_us() + ASSET_OPENING_US)
        elif is_hollow(row, kind) or account.session == 0:
            self.hurry(account)
        else:
            account.held.add(kind)
            self.row(account, kind, row)
            account.due["fill"] = 0

    def row(self, account: "Account", kind: str, row: "Dict[str, Any]") -> None:
        """Bind an order's or a fill's row to its order, and tell the engine where it says something new."""
        number, remark = str(row.get("m_strOrderSysID") or ""), str(row.get("m_strRemark") or "")
        order = self.bind(account, kind, row)
        if kind == "order":
            key: "Tuple[Any, ...]" = ("order", row.get("m_strExchangeID"), number or "ref", number or remark)
            told = tuple(row.get(name) for name in ORDER_CHANGES)
            if not number and (not remark or remark in account.numbered):
                return  # Another's order on its way, or the client's own row of an order that has one of the counter.
        else:
            key = ("fill", row.get("m_strExchangeID"), row.get("m_strTradeID"), number)
            told = (row.get("m_nVolume"), row.get("m_dPrice"))
        if account.prints.get(key) == told:
            return
        account.prints[key] = told
        account.prints.move_to_end(key)
        bound(account.prints)
        if account.session:  # Before the first session there is nobody to tell; the engine lists everything then.
            line = {"t": "row", "account": account.name, "session": account.session, "kind": kind, "row": row}
            self._host.tell(dict(line, coid=order.coid if order is not None else None))

    def bind(self, account: "Account", kind: str, row: "Dict[str, Any]") -> "Optional[Order]":
        """Return the order of this life that a row is about; None where that cannot be told."""
        number, remark = str(row.get("m_strOrderSysID") or ""), str(row.get("m_strRemark") or "")
        place = (row.get("m_strExchangeID"), number)
        if number and remark:
            before = account.numbered.setdefault(remark, place)
            account.sysids[place] = remark
            bound(account.numbered)
            bound(account.sysids)
            # Of the market some rows of a terminal say nothing.
            if before[1] != number and self._host.book.is_ours(account, remark, row):
                self._host.doubled(remark, "{} {}".format(before[1], number))
                return None
        order = self._host.book.order_of(account, remark or account.sysids.get(place, ""), row)
        if order is not None and number:
            order.seen = True
            self.own_row_seen = True
        if order is not None and kind == "order":
            order.settled = row.get("m_nOrderStatus") in SETTLED
            if not order.settled:
                account.warm_until = max(account.warm_until, now_us() + POLL_US)
        return order

    def _order_error(self, account: "Account", row: "Dict[str, Any]") -> None:
        # Some terminals put the remark behind the strategy's name.
        remark = str(row.get("strategyName") or "").partition("_&&&_")[2]
        order = self._host.book.order_of(account, remark, {}) if remark else self._host.book.guess(account, row)
        if order is not None:
            account.hot_until = now_us() + HOT_US
        self.hurry(account)
        line = {"t": "row", "account": account.name, "session": account.session, "kind": "order_error", "row": row}
        self._host.tell(dict(line, coid=order.coid if order is not None else None))


class Book(object):
    """Every coid of this life: one call for one coid, ever; and the cancels, which go first."""

    def __init__(self, host: "Host") -> None:
        self._host = host
        self._orders: "collections.OrderedDict[str, Order]" = collections.OrderedDict()
        self._queue: "Deque[Order]" = collections.deque()
        self._cancels: "Deque[Dict[str, Any]]" = collections.deque()
        self._wishes: "List[Tuple[int, Dict[str, Any]]]" = []
        self._recent: "Deque[Order]" = collections.deque(maxlen=SUBMITS_MAX * 4)
        self._before: "Dict[str, int]" = {}
        """Orders of a life that ended a moment ago, of which no row has come yet."""
        self.serial = 0

    def claimed_before(self, coids: "List[str]") -> None:
        """Take the orders that a life before this one handed over in its last moments."""
        self._before = {coid: now_us() for coid in coids}

    @property
    def queued(self) -> "Dict[str, int]":
        return {"submits": len(self._queue), "cancels": len(self._cancels) + len(self._wishes)}

    def waits_before(self, serial: int) -> bool:
        """Tell whether a submit received up to ``serial`` is still to be handed over or refused."""
        return bool(self._queue) and self._queue[0].serial <= serial

    def working(self, account: "Account") -> bool:
        """Tell whether an order handed over lately may still change."""
        return any(one.line["account"] == account.name and not one.settled for one in self._recent)

    def unseen(self, account: "Account") -> bool:
        """Tell whether an order handed over within a minute has no row of the counter yet."""
        since = now_us() - WARM_US
        for coid, at in self._before.items():
            if at > since and coid not in account.numbered:
                return True
        return any(
            one.line["account"] == account.name and one.handed_us > since and not one.seen and not one.settled
            for one in self._recent
        )

    # Submits.

    def submit(self, line: "Dict[str, Any]") -> None:
        """Queue an order, or say why not; a coid that is known is never queued again."""
        host, coid = self._host, line["coid"]
        content = tuple(line[key] for key in ("account", "symbol", "side", "kind", "price", "quantity", "remark"))
        known = self._known(coid, content)
        if known is not None:
            if known.content is not None and known.content != content:
                host.nak("submit", "conflict: another order has this coid", coid)
            elif known.stage:
                host.tell(known.stage)
            return
        order = self._keep(Order(coid, content, line))
        self.serial += 1
        order.serial = self.serial
        why, text = self._bad(line)
        if not why:
            why, text = self._clock(line)
        if not why:
            why, text = self._barred(line, trade=True)
        if not why and (len(self._queue) >= SUBMITS_MAX or host.outbox.crowded):
            why = "busy"
        if why:
            self._stage(order, "refused", why, text)
            return
        order.state = "queued"
        self._queue.append(order)

    def _known(self, coid: str, content: "Tuple[Any, ...]") -> "Optional[Order]":
        order = self._orders.get(coid)
        if order is not None:
            return order
        claim = self._host.journal.known(coid)
        if claim is None:
            return None
        order = self._keep(Order(coid, None, {"account": content[0] if content else ""}))
        if claim.startswith("!"):
            order.state = "refused"
            order.stage = stage_of(coid, "refused", claim[1:], "")
        else:
            if content and claim != "?" + digest_of(content):
                order.content = ()  # Of another content: it conflicts with whatever is asked.
            order.state = "unknown"
            order.stage = stage_of(coid, "unknown", "no_return", "claimed in a life before")
        return order

    def _keep(self, order: Order) -> Order:
        self._orders[order.coid] = order
        if len(self._orders) > ORDERS_KEPT:
            self._orders.popitem(last=False)
        return order

    def _bad(self, line: "Dict[str, Any]") -> "Tuple[str, str]":
        if line["kind"] != "limit" or self._host.terminal.function("passorder") is None:
            return "capability", line["kind"]
        if re.match(r"[!-~]{1,22}\Z", line["remark"]) is None or len(line["remark"]) > REMARK_BYTES:
            return "bad", "remark"
        if line["remark"] != line["coid"]:
            return "bad", "remark is not coid"
        if line["side"] not in ("buy", "sell"):
            return "bad", "side"
        if re.match(r"[0-9]{6}\.(SH|SZ|BJ)\Z", line["symbol"]) is None:
            return "bad", "symbol"
        if re.match(r"[0-9]{1,7}(\.[0-9]{1,4})?\Z", line["price"]) is None or float(line["price"]) <= 0:
            return "bad", "price"
        if not 0 < line["quantity"] <= 100000000:
            return "bad", "quantity"
        return "", ""

    def _clock(self, line: "Dict[str, Any]") -> "Tuple[str, str]":
        since = now_us() - line["ref"]
        passed = 0 <= line["el"] <= since + CLOCK_APART_US
        if line["ref"] < self._host.clock_from or not passed or not 0 <= since <= CLOCK_US_MAX:
            return "no_clock", "ref {} us ago, el {}".format(since, line["el"])
        return "", ""

    def _barred(self, line: "Dict[str, Any]", trade: bool) -> "Tuple[str, str]":
        host = self._host
        if host.level != "trade" and (trade or host.level != "cancel"):
            return ("halted" if host.halted else "disarmed"), ("observe" if OBSERVE else host.level)
        account = host.accounts.all.get(line["account"])
        if account is None:
            return "no_account", line["account"]
        # A cancel is tried wherever the account was ever ready: doubling or losing one is harmless.
        if not account.session or (trade and not account.ready):
            return "not_ready", account.told
        if trade and account.kind not in OPERATIONS:
            return "capability", account.kind
        return "", ""

    def step_submit(self) -> bool:
        """Hand one order to the terminal, or refuse it; False: none waits."""
        while self._queue:
            order = self._queue.popleft()
            if order.state == "queued":
                self._place(order)
                return True
        return False

    def _place(self, order: Order) -> None:
        host, line = self._host, order.line
        why, text = self._timely(line)
        if not why and line["remark"] in host.accounts.all[line["account"]].numbered:
            self._stage(order, "unknown", "no_return", "a row of the counter carries this remark already")
            return
        if not why:
            begun = now_us()
            error = host.journal.claim(order.coid, digest_of(order.content))
            host.terminal.took("journal", now_us() - begun)
            if error:
                host.trouble("journal", error)
                self._stage(order, "refused", "not_ready", "journal: " + error)
                return
            why, text = self._timely(line)
            if why:
                host.journal.never(order.coid, why)
        if why:
            self._stage(order, "refused", why, text)
            return
        account = host.accounts.all[line["account"]]
        order.state, order.handed_us = "calling", now_us()
        self._recent.append(order)
        try:
            answer = host.terminal.call(
                "passorder",
                host.terminal.function("passorder"),
                OPERATIONS[account.kind][line["side"]],
                ONE_SYMBOL_IN_SHARES,
                account.name,
                line["symbol"],
                LIMIT_PRICE,
                float(line["price"]),
                line["quantity"],
                STRATEGY,
                AT_ONCE,
                line["remark"],
                host.terminal.context,
            )
            native, st, why, text = repr(answer)[:100], "dispatched", "", ""
        except Exception as error:  # noqa: BLE001 - whatever it is, it may have been placed before.
            native, st, why, text = "None", "unknown", "raised", repr(error)[:300]
        now = now_us()
        account.hot_until, account.warm_until = now + HOT_US, now + WARM_US
        host.accounts.hurry(account)
        self._stage(order, st, why, text, native, now - order.handed_us)

    def _timely(self, line: "Dict[str, Any]") -> "Tuple[str, str]":
        """Say why an order must not go now; both empty: it may."""
        self._host.has_slept()
        why, text = self._barred(line, trade=True)
        if not why and line["ref"] < self._host.clock_from:
            why, text = "no_clock", "this machine slept"
        age = now_us() - line["ref"] - line["el"]
        if not why and age > line["ttl"]:
            why, text = "expired", "age {} us".format(age)
        return why, text

    def _stage(self, order: Order, st: str, why: str, text: str, native: "Any" = None, us: int = 0) -> None:
        order.state = st
        order.stage = stage_of(order.coid, st, why, text, native, us)
        self._host.tell(order.stage)

    def withdraw_all(self, why: str) -> None:
        """Refuse every order that has not been handed to the terminal, and every cancel that waits for a number."""
        waiting, self._queue = self._queue, collections.deque()
        for order in waiting:
            if order.state == "queued":
                self._stage(order, "refused", why, "")
        if why != "halted":
            cancels, self._cancels = self._cancels, collections.deque()
            wishes, self._wishes = self._wishes, []
            for line in list(cancels) + [wish[1] for wish in wishes]:
                self._cancel_stage(line, "refused", why, "")

    # Cancels.

    def cancel(self, line: "Dict[str, Any]") -> None:
        """Queue a cancel, or withdraw an order that still waits."""
        why, text = self._barred(line, trade=False)
        number = line["venue_id"]
        if line["broker_id"]:
            found = re.match(r"(\S{1,60})\.(SH|SZ|BJ)\Z", line["broker_id"])
            number = found.group(1) if found is not None else ""
            if found is None and not why:
                why, text = "bad", "broker_id"
        elif not number and line["coid"]:
            order = self._known(line["coid"], ())
            if order is not None and order.state == "queued" and not why:
                self._stage(order, "refused", "withdrawn", "")
                self._cancel_stage(line, "refused", "withdrawn", "")
                return
            number = self._number(line)
            may_live = order is not None and order.state in ("dispatched", "unknown") and not order.settled
            if not number and not why and may_live and len(self._wishes) < CANCELS_MAX:
                self._wishes.append((now_us() + WISH_US, line))
                self._host.accounts.hurry(self._host.accounts.all[line["account"]])
                return
        if not why and self._host.terminal.function("cancel") is None:
            why, text = "capability", "cancel"
        if not why and not number:
            why, text = "no_id", ""
        if not why and len(self._cancels) >= CANCELS_MAX:
            why, text = "busy", ""
        if why:
            self._cancel_stage(line, "refused", "disarmed" if why == "halted" else why, text)
            return
        self._cancels.append(dict(line, number=number))

    def _number(self, line: "Dict[str, Any]") -> str:
        """Return the counter's number of the order that a cancel is for, whichever life placed it; empty: none yet."""
        account = self._host.accounts.all.get(line["account"])
        return account.numbered.get(line["coid"], ("", ""))[1] if account is not None else ""

    def step_cancel(self) -> bool:
        """Make one cancel; False: none waits."""
        now, wishes = now_us(), []
        for wish in self._wishes:
            until, line = wish
            number = self._number(line)
            if number:
                self._cancels.append(dict(line, number=number))
            elif now > until:
                self._cancel_stage(line, "refused", "no_id", "")
            else:
                wishes.append(wish)
        self._wishes = wishes
        if not self._cancels:
            return False
        line = self._cancels.popleft()
        host = self._host
        why, text = self._barred(line, trade=False)
        if why:
            self._cancel_stage(line, "refused", "disarmed" if why == "halted" else why, text)
            return True
        account = host.accounts.all[line["account"]]
        arguments = (line["number"], account.name, account.kind, host.terminal.context)
        try:
            answer = repr(host.terminal.call("cancel", host.terminal.function("cancel"), *arguments))
        except Exception as error:  # noqa: BLE001 - whatever it is, the cancel's fate must be told.
            self._cancel_stage(line, "unknown", "raised", repr(error)[:300])
        else:
            # True and False have both been seen to lie: the order's row tells.
            self._cancel_stage(line, "sent", "", "cancel() == " + answer[:50])
        account.hot_until = now_us() + HOT_US
        host.accounts.hurry(account)
        return True

    def _cancel_stage(self, line: "Dict[str, Any]", st: str, why: str, text: str) -> None:
        stage = {"t": "cstage", "cid": line["cid"], "coid": line["coid"], "st": st, "why": why, "text": text}
        self._host.tell(stage)

    # What became of them.

    def order_of(self, account: "Account", remark: str, row: "Dict[str, Any]") -> "Optional[Order]":
        """Return the order with this remark, where the row fits it."""
        order = self._orders.get(remark) if remark else None
        return order if order is not None and self._fits(order, account, row) else None

    def is_ours(self, account: "Account", remark: str, row: "Dict[str, Any]") -> bool:
        """Tell whether a remark is one of ours, of this life or of one before."""
        if self._orders.get(remark) is not None:
            return self._fits(self._orders[remark], account, row)
        return self._host.journal.known(remark) is not None

    @staticmethod
    def _fits(order: Order, account: "Account", row: "Dict[str, Any]") -> bool:
        code = row.get("m_strInstrumentID")
        symbol = order.line.get("symbol")
        return order.line.get("account") == account.name and (not code or not symbol or symbol[:6] == str(code)[:6])

    def guess(self, account: "Account", row: "Dict[str, Any]") -> "Optional[Order]":
        """Return the only order that an error without a remark can be about; None: there are several, or none."""
        since = now_us() - GUESS_US
        found = [
            order
            for order in self._recent
            if order.handed_us > since
            and not (order.seen or order.settled)
            and order.line["account"] == account.name
            and order.line["symbol"][:6] == str(row.get("orderCode") or "")[:6]
            and order.line["quantity"] == row.get("modelVolume")
            and OPERATIONS[account.kind][order.line["side"]] == row.get("opType")
        ]
        return found[0] if len(found) == 1 else None

    def outcome(self, line: "Dict[str, Any]") -> None:
        """Say what became of a coid; with a fence, what was not handed over never will be."""
        host, q, coid = self._host, line["q"], line["coid"]
        order = self._known(coid, ())
        if line["fence"]:
            if order is None:
                order = self._keep(Order(coid, None, {}))
                order.state, order.stage = "refused", stage_of(coid, "refused", "fenced", "")
            elif order.state == "queued":
                self._stage(order, "refused", "fenced", "")
            if order.state == "refused" and host.journal.known(coid) is None:  # Lives to come must know it too.
                host.journal.never(coid, order.stage["why"])
        st = "unknown" if order is None or order.state in ("queued", "calling", "new") else order.state
        if order is not None and order.seen:
            st = "seen"
        why = order.stage.get("why", "") if order is not None else "unheard"
        basis = "disk" if host.journal.on_disk and host.journal.whole else "memory"
        answer = {"t": "outcome", "q": q, "coid": coid, "st": st, "why": why, "basis": basis}
        host.tell(dict(answer, complete=st == "refused"))


def digest_of(content: "Any") -> str:
    """Return what tells an order's content from another's."""
    return hashlib.sha256(json.dumps(list(content or ()), sort_keys=True).encode("ascii")).hexdigest()[:16]


def stage_of(coid: str, st: str, why: str, text: str, native: "Any" = None, us: int = 0) -> "Dict[str, Any]":
    """Return the line that tells where an order has got to."""
    return {"t": "stage", "coid": coid, "st": st, "why": why, "text": text, "native": native, "us": us}


class Lists(object):
    """Answers what an account holds, one query at a time, behind every submit that was received before."""

    def __init__(self, host: "Host") -> None:
        self._host = host
        self._queue: "Deque[Dict[str, Any]]" = collections.deque()
        self._pings: "Deque[Tuple[int, Any]]" = collections.deque()

    @property
    def queued(self) -> int:
        return len(self._queue)

    def take(self, line: "Dict[str, Any]") -> None:
        """Queue a list."""
        job = {"line": line, "after": self._host.book.serial, "left": [*KINDS, "proof"], "failed": [], "none": []}
        job.update(session=0, begun=0, asked=now_us())
        if len(self._queue) >= LISTS_MAX:
            job["failed"] = list(KINDS)
            self._end(job, alive=False)
            return
        self._queue.append(job)

    def ping(self, line: "Dict[str, Any]") -> None:
        """Queue the answer to a ping, which proves that this thread makes its calls."""
        if len(self._pings) < PINGS_MAX:
            self._pings.append((self._host.book.serial, line.get("x")))

    def forget(self) -> None:
        """Drop what an engine asked that has gone."""
        self._queue.clear()
        self._pings.clear()

    def answer_pings(self) -> None:
        """Answer every ping whose turn has come."""
        while self._pings and not self._host.book.waits_before(self._pings[0][0]):
            self._host.tell({"t": "pong", "x": self._pings.popleft()[1]})

    def step(self) -> bool:
        """Make one query of the list whose turn it is; False: none may go on now."""
        host = self._host
        if not self._queue or host.outbox.backlog > LISTS_WAIT_BYTES:
            return False
        job = self._queue[0]
        if host.book.waits_before(job["after"]):
            return False
        account = host.accounts.all.get(job["line"]["account"])
        if not job["begun"]:
            job["begun"] = now_us()
            job["session"] = account.session if account is not None else 0
        if account is None or not account.ready or account.session != job["session"]:
            self._queue.popleft()
            job["failed"] = list(KINDS)
            self._end(job, alive=False)
            return True
        if job["left"][0] == "order" and host.book.unseen(account) and now_us() - job["asked"] < LIST_WAIT_US:
            return False
        kind = job["left"].pop(0)
        rows = host.terminal.query(account, "asset" if kind == "proof" else kind)
        if kind == "proof":
            self._queue.popleft()
            self._end(job, alive=rows is not None)
        elif rows is None or (not rows and (kind == "asset" or kind in account.held)):
            job["failed"].append(kind)
        else:
            self._tell_rows(account, job, kind, rows)
        return True

    def _tell_rows(self, account: Account, job: "Dict[str, Any]", kind: str, rows: "List[Dict[str, Any]]") -> None:
        if rows:
            account.held.add(kind)
        if kind in ("order", "fill"):
            for row in rows:
                self._host.book_row(account, kind, row)
        if kind == "order":
            rows = [row for row in rows if self._is_of_counter(account, row)]
        if not rows or (kind == "order" and self._host.book.unseen(account)):
            job["none"].append(kind)
        head = {"t": "rows", "q": job["line"]["q"], "account": account.name, "session": account.session, "kind": kind}
        for part in parts(rows, FRAME_OUT - 1000):
            self._host.tell(dict(head, rows=part))

    @staticmethod
    def _is_of_counter(account: Account, row: "Dict[str, Any]") -> bool:
        """Tell whether a row is an order's own: the client shows one of its own first, which may stay."""
        remark = str(row.get("m_strRemark") or "")
        return bool(row.get("m_strOrderSysID")) or bool(remark and remark not in account.numbered)

    def _end(self, job: "Dict[str, Any]", alive: bool) -> None:
        line = {"t": "listed", "q": job["line"]["q"], "account": job["line"]["account"], "session": job["session"]}
        line.update(complete=not job["failed"], alive=alive, failed=job["failed"], none=job["none"])
        self._host.tell(dict(line, us=now_us() - job["begun"] if job["begun"] else 0))


class Quotes(object):
    """Quotes by polling a few symbols at a time, whole markets by subscription; all of it after trading."""

    def __init__(self, host: "Host") -> None:
        self._host = host
        self._symbols: "List[str]" = []
        self._markets: "List[str]" = []
        self._next = 0
        self._due = 0
        self._subscribed: "Any" = None
        self._life = 0
        self._came: "Deque[Tuple[int, Any]]" = collections.deque(maxlen=50)
        self._rest: "List[Tuple[str, Any]]" = []
        """Of what came last, what has not been looked at."""
        self._prints: "Dict[str, Any]" = {}
        self._heard = 0
        self._state = ""
        self._details: "Deque[Tuple[str, List[str], Dict[str, Any], List[str]]]" = collections.deque()

    def watch(self, line: "Dict[str, Any]") -> None:
        """Replace the whole wanted set."""
        self._symbols, self._markets = line["symbols"][:SYMBOLS_MAX], line["markets"][:8]
        self._next, self._due, self._state, self._heard = 0, 0, "", now_us()
        self._prints.clear()
        self._life += 1
        self._came.clear()
        self._rest = []

    def details(self, line: "Dict[str, Any]") -> None:
        """Queue a question for instruments' details."""
        if len(self._details) >= LISTS_MAX:
            self._host.tell({"t": "detailed", "q": line["q"], "failed": line["symbols"]})
        else:
            self._details.append((line["q"], list(line["symbols"]), {}, []))

    def forget(self) -> None:
        """Ask for nothing more: the engine has gone."""
        self.watch({"symbols": [], "markets": []})
        self._details.clear()

    def step(self) -> bool:
        """Make one call for quotes or details; False: none is due."""
        if self._details:
            self._detail()
            return True
        if self._take_came():
            return True
        now = now_us()
        if self._life and self._subscribed is not None and self._subscribed[0] != self._life:
            self._unsubscribe()
            return True
        if self._markets and self._subscribed is None and now >= self._due:
            self._subscribe()
            return True
        if self._symbols and not self._markets and now >= self._due:
            self._poll()
            return True
        if (self._symbols or self._markets) and self._state == "live" and now - self._heard > SILENCE_US:
            self._tell("silent", "\u6ca1\u6709\u65b0\u7684\u884c\u60c5 no new quotes")
        return False

    def _poll(self) -> None:
        part = self._symbols[self._next : self._next + QUOTES_SLICE]
        self._next += len(part)
        if self._next >= len(self._symbols):
            self._next, self._due = 0, now_us() + QUOTES_US
        function = self._host.terminal.method("get_full_tick")
        try:
            if function is None:
                raise RuntimeError("no get_full_tick")
            self._take(self._host.terminal.call("get_full_tick", function, part))
        except Exception as error:  # noqa: BLE001 - native code raises anything; it is told.
            self._due = now_us() + QUOTES_US
            self._tell("down", repr(error)[:300])

    def _subscribe(self) -> None:
        life = self._life
        function = self._host.terminal.method("subscribe_whole_quote")
        self._due = now_us() + POLL_US
        try:
            if function is None:
                raise RuntimeError("no subscribe_whole_quote")
            number = self._host.terminal.call(
                "subscribe_whole_quote", function, self._markets, lambda found: self._note(life, found)
            )
            self._subscribed = (life, number)
        except Exception as error:  # noqa: BLE001 - as in _poll.
            self._tell("down", repr(error)[:300])

    def _note(self, life: int, found: "Any") -> None:
        """Note quotes that came, on whatever thread; what nobody wants any more is let go of at once."""
        if life == self._life:
            self._came.append((life, found))

    def _unsubscribe(self) -> None:
        number, self._subscribed = self._subscribed[1], None
        function = self._host.terminal.method("unsubscribe_quote")
        try:
            if function is not None:
                self._host.terminal.call("unsubscribe_quote", function, number)
        except Exception as error:  # noqa: BLE001 - as in _poll; what still comes is of a life before and is dropped.
            self._host.log("unsubscribe_quote: " + repr(error))

    def _take_came(self) -> bool:
        """Take a part of what came, so that an order waits for no whole market; False: nothing is left."""
        try:
            while not self._rest and self._came:
                life, found = self._came.popleft()
                self._rest = list(found.items()) if life == self._life else []
            part, self._rest = self._rest[:QUOTES_SLICE], self._rest[QUOTES_SLICE:]
            self._take(dict(part))
        except Exception as error:  # noqa: BLE001 - an object of the terminal's that cannot be read.
            self._host.log("quotes: " + repr(error))
            return True
        return bool(part)

    def _take(self, found: "Any") -> None:
        rows = {}
        for symbol, tick in found.items():
            row = {name: plain(tick[name]) for name in QUOTE_FIELDS if name in tick}
            if "time" not in row:
                row["time"] = milliseconds(tick.get("timetag"))
            if self._prints.get(symbol) == row:
                continue
            if symbol in self._prints or len(self._prints) < SYMBOLS_MAX:
                self._prints[symbol] = row
                rows[symbol] = row
        if rows:
            self._host.outbox.quotes(rows)
            self._heard = now_us()
            self._tell("live", "")

    def _tell(self, state: str, text: str) -> None:
        if self._state != state:
            self._state = state
            self._host.tell({"t": "feed", "state": state, "text": text})

    def _detail(self) -> None:
        q, symbols, rows, failed = self._details[0]
        function = self._host.terminal.method("get_instrument_detail", "get_instrumentdetail")
        if symbols:
            symbol = symbols.pop(0)
            try:
                found = self._host.terminal.call("get_instrument_detail", function, symbol)
                rows[symbol] = dict(plain(found))
            except Exception:  # noqa: BLE001 - as in _poll; also where there is no such function.
                failed.append(symbol)
        if not symbols or len(encode(rows)) > FRAME_OUT // 4:
            if rows:
                self._host.tell({"t": "detail", "q": q, "rows": dict(rows)})
                rows.clear()
            if not symbols:
                self._details.popleft()
                self._host.tell({"t": "detailed", "q": q, "failed": failed})


COMMANDS: "Dict[str, Dict[str, Any]]" = {
    "arm": {"level": str},
    "halt": {"why": str},
    "submit": dict(
        [(name, str) for name in ("coid", "account", "symbol", "side", "kind", "price", "remark")]
        + [(name, int) for name in ("quantity", "ttl", "ref", "el")]
    ),
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
"""The keys of each line of the engine and what they hold; those of OPTIONAL may be missing."""
OPTIONAL = frozenset(("every", "why", "x"))
IDS_MAX = 64
IDS = ("coid", "cid", "q")


def objection_to(line: "Dict[str, Any]") -> str:
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
        if key in IDS and len(value) > IDS_MAX:
            return "too long: " + key
        if isinstance(value, list) and key != "accounts" and not all(isinstance(one, str) for one in value):
            return "wrong type in " + key
    missing = sorted(name for name in shape if name not in line and name not in OPTIONAL)
    return "no " + missing[0] if missing else ""


class Host(object):
    """One life of the strategy: its link to the engine, and what is allowed over it."""

    def __init__(self, context: "Any", claims: "Dict[str, str]") -> None:
        self.boot = os.urandom(8).hex()
        self.clock_from = now_us()
        """No stamp from before counts."""
        self.outbox = Outbox()
        self.terminal = Terminal(context)
        self.journal = Journal(JOURNAL_FOLDER or default_folder(), claims, self.boot, PLACE)
        self.accounts = Accounts(self)
        self.book = Book(self)
        self.book.claimed_before(self.journal.fresh)
        self.lists = Lists(self)
        self.quotes = Quotes(self)
        self.level, self.halted = "none", False
        self.callbacks: "Deque[Tuple[str, Optional[Dict[str, Any]]]]" = collections.deque(maxlen=CALLBACKS_MAX)
        self.is_history_over = False
        self.troubles: "Set[str]" = set()
        self._doubled: "Set[str]" = set()
        self._way: "Any" = None
        self._state = "closed"
        self._since = 0
        self._dial_at = 0
        self._refused_until = 0
        self._dials = 0
        self._rest = b""
        self._nonce, self._sid, self._epoch = "", "", -1
        self._proved = False
        self._connections = 0
        self._ticking = False
        self._ticks, self._tick_us, self._on_time = 0, 0, 0
        self._apart, self._wall_apart = other_us() - now_us(), wall_us() - now_us()
        self._looked_us = now_us()
        self._beat_at = 0
        self._lower_at = 0
        self._said = ""
        self._logs = 0

    # What is so.

    @property
    def evidence(self) -> int:
        """How sure it is that orders reach the counter: 0 loaded, 1 started, 2 ticking, 3 the account's data is of
        today, 4 the terminal calls back, 5 a row of the counter carries a remark of ours."""
        if self.accounts.own_row_seen:
            return 5
        if self.accounts.called_back:
            return 4
        if self.accounts.asset_is_of_today:
            return 3
        return 2 if self._ticks else 1

    def lacks_callback(self) -> bool:
        """Tell whether nothing but a callback is missing."""
        return NEEDS_CALLBACK and not OBSERVE and not self.accounts.called_back

    def objection(self) -> str:
        """Return why no account can be ready; empty: nothing is in the way."""
        if getattr(self.terminal.context, "do_back_test", False):
            return "\u7b56\u7565\u5728\u56de\u6d4b\u91cc\u8fd0\u884c the strategy runs in a back-test"
        if self.terminal.function("get_trade_detail_data") is None:
            return "\u7ec8\u7aef\u6ca1\u6709\u7ed9\u51fa\u67e5\u8be2\u51fd\u6570 the terminal gives no function for queries"
        if not self.is_history_over:
            return "\u7b56\u7565\u521a\u542f\u52a8\uff0c\u5386\u53f2\u6570\u636e\u8fd8\u5728\u56de\u653e the strategy has just begun: bars of history are played"
        if self.lacks_callback():
            return "\u8fd8\u6ca1\u6709\u6536\u5230\u7ec8\u7aef\u56de\u8c03\uff08\u8bf7\u786e\u8ba4\u4ee5\u5b9e\u76d8\u8fd0\u884c\uff09 no callback yet: does the strategy run live?"
        return ""

    # Speaking.

    def tell(self, line: "Dict[str, Any]") -> None:
        """Send a numbered line. When too many wait, no further order is taken."""
        if not self.outbox.put(line):
            self.level = "none"

    def nak(self, of: str, why: str, name: str = "") -> None:
        """Say that a line had no effect."""
        self.outbox.speak({"t": "nak", "of": of, "why": why, "x_id": name})

    def log(self, text: str) -> None:
        """Tell the log something that nobody needs to act on."""
        self._logs = (self._logs + 1) % 50
        self.outbox.slot("log{}".format(self._logs), {"t": "log", "level": "warning", "text": text[:500]})

    def trouble(self, code: str, *figures: str) -> None:
        """Tell a person what to do, once for each thing."""
        text, english = (words.format(*figures)[:2000] for words in TROUBLES[code])
        if text in self.troubles or len(self.troubles) > 200:
            return
        self.troubles.add(text)
        say(text + " / " + english)
        self.tell({"t": "trouble", "code": code, "text": text, "english": english, "fatal": False})

    def doubled(self, coid: str, numbers: str) -> None:
        """Stop, but for cancels: one order stands twice at the counter."""
        if coid in self._doubled:
            return
        self._doubled.add(coid)
        if self.level == "trade":
            self._halt({"why": "double"})
        self.trouble("double", coid, numbers)

    def book_row(self, account: Account, kind: str, row: "Dict[str, Any]") -> None:
        """Bind a row of a list to its order."""
        self.accounts.bind(account, kind, row)

    # The tick.

    def tick(self, context: "Any") -> None:
        """Do what there is to do, within a part of the timer's period and one call of the terminal."""
        if self._ticking:
            return  # A call of the terminal lets its other events in.
        self._ticking = True
        try:
            self.terminal.context = context
            self._tick()
        except Exception as error:  # noqa: BLE001 - what escapes here ends the strategy.
            self._failed(error)
        finally:
            self._ticking = False

    def _failed(self, error: Exception) -> None:
        self.level = "none"
        try:
            self.trouble("internal", repr(error)[:300])
            self._hang_up("internal")
        except Exception as second:  # noqa: BLE001 - the last resort: say so and drop the connection.
            self._state, self._way = "closed", None
            say("internal: " + repr(error) + " " + repr(second))

    def _tick(self) -> None:
        begun = now_us()
        self._clocks(begun)
        self._connect(begun)
        drained = self._hear()
        self._take_callbacks()
        if self._state == "welcomed":
            while drained and now_us() - begun < BUDGET_US and self._step():
                self._write()
                drained = self._hear()
                self._take_callbacks()
            if now_us() - self._lower_at > STARVED_US:
                self._step_lower()
            self.accounts.look()
            self.lists.answer_pings()
        if self._state in ("greeting", "welcomed"):
            self._beat()
            self._write()

    def _clocks(self, now: int) -> None:
        self._ticks += 1
        if self._ticks > 1 and now - self._tick_us > BEAT_US:
            self.terminal.took("timer", now - self._tick_us)  # Something else held the terminal's thread.
        self._on_time = self._on_time + 1 if now - self._tick_us <= TICK_ON_TIME_US else 0
        self._tick_us = now
        if self._on_time >= TICKS_ON_TIME:
            self.is_history_over = True
        self.has_slept()

    def has_slept(self) -> None:
        """Note a sleep of the machine, by one of its clocks: no stamp from before counts. A call may outlast one."""
        now = now_us()
        apart, wall_apart = other_us() - now, wall_us() - now
        if abs(apart - self._apart) > STARVED_US or wall_apart - self._wall_apart > STARVED_US:
            self.clock_from, self._apart, self._wall_apart = now, apart, wall_apart
        self._wall_apart = min(self._wall_apart, wall_apart)  # Setting it back is no sleep.
        most = min(now - self._looked_us, BEAT_US) // DRIFT
        if most > 0:  # Over a day clocks differ by more than a short sleep, and none was.
            self._apart += max(-most, min(most, apart - self._apart))
            self._wall_apart += min(most, wall_apart - self._wall_apart)
            self._looked_us = now

    def _step(self) -> bool:
        """Make one call of the terminal, the most urgent; False: there is none to make."""
        return self.book.step_cancel() or self.book.step_submit() or self._step_lower()

    def _step_lower(self) -> bool:
        self._lower_at = now_us()
        return self.lists.step() or self.accounts.step() or self.quotes.step()

    def _take_callbacks(self) -> None:
        for _ in range(CALLBACKS_MAX):
            if not self.callbacks:
                return
            kind, row = self.callbacks.popleft()
            self.accounts.called_back = True
            try:
                row = plain(row)
            except Exception:  # noqa: BLE001 - an object of the terminal's within it: it is read anew instead.
                row = None
            if row is None:  # It could not be read where it came.
                for account in self.accounts.all.values():
                    self.accounts.hurry(account)
            else:
                self.accounts.callback(kind, row)

    def _beat(self) -> None:
        now = now_us()
        if self._state != "welcomed" or now - self._beat_at < BEAT_US:
            return
        self._beat_at = now
        busy, call = self.terminal.longest
        self.terminal.longest = (0, "")
        alive = self.terminal.alive_us
        line: "Dict[str, Any]" = {"t": "beat", "hm": now, "busy": busy, "call": call, "hung": 0, "armed": self.level}
        line["queued"] = dict(self.book.queued, lists=self.lists.queued)
        line["alive"] = None if alive is None else now - alive
        line["x_evidence"] = self.evidence
        line["x_date"] = ",".join(sorted({one.date for one in self.accounts.all.values() if one.date}))
        self.outbox.slot("beat", line)

    # The connection.

    def _connect(self, now: int) -> None:
        if self._state == "dialling":
            try:
                if self._way.ready():
                    self._begin(now)
                elif now - self._since > DIAL_WAIT_US:
                    raise OSError("no answer")
            except OSError:
                self._drop()
        elif self._state == "closed" and now >= max(self._dial_at, self._refused_until):
            if any(LINKS) and secret() is not None:
                self._dial(now)
        elif self._state == "greeting" and now - self._since > HANDSHAKE_US:
            self._hang_up("handshake: no answer")

    def _dial(self, now: int) -> None:
        kind, _, where = LINKS[self._dials % len(LINKS)].partition(":")
        self._dials += 1
        rounds = self._dials // len(LINKS)
        self._dial_at = now + DIAL_US[min(rounds, len(DIAL_US) - 1)]
        try:
            if kind not in WAYS:
                raise ValueError(kind + ":" + where)
            self._way = WAYS[kind](where)
        except ValueError as error:
            self.trouble("links", str(error))
            return
        except Exception:  # noqa: BLE001 - nobody listens there, or this terminal forbids this carrier; the next is tried.
            self._way = None
            return
        self._state, self._since = "dialling", now
        self._connect(now)

    def _begin(self, now: int) -> None:
        self._state, self._since, self._rest = "greeting", now, b""
        self._connections += 1
        self._nonce = os.urandom(16).hex()
        self._proved = False
        caps = ["lists", "one_thread"]
        caps += [
            name for name, needs in (("orders", "passorder"), ("cancels", "cancel")) if self.terminal.function(needs)
        ]
        caps += ["cancel_by_venue_id"] if "cancels" in caps else []
        caps += ["quotes"] if self.terminal.method("get_full_tick") else []
        caps += ["details"] if self.terminal.method("get_instrument_detail", "get_instrumentdetail") else []
        line: "Dict[str, Any]" = {"t": "hello", "link": [VERSION, VERSION], "kind": "fullqmt", "dialect": "fullqmt"}
        line.update(build=BUILD, boot=self.boot, gen=self._connections, hm=now, caps=sorted(caps), nonce=self._nonce)
        line.update(journal="disk" if self.journal.on_disk else "memory", observe=OBSERVE)
        line["limits"] = {"frame": FRAME_OUT, "submits": SUBMITS_MAX, "remark": REMARK_BYTES}
        line["facts"] = {
            "python": sys.version.split()[0],
            "terminal": str(sys.executable)[:200],
            "build": BUILD,
            "carrier": self._way.name,
            "evidence": self.evidence,
            "bound": str(globals().get("account") or "")[:40],
            "chart": str(getattr(self.terminal.context, "stockcode", ""))[:40],
            "missing": ",".join(self.terminal.missing()),
            "journal": self.journal.error,
        }
        line["resume"] = {"sid": self._sid, "got": self.outbox.acknowledged} if self._sid else None
        self.outbox.attach(line)

    def _hear(self) -> bool:
        """Do what the engine has said; True: the end of what had come was reached."""
        if self._state not in ("greeting", "welcomed"):
            return False
        left = READ_MAX
        try:
            while left > 0:
                data = self._way.read()
                if data is None:
                    return False
                if not data:
                    return True
                left -= len(data)
                lines = (self._rest + data).split(b"\n")
                self._rest = lines.pop()
                for raw in lines:
                    self._take(decode(raw))
                if len(self._rest) > FRAME_IN:
                    raise FrameError("too long")
        except FrameError as error:
            self._hang_up("bad_frame", str(error))
        except EndError as error:
            self._hang_up(str(error))
        except (OSError, EOFError):
            self._drop()
        return False

    def _write(self) -> None:
        if self._state not in ("greeting", "welcomed"):
            return
        try:
            self.outbox.write(self._way)
        except OSError:
            self._drop()

    def _hang_up(self, why: str, text: str = "") -> None:
        """End the connection with a goodbye, as far as the engine takes it."""
        self._disarm()
        if self._way is not None and self._state in ("greeting", "welcomed"):
            try:
                self.outbox.write(self._way)
                self.outbox.speak({"t": "bye", "why": why[:200], "x_text": text[:200]})
                self.outbox.write(self._way)
            except OSError:
                text = "broken"
        self._drop()

    def _disarm(self) -> None:
        self.level, self.halted = "none", False
        self.book.withdraw_all("disarmed")
        self.lists.forget()
        self.quotes.forget()

    def _drop(self) -> None:
        """Let go of the connection; what was not handed over is refused."""
        self._disarm()
        way, self._way = self._way, None
        if self._state == "welcomed":
            self._dials, self._dial_at = 0, now_us() + DIAL_US[0] // 5
            self._say("\u4e0e\u5f15\u64ce\u7684\u8fde\u63a5\u5df2\u65ad\u5f00 the engine is disconnected")
        self._state = "closed"
        self.outbox.detach()
        if way is not None:
            way.close()

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            say(text)

    def _take(self, line: "Dict[str, Any]") -> None:
        kind, wrong = line["t"], objection_to(line)
        if self._state != "welcomed":
            self._greet(line, wrong)  # Of one that has proved nothing no ``k`` counts.
            return
        if type(line.get("k")) is int:
            self.outbox.acknowledge(line["k"])
        if wrong or kind in ("challenge", "welcome"):
            name = str(line.get("coid") or line.get("cid") or line.get("q") or "")
            self.nak(kind[:40], wrong or "already welcome", name[:64])
        elif kind == "bye":
            self._parted(line)
        elif kind != "ack":
            work: "Dict[str, Callable[[Dict[str, Any]], None]]" = {
                "arm": self._arm,
                "halt": self._halt,
                "submit": self.book.submit,
                "cancel": self.book.cancel,
                "list": self.lists.take,
                "outcome": self.book.outcome,
                "watch": self.quotes.watch,
                "details": self.quotes.details,
                "download": self._no_history,
                "bars": self._no_history,
                "ping": self.lists.ping,
            }
            work[kind](line)

    def _parted(self, line: "Dict[str, Any]") -> "NoReturn":
        why = line.get("why")
        if why in ("superseded", "dialect", "version"):
            self._refused_until = now_us() + REFUSED_US
            self._say(
                "\u5f15\u64ce\u4e0d\u63a5\u53d7\u672c\u7b56\u7565 the engine does not take this strategy: " + str(why)
            )
        raise EndError("bye")

    def _no_history(self, line: "Dict[str, Any]") -> None:
        answer = "downloaded" if line["t"] == "download" else "barred"
        symbols = line["symbols"] if line["t"] == "download" else [line["symbol"]]
        text = "\u5927 QMT \u91cc\u7684\u7b56\u7565\u4e0d\u4e0b\u8f7d\u5386\u53f2\uff1a\u4f1a\u5361\u4f4f\u4e0b\u5355 no history by this host: it would hold up orders"
        self.tell({"t": answer, "q": line["q"], "failed": symbols, "text": text})

    def _greet(self, line: "Dict[str, Any]", wrong: str) -> None:
        kind = line["t"]
        if kind == "bye":
            self._parted(line)
        if wrong or kind != ("welcome" if self._proved else "challenge"):
            raise EndError("handshake: " + (wrong or kind[:40]))
        if kind == "challenge":
            if not hmac.compare_digest(self._mac("E", line["nonce"]).encode("ascii"), line["mac"].encode("utf-8", "replace")):
                self._say(
                    "\u5f15\u64ce\u7684\u5bc6\u94a5\u4e0e\u672c\u7b56\u7565\u4e0d\u540c the engine has another SECRET than this strategy"
                )
                raise EndError("proof")
            self.outbox.speak({"t": "proof", "mac": self._mac("H", line["nonce"])})
            self._proved = True
            return
        if line["link"] != VERSION:
            raise EndError("version")
        if line["ep"] < self._epoch:
            raise EndError("old_engine")
        wanted = [(str(one.get("account")), str(one.get("type"))) for one in line["accounts"] if isinstance(one, dict)]
        self._epoch, self._sid, self._state = line["ep"], line["sid"], "welcomed"
        self._dials = 0
        self.troubles.clear()
        self._say("\u5df2\u8fde\u63a5\u5f15\u64ce connected to the engine")
        self.outbox.open(line["replay_from"])
        self.accounts.open(wanted)
        for name in self.terminal.missing():
            self.trouble("no_function", name)

    def _mac(self, role: str, nonce: str) -> str:
        text = "{}\n{}\n{}\n{}".format(role, self._nonce, nonce, self.boot)
        return hmac.new(secret() or b"", text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def _arm(self, line: "Dict[str, Any]") -> None:
        if line["level"] not in ("none", "cancel", "trade"):
            self.nak("arm", "unknown level")
            return
        self.level = "none" if OBSERVE else line["level"]
        self.halted = False
        self.tell({"t": "armed", "level": self.level, "why": "observe" if OBSERVE else ""})

    def _halt(self, line: "Dict[str, Any]") -> None:
        self.level = "none" if OBSERVE else "cancel"
        self.halted = True
        self.book.withdraw_all("halted")
        self.tell({"t": "armed", "level": self.level, "why": line.get("why") or "halt"})

    def close(self, why: str) -> None:
        """End this life: say goodbye where that can be, and let go of every handle."""
        try:
            self._hang_up(why)
        finally:
            self._state = "ended"
            self.journal.close()


def secret() -> "Optional[bytes]":
    """Return what both ends know; None: it is not filled in."""
    try:
        found = SECRET.encode("ascii")
    except UnicodeEncodeError:
        return None
    return found if len(found) >= 16 else None


def default_folder() -> str:
    """Return where this user's programs keep what is theirs."""
    base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~")
    return os.path.join(base, "qmt-trading-system", "full-qmt")


def say(text: str) -> None:
    """Write a line into the terminal's own panel."""
    try:
        print("[qmt-trading-system] " + text)
    except Exception:  # noqa: BLE001 - a panel that cannot show Chinese, or is closed.
        return


# ---- What the terminal calls. ----------------------------------------------------------------------------------------


def registry() -> "Dict[str, Any]":
    """Return what outlives this text in the process: the life under way of each account's strategy, and its claims.

    It lies on a module of the standard library, which the terminal keeps when a strategy is run anew.
    """
    found: "Dict[str, Any]" = json.__dict__.setdefault("_qmt_trading_full_hosts", {})
    return found


HOST: "Any" = None
PLACE = ""


def init(ContextInfo: "Any") -> None:
    """Begin a life: end the one before, whoever's text it is, and start the timer."""
    try:
        start(ContextInfo)
    except Exception as error:  # noqa: BLE001 - what escapes here ends the strategy; it must be seen.
        say(" / ".join(TROUBLES["internal"]).format(repr(error)))


def start(context: "Any") -> None:
    """Take the account's place in this process and start the timer."""
    global HOST, PLACE  # noqa: PLW0603 - the terminal calls module functions and rolls back all else.
    is_back_test = bool(getattr(context, "do_back_test", False))  # It takes nobody's place.
    PLACE = "" if is_back_test else str(globals().get("account") or "")
    lives = registry()
    before = lives.get(PLACE)
    claims: "Dict[str, str]" = {}
    if before is not None:
        claims = before["claims"]
        try:
            before["close"]("replaced")
        except Exception as error:  # noqa: BLE001 - whatever holds it, it acts no more: its generation has passed.
            say("a life before could not be closed: " + repr(error))
    HOST = Host(context, claims)
    lives[PLACE] = {"boot": HOST.boot, "close": HOST.close, "claims": HOST.journal.claims, "late": 0}
    if secret() is None:
        HOST.trouble("secret")
    if is_back_test:
        HOST.trouble("back_test")
        return
    set_account, run_time = getattr(context, "set_account", None), getattr(context, "run_time", None)
    if not PLACE:  # The editor's run could send nothing, and would take the place of the one that can.
        HOST.trouble("no_account")
        return
    if callable(set_account):
        set_account(PLACE)  # Without it there are no callbacks.
    if not callable(run_time):
        HOST.trouble("no_timer")
        return
    run_time("qmt_link_tick", TICK_PERIOD, "2019-10-14 13:20:00")


def life() -> "Any":
    """Return this text's host while it is the one that acts, else None."""
    global HOST  # noqa: PLW0603 - as in ``start``.
    now = registry().get(PLACE)
    if HOST is not None and (now is None or now["boot"] != HOST.boot):
        HOST = None  # The timer of a text of before may go on for days: it is not to keep its life's memory.
    if HOST is None and now is not None:
        now["late"] += 1
    return HOST


def qmt_link_tick(ContextInfo: "Any") -> None:
    """Take a tick of the timer."""
    host = life()
    if host is not None:
        if registry()[PLACE]["late"] > 20:  # A timer of before may tick a few times more; this is another copy.
            host.trouble("two_copies")
        host.tick(ContextInfo)


def handlebar(ContextInfo: "Any") -> None:
    """Note that the bars of history are over; orders must not go while they are played."""
    host = HOST
    if host is not None and not host.is_history_over:
        try:
            host.is_history_over = bool(ContextInfo.is_last_bar())
        except Exception:  # noqa: BLE001 - then the timer tells.
            return


def stop(ContextInfo: "Any") -> None:
    """Say goodbye; the terminal has cut its own line to the counter already."""
    host = life()
    if host is not None:
        try:
            host.close("stop")
        except Exception as error:  # noqa: BLE001 - as in init.
            say("stop: " + repr(error))


def called_back(kind: str, found: "Any", words: "Any" = None) -> None:
    """Note what the terminal called back with, on whatever thread; nothing else may be done here."""
    host = life()
    if host is None:
        return
    try:
        row: "Optional[Dict[str, Any]]" = copied(found, kind)
        if row is not None and words is not None:
            row["errMsg"] = words
    except Exception:  # noqa: BLE001 - even reading an attribute has been seen to fail; the next tick reads anew.
        row = None
    host.callbacks.append((kind, row))


def account_callback(ContextInfo: "Any", accountInfo: "Any") -> None:
    called_back("asset", accountInfo)


def position_callback(ContextInfo: "Any", positionInfo: "Any") -> None:
    called_back("position", positionInfo)


def order_callback(ContextInfo: "Any", orderInfo: "Any") -> None:
    called_back("order", orderInfo)


def deal_callback(ContextInfo: "Any", dealInfo: "Any") -> None:
    called_back("fill", dealInfo)


def orderError_callback(ContextInfo: "Any", orderArgs: "Any", errMsg: "Any") -> None:
    called_back("order_error", orderArgs, errMsg)


say("loaded; it connects when it is run under model trading, live")
