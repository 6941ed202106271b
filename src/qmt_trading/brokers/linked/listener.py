"""Hosts that dial us: loopback only, each proved by a secret before it counts."""

from __future__ import annotations

import selectors
import socket
import sys
import threading
from typing import Final

from qmt_trading.brokers.linked.carrier import Sent, Side
from qmt_trading.brokers.linked.writing import DirectWriter
from qmt_trading.model.errors import ConfigurationError

SECRET_BYTES_MIN: Final = 16
_STRANGERS_MAX: Final = 8
"""Connections at a time; one more is closed at once."""
_POLL_S: Final = 0.5
_AGAIN_S: Final = 0.2
_STOP_S: Final = 5.0
_READ_BYTES: Final = 65_536


class ListenerCarrier:
    """Listens at ``tcp:127.0.0.1:PORT``; which connection counts is the broker's to say."""

    def __init__(self, address: str, secret: bytes, *, name: str = "host") -> None:
        """Open the port, so that nobody else can; port 0 takes a free one.

        Raises:
            ConfigurationError: no loopback address, a port in use, or a secret of less than 16 bytes.
        """
        host, _, port = address.removeprefix("tcp:").rpartition(":")
        if host != "127.0.0.1" or not port.isdigit():
            raise ConfigurationError(f"地址应为 tcp:127.0.0.1:端口，而不是 {address} / loopback addresses only")
        if len(secret) < SECRET_BYTES_MIN:
            raise ConfigurationError(f"链路密钥至少 {SECRET_BYTES_MIN} 字节 / the link's secret is too short")
        self._secret = secret
        self._name = name
        self._lock = threading.Lock()
        self._connections: dict[Dialled, threading.Thread] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._listener = _listen(int(port), address)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def open(self, side: Side, *, observe: bool) -> None:
        """Begin to accept. Whether a host that dials was started to observe is its own to say."""
        assert self._thread is None
        self._thread = threading.Thread(target=self._accept, args=(side,), name=f"{self._name}-listener", daemon=True)
        self._thread.start()

    def came_up(self) -> None:
        """Do nothing: a host dials when it wants to."""

    def close(self) -> None:
        self._stopping.set()
        if self._thread is not None and self._thread.is_alive():
            try:
                socket.create_connection(("127.0.0.1", self.port), _POLL_S).close()  # It wakes who accepts.
            except OSError:
                self._thread.join(_POLL_S)  # Nobody accepts there any more.
            self._thread.join(_STOP_S)
        self._listener.close()
        with self._lock:
            left = dict(self._connections)
        for connection, thread in left.items():
            connection.close("stop")
            thread.join(_STOP_S)

    def _accept(self, side: Side) -> None:
        failing = False
        while not self._stopping.is_set():
            try:
                accepted, _ = self._listener.accept()
            except OSError as error:  # Whoever dialled went away meanwhile, or there is no descriptor just now.
                if not failing:
                    failing = True
                    side.complained("link_listen", f"未能接受柜台宿主连接：{error}", f"accepting has failed: {error}")
                self._stopping.wait(_AGAIN_S)
                continue
            failing = False
            if self._stopping.is_set():
                accepted.close()
                return
            with self._lock:
                crowded = len(self._connections) >= _STRANGERS_MAX
                if crowded:
                    accepted.close()
                    continue
                try:
                    connection = Dialled(accepted, self._secret)
                except OSError:
                    accepted.close()  # It was gone before it began.
                    continue
                thread = threading.Thread(
                    target=self._serve, args=(side, connection), name=f"{self._name}-reader", daemon=True
                )
                self._connections[connection] = thread
            thread.start()

    def _serve(self, side: Side, connection: Dialled) -> None:
        why = "读取中断 / reading has failed"
        try:
            side.opened(connection)
            why = connection.read(side)
        finally:
            with self._lock:
                self._connections.pop(connection, None)
            side.closed(connection, why, ())


class Dialled:
    """One accepted socket; a Connection."""

    def __init__(self, accepted: socket.socket, secret: bytes) -> None:
        self.secret: bytes | None = secret
        self._socket = accepted
        self._why = ""
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._writer = DirectWriter(accepted.send, accepted.close)

    def send(self, line: bytes) -> Sent:
        return self._writer.send(line)

    def flush(self) -> None:
        self._writer.flush()

    def close(self, why: str) -> None:
        self._why = self._why or why
        self._writer.end()
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # It is broken already; who reads it notices.

    def read(self, side: Side) -> str:
        """Pass on what comes until the end, and return why it came."""
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._socket, selectors.EVENT_READ)
                while not self._why:
                    if not selector.select(_POLL_S):
                        continue
                    data = self._socket.recv(_READ_BYTES)
                    if not data:
                        break
                    side.received(self, data)
        except BlockingIOError:
            return self._why or "连接中断 / the connection broke"
        except OSError as error:
            return self._why or f"连接中断：{error} / the connection broke"
        finally:
            self._writer.shut()
        return self._why or "柜台宿主断开 / the host has gone"


def _listen(port: int, address: str) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # There the other option would let two programs share the port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(_STRANGERS_MAX)
    except OSError as error:
        listener.close()
        raise ConfigurationError(f"端口 {address} 无法使用：{error} / the port cannot be used") from error
    return listener
