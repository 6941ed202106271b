"""A host's connections: standard streams, or a socket that is dialled again and again; and how each begins."""

from __future__ import annotations

import hmac
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol

from qmt_trading.brokers.simulated.host_end import SUBMITS_MAX, HostEnd
from qmt_trading.brokers.simulated.host_lane import Lane
from qmt_trading.brokers.simulated.plain import DIALECT
from qmt_trading.link.frames import FROM_ENGINE_BYTES_MAX, FROM_HOST_BYTES_MAX, BadFrameError, Lines, parse
from qmt_trading.link.handshake import VERSION, mac

SECRET_NAME: Final = "QMT_LINK_SECRET"
_TAKE_S: Final = 0.5
_FIRST_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 1.0


class Facts(NamedTuple):
    """What ``hello`` says besides."""

    observe: bool
    clock_us: Callable[[], int]


class Streams(Protocol):
    """Both directions of one connection."""

    secret: bytes | None

    def read(self) -> bytes:
        """Return what has come, waiting for it; empty at the end."""
        ...

    def write(self, data: bytes) -> None:
        """Write all of ``data``, however long that takes; an OSError says that the connection is gone."""
        ...

    def close(self) -> None: ...


class StandardStreams:
    secret: bytes | None = None

    def read(self) -> bytes:
        return os.read(0, 65_536)

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(1, data) :]

    def close(self) -> None:
        """Do nothing: a host on its standard streams ends with them."""


class SocketStreams:
    def __init__(self, connected: socket.socket, secret: bytes) -> None:
        self._socket = connected
        self.secret: bytes | None = secret

    def read(self) -> bytes:
        try:
            return self._socket.recv(65_536)
        except OSError:
            return b""

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def close(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # The other end was faster.
        finally:
            self._socket.close()


class _EndedError(Exception):
    """The connection is to end; the text is told in a ``bye``."""


class Talk:
    """Speaks with one engine after the other."""

    def __init__(self, lane: Lane, end: HostEnd, open_accounts: Callable[[list[str]], None], facts: Facts) -> None:
        self._lane = lane
        self._end = end
        self._open_accounts = open_accounts
        self._facts = facts
        self._boot = secrets.token_hex(16)
        self._connections = 0
        self._sid = ""
        self._nonce = ""
        self._welcomed = False
        self._challenged = False

    def run(self, streams: Streams) -> bool:
        """Speak until the connection ends; return whether the engine said goodbye."""
        self._lane.attach()
        self._connections += 1
        self._welcomed = self._challenged = False
        ended = threading.Event()
        self._lane.speak(self._hello(streams))
        writer = threading.Thread(target=self._write, args=(streams, ended), name="host-writer", daemon=True)
        writer.start()
        lines = Lines(FROM_ENGINE_BYTES_MAX)
        said_goodbye = False
        try:
            while not said_goodbye and (received := streams.read()):
                for line in lines.feed(received):
                    said_goodbye = said_goodbye or self._line(parse(line), streams)
        except BadFrameError as error:
            print(f"bad frame: {error}", file=sys.stderr, flush=True)
            self._lane.speak({"t": "bye", "why": "bad_frame"})
        except _EndedError as error:
            self._lane.speak({"t": "bye", "why": str(error)})
        ended.set()
        self._lane.end()
        writer.join(2.0)
        streams.close()
        return said_goodbye

    def _write(self, streams: Streams, ended: threading.Event) -> None:
        try:
            while True:
                over = ended.is_set()
                data = self._lane.take(_TAKE_S)
                if data:
                    streams.write(data)
                elif over:
                    return
        except OSError:
            streams.close()

    def _hello(self, streams: Streams) -> dict[str, object]:
        hello: dict[str, object] = {
            "t": "hello",
            "link": [VERSION, VERSION],
            "kind": "simulated",
            "dialect": DIALECT,
            "build": "1",
            "boot": self._boot,
            "gen": self._connections,
            "hm": self._facts.clock_us(),
            "caps": ["orders", "cancels", "cancel_by_venue_id", "lists"],
            "limits": {"frame": FROM_HOST_BYTES_MAX, "submits": SUBMITS_MAX, "remark": 24},
            "journal": "memory",
            "observe": self._facts.observe,
            "facts": {"python": sys.version.split()[0]},
            "resume": {"sid": self._sid, "got": self._lane.acknowledged} if self._sid else None,
        }
        if streams.secret is not None:
            self._nonce = secrets.token_hex(16)
            hello["nonce"] = self._nonce
        return hello

    def _line(self, message: Mapping[str, object], streams: Streams) -> bool:
        """Take one line; return whether it is a goodbye."""
        fault = self._end.fault(message)
        if fault:
            self._lane.speak({"t": "nak", "of": message["t"], "why": fault})
            return False
        if type(number := message.get("k")) is int and self._welcomed:
            self._lane.acknowledge(number)
        match message["t"]:
            case "bye":
                return True
            case "challenge":
                self._prove(message, streams)
            case "welcome":
                self._welcome(message, streams)
            case _:
                if not self._welcomed:
                    raise _EndedError("handshake")
                self._end.take(message)
        return False

    def _prove(self, message: Mapping[str, object], streams: Streams) -> None:
        if streams.secret is None or self._challenged:
            raise _EndedError("handshake")
        nonce = str(message["nonce"])
        if not hmac.compare_digest(mac(streams.secret, "E", self._nonce, nonce, self._boot), str(message["mac"])):
            raise _EndedError("proof")
        self._challenged = True
        self._lane.speak({"t": "proof", "mac": mac(streams.secret, "H", self._nonce, nonce, self._boot)})

    def _welcome(self, message: Mapping[str, object], streams: Streams) -> None:
        if self._welcomed or (streams.secret is not None and not self._challenged):
            raise _EndedError("handshake")
        if message["link"] != VERSION:
            raise _EndedError("version")
        listed, epoch, first = message["accounts"], message["ep"], message["replay_from"]
        assert isinstance(listed, list)
        assert isinstance(epoch, int)
        assert isinstance(first, int)
        accounts = [str(each.get("account")) for each in listed if isinstance(each, dict)]
        if not self._end.begin(epoch, frozenset(accounts)):
            raise _EndedError("old_engine")
        self._welcomed = True
        self._sid = str(message["sid"])
        self._lane.open(first)
        self._open_accounts(accounts)


def dial_for_ever(talk: Talk, address: str) -> None:
    """Dial the engine at ``tcp:127.0.0.1:PORT``, and again whenever the line ends; a goodbye ends the line only."""
    host, _, port = address.removeprefix("tcp:").rpartition(":")
    secret = os.environ.get(SECRET_NAME, "")
    if host != "127.0.0.1" or not port.isdigit() or not secret:
        print(f"--link tcp:127.0.0.1:PORT, and {SECRET_NAME} in the environment", file=sys.stderr)
        sys.exit(2)
    wait_s = _FIRST_WAIT_S
    while True:
        try:
            connected = socket.create_connection((host, int(port)), timeout=5.0)
        except OSError:
            time.sleep(wait_s)
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
            continue
        connected.settimeout(None)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        talk.run(SocketStreams(connected, secret.encode("utf-8")))
        wait_s = _FIRST_WAIT_S
        time.sleep(_FIRST_WAIT_S)
