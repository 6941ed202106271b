r"""Send one signal to a running engine and return its receipt; this one file may be copied beside any program.

    from qmt_client import send                                   (installed: from qmt_trading.client import send)
    receipt = send("buy 600000.SH 1000@10.50:11031122", id="monitor/17")
    print(receipt.status, receipt.text)

Python 3.8 or newer, standard library only. The address is a door's: ``\\.\pipe\name`` or the path of a Unix socket.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PIPE_PREFIX = "\\\\.\\pipe\\"
DEFAULT_PIPE = PIPE_PREFIX + "to_python_pipe"
DEFAULT_SOCKET = "signals.sock"
ADDRESS_VARIABLE = "QMT_ADDRESS"
MESSAGE_BYTES_MAX = 65_536
TRY_S = 3.0
"""How long a message with an id waits for its receipt before it is sent again."""
PAUSE_S = 0.2
_RECEIVE_BYTES = 65_536
_ID = re.compile(r"[A-Za-z0-9._-][A-Za-z0-9._/-]{0,63}")
_HASHES = str.maketrans({"＃": "#"})


class SendError(OSError):
    """There is no receipt; the text says what to do."""


class NotSentError(SendError):
    """Nothing has left: sending again, later, is safe."""


class NoReceiptError(SendError):
    """The message may have arrived. With an id it may be sent again; without one look at ``qmt signals`` first."""


@dataclass(frozen=True)
class OrderLine:
    """What became of the message for one account: an order on record, or a denial with its reason."""

    account: str
    symbol: str
    status: str
    """accepted or denied."""
    side: str = ""
    quantity: int = 0
    price: str = ""
    client_order_id: str = ""
    reason: str = ""
    text: str = ""


@dataclass(frozen=True)
class CancelLine:
    """One order that is being cancelled, or why there is none."""

    account: str
    symbol: str
    status: str
    """accepted (the cancel is out), nothing (no working order: no error) or denied."""
    client_order_id: str = ""
    broker_order_id: str = ""
    venue_order_id: str = ""
    reason: str = ""
    text: str = ""


@dataclass(frozen=True)
class Receipt:
    """The engine's answer; ``accepted`` means on disk, not filled."""

    status: str
    """accepted, denied, duplicate (the first receipt again), malformed, or busy (nothing was taken)."""
    seq: int | None = None
    id: str = ""
    orders: tuple[OrderLine, ...] = ()
    cancels: tuple[CancelLine, ...] = ()
    reason: str = ""
    text: str = ""
    durable: bool = True
    """False: cancels are out, but the journal cannot be written."""

    @property
    def is_accepted(self) -> bool:
        """Tell whether at least one order or cancel is on record, now or when this id came first."""
        lines = [line.status for line in self.orders] + [line.status for line in self.cancels]
        good = {"accepted", "queued", "registered", "dropped", "nothing"}
        return self.status == "accepted" or (self.status == "duplicate" and not good.isdisjoint(lines))


def send(
    message: str | Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    address: str | None = None,
    timeout: float = 10.0,
    id: str | None = None,  # noqa: A002 - The wire's own word.
) -> Receipt:
    """Send one message, a text or a JSON value, and return its receipt within ``timeout`` seconds.

    A message with an id is sent again, with that id, when its receipt does not come or the engine is busy: the same id
    acts once. A message without one is written at most once.

    Raises:
        ValueError: the message cannot be sent as it is; nothing has left.
        NotSentError: nobody listens, or the line broke before anything left.
        NoReceiptError: it may have arrived.
    """
    text, identifier = _with_id(message, id)
    payload = text.encode("utf-8") + b"\n"
    if len(payload) > MESSAGE_BYTES_MAX:
        raise ValueError(f"一条消息最多 {MESSAGE_BYTES_MAX} 字节 / a message has at most {MESSAGE_BYTES_MAX} bytes")
    place = address or default_address()
    until = time.monotonic() + timeout
    may_have_left = False
    while True:
        left_s = max(until - time.monotonic(), 0.001)
        try:
            receipt = _exchange(place, payload, min(left_s, TRY_S) if identifier else left_s)
        except SendError as error:
            may_have_left = may_have_left or isinstance(error, NoReceiptError)
            if not identifier or time.monotonic() + PAUSE_S >= until:
                raise (NoReceiptError(_no_receipt(identifier, error)) if may_have_left else error) from error.__cause__
        else:
            if receipt.status != "busy" or not identifier:
                return receipt
            if time.monotonic() + PAUSE_S >= until:
                if may_have_left:  # This one was not taken; an earlier one may have been.
                    raise NoReceiptError(_no_receipt(identifier, receipt.text))
                return receipt
        time.sleep(PAUSE_S)


def default_address() -> str:
    """Return where ``qmt init`` puts the door; the environment variable QMT_ADDRESS says otherwise."""
    return os.environ.get(ADDRESS_VARIABLE) or (DEFAULT_PIPE if sys.platform == "win32" else DEFAULT_SOCKET)


def _with_id(message: str | Mapping[str, Any] | Sequence[Mapping[str, Any]], wanted: str | None) -> tuple[str, str]:
    """Return the message as one line, with its id in it, and that id; empty where it has none."""
    if wanted is not None and not _ID.fullmatch(wanted):
        raise ValueError(
            f"编号「{wanted}」不能用：1 到 64 个字母、数字、. _ - /，不以 / 开头"
            " / an id is 1 to 64 of letters, digits, . _ - and /"
        )
    if not isinstance(message, str):
        return _json_with_id(message, wanted)
    text = message.strip().strip("\0").lstrip("\ufeff")
    if not text:
        raise ValueError("内容是空的 / the message is empty")
    if "\n" in text or "\r" in text:
        raise ValueError("一次只发一条消息，消息里不能换行 / one message at a time, without line ends")
    if text[0] in "{[":
        try:
            document = json.loads(text)
        except ValueError:
            document = None  # The engine says better what is wrong with it.
        if wanted is None:
            return text, _id_of(document)
        if document is None:
            raise ValueError("不是 JSON，编号写不进去 / this is no JSON: the id cannot be put into it")
        return _json_with_id(document, wanted)
    if text[0] in "<＜":
        _check_angle(text, wanted)
        return text, ""
    _, hash_sign, written = text.translate(_HASHES).partition("#")
    if not hash_sign:
        return (text, "") if wanted is None else (f"{text} #{wanted}", wanted)
    if wanted is not None and written.strip() != wanted:
        raise ValueError(f"消息里的编号是 {written.strip()}，参数里是 {wanted} / the message has another id")
    return text, written.strip()


def _check_angle(text: str, wanted: str | None) -> None:
    if text.lower().startswith("<heartbeat"):
        raise ValueError("心跳没有回执，不能用 send 发 / a heartbeat gets no receipt")
    if text.count("<") + text.count("＜") > 1:
        raise ValueError("一次只发一条 <…> / one <…> message at a time")
    if wanted is not None:
        raise ValueError("<代码#账户> 这种写法不能带编号 / the form <symbol#accounts> takes no id")


def _json_with_id(document: Any, wanted: str | None) -> tuple[str, str]:
    """Return a JSON value as a line; a basket has one id, in its first member."""
    if wanted is not None:
        first: Any = document[0] if isinstance(document, (list, tuple)) and document else document
        if not isinstance(first, Mapping):
            raise ValueError("编号只能写进 JSON 对象 / an id goes into a JSON object")
        if first.get("type") == "trade_signal" and "action" not in first:
            raise ValueError("旧格式 trade_signal 不能带编号 / the old form trade_signal takes no id")
        found = _id_of(document)
        if found and found != wanted:
            raise ValueError(f"消息里的编号是 {found}，参数里是 {wanted} / the message has another id")
        named: dict[str, Any] = {**first, "id": wanted}
        document = named if first is document else [named, *document[1:]]
    return json.dumps(document, ensure_ascii=False, allow_nan=False), _id_of(document)


def _id_of(document: Any) -> str:
    members = document if isinstance(document, (list, tuple)) else [document]
    for member in members:
        if isinstance(member, Mapping) and isinstance(member.get("id"), str):
            return str(member["id"])
    return ""


def _exchange(address: str, payload: bytes, timeout_s: float) -> Receipt:
    """Write ``payload`` once and read one line."""
    until = time.monotonic() + timeout_s
    line = _Pipe(address, timeout_s) if address.startswith(PIPE_PREFIX) else _Socket(address, timeout_s)
    try:
        line.send(payload)
        received = b""
        while b"\n" not in received:
            left_s = until - time.monotonic()
            piece = line.receive(left_s) if left_s > 0 else None
            if piece is None:
                raise NoReceiptError("没有等到回执 / no receipt in time")
            if not piece:
                raise NoReceiptError("对方已断开 / the other side has gone")
            received += piece
        return _receipt(received.partition(b"\n")[0])
    finally:
        line.close()


def _receipt(line: bytes) -> Receipt:
    try:
        answer = json.loads(line.decode("utf-8"))
        orders = tuple(OrderLine(**_known(OrderLine, row)) for row in answer.get("orders") or ())
        cancels = tuple(CancelLine(**_known(CancelLine, row)) for row in answer.get("cancels") or ())
        return Receipt(**{**_known(Receipt, answer), "orders": orders, "cancels": cancels})
    except (ValueError, TypeError, AttributeError) as error:
        raise NoReceiptError(f"回的不是回执：{line[:80]!r} / this is no receipt") from error


def _known(kind: type[Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what this version knows of ``row``; a later engine may say more."""
    return {key: value for key, value in row.items() if key in kind.__dataclass_fields__}


def _no_receipt(identifier: str, why: object) -> str:
    if identifier:
        return f"{why}；可能已收到：用同一编号 {identifier} 再发一次是安全的 / may have arrived: send the same id again"
    return (
        f"{why}；可能已收到：先看 qmt signals，不要直接重发（带编号的消息才能安全重发） / may have arrived: look first"
    )


def _unreachable(address: str, error: OSError) -> NotSentError:
    return NotSentError(
        f"连不上 {address}，什么都没有发出：引擎在运行吗（qmt status）？地址和 qmt.toml 里的通道一致吗？（{error}）"
        " / cannot reach it, nothing was sent: is the engine running, is this the address of a door?"
    )


class _Socket:
    def __init__(self, address: str, timeout_s: float) -> None:
        self._socket = _connected(address, timeout_s)

    def send(self, payload: bytes) -> None:
        try:
            self._socket.sendall(payload)
        except OSError as error:
            raise NoReceiptError(f"发送中断 / the line broke: {error}") from error

    def receive(self, timeout_s: float) -> bytes | None:
        """Return what came, nothing where the other side has gone, None where nothing came in time."""
        self._socket.settimeout(timeout_s)
        try:
            return self._socket.recv(_RECEIVE_BYTES)
        except socket.timeout:  # noqa: UP041 - TimeoutError is another class in Python 3.8 and 3.9.
            return None
        except OSError as error:
            raise NoReceiptError(f"连接断开 / the line broke: {error}") from error

    def close(self) -> None:
        self._socket.close()


def _connected(address: str, timeout_s: float) -> socket.socket:
    if sys.platform == "win32":
        raise NotSentError(f"这台机器用命名管道，例如 {DEFAULT_PIPE} / a pipe is needed on this system: {address}")
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(timeout_s)
    try:
        made.connect(address)
    except OSError as error:
        made.close()
        raise _unreachable(address, error) from error
    return made


class _Pipe:
    """A named pipe in message mode, by the standard library's own end of one, whose reads can end in time."""

    def __init__(self, address: str, timeout_s: float) -> None:
        from multiprocessing.connection import Client

        _wait_for_pipe(address, timeout_s)
        try:
            self._end = Client(address, family="AF_PIPE")
        except OSError as error:
            raise _unreachable(address, error) from error

    def send(self, payload: bytes) -> None:
        try:
            self._end.send_bytes(payload)
        except OSError as error:
            raise NoReceiptError(f"发送中断 / the line broke: {error}") from error

    def receive(self, timeout_s: float) -> bytes | None:
        until = time.monotonic() + timeout_s
        try:
            while self._end.poll(max(until - time.monotonic(), 0)):
                received = self._end.recv_bytes()
                if received:
                    return bytes(received)
        except EOFError:
            return b""
        except OSError as error:
            raise NoReceiptError(f"连接断开 / the line broke: {error}") from error
        return None

    def close(self) -> None:
        self._end.close()


def _wait_for_pipe(address: str, timeout_s: float) -> None:
    """Wait until an instance is free; a name that does not exist fails at once."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        if not kernel.WaitNamedPipeW(ctypes.c_wchar_p(address), ctypes.c_uint32(max(1, int(timeout_s * 1000)))):
            raise _unreachable(address, ctypes.WinError(ctypes.get_last_error()))
    else:
        raise NotSentError(f"这台机器没有命名管道，请用 Unix 套接字的路径 / no named pipes here: {address}")


__all__ = [
    "CancelLine",
    "NoReceiptError",
    "NotSentError",
    "OrderLine",
    "Receipt",
    "SendError",
    "default_address",
    "send",
]
