"""A conversation with the strategy inside a full QMT client, which dials us: no engine, no journal."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from typing import Final

from qmt_trading.brokers.linked.carrier import Carrier, Connection, Sent
from qmt_trading.brokers.qmt import native
from qmt_trading.link.handshake import Handshake
from qmt_trading.link.messages import Bye, Hello, Message, Proof, Pushed
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.run.host_talk import HostGoneError, HostTalk, HostUselessError, Listing, Said
from qmt_trading.run.terminals import listener_of

NOBODY: Final = (
    "大 QMT 里的策略没有连上来：客户端没有运行、卡住了，或策略没有运行。请在客户端里手工撤 / "
    "the strategy has not dialled: cancel by hand in the client"
)
OBSERVES: Final = (
    "粘贴的是观察模式的文件，它什么也不发，包括撤单。请在客户端里手工撤 / "
    "what was pasted observes and sends nothing: cancel by hand in the client"
)


LATER: Final = (
    "策略见过更晚启动的引擎，不接受这次连接（本机时钟往回拨过？）：请在客户端里重新运行策略，再来一次 / "
    "the strategy has met a later engine: was the clock set back? Run the strategy anew and try again"
)


class _Nobody:
    """What stands in the host's place until it has dialled."""

    def send(self, line: bytes) -> Sent:
        return Sent.NOTHING

    def close(self, why: str) -> None:
        """Do nothing: there is nothing."""

    def finish(self, patience_s: float) -> None:
        """Do nothing: there is nothing."""


class _Caller:
    """The host that has dialled."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def send(self, line: bytes) -> Sent:
        return self.connection.send(line)

    def close(self, why: str) -> None:
        self.connection.close(why)

    def finish(self, patience_s: float) -> None:
        self.connection.close("done")


class DialledTalk(HostTalk):
    """As ``HostTalk``, with a host that is not ours to start; its rows are told as those of a miniQMT client."""

    def __init__(self, address: str, secret: bytes, name: str, account: str, *, keep: Callable[[Said], None]) -> None:
        """Prepare to listen at ``address``; the host proves that it knows ``secret``, and so do we."""
        super().__init__((), account, keep=keep)
        self._handshake = Handshake(secret, secrets.token_hex(16))
        self._address, self._secret, self._name = address, secret, name
        self._carrier: Carrier | None = None
        self._dialled = threading.Lock()

    def start(self) -> None:
        """Begin to listen.

        Raises:
            HostGoneError: something else listens there, an engine perhaps.
        """
        assert self._child is None
        try:
            self._carrier = listener_of(self._address, self._secret, self._name)
        except ConfigurationError as error:
            text = "还在运行而不应答的引擎先结束它的进程 / end an engine that does not answer first"
            raise HostGoneError(f"{error}；{text}") from error
        self._child = _Nobody()
        self._carrier.open(self, observe=False)

    def arm(self, level: str, wait_s: float = 10.0) -> bool:
        if isinstance(self._child, _Nobody):
            raise HostGoneError(NOBODY)
        return super().arm(level, wait_s)

    def listing(self, wait_s: float) -> Listing:
        found = super().listing(wait_s)
        orders = tuple([native.order_as_far(row) for row in found.orders])
        return found._replace(orders=orders, assets=tuple([native.asset(row) for row in found.assets]))

    def stop(self) -> int:
        try:
            return super().stop()
        finally:
            self._leave()

    def kill(self) -> None:
        if self._child is not None:
            self._child.close("killed")
        self._leave()

    def _leave(self) -> None:
        carrier, self._carrier = self._carrier, None
        if carrier is not None:
            carrier.close()

    def _note(self, message: Message) -> None:
        if isinstance(message, Pushed) and message.kind == "order":
            message = message._replace(row=native.order_as_far(message.row))
        elif isinstance(message, Pushed) and message.kind == "order_error":
            message = message._replace(row=native.order_error(message.row))
        super()._note(message)
        if isinstance(message, Bye) and message.why == "old_engine":
            self._give_up(LATER, HostUselessError)

    def _greet(self, message: Hello | Proof) -> None:
        super()._greet(message)
        if self.hello is not None and self.hello.observe:
            self._give_up(OBSERVES, HostUselessError)

    # The carrier's side; by its threads.

    def opened(self, connection: Connection) -> None:
        with self._dialled:
            if isinstance(self._child, _Nobody):
                self._child = _Caller(connection)
                return
        connection.close("busy")

    def received(self, connection: Connection, data: bytes) -> None:
        if self._is_caller(connection):
            self._inbox.put(data)

    def closed(self, connection: Connection, why: str, unsent: Sequence[bytes]) -> None:
        if self._is_caller(connection):
            self._why_gone = why or "策略断开了 / the strategy has hung up"
            self._inbox.put(None)

    def _is_caller(self, connection: Connection) -> bool:
        return isinstance(self._child, _Caller) and self._child.connection is connection
