"""What the exchange's process and its clients say to each other: JSON lines, the model's own structs and a few more."""

from __future__ import annotations

import hmac
import os
import secrets
import socket
import sys
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from qmt_trading.brokers.simulated.chaos import Lie
from qmt_trading.brokers.simulated.records import AccountOpening, Origin
from qmt_trading.market.synthetic import Seal
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.events import Report
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price, Quantity
from qmt_trading.model.outputs import CancelOrder, SubmitOrder
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Side

LINE_BYTES_MAX: Final = 64 * 1024 * 1024
COOKIE_NAME: Final = "exchange.cookie"
_UNIX_BYTES_MAX: Final = 100
_UNIX_FAMILY: int | None = None
if sys.platform != "win32":
    _UNIX_FAMILY = socket.AF_UNIX


class Hello(Struct, frozen=True, array_like=True, tag="hello"):
    """First line of an engine: its accounts, made where they are missing. Ends whatever engine was connected before."""

    cookie: str
    accounts: tuple[AccountOpening, ...]


class Watch(Struct, frozen=True, array_like=True, tag="watch", gc=False):
    """First line of a test or a tool: it asks and arranges, and gets no reports."""

    cookie: str


class Asked(Struct, frozen=True, array_like=True, tag="asked", gc=False):
    """A query with the instant at which the engine asked."""

    account: AccountId
    asked_ns: int


class CountsAsked(Struct, frozen=True, array_like=True, tag="counts", gc=False):
    pass


class ForeignPlaced(Struct, frozen=True, array_like=True, tag="foreign", gc=False):
    """Place an order that no engine sent."""

    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Quantity
    price: Price
    remark: str = ""
    origin: Origin = Origin.HAND


class SealSet(Struct, frozen=True, array_like=True, tag="seal", gc=False):
    symbol: Symbol
    seal: Seal | None


class LiesSet(Struct, frozen=True, array_like=True, tag="lies"):
    lies: tuple[Lie, ...]


class LinkBroken(Struct, frozen=True, array_like=True, tag="break", gc=False):
    """Close the engine's connection at once."""


class Counts(Struct, frozen=True, array_like=True, tag="counted"):
    """The judge's figures; the answer to every line of a watcher."""

    executed: dict[str, int]
    """Client order id → orders it became today."""
    duplicates: int
    """Submits beyond the first of their id, over the book's life."""
    orders: int
    """Orders of today, foreign ones included."""


Command = SubmitOrder | CancelOrder | Asked
Request = CountsAsked | ForeignPlaced | SealSet | LiesSet | LinkBroken
Line = Hello | Watch | Command | Request

line_decoder: Final = msgspec.json.Decoder(Line)
report_decoder: Final = msgspec.json.Decoder(Report)
counts_decoder: Final = msgspec.json.Decoder(Counts)
_encode: Final = msgspec.json.Encoder().encode


def to_line(message: Line | Report | Counts) -> bytes:
    return _encode(message) + b"\n"


class Lines:
    """Cuts a byte stream into lines; what follows the last newline when the stream ends is never a line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, received: bytes) -> list[bytes]:
        """Return the lines that ``received`` completes.

        Raises:
            ValueError: a line grew beyond the bound.
        """
        if b"\n" not in received:
            self._rest += received
            if len(self._rest) > LINE_BYTES_MAX:
                raise ValueError(f"a line of more than {LINE_BYTES_MAX} bytes")
            return []
        *lines, rest = (self._rest + received).split(b"\n")
        self._rest = rest
        return lines


def is_tcp(address: str) -> bool:
    return address.startswith("tcp:")


def open_socket(address: str) -> tuple[socket.socket, tuple[str, int] | str]:
    """Return an unconnected socket for ``address`` and the address in the form that the socket takes.

    ``tcp:127.0.0.1:PORT`` is loopback only; anything else is the path of a Unix socket, where the platform has them.

    Raises:
        ConfigurationError: an address that this platform cannot use.
    """
    if is_tcp(address):
        host, _, port = address.removeprefix("tcp:").rpartition(":")
        if host != "127.0.0.1" or not port.isdigit():
            raise ConfigurationError(f"地址应为 tcp:127.0.0.1:端口，而不是 {address} / loopback addresses only")
        return socket.socket(socket.AF_INET, socket.SOCK_STREAM), (host, int(port))
    if _UNIX_FAMILY is None:
        raise ConfigurationError(f"Windows 上请用 tcp:127.0.0.1:端口，而不是 {address} / use a tcp: address on Windows")
    if len(os.fsencode(address)) > _UNIX_BYTES_MAX:
        raise ConfigurationError(f"套接字路径过长（最多 {_UNIX_BYTES_MAX} 字节）：{address} / the path is too long")
    return socket.socket(_UNIX_FAMILY, socket.SOCK_STREAM), address


def make_cookie(folder: Path) -> str:
    """Write a new random cookie of 32 bytes, readable by this user alone, and return it.

    On Windows the mode has no effect: the file is as private as the folder that it lies in.
    """
    cookie = secrets.token_hex(32)
    path = folder / COOKIE_NAME
    path.unlink(missing_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, cookie.encode("ascii"))
    finally:
        os.close(file)
    return cookie


def read_cookie(folder: Path | None) -> str:
    """Return the cookie of the exchange in ``folder``; empty without a folder, as a Unix socket needs none."""
    return "" if folder is None else (folder / COOKIE_NAME).read_text(encoding="ascii")


def same_cookie(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8"), expected.encode("utf-8"))
